//! Rows at length 1, and their sums in whole multiples of 2⁻³²: finer than what f32 features hold, and with room for
//! 2³¹ rows. Those add up exactly in any order, so that rows may come and go, and parts of them be added up apart.

use crate::error::Error;
use crate::reduce;
use rayon::prelude::*;

/// How many of them make 1.
pub(crate) const UNIT: f64 = (1u64 << 32) as f64;

/// Rows that one thread brings to length 1, at least: fewer are not worth waking another for.
pub(crate) const ROWS: usize = 64;

/// Rows that leave sums and join others.
#[derive(Clone, Copy, Debug)]
pub struct UnitMoves<'a> {
    /// Different rows.
    pub rows: &'a [usize],
    /// The sum that each leaves; [`NO_SUM`](Self::NO_SUM) where it was in none.
    pub from: &'a [u32],
    /// The sum that each joins.
    pub to: &'a [u32],
    /// How many sums there are.
    pub sums: usize,
}

impl UnitMoves<'_> {
    /// In place of a sum that a row leaves.
    pub const NO_SUM: u32 = u32::MAX;
}

/// A value below 2¹⁹ in whole multiples of 1/[`UNIT`], rounded half to even.
///
/// Beside 1.5·2⁵² a sum in f64 is an integer, and its last bits are that number's.
#[inline(always)]
fn whole(value: f64) -> i64 {
    const BESIDE: f64 = (3u64 << 51) as f64;
    (value * UNIT + BESIDE).to_bits() as i64 - BESIDE.to_bits() as i64
}

/// Adds a row's values to a sum, or takes them away.
pub(crate) fn add(sum: &mut [i64], values: &[f64], comes: bool) {
    reduce::vectorised!({
        for (sum, &value) in sum.iter_mut().zip(values) {
            *sum += if comes { whole(value) } else { -whole(value) };
        }
    });
}

/// x over its length; zeros where that is 0.
pub(crate) fn normalise(x: &[f32], z: &mut [f64]) {
    reduce::vectorised!({
        let length = reduce::squares(x).sqrt();
        if length == 0.0 {
            z.fill(0.0);
            return;
        }
        for (z, &v) in z.iter_mut().zip(x) {
            *z = f64::from(v) / length;
        }
    });
}

/// Gives `work` some rows in order, at length 1, in pieces of so many, which `fetch` has.
pub(crate) fn in_pieces(
    rows: &[usize],
    dim: usize,
    at_once: usize,
    fetch: impl Fn(&[usize]) -> Result<Vec<f32>, Error>,
    mut work: impl FnMut(&[usize], &[f64]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut z = Vec::new();
    for rows in rows.chunks(at_once.max(1)) {
        let x = fetch(rows)?;
        z.resize(x.len(), 0.0);
        z.par_chunks_exact_mut(dim)
            .zip(x.par_chunks_exact(dim))
            .with_min_len(ROWS)
            .for_each(|(z, x)| normalise(x, z));
        work(rows, &z)?;
    }
    Ok(())
}

/// What rows that move change of the sums, `sums` x `dim`; rows are fetched so many at a time.
pub(crate) fn sum_moves(
    moves: &UnitMoves<'_>,
    dim: usize,
    at_once: usize,
    fetch: impl Fn(&[usize]) -> Result<Vec<f32>, Error>,
) -> Result<Vec<i64>, Error> {
    let (mut sums, mut first) = (vec![0; moves.sums * dim], 0);
    in_pieces(moves.rows, dim, at_once, fetch, |rows, z| {
        let places = first..first + rows.len();
        let (from, to) = (&moves.from[places.clone()], &moves.to[places]);
        first += rows.len();
        // By sum: places of the rows that come, and of those that go.
        let of_place = |place: usize| [(to[place], place, true), (from[place], place, false)];
        let mut changes: Vec<_> = (0..rows.len()).flat_map(of_place).collect();
        changes.sort_unstable();
        let of_sum = sums.par_chunks_exact_mut(dim).enumerate();
        of_sum.for_each(|(at, sum)| {
            let first = changes.partition_point(|change| (change.0 as usize) < at);
            let changes = changes[first..].iter();
            for &(_, place, comes) in changes.take_while(|change| change.0 as usize == at) {
                add(sum, &z[place * dim..][..dim], comes);
            }
        });
        Ok(())
    })?;
    Ok(sums)
}
