//! Devices that are lost, too small or wrong.

use crate::common::{Lost, Noisy};
use crate::{KERNELS, SELECTORS, kept, kernels, measured, selectors};
use coresift::{CpuPool, Error, Features, Pool};
use coresift_cli::bench::report::{Adapter, Ceiling};
use coresift_cli::bench::{Cpu, Device, Limit, Record, Sizes};
use std::cell::Cell;

/// Makes the pool of a number around one of the CPU.
type Make = for<'a> fn(usize, &'a CpuPool<'a>) -> Result<Box<dyn Pool + 'a>, Error>;

/// A CPU that makes pools of its own kind.
struct Odd {
    pool: Make,
    pools: Cell<usize>,
}

impl Odd {
    fn new(pool: Make) -> Self {
        let pools = Cell::new(0);
        Self { pool, pools }
    }
}

impl Device for Odd {
    fn describe(&self) -> Adapter {
        Cpu.describe()
    }

    fn pool<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        let at = self.pools.replace(self.pools.get() + 1);
        // A pool around a pool needs one that outlives it; in a test it may live for ever.
        (self.pool)(at, Box::leak(Box::new(CpuPool::new(features))))
    }

    fn ceiling(&self, limit: Limit, sizes: &Sizes) -> Result<Option<Ceiling>, Error> {
        Cpu.ceiling(limit, sizes)
    }

    fn take_record(&self) -> Result<Option<Record>, Error> {
        Ok(None)
    }
}

/// What is missing, and why.
pub(crate) fn missing(adapter: &Adapter) -> Vec<(&str, &str)> {
    let missing = adapter.missing.iter();
    missing.map(|m| (m.what.as_str(), m.why.as_str())).collect()
}

#[test]
fn a_device_lost_half_way_leaves_what_was_measured() {
    let device = Odd::new(|at, pool| {
        // In the second pool the kernel `k_nearest` runs; the second call is its first sample.
        let calls = if at == 1 { 1 } else { usize::MAX };
        Ok(Box::new(Lost::after(pool, calls)))
    });
    let adapter = measured(&device);
    assert_eq!(adapter.ceilings.len(), 9);
    let of_first_pool = [
        "deflate",
        "due_rows",
        "gather_rows",
        "assign",
        "refresh",
        "row_norms",
    ];
    assert_eq!(kernels(&adapter), of_first_pool.into());
    assert_eq!(selectors(&adapter), [""; 0]);
    let missing = missing(&adapter);
    assert!(
        missing.iter().all(|m| m.1 == "device lost: unplugged"),
        "{missing:?}"
    );
    let what: Vec<&str> = missing.iter().map(|m| m.0).collect();
    assert_eq!(what[..2], ["kernel k_nearest", "kernel store_similarities"]);
    for name in &KERNELS {
        let is_listed = what.iter().any(|what| what.contains(name));
        assert!(
            is_listed || of_first_pool.contains(name),
            "{name}: {what:?}"
        );
    }
    for name in &SELECTORS {
        assert!(
            what.iter().any(|what| what.contains(name)),
            "{name}: {what:?}"
        );
    }
    assert_eq!(device.pools.get(), 2, "a lost device is asked for nothing");
    kept(&adapter);
}

#[test]
fn what_does_not_fit_is_missing_and_the_rest_is_measured() {
    let device = Odd::new(|at, pool| {
        if at == 1 {
            return Err(Error::OutOfMemory {
                what: "features",
                needed: 100,
                available: Some(10),
            });
        }
        Ok(Box::new(pool.clone()))
    });
    let adapter = measured(&device);
    let why = "features: 100 bytes needed, 10 available";
    assert_eq!(
        missing(&adapter),
        [("pool of k_nearest, store_similarities", why)]
    );
    assert_eq!(kernels(&adapter).len(), KERNELS.len() - 2);
    assert_eq!(selectors(&adapter), SELECTORS);
}

#[test]
fn wrong_answers_are_not_timed() {
    let device = Odd::new(|_, pool| Ok(Box::new(Noisy::around(pool, 0.05))));
    let adapter = measured(&device);
    let missing = missing(&adapter);
    for kernel in ["assign", "k_nearest"] {
        let what = format!("kernel {kernel}");
        let why = format!("device: {kernel}: its answer is not the CPU pool's");
        assert!(
            missing.contains(&(what.as_str(), why.as_str())),
            "{kernel}: {missing:?}"
        );
        assert!(!kernels(&adapter).contains(kernel));
    }
    assert!(kernels(&adapter).contains("gather_rows"));
}
