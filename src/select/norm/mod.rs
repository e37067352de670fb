//! Norm sampling, and the largest norms.

mod cost;
mod draw;
mod exact;

use super::classes::Classes;
use super::settled::Settled;
use super::strata::{Strata, check_classes, classes_among};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::lp::Lp;
use crate::plan::{Cost, Outline};
use crate::progress::Progress;
use crate::random;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, check_power, end, places};
use crate::selection::{Selection, ShortfallReason};
use draw::Inputs;
use exact::largest_by;
use std::fmt;

pub(super) use draw::{Draw, in_unit, power};
pub(super) use exact::largest_norm;

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

impl Sealed for Norm {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (excluded, mut selection) = begin(self, pool, budget)?;
        if budget == 0 && self.classes.is_none() {
            return Ok(selection);
        }
        let classes = self.classes.as_ref();
        let strata = Strata::new(pool, classes, &excluded, budget, self.min_per_class, course)?;
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
                    let rows = (pool.row_ids(), pool.rows());
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
            course.tell(Progress::Picks(selection.picks.len()))
        });
        selection.settled = draw.settled.total();
        end(
            done.map(|()| ShortfallReason::ZeroWeight),
            selection,
            budget,
        )
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        write!(to, "{self:?}")
    }
}

impl Selector for Norm {
    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        check_power(self.power, 64.0)?;
        self.check_input_norms(rows)?;
        check_classes(self.classes.as_ref(), rows, dim)
    }

    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.cost_of(pool, budget)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn nests(&self) -> bool {
        self.classes.is_none()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;
    use crate::rank;

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
        keys.sort_by(|&a, &b| rank::by_key(a, b));
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
        keys.sort_by(|&a, &b| rank::by_key(a, b));
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
}
