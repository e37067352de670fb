//! What a device can do at best, in the words of its measurement. For the benchmarks of the command line;
//! an application has no use for it.

use crate::error::Error;

#[cfg(target_arch = "x86_64")]
pub use crate::products::x86::with_vnni;
pub use crate::random::exponentials;

/// How much is done to measure something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Runs of each measurement.
    pub samples: usize,
    /// Bytes of the buffers by which bandwidth is measured.
    pub buffer: usize,
    /// Seconds that a sample of arithmetic or of latency takes at least.
    pub least_seconds: f64,
}

/// What a sample did, in bytes or operations, and the seconds of each.
pub type Measured = (f64, Vec<f64>);

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
    /// Integers as the integer tile has them: values of 16 bits, sums of 32.
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
    Assign,
    /// All rows with each other.
    KNearest,
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
        Self::Gemm(Product::Assign),
        Self::Gemm(Product::KNearest),
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
            Self::Gemm(Product::Assign) => "gemm f32 assign",
            Self::Gemm(Product::KNearest) => "gemm f32 k_nearest",
        }
    }
}

/// Runs that take at least so long: `run` is given ever more to do, and says how long it took.
/// Gives what there was to do in the end, and the seconds of each run.
///
/// # Errors
///
/// Those of `run`.
pub fn long_enough(
    effort: &Effort,
    most: u64,
    mut run: impl FnMut(u64) -> Result<f64, Error>,
) -> Result<(u64, Vec<f64>), Error> {
    let mut times = 1;
    while run(times)? < effort.least_seconds && times < most {
        times = (2 * times).min(most);
    }
    let seconds: Result<_, _> = (0..effort.samples).map(|_| run(times)).collect();
    Ok((times, seconds?))
}

/// What a device should have told otherwise.
#[must_use]
pub fn wrong(limit: Limit) -> Error {
    Error::Device(format!("{}: the device's answer is wrong", limit.name()))
}

/// Words that differ, by which copies and reads are checked.
#[must_use]
pub fn word(at: u32) -> u32 {
    at.wrapping_mul(0x9e37_79b9) ^ (at >> 7)
}

/// Seconds of one of many runs, each of which `run` is to wait for: a single one is too short for
/// the clock.
///
/// # Errors
///
/// Those of `run`.
pub fn latency(
    effort: &Effort,
    run: impl FnMut(u64) -> Result<f64, Error>,
) -> Result<Measured, Error> {
    let (times, mut seconds) = long_enough(effort, 1 << 16, run)?;
    seconds.iter_mut().for_each(|s| *s /= times as f64);
    Ok((0.0, seconds))
}
