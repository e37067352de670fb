//! Norm sampling, and the largest norms.

use super::classes::Classes;
use super::gather::gather;
use super::settled::Settled;
use super::strata::{Strata, check_classes, classes_among};
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::rounding::norm_bounds;
use crate::lp::Lp;
use crate::progress::Listener;
use crate::progress::Progress;
use crate::progress::tell;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::with_partial;
use crate::select::selector::{Selector, check_power, labelled_mask, places};
use crate::selection::{Selection, ShortfallReason};
use crate::{order, random, sums};
use rayon::prelude::*;

/// Sampling in proportion to a norm, or simply the largest norms.
///
/// Row i has weight
///
/// ```text
/// w_i = v_i^power        or, with `anti`,  w_i = (max_j v_j − v_i)^power
/// ```
///
/// where v_i = ‖F_i‖_p or, given `input_norms`, ‖F_i‖_p / `input_norms[i]`: what a row's norm owes
/// to that of its input then counts for nothing. Row i is drawn with probability w_i / Σw among the
/// rows not drawn yet (N. Bar and R. Giryes,
/// *Diverse Subset Selection via Norm-Based Sampling and Orthogonality*, arXiv:2406.01086, eq. 1;
/// `anti` is its appendix's counter-test). Successive draws without
/// replacement are the smallest keys Eᵢ/wᵢ, with Eᵢ exponential numbers (P. Efraimidis and
/// P. Spirakis, *Weighted random sampling with a reservoir*, 2006), so a smaller budget's picks
/// are a prefix of a larger one's. With `greedy` the picks are the largest weights, ties to the
/// lower index ("max norm").
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any; only ratios of norms matter |
/// | `picks` | `budget` | row indices, distinct, in draw order |
/// | `scores` | `budget` | v_i (with `anti` max v − v_i), the features' unit, over the inputs' |
///
/// Rows of weight 0 are never picked: past them the selection falls short. The kernel's norms
/// only bound the keys; rows whose order those bounds leave open are settled in f64 on the host,
/// so every device gives the same picks. Scores are exact, rounded to f32.
///
/// With `classes` it is stratified: the budget is shared among the classes in proportion to their
/// rows that are not labelled (largest remainder, ties to the lower class), and rows are drawn
/// within each class by the same keys as without. With `anti` the largest v is that of the class,
/// the set that is drawn from. Picks are listed by ascending class, in draw order within
/// one, and [`Selection::classes`] tells the shares; a smaller budget's picks are then no prefix,
/// and what a class lacks in rows of positive weight no other makes up for.
///
/// Cost: one pass over the features, then `O(rows log rows)` on the host.
///
/// # Errors
///
/// [`Error::Argument`] for a power outside (0, 64], input norms that are not positive and finite,
/// one a row, or what `classes` cannot be; else as [`Selector::select`].
///
/// # Example
///
/// ```
/// use coresift::{CpuPool, Features, Norm, Selector};
///
/// // Four rows of two; two of them are zero.
/// let x = [0.0, 0.0, 0.0, 2.0, 3.0, 4.0, 0.0, 0.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 2)?);
/// let largest = Norm { greedy: true, ..Norm::default() }.select(&pool, 4)?;
/// assert_eq!(largest.picks, [2, 1]);
/// assert_eq!(largest.shortfall.map(|s| s.missing), Some(2));
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// Which norm.
    pub norm: Lp,
    /// Exponent of the weight, in (0, 64].
    pub power: f64,
    /// Norms of the inputs that the features were made from, one a row, to divide the features'
    /// by ([`Features::norms`](crate::Features::norms) computes them). `None`: undivided.
    pub input_norms: Option<Vec<f64>>,
    /// Weigh by the distance to the largest norm instead.
    pub anti: bool,
    /// Take the largest weights instead of drawing.
    pub greedy: bool,
    /// Seed of the draws.
    pub seed: u64,
    /// Rows already labelled: never picked.
    pub labelled: Vec<usize>,
    /// Classes that share the budget; `None` to draw from all rows alike.
    pub classes: Option<Classes>,
    /// Picks promised to every class, or all its rows, where the budget pays for that.
    pub min_per_class: usize,
}

impl Default for Norm {
    /// l2, power 1, drawn with seed 0 from all rows alike.
    fn default() -> Self {
        Self {
            norm: Lp::L2,
            power: 1.0,
            input_norms: None,
            anti: false,
            greedy: false,
            seed: 0,
            labelled: Vec::new(),
            classes: None,
            min_per_class: 0,
        }
    }
}

impl Sealed for Norm {}

impl Selector for Norm {
    fn select_with(
        &self,
        pool: &dyn Pool,
        budget: usize,
        progress: &mut Listener<'_>,
    ) -> Result<Selection, Error> {
        self.check(pool)?;
        let excluded = labelled_mask(&self.labelled, pool.rows(), budget)?;
        let mut selection = Selection {
            restarts: vec![0],
            ..Selection::default()
        };
        if budget == 0 && self.classes.is_none() {
            return Ok(selection);
        }
        let classes = self.classes.as_ref();
        let strata = Strata::new(
            pool,
            classes,
            &excluded,
            budget,
            self.min_per_class,
            progress,
        )?;
        let norms = pool.row_norms(self.norm)?;
        selection.passes = strata.passes + 1;
        selection.warnings.clone_from(&strata.warnings);
        let mut draw = Draw {
            norm: self.norm,
            power: self.power,
            inputs: self.input_norms.as_deref().map(Inputs::new),
            largest: None,
            numbers: (!self.greedy)
                .then(|| {
                    let rows = (pool.numbering(), pool.rows());
                    random::of_rows(rows, self.seed, random::RACE, pool.stop())
                })
                .transpose()?,
            settled: Settled::default(),
        };
        let done = strata.strata.iter().try_for_each(|stratum| {
            if self.anti {
                let relative = |row, norm| draw.relative(row, norm);
                let largest = largest_by(pool, self.norm, &norms, &stratum.rows, relative)?;
                draw.largest = Some(largest);
            }
            let (picks, scores) = draw.take(pool, &norms, &stratum.able, stratum.budget)?;
            strata.add(stratum, &picks, &scores, &mut selection);
            tell(progress, Progress::Picks(selection.picks.len()))
        });
        selection.settled = draw.settled.total();
        match done {
            Ok(()) => Ok(selection.finish(budget, ShortfallReason::ZeroWeight)),
            Err(error) => Err(with_partial(error, selection)),
        }
    }

    fn check(&self, pool: &dyn Pool) -> Result<(), Error> {
        check_power(self.power, 64.0)?;
        self.check_input_norms(pool.rows())?;
        check_classes(self.classes.as_ref(), pool)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            labelled: places(&self.labelled, rows),
            classes: classes_among(self.classes.as_ref(), pool, rows)?,
            input_norms: self
                .input_norms
                .as_ref()
                .map(|norms| rows.iter().map(|&row| norms[row]).collect()),
            ..*self
        }))
    }
}

impl Norm {
    fn check_input_norms(&self, rows: usize) -> Result<(), Error> {
        let refuse = |found, expected: String| {
            Err(Error::Argument {
                argument: "input_norms",
                found,
                expected,
            })
        };
        let Some(norms) = &self.input_norms else {
            return Ok(());
        };
        if norms.len() != rows {
            let found = format!("{} norms", norms.len());
            return refuse(found, format!("one for each of {rows} rows"));
        }
        let is_good = |norm: f64| norm > 0.0 && norm.is_finite();
        match norms.iter().position(|&norm| !is_good(norm)) {
            None => Ok(()),
            Some(row) => refuse(
                format!("{} at row {row}", norms[row]),
                "a finite norm above 0".to_owned(),
            ),
        }
    }
}

/// Successive draws by weight: every row's key is a decreasing function of its weight, and the
/// smallest keys win.
pub(super) struct Draw {
    pub(super) norm: Lp,
    pub(super) power: f64,
    /// What norms are divided by.
    pub(super) inputs: Option<Inputs>,
    /// Anti-norm weights: the largest norm, in pool unit, divided if norms are.
    pub(super) largest: Option<f64>,
    /// Row i's exponential number; without them the largest weights win.
    pub(super) numbers: Option<Vec<f64>>,
    /// What has been settled by this draw.
    pub(super) settled: Settled,
}

/// Input norms by which norms are divided.
pub(super) struct Inputs {
    norms: Vec<f64>,
    /// What they have been multiplied by: the power of two that brings the smallest into [1, 2), so
    /// that no power of a quotient overflows.
    scale: f64,
}

impl Inputs {
    fn new(norms: &[f64]) -> Self {
        let smallest = norms.iter().copied().fold(f64::MAX, f64::min);
        let exponent = -libm::ilogb(smallest);
        let scale = f64::exp2(f64::from(exponent.clamp(-1022, 1022)));
        Self {
            norms: norms.iter().map(|norm| norm * scale).collect(),
            scale,
        }
    }
}

impl Draw {
    /// Up to `count` picks out of `rows` and their scores, given the pool's answer on norms.
    pub(super) fn take(
        &self,
        pool: &dyn Pool,
        norms: &[f32],
        rows: &[usize],
        count: usize,
    ) -> Result<(Vec<usize>, Vec<f64>), Error> {
        let dim = pool.dim();
        let mut keys: Vec<Interval> = rows
            .par_iter()
            .map(|&row| {
                let (low, high) = norm_bounds(self.norm, norms[row], dim);
                self.interval(row, low, high)
            })
            .collect();
        settle(&mut keys, count, |rows| {
            self.settled.add(rows.len() * dim);
            exact_norms(pool, self.norm, rows).map(|norms| {
                rows.iter()
                    .zip(norms)
                    .map(|(&row, norm)| self.interval(row, norm, norm))
                    .collect()
            })
        })?;
        let picks: Vec<_> = keys.iter().map(|key| key.row).collect();
        let norms = exact_norms(pool, self.norm, &picks)?;
        let unit = self.inputs.as_ref().map_or(1.0, |inputs| inputs.scale);
        let scores = (picks.iter().zip(norms))
            .map(|(&row, norm)| in_unit(pool, self.base(row, norm) * unit))
            .collect();
        Ok((picks, scores))
    }

    /// The interval of a row's key, given that of its norm.
    fn interval(&self, row: usize, low: f64, high: f64) -> Interval {
        let (a, b) = (self.key(row, low), self.key(row, high));
        Interval {
            row,
            low: a.min(b),
            high: a.max(b),
        }
    }

    /// A row's norm over that of its input, where there are inputs. Rounded, it still rises with
    /// the norm, so that bounds stay bounds.
    fn relative(&self, row: usize, norm: f64) -> f64 {
        self.inputs
            .as_ref()
            .map_or(norm, |inputs| norm / inputs.norms[row])
    }

    /// The weight before the power, given the norm.
    fn base(&self, row: usize, norm: f64) -> f64 {
        let norm = self.relative(row, norm);
        self.largest
            .map_or(norm, |largest| (largest - norm).max(0.0))
    }

    /// E/w, or −w without random numbers; infinite for weight 0.
    fn key(&self, row: usize, norm: f64) -> f64 {
        let weight = power(self.base(row, norm), self.power);
        match &self.numbers {
            _ if weight <= 0.0 => f64::INFINITY,
            Some(numbers) => numbers[row] / weight,
            None => -weight,
        }
    }
}

/// A score in the caller's unit, rounded to f32: the digits below are the road's, not the row's.
pub(super) fn in_unit(pool: &dyn Pool, score: f64) -> f64 {
    f64::from((score / f64::from(pool.scale())) as f32)
}

/// x^power, by `libm` so that it is the same on every system.
pub(super) fn power(x: f64, power: f64) -> f64 {
    if power == 1.0 {
        x
    } else if power == 2.0 {
        x * x
    } else {
        libm::pow(x, power)
    }
}

/// A row and what is known of its key.
struct Interval {
    row: usize,
    low: f64,
    high: f64,
}

/// Leaves the `count` smallest keys in order, ties to the lower row; infinite keys are dropped.
///
/// A key whose interval meets no other's has its place already; the rest are replaced by
/// `exact`. Whatever lies past the cut-off, the `count`-th smallest upper end, cannot win.
fn settle(
    keys: &mut Vec<Interval>,
    count: usize,
    exact: impl Fn(&[usize]) -> Result<Vec<Interval>, Error>,
) -> Result<(), Error> {
    if count == 0 {
        keys.clear();
        return Ok(());
    }
    if count < keys.len() {
        let highs: Vec<f64> = keys.par_iter().map(|key| key.high).collect();
        let cutoff = order::nth_smallest(highs, count - 1);
        keys.retain(|key| key.low <= cutoff);
    }
    keys.retain(|key| key.low < f64::INFINITY);
    order::sort_by_key(keys, |key| (key.low, key.row));
    let open = meeting(keys);
    let rows: Vec<usize> = open.iter().map(|&place| keys[place].row).collect();
    for (place, key) in open.into_iter().zip(exact(&rows)?) {
        keys[place] = key;
    }
    keys.retain(|key| key.low < f64::INFINITY);
    order::sort_by_key(keys, |key| (key.low, key.row));
    keys.truncate(count);
    Ok(())
}

/// Places, in a list sorted by `low`, of the keys whose interval meets a neighbour's, or is
/// unbounded.
fn meeting(keys: &[Interval]) -> Vec<usize> {
    let mut highest = f64::NEG_INFINITY;
    let mut open = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        let next = keys.get(place + 1).map_or(f64::INFINITY, |next| next.low);
        // Two exact keys that are equal meet too, and then the tie rule settles them.
        if key.low < key.high && (key.low <= highest || next <= key.high)
            || key.high == f64::INFINITY
        {
            open.push(place);
        }
        highest = highest.max(key.high);
    }
    open
}

/// Norms in f64, in pool unit, of some rows.
fn exact_norms(pool: &dyn Pool, norm: Lp, rows: &[usize]) -> Result<Vec<f64>, Error> {
    let mut norms = Vec::with_capacity(rows.len());
    let scale = f64::from(pool.scale());
    for piece in gather(pool, rows) {
        let (_, x) = piece?;
        norms.extend(
            x.chunks_exact(pool.dim())
                .map(|x| scale * sums::norm(norm, x)),
        );
    }
    Ok(norms)
}

/// The largest norm of some rows in f64, in pool unit, given the pool's answer on all.
pub(super) fn largest_norm(
    pool: &dyn Pool,
    norm: Lp,
    norms: &[f32],
    rows: &[usize],
) -> Result<f64, Error> {
    largest_by(pool, norm, norms, rows, |_, norm| norm)
}

/// The largest of what `of` makes of some rows' norms; it must not fall as the norm rises.
fn largest_by(
    pool: &dyn Pool,
    norm: Lp,
    norms: &[f32],
    rows: &[usize],
    of: impl Fn(usize, f64) -> f64,
) -> Result<f64, Error> {
    let bounds = |row: usize| norm_bounds(norm, norms[row], pool.dim());
    let low = |&row: &usize| of(row, bounds(row).0);
    let floor = rows.iter().map(low).fold(0.0, f64::max);
    let able = rows.iter().copied();
    let able: Vec<usize> = able
        .filter(|&row| of(row, bounds(row).1) >= floor)
        .collect();
    let exact = exact_norms(pool, norm, &able)?;
    let exact = able.iter().zip(exact).map(|(&row, norm)| of(row, norm));
    Ok(exact.fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;

    /// Lengths 5, 2, 0, 13 and 2: max norm takes 3, 0 and then the two of length 2 in order.
    const X: [f32; 10] = [3.0, 4.0, 0.0, 2.0, 0.0, 0.0, 5.0, 12.0, 2.0, 0.0];

    fn pool() -> CpuPool<'static> {
        CpuPool::new(Features::new(&X, 5, 2).expect("finite"))
    }

    #[test]
    fn greedy_takes_the_largest_and_no_zero_row() {
        let chosen = Norm {
            greedy: true,
            ..Norm::default()
        }
        .select(&pool(), 5)
        .unwrap();
        assert_eq!(chosen.picks, [3, 0, 1, 4]);
        assert_eq!(chosen.scores, [13.0, 5.0, 2.0, 2.0]);
        assert_eq!(chosen.shortfall.unwrap().missing, 1);
        assert_eq!(chosen.passes, 1);
    }

    #[test]
    fn anti_never_takes_the_largest() {
        let anti = Norm {
            greedy: true,
            anti: true,
            norm: Lp::LInf,
            ..Norm::default()
        };
        let chosen = anti.select(&pool(), 5).unwrap();
        assert_eq!(chosen.picks, [2, 1, 4, 0]);
        assert_eq!(chosen.scores, [12.0, 10.0, 10.0, 8.0]);
    }

    #[test]
    fn draws_are_the_smallest_keys() {
        let norm = Norm {
            norm: Lp::L1,
            power: 2.0,
            seed: 3,
            labelled: vec![0],
            ..Norm::default()
        };
        let numbers = random::exponentials(3, random::RACE, 5);
        let mut keys = [4.0, 289.0, 4.0]
            .into_iter()
            .zip([1, 3, 4])
            .map(|(w, i)| (numbers[i] / w, i))
            .collect::<Vec<_>>();
        keys.sort_by(|&a, &b| order::by_key(a, b));
        let chosen = norm.select(&pool(), 2).unwrap();
        assert_eq!(chosen.picks, [keys[0].1, keys[1].1]);
    }

    /// Lengths 5, 2, 0, 13 and 2 over those of inputs: 2.5, 4, 0, 1 and 0.5.
    #[test]
    fn inputs_divide_norms() {
        let norm = |greedy, anti| Norm {
            input_norms: Some(vec![2.0, 0.5, 7.0, 13.0, 4.0]),
            greedy,
            anti,
            seed: 3,
            ..Norm::default()
        };
        let chosen = norm(true, false).select(&pool(), 5).unwrap();
        assert_eq!(chosen.picks, [1, 0, 3, 4]);
        assert_eq!(chosen.scores, [4.0, 2.5, 1.0, 0.5]);
        let chosen = norm(true, true).select(&pool(), 5).unwrap();
        assert_eq!(chosen.picks, [2, 4, 3, 0]);
        assert_eq!(chosen.scores, [4.0, 3.5, 3.0, 1.5]);
        let numbers = random::exponentials(3, random::RACE, 5);
        let mut keys = [2.5, 4.0, 1.0, 0.5]
            .into_iter()
            .zip([0, 1, 3, 4])
            .map(|(w, i)| (numbers[i] / w, i))
            .collect::<Vec<_>>();
        keys.sort_by(|&a, &b| order::by_key(a, b));
        let chosen = norm(false, false).select(&pool(), 4).unwrap();
        assert_eq!(
            chosen.picks,
            keys.iter().map(|key| key.1).collect::<Vec<_>>()
        );
    }

    /// Quotients far from 1 neither overflow nor vanish at the highest power.
    #[test]
    fn the_unit_of_the_inputs_changes_no_pick() {
        let by = |unit: f64| Norm {
            input_norms: Some([2.0, 0.5, 7.0, 13.0, 4.0].map(|norm| norm * unit).to_vec()),
            power: 64.0,
            ..Norm::default()
        };
        let want = by(1.0).select(&pool(), 4).unwrap();
        assert_eq!(want.picks.len(), 4);
        for exponent in [-100, -30, 30, 100] {
            let unit = f64::from(exponent).exp2();
            let got = by(unit).select(&pool(), 4).unwrap();
            assert_eq!(got.picks, want.picks);
            let scores: Vec<f64> = want.scores.iter().map(|score| score / unit).collect();
            assert_eq!(got.scores, scores);
        }
    }

    /// Keys that overlap in a chain, one that stands alone, one past the cut-off.
    #[test]
    fn only_open_places_are_settled() {
        let key = |row, low, high| Interval { row, low, high };
        let mut keys = vec![
            key(0, 9.0, 9.5),
            key(1, 1.0, 2.0),
            key(2, 1.5, 3.0),
            key(3, 5.0, 6.0),
            key(4, 2.5, 2.6),
        ];
        let exact = [f64::NAN, 1.9, 1.8, f64::NAN, 2.55];
        settle(&mut keys, 4, |rows| {
            assert_eq!(rows, [1, 2, 4]);
            Ok(rows
                .iter()
                .map(|&row| key(row, exact[row], exact[row]))
                .collect())
        })
        .unwrap();
        assert_eq!(
            keys.iter().map(|key| key.row).collect::<Vec<_>>(),
            [2, 1, 4, 3]
        );
    }
}
