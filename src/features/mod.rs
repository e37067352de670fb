//! The caller's matrix, checked once. The only place where values are validated.

mod center;
mod check;
mod precision;
mod source;

use crate::error::Error;
use crate::lp::Lp;
use crate::reduce;
use check::check_shape;
use precision::Digits;
use rayon::prelude::*;
use source::{Shape, Source};
use std::ops::Range;
use std::sync::Arc;

pub use center::center;
pub(crate) use check::{fault, scale_for};
pub use precision::Precision;
pub use source::ReadRows;
pub(crate) use source::{Scratch, Spread};

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

impl<'a> Features<'a> {
    /// Checks `values`: `rows` x `dim`, row-major.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::Empty`], [`Error::NotFinite`] and [`Error::RowOverflow`],
    /// the last two with the first row that is at fault.
    pub fn new(values: &'a [f32], rows: usize, dim: usize) -> Result<Self, Error> {
        check_shape(values, rows, dim)?;
        Self::checked(Source::Slice(values), rows, dim)
    }

    fn checked(source: Source<'a>, rows: usize, dim: usize) -> Result<Self, Error> {
        let mut checked = Self {
            source,
            first: 0,
            held: rows,
            rows,
            dim,
            norms_sq: Arc::default(),
            scale: 1.0,
            precision: Precision::F32,
        };
        let mut norms_sq = vec![0.0; rows];
        let digits = norms_sq
            .par_chunks_mut(ROWS)
            .enumerate()
            .try_fold(
                || (Digits::default(), Scratch::default()),
                |(mut digits, mut scratch), (at, norms_sq)| {
                    let x = checked.nth_block(at, ROWS, &mut scratch)?;
                    for (norm_sq, x) in norms_sq.iter_mut().zip(x.chunks_exact(dim)) {
                        *norm_sq = reduce::vectorised!(reduce::squares(x));
                        digits.see(x);
                    }
                    Ok((digits, scratch))
                },
            )
            .map(|done| done.map(|(digits, _)| digits))
            .try_reduce(Digits::default, |a, b| Ok(a.and(b)))?;
        // NaN and infinity fail too: a NaN compares false.
        let is_in_range = |norm_sq: &f64| *norm_sq <= f64::from(f32::MAX);
        if let Some(row) = norms_sq
            .par_iter()
            .position_first(|norm_sq| !is_in_range(norm_sq))
        {
            let mut scratch = Scratch::default();
            return Err(fault(row, checked.block(row..row + 1, &mut scratch)?));
        }
        let longest_sq = norms_sq.par_iter().copied().reduce(|| 0.0, f64::max);
        checked.precision = digits.precision();
        checked.scale = scale_for(longest_sq);
        checked.norms_sq = norms_sq.into();
        Ok(checked)
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

    fn shape(&self) -> Shape {
        Shape {
            rows: self.held,
            dim: self.dim,
        }
    }

    /// Rows that follow each other, row-major: in place, or from `scratch`. Kernels read all features by
    /// this and by [`spread`](Self::spread), so that rows may come from anywhere.
    #[inline]
    pub(crate) fn block<'s>(
        &'s self,
        rows: Range<usize>,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [f32], Error> {
        let rows = self.first + rows.start..self.first + rows.end;
        self.source.block(self.shape(), rows, scratch)
    }

    /// Rows in any order: in place, or from `scratch`.
    #[inline]
    pub(crate) fn spread<'s>(
        &'s self,
        rows: &'s [usize],
        scratch: &'s mut Scratch,
    ) -> Result<Spread<'s>, Error> {
        self.source.spread(self.shape(), self.first, rows, scratch)
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
                *to = reduce::vectorised!(reduce::norm(norm, x));
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
    /// integers and other multiples of one step are not, and count as `F32`.
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
        check_shape(owner.as_ref(), rows, dim)?;
        Self::checked(Source::Owner(Arc::new(owner)), rows, dim)
    }

    /// Checks what a reader gives, which the features keep. No more than some blocks of rows are in memory
    /// at a time: every pass of a selector reads the rows anew.
    ///
    /// # Errors
    ///
    /// As [`Features::new`]; and [`Error::Unreadable`], later on too, from whatever reads the rows.
    pub fn from_reader(reader: impl ReadRows + 'static) -> Result<Self, Error> {
        let (rows, dim) = (reader.rows(), reader.dim());
        if rows == 0 || dim == 0 {
            return Err(Error::Empty { rows, dim });
        }
        Self::checked(Source::Reader(Arc::new(reader)), rows, dim)
    }
}

/// Rows of which a thread finds the norms in one go.
const ROWS: usize = 1 << 8;

#[cfg(test)]
mod tests {
    use super::*;

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
                values: vec![x.clone(), x.clone(), x.clone(), vec![1.0; len]],
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
