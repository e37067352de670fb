//! Where the rows are, and rows as kernels ask for them.

use super::check::check_shape;
use crate::error::Error;
use crate::selection::Selection;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Rows that are read when they are asked for: from a file, say, that is larger than memory.
///
/// They are read again and again, a block at a time, and must stay as they are.
///
/// ```
/// use coresift::{CpuPool, Features, Norm, ReadRows, Selector};
///
/// /// Row i is (i + 1, 0).
/// struct Counted;
///
/// impl ReadRows for Counted {
///     fn rows(&self) -> usize {
///         5
///     }
///
///     fn dim(&self) -> usize {
///         2
///     }
///
///     fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
///         for (row, out) in (first..).zip(out.chunks_mut(2)) {
///             out.copy_from_slice(&[row as f32 + 1.0, 0.0]);
///         }
///         Ok(())
///     }
/// }
///
/// let pool = CpuPool::new(Features::from_reader(Counted)?);
/// let longest = Norm { greedy: true, ..Norm::default() };
/// assert_eq!(longest.select(&pool, 2)?.picks, [4, 3]);
/// # Ok::<(), coresift::Error>(())
/// ```
pub trait ReadRows: Send + Sync {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// Values a row.
    fn dim(&self) -> usize;

    /// Reads whole rows from row `first` on, row-major, as many as `out` has room for. Several threads
    /// call it at once.
    ///
    /// # Errors
    ///
    /// What keeps them from being read, in words that name where they are. The run then ends with
    /// [`Error::Unreadable`].
    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String>;
}

/// Where the rows are.
#[derive(Clone)]
#[non_exhaustive]
pub enum Rows<'a> {
    /// In memory that is lent.
    Slice(&'a [f32]),
    /// In memory that is owned: a `Vec`, a shared or a mapped slice.
    Owner(Arc<dyn AsRef<[f32]> + Send + Sync>),
    /// Where they are read from.
    Reader(Arc<dyn ReadRows>),
    /// The same, lent.
    Lent(&'a dyn ReadRows),
}

/// Values between two rows that are read along with both: as many take about as long as another read.
const PASSED_OVER: usize = 1 << 10;

/// Values that are read along with others in one go, at most.
const TOGETHER: usize = 1 << 16;

/// So many rows of so many values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) rows: usize,
    pub(super) dim: usize,
}

impl Rows<'_> {
    /// All values, where they are in memory; an owner may have come to give another number of them.
    #[inline]
    fn values(&self, Shape { rows, dim }: Shape) -> Result<Option<&[f32]>, Error> {
        let values = match self {
            Self::Slice(values) => values,
            Self::Owner(owner) => (**owner).as_ref(),
            Self::Reader(_) | Self::Lent(_) => return Ok(None),
        };
        if values.len() == rows * dim {
            return Ok(Some(values));
        }
        let len = values.len();
        Err(Error::OwnerChanged { rows, dim, len })
    }

    /// Whether rows have to be read, rather than looked at.
    pub(super) fn are_read(&self) -> bool {
        self.reader().is_some()
    }

    fn reader(&self) -> Option<&dyn ReadRows> {
        match self {
            Self::Reader(reader) => Some(&**reader),
            Self::Lent(reader) => Some(*reader),
            Self::Slice(_) | Self::Owner(_) => None,
        }
    }

    /// Checks the shape that they are said to have.
    pub(super) fn check(&self, Shape { rows, dim }: Shape) -> Result<(), Error> {
        match self {
            Self::Slice(values) => check_shape(values, rows, dim),
            Self::Owner(owner) => check_shape((**owner).as_ref(), rows, dim),
            Self::Reader(reader) => check_reader(&**reader, Shape { rows, dim }),
            Self::Lent(reader) => check_reader(*reader, Shape { rows, dim }),
        }
    }

    /// Rows that follow each other, row-major: in place, or in `scratch`.
    #[inline]
    pub(super) fn block<'s>(
        &'s self,
        shape: Shape,
        rows: Range<usize>,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [f32], Error> {
        match self.values(shape)? {
            Some(values) => Ok(&values[rows.start * shape.dim..rows.end * shape.dim]),
            None => {
                scratch.values.resize(rows.len() * shape.dim, 0.0);
                self.read(rows.start, &mut scratch.values)?;
                Ok(&scratch.values)
            }
        }
    }

    /// Rows in any order, row-major, in `scratch`.
    pub(super) fn gathered<'s>(
        &'s self,
        shape: Shape,
        rows: impl ExactSizeIterator<Item = usize>,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [f32], Error> {
        let dim = shape.dim;
        let Scratch {
            values,
            places,
            passed,
        } = scratch;
        places.clear();
        places.extend(rows);
        values.resize(places.len() * dim, 0.0);
        let (mut out, held) = (&mut values[..], self.values(shape)?);
        let mut rest = &places[..];
        while let Some(&first) = rest.first() {
            let (run, here);
            (run, rest) = rest.split_at(together(rest, dim));
            (here, out) = out.split_at_mut(run.len() * dim);
            let span = run[run.len() - 1] + 1 - first;
            let all = match held {
                Some(held) => &held[first * dim..][..span * dim],
                None if span == run.len() => {
                    self.read(first, here)?;
                    continue;
                }
                None => {
                    passed.resize(span * dim, 0.0);
                    match self.read(first, passed) {
                        Ok(()) => &passed[..],
                        // Perhaps of a row between them, which nobody asks for.
                        Err(_) => &[],
                    }
                }
            };
            for (here, &row) in here.chunks_exact_mut(dim).zip(run) {
                match all.get((row - first) * dim..(row - first + 1) * dim) {
                    Some(x) => here.copy_from_slice(x),
                    None => self.read(row, here)?,
                }
            }
        }
        Ok(values)
    }

    /// Rows in any order, as they lie in memory or from `scratch`.
    #[inline]
    pub(super) fn spread<'s>(
        &'s self,
        shape: Shape,
        rows: impl ExactSizeIterator<Item = usize>,
        scratch: &'s mut Scratch,
    ) -> Result<Spread<'s>, Error> {
        let dim = shape.dim;
        if let Some(values) = self.values(shape)? {
            let places = &mut scratch.places;
            places.clear();
            places.extend(rows);
            return Ok(Spread {
                values,
                places,
                dim,
            });
        }
        self.gathered(shape, rows, scratch)?;
        let Scratch { values, places, .. } = scratch;
        let count = places.len();
        places.clear();
        places.extend(0..count);
        Ok(Spread {
            values,
            places,
            dim,
        })
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), Error> {
        let Some(reader) = self.reader() else {
            return Ok(()); // what is in memory is not read
        };
        reader.read(first, out).map_err(|reason| Error::Unreadable {
            reason,
            partial: Box::new(Selection::default()),
        })
    }
}

/// How many of some rows, from the first on, are read in one go: those that ascend with little between them.
fn together(rows: &[usize], dim: usize) -> usize {
    let (near, most) = ((PASSED_OVER / dim).max(1), (TOGETHER / dim).max(1));
    let goes_on = |pair: &&[usize]| {
        (1..=near).contains(&pair[1].wrapping_sub(pair[0])) && pair[1] - rows[0] < most
    };
    1 + rows.windows(2).take_while(goes_on).count()
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slice(_) => "Slice",
            Self::Owner(_) => "Owner",
            Self::Reader(_) => "Reader",
            Self::Lent(_) => "Lent",
        })
    }
}

/// Checks the shape of what a reader gives.
fn check_reader(reader: &dyn ReadRows, Shape { rows, dim }: Shape) -> Result<(), Error> {
    if rows == 0 || dim == 0 {
        return Err(Error::Empty { rows, dim });
    }
    if (reader.rows(), reader.dim()) != (rows, dim) {
        let len = reader.rows().saturating_mul(reader.dim());
        return Err(Error::Shape { rows, dim, len });
    }
    Ok(())
}

/// Room for rows that have to be fetched before they can be worked on. Those in memory need none.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    values: Vec<f32>,
    places: Vec<usize>,
    /// Rows that were read with others between them.
    passed: Vec<f32>,
}

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
