//! How near a row's nearest are at least, within its cluster.

use super::UnitRows;
use super::middle::{middle, sample};
use crate::error::Error;
use crate::kernels::pool::ClusterRows;
use crate::kernels::rounding::{UNIT_ROUNDOFF, inner_error};
use crate::kernels::units::ROWS;
use crate::progress::Pass;
use crate::reduce;
use crate::select::gather::gather;
use rayon::prelude::*;

impl UnitRows<'_> {
    /// For every row of some clusters what `of_row` makes of bounds from below of its squared
    /// distances, as [`reduce::distance_sq`] gives them, to the `k` nearest other rows of its
    /// cluster, ascending. [`Pool::k_nearest`](crate::Pool::k_nearest) says how many rows they must have,
    /// and what `k` may be.
    ///
    /// Every cluster is gathered: the kernel is given its rows as they lie about their middle, so that
    /// rows close to each other are told apart however far they are from 0.
    pub(in crate::select) fn k_nearest<T: Send>(
        &self,
        clusters: &[&[usize]],
        (k, pass): (usize, &Pass<'_>),
        of_row: impl Fn(&[f64]) -> T + Sync,
    ) -> Result<Vec<Vec<T>>, Error> {
        let (dim, centres) = (self.dim(), self.middles(clusters)?);
        let all = clusters.concat();
        let centre_of = (clusters.iter().zip(centres.chunks_exact(dim)))
            .flat_map(|(rows, centre)| std::iter::repeat_n(centre, rows.len()));
        let centre_of: Vec<&[f64]> = centre_of.collect();
        let (mut lengths, mut halves) = (Vec::with_capacity(all.len()), Vec::new());
        for piece in gather(self.pool(), &all) {
            let (rows, x) = piece?;
            let x = x.par_chunks_exact(dim);
            let centres = &centre_of[lengths.len()..][..rows.len()];
            let of_row = |(x, centre): (&[f32], &&[f64])| reduce::vectorised!(about(x, centre));
            let found: (Vec<f64>, Vec<f32>) = x.zip(centres).with_min_len(ROWS).map(of_row).unzip();
            lengths.extend(found.0);
            halves.extend(found.1);
        }
        let (mut first, mut asked) = (0, Vec::with_capacity(clusters.len()));
        for (rows, centre) in clusters.iter().zip(centres.chunks_exact(dim)) {
            let places = first..first + rows.len();
            first = places.end;
            asked.push(ClusterRows {
                rows,
                lengths: &lengths[places.clone()],
                centre,
                halves: &halves[places],
            });
        }
        let found = self.pool().k_nearest(&asked, k, pass)?;
        let of_cluster = |(cluster, answers): (ClusterRows<'_>, Vec<f32>)| {
            let of_row = |(&half, answers): (&f32, &[f32])| {
                let least = least_distance_sq(dim, half);
                of_row(&answers.iter().map(least).collect::<Vec<f64>>())
            };
            let rows = cluster.halves.par_iter().zip(answers.par_chunks_exact(k));
            rows.with_min_len(ROWS).map(of_row).collect()
        };
        Ok(asked.into_iter().zip(found).map(of_cluster).collect())
    }

    /// About the middle of every cluster, clusters x `dim`: by a few rows of each.
    fn middles(&self, clusters: &[&[usize]]) -> Result<Vec<f64>, Error> {
        let samples = clusters.iter().map(|rows| sample(rows));
        let samples: Vec<Vec<usize>> = samples.collect();
        let z = self.rows(&samples.concat())?;
        let (mut rest, mut of_cluster) = (&z[..], Vec::with_capacity(clusters.len()));
        for sample in samples {
            let (own, after) = rest.split_at(sample.len() * self.dim());
            of_cluster.push(own);
            rest = after;
        }
        let middle = |&z: &&[f64]| middle(z, self.dim());
        Ok(of_cluster.iter().flat_map(middle).collect())
    }
}

/// A row's length, and half the square of what it is about a centre at length 1.
#[inline(always)]
fn about(x: &[f32], centre: &[f64]) -> (f64, f32) {
    let length = reduce::squares(x).sqrt();
    let half = 0.5 * reduce::about_centre_sq(x, length, centre);
    (length, half as f32)
}

/// What the squared distance of a row to another is at least, as rounded in f64, by the answer of
/// [`Pool::k_nearest`](crate::Pool::k_nearest) for the two; `half` is half the square of its own w.
///
/// With r its length and d the distance the other's is at most r + d, so that r(r + d) ≤ 3r²/2 + d²/2
/// and (r + d)² ≤ 2r² + 2d²: what an answer is off by, twice over as the distance is, is at most
/// `of_own` r² + `of_distance` d² and little besides.
fn least_distance_sq(dim: usize, half: f32) -> impl Fn(&f32) -> f64 {
    let (inner, half) = (f64::from(inner_error(dim)), f64::from(half));
    let of_own = 3.0 * inner + 18.0 * UNIT_ROUNDOFF;
    let of_distance = inner + 9.0 * UNIT_ROUNDOFF + (dim as f64 / 16.0 + 20.0) * f64::EPSILON;
    // Of f64, by which w may be off from what the kernel is given; and of subnormals.
    let besides = 1024.0 * f64::EPSILON * f64::EPSILON / UNIT_ROUNDOFF;
    let besides = besides + 16.0 * dim as f64 * f64::from(f32::MIN_POSITIVE);
    let off = of_own * 2.0 * half + besides;
    move |&answer| ((2.0 * (half - f64::from(answer)) - off) / (1.0 + of_distance)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;
    use crate::random;

    /// Rows of many lengths: the squared distances are bounded from below, and by not much.
    #[test]
    fn distances_to_the_closest_are_bounded() {
        let (rows, dim, k) = (300, 40, 7);
        let numbers = random::exponentials(4, 0, rows * dim);
        let mut x: Vec<f32> = numbers.iter().map(|&e| e as f32 - 1.0).collect();
        for (row, x) in x.chunks_exact_mut(dim).enumerate() {
            let scale = (-0.1 * row as f32).exp2();
            x.iter_mut().for_each(|v| *v *= scale);
        }
        let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        let unit = UnitRows::new(&pool).unwrap();
        let z = unit.rows(&(0..rows).collect::<Vec<_>>()).unwrap();
        let cluster: Vec<usize> = (0..rows).rev().step_by(2).collect();
        let pass = Pass::unheard();
        let bounds = unit
            .k_nearest(&[&cluster], (k, &pass), <[f64]>::to_vec)
            .unwrap();
        for (bounds, &own) in bounds[0].iter().zip(&cluster) {
            let of = |row: usize| &z[row * dim..][..dim];
            let others = cluster.iter().filter(|&&row| row != own);
            let mut exact: Vec<f64> = others
                .map(|&row| reduce::distance_sq(of(own), of(row)))
                .collect();
            exact.sort_unstable_by(f64::total_cmp);
            assert_eq!(bounds.len(), k);
            for (bound, exact) in bounds.iter().zip(exact) {
                let slack = exact - bound;
                assert!((0.0..2e-5).contains(&slack), "row {own}: {slack:e}");
            }
        }
    }
}
