//! Near-duplicates: rows of a pool whose directions are nearly one.

mod graph;
mod groups;
mod keep;
mod pairs;

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::progress::Listener;
use crate::select::selector::labelled_mask;
use crate::select::unit_rows::UnitRows;
use graph::Graph;
pub use keep::Kept;
use std::ops::ControlFlow;

/// Near-duplicates: rows i and j are near where the cosine of the angle between them is at least a threshold.
///
/// In f64 that is ‖z_i − z_j‖² ≤ 2 − 2·threshold of the rows at length 1; at a threshold of 1 rows have one
/// direction but for what rounding makes of their lengths. A row of zeros is near to rows of zeros alone. Every pair
/// is told exactly, and alike on every device: kernels bound in integers, and what they leave open is settled.
///
/// Three things can be asked of them: the [`pairs`](Self::pairs); the [`groups`](Self::groups) that pairs connect; and
/// which rows to [`keep`](Self::keep). For each a listener is told how far the work has come, and may end it.
///
/// Cost: rows²·dim flops to find the rows that may have any other near to them, and then dim for every two of
/// those; where few of many rows are kept less, 2·rows·dim for each. At most 64 bytes a row beside the
/// features, however many pairs there are, and the rows in 16 bits a value on a GPU.
///
/// # Errors
///
/// Of every method: [`Error::Argument`] for a threshold outside (0, 1], before any work;
/// [`Error::Interrupted`] where the listener or the pool's [`Stop`](crate::Stop) ends it; and
/// [`Error::DeviceLost`], [`Error::OutOfMemory`] and [`Error::Unreadable`] from the pool.
///
/// # Example
///
/// ```
/// use coresift::{CpuPool, Duplicates, Features};
/// use std::ops::ControlFlow;
///
/// // The first two rows and the last point nearly the same way.
/// let x = [1.0, 0.0, 2.0, 0.1, 0.0, 3.0, 1.0, 0.1];
/// let pool = CpuPool::new(Features::new(&x, 4, 2)?);
/// let mut unheard = |_: coresift::Progress<'_>| ControlFlow::Continue(());
/// let kept = Duplicates { threshold: 0.99 }.keep(&pool, &[], &[], &mut unheard)?;
/// assert_eq!((kept.kept, kept.of), (vec![0, 2], vec![0, 0, 2, 0]));
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duplicates {
    /// The least cosine of near rows, in (0, 1].
    pub threshold: f64,
}

impl Duplicates {
    /// Hands every pair of near rows to `take` once: the lower row first, in the order of that, then of the other. A
    /// `Break` ends it by [`Error::Interrupted`].
    ///
    /// There may be as many as rows² / 2; none is kept.
    ///
    /// # Errors
    ///
    /// Those of [`Duplicates`].
    pub fn pairs(
        &self,
        pool: &dyn Pool,
        progress: &mut Listener<'_>,
        take: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.on_graph(pool, |graph| pairs::pairs(graph, progress, take))
    }

    /// The group of every row: the lowest row that a chain of pairs connects it to, itself where it is alone.
    ///
    /// Rows at the two ends of a chain may be far apart.
    ///
    /// # Errors
    ///
    /// Those of [`Duplicates`].
    pub fn groups(
        &self,
        pool: &dyn Pool,
        progress: &mut Listener<'_>,
    ) -> Result<Vec<usize>, Error> {
        self.on_graph(pool, |graph| groups::groups(graph, progress))
    }

    /// Which rows to keep, so that no two of them are near, and every other row is near to one that is kept.
    ///
    /// Rows are gone through by their `priority`, one a row, the larger first, then the lower row; without any, by
    /// their index. A row is kept unless it is near to one that is. The `labelled` rows come before all, as they
    /// stand; they are kept whatever is near to them, and are not given back.
    ///
    /// # Errors
    ///
    /// Those of [`Duplicates`]; [`Error::Argument`] for priorities that are not finite or not one a row,
    /// [`Error::LabelledRange`] and [`Error::LabelledTwice`].
    pub fn keep(
        &self,
        pool: &dyn Pool,
        priority: &[f64],
        labelled: &[usize],
        progress: &mut Listener<'_>,
    ) -> Result<Kept, Error> {
        let rows = pool.rows();
        keep::check(priority, rows)?;
        let is_labelled = labelled_mask(labelled, rows, 0)?;
        let order = keep::order(priority, labelled, &is_labelled);
        self.on_graph(pool, |graph| {
            keep::keep(graph, order, &is_labelled, progress)
        })
    }

    /// What [`keep`](Self::keep) asks of the priorities of so many rows.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] where they are not finite or not one a row.
    pub fn check_priority(priority: &[f64], rows: usize) -> Result<(), Error> {
        keep::check(priority, rows)
    }

    fn on_graph<T>(
        &self,
        pool: &dyn Pool,
        work: impl FnOnce(&mut Graph<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let threshold = self.threshold;
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(Error::Argument {
                argument: "threshold",
                found: threshold.to_string(),
                expected: "a cosine above 0 and at most 1".to_owned(),
            });
        }
        let rows = UnitRows::new(pool)?;
        let neighbours = pool.neighbours()?;
        work(&mut Graph::new(&rows, &*neighbours, threshold))
    }
}
