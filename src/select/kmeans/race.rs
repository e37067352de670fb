//! k-means++ under way: where the centres start, of rows wherever they are.

use super::start::{Start, least_distance_sq};
use crate::error::Error;
use crate::kernels::steps::{Firsts, Seeds};
use crate::random::{self, CENTRES};
use crate::rank;
use crate::select::apart::{Part, each, open};
use crate::select::unit_rows::{UnitRows, same_sq};
use std::collections::VecDeque;

/// Of rows that are elsewhere so many are asked for at a time, for each centre to come.
const ASKED: usize = 8;

/// And for so many centres, at most.
const AHEAD: usize = 16;

/// k-means++ under way.
///
/// Parts say which of their rows would be drawn, for some centres to come, and before when no other would; as centres
/// are placed a row is only drawn later. So centres are placed without asking again, until one of them cannot be told
/// from rows that were not named.
pub(super) struct Race<'a> {
    parts: Vec<Part<Box<dyn Seeds + 'a>>>,
    dim: usize,
    same: f64,
    most_ahead: usize,
    pub(super) starts: Vec<usize>,
    /// The starts' rows, and how many of them the parts know.
    centres: Vec<f64>,
    told: usize,
    /// What the parts have said for the centres that come next.
    ahead: VecDeque<Vec<Firsts>>,
}

/// Which row is drawn next.
enum Drawn {
    /// One, with its values at length 1.
    Row(usize, Vec<f64>),
    /// None: all rows are at a centre.
    None,
    /// The parts must be asked.
    Unknown,
}

impl<'a> Race<'a> {
    pub(super) fn new(rows: &'a UnitRows<'a>, seed: u64) -> Result<Self, Error> {
        let (pool, row_ids) = (rows.pool(), rows.pool().row_ids());
        let parts = open(
            pool,
            |part| {
                let own = row_ids.part(part.rows.clone());
                part.handle.seeds(seed, own)
            },
            || Ok(Box::new(Start::new(rows, seed, row_ids)) as _),
        )?;
        Ok(Self {
            parts,
            dim: rows.dim(),
            same: same_sq(rows.dim()),
            most_ahead: if pool.steps().is_empty() { 1 } else { AHEAD },
            starts: Vec::new(),
            centres: Vec::new(),
            told: 0,
            ahead: VecDeque::new(),
        })
    }

    /// Puts a centre at a row.
    pub(super) fn place(&mut self, row: usize, point: &[f64]) {
        self.starts.push(row);
        self.centres.extend_from_slice(point);
    }

    /// Puts a centre at the row of the smallest E/D², D being 1 before the first centre; whether there was one, which is
    /// not where all rows are at a centre. There are to be `clusters` centres.
    pub(super) fn next(&mut self, clusters: usize) -> Result<bool, Error> {
        loop {
            match self.drawn() {
                Drawn::Row(row, point) => {
                    self.ahead.pop_front();
                    self.place(row, &point);
                    return Ok(true);
                }
                Drawn::None => return Ok(false),
                Drawn::Unknown => self.ask(clusters)?,
            }
        }
    }

    /// Asks the parts for the centres to come: twice as many as were placed since they were asked last.
    fn ask(&mut self, clusters: usize) -> Result<(), Error> {
        let placed = self.starts.len();
        let block = match placed {
            0 => 1,
            _ => (2 * (placed - self.told)).clamp(1, self.most_ahead),
        };
        let first = CENTRES + placed as u64;
        let streams = first..first + block.min(clusters - placed) as u64;
        let most = if self.most_ahead == 1 { 1 } else { ASKED };
        let new = &self.centres[self.told * self.dim..];
        let of_parts = each(&mut self.parts, |part| {
            part.handle.firsts(new, streams.clone(), most)
        })?;
        self.told = placed;
        let mut of_parts: Vec<_> = of_parts.into_iter().map(Vec::into_iter).collect();
        let of_stream = |_| of_parts.iter_mut().filter_map(Iterator::next).collect();
        self.ahead = streams.map(of_stream).collect();
        Ok(())
    }

    /// The row that is drawn next, by what the parts have said.
    fn drawn(&self) -> Drawn {
        let Some(of_parts) = self.ahead.front() else {
            return Drawn::Unknown;
        };
        let new = &self.centres[self.told * self.dim..];
        let (mut best, mut found) = ((f64::INFINITY, usize::MAX), None);
        for (part, firsts) in self.parts.iter().zip(of_parts) {
            let rows = firsts.rows.iter().zip(&firsts.numbers);
            let points = firsts.points.chunks_exact(self.dim);
            for (((&row, &number), &known), point) in rows.zip(&firsts.distances_sq).zip(points) {
                let distance_sq = known.min(least_distance_sq(point, new));
                if distance_sq <= self.same {
                    continue;
                }
                let key = random::exponential_of(number) / distance_sq;
                let drawn = (key, part.rows.start + row as usize);
                if rank::by_key(drawn, best).is_lt() {
                    (best, found) = (drawn, Some(point));
                }
            }
        }
        let rest = of_parts.iter().map(|firsts| firsts.rest);
        if !new.is_empty() && rest.fold(f64::INFINITY, f64::min) <= best.0 {
            return Drawn::Unknown;
        }
        found.map_or(Drawn::None, |point| Drawn::Row(best.1, point.to_vec()))
    }
}
