//! Table 4 of Bar and Giryes: how far the picks' distribution is from that of the rest.

use super::methods::for_few_labels;
use super::pools::LabelledPool;
use super::trials::{Design, Measured, rows_to_select_from};
use super::words::{head, table};
use coresift::Error;
use coresift::evaluate::Frechet;

/// Picks: fewer than the pools have columns, and more.
const BUDGETS: [usize; 2] = [60, 300];

/// Runs the experiment.
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
        budgets: BUDGETS.into(),
        methods: |seed, train| for_few_labels(seed, train.classes()),
    };
    let found = design.run(|trial| trial.evaluation.frechet(0.0))?;
    let mut text = format!(
        "# Fréchet distance of subset and rest\n\n\
         Source: N. Bar and R. Giryes, arXiv:2406.01086, table 4. Pool: {}, for each of {seeds} seeds {rows} of {} rows \
         drawn to select from.\n\n\
         The distance between Gaussians of the picks and of the rows that are not picked, in the space of the features, \
         of {} columns: not that of Inception, so that the paper's figures are other numbers, and the order of the methods \
         alone can be compared. Smaller is nearer. The deviation is that of single selections, the standard error that of \
         the mean difference from random picks of the same rows.\n",
        pool.name,
        pool.rows(),
        pool.dim
    );
    for (at, budget) in BUDGETS.into_iter().enumerate() {
        text += &of_budget(&found, at, budget, seeds, pool.dim);
    }
    Ok(text)
}

/// The methods in their order, and how sure it is.
fn of_budget(
    found: &Measured<Frechet>,
    at: usize,
    budget: usize,
    seeds: u64,
    dim: usize,
) -> String {
    let distance = |frechet: &Frechet| frechet.distance;
    let mean = |method: usize| found.mean(method, Some(at), distance);
    let mut order: Vec<usize> = (0..found.names.len()).collect();
    order.sort_by(|&a, &b| mean(a).value.total_cmp(&mean(b).value));
    let row = |&method: &usize| {
        let of_method = mean(method);
        let deviation = of_method.error * (seeds as f64).sqrt();
        let difference = match method {
            0 => "–".to_owned(),
            _ => found
                .difference([method, 0], Some(at), distance)
                .show_signed(3),
        };
        let cells = [
            format!("{:.3} ({deviation:.3})", of_method.value),
            difference,
        ];
        head(found.names[method], cells)
    };
    let rows: Vec<_> = order.iter().map(row).collect();
    let rank = found.mean(0, Some(at), |frechet| frechet.rank as f64).value;
    let singular = if rank < dim as f64 {
        " The covariance of so few picks is singular, which raises the distances of all methods."
    } else {
        ""
    };
    let titles = ["distance (deviation)", "from random (standard error)"];
    format!(
        "\n## {budget} picks\n\nRank of the covariance of random picks: {rank:.0} of {dim}.{singular}\n\n{}\n{}",
        table(&head("nearest first", titles), &rows),
        against_random(found, at, &order)
    )
}

/// Which methods' picks are nearer to the rest than random ones, by more than two standard errors, and which farther.
fn against_random(found: &Measured<Frechet>, at: usize, order: &[usize]) -> String {
    let of_sign = |sign: i32| {
        let difference =
            |method| found.difference([method, 0], Some(at), |frechet| frechet.distance);
        let methods = order.iter().filter(|&&method| method != 0);
        let names = methods.filter(|&&method| difference(method).sign() == sign);
        let names: Vec<&str> = names.map(|&method| found.names[method]).collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    format!(
        "- Nearer to the rest than random picks, by more than two standard errors: {}.\n- Farther: {}.\n- Not told apart \
         from them: {}.\n",
        of_sign(-1),
        of_sign(1),
        of_sign(0)
    )
}
