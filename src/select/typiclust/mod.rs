//! TypiClust: in every cluster the most typical rows.

mod apart;
pub(crate) mod cluster;
mod cost;
mod line;
mod made;
mod settle;

use super::classes::{ClassRows, Partition};
use super::kmeans::{Convergence, KMeans};
use super::parallel;
use super::unit_rows::UnitRows;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::{MOST_NEIGHBOURS, Pool};
use crate::kernels::steps::Typicality;
use crate::plan::{Cost, Outline};
use crate::progress::Pass;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, places};
use crate::selection::Selection;
use cluster::{Cluster, bound};
use made::Made;
use std::cmp::Reverse;
use std::fmt;

/// Clusters of more rows than this come first.
const SMALL: usize = 5;

/// Clusters of k-means, at most.
const MOST_CLUSTERS: usize = 500;

/// The most typical rows of every cluster, for a first few labels.
///
/// The rows, at length 1, are in clusters: those of k-means into min(`labelled` + `budget`, 500), or
/// given ones. Clusters of more than five rows take turns: first those with the fewest labelled rows,
/// of these the largest, of these that of the lowest number. In its turn a cluster gives its most
/// typical row that is neither labelled nor picked,
///
/// ```text
/// typicality of i = 1 / (mean of ‖z_i − z_j‖ over the K nearest j + 10⁻⁵),
/// K = max(1, min(neighbours, ⌊rows left / 2⌋))
/// ```
///
/// ties to the lower row; z are rows at length 1, and j the rows left in the cluster. A row that is
/// left alone has typicality 0. When those clusters have no rows left, the smaller ones take turns in
/// the same order. (G. Hacohen, A. Dekel and D. Weinshall, *Active Learning on a Budget: Opposite
/// Strategies Suit High and Low Budgets*, ICML 2022, arXiv:2202.02794; the numbers 5, 500 and 20 and
/// K are those of the authors' code.)
///
/// **Departures.** The authors' code averages *squared* distances (`squared` does), and fails where a
/// cluster's rows or its large clusters run out. Where there are fewer different rows than k-means is
/// to make clusters, it makes one for each of them.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any; only directions matter |
/// | `picks` | `budget` | row indices, distinct, in the order of turns |
/// | `scores` | `budget` | typicality of each pick when it was picked, at most 10⁵ |
///
/// A kernel bounds every row's distances to its nearest; rows that could be the most typical are
/// settled in f64. So every device gives the same picks. Scores are exact, rounded to f32.
///
/// Cost: k-means ([`KMeans`] says what it takes), then 2·n²·dim flops for a cluster of n rows, once. A
/// pick settles some rows with 3·n·dim flops each at most: few. Where few rows stand about each along
/// a line, as with equal rows or in one or two columns, rows are settled against those alone, and that
/// is all. Beside the features it takes some 40 bytes a row, while k-means
/// runs 60, and 4·`neighbours` a row of the largest cluster.
///
/// # Errors
///
/// [`Error::Argument`] for neighbours outside 1..=64, or clusters that are not one a row;
/// [`Error::ZeroRow`]; else as [`Selector::select`].
///
/// # Example
///
/// ```
/// use coresift::{CpuPool, Features, Selector, TypiClust};
///
/// // Row 1 is between the others of its cluster; row 3 is alone.
/// let x = [1.0, 0.0, 1.0, 0.2, 1.0, 0.3, -1.0, 0.1];
/// let pool = CpuPool::new(Features::new(&x, 4, 2)?);
/// let clusters = Some(vec![0, 0, 0, 1]);
/// let chosen = TypiClust { clusters, ..TypiClust::default() }.select(&pool, 2)?;
/// assert_eq!(chosen.picks, [1, 3]);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TypiClust {
    /// Each row's cluster, numbers may have gaps; `None` for those of k-means.
    pub clusters: Option<Vec<usize>>,
    /// How many nearest rows make a row typical, from 1 to 64.
    pub neighbours: usize,
    /// Average squared distances, as the authors' code.
    pub squared: bool,
    /// Seed of k-means.
    pub seed: u64,
    /// When the sweeps of k-means end.
    pub convergence: Convergence,
    /// Rows already labelled: never picked and no one's neighbours; their clusters' turns come later.
    pub labelled: Vec<usize>,
}

impl Default for TypiClust {
    /// Clusters of k-means with seed 0, 20 neighbours, plain distances.
    fn default() -> Self {
        Self {
            clusters: None,
            neighbours: 20,
            squared: false,
            seed: 0,
            convergence: Convergence::default(),
            labelled: Vec::new(),
        }
    }
}

impl Sealed for TypiClust {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (labelled, mut selection) = begin(self, pool, budget)?;
        if budget == 0 {
            return Ok(selection);
        }
        let rows = UnitRows::new(pool)?;
        rows.refuse_zeros("typicality")?;
        selection.warnings.extend(parallel::warning(pool)?);
        let partition = self.partition(&rows, budget, course)?;
        selection.passes = 1 + partition.passes;
        let done = self.pick(&rows, partition, &labelled, budget, &mut selection, course);
        selection.settled = rows.settled().total();
        match done {
            Ok(()) => Ok(selection),
            Err(error) => Err(error.with_partial(selection)),
        }
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        write!(to, "{self:?}")
    }
}

impl Selector for TypiClust {
    fn check(&self, rows: usize, _: usize) -> Result<(), Error> {
        self.convergence.check()?;
        if !(1..=MOST_NEIGHBOURS).contains(&self.neighbours) {
            return Err(Error::Argument {
                argument: "neighbours",
                found: self.neighbours.to_string(),
                expected: format!("a number from 1 to {MOST_NEIGHBOURS}"),
            });
        }
        match &self.clusters {
            Some(clusters) if clusters.len() != rows => Err(Error::Argument {
                argument: "clusters",
                found: format!("{} clusters", clusters.len()),
                expected: format!("one for each of {rows} rows"),
            }),
            _ => Ok(()),
        }
    }

    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.cost_of(pool, budget)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn among(&self, _: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        let of_rows = |clusters: &Vec<usize>| rows.iter().map(|&row| clusters[row]).collect();
        Ok(Box::new(Self {
            clusters: self.clusters.as_ref().map(of_rows),
            labelled: places(&self.labelled, rows),
            ..*self
        }))
    }
}

impl TypiClust {
    /// The rows by cluster.
    fn partition(
        &self,
        rows: &UnitRows<'_>,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Partition, Error> {
        if let Some(clusters) = &self.clusters {
            return Ok(Partition::of(clusters));
        }
        let clusters = (self.labelled.len() + budget).min(MOST_CLUSTERS);
        let k_means = KMeans {
            convergence: self.convergence,
            ..KMeans::new(clusters, self.seed)
        };
        let (labels, passes) = k_means.labels_of_at_most(rows, course)?;
        Ok(Partition {
            passes,
            ..Partition::of(&labels)
        })
    }

    /// Makes the picks.
    fn pick(
        &self,
        rows: &UnitRows<'_>,
        partition: Partition,
        labelled: &[bool],
        budget: usize,
        selection: &mut Selection,
        course: &mut Course<'_>,
    ) -> Result<(), Error> {
        let rule = Typicality {
            neighbours: self.neighbours,
            squared: self.squared,
            picks: 1,
        };
        let mut bounded = false;
        let (step, earlier) = course.picks(&mut labelled.to_vec(), budget, selection)?;
        let mut made = Made {
            selection,
            course,
            step,
            earlier,
        };
        for mut turns in turns(partition.classes, labelled) {
            let left = budget - made.len();
            turns.truncate(left); // the others would get no turn
            bounded |= turns.iter().any(|cluster| cluster.is_bounded(rule));
            match rows.pool().steps().is_empty() {
                true => pick_here(rows, turns, rule, &mut made, left)?,
                false => apart::pick(rows.pool(), &turns, rule, &mut made, left)?,
            }
        }
        selection.passes += usize::from(bounded);
        Ok(())
    }
}

/// Makes the picks of some clusters in their turns, up to `left`.
fn pick_here(
    rows: &UnitRows<'_>,
    mut turns: Vec<Cluster>,
    rule: Typicality,
    made: &mut Made<'_, '_>,
    mut left: usize,
) -> Result<(), Error> {
    let pairs = turns.iter().map(Cluster::pairs).sum();
    let pass = Pass::begin(pairs, made.course.listener())?;
    bound(&mut turns, rows, rule, &pass)?;
    while !turns.is_empty() && left > 0 {
        for cluster in turns.iter_mut().take(left) {
            let again = made.again().next();
            let pick = match again {
                Some((row, typicality)) => {
                    cluster.pick_again(row)?;
                    (row, typicality)
                }
                None => cluster.pick(rows, rule)?,
            };
            made.take(pick)?;
            left -= 1;
        }
        turns.retain(|cluster| !cluster.is_empty());
    }
    Ok(())
}

/// The clusters that have rows to pick, in the order of their turns: the large ones, then the small.
fn turns(mut classes: Vec<ClassRows>, labelled: &[bool]) -> [Vec<Cluster>; 2] {
    let count = |rows: &[usize]| rows.iter().filter(|&&row| labelled[row]).count();
    classes.sort_by_cached_key(|class| {
        let size = class.rows.len();
        (count(&class.rows), Reverse(size), class.class)
    });
    let (large, small) = (classes.into_iter()).partition(|class| class.rows.len() > SMALL);
    [large, small].map(|classes: Vec<ClassRows>| {
        let clusters = classes.into_iter().map(|class| {
            let mut rows = class.rows;
            rows.retain(|&row| !labelled[row]);
            Cluster::new(rows)
        });
        clusters.filter(|cluster| !cluster.is_empty()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six rows of cluster 4, seven of 2 and of 9, five of 1, two of 3.
    #[test]
    fn clusters_take_turns_by_labels_size_and_number() {
        let clusters = [
            4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2, 9, 9, 9, 9, 9, 9, 9, 1, 1, 1, 1, 1, 3, 3,
        ];
        let order = |labelled: &[usize]| -> [Vec<usize>; 2] {
            let mask: Vec<bool> = (0..27).map(|row| labelled.contains(&row)).collect();
            let turns = turns(Partition::of(&clusters).classes, &mask);
            turns.map(|of_size| {
                of_size
                    .iter()
                    .map(|cluster| clusters[cluster.rows()[0]])
                    .collect()
            })
        };
        assert_eq!(order(&[]), [vec![2, 9, 4], vec![1, 3]]);
        assert_eq!(order(&[6, 20]), [vec![9, 4, 2], vec![3, 1]]);
        // Labelled rows count for the size; a cluster of none but those has no turn.
        assert_eq!(order(&[0, 1, 25, 26]), [vec![2, 9, 4], vec![1]]);
    }
}
