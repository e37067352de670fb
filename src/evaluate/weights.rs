//! What each pick stands for: the rows whose nearest it is.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline, Span, Work};
use crate::select::metric::Metric;
use crate::select::selector::labelled_mask;
use crate::select::target_weights::check_target_weights;
use crate::select::unit_rows::Nearest;

/// Weighs picks by the rows that they stand for: every row of the pool counts for the one that is nearest
/// to it, itself for a pick.
///
/// Nearest is, in f64, the v of the least ½⟨v, v⟩ − ⟨x, v⟩, with rows at length 1 or in pool unit;
/// ties go to the earlier. So a pick that is equal to one before it has weight 0. Labelled rows take part,
/// before all picks. A kernel says which may be nearest, and what its error leaves open is settled in
/// f64: weights are the same on every device.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any |
/// | labelled rows, picks | any number, each row once | rows |
/// | weights | one each, labelled rows first | rows, or that of the target weights |
///
/// The weights add up to the number of rows, or to the sum of the target weights but for roundings. Training
/// on the picks, each counted by its weight, is then much as training on all rows.
///
/// Cost: a pass for the lengths of rows, and one of 2·rows·chosen·dim flops. Some 28 bytes for each value of
/// the chosen rows.
///
/// # Example
///
/// ```
/// use coresift::evaluate::{Weigher, Weights};
/// use coresift::{CpuPool, Features, Metric};
///
/// // Row 1 is nearest to itself alone, and row 3 to three of the others.
/// let x = [4.0, 0.0, 5.0, 4.5, 6.0];
/// let pool = CpuPool::new(Features::new(&x, 5, 1)?);
/// let weigher = Weigher::new(&pool, Metric::Euclidean, None)?;
/// assert_eq!(weigher.weigh(&[], &[1, 3])?, Weights::Rows(vec![1, 4]));
/// # Ok::<(), coresift::Error>(())
/// ```
pub struct Weigher<'a> {
    nearest: Nearest<'a>,
    rows: usize,
    target_weights: Option<&'a [f64]>,
}

/// What labelled rows and picks stand for, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// How many rows each.
    Rows(Vec<u64>),
    /// The sum of their target weights, added up in the order of the rows.
    Targets(Vec<f64>),
}

impl<'a> Weigher<'a> {
    /// Makes the pool ready: a pass over the features. `target_weights` are how much each row counts for; all
    /// alike where there are none.
    ///
    /// # Errors
    ///
    /// [`Error::ZeroRow`] by [`Metric::Cosine`]; [`Error::Argument`] for target weights that are not one finite
    /// number from 0 up a row, some above 0; [`Error::DeviceLost`], [`Error::Interrupted`] and
    /// [`Error::OutOfMemory`] from the pool.
    pub fn new(
        pool: &'a dyn Pool,
        metric: Metric,
        target_weights: Option<&'a [f64]>,
    ) -> Result<Self, Error> {
        let rows = pool.rows();
        if let Some(weights) = target_weights {
            Self::check(weights, rows)?;
        }
        let nearest = Nearest::new(pool, metric)?;
        if metric == Metric::Cosine {
            nearest.refuse_zeros("weights of picks by cosine")?;
        }
        Ok(Self {
            nearest,
            rows,
            target_weights,
        })
    }

    /// What each of the labelled rows, and then of the picks, stands for.
    ///
    /// # Errors
    ///
    /// [`Error::LabelledRange`], [`Error::LabelledTwice`], and [`Error::Argument`] for a pick that is no row,
    /// or is labelled or picked already; else those of the pool, as of [`new`](Self::new).
    pub fn weigh(&self, labelled: &[usize], picks: &[usize]) -> Result<Weights, Error> {
        self.check_chosen(labelled, picks)?;
        let chosen = [labelled, picks].concat();
        let nearest = match chosen.is_empty() {
            true => Vec::new(),
            false => self.nearest.of_rows(&chosen)?,
        };
        Ok(match self.target_weights {
            None => {
                let mut counts = vec![0; chosen.len()];
                nearest.iter().for_each(|&place| counts[place] += 1);
                Weights::Rows(counts)
            }
            Some(weights) => {
                let mut sums = vec![0.0; chosen.len()];
                for (&place, &weight) in nearest.iter().zip(weights) {
                    sums[place] += weight;
                }
                Weights::Targets(sums)
            }
        })
    }

    /// Checks the target weights of so many rows before there is a pool.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`], as [`new`](Self::new) has it.
    pub fn check(target_weights: &[f64], rows: usize) -> Result<(), Error> {
        check_target_weights(target_weights, rows)
    }

    fn check_chosen(&self, labelled: &[usize], picks: &[usize]) -> Result<(), Error> {
        let rows = self.rows;
        let mut is_chosen = labelled_mask(labelled, rows, 0)?;
        for &row in picks {
            let seen = is_chosen.get_mut(row);
            let expected = match seen.map(|seen| std::mem::replace(seen, true)) {
                Some(false) => continue,
                Some(true) => "rows that are neither labelled nor picked before".to_owned(),
                None => format!("indices below {rows}"),
            };
            return Err(Error::Argument {
                argument: "picks",
                found: format!("row {row}"),
                expected,
            });
        }
        Ok(())
    }

    /// What it takes to weigh so many rows of a pool, labelled ones and picks together.
    #[must_use]
    pub fn cost(pool: &Outline, chosen: usize) -> Cost {
        /// The share of the rows that a kernel leaves open.
        const OPEN: f64 = 0.01;
        let (rows, dim) = (pool.rows, pool.dim);
        let mut cost = Cost::default();
        cost.pass(2);
        cost.add(Work::Assign, 1, rows * chosen, dim);
        let open = Span {
            least: 0.0,
            likely: OPEN * rows as f64,
            most: rows as f64,
        };
        cost.add(Work::GatherRows, 0, open + Span::from(chosen), dim);
        cost.add(Work::Settle, 0, open * chosen as f64, dim);
        cost.device_bytes = if pool.is_host { 0 } else { pool.row_bytes() };
        cost.host_bytes = 28 * rows as u64 + 28 * (chosen * dim) as u64;
        cost
    }
}
