//! The caller's matrix, checked once. The only place where values are validated.

mod center;
mod check;
mod fingerprint;
mod left_out;
mod others;
mod precision;
mod source;
#[cfg(test)]
mod tests;
mod unit;

use crate::error::Error;
use crate::lp::Lp;
use crate::reduce;
use left_out::is_in_range;
use precision::Digits;
use rayon::prelude::*;
use source::Shape;
use std::ops::Range;
use std::sync::Arc;

pub use center::{center, center_among, subtract};
pub(crate) use check::fault;
#[cfg(feature = "gpu")]
pub(crate) use check::scale_for;
pub use left_out::LeftOut;
pub use others::Others;
pub use precision::Precision;
pub use source::{ReadRows, Rows};
pub(crate) use source::{Scratch, Spread};
pub use unit::Unit;

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
    source: Rows<'a>,
    /// How many rows the source has, and which of them are these where some are left out.
    held: usize,
    kept: Option<Arc<Vec<usize>>>,
    /// The first of those.
    first: usize,
    rows: usize,
    dim: usize,
    /// Squared lengths, which the check of the values comes by: a pass over the features saved.
    norms_sq: Arc<Vec<f64>>,
    unit: Unit,
}

impl<'a> Features<'a> {
    /// Checks `values`: `rows` x `dim`, row-major.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::Empty`], [`Error::NotFinite`] and [`Error::RowOverflow`],
    /// the last two with the first row that is at fault.
    pub fn new(values: &'a [f32], rows: usize, dim: usize) -> Result<Self, Error> {
        Self::without(Rows::Slice(values), [rows, dim], &LeftOut::default())
    }

    /// Checks rows, `[n, d]` of them, but for those that are left out. The others are numbered anew, one
    /// after another; [`numbers`](Self::numbers) tells which they are of all.
    ///
    /// # Errors
    ///
    /// As [`Features::new`] and [`Features::from_reader`]; and [`Error::Argument`] for a number that is no
    /// row's, or where no row is left.
    ///
    /// ```
    /// use coresift::{CpuPool, Features, LeftOut, Rows, Selector, Uniform};
    ///
    /// let x = [1.0, f32::NAN, 3.0, 4.0, 5.0];
    /// let left_out = LeftOut { rows: vec![0], invalid: true, zeros: false };
    /// let features = Features::without(Rows::Slice(&x), [5, 1], &left_out)?;
    /// assert_eq!(features.numbers(), Some(&[2, 3, 4][..]));
    /// # Ok::<(), coresift::Error>(())
    /// ```
    pub fn without(
        source: Rows<'a>,
        [rows, dim]: [usize; 2],
        left_out: &LeftOut,
    ) -> Result<Self, Error> {
        source.check(Shape { rows, dim })?;
        let kept = left_out.others(rows)?;
        let mut features = Self {
            source,
            held: rows,
            rows: kept.as_ref().map_or(rows, Vec::len),
            kept: kept.map(Arc::new),
            first: 0,
            dim,
            norms_sq: Arc::default(),
            unit: Unit::default(),
        };
        let (mut norms_sq, digits) = features.look(left_out)?;
        if left_out.by_value() {
            let is_kept = |row: &usize| !left_out.has(norms_sq[*row]);
            let kept: Vec<usize> = (0..features.rows).filter(is_kept).collect();
            norms_sq = kept.iter().map(|&row| norms_sq[row]).collect();
            let kept: Vec<usize> = kept.iter().map(|&row| features.source_row(row)).collect();
            features.rows = kept.len();
            features.kept = (kept.len() < rows).then(|| kept.into());
        }
        if features.rows == 0 {
            return Err(Error::Argument {
                argument: "features",
                found: format!("none of {rows} rows that is not left out"),
                expected: "at least one".to_owned(),
            });
        }
        if let Some(row) = norms_sq
            .par_iter()
            .position_first(|&norm_sq| !is_in_range(norm_sq))
        {
            let mut scratch = Scratch::default();
            let x = features.block(row..row + 1, &mut scratch)?;
            return Err(fault(features.source_row(row), x));
        }
        let longest_sq = norms_sq.par_iter().copied().reduce(|| 0.0, f64::max);
        features.unit = Unit { longest_sq, digits };
        features.norms_sq = norms_sq.into();
        Ok(features)
    }

    /// The squared lengths of all rows, and the digits of the values of those that are not left out.
    fn look(&self, left_out: &LeftOut) -> Result<(Vec<f64>, Digits), Error> {
        let mut norms_sq = vec![0.0; self.rows];
        let of_block = |(mut digits, mut scratch): (Digits, Scratch),
                        (at, norms_sq): (usize, &mut [f64])| {
            let x = self.nth_block(at, ROWS, &mut scratch)?;
            for (norm_sq, x) in norms_sq.iter_mut().zip(x.chunks_exact(self.dim)) {
                *norm_sq = reduce::vectorised!(reduce::squares(x));
                if !left_out.has(*norm_sq) {
                    digits.see(x);
                }
            }
            Ok((digits, scratch))
        };
        let blocks = norms_sq.par_chunks_mut(ROWS).enumerate();
        let digits = blocks
            .try_fold(Default::default, of_block)
            .map(|done| done.map(|(digits, _)| digits))
            .try_reduce(Digits::default, |a, b| Ok(a.and(b)))?;
        Ok((norms_sq, digits))
    }

    /// Whether rows have to be read, rather than looked at.
    pub(crate) fn are_read(&self) -> bool {
        self.source.are_read()
    }

    /// Where a row is among all of the source.
    fn source_row(&self, row: usize) -> usize {
        let row = self.first + row;
        self.kept.as_ref().map_or(row, |kept| kept[row])
    }

    /// Which rows these are of the matrix, where some are left out; ascending.
    #[must_use]
    pub fn numbers(&self) -> Option<&[usize]> {
        let kept = self.kept.as_ref()?;
        Some(&kept[self.first..self.first + self.rows])
    }

    /// The same, to restate for these rows what is said of all.
    #[must_use]
    pub fn others(&self) -> Option<Others> {
        Some(Others::new(self.held, self.numbers()?.to_vec()))
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

    /// Some of these rows, which ascend, as if the others were left out.
    pub(crate) fn among(&self, rows: &[usize]) -> Self {
        let norms_sq: Vec<f64> = rows.iter().map(|&row| self.norms_sq[row]).collect();
        let longest_sq = norms_sq.iter().copied().fold(0.0, f64::max);
        let kept: Vec<usize> = rows.iter().map(|&row| self.source_row(row)).collect();
        Self {
            kept: Some(kept.into()),
            first: 0,
            rows: rows.len(),
            unit: Unit {
                longest_sq,
                ..self.unit
            },
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
        let Some(kept) = &self.kept else {
            return self.source.block(self.shape(), rows, scratch);
        };
        let kept = kept[rows].iter().copied();
        self.source.gathered(self.shape(), kept, scratch)
    }

    /// Rows in any order: in place, or from `scratch`.
    #[inline]
    pub(crate) fn spread<'s>(
        &'s self,
        rows: &[usize],
        scratch: &'s mut Scratch,
    ) -> Result<Spread<'s>, Error> {
        let rows = rows.iter().map(|&row| self.source_row(row));
        self.source.spread(self.shape(), rows, scratch)
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
        self.unit.precision()
    }

    /// The power of two that brings the longest row into `[1, 2)`.
    pub(crate) fn scale(&self) -> f32 {
        self.unit.scale()
    }

    /// What parts that are read apart have to agree on.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The same rows as part of a matrix of this unit: those of all parts [joined](Unit::join).
    #[must_use]
    pub fn in_unit(self, unit: Unit) -> Self {
        Self { unit, ..self }
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
        Self::without(
            Rows::Owner(Arc::new(owner)),
            [rows, dim],
            &LeftOut::default(),
        )
    }
}

impl Features<'static> {
    /// Checks what a reader gives, which the features keep. Every pass of a selector reads the rows anew: no more
    /// than some blocks of them are in memory at a time, and where rows meet all others as many as
    /// [`CpuPool::with_memory_limit`](crate::CpuPool::with_memory_limit) allows.
    ///
    /// # Errors
    ///
    /// As [`Features::new`]; and [`Error::Unreadable`], later on too, from whatever reads the rows.
    pub fn from_reader(reader: impl ReadRows + 'static) -> Result<Self, Error> {
        let (rows, dim) = (reader.rows(), reader.dim());
        Self::without(
            Rows::Reader(Arc::new(reader)),
            [rows, dim],
            &LeftOut::default(),
        )
    }
}

/// Rows of which a thread finds the norms in one go.
const ROWS: usize = 1 << 8;
