//! A bandwidth by the distance of rows to their neighbours.

use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::{KernelFunction, half_square};
use crate::kernels::pool::Pool;
use crate::kernels::rbf::half_distance;
use crate::kernels::similarities::Similarities;
use crate::select::spread::similarities;
use rayon::prelude::*;

/// Rows whose neighbours are looked for, at most.
pub(in crate::select) const SAMPLED: usize = 1024;
/// Rows whose distances to all are there at a time.
const AT_ONCE: usize = 32;
/// Half a squared distance of 1.
const HALF: u32 = 1 << 29;
/// What half squared distances are counted in: 2⁻³⁰.
const UNIT: f64 = 1.0 / (1u64 << 30) as f64;

/// As many neighbours as a pick stands for: rows over picks, rounded half up, of the others.
pub(super) fn neighbours(rows: usize, picks: usize) -> usize {
    let picks = picks.max(1);
    ((2 * rows + picks) / (2 * picks)).clamp(1, rows.saturating_sub(1).max(1))
}

/// σ², of these rows alone.
pub(super) fn sigma_sq(pool: &dyn Pool, rows: &[usize], neighbours: usize) -> Result<f64, Error> {
    Ok(2.0 * f64::from(half_distance_to(pool, rows, neighbours)?) * UNIT)
}

/// Half the squared distance to the nearest neighbour but so many less one: the lower median.
fn half_distance_to(pool: &dyn Pool, rows: &[usize], neighbours: usize) -> Result<u32, Error> {
    let count = rows.len();
    if count < 2 {
        return Ok(HALF);
    }
    let similarities = similarities(pool, rows, &KernelFunction::Linear)?;
    let sampled = count.min(SAMPLED);
    let sample: Vec<usize> = (0..sampled).map(|at| at * count / sampled).collect();
    let nth = neighbours.min(count - 1) - 1;
    let mut distances = match similarities.nth_distances(&sample, nth)? {
        Some(distances) => distances,
        None => nth_distances(&*similarities, count, (&sample, nth), pool.stop())?,
    };
    distances.sort_unstable();
    let middle = distances[(sampled - 1) / 2];
    if middle > 0 {
        return Ok(middle);
    }
    let positive = distances.into_iter().find(|&distance| distance > 0);
    Ok(positive.unwrap_or(HALF))
}

/// As [`Similarities::nth_distances`], of a class of so many rows, by their products.
pub(crate) fn nth_distances(
    similarities: &dyn Similarities,
    count: usize,
    (rows, nth): (&[usize], usize),
    stop: &Stop,
) -> Result<Vec<u32>, Error> {
    let squares = similarities.squares()?;
    let mut distances = Vec::with_capacity(rows.len());
    for some in rows.chunks(AT_ONCE) {
        stop.check()?;
        let products = similarities.columns(some)?;
        let of_row = |(at, &row): (usize, &usize)| {
            let own = half_square(squares[row]);
            let others = (0..count).filter(|&other| other != row).map(|other| {
                let halves = own + half_square(squares[other]);
                half_distance(products[other * some.len() + at], halves)
            });
            let mut others: Vec<u32> = others.collect();
            *others.select_nth_unstable(nth).1
        };
        distances.par_extend(some.par_iter().enumerate().map(of_row));
    }
    Ok(distances)
}
