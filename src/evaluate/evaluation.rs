//! Picks that are to be judged, and what several measures of them share.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::select::metric::Metric;
use crate::select::unit_rows::Nearest;
use std::sync::OnceLock;

/// Picks of a pool that are to be judged, in f64: each measure is a method. What several of them need, which pick is
/// nearest to every row, is found once.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any |
/// | picks | at least one, each row once | rows |
/// | labels, classes | one a row | classes by number |
///
/// # Errors
///
/// Besides those that a measure names, every one has [`Error::DeviceLost`], [`Error::Unreadable`],
/// [`Error::Interrupted`] and [`Error::OutOfMemory`] from the pools.
///
/// # Example
///
/// ```
/// use coresift::evaluate::{Evaluation, TestRows};
/// use coresift::{CpuPool, Features, Metric};
///
/// // Of the rows that are not picked the last is nearer to a pick of the other label.
/// let x = [0.0, 1.0, 9.0, 10.0, 4.0];
/// let pool = CpuPool::new(Features::new(&x, 5, 1)?);
/// let evaluation = Evaluation::new(&pool, &[0, 3])?;
/// let labels = [0, 0, 1, 1, 1];
/// let accuracy = evaluation.nearest_accuracy(&labels, TestRows::Unpicked, Metric::Euclidean)?;
/// assert_eq!(accuracy, 2.0 / 3.0);
/// assert_eq!(evaluation.class_coverage(&labels)?.share(), 1.0);
/// # Ok::<(), coresift::Error>(())
/// ```
pub struct Evaluation<'a> {
    pub(super) pool: &'a dyn Pool,
    pub(super) picks: &'a [usize],
    pub(super) is_pick: Vec<bool>,
    /// For every row the place of its nearest pick: as rows are, and at length 1.
    nearest: [OnceLock<Vec<usize>>; 2],
}

/// The rows on which a guess is checked.
#[derive(Clone, Copy)]
pub enum TestRows<'a> {
    /// Those of the pool that are not picked.
    Unpicked,
    /// Other rows.
    Pool {
        /// The rows, of as many values each as those of the pool.
        pool: &'a dyn Pool,
        /// The class of each. A class that no row of the pool has is never guessed.
        labels: &'a [u32],
    },
}

impl<'a> Evaluation<'a> {
    /// Picks of a pool.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for no pick, for one that is no row of the pool, and for one that is named twice.
    pub fn new(pool: &'a dyn Pool, picks: &'a [usize]) -> Result<Self, Error> {
        let rows = pool.rows();
        if picks.is_empty() {
            return refuse("picks", "none", "at least one");
        }
        let mut is_pick = vec![false; rows];
        for &row in picks {
            match is_pick.get_mut(row) {
                None => {
                    return refuse(
                        "picks",
                        format!("row {row}"),
                        format!("indices below {rows}"),
                    );
                }
                Some(true) => {
                    let found = format!("row {row} twice");
                    return refuse("picks", found, "every row at most once");
                }
                Some(is_pick) => *is_pick = true,
            }
        }
        Ok(Self {
            pool,
            picks,
            is_pick,
            nearest: Default::default(),
        })
    }

    /// For every row the place of its nearest pick, ties to the earlier.
    pub(super) fn nearest(&self, metric: Metric) -> Result<&[usize], Error> {
        let known = match metric {
            Metric::Euclidean => &self.nearest[0],
            Metric::Cosine => &self.nearest[1],
        };
        if let Some(nearest) = known.get() {
            return Ok(nearest);
        }
        let nearest = ready(self.pool, metric)?.of_rows(self.picks)?;
        Ok(known.get_or_init(|| nearest))
    }

    /// The rows that are not picked, ascending.
    pub(super) fn unpicked(&self) -> Vec<usize> {
        let rows = 0..self.is_pick.len();
        rows.filter(|&row| !self.is_pick[row]).collect()
    }

    /// The rows to test on that are not picked: one at least.
    pub(super) fn test_rows(&self) -> Result<Vec<usize>, Error> {
        let unpicked = self.unpicked();
        if unpicked.is_empty() {
            let found = format!("all {} rows", self.pool.rows());
            return refuse(
                "picks",
                found,
                "at least one row that is not picked, to test on",
            );
        }
        Ok(unpicked)
    }

    /// Checks labels, one a row and of two classes at least.
    pub(super) fn check_labels<'l>(&self, labels: &'l [u32]) -> Result<&'l [u32], Error> {
        check_length("labels", labels, self.pool.rows())?;
        if labels.iter().all(|&label| label == labels[0]) {
            let found = format!("class {} alone", labels[0]);
            return refuse("labels", found, "at least two classes");
        }
        Ok(labels)
    }

    /// Checks rows to test on against those of the pool.
    pub(super) fn check_test(&self, test: &dyn Pool, labels: &[u32]) -> Result<(), Error> {
        let (dim, found) = (self.pool.dim(), test.dim());
        if found != dim {
            let found = format!("rows of {found} values");
            return refuse("test_features", found, format!("{dim}, as in the pool"));
        }
        check_length("test_labels", labels, test.rows())
    }
}

/// Checks that there is one label a row.
pub(super) fn check_length(
    argument: &'static str,
    labels: &[u32],
    rows: usize,
) -> Result<(), Error> {
    if labels.len() == rows {
        return Ok(());
    }
    let found = format!("{} of them", labels.len());
    refuse(argument, found, format!("one for each of {rows} rows"))
}

/// Refuses an argument.
pub(super) fn refuse<T>(
    argument: &'static str,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> Result<T, Error> {
    Err(Error::Argument {
        argument,
        found: found.into(),
        expected: expected.into(),
    })
}

/// A pool's rows, ready to be given to their nearest. By cosine none may be zeros alone.
pub(super) fn ready(pool: &dyn Pool, metric: Metric) -> Result<Nearest<'_>, Error> {
    let nearest = Nearest::new(pool, metric)?;
    if metric == Metric::Cosine {
        nearest.refuse_zeros("the nearest pick by cosine")?;
    }
    Ok(nearest)
}
