//! The plain loop, for residual norms that projection may lengthen (l1, l∞): every pick is one
//! pass over a copy of the features in f64. Exact, the same on every device, and slow.

use super::super::norm::power;
use super::options::OnExhaustion;
use super::run::Run;
use crate::control::Stop;
use crate::error::Error;
use crate::lp::Lp;
use crate::selection::ShortfallReason;
use crate::{rank, reduce};
use rayon::prelude::*;

/// Rows gathered at a time.
const ROWS: usize = 1024;

/// A row of the copy.
struct Row {
    residual: Vec<f64>,
    /// ‖F_i‖₂.
    length: f64,
    /// E_i − Λ_i.
    left: f64,
    /// The weight before the power: ‖residual‖ₚ; 0 unless the row is live.
    weight: f64,
}

/// Picks until the budget is reached or nothing is left; says what ran out if so.
pub(super) fn run(run: &mut Run<'_>) -> Result<ShortfallReason, Error> {
    loop {
        let deflate =
            run.selection.restarts.len() == 1 || run.options.on_exhaustion != OnExhaustion::Norm;
        let mut rows = copy(run)?;
        run.selection.passes += 1;
        epoch(run, &mut rows, deflate)?;
        if let Some(reason) = run.next_epoch(|row| rows[row].length > 0.0) {
            return Ok(reason);
        }
    }
}

/// All rows in f64, in pool unit, as an epoch finds them.
fn copy(run: &Run<'_>) -> Result<Vec<Row>, Error> {
    let numbers = run.numbers()?;
    let all: Vec<usize> = (0..run.pool.rows()).collect();
    let mut rows = Vec::with_capacity(all.len());
    for some in all.chunks(ROWS) {
        let x = run.pool.gather_rows(some)?;
        for x in x.chunks_exact(run.pool.dim()) {
            let left = numbers.as_ref().map_or(0.0, |numbers| numbers[rows.len()]);
            let residual = x.iter().map(|&v| f64::from(v)).collect();
            rows.push(Row {
                residual,
                length: reduce::squares(x).sqrt(),
                left,
                weight: 0.0,
            });
        }
    }
    Ok(rows)
}

/// One epoch of Algorithm 1 as it stands.
fn epoch(run: &mut Run<'_>, rows: &mut [Row], deflate: bool) -> Result<(), Error> {
    let tol = run.options.tolerance(run.pool);
    if run.selection.restarts.len() == 1 {
        for &row in &run.options.labelled {
            if length(&rows[row].residual) > tol * rows[row].length {
                project_out(rows, row, run.pool.stop())?;
            }
        }
    }
    while !run.done() {
        weigh(run, rows, tol)?;
        let Some((dt, row)) = next(run, rows) else {
            break;
        };
        for row in &mut *rows {
            row.left -= dt * power(row.weight, run.options.power);
        }
        run.pick(row, rows[row].weight)?;
        if deflate {
            run.settled.add(2 * rows.len() * run.pool.dim());
            project_out(rows, row, run.pool.stop())?;
        }
    }
    Ok(())
}

/// Sets every row's weight.
fn weigh(run: &Run<'_>, rows: &mut [Row], tol: f64) -> Result<(), Error> {
    let (excluded, norm) = (&run.excluded, run.options.norm);
    let rows = run.pool.stop().over(rows.par_iter_mut().enumerate());
    rows.try_for_each(|row| {
        let (i, row) = row?;
        let live = !excluded[i] && length(&row.residual) > tol * row.length;
        row.weight = if live {
            norm_of(norm, &row.residual)
        } else {
            0.0
        };
        Ok(())
    })
}

/// The next row, and the time until it fires (0 for greedy picks).
fn next(run: &Run<'_>, rows: &[Row]) -> Option<(f64, usize)> {
    let live = rows.iter().zip(0..).filter(|(row, _)| row.weight > 0.0);
    if run.options.greedy {
        return rank::argmin(live.map(|(row, i)| (-row.weight, i))).map(|(_, i)| (0.0, i));
    }
    let wait = |row: &Row| (row.left / power(row.weight, run.options.power)).max(0.0);
    rank::argmin(live.map(|(row, i)| (wait(row), i)))
}

/// Projects a row's residual out of every row, twice.
fn project_out(rows: &mut [Row], picked: usize, stop: &Stop) -> Result<(), Error> {
    let residual = &rows[picked].residual;
    let norm = length(residual);
    let direction: Vec<f64> = residual.iter().map(|v| v / norm).collect();
    stop.over(rows.par_iter_mut()).try_for_each(|row| {
        let row = row?;
        for _ in 0..2 {
            let c = reduce::dot(&row.residual, &direction);
            reduce::subtract(&mut row.residual, c, &direction);
        }
        Ok(())
    })
}

fn length(x: &[f64]) -> f64 {
    reduce::dot(x, x).sqrt()
}

fn norm_of(norm: Lp, x: &[f64]) -> f64 {
    match norm {
        Lp::L1 => x.iter().map(|v| v.abs()).sum(),
        Lp::L2 => length(x),
        Lp::LInf => x.iter().fold(0.0, |largest, v| v.abs().max(largest)),
    }
}
