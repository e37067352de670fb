//! Kernels of covers: similarities by an RBF, and what some rows would add.

use super::{Answer, CHOSEN, Case, Group, Work, case};
use coresift::bench::{Limit, Number};
use coresift::kernels::{Cover, KernelFunction, Pass, Rbf};

/// σ², which leaves about half of the similarities above 0.
const SIGMA_SQ: f64 = 0.1;
/// What every row is similar to a chosen one by.
const BEST: u16 = 1 << 12;

fn function() -> KernelFunction {
    KernelFunction::Rbf(Rbf::new(SIGMA_SQ))
}

/// Of one class.
pub(super) const COVER: &[Case] = &[
    case(
        "row_sums rbf",
        "row_sums",
        |group| group.products(&[], group.pairs(), 8.0 * group.rows()),
        |group, pool| {
            let similarities = group.similarities(pool, &function())?;
            Ok(Box::new(move || {
                similarities.row_sums(&Pass::unheard()).map(Answer::Sums)
            }))
        },
    ),
    case(
        "columns",
        "columns",
        |group| {
            let columns = group.every(CHOSEN).len();
            let pairs = group.rows() * columns as f64;
            group.products(&[("columns", columns)], pairs, 4.0 * pairs)
        },
        |group, pool| {
            let similarities = group.similarities(pool, &function())?;
            let columns = group.every(CHOSEN);
            Ok(Box::new(move || {
                similarities.columns(&columns).map(Answer::Products)
            }))
        },
    ),
    case("gain_columns", "gain_columns", gained, |group, pool| {
        let mut similarities = group.similarities(pool, &function())?;
        let (columns, best) = (group.every(CHOSEN), vec![BEST; group.shape.rows]);
        // They are made here, and are there from then on.
        similarities.gain_columns(&columns, cover(&best))?;
        Ok(Box::new(move || {
            let gains = similarities.gain_columns(&columns, cover(&best));
            gains.map(Answer::Sums)
        }))
    }),
    case("gain_stored", "gain_stored", gained, |group, pool| {
        let mut similarities = group.similarities(pool, &function())?;
        similarities.store(0..1, &Pass::unheard())?;
        let (columns, best) = (group.every(CHOSEN), vec![BEST; group.shape.rows]);
        Ok(Box::new(move || {
            let gains = similarities.gain_stored(&columns, cover(&best));
            gains.map(Answer::Sums)
        }))
    }),
];

fn cover(best: &[u16]) -> Cover<'_> {
    Cover {
        best,
        weights: None,
    }
}

/// Similarities of 16 bits, each read once.
fn gained(group: &Group) -> Work {
    let columns = group.every(CHOSEN).len();
    let pairs = group.rows() * columns as f64;
    Work {
        bytes: 2.0 * pairs,
        operations: 2.0 * pairs,
        done: Limit::MultiplyAdd(Number::I32),
        ..group.work(&[("columns", columns)])
    }
}
