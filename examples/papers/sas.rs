//! The theory of Joshi and Mirzasoleiman: what a subset loses of latent classes.

use super::methods::Named;
use super::pools::LabelledPool;
use super::trials::{Design, Measured, Trial, rows_to_select_from};
use super::words::{FOUND, head, is_found, table};
use coresift::evaluate::{Latent, LatentErrors};
use coresift::{Error, Norm, Sas, Uniform};

/// Shares of the rows that are picked, in per cent.
const SHARES: [usize; 6] = [1, 5, 10, 20, 40, 80];

/// Why the errors may go another way than what SAS maximises.
const WHY: &str = "SAS maximises the similarity of picks and other rows of their class, and so lowers the mean distance that \
                   bounds both errors, while picks are less than half of the rows. The errors themselves are free below \
                   the bound: ν_μ of random picks falls as 1/√s, and that of the rows in the middle does not. That hard \
                   examples are those which supervised learning gains most by is the paper's title; it trains networks, \
                   and here a linear probe learns from fixed features.\n\n";

/// What is measured of a selection.
struct Losses {
    /// ν_R, ν_μ and the mean distance that bounds both, each a mean over classes.
    alignment: f64,
    centre: f64,
    bound: f64,
    /// The mean of ⟨μ_k^S, μ_l^S⟩ over pairs of classes.
    divergence: f64,
    /// Accuracy of a linear probe, in per cent.
    probe: f64,
}

/// Runs the experiment, labels being the latent classes.
///
/// # Errors
///
/// What the library refuses.
pub(crate) fn report(pool: &LabelledPool, seeds: u64) -> Result<String, Error> {
    let rows = rows_to_select_from(pool);
    let design = Design {
        pool,
        rows,
        seeds,
        budgets: SHARES.map(|share| rows * share / 100).into(),
        methods,
    };
    let found = design.run(losses)?;
    Ok(format!(
        "# SAS: what is lost of latent classes\n\n\
         Source: S. Joshi and B. Mirzasoleiman, arXiv:2302.09195, section 4: eq. 15 (ν_R), eq. 17 (ν_μ), theorem 4.3 \
         (divergence of centres), Algorithm 1. Pool: {}, for each of {seeds} seeds {rows} of {} rows drawn to select from \
         ({SHARES:?} per cent of them) and the others to test on. The {} labels are the latent classes.\n\n\
         All methods pick each class's share of the budget within it. Random picks' means, and by how much the others are above them \
         on the same splits; in brackets the standard error over seeds. \"Hard\" is SAS's own rule the other way round: in \
         every class the rows least similar to the rest of it.\n\n{}\n## What reproduces\n\n{WHY}{}",
        pool.name,
        pool.rows(),
        pool.classes(),
        curves(&found),
        verdicts(&found)
    ))
}

fn methods(seed: u64, train: &LabelledPool) -> Named {
    let classes = || train.latent();
    let sas = |worst| Sas {
        classes: classes(),
        worst,
        ..Sas::default()
    };
    let random = Uniform {
        seed,
        classes: Some(classes()),
        ..Uniform::default()
    };
    let max_norm = Norm {
        greedy: true,
        classes: Some(classes()),
        ..Norm::default()
    };
    vec![
        ("Random", Box::new(random)),
        ("SAS", Box::new(sas(false))),
        ("Hard", Box::new(sas(true))),
        ("Max norm", Box::new(max_norm)),
    ]
}

fn losses(trial: &Trial<'_>) -> Result<Losses, Error> {
    let Latent {
        classes,
        divergences,
    } = trial.evaluation.latent(trial.labels)?;
    let errors: Vec<LatentErrors> = classes.iter().filter_map(|class| class.errors).collect();
    let mean =
        |of: fn(&LatentErrors) -> f64| errors.iter().map(of).sum::<f64>() / errors.len() as f64;
    let products: f64 = divergences.iter().map(|(_, _, product)| product).sum();
    Ok(Losses {
        alignment: mean(|errors| errors.alignment),
        centre: mean(|errors| errors.centre),
        bound: mean(|errors| errors.bound),
        divergence: products / divergences.len() as f64,
        probe: 100.0 * trial.evaluation.probe_accuracy(trial.labels, trial.test)?,
    })
}

/// A table for each measure, by budget.
fn curves(found: &Measured<Losses>) -> String {
    let of = |title: &str, decimals: usize, measure: fn(&Losses) -> f64| {
        format!("## {title}\n\n{}\n", found.table(decimals, measure))
    };
    [
        of(
            "Alignment error ν_R: the mean distance to the nearest pick of the class",
            3,
            |losses| losses.alignment,
        ),
        of(
            "Centre error ν_μ: the distance between the means of the class and of its picks",
            3,
            |losses| losses.centre,
        ),
        of(
            "The mean distance of a row and a pick of its class, which bounds both",
            3,
            |losses| losses.bound,
        ),
        of(
            "Divergence: the mean product of two classes' centres of picks, smaller where they lie farther apart",
            3,
            |losses| losses.divergence,
        ),
        of(
            "Supervised: accuracy of a linear probe on the other rows, per cent",
            1,
            |losses| losses.probe,
        ),
    ]
    .concat()
}

/// By budget: is SAS below random picks in both errors, and are hard examples what supervised learning wants?
fn verdicts(found: &Measured<Losses>) -> String {
    // By how much the first method is above the second.
    type Claim = (&'static str, [usize; 2], fn(&Losses) -> f64);
    let claims: [Claim; 6] = [
        ("ν_R: SAS below random", [0, 1], |losses| losses.alignment),
        ("ν_μ: SAS below random", [0, 1], |losses| losses.centre),
        ("Bound: SAS below random", [0, 1], |losses| losses.bound),
        ("Bound: random below hard", [2, 0], |losses| losses.bound),
        ("Probe: hard above random", [2, 0], |losses| losses.probe),
        ("Probe: hard above SAS", [2, 1], |losses| losses.probe),
    ];
    let row = |(claim, methods, measure): Claim| {
        let cell = |at| is_found(found.difference(methods, Some(at), measure));
        head(claim, (0..SHARES.len()).map(cell))
    };
    let titles = SHARES.map(|share| format!("{share} %"));
    FOUND.to_owned() + &table(&head("", titles), &claims.map(row))
}
