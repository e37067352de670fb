//! A pool's rows brought to length 1, and which of some vectors is nearest to each, exactly.

mod k_nearest;
mod lengths;
mod middle;
mod nearest;
mod rivals;

use super::metric::Metric;
use super::settled::Settled;
use crate::error::Error;
use crate::kernels::assigner::{CandidateGroup, Margins};
use crate::kernels::pool::Pool;
use crate::select::gather::gather_units;
use lengths::Lengths;
use rayon::prelude::*;
use rivals::Extent;

pub(super) use middle::{middle, sample};
pub(crate) use nearest::Nearest;
pub(super) use rivals::Rivals;

/// The rows z of a pool, each of length 1, but that a row of zeros stays one. They are made in f64
/// from gathered rows, a piece at a time, and are the same to the bit on every device.
pub(crate) struct UnitRows<'a> {
    nearest: Nearest<'a>,
}

impl<'a> UnitRows<'a> {
    /// Asks the pool for its rows' lengths: a pass over the features.
    pub(crate) fn new(pool: &'a dyn Pool) -> Result<Self, Error> {
        let nearest = Nearest::new(pool, Metric::Cosine)?;
        Ok(Self { nearest })
    }

    /// Counts pairs of a row and another, or a vector, that are settled: what bounds left open.
    pub(super) fn count_settled(&self, pairs: usize) {
        self.settled().add(pairs * self.dim());
    }

    /// What has been settled of these rows.
    pub(super) fn settled(&self) -> &Settled {
        &self.nearest.settled
    }

    /// The pool whose rows they are.
    pub(crate) fn pool(&self) -> &dyn Pool {
        self.nearest.points.pool
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.lengths().squared.len()
    }

    /// Rows that are not all zeros.
    pub(super) fn of_length_one(&self) -> usize {
        (0..self.len())
            .filter(|&row| !self.lengths().is_zero(row))
            .count()
    }

    /// Values a row.
    pub(crate) fn dim(&self) -> usize {
        self.lengths().dim
    }

    /// Whether a row is all zeros.
    pub(crate) fn is_zero(&self, row: usize) -> bool {
        self.lengths().is_zero(row)
    }

    /// Refuses a pool with a row of zeros: `need` says what for.
    pub(crate) fn refuse_zeros(&self, need: &'static str) -> Result<(), Error> {
        self.nearest.refuse_zeros(need)
    }

    /// Gives `work` some rows in order, in pieces.
    pub(super) fn gather(
        &self,
        rows: &[usize],
        work: impl FnMut(&[usize], &[f64]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        gather_units(self.pool(), rows, work)
    }

    /// Some rows at once, `rows.len()` x `dim`: few, or they do not fit.
    pub(super) fn rows(&self, rows: &[usize]) -> Result<Vec<f64>, Error> {
        self.nearest.points.some(rows)
    }

    /// For every row which of the vectors is nearest, as [`Nearest::assign`].
    pub(super) fn assign(&self, rivals: &Rivals) -> Result<Vec<usize>, Error> {
        self.nearest.assign(rivals)
    }

    fn lengths(&self) -> &Lengths {
        &self.nearest.lengths
    }

    /// Puts down which of its group's vectors is nearest to every row of some groups, given what
    /// [`margins`](Self::margins) says of them; all other vectors must be farther.
    pub(super) fn assignment_of(
        &self,
        rivals: &Rivals,
        groups: &[CandidateGroup<'_>],
        margins: &[Margins],
        nearest: &mut [usize],
    ) -> Result<(), Error> {
        let (mut open, mut group_of, rounding) = (Vec::new(), Vec::new(), rivals.rounding());
        let apart = rivals.apart(self.pool().stop())?;
        for (group, margins) in groups.iter().zip(margins) {
            let given = rivals.extents_from_first(&group.vectors, apart);
            let given = given.into_iter().fold(Extent::default(), Extent::max);
            for (&row, found) in group.rows.iter().zip(&margins.nearest) {
                nearest[row] = found.index as usize;
                if self.lengths().is_open(row, found, given, rounding) {
                    open.push(row);
                    group_of.push(group);
                    self.count_settled(group.vectors.len());
                }
            }
        }
        self.nearest.settle(&open, nearest, |place, z| {
            rivals.assignment_of(&group_of[place].vectors, z)
        })
    }

    /// As [`Assigner::margins`](crate::kernels::Assigner::margins), of the rows at length 1; `least` and `own` are bounds, from below and
    /// from above.
    pub(super) fn margins(
        &self,
        rivals: &Rivals,
        groups: &[CandidateGroup<'_>],
    ) -> Result<Option<Vec<Margins>>, Error> {
        let assigner = &self.nearest.assigner;
        let found = assigner.margins(groups, &rivals.vectors, &rivals.offsets)?;
        let (lengths, rounding) = (self.lengths(), rivals.rounding());
        let apart = rivals.apart(self.pool().stop())?;
        let bound = |(found, group): (&mut Margins, &CandidateGroup<'_>)| {
            let error = lengths.error_over_length(group.rows);
            let extents = rivals.extents_from_first(&group.vectors, apart);
            for (least, given) in found.least.iter_mut().zip(extents) {
                *least = ((f64::from(*least) - error(given, rounding)) as f32).next_down();
            }
            let own = rivals.extent_of(group.vectors[0] as usize);
            found.own = ((f64::from(found.own) + error(own, rounding)) as f32).next_up();
        };
        Ok(found.map(|mut found| {
            found.par_iter_mut().zip(groups).for_each(bound);
            found
        }))
    }
}

/// Squared distance up to which two rows at length 1 are the same: what rounding makes of their lengths.
pub(crate) fn same_sq(dim: usize) -> f64 {
    let rounding = (dim as f64 / 8.0 + 16.0) * 0.5 * f64::EPSILON;
    rounding * rounding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;
    use crate::random;

    /// Vectors that differ by little, or not at all, against rows of many lengths and of none.
    #[test]
    fn close_vectors_are_told_apart() {
        let (rows, dim) = (200, 33);
        let numbers = random::exponentials(2, 0, rows * dim);
        let mut x: Vec<f32> = numbers.iter().map(|&e| e as f32 - 1.0).collect();
        for (row, x) in x.chunks_exact_mut(dim).enumerate() {
            let scale = if row % 9 == 8 {
                0.0
            } else {
                (-0.4 * row as f32).exp2()
            };
            x.iter_mut().for_each(|v| *v *= scale);
        }
        let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        let unit = UnitRows::new(&pool).unwrap();
        let z = unit.rows(&(0..rows).collect::<Vec<_>>()).unwrap();
        for spread in [1.0, 1e-3, 1e-7, 1e-12, 0.0] {
            let vectors = (0..20 * dim).map(|i| 0.1 + spread * numbers[i]).collect();
            let rivals = Rivals::new(
                dim,
                vectors,
                (0..20).map(|k| 0.3 - spread * numbers[k]).collect(),
            );
            let want: Vec<usize> = z.chunks_exact(dim).map(|z| rivals.nearest(z)).collect();
            assert_eq!(unit.assign(&rivals).unwrap(), want, "{spread}");
            if spread == 0.0 {
                assert!(want.iter().all(|&index| index == 0));
            }
        }
    }
}
