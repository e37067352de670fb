//! Kernels of similarities within classes: rows made integers, sums of columns, greedy rounds.

use super::{Answer, CHOSEN, Case, FUNCTION, Group, Ready, Work, case};
use coresift::bench::{Limit, Number};
use coresift::kernels::{KernelFunction, Pass, Similarities, Update};
use coresift::{Error, Pool};

/// Rows of which one is a column of kept similarities that is summed.
const SUMMED: usize = 4;

/// Within classes.
pub(super) const CLASSES: &[Case] = &[
    case("quantise", "quantise", made_whole, |group, pool| {
        Ok(Box::new(|| {
            let similarities = group.similarities(pool, &FUNCTION)?;
            similarities.squares().map(Answer::Products)
        }))
    }),
    case(
        "sum_columns",
        "sum_columns",
        summed_columns,
        |group, pool| sums_of_columns(group, pool, &FUNCTION),
    ),
    case(
        "sum_columns products",
        "sum_columns",
        summed_columns,
        |group, pool| sums_of_columns(group, pool, &KernelFunction::Linear),
    ),
    case(
        "sum_stored",
        "sum_stored",
        |group| {
            let columns = group.every(SUMMED).len();
            let of_class = (columns / group.classes) as f64;
            Work {
                bytes: group.rows() * (2.0 * of_class + 8.0),
                ..group.work(&[("classes", group.classes), ("columns", columns)])
            }
        },
        |group, pool| {
            let (similarities, columns) = (stored(group, pool)?, group.every(SUMMED));
            Ok(Box::new(move || {
                similarities.sum_stored(&columns).map(Answer::Sums)
            }))
        },
    ),
    case(
        "greedy_rounds",
        "greedy_rounds",
        // A round reads a row of similarities and, where they do not stay in registers, the gains.
        |group| {
            let rounds = rounds(group);
            let of_rounds = 2.0 * rounds as f64 + 16.0;
            Work {
                bytes: group.rows() * of_rounds,
                operations: 2.0 * group.rows() * rounds as f64,
                done: Limit::MultiplyAdd(Number::I32),
                ..group.work(&[("classes", group.classes), ("rounds", rounds)])
            }
        },
        |group, pool| {
            let mut similarities = stored(group, pool)?;
            let sums = similarities.row_sums(&Pass::unheard())?;
            let counts = vec![rounds(group); group.classes];
            Ok(Box::new(move || {
                let mut gains = sums.clone();
                let rounds =
                    similarities.greedy_rounds(&mut gains, &counts, Update::Cut { step: -2 });
                rounds.map(Answer::Rounds)
            }))
        },
    ),
];

/// Rows that become integers: read twice, once for their lengths, and written.
fn made_whole(group: &Group) -> Work {
    Work {
        bytes: 10.0 * group.values(),
        ..group.work(&[])
    }
}

/// Rounds of each class: four fifths of its rows are picked.
fn rounds(group: &Group) -> usize {
    group.shape.rows / group.classes * 4 / 5
}

fn summed_columns(group: &Group) -> Work {
    let columns = group.every(CHOSEN).len();
    let pairs = group.rows() * (columns / group.classes) as f64;
    let besides = [("classes", group.classes), ("columns", columns)];
    group.products(&besides, pairs, 8.0 * group.rows())
}

fn sums_of_columns<'p>(
    group: &'p Group,
    pool: &'p dyn Pool,
    function: &KernelFunction,
) -> Result<Ready<'p>, Error> {
    let similarities = group.similarities(pool, function)?;
    let columns = group.every(CHOSEN);
    Ok(Box::new(move || {
        similarities.sum_columns(&columns).map(Answer::Sums)
    }))
}

/// The similarities of all classes, kept.
fn stored<'p>(group: &'p Group, pool: &'p dyn Pool) -> Result<Box<dyn Similarities + 'p>, Error> {
    let mut similarities = group.similarities(pool, &FUNCTION)?;
    similarities.store(0..group.classes, &Pass::unheard())?;
    Ok(similarities)
}
