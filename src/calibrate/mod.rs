//! What each kind of work takes on a device: kernels are run, and small selections, on rows that are made
//! for it.

mod clock;
mod host;
mod kernels;
mod meter;
mod pairs;
mod rows;

use crate::error::Error;
use crate::plan::Rates;
pub use meter::MakePool;
use meter::Meter;
use rows::Values;

/// Values of the rows that are gone through: far more than caches hold, where the device is fast enough for
/// them, or few.
const MANY: usize = 1 << 24;
const FEW: usize = 1 << 20;

/// Rows of which all pairs are met, by the same.
const MANY_PAIRED: usize = 4096;
const FEW_PAIRED: usize = 1024;

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
    meter.call = kernels::call(&meter, make, &few)?;
    kernels::measure(&mut meter, make, &many)?;
    pairs::measure(&mut meter, make, &many, paired)?;
    host::measure(&mut meter, make, &many)?;
    Ok(meter.rates())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::names::Named as _;
    use crate::plan::Work;

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
