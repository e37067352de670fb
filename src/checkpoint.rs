//! What a selection has settled so far, by which it is taken up again.

use crate::error::Error;
use crate::selection::{Selection, ShortfallReason, Warning};

/// What a selection has settled so far: enough to take it up where it was broken off.
///
/// [`Selector::resume`](crate::Selector::resume) fills it as it goes on. Of the same pool, selector and
/// budget it serves on every device, with any number of threads and any memory bound. It holds the picks
/// made, the labels and sums of k-means under way, and what passes over all pairs have counted: at most
/// some 12 bytes a row. With the feature `serde` it can be written and read.
///
/// ```
/// use coresift::{Checkpoint, CpuPool, Error, Features, GramSchmidt, Progress, Selector};
/// use std::ops::ControlFlow;
///
/// let x = [1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 1.0, 3.0];
/// let pool = CpuPool::new(Features::new(&x, 3, 3)?);
/// let (all, mut checkpoint) = (GramSchmidt::default(), Checkpoint::default());
/// // Broken off after the first pick, and gone on with.
/// let broken = all.resume(&pool, 3, &mut checkpoint, &mut |progress| match progress {
///     Progress::Picks(1) => ControlFlow::Break(()),
///     _ => ControlFlow::Continue(()),
/// });
/// assert!(matches!(broken, Err(Error::Interrupted { .. })));
/// let resumed = all.resume(&pool, 3, &mut checkpoint, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!(resumed.picks, all.select(&pool, 3)?.picks);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Checkpoint {
    /// What it is of, once there is anything.
    of: Option<Origin>,
    pub(crate) entries: Vec<Entry>,
    /// The step that comes next, in the run under way.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) next: usize,
}

/// What a checkpoint is of.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Origin {
    /// A hash of all that the selector is told.
    pub(crate) selector: u64,
    pub(crate) budget: usize,
    pub(crate) rows: usize,
    pub(crate) dim: usize,
    /// A hash of some rows' values.
    pub(crate) values: u64,
}

impl Checkpoint {
    /// Begins a run of which this is kept, or goes on with what is; refuses what is of another one.
    pub(crate) fn begin(&mut self, origin: Origin) -> Result<(), Error> {
        self.next = 0;
        let of = self.of.get_or_insert_with(|| origin.clone());
        let found = if (of.rows, of.dim) != (origin.rows, origin.dim) {
            format!("one of {} rows x {}", of.rows, of.dim)
        } else if of.values != origin.values {
            "one of a pool of other values".to_owned()
        } else if of.budget != origin.budget {
            format!("one of a budget of {}", of.budget)
        } else if of.selector != origin.selector {
            "one of a selector with other options".to_owned()
        } else {
            return Ok(());
        };
        Err(refuse(found))
    }
}

/// What one step of a selection has settled.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Entry {
    /// Nothing yet.
    Open,
    /// Rows at which k-means++ has put centres.
    Centres(Vec<usize>),
    /// k-means under way.
    Sweeps(Sweeps),
    /// Each row's cluster, and the passes that it took to find them.
    Labels(Vec<u32>, usize),
    /// A distance, and the passes that it took to find it.
    Distance(f64, usize),
    /// How many rows each may cover.
    Counts(Vec<u32>),
    /// What each row is similar to the others of its class, added up.
    Sums(Vec<i64>),
    /// Picks, one by one.
    Picks(Picks),
    /// What has been picked of each class.
    Classes(Vec<ClassPicks>),
    /// The first of two stages.
    Stage(Stage),
}

/// k-means after some sweeps.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Sweeps {
    /// Sweeps made, and those of them at the end in which rows moved by no more than rounding.
    pub(crate) made: usize,
    pub(crate) idle: usize,
    /// The inertia before the last sweep and after it.
    pub(crate) inertia: (f64, f64),
    /// Each row's cluster.
    pub(crate) labels: Vec<u32>,
    /// The sums of the clusters' rows.
    pub(crate) sums: Vec<i64>,
}

/// Picks, one by one.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Picks {
    pub(crate) rows: Vec<usize>,
    pub(crate) scores: Vec<f64>,
    pub(crate) restarts: Vec<usize>,
}

/// Picks since the last restart.
#[derive(Debug, Default)]
pub(crate) struct PicksAgain {
    pub(crate) rows: Vec<usize>,
    pub(crate) scores: Vec<f64>,
}

/// What has been picked of one class.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct ClassPicks {
    /// Places and gains.
    pub(crate) rounds: Vec<(usize, i64)>,
    /// Whether these are what double greedy has left, and what has topped that up since.
    pub(crate) is_refined: bool,
    /// The objective's value, once there are no more picks to come.
    pub(crate) value: Option<i64>,
}

/// The first of two stages, once it is done.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Stage {
    pub(crate) picks: Vec<usize>,
    pub(crate) shortfall: Option<ShortfallReason>,
    pub(crate) passes: usize,
    pub(crate) settled: u64,
    pub(crate) warnings: Vec<Warning>,
}

impl Picks {
    /// Takes those picks of a selection that it has not yet; fewer than it has are picks made again.
    pub(crate) fn extend(&mut self, selection: &Selection) {
        if selection.picks.len() <= self.rows.len() {
            return;
        }
        let Self {
            rows,
            scores,
            restarts,
        } = self;
        rows.extend(&selection.picks[rows.len()..]);
        scores.extend(&selection.scores[scores.len()..]);
        restarts.extend(&selection.restarts[restarts.len()..]);
    }

    /// Gives a selection these picks, up to the last restart, and marks them; gives those since, to be made
    /// again. Refuses any that is marked already.
    pub(crate) fn restore(
        self,
        marked: &mut [bool],
        budget: usize,
        selection: &mut Selection,
    ) -> Result<PicksAgain, Error> {
        let over = self.restarts.last().copied().unwrap_or(0);
        let ascend = self.restarts.is_sorted() && self.restarts.first() == Some(&0);
        let count = self.rows.len();
        if !ascend || self.scores.len() != count || over > count || count > budget {
            return Err(unfit());
        }
        check_rows(&self.rows, marked)?;
        self.rows[..over].iter().for_each(|&row| marked[row] = true);
        selection.picks = self.rows[..over].to_vec();
        selection.scores = self.scores[..over].to_vec();
        selection.restarts = self.restarts;
        Ok(PicksAgain {
            rows: self.rows[over..].to_vec(),
            scores: self.scores[over..].to_vec(),
        })
    }
}

impl PicksAgain {
    /// Gives a selection these picks.
    pub(crate) fn make(self, selection: &mut Selection) {
        selection.picks.extend(self.rows);
        selection.scores.extend(self.scores);
    }
}

/// Refuses rows that are not in the pool, are marked, or come twice.
pub(crate) fn check_rows(rows: &[usize], marked: &[bool]) -> Result<(), Error> {
    let mut seen = marked.to_vec();
    let is_new = |&row: &usize| {
        let seen = seen.get_mut(row);
        seen.is_some_and(|seen| !std::mem::replace(seen, true))
    };
    if rows.iter().all(is_new) {
        return Ok(());
    }
    Err(unfit())
}

/// The refusal of a checkpoint that holds what no run of this selection has kept.
pub(crate) fn unfit() -> Error {
    refuse("one that cannot be of this selection".to_owned())
}

fn refuse(found: String) -> Error {
    Error::Argument {
        argument: "checkpoint",
        found,
        expected: "one of the same pool, selector and budget".to_owned(),
    }
}
