//! Norms in f64, and the largest of them.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::rounding::norm_bounds;
use crate::lp::Lp;
use crate::reduce;
use crate::select::gather::gather;

/// Norms in f64, in pool unit, of some rows.
pub(super) fn exact_norms(pool: &dyn Pool, norm: Lp, rows: &[usize]) -> Result<Vec<f64>, Error> {
    let mut norms = Vec::with_capacity(rows.len());
    let scale = f64::from(pool.scale());
    for piece in gather(pool, rows) {
        let (_, x) = piece?;
        norms.extend(
            x.chunks_exact(pool.dim())
                .map(|x| scale * reduce::norm(norm, x)),
        );
    }
    Ok(norms)
}

/// The largest norm of some rows in f64, in pool unit, given the pool's answer on all.
pub(in crate::select) fn largest_norm(
    pool: &dyn Pool,
    norm: Lp,
    norms: &[f32],
    rows: &[usize],
) -> Result<f64, Error> {
    largest_by(pool, norm, norms, rows, |_, norm| norm)
}

/// The largest of what `of` makes of some rows' norms; it must not fall as the norm rises.
pub(super) fn largest_by(
    pool: &dyn Pool,
    norm: Lp,
    norms: &[f32],
    rows: &[usize],
    of: impl Fn(usize, f64) -> f64,
) -> Result<f64, Error> {
    let bounds = |row: usize| norm_bounds(norm, norms[row], pool.dim());
    let low = |&row: &usize| of(row, bounds(row).0);
    let floor = rows.iter().map(low).fold(0.0, f64::max);
    let able = rows.iter().copied();
    let able: Vec<usize> = able
        .filter(|&row| of(row, bounds(row).1) >= floor)
        .collect();
    let exact = exact_norms(pool, norm, &able)?;
    let exact = able.iter().zip(exact).map(|(&row, norm)| of(row, norm));
    Ok(exact.fold(0.0, f64::max))
}
