//! The ridge: its options, λ, and what picks add to the determinant.

use super::options::{GramSchmidt, OnExhaustion};
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::lp::Lp;
use crate::names::Named as _;
use crate::reduce;
use crate::select::apart::{each, parts};
use crate::select::gather::gather_scaled;
use crate::select::settled::Settled;
use rayon::prelude::*;

/// Smaller ones are lost in the rounding of f64, and larger ones leave the order of lengths.
const RANGE: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

/// Refuses a ridge out of its range, and options that have no meaning beside one.
pub(super) fn check(options: &GramSchmidt) -> Result<(), Error> {
    let Some(ridge) = options.ridge else {
        return Ok(());
    };
    let refuse = |argument, found, expected: &str| {
        let expected = expected.to_owned();
        Err(Error::Argument {
            argument,
            found,
            expected,
        })
    };
    if !RANGE.contains(&ridge) {
        return refuse("ridge", ridge.to_string(), "a number from 1e-6 to 1e6");
    }
    if options.norm != Lp::L2 {
        return refuse("norm", options.norm.to_string(), "l2 beside a ridge");
    }
    if options.on_exhaustion != OnExhaustion::default() {
        let found = options.on_exhaustion.name().to_owned();
        let expected = "none beside a ridge, which leaves something of every row";
        return refuse("on_exhaustion", found, expected);
    }
    if let Some(tol) = options.rank_tol {
        let expected = "none beside a ridge, which leaves something of every row";
        return refuse("rank_tol", tol.to_string(), expected);
    }
    Ok(())
}

/// λ in pool unit, squared: so many times the mean of the rows' squared lengths, which are added up in the
/// order of the rows. One pass.
pub(super) fn lambda(pool: &dyn Pool, ridge: f64, settled: &Settled) -> Result<f64, Error> {
    let mut parts = parts(pool);
    let squares = match parts.is_empty() {
        true => squares(pool)?,
        false => each(&mut parts, |part| part.handle.squares())?.concat(),
    };
    settled.add(pool.rows() * pool.dim());
    let sum = squares.iter().fold(0.0, |sum, square| sum + square);
    Ok(ridge * sum / pool.rows() as f64)
}

/// Each row's squared length in pool unit, of squares in f64.
pub(crate) fn squares(pool: &dyn Pool) -> Result<Vec<f64>, Error> {
    let rows: Vec<usize> = (0..pool.rows()).collect();
    let mut found = Vec::with_capacity(rows.len());
    for piece in gather_scaled(pool, &rows) {
        let (_, x) = piece?;
        let of_piece = x.par_chunks_exact(pool.dim());
        found.par_extend(of_piece.map(|x| reduce::vectorised!(reduce::squares(x))));
        pool.stop().check()?;
    }
    Ok(found)
}

/// λ in the caller's unit, squared.
pub(super) fn in_unit(pool: &dyn Pool, lambda: f64) -> f64 {
    let scale = f64::from(pool.scale());
    lambda / scale / scale
}

/// log(λ + r²) in the caller's unit: what a pick of residual r, in pool unit, adds to the logarithm of the
/// determinant.
pub(super) fn gain(pool: &dyn Pool, lambda: f64, residual: f64) -> f64 {
    libm::log(in_unit(pool, lambda + residual * residual))
}
