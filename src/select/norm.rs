//! Norm sampling, and the largest norms.

use super::classes::Classes;
use super::gather::gather;
use super::strata::{Strata, check_classes, classes_among};
use crate::selection::{ShortfallReason, check_power, labelled_mask, places};
use crate::{Error, Lp, Pool, Progress, Selection, Selector, norm_bounds, order, random, sums};
use rayon::prelude::*;

/// Sampling in proportion to a norm, or simply the largest norms.
///
/// Row i has weight
///
/// ```text
/// w_i = ‖F_i‖_p^power        or, with `anti`,  w_i = (max_j ‖F_j‖_p − ‖F_i‖_p)^power
/// ```
///
/// and is drawn with probability w_i / Σw among the rows not drawn yet (N. Bar and R. Giryes,
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
/// | `scores` | `budget` | ‖F_i‖_p (with `anti` max‖F‖_p − ‖F_i‖_p), the features' unit |
///
/// Rows of weight 0 are never picked: past them the selection falls short. The kernel's norms
/// only bound the keys; rows whose order those bounds leave open are settled in f64 on the host,
/// so every device gives the same picks. Scores are exact, rounded to f32.
///
/// With `classes` it is stratified: the budget is shared among the classes in proportion to their
/// rows that are not labelled (largest remainder, ties to the lower class), and rows are drawn
/// within each class by the same keys as without. With `anti` the largest norm is that of the
/// class, the set that is drawn from. Picks are listed by ascending class, in draw order within
/// one, and [`Selection::classes`] tells the shares; a smaller budget's picks are then no prefix,
/// and what a class lacks in rows of positive weight no other makes up for.
///
/// Cost: one pass over the features, then `O(rows log rows)` on the host.
///
/// # Errors
///
/// [`Error::Argument`] for a power outside (0, 64] or what `classes` cannot be; else as
/// [`Selector::select`].
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
            anti: false,
            greedy: false,
            seed: 0,
            labelled: Vec::new(),
            classes: None,
            min_per_class: 0,
        }
    }
}

impl Selector for Norm {
    fn select_with(
        &self,
        pool: &dyn Pool,
        budget: usize,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Selection, Error> {
        self.check(pool)?;
        let excluded = labelled_mask(&self.labelled, pool.rows(), budget)?;
        let mut selection = Selection {
            epochs: vec![0],
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
        let mut draw = Draw {
            norm: self.norm,
            power: self.power,
            largest: None,
            numbers: (!self.greedy).then(|| random::of_rows(pool, self.seed, random::RACE)),
        };
        for stratum in &strata.strata {
            if self.anti {
                draw.largest = Some(largest_norm(pool, self.norm, &norms, &stratum.rows)?);
            }
            let (picks, scores) = draw.take(pool, &norms, &stratum.able, stratum.budget)?;
            strata.add(stratum, &picks, &scores, &mut selection);
            progress(Progress::Picks(selection.picks.len()));
        }
        Ok(selection.finish(budget, ShortfallReason::ZeroWeight))
    }

    fn check(&self, pool: &dyn Pool) -> Result<(), Error> {
        check_power(self.power, 64.0)?;
        check_classes(self.classes.as_ref(), pool)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            labelled: places(&self.labelled, rows),
            classes: classes_among(self.classes.as_ref(), pool, rows)?,
            ..*self
        }))
    }
}

/// Successive draws by weight: every row's key is a decreasing function of its weight, and the
/// smallest keys win.
pub(super) struct Draw {
    pub(super) norm: Lp,
    pub(super) power: f64,
    /// Anti-norm weights: the largest norm, in pool unit.
    pub(super) largest: Option<f64>,
    /// Row i's exponential number; without them the largest weights win.
    pub(super) numbers: Option<Vec<f64>>,
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
            exact_norms(pool, self.norm, rows).map(|norms| {
                rows.iter()
                    .zip(norms)
                    .map(|(&row, norm)| self.interval(row, norm, norm))
                    .collect()
            })
        })?;
        let picks: Vec<_> = keys.iter().map(|key| key.row).collect();
        let norms = exact_norms(pool, self.norm, &picks)?;
        let scores = norms
            .into_iter()
            .map(|norm| in_unit(pool, self.base(norm)))
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

    /// The weight before the power, given the norm.
    fn base(&self, norm: f64) -> f64 {
        self.largest
            .map_or(norm, |largest| (largest - norm).max(0.0))
    }

    /// E/w, or −w without random numbers; infinite for weight 0.
    fn key(&self, row: usize, norm: f64) -> f64 {
        let weight = power(self.base(norm), self.power);
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
    for piece in gather(pool, rows) {
        let (_, x) = piece?;
        norms.extend(x.chunks_exact(pool.dim()).map(|x| exact_norm(norm, x)));
    }
    Ok(norms)
}

/// ‖x‖ₚ in f64.
fn exact_norm(norm: Lp, x: &[f32]) -> f64 {
    match norm {
        Lp::L1 => sums::abs(x),
        Lp::L2 => sums::squares(x).sqrt(),
        Lp::LInf => f64::from(sums::max_abs(x)),
    }
}

/// The largest norm of some rows in f64, in pool unit, given the pool's answer on all.
pub(super) fn largest_norm(
    pool: &dyn Pool,
    norm: Lp,
    norms: &[f32],
    rows: &[usize],
) -> Result<f64, Error> {
    let bounds = |row: usize| norm_bounds(norm, norms[row], pool.dim());
    let floor = rows.iter().map(|&row| bounds(row).0).fold(0.0, f64::max);
    let able = rows.iter().copied().filter(|&row| bounds(row).1 >= floor);
    let able: Vec<usize> = able.collect();
    Ok(exact_norms(pool, norm, &able)?
        .into_iter()
        .fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CpuPool, Features};

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
