//! What is measured, and how.

use crate::error::Error;
use crate::features::Features;
use crate::kernels::pool::Pool;
use crate::plan::{Ceiling, Rates, Work};
use std::collections::BTreeMap;
use std::time::Instant;

/// Makes a pool on the device that is measured.
pub type MakePool<'m, 'p> = dyn Fn(Features<'static>) -> Result<Box<dyn Pool + 'p>, Error> + 'm;

/// Lengths of rows at which kernels are measured: what they take grows with it in a straight line.
pub(super) const DIMS: [usize; 2] = [64, 512];

/// What has been measured.
pub(super) struct Meter {
    began: Instant,
    /// Seconds an item, by the length of rows.
    items: BTreeMap<Work, Vec<(usize, f64)>>,
    pub(super) call: f64,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            items: BTreeMap::new(),
            call: 0.0,
        }
    }

    /// The least of some runs' seconds, each of which says what it took: two runs where they are long, or
    /// where time is short.
    pub(super) fn best(&self, mut run: impl FnMut() -> Result<f64, Error>) -> Result<f64, Error> {
        const RUNS: usize = 4;
        const PATIENCE: f64 = 0.05;
        const ENOUGH: f64 = 1.5;
        let began = Instant::now();
        let mut least = run()?; // perhaps with what a driver does once
        for at in 1..RUNS {
            let is_late = self.began.elapsed().as_secs_f64() > ENOUGH;
            let is_long = is_late || began.elapsed().as_secs_f64() > PATIENCE;
            if at > 1 && is_long {
                break;
            }
            least = least.min(run()?);
        }
        Ok(least)
    }

    /// So many items of rows of this length took so long.
    pub(super) fn note(&mut self, work: Work, dim: usize, items: usize, seconds: f64) {
        // Of a kernel without what it takes to ask for it, but for most of what it takes.
        let asking = if work.is_kernels() { self.call } else { 0.0 };
        let seconds = (seconds - asking).max(0.5 * seconds);
        let each = (seconds / items.max(1) as f64).max(0.0);
        self.items.entry(work).or_default().push((dim, each));
    }

    pub(super) fn rates(self) -> Rates {
        let of_work = |(work, measured): (Work, Vec<(usize, f64)>)| {
            let (item, multiply_add) = line(&measured);
            let ceiling = Ceiling {
                call: self.call,
                item,
                multiply_add,
            };
            (work, ceiling)
        };
        Rates(self.items.into_iter().map(of_work).collect())
    }
}

/// What an item takes, and what each of its values, of which neither is negative.
fn line(measured: &[(usize, f64)]) -> (f64, f64) {
    match *measured {
        [(narrow, a), (wide, b)] => {
            let slope = ((b - a) / (wide - narrow) as f64).max(0.0);
            let item = a - slope * narrow as f64;
            if item < 0.0 {
                return (0.0, b / wide as f64);
            }
            (item, slope)
        }
        [(dim, a)] => (0.0, a / dim as f64),
        _ => (0.0, 0.0),
    }
}

/// What a call gives, and the seconds that it takes.
pub(super) fn timed<T>(run: impl FnOnce() -> Result<T, Error>) -> Result<(T, f64), Error> {
    let began = Instant::now();
    let value = run()?;
    Ok((value, began.elapsed().as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_never_fall() {
        assert_eq!(line(&[(64, 74.0), (512, 522.0)]), (10.0, 1.0));
        assert_eq!(line(&[(64, 8.0), (512, 4.0)]), (8.0, 0.0));
        assert_eq!(line(&[(64, 1.0), (512, 512.0)]), (0.0, 1.0));
        assert_eq!(line(&[(1, 3.0)]), (0.0, 3.0));
    }
}
