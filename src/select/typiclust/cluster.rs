//! One cluster: what its rows' typicality is at most, and which row is the most typical.

use super::line::Line;
use super::settle::Members;
use crate::checkpoint::unfit;
use crate::error::Error;
use crate::kernels::steps::Typicality;
use crate::progress::Pass;
use crate::rank;
use crate::select::unit_rows::UnitRows;

/// Rows whose products with their nearest are held at a time; one cluster's may be more.
const ANSWERS: usize = 8192;

/// Rows settled first for a pick; then twice as many, and so on.
const AT_ONCE: usize = 2;

/// Rows of a cluster by which it is told how many a row has to meet to be settled.
const PROBES: usize = 16;

/// A pair of rows that is settled takes about as long as so many that the kernel bounds.
const PAIRS: usize = 8;

impl Typicality {
    /// How many neighbours count where so many rows are left.
    fn neighbours_of(self, left: usize) -> usize {
        (left / 2).clamp(1, self.neighbours).min(left - 1)
    }

    /// The typicality of a row with its nearest at these squared distances, ascending. It falls
    /// where a distance rises, also as rounded.
    fn of(self, distances_sq: &[f64]) -> f64 {
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

/// The most typical of some rows, ascending: their places among them, and the typicality of each when it was picked.
#[cfg(feature = "remote")] // for workers alone
pub(crate) fn typical(
    rows: &UnitRows<'_>,
    members: Vec<usize>,
    rule: Typicality,
) -> Result<Vec<(usize, f64)>, Error> {
    let mut cluster = [Cluster::new(members.clone())];
    bound(&mut cluster, rows, rule, &Pass::unheard())?;
    let mut pick = |_| {
        let (row, typicality) = cluster[0].pick(rows, rule)?;
        Ok((members.partition_point(|&member| member < row), typicality))
    };
    (0..rule.picks).map(&mut pick).collect()
}

/// A cluster's rows that are neither labelled nor picked.
pub(super) struct Cluster {
    /// Ascending, until a line is laid; then in its order.
    rows: Vec<usize>,
    line: Line,
    /// What each row's typicality is at most. As rows are picked it only falls, for as long as the
    /// number of neighbours stays.
    most: Vec<f64>,
}

/// Bounds the typicality of the rows of clusters with so many rows that their number of neighbours
/// stays for a while.
///
/// Where rows have so few others about them that it takes less, they are settled.
pub(super) fn bound(
    clusters: &mut [Cluster],
    rows: &UnitRows<'_>,
    rule: Typicality,
    pass: &Pass<'_>,
) -> Result<(), Error> {
    let mut dense = Vec::new();
    for cluster in clusters
        .iter_mut()
        .filter(|cluster| cluster.is_bounded(rule))
    {
        let pairs = cluster.pairs();
        if !cluster.settle_if_sparse(rows, rule)? {
            dense.push(cluster);
        } else {
            pass.met(pairs)?;
        }
    }
    bound_dense(dense, rows, rule, pass)
}

/// Bounds the typicality of the rows of some clusters by the kernel.
fn bound_dense(
    mut clusters: Vec<&mut Cluster>,
    rows: &UnitRows<'_>,
    rule: Typicality,
    pass: &Pass<'_>,
) -> Result<(), Error> {
    let mut rest = &mut clusters[..];
    while !rest.is_empty() {
        let mut answers = 0;
        let fits = |cluster: &&&mut Cluster| {
            answers += cluster.rows.len();
            answers <= ANSWERS
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (group, after) = rest.split_at_mut(count);
        let members: Vec<&[usize]> = group.iter().map(|cluster| &cluster.rows[..]).collect();
        let most = rows.k_nearest(&members, (rule.neighbours, pass), |distances_sq| {
            rule.of(distances_sq)
        })?;
        for (cluster, most) in group.iter_mut().zip(most) {
            cluster.most = most;
        }
        rest = after;
    }
    Ok(())
}

impl Cluster {
    /// Of some rows, ascending.
    pub(super) fn new(rows: Vec<usize>) -> Self {
        let most = vec![f64::INFINITY; rows.len()];
        let line = Line::unknown(rows.len());
        Self { rows, line, most }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Pairs of its rows, each row with all.
    pub(super) fn pairs(&self) -> u64 {
        (self.rows.len() as u64).pow(2)
    }

    /// Those of its rows that are left: ascending, until something is asked of them.
    pub(super) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Whether its rows' typicality is bounded.
    pub(super) fn is_bounded(&self, rule: Typicality) -> bool {
        self.rows.len() >= 2 * rule.neighbours
    }

    /// Lays a line through the rows, and settles them all where few stand about each; whether so.
    fn settle_if_sparse(&mut self, rows: &UnitRows<'_>, rule: Typicality) -> Result<bool, Error> {
        let (len, neighbours) = (self.rows.len(), rule.neighbours);
        if len <= PAIRS * (2 * neighbours + 1) {
            return Ok(false); // too few to spare any
        }
        self.line = Line::lay(rows, &mut self.rows)?;
        let probes: Vec<usize> = (0..PROBES).map(|at| at * len / PROBES).collect();
        let to_meet = self.members(rows).to_meet(&probes, neighbours)?;
        let is_sparse = PAIRS * to_meet <= PROBES * len;
        if is_sparse {
            let all: Vec<usize> = (0..len).collect();
            self.most = self.typicalities(&all, neighbours, rows, rule)?;
        }
        Ok(is_sparse)
    }

    /// Takes out the most typical row; gives its typicality too.
    ///
    /// Rows are settled in the order of what they may be at most, until none that is left may
    /// be more typical than the best.
    pub(super) fn pick(
        &mut self,
        rows: &UnitRows<'_>,
        rule: Typicality,
    ) -> Result<(usize, f64), Error> {
        let left = self.rows.len();
        let neighbours = rule.neighbours_of(left);
        let mut at_once = AT_ONCE;
        if neighbours < rule.neighbours {
            // The mean of fewer neighbours may be less, so that no bound holds: all rows are settled.
            self.most.fill(f64::INFINITY);
            at_once = left;
        }
        let mut best = (f64::INFINITY, usize::MAX);
        loop {
            rows.settled().add(left);
            let key = |(most, &row): (&f64, &usize)| {
                let may_be_first = rank::by_key((-most, row), best).is_lt();
                if may_be_first { -most } else { f64::INFINITY }
            };
            let keys: Vec<f64> = self.most.iter().zip(&self.rows).map(key).collect();
            let places = rank::smallest(&keys, at_once);
            if places.is_empty() {
                break;
            }
            let typicalities = self.typicalities(&places, neighbours, rows, rule)?;
            for (place, typicality) in places.into_iter().zip(typicalities) {
                self.most[place] = typicality;
                let settled = (-typicality, self.rows[place]);
                best = rank::argmin([best, settled]).unwrap_or(best);
            }
            at_once *= 2;
        }
        let (key, row) = best;
        self.remove(row);
        Ok((row, -key))
    }

    /// Takes out the row that was the most typical in an earlier run.
    pub(super) fn pick_again(&mut self, row: usize) -> Result<(), Error> {
        if !self.rows.contains(&row) {
            return Err(unfit());
        }
        self.remove(row);
        Ok(())
    }

    /// The typicality of the rows at some places, in f64.
    fn typicalities(
        &self,
        places: &[usize],
        neighbours: usize,
        rows: &UnitRows<'_>,
        rule: Typicality,
    ) -> Result<Vec<f64>, Error> {
        let others = neighbours.min(self.rows.len() - 1);
        let members = self.members(rows);
        members.nearest(places, others, |distances_sq| rule.of(distances_sq))
    }

    fn members<'a>(&'a self, pool: &'a UnitRows<'a>) -> Members<'a> {
        Members {
            pool,
            rows: &self.rows,
            line: &self.line,
        }
    }

    fn remove(&mut self, row: usize) {
        if let Some(place) = self.rows.iter().position(|&other| other == row) {
            self.rows.remove(place);
            self.most.remove(place);
            self.line.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;
    use crate::random;

    /// Pairs settled for the first picks of one cluster of all rows, over all pairs.
    fn share_settled(count: usize, dim: usize, value: impl Fn(usize, usize) -> f32) -> f64 {
        let all = (0..count * dim).map(|at| value(at / dim, at % dim));
        let x: Vec<f32> = all.collect();
        let pool = CpuPool::new(Features::new(&x, count, dim).unwrap());
        let rows = UnitRows::new(&pool).unwrap();
        let mut cluster = [Cluster::new((0..count).collect())];
        let rule = Typicality {
            neighbours: 5,
            squared: false,
            picks: 1,
        };
        bound(&mut cluster, &rows, rule, &Pass::unheard()).unwrap();
        for _ in 0..10 {
            cluster[0].pick(&rows, rule).unwrap();
        }
        rows.settled().total() as f64 / (count * count * dim) as f64
    }

    /// Rows along a line, equal rows, and rows that lie close together far from 0 are settled by few
    /// pairs, as ordinary rows are.
    #[test]
    fn few_pairs_are_settled() {
        let (count, dim) = (3000, 16);
        let noise = random::exponentials(7, 0, count * dim);
        let noise = |row: usize, column: usize| noise[row * dim + column] as f32 - 1.0;
        let turn = |row: usize| 6.0 * noise(row, 0) / 7.0;
        let angle = |row, column| [turn(row).cos(), turn(row).sin()][column % 2];
        let shares = [
            share_settled(count, dim, noise),
            share_settled(count, dim, |_, _| 1.0),
            share_settled(count, dim, |row, column| noise(row % 7, column)),
            share_settled(count, 1, noise),
            share_settled(count, 2, angle),
            share_settled(count, dim, angle),
            share_settled(count, dim, |row, column| 1000.0 + noise(row, column)),
            share_settled(count, dim, |row, column| {
                (noise(row, 0) + 2.0) * (noise(0, column) + 2.0)
            }),
        ];
        assert!(shares.iter().all(|&share| share < 0.1), "{shares:?}");
    }
}
