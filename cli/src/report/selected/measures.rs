//! What pictures of a selection show, measured.

use crate::report::lines::evenly;
use coresift::evaluate::{
    Evaluation, NormStatistics, PrincipalPlane, Weigher, Weights, norms, principal_plane,
};
use coresift::{Error, Metric, Pool};

/// Numbers of picks after which cover is measured.
const NUMBERS: usize = 48;

/// What is measured of a pool and picks of it, by the pool's numbers.
pub(crate) struct Measures {
    /// Where rows lie, and what is to be said of that.
    pub(crate) plane: Plane,
    /// Every row's length.
    pub(crate) norms: Vec<f64>,
    /// The energy kept after each pick; none where all rows are zeros or there is no pick.
    pub(crate) energy: Option<Vec<f64>>,
    /// How far rows are from the picks; none where there is no pick.
    pub(crate) cover: Option<Cover>,
    /// What picks stand for; none of rows that have no direction.
    pub(crate) weights: Option<Weights>,
}

/// What is measured, and how.
pub(crate) struct Asked<'a> {
    pub(crate) picks: &'a [usize],
    pub(crate) labelled: &'a [usize],
    pub(crate) target_weights: Option<&'a [f64]>,
    /// Between which points distances are.
    pub(crate) metric: Metric,
    /// Where every row lies, if that is given.
    pub(crate) plane: Option<Vec<[f64; 2]>>,
}

/// Rows in a plane.
pub(crate) struct Plane {
    pub(crate) coordinates: Vec<[f64; 2]>,
    pub(crate) axes: [String; 2],
    pub(crate) words: String,
}

/// How far rows are from the nearest pick, after some numbers of picks.
pub(crate) struct Cover {
    pub(crate) numbers: Vec<usize>,
    /// What half of the rows, 95 % of them and all of them do not surpass.
    pub(crate) quantiles: Vec<[f64; 3]>,
    /// Rows that were looked at.
    pub(crate) looked_at: usize,
}

/// Steps in which [`Measures::of`] tells that it goes on.
pub(crate) const STEPS: u64 = 5;

impl Measures {
    /// Measures a pool and picks; `step` is told which step is done.
    pub(crate) fn of(
        pool: &dyn Pool,
        mut asked: Asked<'_>,
        step: impl Fn(u64),
    ) -> Result<Self, Error> {
        let norms = norms(pool)?;
        step(1);
        let plane = match asked.plane.take() {
            Some(coordinates) => Plane::given(coordinates),
            None => Plane::principal(principal_plane(pool)?),
        };
        step(2);
        let (mut energy, mut cover, mut weights) = (None, None, None);
        if !asked.picks.is_empty() {
            let evaluation = Evaluation::new(pool, asked.picks)?;
            if norms.iter().any(|&norm| norm > 0.0) {
                energy = Some(evaluation.energy_by_pick()?);
            }
            step(3);
            cover = Some(Cover::of(&evaluation, [pool.rows(), pool.dim()], &asked)?);
            step(4);
            let directions = asked.metric == Metric::Cosine;
            if !(directions && norms.contains(&0.0)) {
                let weigher = Weigher::new(pool, asked.metric, asked.target_weights)?;
                weights = Some(weigher.weigh(asked.labelled, asked.picks)?);
            }
        }
        step(STEPS);
        Ok(Self {
            plane,
            norms,
            energy,
            cover,
            weights,
        })
    }
}

impl Plane {
    fn given(coordinates: Vec<[f64; 2]>) -> Self {
        Self {
            coordinates,
            axes: ["first coordinate", "second coordinate"].map(str::to_owned),
            words: "The coordinates are those that --plane gives.".to_owned(),
        }
    }

    fn principal(found: PrincipalPlane) -> Self {
        let [first, second] = found.shares.map(|share| 100.0 * share);
        let rows = found.coordinates.len();
        let mut words = format!(
            "The first two principal components have {:.1} % of the variance.",
            first + second
        );
        if found.found_from < rows {
            words += &format!(
                " They are those of {} rows at even distances.",
                found.found_from
            );
        }
        Self {
            coordinates: found.coordinates,
            axes: [
                format!("component 1 ({first:.1} % of variance)"),
                format!("component 2 ({second:.1} %)"),
            ],
            words,
        }
    }
}

impl Cover {
    fn of(
        evaluation: &Evaluation<'_>,
        [rows, dim]: [usize; 2],
        asked: &Asked<'_>,
    ) -> Result<Self, Error> {
        let picks = asked.picks.len();
        let numbers: Vec<usize> = evenly(picks, NUMBERS)
            .into_iter()
            .map(|at| at + 1)
            .collect();
        let looked_at = evenly(rows, looked_at(picks, dim));
        let distances = evaluation.distances_by_pick(&looked_at, &numbers, asked.metric)?;
        let quantiles = distances.iter().filter_map(|distances| {
            let found = NormStatistics::of(distances)?;
            let [.., half, _, most, all] = found.quantiles;
            Some([half, most, all])
        });
        Ok(Self {
            quantiles: quantiles.collect(),
            numbers,
            looked_at: looked_at.len(),
        })
    }
}

/// How many rows meet all picks: so many that it takes seconds.
fn looked_at(picks: usize, dim: usize) -> usize {
    const MOST: usize = 1 << 14;
    const MOST_VALUES: usize = 1 << 24;
    const MOST_PAIRS: usize = 1 << 25;
    const LEAST: usize = 1000;
    let of_pairs = (MOST_PAIRS / picks.max(1)).max(LEAST);
    MOST.min((MOST_VALUES / dim.max(1)).max(1)).min(of_pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use coresift::{CpuPool, Features};

    #[test]
    fn few_enough_rows_meet_the_picks() {
        assert_eq!(looked_at(100, 64), 1 << 14);
        assert_eq!(looked_at(1 << 20, 64), 1000);
        assert_eq!(looked_at(100, 1 << 20), 16);
    }

    /// Of four rows the first pick is far from three; the second has its own place and the last one's.
    #[test]
    fn measures_of_four_rows() {
        let x = [1.0, 0.0, 0.0, 2.0, 0.0, 4.0, 3.0, 0.0];
        let pool = CpuPool::new(Features::new(&x, 4, 2).unwrap());
        let asked = |metric| Asked {
            picks: &[0, 1],
            labelled: &[],
            target_weights: None,
            metric,
            plane: None,
        };
        let found = Measures::of(&pool, asked(Metric::Euclidean), |_| {}).unwrap();
        assert_eq!(found.norms, [1.0, 2.0, 4.0, 3.0]);
        assert_eq!(found.energy.unwrap(), [10.0 / 30.0, 1.0]);
        let cover = found.cover.unwrap();
        assert_eq!((cover.numbers, cover.looked_at), (vec![1, 2], 4));
        let far = [5f64.sqrt(), 17f64.sqrt()];
        assert_eq!(cover.quantiles[0][0], 2.0 + 0.5 * (far[0] - 2.0));
        assert_eq!(cover.quantiles[0][2], far[1]);
        assert_eq!(cover.quantiles[1][2], 2.0);
        assert_eq!(found.weights, Some(Weights::Rows(vec![2, 2])));
    }
}
