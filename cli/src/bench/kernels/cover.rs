//! Kernels of covers: similarities by an RBF, and what some rows would add.

use super::{Answer, CHOSEN, Case, Group, Work, case};
use coresift::Error;
use coresift::bench::{Limit, Number};
use coresift::kernels::{Cover, KernelFunction, Pass, Rbf, Similarities};

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
        let columns = group.every(CHOSEN);
        set_cover(&mut *similarities, group)?;
        // They are made here, and are there from then on.
        similarities.gain_columns(&columns)?;
        Ok(Box::new(move || {
            similarities.gain_columns(&columns).map(Answer::Sums)
        }))
    }),
    case("gain_stored", "gain_stored", gained, |group, pool| {
        let mut similarities = group.similarities(pool, &function())?;
        similarities.store(0..1, &Pass::unheard())?;
        let columns = group.every(CHOSEN);
        set_cover(&mut *similarities, group)?;
        Ok(Box::new(move || {
            similarities.gain_stored(&columns).map(Answer::Sums)
        }))
    }),
    case(
        "raise",
        "raise",
        // The answer is read back with it: a device is not waited for otherwise.
        |group| Work {
            bytes: 4.0 * group.rows(),
            ..gained(group)
        },
        |group, pool| {
            let mut similarities = group.similarities(pool, &function())?;
            let columns = group.every(CHOSEN);
            similarities.gain_columns(&columns)?;
            Ok(Box::new(move || {
                similarities.raise(&columns)?;
                let covered = similarities.covered()?.into_iter();
                Ok(Answer::Products(covered.map(i32::from).collect()))
            }))
        },
    ),
    case(
        "cover_rounds",
        "cover_rounds",
        // A round reads one row at least, to raise the cover: what it takes above that are gains made anew.
        |group| Work {
            bytes: 2.0 * group.rows() * ROUNDS as f64,
            ..group.work(&[("rounds", ROUNDS)])
        },
        |group, pool| {
            let mut similarities = group.similarities(pool, &function())?;
            similarities.store(0..1, &Pass::unheard())?;
            let sums = similarities.sum_stored(&group.every(1))?;
            let best = vec![0; group.shape.rows];
            Ok(Box::new(move || {
                similarities.set_cover(cover(&best))?;
                let rounds = similarities.cover_rounds(0, &mut sums.clone(), ROUNDS);
                rounds.map(|rounds| Answer::Rounds(vec![rounds]))
            }))
        },
    ),
];

/// Greedy rounds of a cover.
const ROUNDS: usize = 64;

fn cover(best: &[u16]) -> Cover<'_> {
    Cover {
        best,
        weights: None,
    }
}

fn set_cover(similarities: &mut dyn Similarities, group: &Group) -> Result<(), Error> {
    similarities.set_cover(cover(&vec![BEST; group.shape.rows]))
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
