//! k-means of unit rows: k-means++, then Lloyd's sweeps.

mod bounds;
mod start;

use super::parallel;
use super::unit_rows::{Rivals, UnitRows};
use crate::error::Error;
use crate::kernels::pool::{Field, Pool};
use crate::progress::Listener;
use crate::progress::Progress;
use crate::progress::tell;
use crate::progress::unheard;
use crate::selection::Warning;
use crate::{order, random, sums};
use bounds::Bounds;
use rayon::prelude::*;
use start::Start;

/// Sweeps after which Lloyd's loop stops whether or not it has settled.
const SWEEPS: usize = 300;

/// Sweeps one after another in which rows move by no more than rounding, after which the loop stops:
/// rows so alike that f64 cannot tell the centres apart would move on and on.
const IDLE_SWEEPS: usize = 3;

/// A cluster's sum of rows is kept in whole multiples of 2⁻³²: finer than what f32 features hold,
/// and with room for 2³¹ rows. Whole numbers add up exactly in any order, so rows may come and go.
const UNIT: f64 = (1u64 << 32) as f64;

/// k-means of the rows at length 1: `clusters` centres such that the squared distances of the rows
/// to the nearest of them add up to little.
///
/// The start is k-means++ (D. Arthur and S. Vassilvitskii, *k-means++: the advantages of careful
/// seeding*, 2007): the first centre is any row, each further one row i with probability D_i²/ΣD²,
/// D_i being its distance to the nearest centre so far. It is drawn as the smallest E_i/D_i² with
/// an exponential number E_i a row and centre. Then Lloyd's sweeps: rows to the nearest centre
/// (ties to the lower one), centres to the means of their rows, until no row moves, none has come
/// nearer by more than f64 rounds for three sweeps, or 300 sweeps are made. A cluster that has lost
/// all its rows takes the row farthest from its centre, ties to the lower one, out of a cluster of
/// more than one row.
///
/// A row of zeros stays zeros: it is at distance 1 of every other row.
///
/// Kernels bound distances, and the host settles in f64 those that the bounds leave open; means
/// come from exact sums. So every device gives the same clustering, with any number of threads.
///
/// Cost: a pass over the features for every sweep, one for their lengths and one for the inertia.
/// On the CPU a sweep from the third on compares rows only to the centres that bounds of their
/// cluster do not rule out, a few of many. Rows that move, and the few that come up for a centre,
/// are gathered. About 60 bytes a row beside the features.
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
    /// What is doubtful about the clusters.
    pub warnings: Vec<Warning>,
}

impl KMeans {
    /// Clusters the rows of a pool.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for no cluster, or for more than there are different rows at length 1;
    /// [`Error::DeviceLost`], [`Error::Interrupted`] and [`Error::OutOfMemory`] from the pool.
    pub fn fit(&self, pool: &dyn Pool) -> Result<Clustering, Error> {
        self.fit_with(pool, &mut unheard)
    }

    /// As [`fit`](Self::fit), and tells `progress` of every centre placed and every sweep; that may
    /// end it.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn fit_with(
        &self,
        pool: &dyn Pool,
        progress: &mut Listener<'_>,
    ) -> Result<Clustering, Error> {
        let rows = UnitRows::new(pool)?;
        let starts = self.starts(&rows, progress)?;
        let Lloyd {
            labels,
            centres,
            sweeps,
        } = lloyd(&rows, rows.rows(&starts)?, progress)?;
        let inertia = distances_sq(&rows, &labels, &centres)?.iter().sum();
        Ok(Clustering {
            labels,
            centres,
            starts,
            inertia,
            sweeps,
            warnings: parallel::warning(pool)?.into_iter().collect(),
        })
    }

    /// Each row's cluster, and the passes over the features that it took: a sweep counts as one,
    /// however many rows it need not look at.
    pub(super) fn labels(
        &self,
        pool: &dyn Pool,
        progress: &mut Listener<'_>,
    ) -> Result<(Vec<usize>, usize), Error> {
        let rows = UnitRows::new(pool)?;
        let starts = self.starts(&rows, progress)?;
        let found = lloyd(&rows, rows.rows(&starts)?, progress)?;
        Ok((found.labels, 1 + found.sweeps))
    }

    /// As [`labels`](Self::labels), of as many clusters as there are different rows at length 1
    /// where those are fewer; the passes are those that come after the rows' lengths.
    pub(super) fn labels_of_at_most(
        &self,
        rows: &UnitRows<'_>,
        progress: &mut Listener<'_>,
    ) -> Result<(Vec<usize>, usize), Error> {
        let starts = self.starts_at_most(rows, progress)?;
        let found = lloyd(rows, rows.rows(&starts)?, progress)?;
        Ok((found.labels, found.sweeps))
    }

    /// The rows at which the centres start, by k-means++.
    fn starts(
        &self,
        rows: &UnitRows<'_>,
        progress: &mut Listener<'_>,
    ) -> Result<Vec<usize>, Error> {
        if self.clusters == 0 || self.clusters > rows.len() {
            return Err(self.refuse(rows.len(), "rows"));
        }
        let starts = self.starts_at_most(rows, progress)?;
        if starts.len() < self.clusters {
            return Err(self.refuse(starts.len(), "different rows at length 1"));
        }
        Ok(starts)
    }

    /// As [`starts`](Self::starts), or as many as there are different rows.
    fn starts_at_most(
        &self,
        rows: &UnitRows<'_>,
        progress: &mut Listener<'_>,
    ) -> Result<Vec<usize>, Error> {
        let mut race = Start::new(rows);
        let mut numbers = vec![0.0; rows.len()];
        for centre in 0..self.clusters {
            let stream = random::CENTRES + centre as u64;
            let pool = rows.pool();
            random::uniforms_of_rows(
                pool.numbering(),
                self.seed,
                stream,
                &mut numbers,
                pool.stop(),
            )?;
            let Some(row) = race.next(&numbers)? else {
                break;
            };
            race.place(row)?;
            let (placed, clusters) = (centre + 1, self.clusters);
            tell(progress, Progress::Centres { placed, clusters })?;
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

/// Where Lloyd's sweeps end.
struct Lloyd {
    labels: Vec<usize>,
    centres: Vec<f64>,
    sweeps: usize,
}

/// Lloyd's sweeps from some centres on.
fn lloyd(
    rows: &UnitRows<'_>,
    centres: Vec<f64>,
    progress: &mut Listener<'_>,
) -> Result<Lloyd, Error> {
    let mut clusters = Clusters::new(rows, centres);
    let (mut sweeps, mut idle) = (0, 0);
    while sweeps < SWEEPS && idle < IDLE_SWEEPS {
        sweeps += 1;
        match clusters.sweep()? {
            Moved::None => break,
            Moved::WithinRounding => idle += 1,
            Moved::Far => idle = 0,
        }
        tell(progress, Progress::Sweep(sweeps))?;
    }
    Ok(Lloyd {
        labels: clusters.labels,
        centres: clusters.centres,
        sweeps,
    })
}

/// What a sweep does to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    /// No row is in another cluster than before.
    None,
    /// Some are, and none has come nearer to its centre by more than f64 rounds.
    WithinRounding,
    Far,
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
    /// None before the first sweep, and where every sweep looks at all rows.
    bounds: Option<Bounds>,
}

impl<'a> Clusters<'a> {
    fn new(rows: &'a UnitRows<'a>, centres: Vec<f64>) -> Self {
        Self {
            rows,
            labels: vec![NONE; rows.len()],
            sums: vec![0; centres.len()],
            centres,
            bounds: None,
        }
    }

    /// Rows to the nearest centre, then centres to the means of their rows.
    fn sweep(&mut self) -> Result<Moved, Error> {
        let rivals = self.rivals();
        let mut labels = self.nearest(&rivals)?;
        let counts = self.fill_empty(&mut labels)?;
        let is_new = |&row: &usize| labels[row] != self.labels[row];
        let moved: Vec<usize> = (0..labels.len()).filter(is_new).collect();
        self.join(&rivals, &moved, &labels)?;
        let is_far = self.move_rows(&rivals, &moved, &labels)?;
        let is_first = self.labels.first() == Some(&NONE);
        self.labels = labels;
        self.centre(&counts);
        if is_first {
            self.bounds = Bounds::new(self.labels.len(), counts.len());
        } else if let Some(bounds) = &mut self.bounds {
            bounds.shift(&rivals.vectors, &self.centres, rivals.dim);
        }
        Ok(match moved.is_empty() {
            true => Moved::None,
            false if is_far => Moved::Far,
            false => Moved::WithinRounding,
        })
    }

    /// The centres as they compete for the rows.
    fn rivals(&self) -> Rivals {
        let dim = self.rows.dim();
        let squares = self.centres.chunks_exact(dim);
        let squares = squares.map(|centre| sums::vectorised!(sums::dot(centre, centre)));
        let offsets = squares.map(|square| 0.5 * square).collect();
        Rivals::new(dim, self.centres.clone(), offsets)
    }

    /// Each row's nearest centre. Rows and centres are compared only where the bounds do not rule
    /// it out.
    fn nearest(&mut self, rivals: &Rivals) -> Result<Vec<usize>, Error> {
        let Some(bounds) = &mut self.bounds else {
            return self.rows.nearest(rivals);
        };
        let clusters = rivals.offsets.len();
        let of_cluster: Vec<_> = (0..clusters)
            .map(|cluster| bounds.rivals_of(cluster))
            .collect();
        let open = (0..self.rows.len()).filter(|&row| of_cluster[self.labels[row]].is_some());
        let open = by_label(open, &self.labels, clusters);
        let fields = fields(&open, &self.labels, |cluster| of_cluster[cluster].clone());
        let Some(found) = self.rows.leads(rivals, &fields)? else {
            self.bounds = None;
            return self.rows.nearest(rivals);
        };
        for (field, found) in fields.iter().zip(&found) {
            bounds.replace(field, found);
        }
        let mut labels = self.labels.clone();
        self.rows.nearest_of(rivals, &fields, &found, &mut labels)?;
        Ok(labels)
    }

    /// Tells the bounds of rows that have moved.
    fn join(&mut self, rivals: &Rivals, moved: &[usize], labels: &[usize]) -> Result<(), Error> {
        let Some(bounds) = &mut self.bounds else {
            return Ok(());
        };
        let clusters = rivals.offsets.len();
        let moved = by_label(moved.iter().copied(), labels, clusters);
        let fields = fields(&moved, labels, |cluster| {
            let others = (0..clusters as u32).filter(|&centre| centre as usize != cluster);
            Some([cluster as u32].into_iter().chain(others).collect())
        });
        let found = self.rows.leads(rivals, &fields)?;
        for (field, found) in fields.iter().zip(found.iter().flatten()) {
            bounds.join(field, found);
        }
        Ok(())
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
            self.rows.pool().stop().check()?;
            let able = (0..labels.len()).filter(|&row| counts[labels[row]] > 1);
            if let Some((_, row)) = order::argmin(able.map(|row| (-distances[row], row))) {
                counts[labels[row]] -= 1;
                counts[empty] = 1;
                labels[row] = empty;
            }
        }
        Ok(counts)
    }

    /// Takes rows from the sums of their old clusters to those of their new ones; whether a row
    /// comes nearer by more than rounding.
    fn move_rows(
        &mut self,
        rivals: &Rivals,
        moved: &[usize],
        labels: &[usize],
    ) -> Result<bool, Error> {
        let (rows, old, sums) = (self.rows, &self.labels, &mut self.sums);
        let (dim, rounding, mut is_far) = (rows.dim(), rivals.rounding(), false);
        rows.gather(moved, |rows, z| {
            is_far = is_far || {
                let moves_far = |(&row, z): (&usize, &[f64])| {
                    old[row] == NONE || {
                        let lead = rivals.score(old[row], z) - rivals.score(labels[row], z);
                        lead > 2.0 * rounding
                    }
                };
                let mut moved = rows.iter().zip(z.chunks_exact(dim));
                moved.any(moves_far)
            };
            // By cluster: places of the rows that come, and of those that go.
            let of_place = |(place, &row): (usize, &usize)| {
                [(labels[row], place, true), (old[row], place, false)]
            };
            let mut changes: Vec<_> = rows.iter().enumerate().flat_map(of_place).collect();
            changes.sort_unstable();
            let of_cluster = sums.par_chunks_exact_mut(dim).enumerate();
            of_cluster.for_each(|(cluster, sum)| {
                let first = changes.partition_point(|change| change.0 < cluster);
                let changes = changes[first..].iter();
                for &(_, place, comes) in changes.take_while(|change| change.0 == cluster) {
                    add(sum, &z[place * dim..][..dim], comes);
                }
            });
            Ok(())
        })?;
        Ok(is_far)
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

/// Some rows by their labels, and ascending within each.
fn by_label(
    rows: impl Iterator<Item = usize> + Clone,
    labels: &[usize],
    clusters: usize,
) -> Vec<usize> {
    let mut places = vec![0; clusters + 1];
    rows.clone().for_each(|row| places[labels[row] + 1] += 1);
    for cluster in 0..clusters {
        places[cluster + 1] += places[cluster];
    }
    let mut ordered = vec![0; places[clusters]];
    for row in rows {
        let place = &mut places[labels[row]];
        ordered[*place] = row;
        *place += 1;
    }
    ordered
}

/// Rows in the order of their labels, and which centres each cluster's are to be compared to.
fn fields<'a>(
    rows: &'a [usize],
    labels: &[usize],
    among: impl Fn(usize) -> Option<Vec<u32>>,
) -> Vec<Field<'a>> {
    let of_cluster = rows.chunk_by(|&a, &b| labels[a] == labels[b]);
    let field = |rows: &'a [usize]| {
        let vectors = among(labels[rows[0]])?;
        Some(Field { rows, vectors })
    };
    of_cluster.filter_map(field).collect()
}

/// Adds a unit row to a sum in whole numbers, or takes it away.
fn add(sum: &mut [i64], z: &[f64], comes: bool) {
    sums::vectorised!({
        for (sum, &z) in sum.iter_mut().zip(z) {
            *sum += if comes { whole(z) } else { -whole(z) };
        }
    });
}

/// A value of a unit row in multiples of 1/[`UNIT`], rounded half to even.
///
/// Beside 1.5·2⁵² a sum in f64 is a whole number, and its last bits are that number's.
#[inline(always)]
fn whole(z: f64) -> i64 {
    const BESIDE: f64 = (3u64 << 51) as f64;
    (z * UNIT + BESIDE).to_bits() as i64 - BESIDE.to_bits() as i64
}

/// Every row's squared distance to the centre of its cluster: all rows are gathered.
fn distances_sq(rows: &UnitRows<'_>, labels: &[usize], centres: &[f64]) -> Result<Vec<f64>, Error> {
    let (dim, mut distances) = (rows.dim(), Vec::with_capacity(labels.len()));
    let all: Vec<usize> = (0..labels.len()).collect();
    rows.gather(&all, |rows, z| {
        let of_row = |(&row, z): (&usize, &[f64])| {
            let centre = &centres[labels[row] * dim..][..dim];
            sums::vectorised!(sums::distance_sq(z, centre))
        };
        distances.par_extend(rows.par_iter().zip(z.par_chunks_exact(dim)).map(of_row));
        Ok(())
    })?;
    Ok(distances)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;

    /// 90 rows in five loose bunches of six dimensions; every tenth row is zeros.
    pub(super) fn bunches() -> Vec<f32> {
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
            while clusters.sweep().unwrap() != Moved::None {
                let after = inertia(&clusters);
                assert!(after < before + 1e-9, "{starts:?}: {before} to {after}");
                (before, sweeps) = (after, sweeps + 1);
            }
            assert!((3..50).contains(&sweeps), "{starts:?}: {sweeps} sweeps");
        }
    }

    /// Asserts that the bounds hold of all rows; gives the share of centres that are ruled out.
    fn assert_bounds(clusters: &Clusters<'_>, bounds: &Bounds, z: &[f64]) -> f64 {
        let (dim, mut ruled_out) = (clusters.rows.dim(), 0);
        let count = clusters.centres.len() / dim;
        for (z, &own) in z.chunks_exact(dim).zip(&clusters.labels) {
            let score = |centre: usize| {
                let centre = &clusters.centres[centre * dim..][..dim];
                0.5 * sums::dot(centre, centre) - sums::dot(z, centre)
            };
            let distance = sums::distance_sq(z, &clusters.centres[own * dim..][..dim]).sqrt();
            for centre in (0..count).filter(|&centre| centre != own) {
                let (least, radius) = bounds.of(own, centre);
                let lead = score(centre) - score(own);
                assert!(
                    f64::from(least) <= lead + 1e-12,
                    "{own} {centre}: {least}, {lead}"
                );
                assert!(distance <= radius + 1e-12, "{own}: {distance}, {radius}");
                ruled_out += usize::from(least > 1e-9);
            }
        }
        ruled_out as f64 / (clusters.labels.len() * count) as f64
    }

    /// After every sweep labels and centres are those of sweeps that look at all rows and centres:
    /// of loose bunches, of near ties without end, of duplicates, and with clusters that run empty.
    #[test]
    fn bounds_change_nothing() {
        let numbers = random::exponentials(3, 0, 2000 * 12);
        let loose: Vec<f32> = (0..2000 * 12)
            .map(|i| numbers[i] as f32 + if i / 12 % 12 == i % 12 { 2.0 } else { -1.0 })
            .collect();
        let grid: Vec<f32> = (0..900 * 6).map(|i| (i * i / 7 % 3) as f32 - 1.0).collect();
        let most_ruled_out = [(bunches(), 6), (loose, 12), (grid, 6)].map(|(x, dim)| {
            let count = x.len() / dim;
            let pool = CpuPool::new(Features::new(&x, count, dim).unwrap());
            let rows = UnitRows::new(&pool).unwrap();
            let z = rows.rows(&(0..count).collect::<Vec<_>>()).unwrap();
            let mut most = 0.0;
            let spread: Vec<usize> = (0..18).map(|i| i * count / 18).collect();
            for starts in [&spread[..], &[0, 0, 0, 1, 2, 3], &[5, 6]] {
                let mut bounded = Clusters::new(&rows, rows.rows(starts).unwrap());
                let mut plain = Clusters::new(&rows, rows.rows(starts).unwrap());
                for sweep in 1.. {
                    let moved = bounded.sweep().unwrap();
                    assert_eq!(moved, plain.sweep().unwrap(), "sweep {sweep}");
                    plain.bounds = None;
                    assert_eq!(bounded.labels, plain.labels, "sweep {sweep}");
                    assert_eq!(bounded.centres, plain.centres, "sweep {sweep}");
                    let share = assert_bounds(&bounded, bounded.bounds.as_ref().unwrap(), &z);
                    most = share.max(most);
                    if moved == Moved::None {
                        break;
                    }
                }
            }
            most
        });
        assert!(
            most_ruled_out.iter().all(|&most| most > 0.2),
            "{most_ruled_out:?}"
        );
    }

    /// Rows at 1000 + noise; a ball and a few rows far from it; multiples of one row, that differ by
    /// rounding alone; and rows of one column: whatever bounds spare, every row goes to the nearest centre.
    /// Of the first two few are settled row by row, and multiples of one row do not keep the loop going.
    #[test]
    fn rows_that_are_nearly_alike_go_to_the_nearest() {
        let (count, dim) = (1500, 16);
        let noise: Vec<f32> = random::exponentials(6, 0, count * dim)
            .iter()
            .map(|&e| e as f32 - 1.0)
            .collect();
        let of = |dim: usize, value: &dyn Fn(usize, usize) -> f32| -> (Vec<f32>, usize) {
            let all = (0..count * dim).map(|at| value(at / dim, at % dim));
            (all.collect(), dim)
        };
        let at = |row: usize, column: usize| noise[row * dim + column];
        let ball = |row, column| {
            let far = row % 100 == 0;
            if far {
                at(row, column)
            } else {
                1.0 + 1e-3 * at(row, column)
            }
        };
        let pools = [
            of(dim, &|row, column| 1000.0 + at(row, column)),
            of(dim, &ball),
            of(dim, &|row, column| at(row, 0) * at(0, column)),
            of(1, &at),
        ];
        for (pool, (x, dim)) in pools.into_iter().enumerate() {
            let cpu = CpuPool::new(Features::new(&x, count, dim).unwrap());
            let rows = UnitRows::new(&cpu).unwrap();
            let z = rows.rows(&(0..count).collect::<Vec<_>>()).unwrap();
            let k_means = KMeans {
                clusters: 12,
                seed: 1,
            };
            let starts = k_means.starts_at_most(&rows, &mut unheard).unwrap();
            let mut clusters = Clusters::new(&rows, rows.rows(&starts).unwrap());
            let mut sweeps = 0;
            let before = rows.settled().total();
            loop {
                let rivals = clusters.rivals();
                let found = clusters.nearest(&rivals).unwrap();
                let want: Vec<usize> = z.chunks_exact(dim).map(|z| rivals.nearest(z)).collect();
                assert_eq!(found, want, "pool {pool} sweep {sweeps}");
                sweeps += 1;
                if clusters.sweep().unwrap() != Moved::Far {
                    break;
                }
            }
            if pool < 2 {
                let settled = (rows.settled().total() - before) as usize / dim;
                // Each sweep asks twice here. Pair by pair all of them would be.
                let all = 2 * sweeps * count * starts.len();
                assert!(settled < all / 8, "pool {pool}: {settled} of {all}");
            }
            let fitted = lloyd(&rows, rows.rows(&starts).unwrap(), &mut unheard).unwrap();
            assert!(fitted.sweeps < 60, "pool {pool}: {} sweeps", fitted.sweeps);
        }
    }

    /// Three centres at one place: the first takes all rows, the others the farthest two.
    #[test]
    fn empty_clusters_take_the_farthest_rows() {
        let x = [1.0, 0.0, 1.0, 0.1, 0.0, 1.0, 1.0, 0.2, 0.0, 7.0, -1.0, 0.1];
        let pool = CpuPool::new(Features::new(&x, 6, 2).unwrap());
        let rows = UnitRows::new(&pool).unwrap();
        let mut clusters = Clusters::new(&rows, rows.rows(&[0, 0, 0]).unwrap());
        assert_eq!(clusters.sweep().unwrap(), Moved::Far);
        assert_eq!(clusters.labels, [0, 0, 2, 0, 0, 1]);
        assert_eq!(clusters.sweep().unwrap(), Moved::Far);
        assert_eq!(clusters.labels, [0, 0, 2, 0, 2, 1]);
        assert_eq!(clusters.sweep().unwrap(), Moved::None);
    }
}
