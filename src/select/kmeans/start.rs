//! k-means++: where the centres start.

use crate::error::Error;
use crate::random::{self, LESS};
use crate::select::unit_rows::{UnitRows, same_sq};
use crate::{rank, reduce};
use rayon::prelude::*;

/// Rows among which the one that fires first is looked for, to begin with.
const CHUNK: usize = 1 << 11;

/// Rounds of rows that come up, after which more do at a time.
const ROUNDS: usize = 8;

/// Rows that one thread looks at, at least: fewer are not worth waking another for.
const ROWS: usize = 8 * CHUNK;

/// Rows that are compared side by side.
const LANES: usize = 16;

/// More than the squared distance of any two rows at length 1, as rounded.
const FARTHEST: f64 = 4.5;

/// k-means++ under way.
///
/// A row's distance to the nearest centre only falls as centres are placed, so an old one bounds
/// from below when the row fires: distances are brought up to date of the few rows alone that come
/// up, and no pass over the features is made.
pub(super) struct Start<'a> {
    rows: &'a UnitRows<'a>,
    /// Each row's squared distance to the nearest of its first `known` centres.
    nearest: Vec<f64>,
    known: Vec<u32>,
    pub(super) starts: Vec<usize>,
    /// The starts' rows.
    centres: Vec<f64>,
    /// Squared distance up to which two rows are the same: what rounding makes of their lengths.
    same: f64,
}

impl<'a> Start<'a> {
    pub(super) fn new(rows: &'a UnitRows<'a>) -> Self {
        Self {
            rows,
            nearest: vec![FARTHEST; rows.len()],
            known: vec![0; rows.len()],
            starts: Vec::new(),
            centres: Vec::new(),
            same: same_sq(rows.dim()),
        }
    }

    /// The row of the smallest E/D², D being 1 before the first centre; none where all rows are at
    /// a centre. `numbers` are the uniform ones that the E are made of.
    pub(super) fn next(&mut self, numbers: &[f64]) -> Result<Option<usize>, Error> {
        if self.starts.is_empty() {
            let first = first(numbers, &vec![1.0; numbers.len()], self.same);
            return Ok(first.map(|(_, row)| row));
        }
        // Where distances have fallen far, as of rows that are alike, most that come up do so needlessly:
        // then ever more come up at a time.
        let (mut chunk, mut rounds) = (CHUNK, 0);
        loop {
            let firsts = self.firsts(numbers, chunk);
            let is_open = |&row: &usize| (self.known[row] as usize) < self.starts.len();
            let open: Vec<usize> = firsts.iter().copied().take_while(is_open).collect();
            if open.is_empty() {
                return Ok(firsts.first().copied());
            }
            self.settle(&open)?;
            rounds += 1;
            if rounds > ROUNDS {
                chunk = (chunk / 2).max(LANES);
            }
        }
    }

    /// Of every chunk of so many rows the one that would fire first, in the order in which they would.
    fn firsts(&self, numbers: &[f64], chunk: usize) -> Vec<usize> {
        self.rows.settled().add(numbers.len());
        let same = self.same;
        let of_chunk = |(index, (numbers, nearest)): (usize, (&[f64], &[f64]))| {
            let (key, place) = first(numbers, nearest, same)?;
            Some((key, index * chunk + place))
        };
        let chunks = numbers
            .par_chunks(chunk)
            .zip(self.nearest.par_chunks(chunk));
        let chunks = chunks.enumerate().with_min_len(ROWS / chunk);
        let mut firsts: Vec<(f64, usize)> = chunks.filter_map(of_chunk).collect();
        rank::sort_by_key(&mut firsts, |&first| first);
        firsts.into_iter().map(|(_, row)| row).collect()
    }

    /// Brings the distances of some rows up to date.
    fn settle(&mut self, rows: &[usize]) -> Result<(), Error> {
        let (dim, centres, known) = (self.rows.dim(), &self.centres, &self.known);
        let unmet = |&row: &usize| self.starts.len() - known[row] as usize;
        (self.rows).count_settled(rows.iter().map(unmet).sum());
        let nearest = &mut self.nearest;
        self.rows.gather(rows, |rows, z| {
            let pairs = rows.par_iter().zip(z.par_chunks_exact(dim));
            let distance = |pair: Result<(&usize, &[f64]), Error>| {
                let (&row, z) = pair?;
                Ok(least_distance_sq(z, &centres[known[row] as usize * dim..]))
            };
            let distances = self.rows.pool().stop().over(pairs).map(distance);
            let distances: Vec<f64> = distances.collect::<Result<_, Error>>()?;
            for (&row, distance_sq) in rows.iter().zip(distances) {
                nearest[row] = nearest[row].min(distance_sq);
            }
            Ok(())
        })?;
        for &row in rows {
            self.known[row] = self.starts.len() as u32;
        }
        Ok(())
    }

    /// Puts a centre at a row.
    pub(super) fn place(&mut self, row: usize) -> Result<(), Error> {
        self.centres.extend(self.rows.rows(&[row])?);
        self.starts.push(row);
        self.nearest[row] = 0.0;
        self.known[row] = self.starts.len() as u32;
        Ok(())
    }
}

/// The smallest E/D² and its place, given the uniform numbers that the E are made of; none where
/// all rows are at a centre: there they never fire.
fn first(numbers: &[f64], distances_sq: &[f64], same: f64) -> Option<(f64, usize)> {
    let mut best = (f64::INFINITY, None);
    let (blocks, rest) = numbers.as_chunks::<LANES>();
    let (blocks_sq, rest_sq) = distances_sq.as_chunks::<LANES>();
    reduce::vectorised!({
        for (block, (numbers, distances_sq)) in blocks.iter().zip(blocks_sq).enumerate() {
            // The logarithm takes its time, and E is no less than this.
            let may_be_first = |number: f64, distance_sq: f64| {
                (number * LESS <= best.0 * distance_sq) & (distance_sq > same)
            };
            let mut any = false;
            for (&number, &distance_sq) in numbers.iter().zip(distances_sq) {
                any |= may_be_first(number, distance_sq);
            }
            if any {
                let first = block * LANES;
                best = first_of_block(best, numbers, distances_sq, same, first);
            }
        }
    });
    best = first_of_block(best, rest, rest_sq, same, blocks.len() * LANES);
    best.1.map(|place| (best.0, place))
}

/// The smallest E/D² of a block from place `first` on, and what came before.
fn first_of_block(
    mut best: (f64, Option<usize>),
    numbers: &[f64],
    distances_sq: &[f64],
    same: f64,
    first: usize,
) -> (f64, Option<usize>) {
    for (place, (&number, &distance_sq)) in (first..).zip(numbers.iter().zip(distances_sq)) {
        if distance_sq > same && number * LESS <= best.0 * distance_sq {
            let key = random::exponential_of(number) / distance_sq;
            let before = (best.0, best.1.unwrap_or(usize::MAX));
            if rank::by_key((key, place), before).is_lt() {
                best = (key, Some(place));
            }
        }
    }
    best
}

/// The squared distance to the nearest of some centres.
fn least_distance_sq(z: &[f64], centres: &[f64]) -> f64 {
    reduce::vectorised!({
        centres
            .chunks_exact(z.len())
            .map(|centre| reduce::distance_sq(z, centre))
            .fold(f64::INFINITY, f64::min)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::clusters;
    use super::*;
    use crate::control::Stop;
    use crate::course::Course;
    use crate::cpu::CpuPool;
    use crate::features::Features;
    use crate::progress::unheard;
    use crate::random;
    use crate::random::RowIds;
    use crate::select::kmeans::KMeans;

    /// Clusters so tight that most distances lie within what the kernel leaves open.
    #[test]
    fn starts_are_those_of_the_definition() {
        let mut x = clusters();
        for x in x.chunks_exact_mut(6).filter(|x| x[0] != 0.0) {
            let longest = (0..5).fold(0, |a, b| if x[b] > x[a] { b } else { a });
            x.iter_mut().for_each(|v| *v *= 1e-3);
            x[longest] += 1.0;
        }
        // Rows of a larger pool, in a second stage.
        let numbers: Vec<usize> = (0..90).map(|row| 3 * row + 1).collect();
        let row_ids = RowIds {
            rows: Some(&numbers),
            stage: 1,
        };
        let pool = CpuPool::new(Features::new(&x, 90, 6).unwrap()).numbered(row_ids);
        let rows = UnitRows::new(&pool).unwrap();
        let z = rows.rows(&(0..90).collect::<Vec<_>>()).unwrap();
        for seed in 0..5 {
            let clusters = 60;
            let found = KMeans::new(clusters, seed)
                .starts(&rows, &mut Course::new(&mut unheard))
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
                let want = rank::argmin(keys.zip(0..)).unwrap().1;
                assert_eq!(found, want, "seed {seed} centre {centre}");
                centres.extend_from_slice(&z[want * 6..][..6]);
                let rows = z.chunks_exact(6);
                distances = rows.map(|z| least_distance_sq(z, &centres)).collect();
            }
        }
    }

    /// No row's distance is larger than it is taken for, and one that is up to date is exact, for
    /// rows of every length.
    #[test]
    fn distances_only_fall() {
        let mut x = clusters();
        for (row, x) in x.chunks_exact_mut(6).enumerate() {
            let scale = (-3.0 * row as f32).exp2(); // down to 2^-267: those are zeros by then
            x.iter_mut().for_each(|v| *v *= scale);
        }
        let pool = CpuPool::new(Features::new(&x, 90, 6).unwrap());
        let rows = UnitRows::new(&pool).unwrap();
        let all = rows.rows(&(0..90).collect::<Vec<_>>()).unwrap();
        let mut start = Start::new(&rows);
        let mut settled = 0;
        for centre in 0..8 {
            let mut numbers = [0.0; 90];
            let stop = Stop::default();
            random::uniforms_of_rows(RowIds::default(), 1, centre, &mut numbers, &stop).unwrap();
            let row = start.next(&numbers).unwrap().unwrap();
            for (row, z) in all.chunks_exact(6).enumerate() {
                let exact = least_distance_sq(z, &start.centres);
                assert!(
                    exact <= start.nearest[row] || start.starts.is_empty(),
                    "{row}"
                );
                if start.known[row] as usize == start.starts.len() && centre > 0 {
                    assert_eq!(exact, start.nearest[row], "{row}");
                    settled += 1;
                }
            }
            start.place(row).unwrap();
        }
        assert!(
            (8..8 * 45).contains(&settled),
            "{settled} rows were looked at"
        );
    }
}
