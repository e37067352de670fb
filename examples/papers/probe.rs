//! Framework ii of Bar and Giryes: a linear probe on few labels.

use super::methods::for_few_labels;
use super::pools::LabelledPool;
use super::trials::{Design, Measured, rows_to_select_from};
use super::words::{FOUND, head, table, verdict};
use coresift::{Error, Metric};

/// What simple implementations in numpy found on a pool.
struct Known {
    pool: &'static str,
    /// Accuracy of random picks over all budgets.
    random: f64,
    /// By how much the methods of `for_few_labels` but the first and the last are above it, and the standard error.
    above: [f64; 7],
    errors: [f64; 7],
}

const KNOWN: [Known; 3] = [
    Known {
        pool: "digits",
        random: 64.9,
        above: [-33.0, 0.5, 2.6, 16.6, 7.3, 7.1, 6.0],
        errors: [0.4, 0.4, 0.4, 0.4, 0.4, 0.8, 0.5],
    },
    Known {
        pool: "fmnist_simclr",
        random: 55.8,
        above: [-28.3, -0.4, 1.9, 9.1, 4.7, 1.0, 1.2],
        errors: [1.0, 0.7, 0.7, 0.7, 0.6, 0.7, 0.7],
    },
    Known {
        pool: "debtext_minilm",
        random: 33.9,
        above: [-6.9, 0.1, 0.0, 7.1, 2.4, 4.1, 3.5],
        errors: [0.4, 0.4, 0.4, 0.4, 0.4, 0.5, 0.5],
    },
];

/// Accuracies in per cent, of the probe and of the nearest pick.
type Accuracies = [f64; 2];

/// Runs the experiment on each pool.
///
/// # Errors
///
/// What the library refuses.
pub(crate) fn report(pools: &[LabelledPool], seeds: u64) -> Result<String, Error> {
    let mut text = format!(
        "# A linear probe on few labels\n\n\
         Source: N. Bar and R. Giryes, arXiv:2406.01086, framework ii (a linear classifier of the picks' features), with \
         the methods that it compares, and coverage, which is ours.\n\n\
         For each of {seeds} seeds rows are drawn to select from, and the others are tested on. Each method picks b, 2b, \
         ... 6b rows without labels, b the number of classes. Labels are then told of the picks alone. Accuracies in per \
         cent: of random picks, and by how many points the others are above them on the same splits; in brackets the \
         standard error of the mean over seeds. No network is trained, as the paper does elsewhere: features are given. ProbCover's distance is that of purity 0.95 among as many clusters as classes.\n"
    );
    for pool in pools {
        text += &of_pool(pool, seeds)?;
    }
    if pools.iter().all(|pool| pool.name != "debtext_minilm") {
        text += "\nLeft out, for --data or CORESIFT_DATA named no folder that has it: debtext_minilm.\n";
    }
    Ok(text)
}

fn of_pool(pool: &LabelledPool, seeds: u64) -> Result<String, Error> {
    let classes = pool.classes();
    let rows = rows_to_select_from(pool);
    let design = Design {
        pool,
        rows,
        seeds,
        budgets: (1..=6).map(|times| times * classes).collect(),
        methods: |seed, train| for_few_labels(seed, train.classes()),
    };
    let found: Measured<Accuracies> = design.run(|trial| {
        let (labels, test) = (trial.labels, trial.test);
        Ok([
            100.0 * trial.evaluation.probe_accuracy(labels, test)?,
            100.0
                * trial
                    .evaluation
                    .nearest_accuracy(labels, test, Metric::Euclidean)?,
        ])
    })?;
    Ok(format!(
        "\n## {}: {rows} of {} rows to select from, {classes} classes\n\nThe probe:\n\n{}\nThe nearest pick:\n\n{}\n{}\
         What reproduces, of the probe over all budgets:\n\n{}",
        pool.name,
        pool.rows(),
        found.table(1, |accuracies| accuracies[0]),
        found.table(1, |accuracies| accuracies[1]),
        beside_known(pool, &found),
        verdicts(&found)
    ))
}

/// The probe over all budgets, beside what was found before.
fn beside_known(pool: &LabelledPool, found: &Measured<Accuracies>) -> String {
    let name = pool.name.trim_end_matches("_2000");
    let Some(known) = KNOWN.iter().find(|known| known.pool == name) else {
        return String::new();
    };
    let row = |method: usize| {
        let numpy = match method {
            0 => format!("{:.1}", known.random),
            1..=7 => format!(
                "{:+.1} ({:.1})",
                known.above[method - 1],
                known.errors[method - 1]
            ),
            _ => "–".to_owned(),
        };
        let here = match method {
            0 => found.mean(0, None, |accuracies| accuracies[0]).show(1),
            _ => found
                .difference([method, 0], None, |accuracies| accuracies[0])
                .show_signed(1),
        };
        head(found.names[method], [here, numpy])
    };
    let rows: Vec<_> = (0..found.names.len()).map(row).collect();
    format!(
        "The probe over all budgets, beside what simple implementations in numpy found on other sub-pools of 1200 to \
         3000 rows:\n\n{}\n",
        table(&head("", ["found", "numpy"]), &rows)
    )
}

/// What the paper says of norms and orthogonality, and the others of themselves.
fn verdicts(found: &Measured<Accuracies>) -> String {
    let mut text = FOUND.to_owned();
    for method in [2, 3, 4, 6, 8] {
        let difference = found.difference([method, 0], None, |accuracies| accuracies[0]);
        text += &verdict(
            &format!("{} above random", found.names[method]),
            difference,
            1,
        );
    }
    for (then, method) in [(5, 4), (7, 6)] {
        let above = found.difference([then, method], None, |accuracies| accuracies[0]);
        let (then, method) = (found.names[then], found.names[method]);
        text += &verdict(&format!("{then} above {method} alone"), above, 1);
    }
    text
}
