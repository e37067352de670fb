//! What a benchmark asks of a device.

use super::report::{Adapter, Ceiling, Samples, Unit};
use super::sizes::Sizes;
use coresift::bench::{Limit, Measured};
use coresift::{Error, Features, Pool};

/// A device to be measured.
pub trait Device {
    /// What there is to say of it; nothing measured yet.
    fn describe(&self) -> Adapter;

    /// A pool as selectors are given it.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`], or [`Error::Device`] where a row does not fit.
    fn pool<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error>;

    /// A pool of which the device has all, for kernels to be measured on.
    ///
    /// # Errors
    ///
    /// As [`pool`](Self::pool).
    fn resident<'a>(&'a self, features: &Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        self.pool(features.clone())
    }

    /// Measures a limit of the device; `None` where the device has no such thing.
    ///
    /// # Errors
    ///
    /// As [`pool`](Self::pool); [`Error::Device`] where what it did is not what it was told to.
    fn ceiling(&self, limit: Limit, sizes: &Sizes) -> Result<Option<Ceiling>, Error>;

    /// Seconds of a little work, always the same, by which a device's clock is told: one that has been
    /// idle for a second or two may run at a fifth of its speed until it has been busy for as long.
    /// `None` where that is no matter.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`].
    fn spin(&self) -> Result<Option<f64>, Error> {
        Ok(None)
    }

    /// What the device did since it was last asked; `None` where it keeps no record, and the
    /// host's clock tells all.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`].
    fn take_record(&self) -> Result<Option<Record>, Error>;
}

/// What a device did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Kernels and transfers: name, calls, seconds.
    pub parts: Vec<(&'static str, u64, f64)>,
    /// Most bytes of device memory held at a time.
    pub peak_bytes: u64,
}

impl Record {
    /// Seconds of a kernel.
    #[must_use]
    pub fn seconds_of(&self, kernel: &str) -> f64 {
        let parts = self.parts.iter().filter(|part| part.0 == kernel);
        parts.map(|part| part.2).sum()
    }
}

/// The unit of a limit.
fn unit(limit: Limit) -> Unit {
    match limit {
        Limit::Copy | Limit::Read | Limit::Upload => Unit::BytesPerSecond,
        Limit::MultiplyAdd(_) | Limit::Gemm(_) => Unit::OperationsPerSecond,
        Limit::Dispatch | Limit::ReadBack => Unit::Seconds,
    }
}

/// A limit as reports have it.
pub(super) fn ceiling(limit: Limit, (work, seconds): Measured) -> Ceiling {
    Ceiling {
        name: limit.name().to_owned(),
        unit: unit(limit),
        work,
        samples: Samples { seconds },
    }
}
