//! k-means++: which of a pool's rows would be drawn as centres.

use crate::error::Error;
use crate::kernels::steps::{Firsts, Seeds};
use crate::random::{self, LESS, RowIds};
use crate::select::unit_rows::{UnitRows, same_sq};
use crate::{rank, reduce};
use rayon::prelude::*;
use std::ops::Range;

/// Rows among which the one that fires first is looked for, to begin with.
const CHUNK: usize = 1 << 11;

/// Chunks that there are for each row that is asked for, where several are.
const CHUNKS: usize = 8;

/// Rounds of rows that come up, after which more do at a time.
const ROUNDS: usize = 8;

/// Rows that one thread looks at, at least: fewer are not worth waking another for.
const ROWS: usize = 8 * CHUNK;

/// Rows that are compared side by side.
const LANES: usize = 16;

/// More than the squared distance of any two rows at length 1, as rounded.
const FARTHEST: f64 = 4.5;

/// Rows that are drawn as centres.
///
/// A row's distance to the nearest centre only falls as centres are placed, so an old one bounds
/// from below when the row fires: distances are brought up to date of the few rows alone that come
/// up, and no pass over the features is made.
pub(crate) struct Start<'a> {
    rows: &'a UnitRows<'a>,
    seed: u64,
    row_ids: RowIds<'a>,
    /// The rows' own numbers, where they are kept here.
    own_ids: Option<Vec<usize>>,
    numbers: Vec<f64>,
    /// Each row's squared distance to the nearest of its first `known` centres.
    nearest: Vec<f64>,
    known: Vec<u32>,
    /// The centres.
    centres: Vec<f64>,
    placed: usize,
    /// Squared distance up to which two rows are the same: what rounding makes of their lengths.
    same: f64,
}

impl<'a> Start<'a> {
    pub(crate) fn new(rows: &'a UnitRows<'a>, seed: u64, row_ids: RowIds<'a>) -> Self {
        Self {
            rows,
            seed,
            row_ids,
            own_ids: None,
            numbers: vec![0.0; rows.len()],
            nearest: vec![1.0; rows.len()],
            known: vec![0; rows.len()],
            centres: Vec::new(),
            placed: 0,
            same: same_sq(rows.dim()),
        }
    }

    /// By the rows' own numbers, where they are not one after another.
    #[cfg(feature = "remote")] // for workers alone
    pub(crate) fn numbered(self, own_ids: Option<Vec<usize>>) -> Self {
        Self { own_ids, ..self }
    }

    fn row_ids(&self) -> RowIds<'_> {
        let rows = self.own_ids.as_deref().or(self.row_ids.rows);
        RowIds {
            rows,
            ..self.row_ids
        }
    }

    /// Places centres.
    fn place(&mut self, centres: &[f64]) {
        if self.placed == 0 && !centres.is_empty() {
            self.nearest.fill(FARTHEST);
        }
        self.centres.extend_from_slice(centres);
        self.placed += centres.len() / self.rows.dim();
    }

    /// The rows of the smallest E/D² by the uniform numbers that the E are made of: the first, and up to `most` of the
    /// first ones of chunks.
    fn firsts_by(&mut self, numbers: &[f64], most: usize) -> Result<Firsts, Error> {
        // Where distances have fallen far, as of rows that are alike, most that come up do so needlessly:
        // then ever more come up at a time.
        let mut chunk = match most {
            1 => CHUNK,
            _ => (numbers.len() / (CHUNKS * most)).clamp(LANES, CHUNK),
        };
        let mut rounds = 0;
        let firsts = loop {
            let firsts = self.firsts_of_chunks(numbers, chunk);
            let open = self.open(&firsts, most);
            if open.is_empty() {
                break firsts;
            }
            self.settle(&open)?;
            rounds += 1;
            if rounds > ROUNDS {
                chunk = (chunk / 2).max(LANES);
            }
        };
        let rows: Vec<usize> = firsts.iter().take(most).map(|&(_, row)| row).collect();
        Ok(Firsts {
            numbers: rows.iter().map(|&row| numbers[row]).collect(),
            distances_sq: rows.iter().map(|&row| self.nearest[row]).collect(),
            points: self.rows.rows(&rows)?,
            rest: match most {
                1 => f64::NEG_INFINITY, // nobody asks
                _ => self.rest(numbers, &firsts, (chunk, most)),
            },
            rows: rows.into_iter().map(|row| row as u32).collect(),
        })
    }

    /// The rows that stand before the last of those `most` whose distances are up to date.
    fn open(&self, firsts: &[(f64, usize)], most: usize) -> Vec<usize> {
        let (mut open, mut known) = (Vec::new(), 0);
        for &(_, row) in firsts {
            match (self.known[row] as usize) < self.placed {
                true => open.push(row),
                false => known += 1,
            }
            if known == most {
                break;
            }
        }
        open
    }

    /// When the first of the other rows fires, at the earliest.
    fn rest(&self, numbers: &[f64], firsts: &[(f64, usize)], (chunk, most): (usize, usize)) -> f64 {
        let of_others = firsts.get(most).map_or(f64::INFINITY, |first| first.0);
        let of_chunk = |&(_, row): &(f64, usize)| {
            let start = row / chunk * chunk;
            let places = start..numbers.len().min(start + chunk);
            let mut nearest = self.nearest[places.clone()].to_vec();
            nearest[row - start] = 0.0; // fires never
            first(&numbers[places], &nearest, self.same).map_or(f64::INFINITY, |first| first.0)
        };
        firsts
            .iter()
            .take(most)
            .map(of_chunk)
            .fold(of_others, f64::min)
    }

    /// Of every chunk of so many rows the one that would fire first, in the order in which they would.
    fn firsts_of_chunks(&self, numbers: &[f64], chunk: usize) -> Vec<(f64, usize)> {
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
        firsts
    }

    /// Brings the distances of some rows up to date.
    fn settle(&mut self, rows: &[usize]) -> Result<(), Error> {
        let (dim, centres, known) = (self.rows.dim(), &self.centres, &self.known);
        let unmet = |&row: &usize| self.placed - known[row] as usize;
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
            self.known[row] = self.placed as u32;
        }
        Ok(())
    }
}

impl Seeds for Start<'_> {
    fn firsts(
        &mut self,
        placed: &[f64],
        streams: Range<u64>,
        most: usize,
    ) -> Result<Vec<Firsts>, Error> {
        self.place(placed);
        let mut numbers = std::mem::take(&mut self.numbers);
        let mut of_stream = |stream: u64| {
            let stop = self.rows.pool().stop();
            random::uniforms_of_rows(self.row_ids(), self.seed, stream, &mut numbers, stop)?;
            self.firsts_by(&numbers, most)
        };
        let found = streams.map(&mut of_stream).collect();
        self.numbers = numbers;
        found
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
pub(super) fn least_distance_sq(z: &[f64], centres: &[f64]) -> f64 {
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
            first: 0,
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
        let mut start = Start::new(&rows, 1, RowIds::default());
        let (mut settled, mut placed) = (0, Vec::new());
        for stream in 0..8 {
            let most = 1 + stream as usize % 3;
            let firsts = start.firsts(&placed, stream..stream + 1, most).unwrap();
            let Firsts { rows, rest, .. } = &firsts[0];
            let numbers = &start.numbers;
            for (row, z) in all.chunks_exact(6).enumerate() {
                let exact = match stream {
                    0 => 1.0,
                    _ => least_distance_sq(z, &start.centres),
                };
                assert!(exact <= start.nearest[row], "{row}");
                if start.known[row] as usize == start.placed && stream > 0 {
                    assert_eq!(exact, start.nearest[row], "{row}");
                    settled += 1;
                }
                let fires = random::exponential_of(numbers[row]) / exact;
                let is_named = rows.contains(&(row as u32));
                assert!(is_named || exact <= start.same || fires >= *rest, "{row}");
            }
            placed = firsts[0].points[..6].to_vec();
        }
        assert!(
            (8..8 * 60).contains(&settled),
            "{settled} rows were looked at"
        );
    }
}
