//! Which rows of a split are selected from.

use crate::control::Stop;
use crate::error::Error;
use crate::features::Features;
use crate::random::{self, RowIds};
use crate::rank;

/// The rows to select from, and those to test on, ascending: of the former so many, drawn by each row's own random
/// number, every set equally likely.
pub(super) fn split(
    features: &Features<'_>,
    count: usize,
    seed: u64,
) -> Result<[Vec<usize>; 2], Error> {
    let rows = features.rows();
    let row_ids = RowIds {
        rows: features.numbers(),
        ..RowIds::default()
    };
    let stop = Stop::default();
    let numbers = random::of_rows((row_ids, rows), seed, random::SPLIT, &stop)?;
    let mut is_train = vec![false; rows];
    for row in rank::smallest(&numbers, count) {
        is_train[row] = true;
    }
    let (train, held_out): (Vec<_>, Vec<_>) = (0..rows).partition(|&row| is_train[row]);
    Ok([train, held_out])
}
