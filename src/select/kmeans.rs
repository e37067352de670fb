//! k-means of unit rows: k-means++, then Lloyd's sweeps.

use super::unit_rows::{Rivals, UnitRows};
use crate::{Error, Pool, order, random, sums};
use rayon::prelude::*;

/// Sweeps after which Lloyd's loop stops whether or not it has settled.
const SWEEPS: usize = 300;

/// A cluster's sum of rows is kept in whole multiples of 2⁻³²: finer than what f32 features hold,
/// and with room for 2³¹ rows. Whole numbers add up exactly in any order, so rows may come and go.
const UNIT: f64 = (1u64 << 32) as f64;

/// k-means of the rows at length 1: `clusters` centres such that the squared distances of the rows
/// to the nearest of them add up to little.
///
/// The start is k-means++ (D. Arthur and S. Vassilvitskii, *k-means++: the advantages of careful
/// seeding*, 2007): the first centre is any row, each further one row i with probability
/// D_i²/ΣD², D_i being its distance to the nearest centre so far. It is drawn as the smallest
/// E_i/D_i² with an exponential number E_i a row and centre. Then Lloyd's sweeps: rows to the
/// nearest centre (ties to the lower one), centres to the means of their rows, until no row moves
/// or 300 sweeps are made. A cluster that has lost all its rows takes the row farthest from its
/// centre, ties to the lower one, out of a cluster of more than one row.
///
/// A row of zeros stays zeros: it is at distance 1 of every other row.
///
/// Kernels bound distances, and the host settles in f64 those that the bounds leave open; means
/// come from exact sums. So every device gives the same clustering, with any number of threads.
///
/// Cost: a pass over the features for every centre and sweep, one for their lengths and one for
/// the inertia; rows that move are gathered. About 60 bytes a row beside the features.
///
/// ```
/// use coresift::{CpuPool, Features, KMeans};
///
/// // Two directions, whatever the lengths.
/// let x = [1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.0, 4.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 2)?);
/// let found = KMeans { clusters: 2, seed: 0 }.fit(&pool)?;
/// assert_eq!(found.labels[0], found.labels[2]);
/// assert_ne!(found.labels[0], found.labels[1]);
/// assert_eq!(found.inertia, 0.0);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KMeans {
    /// How many clusters, at most as many as there are directions among the rows.
    pub clusters: usize,
    /// Seed of the start.
    pub seed: u64,
}

/// What [`KMeans::fit`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// Each row's cluster.
    pub labels: Vec<usize>,
    /// The means of the clusters' rows at length 1, `clusters` x `dim`, row-major. They are
    /// shorter than 1 themselves.
    pub centres: Vec<f64>,
    /// The rows at which k-means++ put the centres, in order.
    pub starts: Vec<usize>,
    /// Squared distances of all rows to the centres of their clusters, added up.
    pub inertia: f64,
    /// Times that every row was given to the nearest centre.
    pub sweeps: usize,
}

impl KMeans {
    /// Clusters the rows of a pool.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for no cluster, or for more than there are different rows at length 1;
    /// [`Error::DeviceLost`] and [`Error::OutOfMemory`] from the pool.
    pub fn fit(&self, pool: &dyn Pool) -> Result<Clustering, Error> {
        let rows = UnitRows::new(pool)?;
        let starts = self.starts(&rows)?;
        let Lloyd {
            labels,
            centres,
            sweeps,
        } = lloyd(&rows, rows.rows(&starts)?)?;
        let inertia = distances_sq(&rows, &labels, &centres)?.iter().sum();
        Ok(Clustering {
            labels,
            centres,
            starts,
            inertia,
            sweeps,
        })
    }

    /// Each row's cluster, and the passes over the features that it took.
    pub(super) fn labels(&self, pool: &dyn Pool) -> Result<(Vec<usize>, usize), Error> {
        let rows = UnitRows::new(pool)?;
        let starts = self.starts(&rows)?;
        let found = lloyd(&rows, rows.rows(&starts)?)?;
        Ok((found.labels, 1 + self.clusters + found.sweeps))
    }

    /// The rows at which the centres start, by k-means++.
    fn starts(&self, rows: &UnitRows<'_>) -> Result<Vec<usize>, Error> {
        if self.clusters == 0 || self.clusters > rows.len() {
            return Err(self.refuse(rows.len(), "rows"));
        }
        let mut race = Start::new(rows);
        for centre in 0..self.clusters {
            let stream = random::CENTRES + centre as u64;
            let numbers = random::exponentials(self.seed, stream, rows.len());
            let Some(row) = race.next(&numbers)? else {
                return Err(self.refuse(centre, "different rows at length 1"));
            };
            race.place(row)?;
        }
        Ok(race.starts)
    }

    fn refuse(&self, most: usize, what: &str) -> Error {
        Error::Argument {
            argument: "clusters",
            found: self.clusters.to_string(),
            expected: format!("a number from 1 to {most} ({what})"),
        }
    }
}

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
struct Start<'a> {
    rows: &'a UnitRows<'a>,
    reaches: Vec<Reach>,
    starts: Vec<usize>,
    /// The starts' rows.
    centres: Vec<f64>,
    /// Squared distance up to which two rows are the same: what rounding makes of their lengths.
    same: f64,
}

impl<'a> Start<'a> {
    fn new(rows: &'a UnitRows<'a>) -> Self {
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
    fn next(&mut self, numbers: &[f64]) -> Result<Option<usize>, Error> {
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
    fn place(&mut self, row: usize) -> Result<(), Error> {
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

/// Where Lloyd's sweeps end.
struct Lloyd {
    labels: Vec<usize>,
    centres: Vec<f64>,
    sweeps: usize,
}

/// Lloyd's sweeps from some centres on.
fn lloyd(rows: &UnitRows<'_>, centres: Vec<f64>) -> Result<Lloyd, Error> {
    let mut clusters = Clusters::new(rows, centres);
    let mut sweeps = 0;
    while sweeps < SWEEPS {
        sweeps += 1;
        if !clusters.sweep()? {
            break;
        }
    }
    Ok(Lloyd {
        labels: clusters.labels,
        centres: clusters.centres,
        sweeps,
    })
}

/// The label of a row that is in no cluster yet.
const NONE: usize = usize::MAX;

/// Clusters under way.
struct Clusters<'a> {
    rows: &'a UnitRows<'a>,
    labels: Vec<usize>,
    centres: Vec<f64>,
    /// The sums of the clusters' rows, in multiples of 1/[`UNIT`].
    sums: Vec<i64>,
}

impl<'a> Clusters<'a> {
    fn new(rows: &'a UnitRows<'a>, centres: Vec<f64>) -> Self {
        Self {
            rows,
            labels: vec![NONE; rows.len()],
            sums: vec![0; centres.len()],
            centres,
        }
    }

    /// Rows to the nearest centre, then centres to the means of their rows; whether a row moved.
    fn sweep(&mut self) -> Result<bool, Error> {
        let dim = self.rows.dim();
        let centres = self.centres.par_chunks_exact(dim);
        let offsets = centres
            .map(|centre| 0.5 * sums::vectorised(|| sums::dot(centre, centre)))
            .collect();
        let rivals = Rivals {
            dim,
            vectors: std::mem::take(&mut self.centres),
            offsets,
        };
        let mut labels = self.rows.nearest(&rivals)?;
        self.centres = rivals.vectors;
        let counts = self.fill_empty(&mut labels)?;
        let moved: Vec<usize> = (0..labels.len())
            .into_par_iter()
            .filter(|&row| labels[row] != self.labels[row])
            .collect();
        self.move_rows(&moved, &labels)?;
        self.labels = labels;
        self.centre(&counts);
        Ok(!moved.is_empty())
    }

    /// Gives every empty cluster the row farthest from its centre; gives the clusters' sizes.
    fn fill_empty(&self, labels: &mut [usize]) -> Result<Vec<usize>, Error> {
        let mut counts = vec![0; self.centres.len() / self.rows.dim()];
        for &label in &*labels {
            counts[label] += 1;
        }
        if !counts.contains(&0) {
            return Ok(counts);
        }
        let distances = distances_sq(self.rows, labels, &self.centres)?;
        for empty in 0..counts.len() {
            if counts[empty] > 0 {
                continue;
            }
            let able = (0..labels.len()).filter(|&row| counts[labels[row]] > 1);
            if let Some((_, row)) = order::argmin(able.map(|row| (-distances[row], row))) {
                counts[labels[row]] -= 1;
                counts[empty] = 1;
                labels[row] = empty;
            }
        }
        Ok(counts)
    }

    /// Takes rows from the sums of their old clusters to those of their new ones.
    fn move_rows(&mut self, moved: &[usize], labels: &[usize]) -> Result<(), Error> {
        let (rows, old, sums) = (self.rows, &self.labels, &mut self.sums);
        let dim = rows.dim();
        rows.gather(moved, |rows, z| {
            sums.par_chunks_exact_mut(dim)
                .enumerate()
                .for_each(|(cluster, sum)| {
                    for (&row, z) in rows.iter().zip(z.chunks_exact(dim)) {
                        if labels[row] == cluster {
                            sum.iter_mut().zip(z).for_each(|(s, &z)| *s += whole(z));
                        } else if old[row] == cluster {
                            sum.iter_mut().zip(z).for_each(|(s, &z)| *s -= whole(z));
                        }
                    }
                });
        })
    }

    /// Puts the centres at the means.
    fn centre(&mut self, counts: &[usize]) {
        let dim = self.rows.dim();
        let sums = self.sums.chunks_exact(dim);
        for ((centre, sum), &count) in self.centres.chunks_exact_mut(dim).zip(sums).zip(counts) {
            for (mean, &sum) in centre.iter_mut().zip(sum) {
                *mean = sum as f64 / UNIT / count as f64;
            }
        }
    }
}

/// A value of a unit row in multiples of 1/[`UNIT`].
fn whole(z: f64) -> i64 {
    (z * UNIT).round_ties_even() as i64
}

/// Every row's squared distance to the centre of its cluster: all rows are gathered.
fn distances_sq(rows: &UnitRows<'_>, labels: &[usize], centres: &[f64]) -> Result<Vec<f64>, Error> {
    let (dim, mut distances) = (rows.dim(), Vec::with_capacity(labels.len()));
    let all: Vec<usize> = (0..labels.len()).collect();
    rows.gather(&all, |rows, z| {
        let of_row = |(&row, z): (&usize, &[f64])| {
            let centre = &centres[labels[row] * dim..][..dim];
            sums::vectorised(|| sums::distance_sq(z, centre))
        };
        distances.par_extend(rows.par_iter().zip(z.par_chunks_exact(dim)).map(of_row));
    })?;
    Ok(distances)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CpuPool, Features};

    /// 90 rows in five loose bunches of six dimensions; every tenth row is zeros.
    fn bunches() -> Vec<f32> {
        let mut x: Vec<f32> = random::exponentials(1, 0, 90 * 6)
            .iter()
            .map(|&e| e as f32 - 1.0)
            .collect();
        for (row, x) in x.chunks_exact_mut(6).enumerate() {
            x[row % 5] += 4.0;
            if row % 10 == 9 {
                x.fill(0.0);
            }
        }
        x
    }

    fn inertia(clusters: &Clusters<'_>) -> f64 {
        let distances = distances_sq(clusters.rows, &clusters.labels, &clusters.centres);
        distances.unwrap().iter().sum()
    }

    #[test]
    fn inertia_never_rises() {
        let x = bunches();
        let pool = CpuPool::new(Features::new(&x, 90, 6).unwrap());
        let rows = UnitRows::new(&pool).unwrap();
        for starts in [&[0, 1, 2, 3, 4][..], &[0, 5, 10], &[3, 3, 3, 8]] {
            let mut clusters = Clusters::new(&rows, rows.rows(starts).unwrap());
            let mut before = f64::INFINITY;
            let mut sweeps = 1;
            while clusters.sweep().unwrap() {
                let after = inertia(&clusters);
                assert!(after < before + 1e-9, "{starts:?}: {before} to {after}");
                (before, sweeps) = (after, sweeps + 1);
            }
            assert!((3..50).contains(&sweeps), "{starts:?}: {sweeps} sweeps");
        }
    }

    /// Three centres at one place: the first takes all rows, the others the farthest two.
    #[test]
    fn empty_clusters_take_the_farthest_rows() {
        let x = [1.0, 0.0, 1.0, 0.1, 0.0, 1.0, 1.0, 0.2, 0.0, 7.0, -1.0, 0.1];
        let pool = CpuPool::new(Features::new(&x, 6, 2).unwrap());
        let rows = UnitRows::new(&pool).unwrap();
        let mut clusters = Clusters::new(&rows, rows.rows(&[0, 0, 0]).unwrap());
        assert!(clusters.sweep().unwrap());
        assert_eq!(clusters.labels, [0, 0, 2, 0, 0, 1]);
        assert!(clusters.sweep().unwrap());
        assert_eq!(clusters.labels, [0, 0, 2, 0, 2, 1]);
        assert!(!clusters.sweep().unwrap());
    }

    /// Bunches so tight that most distances lie within what the kernel leaves open.
    #[test]
    fn starts_are_those_of_the_definition() {
        let mut x = bunches();
        for x in x.chunks_exact_mut(6).filter(|x| x[0] != 0.0) {
            let longest = (0..5).fold(0, |a, b| if x[b] > x[a] { b } else { a });
            x.iter_mut().for_each(|v| *v *= 1e-3);
            x[longest] += 1.0;
        }
        let pool = CpuPool::new(Features::new(&x, 90, 6).unwrap());
        let rows = UnitRows::new(&pool).unwrap();
        let z = rows.rows(&(0..90).collect::<Vec<_>>()).unwrap();
        for seed in 0..5 {
            let clusters = 60;
            let found = KMeans { clusters, seed }.starts(&rows).unwrap();
            let mut distances = vec![1.0; 90];
            let mut centres = Vec::new();
            for (centre, found) in found.into_iter().enumerate() {
                let stream = random::CENTRES + centre as u64;
                let numbers = random::exponentials(seed, stream, 90);
                let keys = numbers.iter().zip(&distances).map(|(e, d)| e / d);
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
