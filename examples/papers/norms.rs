//! Figures 5c-d and 7 of Bar and Giryes: do subsets of longer rows teach more?

use super::methods::{GRAM_SCHMIDT, MAX_NORM, Method, NORM, RANDOM};
use super::pools::LabelledPool;
use super::trials::over_seeds;
use super::words::{head, table};
use coresift::evaluate::{Correlation, Evaluation, NormStatistics, TestRows, norms};
use coresift::{Error, Metric};

/// Picks of a subset, for each class of the pool.
const PER_CLASS: [usize; 2] = [2, 6];
/// Seeds of the selections whose norms are shown.
const DRAWS: u64 = 20;
/// Bins of the histogram.
const BINS: usize = 10;
const SHOWN: [Method; 4] = [RANDOM, NORM, GRAM_SCHMIDT, MAX_NORM];

/// What a subset comes to: the mean norm of its rows, and what accuracies they teach.
struct Subset {
    norm: f64,
    probe: f64,
    nearest: f64,
}

/// Runs the experiment on each pool.
///
/// # Errors
///
/// What the library refuses.
pub(crate) fn report(pools: &[LabelledPool], subsets: u64) -> Result<String, Error> {
    let mut text = format!(
        "# Norms, and what subsets are worth\n\n\
         Source: N. Bar and R. Giryes, arXiv:2406.01086, figures 5c-d (accuracy against the norm of random subsets) and 7 \
         (histogram of norms).\n\n\
         {subsets} random subsets of each size are drawn from the whole pool. Of each: the mean norm of its rows, and the \
         accuracies on all other rows of a linear probe fitted to it and of its nearest row. Pearson's correlation of the \
         two, and in brackets where it lies in 95 of 100 cases by Fisher's z.\n"
    );
    for pool in pools {
        text += &of_pool(pool, subsets)?;
    }
    Ok(text)
}

fn of_pool(pool: &LabelledPool, subsets: u64) -> Result<String, Error> {
    let lengths = norms(&pool.pool()?)?;
    let (mut rows, mut verdicts) = (Vec::new(), String::new());
    for per_class in PER_CLASS {
        let size = per_class * pool.classes();
        let found = over_seeds(subsets, |seed| subset(pool, &lengths, size, seed))?;
        let of = |measure: fn(&Subset) -> f64| -> Vec<f64> { found.iter().map(measure).collect() };
        let mean_norms = of(|subset| subset.norm);
        let mut cells = vec![deviation(&mean_norms)];
        for (name, accuracies) in [
            ("a probe", of(|subset| subset.probe)),
            ("1-NN", of(|subset| subset.nearest)),
        ] {
            let correlation = Correlation::of(&mean_norms, &accuracies)?;
            cells.extend([deviation(&accuracies), show(correlation)]);
            verdicts += &format!(
                "- {size} picks, {name}: {}.\n",
                in_words(correlation, subsets)
            );
        }
        rows.push(head(&size.to_string(), cells));
    }
    let titles = [
        "mean norm (deviation)",
        "probe, % (deviation)",
        "correlation",
        "1-NN, % (deviation)",
        "correlation",
    ];
    Ok(format!(
        "\n## {}: {} rows, {} classes\n\n{}\nLonger rows teach more, as the paper has it?\n\n{verdicts}\n{}",
        pool.name,
        pool.rows(),
        pool.classes(),
        table(&head("picks", titles), &rows),
        histogram(pool, &lengths)?
    ))
}

/// Draws a subset and measures it.
fn subset(pool: &LabelledPool, lengths: &[f64], size: usize, seed: u64) -> Result<Subset, Error> {
    let rows = pool.pool()?;
    let picks = (RANDOM.1)(seed).select(&rows, size)?.picks;
    let evaluation = Evaluation::new(&rows, &picks)?;
    let (labels, test) = (&pool.labels, TestRows::Unpicked);
    Ok(Subset {
        norm: picks.iter().map(|&pick| lengths[pick]).sum::<f64>() / size as f64,
        probe: 100.0 * evaluation.probe_accuracy(labels, test)?,
        nearest: 100.0 * evaluation.nearest_accuracy(labels, test, Metric::Euclidean)?,
    })
}

fn deviation(numbers: &[f64]) -> String {
    let found = NormStatistics::of(numbers).expect("subsets were drawn");
    format!("{:.2} ({:.2})", found.mean, found.deviation)
}

fn show(correlation: Correlation) -> String {
    let Correlation { value, low, high } = correlation;
    format!("{value:+.2} ({low:+.2} to {high:+.2})")
}

/// What an interval says of the sign.
fn in_words(correlation: Correlation, subsets: u64) -> String {
    let Correlation { value, low, high } = correlation;
    let explained = 100.0 * value * value;
    match (low > 0.0, high < 0.0) {
        (true, _) => {
            format!("reproduces: they do, by which {explained:.1} % of the variance are told")
        }
        (_, true) => format!(
            "**does not reproduce: the contrary is found**, by which {explained:.1} % of the variance are told"
        ),
        _ => format!("**does not reproduce: {subsets} subsets do not tell the sign**"),
    }
}

/// Shares of the pool's rows, and of some methods' picks, by their norm.
fn histogram(pool: &LabelledPool, lengths: &[f64]) -> Result<String, Error> {
    let statistics = NormStatistics::of(lengths).expect("a pool has rows");
    let [least, .., largest] = statistics.quantiles;
    let width = (largest - least) / BINS as f64;
    let bin = |length: f64| (((length - least) / width) as usize).min(BINS - 1);
    let shares = |of: &[f64]| {
        let mut counts = [0.0; BINS];
        of.iter()
            .for_each(|&length| counts[bin(length)] += 100.0 / of.len() as f64);
        counts
    };
    let budget = PER_CLASS[1] * pool.classes();
    let mut columns = vec![shares(lengths)];
    for (_, selector) in SHOWN {
        let picks = over_seeds(DRAWS, |seed| {
            Ok(selector(seed).select(&pool.pool()?, budget)?.picks)
        })?;
        let lengths: Vec<f64> = picks
            .concat()
            .into_iter()
            .map(|pick| lengths[pick])
            .collect();
        columns.push(shares(&lengths));
    }
    let row = |bin: usize| {
        let from = least + bin as f64 * width;
        let name = format!("{from:.2} to {:.2}", from + width);
        head(&name, columns.iter().map(|shares| bar(shares[bin])))
    };
    let titles = std::iter::once("pool").chain(SHOWN.map(|(name, _)| name));
    let rows: Vec<_> = (0..BINS).map(row).collect();
    Ok(format!(
        "Norms of the pool, {:.2} on average (deviation {:.2}), and of {budget} picks, in per cent; drawn ones of {DRAWS} \
         seeds together:\n\n{}",
        statistics.mean,
        statistics.deviation,
        table(&head("norm", titles), &rows)
    ))
}

/// A share, in figures and as a bar of a mark for every 4 %.
fn bar(share: f64) -> String {
    format!("{} {share:.1}", "█".repeat((share / 4.0).round() as usize))
        .trim()
        .to_owned()
}
