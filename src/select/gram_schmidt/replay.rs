//! Picks that an earlier run has made, made again: they are known, so no row is looked for.

use super::begin::Numbers;
use super::device_bounds::DeviceBounds;
use super::held::{Held, advance};
use super::run::Run;
use crate::checkpoint::unfit;
use crate::error::Error;

/// Rows gathered at a time.
const ROWS: usize = 256;

/// Makes the first picks of an epoch again, in their order; numbers are its exponential ones, none for greedy
/// picks. The device takes them in at the end, in one pass for each [`ROWS`] of them.
pub(super) fn replay(
    run: &mut Run<'_>,
    device_bounds: &mut DeviceBounds<'_>,
    numbers: Option<&Numbers<'_>>,
    picks: &[usize],
) -> Result<(), Error> {
    let power = run.options.power;
    for rows in picks.chunks(ROWS) {
        let x = device_bounds.hold(rows)?;
        let of_row = |(&row, x): (&usize, &[f32])| {
            Held::new(row, x, numbers.map_or(0.0, |numbers| numbers.of(row)))
        };
        let mut held: Vec<Held> = (rows.iter())
            .zip(x.chunks_exact(run.pool.dim()))
            .map(of_row)
            .collect();
        for at in 0..held.len() {
            // The first brings all along, so that cores share what they have in common.
            let end = if at == 0 { held.len() } else { at + 1 };
            let basis = &device_bounds.basis;
            advance(&mut held[at..end], basis, power, device_bounds.stop())?;
            let picked = &held[at];
            if basis.is_full() || !picked.residual.is_live(device_bounds.tol) {
                return Err(unfit());
            }
            let wait = numbers.map_or(0.0, |_| picked.wait(power));
            run.pick(picked.row, picked.residual.sq().sqrt())?;
            device_bounds.basis.push(picked.residual.picked(), wait);
        }
    }
    device_bounds.deflate()
}
