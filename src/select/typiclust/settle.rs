//! The squared distances of rows to their nearest, in f64.

use super::line::Line;
use crate::error::Error;
use crate::reduce;
use crate::select::unit_rows::UnitRows;
use rayon::prelude::*;
use std::ops::Range;

/// Rows whose nearest are looked for at a time.
const AT_ONCE: usize = 1 << 12;

/// Some rows of a cluster that stand along a line.
pub(super) struct Members<'a> {
    pub(super) pool: &'a UnitRows<'a>,
    /// In the order of the line.
    pub(super) rows: &'a [usize],
    pub(super) line: &'a Line,
}

/// A row whose nearest are looked for.
struct Asked {
    place: usize,
    /// Its squared distances to the nearest of those that it has met, ascending.
    nearest: Vec<f64>,
    /// The places of the rows that it has met.
    met: Range<usize>,
    /// Of those that it is to meet.
    unmet: [Range<usize>; 2],
}

impl Members<'_> {
    /// What `of_row` makes of the squared distances of the rows at some places to the `count` nearest
    /// others, ascending. There must be as many others.
    pub(super) fn nearest<T>(
        &self,
        places: &[usize],
        count: usize,
        of_row: impl Fn(&[f64]) -> T,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::with_capacity(places.len());
        for places in places.chunks(AT_ONCE) {
            let own = self.own(places)?;
            let mut asked = self.met_about(places, &own, count)?;
            self.meet(&mut asked, &own, count)?;
            found.extend(asked.iter().map(|asked| of_row(&asked.nearest)));
        }
        Ok(found)
    }

    /// How many rows those at some places have to meet.
    pub(super) fn to_meet(&self, places: &[usize], count: usize) -> Result<usize, Error> {
        let asked = self.met_about(places, &self.own(places)?, count)?;
        let of_row = |asked: &Asked| {
            let unmet = asked.unmet.iter().map(Range::len);
            asked.met.len() + unmet.sum::<usize>()
        };
        Ok(asked.iter().map(of_row).sum())
    }

    fn own(&self, places: &[usize]) -> Result<Vec<f64>, Error> {
        let rows: Vec<usize> = places.iter().map(|&place| self.rows[place]).collect();
        self.pool.rows(&rows)
    }

    /// The rows at some places after each has met those about it; unmet are those that may be nearer.
    fn met_about(&self, places: &[usize], own: &[f64], count: usize) -> Result<Vec<Asked>, Error> {
        let asked = |&place: &usize| {
            let about = self.line.about(place, count);
            Asked {
                place,
                nearest: Vec::with_capacity(count + 1),
                met: place..place,
                unmet: [about.start..place, place + 1..about.end],
            }
        };
        let mut asked: Vec<Asked> = places.iter().map(asked).collect();
        self.meet(&mut asked, own, count)?;
        for asked in &mut asked {
            let farthest = asked
                .nearest
                .last()
                .filter(|_| asked.nearest.len() == count);
            let farthest = farthest.copied().unwrap_or(f64::INFINITY);
            let all = self.line.within(asked.place, farthest);
            let met = &asked.met;
            asked.unmet = [
                all.start.min(met.start)..met.start,
                met.end..all.end.max(met.end),
            ];
        }
        Ok(asked)
    }

    /// Rows meet those that they are to meet.
    fn meet(&self, asked: &mut [Asked], own: &[f64], count: usize) -> Result<(), Error> {
        let unmet = asked.iter().flat_map(|asked| &asked.unmet);
        (self.pool).count_settled(unmet.map(Range::len).sum());
        let places = union(asked.iter().flat_map(|asked| asked.unmet.clone()).collect());
        let rows: Vec<usize> = places.iter().map(|&place| self.rows[place]).collect();
        let (dim, mut first) = (self.pool.dim(), 0);
        self.pool.gather(&rows, |rows, z| {
            let places = &places[first..][..rows.len()];
            first += rows.len();
            let each = asked.par_iter_mut().zip(own.par_chunks_exact(dim));
            let each = self.pool.pool().stop().over(each);
            each.try_for_each(|each| {
                let (asked, own) = each?;
                asked.meet(own, places, z, count);
                Ok(())
            })
        })?;
        for asked in asked {
            let [before, after] = &asked.unmet;
            asked.met = before.start..after.end;
        }
        Ok(())
    }
}

impl Asked {
    /// Adds the squared distances to those rows that it is to meet to the list of the nearest.
    fn meet(&mut self, own: &[f64], places: &[usize], z: &[f64], count: usize) {
        for unmet in &self.unmet {
            let first = places.partition_point(|&place| place < unmet.start);
            let after = places.partition_point(|&place| place < unmet.end);
            let z = z[first * own.len()..after * own.len()].chunks_exact(own.len());
            reduce::vectorised!({
                for z in z {
                    keep(&mut self.nearest, count, reduce::distance_sq(own, z));
                }
            });
        }
    }
}

/// All places of some ranges, ascending.
fn union(mut ranges: Vec<Range<usize>>) -> Vec<usize> {
    ranges.sort_unstable_by_key(|range| range.start);
    let (mut places, mut end) = (Vec::new(), 0);
    for range in ranges {
        places.extend(range.start.max(end)..range.end);
        end = end.max(range.end);
    }
    places
}

/// Keeps the `count` smallest, ascending.
fn keep(smallest: &mut Vec<f64>, count: usize, value: f64) {
    if smallest.len() == count && smallest.last().is_none_or(|&last| last <= value) {
        return;
    }
    let at = smallest.partition_point(|&kept| kept <= value);
    smallest.insert(at, value);
    smallest.truncate(count);
}
