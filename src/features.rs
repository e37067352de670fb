//! The caller's matrix, checked once. The only place where values are validated.

use crate::error::Error;
use crate::lp::Lp;
use crate::sums;
use rayon::prelude::*;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Feature rows, borrowed or owned: `rows` examples of `dim` values, row-major `f32`, checked.
///
/// Every value is finite and every row's squared Euclidean length fits an `f32`. Cloning is cheap:
/// clones share the values, and the lengths that the check came by (8 bytes a row).
///
/// ```
/// use coresift::Features;
///
/// let x = [3.0, 4.0, 0.0, 1.0];
/// let features = Features::new(&x, 2, 2)?;
/// assert_eq!((features.rows(), features.dim()), (2, 2));
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Features<'a> {
    source: Source<'a>,
    /// The first of the source's rows, and how many the source has.
    first: usize,
    held: usize,
    rows: usize,
    dim: usize,
    /// Squared lengths, which the check of the values comes by: a pass over the features saved.
    norms_sq: Arc<Vec<f64>>,
    scale: f32,
    precision: Precision,
}

/// Where the rows are.
#[derive(Clone)]
enum Source<'a> {
    Slice(&'a [f32]),
    Owner(Arc<dyn AsRef<[f32]> + Send + Sync>),
}

impl Source<'_> {
    /// All values there are; an owner may have more or fewer than before.
    #[inline]
    fn values(&self) -> &[f32] {
        match self {
            Self::Slice(values) => values,
            Self::Owner(owner) => (**owner).as_ref(),
        }
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slice(_) => "Slice",
            Self::Owner(_) => "Owner",
        })
    }
}

/// Room for rows that have to be fetched before they can be worked on. Those in memory need none.
#[derive(Debug, Default)]
pub(crate) struct Scratch {}

/// Some rows, wherever each of them lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread<'s> {
    /// Row-major; rows other than those asked for may be among them.
    pub(crate) values: &'s [f32],
    /// At which row of these each one asked for begins.
    pub(crate) places: &'s [usize],
    dim: usize,
}

impl<'s> Spread<'s> {
    /// The rows, in the order in which they were asked for.
    #[inline]
    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = &'s [f32]> + Clone {
        let row = move |&place: &usize| &self.values[place * self.dim..][..self.dim];
        self.places.iter().map(row)
    }
}

/// What values were rounded to before they came to be `f32`, the finest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// Nothing coarser.
    #[default]
    F32,
    /// IEEE half precision: 11 significant bits.
    F16,
    /// bfloat16: 8 significant bits.
    Bf16,
}

impl Precision {
    /// 2 to the power of the significant bits, negated: a rounding is half as much at most, over the
    /// value.
    #[must_use]
    pub fn epsilon(self) -> f64 {
        (-f64::from(self.bits())).exp2()
    }

    /// Significant bits.
    const fn bits(self) -> u32 {
        match self {
            Self::F32 => 24,
            Self::F16 => 11,
            Self::Bf16 => 8,
        }
    }

    /// Its name, as numpy and the machine-learning libraries have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
        }
    }
}

impl<'a> Features<'a> {
    /// Checks `values`: `rows` x `dim`, row-major.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::Empty`], [`Error::NotFinite`] and [`Error::RowOverflow`],
    /// the last two with the first row that is at fault.
    pub fn new(values: &'a [f32], rows: usize, dim: usize) -> Result<Self, Error> {
        Self::checked(Source::Slice(values), rows, dim)
    }

    fn checked(source: Source<'a>, rows: usize, dim: usize) -> Result<Self, Error> {
        let values = source.values();
        check_shape(values, rows, dim)?;
        let mut norms_sq = vec![0.0; rows];
        // Once a low bit is set nothing looks rounded, and no more rows need be looked at for that.
        let check = |bits: u32, (norm_sq, x): (&mut f64, &[f32])| {
            *norm_sq = sums::vectorised!(sums::squares(x));
            if bits.trailing_zeros() < F16_ZEROS {
                return bits;
            }
            bits | sums::vectorised!(bits_of(x))
        };
        let bits = norms_sq
            .par_iter_mut()
            .zip(values.par_chunks(dim))
            .with_min_len(64)
            .fold(|| 0, check)
            .reduce(|| 0, |a, b| a | b);
        // NaN and infinity fail too: a NaN compares false.
        let is_in_range = |norm_sq: &f64| *norm_sq <= f64::from(f32::MAX);
        if let Some(row) = norms_sq
            .par_iter()
            .position_first(|norm_sq| !is_in_range(norm_sq))
        {
            return Err(fault(row, &values[row * dim..][..dim]));
        }
        let longest_sq = norms_sq.par_iter().copied().reduce(|| 0.0, f64::max);
        let precision = precision_of(values, bits);
        Ok(Self {
            source,
            first: 0,
            held: rows,
            rows,
            dim,
            norms_sq: norms_sq.into(),
            scale: scale_for(longest_sq),
            precision,
        })
    }

    /// Some consecutive rows, in the unit of all: pools of such parts make one of [`Shards`](crate::Shards).
    ///
    /// # Panics
    ///
    /// If there are no such rows.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Self {
        assert!(!rows.is_empty() && rows.end <= self.rows);
        let norms_sq = self.norms_sq[rows.clone()].to_vec();
        Self {
            first: self.first + rows.start,
            rows: rows.len(),
            norms_sq: norms_sq.into(),
            ..self.clone()
        }
    }

    /// Checks an array view of shape `(rows, dim)`, which must be row-major without gaps.
    ///
    /// # Errors
    ///
    /// [`Error::Layout`] for other strides (`.as_standard_layout()` makes a copy that serves);
    /// else as [`Features::new`].
    #[cfg(feature = "ndarray")]
    pub fn from_array(array: ndarray::ArrayView2<'a, f32>) -> Result<Self, Error> {
        let (rows, dim) = array.dim();
        let strides = array.strides().to_vec();
        let values = array.to_slice().ok_or(Error::Layout { strides })?;
        Self::new(values, rows, dim)
    }

    /// Number of examples.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Values per example.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The values of all rows, unless an owner has come to give another number of them.
    #[inline]
    fn all(&self) -> Result<&[f32], Error> {
        let (values, rows, dim) = (self.source.values(), self.held, self.dim);
        if values.len() == rows * dim {
            return Ok(&values[self.first * dim..(self.first + self.rows) * dim]);
        }
        let len = values.len();
        Err(Error::OwnerChanged { rows, dim, len })
    }

    /// Rows that follow each other, row-major: in place, or from `scratch`. Kernels read all features by
    /// this and by [`spread`](Self::spread), so that rows may come from anywhere.
    #[inline]
    pub(crate) fn block<'s>(
        &'s self,
        rows: Range<usize>,
        _: &'s mut Scratch,
    ) -> Result<&'s [f32], Error> {
        Ok(&self.all()?[rows.start * self.dim..rows.end * self.dim])
    }

    /// Rows in any order: in place, or from `scratch`.
    #[inline]
    pub(crate) fn spread<'s>(
        &'s self,
        rows: &'s [usize],
        _: &'s mut Scratch,
    ) -> Result<Spread<'s>, Error> {
        Ok(Spread {
            values: self.all()?,
            places: rows,
            dim: self.dim,
        })
    }

    /// The `at`-th of all blocks of so many rows; the last may be shorter.
    #[inline]
    pub(crate) fn nth_block<'s>(
        &'s self,
        at: usize,
        size: usize,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [f32], Error> {
        let first = at * size;
        self.block(first..self.rows.min(first + size), scratch)
    }

    /// Each row's norm in f64.
    ///
    /// ```
    /// use coresift::{Features, Lp};
    ///
    /// let x = [3.0, -4.0, 0.0, 1.0];
    /// let features = Features::new(&x, 2, 2)?;
    /// assert_eq!(features.norms(Lp::L1)?, [7.0, 1.0]);
    /// assert_eq!(features.norms(Lp::L2)?, [5.0, 1.0]);
    /// # Ok::<(), coresift::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::OwnerChanged`].
    pub fn norms(&self, norm: Lp) -> Result<Vec<f64>, Error> {
        let mut norms = vec![0.0; self.rows];
        let blocks = norms.par_chunks_mut(ROWS).enumerate();
        blocks.try_for_each_init(Scratch::default, |scratch, (at, norms)| {
            let x = self.nth_block(at, ROWS, scratch)?.chunks_exact(self.dim);
            for (to, x) in norms.iter_mut().zip(x) {
                *to = sums::vectorised!(sums::norm(norm, x));
            }
            Ok(())
        })?;
        Ok(norms)
    }

    /// Each row's squared length, in the caller's unit.
    pub(crate) fn norms_sq(&self) -> &[f64] {
        &self.norms_sq
    }

    /// The coarsest precision that holds every value exactly, where values look rounded to it: small
    /// whole numbers and other multiples of one step are not, and count as `F32`.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The power of two that brings the longest row into `[1, 2)`.
    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }
}

impl Features<'static> {
    /// Checks what an owner gives, which the features then keep for as long as they or a clone of them
    /// live: a `Vec`, a shared or a mapped slice. Nothing is copied.
    ///
    /// The owner must go on to give the same values. Another number of them is noticed wherever rows are
    /// read; other values are not.
    ///
    /// # Errors
    ///
    /// As [`Features::new`]; and [`Error::OwnerChanged`] later on, from whatever reads the rows.
    ///
    /// ```
    /// use coresift::Features;
    ///
    /// let features = Features::from_owner(vec![3.0, 4.0, 0.0, 1.0], 2, 2)?;
    /// std::thread::spawn(move || assert_eq!(features.rows(), 2)).join().unwrap();
    /// # Ok::<(), coresift::Error>(())
    /// ```
    pub fn from_owner(
        owner: impl AsRef<[f32]> + Send + Sync + 'static,
        rows: usize,
        dim: usize,
    ) -> Result<Self, Error> {
        Self::checked(Source::Owner(Arc::new(owner)), rows, dim)
    }
}

/// Rows whose sum is taken in one go: the same with any number of threads.
const ROWS: usize = 1 << 10;

/// Subtracts the mean row from every row, in place: the mean in f64, each difference rounded to f32.
///
/// `values` are `rows` x `dim`, row-major. Gives the mean, `dim` values in the caller's unit. Rows that
/// share a large mean point nearly the same way; without it directions and similarities tell what the
/// rows differ by.
///
/// # Errors
///
/// [`Error::Shape`] and [`Error::Empty`], as [`Features::new`].
///
/// ```
/// let mut x = [1001.0, 1000.0, 1000.0, 1001.0];
/// assert_eq!(coresift::center(&mut x, 2, 2)?, [1000.5, 1000.5]);
/// assert_eq!(x, [0.5, -0.5, -0.5, 0.5]);
/// # Ok::<(), coresift::Error>(())
/// ```
pub fn center(values: &mut [f32], rows: usize, dim: usize) -> Result<Vec<f64>, Error> {
    check_shape(values, rows, dim)?;
    let of_rows = |x: &[f32]| {
        let mut sums = vec![0.0; dim];
        for x in x.chunks_exact(dim) {
            sums.iter_mut()
                .zip(x)
                .for_each(|(sum, &v)| *sum += f64::from(v));
        }
        sums
    };
    let parts: Vec<Vec<f64>> = values.par_chunks(ROWS * dim).map(of_rows).collect();
    let mut mean = vec![0.0; dim];
    for part in parts {
        mean.iter_mut().zip(part).for_each(|(sum, v)| *sum += v);
    }
    mean.iter_mut().for_each(|sum| *sum /= rows as f64);
    values.par_chunks_mut(dim).with_min_len(64).for_each(|x| {
        x.iter_mut()
            .zip(&mean)
            .for_each(|(v, m)| *v = (f64::from(*v) - m) as f32);
    });
    Ok(mean)
}

fn check_shape(values: &[f32], rows: usize, dim: usize) -> Result<(), Error> {
    if rows.checked_mul(dim) != Some(values.len()) {
        let len = values.len();
        return Err(Error::Shape { rows, dim, len });
    }
    if values.is_empty() {
        return Err(Error::Empty { rows, dim });
    }
    Ok(())
}

/// All bits that are set in any of the values.
#[inline(always)]
fn bits_of(x: &[f32]) -> u32 {
    x.iter().fold(0, |bits, v| bits | v.to_bits())
}

/// Low bits that are 0 in every value of f16.
const F16_ZEROS: u32 = f32::MANTISSA_DIGITS - Precision::F16.bits();

/// Binades, beyond those that its significant bits span, over which values must reach to look rounded
/// to a precision.
const BINADES: u32 = 2;

/// What values look rounded to, of which these `bits` are set in any.
///
/// Most features have low bits set that neither coarser precision has, and are not looked at again.
fn precision_of(values: &[f32], bits: u32) -> Precision {
    let low_zeros = bits.trailing_zeros();
    if low_zeros < F16_ZEROS {
        return Precision::F32;
    }
    let precision = if low_zeros >= f32::MANTISSA_DIGITS - Precision::Bf16.bits() {
        Precision::Bf16
    } else {
        Precision::F16
    };
    let steps = values.par_chunks(1 << 16).map(exponents);
    let none = (i32::MAX, i32::MIN);
    let (step, top) = steps.reduce(|| none, |a, b| (a.0.min(b.0), a.1.max(b.1)));
    // 2⁻²⁴ and 2¹⁵ are the least and the largest exponent of f16.
    let fits = precision == Precision::Bf16 || step >= -24 && top <= 15;
    let spans = top.saturating_sub(step) >= (precision.bits() + BINADES) as i32;
    if fits && spans {
        precision
    } else {
        Precision::F32
    }
}

/// The exponents of the least bit and of the highest bit that is set in any of the values.
fn exponents(values: &[f32]) -> (i32, i32) {
    let of_value = |v: &f32| {
        let (fraction, exponent) = (v.to_bits() & 0x7f_ffff, v.to_bits() >> 23 & 0xff);
        // Subnormals have no leading one, and the exponent of the least normal numbers.
        let mantissa = fraction | u32::from(exponent > 0) << 23;
        let unit = exponent.max(1) as i32 - 150;
        (
            unit + mantissa.trailing_zeros() as i32,
            unit + mantissa.ilog2() as i32,
        )
    };
    let all = values.iter().filter(|v| **v != 0.0).map(of_value);
    all.fold((i32::MAX, i32::MIN), |a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// The power of two that brings a length, given squared, into `[1, 2)`; 1 for length 0.
/// Held to what an `f32` holds without a subnormal: 2⁻¹²⁶ … 2¹²⁶.
pub(crate) fn scale_for(norm_sq: f64) -> f32 {
    if norm_sq == 0.0 {
        return 1.0;
    }
    let exponent = -libm::ilogb(norm_sq.sqrt());
    f32::exp2(exponent.clamp(-126, 126) as f32)
}

/// Says what is wrong with a row that failed its check.
pub(crate) fn fault(row: usize, x: &[f32]) -> Error {
    match x.iter().position(|v| !v.is_finite()) {
        Some(column) => Error::NotFinite {
            row,
            column,
            value: x[column],
        },
        None => {
            let norm = sums::squares(x).sqrt();
            Error::RowOverflow { row, norm }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precisions_are_told() {
        let numbers = crate::random::exponentials(5, 0, 4000);
        let plain: Vec<f32> = numbers.iter().map(|&e| e as f32 - 1.0).collect();
        let of = |x: &[f32]| Features::new(x, 40, 100).unwrap().precision();
        let rounded = |bits: u32| -> Vec<f32> {
            let keep = u32::MAX << (24 - bits);
            plain
                .iter()
                .map(|v| f32::from_bits(v.to_bits() & keep))
                .collect()
        };
        // Below 2⁻¹⁴ f16 has fewer bits.
        let step = (24f32).exp2();
        let half: Vec<f32> = rounded(11)
            .iter()
            .map(|v| (v * step).trunc() / step)
            .collect();
        assert_eq!(of(&plain), Precision::F32);
        assert_eq!(of(&half), Precision::F16);
        assert_eq!(of(&rounded(8)), Precision::Bf16);
        // Past the range of f16, and below its least step.
        let scaled = |by: f32| half.iter().map(|v| v * by).collect::<Vec<f32>>();
        assert_eq!(of(&scaled(65536.0)), Precision::F32);
        assert_eq!(of(&scaled(1.0 / 65536.0)), Precision::F32);
        assert_eq!(of(&rounded(12)), Precision::F32);
        // Nothing says that these have been rounded.
        let whole = |most: f64| {
            numbers
                .iter()
                .map(|e| (e * most / 9.0).trunc() as f32)
                .collect::<Vec<_>>()
        };
        for x in [
            whole(1.0),
            whole(16.0),
            whole(255.0),
            vec![0.0; 4000],
            vec![1.0; 4000],
        ] {
            assert_eq!(of(&x), Precision::F32);
        }
    }

    #[test]
    fn faults_are_named() {
        let mut x = vec![1.0; 3 * 20];
        let found = |x: &[f32]| Features::new(x, 3, 20).unwrap_err().to_string();
        x[59] = f32::NAN;
        assert_eq!(
            found(&x),
            "features: NaN found at row 2, column 19, a finite value expected"
        );
        x[21] = f32::NEG_INFINITY;
        assert_eq!(
            found(&x),
            "features: -inf found at row 1, column 1, a finite value expected"
        );
        x[3] = 2e19;
        assert!(
            found(&x).starts_with("features: row 0 has length 1.99999999"),
            "{}",
            found(&x)
        );
        assert!(matches!(
            Features::new(&x, 2, 20),
            Err(Error::Shape { len: 60, .. })
        ));
        assert!(matches!(
            Features::new(&[], 0, 20),
            Err(Error::Empty { rows: 0, dim: 20 })
        ));
        assert!(matches!(
            Features::new(&[], usize::MAX, 2),
            Err(Error::Shape { .. })
        ));
    }

    /// What an owner gives, by turns of the values it once had and of others.
    struct Fickle {
        values: Vec<Vec<f32>>,
        turn: std::sync::atomic::AtomicUsize,
    }

    impl AsRef<[f32]> for Fickle {
        fn as_ref(&self) -> &[f32] {
            let turn = self.turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            &self.values[turn.min(self.values.len() - 1)]
        }
    }

    #[test]
    fn an_owner_that_changes_its_length_is_told() {
        let x = vec![1.0, 2.0, 3.0, 4.0];
        for len in [0, 3, 5, 6] {
            let owner = Fickle {
                values: vec![x.clone(), x.clone(), vec![1.0; len]],
                turn: 0.into(),
            };
            let features = Features::from_owner(owner, 2, 2).unwrap();
            let mut scratch = Scratch::default();
            assert_eq!(features.block(1..2, &mut scratch).unwrap(), [3.0, 4.0]);
            let want = format!(
                "features: an owner of {len} values found, 2 rows of 2 expected, as it had before"
            );
            let errors = [
                features.block(0..1, &mut scratch).err(),
                features.spread(&[1], &mut scratch).err(),
                features.norms(Lp::L1).err(),
            ];
            for error in errors {
                assert_eq!(error.map(|e| e.to_string()), Some(want.clone()));
            }
        }
    }

    #[cfg(feature = "ndarray")]
    #[test]
    fn views_must_be_row_major() {
        let x = ndarray::array![[1.0f32, 2.0], [3.0, 4.0]];
        let features = Features::from_array(x.view()).unwrap();
        let mut scratch = Scratch::default();
        let rows = features.block(0..2, &mut scratch).unwrap();
        assert_eq!(rows, [1.0, 2.0, 3.0, 4.0]);
        let turned = Features::from_array(x.t());
        assert!(matches!(turned, Err(Error::Layout { .. })));
    }

    #[test]
    fn scale_brings_the_longest_row_to_one() {
        for (x, scale) in [(3.0, 0.5), (1.0, 1.0), (1.999, 1.0), (0.3, 4.0), (0.0, 1.0)] {
            assert_eq!(
                Features::new(&[x, 0.0], 1, 2).unwrap().scale(),
                scale,
                "{x}"
            );
        }
        let smallest = f32::from_bits(1);
        assert_eq!(
            Features::new(&[smallest], 1, 1).unwrap().scale(),
            126f32.exp2()
        );
    }
}
