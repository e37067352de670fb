//! Double greedy: which of the picks are kept.

use super::group::{Frame, Group};
use crate::error::Error;
use crate::kernels::similarities::Round;
use crate::products::{Columns, products};
use crate::quantise::IntegerRows;
use crate::random;
use crate::random::RowIds;
use std::ops::Range;

/// Picks decided on the host between two passes of the device.
const BLOCK: usize = 256;
/// Picks whose products with those after them are computed together.
const TOGETHER: usize = 64;

/// How a pick is kept.
#[derive(Clone, Copy)]
pub(super) enum Rule<'a> {
    /// Where it adds at least what dropping it would.
    Certain,
    /// At random, by what each adds.
    Random { seed: u64, row_ids: RowIds<'a> },
}

/// The picks that double greedy keeps of each class of the group, with the gain of each over those
/// kept before it. The group stands as the picks have left it.
///
/// N. Buchbinder and others, *A tight linear time (1/2)-approximation for unconstrained submodular
/// maximization*, 2012, algorithms 1 and 2, on the picks in their order. With X the picks kept so far
/// and Y those not dropped, a = F(X ∪ e) − F(X) and b = F(Y ∖ e) − F(Y).
pub(super) fn double_greedy(
    group: &Group<'_>,
    picks: &[Vec<Round>],
    rule: Rule<'_>,
) -> Result<Vec<Vec<Round>>, Error> {
    // What a row gains over X, and over Y without itself.
    let mut over_x = group.start.clone();
    let mut over_y = group.gains_of_all();
    for round in picks.iter().flatten() {
        over_y[round.row - group.first] += 2 * group.own[round.row - group.first];
    }
    let mut kept: Vec<Vec<Round>> = vec![Vec::new(); picks.len()];
    let (frame, group_begins) = (group.frame, group.first);
    let longest = picks.iter().map(Vec::len).max().unwrap_or(0);
    for first in (0..longest).step_by(BLOCK) {
        let (mut of_x, mut of_y) = (Vec::new(), Vec::new());
        let block = |picks: &Vec<Round>| {
            let block = &picks[first.min(picks.len())..picks.len().min(first + BLOCK)];
            block.iter().map(|round| round.row).collect()
        };
        let places: Vec<Vec<usize>> = picks.iter().map(block).collect();
        let decided = group.with_rows(&places, |class, rows, among| {
            let block = (&*places[class], rows, among);
            decide(frame, group_begins, block, (&over_x, &over_y), rule)
        })?;
        for (kept, (keep, drop)) in kept.iter_mut().zip(decided) {
            of_x.extend(keep.iter().map(|round| round.row));
            of_y.extend(drop);
            kept.extend(keep);
        }
        if first + BLOCK < longest {
            group.add(&mut over_x, &of_x, -2)?;
            group.add(&mut over_y, &of_y, 2)?;
        }
    }
    Ok(kept)
}

/// Decides a block of one class's picks, by their places and rows; the gains over X and Y begin at the group's first place.
fn decide(
    frame: Frame<'_>,
    group_begins: usize,
    (places, rows, among): (&[usize], &IntegerRows, Range<usize>),
    (over_x, over_y): (&[i64], &[i64]),
    rule: Rule<'_>,
) -> (Vec<Round>, Vec<usize>) {
    let mut x: Vec<i64> = places
        .iter()
        .map(|place| over_x[place - group_begins])
        .collect();
    let mut y: Vec<i64> = places
        .iter()
        .map(|place| over_y[place - group_begins])
        .collect();
    let (mut keep, mut drop) = (Vec::new(), Vec::new());
    let mut scratch = vec![0; TOGETHER * places.len()];
    let mut columns = Columns::default();
    for (at, &row) in places.iter().enumerate() {
        let (of_run, width) = (at % TOGETHER, places.len() - at / TOGETHER * TOGETHER);
        if of_run == 0 {
            let left = among.start + at..among.end;
            let run: Vec<usize> = left.clone().take(TOGETHER).collect();
            columns.pack(rows, left);
            products(rows, &run, &columns, &mut scratch);
        }
        let (a, b) = (x[at], -y[at]);
        let is_kept = match rule {
            Rule::Certain => a >= b,
            Rule::Random { seed, row_ids } => {
                let example = frame.order[row];
                let number = || random::uniform_of(row_ids, seed, random::DOUBLE_GREEDY, example);
                is_kept_at_random(a, b, number)
            }
        };
        let later = at + 1..places.len();
        let products = &scratch[of_run * width + of_run + 1..][..later.len()];
        let (changed, step) = if is_kept { (&mut x, -2) } else { (&mut y, 2) };
        for (gain, &product) in changed[later].iter_mut().zip(products) {
            *gain += step * i64::from(frame.function.of(product, 0));
        }
        if is_kept {
            keep.push(Round { row, gain: a });
        } else {
            drop.push(row);
        }
    }
    (keep, drop)
}

/// With probability a⁺ / (a⁺ + b⁺), and where both are 0.
fn is_kept_at_random(a: i64, b: i64, number: impl Fn() -> f64) -> bool {
    let (a, b) = (a.max(0) as f64, b.max(0) as f64);
    a + b == 0.0 || number() < a / (a + b)
}
