//! What a benchmark asks of a device.

use super::report::{Adapter, Ceiling, Samples, Unit};
use super::sizes::Sizes;
use crate::{Error, Features, Pool};

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

/// What a device can do at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Memory read and as much of it written.
    Copy,
    /// Memory only read.
    Read,
    /// Multiply-adds in registers; one counts as two operations.
    MultiplyAdd(Number),
    /// From the submission of a kernel that does next to nothing until the host knows it done.
    Dispatch,
    /// A few bytes fetched from an idle device.
    ReadBack,
    /// Host memory copied to the device by way of a mapped buffer.
    Upload,
    /// The GEMM crate's own rate at the shape of a kernel's products.
    Gemm(Product),
}

/// Kinds of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// Whole numbers as the integer tile has them: values of 16 bits, sums of 32.
    I32,
}

/// Products of matrices that kernels are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// All rows with a block of directions.
    Deflate,
    /// All rows with a basis.
    Refresh,
    /// All rows with some centres.
    Nearest,
    /// All rows with each other.
    Closest,
}

impl Limit {
    /// Every one, in the order of reports.
    pub const ALL: [Self; 12] = [
        Self::Copy,
        Self::Read,
        Self::MultiplyAdd(Number::F32),
        Self::MultiplyAdd(Number::F16),
        Self::MultiplyAdd(Number::I32),
        Self::Dispatch,
        Self::ReadBack,
        Self::Upload,
        Self::Gemm(Product::Deflate),
        Self::Gemm(Product::Refresh),
        Self::Gemm(Product::Nearest),
        Self::Gemm(Product::Closest),
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Read => "read",
            Self::MultiplyAdd(Number::F32) => "multiply-add f32",
            Self::MultiplyAdd(Number::F16) => "multiply-add f16",
            Self::MultiplyAdd(Number::I32) => "multiply-add i32",
            Self::Dispatch => "dispatch",
            Self::ReadBack => "read-back",
            Self::Upload => "upload",
            Self::Gemm(Product::Deflate) => "gemm f32 deflate",
            Self::Gemm(Product::Refresh) => "gemm f32 refresh",
            Self::Gemm(Product::Nearest) => "gemm f32 nearest",
            Self::Gemm(Product::Closest) => "gemm f32 closest",
        }
    }

    fn unit(self) -> Unit {
        match self {
            Self::Copy | Self::Read | Self::Upload => Unit::BytesPerSecond,
            Self::MultiplyAdd(_) | Self::Gemm(_) => Unit::OperationsPerSecond,
            Self::Dispatch | Self::ReadBack => Unit::Seconds,
        }
    }

    /// A ceiling of so much work a sample.
    pub(crate) fn ceiling(self, work: f64, seconds: Vec<f64>) -> Ceiling {
        Ceiling {
            name: self.name().to_owned(),
            unit: self.unit(),
            work,
            samples: Samples { seconds },
        }
    }
}

/// Runs that take at least so long: `run` is given ever more to do, and says how long it took.
/// Gives what there was to do in the end, and the seconds of each run.
pub(crate) fn long_enough(
    sizes: &Sizes,
    most: u64,
    mut run: impl FnMut(u64) -> Result<f64, Error>,
) -> Result<(u64, Vec<f64>), Error> {
    let mut times = 1;
    while run(times)? < sizes.least_seconds && times < most {
        times = (2 * times).min(most);
    }
    let seconds: Result<_, _> = (0..sizes.samples).map(|_| run(times)).collect();
    Ok((times, seconds?))
}

/// What a device should have told otherwise.
pub(crate) fn wrong(limit: Limit) -> Error {
    Error::Device(format!("{}: the device's answer is wrong", limit.name()))
}

/// Words that differ, by which copies and reads are checked.
pub(crate) fn word(at: u32) -> u32 {
    at.wrapping_mul(0x9e37_79b9) ^ (at >> 7)
}

/// Seconds of one of many runs, each of which `run` is to wait for: a single one is too short for
/// the clock.
pub(crate) fn latency(
    sizes: &Sizes,
    run: impl FnMut(u64) -> Result<f64, Error>,
) -> Result<(f64, Vec<f64>), Error> {
    let (times, mut seconds) = long_enough(sizes, 1 << 16, run)?;
    seconds.iter_mut().for_each(|s| *s /= times as f64);
    Ok((0.0, seconds))
}
