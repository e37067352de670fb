//! One cluster: what its rows' typicality is at most, and which row is the most typical.

use crate::select::unit_rows::UnitRows;
use crate::{Error, order, sums};
use rayon::prelude::*;

/// Rows whose products with their nearest are held at a time; one cluster's may be more.
const ANSWERS: usize = 8192;

/// Rows settled first for a pick; then twice as many, and so on.
const AT_ONCE: usize = 2;

/// What makes a row typical.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) neighbours: usize,
    pub(super) squared: bool,
}

impl Rule {
    /// How many neighbours count where so many rows are left.
    fn neighbours_of(self, left: usize) -> usize {
        (left / 2).clamp(1, self.neighbours).min(left - 1)
    }

    /// The typicality of a row with its nearest at these squared distances, ascending. It falls
    /// where a distance rises, also as rounded.
    fn typicality(self, distances_sq: &[f64]) -> f64 {
        if distances_sq.is_empty() {
            return 0.0;
        }
        let sum: f64 = if self.squared {
            distances_sq.iter().sum()
        } else {
            distances_sq.iter().map(|d| d.sqrt()).sum()
        };
        1.0 / (sum / distances_sq.len() as f64 + 1e-5)
    }
}

/// A cluster's rows that are neither labelled nor picked.
pub(super) struct Cluster {
    /// Ascending.
    rows: Vec<usize>,
    /// What each row's typicality is at most. As rows are picked it only falls, for as long as the
    /// number of neighbours stays.
    most: Vec<f64>,
}

/// Bounds the typicality of the rows of clusters with so many rows that their number of neighbours
/// stays for a while; whether there are any.
pub(super) fn bound(
    clusters: &mut [Cluster],
    rows: &UnitRows<'_>,
    rule: Rule,
) -> Result<bool, Error> {
    let able = |cluster: &&mut Cluster| cluster.rows.len() >= 2 * rule.neighbours;
    let mut able: Vec<&mut Cluster> = clusters.iter_mut().filter(able).collect();
    let mut rest = &mut able[..];
    let found = !rest.is_empty();
    while !rest.is_empty() {
        let mut answers = 0;
        let fits = |cluster: &&&mut Cluster| {
            answers += cluster.rows.len();
            answers <= ANSWERS
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (group, after) = rest.split_at_mut(count);
        let members: Vec<&[usize]> = group.iter().map(|cluster| &cluster.rows[..]).collect();
        let most = rows.closest(&members, rule.neighbours, |distances_sq| {
            rule.typicality(distances_sq)
        })?;
        for (cluster, most) in group.iter_mut().zip(most) {
            cluster.most = most;
        }
        rest = after;
    }
    Ok(found)
}

impl Cluster {
    pub(super) fn new(rows: Vec<usize>) -> Self {
        let most = vec![f64::INFINITY; rows.len()];
        Self { rows, most }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    #[cfg(test)]
    pub(super) fn first(&self) -> usize {
        self.rows[0]
    }

    /// Takes out the most typical row; gives its typicality too.
    ///
    /// Rows are settled in the order of what they may be at most, until none that is left may
    /// be more typical than the best.
    pub(super) fn pick(&mut self, rows: &UnitRows<'_>, rule: Rule) -> Result<(usize, f64), Error> {
        let left = self.rows.len();
        let neighbours = rule.neighbours_of(left);
        // The mean of fewer neighbours may be less, so that no bound holds: all rows are settled.
        let is_fixed = neighbours == rule.neighbours;
        let mut at_once = if is_fixed { AT_ONCE } else { left };
        let mut keys: Vec<f64> = self.most.iter().map(|most| -most).collect();
        let mut best = (f64::INFINITY, left);
        loop {
            let mut places = order::smallest(&keys, at_once);
            places.retain(|&place| order::by_key((keys[place], place), best).is_lt());
            if places.is_empty() {
                break;
            }
            let typicalities = self.settle(&places, neighbours, rows, rule)?;
            for (place, typicality) in places.into_iter().zip(typicalities) {
                self.most[place] = typicality;
                keys[place] = f64::INFINITY; // is settled
                best = order::argmin([best, (-typicality, place)]).unwrap_or(best);
            }
            at_once *= 2;
        }
        let (_, place) = best;
        Ok((self.rows.remove(place), self.most.remove(place)))
    }

    /// The typicality of some rows, by their places, in f64. The cluster is gathered.
    fn settle(
        &self,
        places: &[usize],
        neighbours: usize,
        rows: &UnitRows<'_>,
        rule: Rule,
    ) -> Result<Vec<f64>, Error> {
        let dim = rows.dim();
        let asked: Vec<usize> = places.iter().map(|&place| self.rows[place]).collect();
        let own = rows.rows(&asked)?;
        let mut nearest: Vec<Vec<f64>> = vec![Vec::new(); asked.len()];
        rows.gather(&self.rows, |others, z| {
            let asked = asked.par_iter().zip(own.par_chunks_exact(dim));
            (asked.zip(&mut nearest))
                .for_each(|(own, nearest)| meet(nearest, neighbours, own, others, z));
        })?;
        Ok(nearest.iter().map(|list| rule.typicality(list)).collect())
    }
}

/// Adds a row's squared distances to other rows to the list of its nearest.
fn meet(nearest: &mut Vec<f64>, count: usize, own: (&usize, &[f64]), others: &[usize], z: &[f64]) {
    let (&row, own) = own;
    sums::vectorised!({
        for (&other, z) in others.iter().zip(z.chunks_exact(own.len())) {
            if other != row {
                keep(nearest, count, sums::distance_sq(own, z));
            }
        }
    });
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
