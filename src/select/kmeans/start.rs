//! k-means++: where the centres start.

use crate::select::unit_rows::UnitRows;
use crate::{Error, order, sums};
use rayon::prelude::*;

/// What is known of a row's squared distance to the nearest centre.
#[derive(Clone, Copy)]
struct Reach {
    low: f64,
    high: f64,
}

impl Reach {
    fn exactly(distance_sq: f64) -> Self {
        Self {
            low: distance_sq,
            high: distance_sq,
        }
    }

    fn is_exact(self) -> bool {
        self.low == self.high
    }
}

/// k-means++ under way.
pub(super) struct Start<'a> {
    rows: &'a UnitRows<'a>,
    reaches: Vec<Reach>,
    pub(super) starts: Vec<usize>,
    /// The starts' rows.
    centres: Vec<f64>,
    /// Squared distance up to which two rows are the same: what rounding makes of their lengths.
    same: f64,
}

impl<'a> Start<'a> {
    pub(super) fn new(rows: &'a UnitRows<'a>) -> Self {
        let rounding = (rows.dim() as f64 / 8.0 + 16.0) * 0.5 * f64::EPSILON;
        Self {
            rows,
            reaches: vec![Reach::exactly(f64::INFINITY); rows.len()],
            starts: Vec::new(),
            centres: Vec::new(),
            same: rounding * rounding,
        }
    }

    /// The row of the smallest E/D², D being 1 before the first centre; none where all rows are at
    /// a centre.
    pub(super) fn next(&mut self, numbers: &[f64]) -> Result<Option<usize>, Error> {
        if self.starts.is_empty() {
            let first = order::argmin(numbers.iter().copied().zip(0..));
            return Ok(first.map(|(_, row)| row));
        }
        let same = self.same;
        let key = |row: usize, distance_sq: f64| {
            // At a centre a row never fires.
            if distance_sq > same {
                numbers[row] / distance_sq
            } else {
                f64::INFINITY
            }
        };
        let reaches = &self.reaches;
        let cutoff = (0..numbers.len())
            .into_par_iter()
            .map(|row| key(row, reaches[row].low))
            .reduce(|| f64::INFINITY, f64::min);
        let may_win = |&row: &usize| {
            let least = key(row, reaches[row].high);
            least <= cutoff && least < f64::INFINITY
        };
        let able: Vec<usize> = (0..numbers.len()).into_par_iter().filter(may_win).collect();
        // One row alone has won, unless it may turn out to be at a centre.
        if able.len() > 1 || cutoff == f64::INFINITY {
            self.settle(&able)?;
        }
        let keys = able
            .iter()
            .map(|&row| (key(row, self.reaches[row].low), row));
        Ok(order::argmin(keys).map(|(_, row)| row))
    }

    /// Makes the distances of some rows exact.
    fn settle(&mut self, rows: &[usize]) -> Result<(), Error> {
        let open: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|&row| !self.reaches[row].is_exact())
            .collect();
        let (dim, centres, reaches) = (self.rows.dim(), &self.centres, &mut self.reaches);
        self.rows.gather(&open, |rows, z| {
            let exact: Vec<f64> = z
                .par_chunks_exact(dim)
                .map(|z| least_distance_sq(z, centres))
                .collect();
            for (&row, exact) in rows.iter().zip(exact) {
                reaches[row] = Reach::exactly(exact);
            }
        })
    }

    /// Puts a centre at a row.
    pub(super) fn place(&mut self, row: usize) -> Result<(), Error> {
        /// More than the rounding of two squared lengths.
        const ROUNDING: f64 = 1.0 / (1u64 << 40) as f64;
        let rows = self.rows;
        let centre = rows.rows(&[row])?;
        let lengths = rows.lengths();
        let length_sq = |row: usize| if lengths.is_zero(row) { 0.0 } else { 1.0 };
        let of_centre = length_sq(row);
        self.reaches
            .par_iter_mut()
            .zip(rows.cosines(&centre)?)
            .enumerate()
            .for_each(|(row, (reach, (least, most)))| {
                let both = of_centre + length_sq(row);
                reach.low = reach.low.min((both - 2.0 * most - ROUNDING).max(0.0));
                reach.high = reach.high.min(both - 2.0 * least + ROUNDING);
            });
        self.reaches[row] = Reach::exactly(0.0);
        self.starts.push(row);
        self.centres.extend(centre);
        Ok(())
    }
}

/// The squared distance to the nearest of some centres.
fn least_distance_sq(z: &[f64], centres: &[f64]) -> f64 {
    sums::vectorised(|| {
        centres
            .chunks_exact(z.len())
            .map(|centre| sums::distance_sq(z, centre))
            .fold(f64::INFINITY, f64::min)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::bunches;
    use super::*;
    use crate::{CpuPool, Features, KMeans, Numbering, random};

    /// Bunches so tight that most distances lie within what the kernel leaves open.
    #[test]
    fn starts_are_those_of_the_definition() {
        let mut x = bunches();
        for x in x.chunks_exact_mut(6).filter(|x| x[0] != 0.0) {
            let longest = (0..5).fold(0, |a, b| if x[b] > x[a] { b } else { a });
            x.iter_mut().for_each(|v| *v *= 1e-3);
            x[longest] += 1.0;
        }
        // Rows of a larger pool, in a second stage.
        let numbers: Vec<usize> = (0..90).map(|row| 3 * row + 1).collect();
        let numbering = Numbering {
            rows: Some(&numbers),
            stage: 1,
        };
        let pool = CpuPool::new(Features::new(&x, 90, 6).unwrap()).numbered(numbering);
        let rows = UnitRows::new(&pool).unwrap();
        let z = rows.rows(&(0..90).collect::<Vec<_>>()).unwrap();
        for seed in 0..5 {
            let clusters = 60;
            let found = KMeans { clusters, seed }
                .starts(&rows, &mut |_| {})
                .unwrap();
            let mut distances = vec![1.0; 90];
            let mut centres = Vec::new();
            for (centre, found) in found.into_iter().enumerate() {
                let stream = 0x4000_0000 + random::CENTRES + centre as u64;
                let all = random::exponentials(seed, stream, 270);
                let keys = numbers
                    .iter()
                    .map(|&number| all[number])
                    .zip(&distances)
                    .map(|(e, d)| e / d);
                let want = order::argmin(keys.zip(0..)).unwrap().1;
                assert_eq!(found, want, "seed {seed} centre {centre}");
                centres.extend_from_slice(&z[want * 6..][..6]);
                let rows = z.chunks_exact(6);
                distances = rows.map(|z| least_distance_sq(z, &centres)).collect();
            }
        }
    }

    /// Whatever is known of a distance holds it, for rows of every length.
    #[test]
    fn reaches_hold_the_distance() {
        let mut x = bunches();
        for (row, x) in x.chunks_exact_mut(6).enumerate() {
            let scale = (-3.0 * row as f32).exp2(); // down to 2^-267: those are zeros by then
            x.iter_mut().for_each(|v| *v *= scale);
        }
        let pool = CpuPool::new(Features::new(&x, 90, 6).unwrap());
        let rows = UnitRows::new(&pool).unwrap();
        let all = rows.rows(&(0..90).collect::<Vec<_>>()).unwrap();
        let mut start = Start::new(&rows);
        for centre in [7, 9, 30, 41, 88] {
            start.place(centre).unwrap();
            for (row, z) in all.chunks_exact(6).enumerate() {
                let exact = least_distance_sq(z, &start.centres);
                let Reach { low, high } = start.reaches[row];
                assert!(low <= exact && exact <= high, "{row}: {low} {exact} {high}");
                assert!(row > 15 || high - low < 1e-5, "{row}: {low} {high}");
            }
        }
    }
}
