//! Whether 16-bit unit rows can tell a pool's rows apart.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::rounding::doubt;
use crate::select::gather::gather_units;
use crate::selection::Warning;
use crate::{random, reduce};

/// Rows that are compared with each other: some two thousand pairs.
const LOOKED_AT: usize = 64;

/// A warning where most pairs of different rows lie closer than integer rows can tell.
///
/// Rows at length 1 have a product of 1 − ‖z − z′‖²/2; where that is nearer to 1 than products of
/// integer rows may be off, nothing says that the two are not one.
pub(super) fn warning(pool: &dyn Pool) -> Result<Option<Warning>, Error> {
    let (rows, dim) = (pool.rows(), pool.dim());
    let some = random::sample(rows, LOOKED_AT);
    let x = pool.gather_rows(&some)?;
    let mut z = Vec::with_capacity(x.len());
    gather_units(pool, &some, |_, units| {
        z.extend_from_slice(units);
        Ok(())
    })?;
    let of = |at: usize| &z[at * dim..][..dim];
    let is_zero = |at: usize| of(at).iter().all(|&v| v == 0.0);
    let is_same = |a: usize, b: usize| x[a * dim..][..dim] == x[b * dim..][..dim];
    let least = 2.0 * doubt(dim);
    let (mut pairs, mut looked_at) = (0, 0);
    for a in 0..some.len() {
        for b in (a + 1..some.len()).filter(|&b| !is_same(a, b) && !is_zero(a) && !is_zero(b)) {
            let distance_sq = reduce::vectorised!(reduce::distance_sq(of(a), of(b)));
            looked_at += 1;
            pairs += usize::from(distance_sq <= least);
        }
    }
    Ok((2 * pairs > looked_at).then_some(Warning::Parallel { pairs, looked_at }))
}
