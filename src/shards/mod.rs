//! Several pools as one. Kernels run on the shards side by side; answers are joined in shard order, and are
//! integers or bounds that the host settles, so that picks do not depend on the cut.

mod assigner;
mod neighbours;
pub(crate) mod parts;
mod quantise;
mod residuals;
mod similarities;
mod visited;

use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Precision};
use crate::kernels::assigner::Assigner;
use crate::kernels::function::KernelFunction;
use crate::kernels::neighbours::Neighbours;
use crate::kernels::pool::{ClusterRows, Pool};
use crate::kernels::residuals::Residuals;
use crate::kernels::similarities::{Examples, Similarities};
use crate::kernels::steps::PartSteps;
use crate::kernels::units::UnitMoves;
use crate::kernels::visited::Visited;
use crate::lp::Lp;
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::random::RowIds;
use assigner::ShardAssigner;
use neighbours::ShardNeighbours;
use parts::{Part, Parts};
use residuals::ShardResiduals;
use similarities::ShardSimilarities;
use visited::ShardVisited;

/// Pools of consecutive parts of one feature matrix, on any devices, as one pool.
///
/// Row i of the shards is row i of the matrix: the first pool's rows come first. Every selector makes the
/// picks that it makes of the matrix in one pool.
///
/// Rows meet rows of another shard as 16-bit integers a value, a block at a time. The rows of a
/// latent class (SAS) or of a cluster (TypiClust) that are of several shards are worked on by one; those of a class of
/// [`FacilityLocation`](crate::FacilityLocation), [`Coverage`](crate::Coverage) or [`Herding`](crate::Herding) as well,
/// but where shards are workers and there are 2¹⁷ of these rows, or more than one has the memory for: those stay. What ends
/// the work is the first pool's [`Stop`]: all are to have the same. Where a shard's device is lost,
/// [`Error::DeviceLost`] says which shard, and which rows it had; where a worker is, for good, [`Error::Interrupted`] says
/// which rows are missing.
///
/// ```
/// use coresift::{CpuPool, Features, GramSchmidt, Selector, Shards};
///
/// let x = [9.0, 0.0, 8.0, 0.0, 0.0, 1.0];
/// let features = Features::new(&x, 3, 2)?;
/// let parts = [features.part(0..1), features.part(1..3)];
/// let shards = Shards::new(parts.into_iter().map(|part| Box::new(CpuPool::new(part)) as _).collect())?;
/// let chosen = GramSchmidt { greedy: true, ..GramSchmidt::default() }.select(&shards, 2)?;
/// assert_eq!(chosen.picks, [0, 2]);
/// # Ok::<(), coresift::Error>(())
/// ```
pub struct Shards<'a> {
    parts: Parts<'a>,
    /// Which rows they are of the matrix, where some were left out of it.
    numbers: Option<Vec<usize>>,
}

impl std::fmt::Debug for Shards<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Shards").field(&self.parts.cuts).finish()
    }
}

impl<'a> Shards<'a> {
    /// Pools of consecutive rows, in their order.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] where there is none, one is empty, or they differ in the values of a row or in
    /// their unit: pools of [parts](Features::part) of one matrix share it.
    pub fn new(pools: Vec<Box<dyn Pool + 'a>>) -> Result<Self, Error> {
        let refuse = |found: String, expected: String| {
            Err(Error::Argument {
                argument: "shards",
                found,
                expected,
            })
        };
        let Some(first) = pools.first() else {
            return refuse("none".to_owned(), "at least one".to_owned());
        };
        let (dim, scale) = (first.dim(), first.scale());
        for (shard, pool) in pools.iter().enumerate() {
            if pool.rows() == 0 {
                return refuse(format!("shard {shard} without rows"), "rows".to_owned());
            }
            if pool.dim() != dim {
                let found = format!("shard {shard} of {} values a row", pool.dim());
                return refuse(found, format!("{dim}, as in shard 0"));
            }
            if pool.scale() != scale {
                let found = format!("shard {shard} in a unit of {:e}", 1.0 / pool.scale());
                return refuse(
                    found,
                    format!("{:e}, as in shard 0: parts of one matrix", 1.0 / scale),
                );
            }
        }
        Ok(Self {
            numbers: numbers(&pools),
            parts: Parts::new(pools),
        })
    }

    /// The answers to clusters of which the shard has all rows.
    fn k_nearest_at_home(
        &self,
        shard: usize,
        clusters: &[&ClusterRows<'_>],
        (k, pass): (usize, &Pass<'_>),
    ) -> Result<Vec<Vec<f32>>, Error> {
        let first = self.parts.cuts.rows(shard).start;
        let local: Vec<Vec<usize>> = (clusters.iter())
            .map(|cluster| cluster.rows.iter().map(|row| row - first).collect())
            .collect();
        let clusters = clusters.iter().zip(&local);
        let clusters: Vec<ClusterRows<'_>> = clusters
            .map(|(cluster, rows)| ClusterRows { rows, ..**cluster })
            .collect();
        self.parts.pools[shard].k_nearest(&clusters, k, pass)
    }

    /// The answer to a cluster of several shards: its rows come to one.
    fn k_nearest_abroad(
        &self,
        shard: usize,
        cluster: &ClusterRows<'_>,
        (k, pass): (usize, &Pass<'_>),
    ) -> Result<Vec<f32>, Error> {
        let values = self.given_rows(cluster.rows)?;
        let features = Features::new(&values, cluster.rows.len(), self.dim())?;
        let pool = self.parts.pools[shard].beside(features)?;
        let rows: Vec<usize> = (0..cluster.rows.len()).collect();
        let cluster = ClusterRows {
            rows: &rows,
            ..*cluster
        };
        let answers = pool.k_nearest(&[cluster], k, pass);
        Ok(self.parts.cuts.name(shard).put(answers)?.concat())
    }
}

impl Pool for Shards<'_> {
    fn rows(&self) -> usize {
        self.parts.cuts.all()
    }

    fn dim(&self) -> usize {
        self.parts.pools[0].dim()
    }

    fn scale(&self) -> f32 {
        self.parts.pools[0].scale()
    }

    /// The finest of the shards'.
    fn precision(&self) -> Precision {
        let precisions = self.parts.pools.iter().map(|pool| pool.precision());
        precisions.min().unwrap_or_default()
    }

    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        Ok(self.parts.each(|_, pool| pool.row_norms(norm))?.concat())
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.parts.fetch(rows, |pool, rows| pool.gather_rows(rows))
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.parts.fetch(rows, |pool, rows| pool.given_rows(rows))
    }

    fn values_at_once(&self) -> usize {
        self.parts
            .pools
            .iter()
            .map(|pool| pool.values_at_once())
            .sum()
    }

    fn memory_limit(&self) -> u64 {
        let limits = self.parts.pools.iter().map(|pool| pool.memory_limit());
        limits.fold(0, u64::saturating_add)
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        Ok(Box::new(ShardResiduals::new(&self.parts)?))
    }

    fn similarities(
        &self,
        examples: Examples<'_>,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        Ok(Box::new(ShardSimilarities::new(
            &self.parts,
            examples,
            function,
        )?))
    }

    fn similarities_of(
        &self,
        rows: IntegerRows,
        classes: ClassRanges,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        Ok(Box::new(ShardSimilarities::of(
            &self.parts,
            &rows,
            &classes,
            function,
        )?))
    }

    fn visited(
        &self,
        rows: &[usize],
        function: &KernelFunction,
    ) -> Result<Box<dyn Visited + '_>, Error> {
        Ok(Box::new(ShardVisited::new(&self.parts, rows, function)?))
    }

    /// On the first shard's device.
    fn beside<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        self.parts.pools[0].beside(features)
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        Ok(Box::new(ShardNeighbours::new(&self.parts)?))
    }

    fn assigner(&self, lengths: Vec<f32>) -> Result<Box<dyn Assigner + '_>, Error> {
        Ok(Box::new(ShardAssigner::new(&self.parts, &lengths)?))
    }

    fn sum_units(&self, moves: &UnitMoves<'_>) -> Result<Vec<i64>, Error> {
        let split = self.parts.cuts.split(moves.rows);
        let of = |labels: &[u32], part: &Part| -> Vec<u32> {
            part.places.iter().map(|&place| labels[place]).collect()
        };
        let found = self.parts.each(|shard, pool| {
            let part = &split[shard];
            if part.rows.is_empty() {
                return Ok(Vec::new());
            }
            pool.sum_units(&UnitMoves {
                rows: &part.rows,
                from: &of(moves.from, part),
                to: &of(moves.to, part),
                sums: moves.sums,
            })
        })?;
        let mut sums = vec![0; moves.sums * self.dim()];
        for found in found {
            sums.iter_mut()
                .zip(found)
                .for_each(|(sum, change)| *sum += change);
        }
        Ok(sums)
    }

    fn steps(&self) -> Vec<PartSteps<'_>> {
        self.parts.steps()
    }

    fn row_ids(&self) -> RowIds<'_> {
        RowIds {
            rows: self.numbers.as_deref(),
            ..RowIds::default()
        }
    }

    fn stop(&self) -> &Stop {
        self.parts.pools[0].stop()
    }

    /// A cluster goes to the shard that has all its rows, or else to one by turns.
    fn k_nearest(
        &self,
        clusters: &[ClusterRows<'_>],
        k: usize,
        pass: &Pass<'_>,
    ) -> Result<Vec<Vec<f32>>, Error> {
        let shards = self.parts.pools.len();
        let mut at_home = vec![Vec::new(); shards];
        let mut abroad = vec![Vec::new(); shards];
        for (at, cluster) in clusters.iter().enumerate() {
            match self.parts.home_of(cluster.rows) {
                Some(shard) => at_home[shard].push(at),
                None => abroad[at % shards].push(at),
            }
        }
        let found = self.parts.each(|shard, _| {
            let own: Vec<&ClusterRows<'_>> =
                at_home[shard].iter().map(|&at| &clusters[at]).collect();
            let mut answers = self.k_nearest_at_home(shard, &own, (k, pass))?;
            for &at in &abroad[shard] {
                answers.push(self.k_nearest_abroad(shard, &clusters[at], (k, pass))?);
            }
            Ok(answers)
        })?;
        let mut answers = vec![Vec::new(); clusters.len()];
        let asked = at_home
            .iter()
            .zip(&abroad)
            .map(|(own, others)| own.iter().chain(others));
        for (&at, answer) in asked.flatten().zip(found.into_iter().flatten()) {
            answers[at] = answer;
        }
        Ok(answers)
    }
}

/// Which rows those of some pools are, where a pool says.
fn numbers(pools: &[Box<dyn Pool + '_>]) -> Option<Vec<usize>> {
    if pools.iter().all(|pool| pool.row_ids().rows.is_none()) {
        return None;
    }
    let of_pools = pools.iter().flat_map(|pool| {
        let row_ids = pool.row_ids();
        (0..pool.rows()).map(move |row| row_ids.number(row))
    });
    Some(of_pools.collect())
}
