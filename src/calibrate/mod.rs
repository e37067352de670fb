//! What each kind of work takes on a device: kernels are run, and small selections, on rows that are made
//! for it.

mod clock;
mod host;
mod kernels;
mod pairs;
mod rows;

use crate::error::Error;
use crate::features::Features;
use crate::kernels::pool::Pool;
use crate::plan::{Ceiling, Rates, Work};
use rows::Values;
use std::collections::BTreeMap;
use std::time::Instant;

/// Makes a pool on the device that is measured.
pub type MakePool<'m, 'p> = dyn Fn(Features<'static>) -> Result<Box<dyn Pool + 'p>, Error> + 'm;

/// Lengths of rows at which kernels are measured: what they take grows with it in a straight line.
const DIMS: [usize; 2] = [64, 512];

/// Values of the rows that are gone through: far more than caches hold, where the device is fast enough for
/// them, or few.
const MANY: usize = 1 << 24;
const FEW: usize = 1 << 20;

/// Rows of which all pairs are met, by the same.
const MANY_PAIRED: usize = 4096;
const FEW_PAIRED: usize = 256;

/// Seconds within which a device has to go through the few, to be given the many.
const FAST: f64 = 0.02;

/// Measures what every kind of work takes on the device that `make` makes pools on: in a second or two,
/// more on a device that is slow for its latencies alone.
///
/// # Errors
///
/// Those of the device.
///
/// ```
/// use coresift::{CpuPool, Norm, Selector, calibrate};
///
/// let rates = calibrate(&|features| Ok(Box::new(CpuPool::new(features))))?;
/// let pool = CpuPool::outline([1_000_000, 512], false, u64::MAX);
/// let cost = Norm::default().cost(&pool, 1000)?;
/// println!("{:.3} s", rates.seconds(&cost).likely);
/// # Ok::<(), coresift::Error>(())
/// ```
pub fn calibrate(make: &MakePool<'_, '_>) -> Result<Rates, Error> {
    let mut meter = Meter::new();
    let few = Values::new(FEW);
    let took = kernels::warm(make, &few)?;
    let is_fast = took < FAST;
    let (many, paired) = match is_fast {
        true => (Values::new(MANY), MANY_PAIRED),
        false => (few.clone(), FEW_PAIRED),
    };
    kernels::measure(&mut meter, make, &many)?;
    pairs::measure(&mut meter, make, &many, paired)?;
    host::measure(&mut meter, make, &many)?;
    meter.call = kernels::call(&meter, make, &few)?;
    Ok(meter.rates())
}

/// What has been measured.
struct Meter {
    began: Instant,
    /// Seconds an item, by the length of rows.
    items: BTreeMap<Work, Vec<(usize, f64)>>,
    call: f64,
}

impl Meter {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            items: BTreeMap::new(),
            call: 0.0,
        }
    }

    /// The least of some runs' seconds, each of which says what it took: one run where they are long, or
    /// where time is short.
    fn best(&self, mut run: impl FnMut() -> Result<f64, Error>) -> Result<f64, Error> {
        const RUNS: usize = 4;
        const PATIENCE: f64 = 0.05;
        const ENOUGH: f64 = 1.5;
        let began = Instant::now();
        let mut least = run()?;
        for _ in 1..RUNS {
            let is_late = self.began.elapsed().as_secs_f64() > ENOUGH;
            if is_late || began.elapsed().as_secs_f64() > PATIENCE {
                break;
            }
            least = least.min(run()?);
        }
        Ok(least)
    }

    /// So many items of rows of this length took so long.
    fn note(&mut self, work: Work, dim: usize, items: usize, seconds: f64) {
        let each = (seconds / items.max(1) as f64).max(0.0);
        self.items.entry(work).or_default().push((dim, each));
    }

    fn rates(self) -> Rates {
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
fn timed<T>(run: impl FnOnce() -> Result<T, Error>) -> Result<(T, f64), Error> {
    let began = Instant::now();
    let value = run()?;
    Ok((value, began.elapsed().as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::names::Named as _;

    #[test]
    fn lines_never_fall() {
        assert_eq!(line(&[(64, 74.0), (512, 522.0)]), (10.0, 1.0));
        assert_eq!(line(&[(64, 8.0), (512, 4.0)]), (8.0, 0.0));
        assert_eq!(line(&[(64, 1.0), (512, 512.0)]), (0.0, 1.0));
        assert_eq!(line(&[(1, 3.0)]), (0.0, 3.0));
    }

    #[test]
    fn every_kind_of_work_is_measured() {
        let rates = calibrate(&|features| Ok(Box::new(CpuPool::new(features)))).unwrap();
        for work in Work::ALL {
            let ceiling = rates.0[work];
            assert!(ceiling.item + ceiling.multiply_add > 0.0, "{work}");
            assert!(ceiling.call >= 0.0 && ceiling.call < 0.1, "{work}");
        }
    }
}
