//! The rows of one pool in clusters: which is nearest to which centre, and what bounds spare.

use super::bounds::Bounds;
use crate::checkpoint::unfit;
use crate::error::Error;
use crate::kernels::assigner::CandidateGroup;
use crate::kernels::steps::{Anchor, Clustered, Swept};
use crate::kernels::units::UnitMoves;
use crate::reduce;
use crate::select::unit_rows::{Rivals, UnitRows};
use rayon::prelude::*;

/// The label of a row that is in no cluster yet.
const NONE: usize = usize::MAX;

/// The rows of one pool in clusters.
pub(crate) struct Members<'a> {
    rows: &'a UnitRows<'a>,
    anchors: Vec<Anchor>,
    /// Each row's cluster, and that before the last sweep.
    pub(super) labels: Vec<usize>,
    before: Vec<usize>,
    /// Those of the last sweep; none before the first.
    centres: Vec<f64>,
    sums: Vec<i64>,
    /// How many rows each cluster has, and how many of all have moved in the last sweep.
    counts: Vec<usize>,
    moved: usize,
    /// None where a sweep looks at all rows and centres.
    pub(super) bounds: Option<Bounds>,
    /// Bounds are tried once no more rows than this move; again, where they were not worth it, once a
    /// quarter as many do.
    pub(super) try_at: usize,
}

/// Rows that move and are looked at a time, until one is found to move far.
const LOOKED_AT: usize = 256;

/// Bounds are first tried where fewer than one row in so many moves: those of rows that move are found
/// anew for all centres.
const FEW_MOVE: usize = 128;

impl<'a> Members<'a> {
    pub(crate) fn new(rows: &'a UnitRows<'a>, anchors: Vec<Anchor>) -> Self {
        Self {
            rows,
            anchors,
            labels: vec![NONE; rows.len()],
            before: vec![NONE; rows.len()],
            centres: Vec::new(),
            sums: Vec::new(),
            counts: Vec::new(),
            moved: rows.len(),
            bounds: None,
            try_at: rows.len() / FEW_MOVE,
        }
    }

    /// Takes the centres of a new sweep.
    pub(super) fn begin(&mut self, centres: &[f64]) {
        let dim = self.rows.dim();
        if self.centres.is_empty() {
            self.sums.resize(centres.len(), 0);
            self.counts.resize(centres.len() / dim, 0);
        } else if let Some(bounds) = &mut self.bounds {
            bounds.shift(&self.centres, centres, dim);
        } else if self.moved <= self.try_at && self.anchors.is_empty() {
            self.bounds = Bounds::new(self.labels.len(), self.counts.len());
        }
        self.centres = centres.to_vec();
    }

    /// The centres as they compete for the rows.
    pub(super) fn rivals(&self) -> Rivals {
        Rivals::of_points(self.rows.dim(), self.centres.clone())
    }

    /// Each row's nearest centre. Rows and centres are compared only where the bounds do not rule
    /// it out.
    pub(super) fn nearest(&mut self, rivals: &Rivals) -> Result<Vec<usize>, Error> {
        let clusters = rivals.offsets.len();
        let Some(bounds) = &mut self.bounds else {
            return self.rows.assign(rivals);
        };
        let of_cluster: Vec<_> = (0..clusters)
            .map(|cluster| bounds.rivals_of(cluster))
            .collect();
        if !bounds.are_worth_it(&of_cluster, &self.counts, self.moved) {
            (self.bounds, self.try_at) = (None, self.moved / 4);
            return self.rows.assign(rivals);
        }
        let open = (0..self.rows.len()).filter(|&row| of_cluster[self.labels[row]].is_some());
        let open = by_label(open, &self.labels, clusters);
        let groups = groups(&open, &self.labels, |cluster| of_cluster[cluster].clone());
        let Some(found) = self.rows.margins(rivals, &groups)? else {
            (self.bounds, self.try_at) = (None, 0);
            return self.rows.assign(rivals);
        };
        for (group, found) in groups.iter().zip(&found) {
            bounds.replace(group, found);
        }
        let mut labels = self.labels.clone();
        self.rows
            .assignment_of(rivals, &groups, &found, &mut labels)?;
        Ok(labels)
    }

    /// Tells the bounds of rows that have moved.
    fn join(&mut self, rivals: &Rivals, moved: &[usize]) -> Result<(), Error> {
        let Some(bounds) = &mut self.bounds else {
            return Ok(());
        };
        let clusters = rivals.offsets.len();
        let moved = by_label(moved.iter().copied(), &self.labels, clusters);
        let groups = groups(&moved, &self.labels, |cluster| {
            let others = (0..clusters as u32).filter(|&centre| centre as usize != cluster);
            Some([cluster as u32].into_iter().chain(others).collect())
        });
        let found = self.rows.margins(rivals, &groups)?;
        for (group, found) in groups.iter().zip(found.iter().flatten()) {
            bounds.join(group, found);
        }
        Ok(())
    }

    /// Takes rows from the sums of their old clusters to those of their new ones.
    fn move_rows(&mut self, moved: &[usize], from: &[u32]) -> Result<(), Error> {
        let to: Vec<u32> = moved.iter().map(|&row| self.labels[row] as u32).collect();
        let changes = self.rows.pool().sum_units(&UnitMoves {
            rows: moved,
            from,
            to: &to,
            sums: self.counts.len(),
        })?;
        let sums = self.sums.iter_mut().zip(changes);
        sums.for_each(|(sum, change)| *sum += change);
        for (&from, &to) in from.iter().zip(&to) {
            if from != UnitMoves::NO_SUM {
                self.counts[from as usize] -= 1;
            }
            self.counts[to as usize] += 1;
        }
        Ok(())
    }

    /// What the sweep comes to.
    fn swept(&mut self, rivals: &Rivals, moved: &[usize]) -> Result<Swept, Error> {
        self.moved = moved.len();
        Ok(Swept {
            counts: self.counts.iter().map(|&count| count as u64).collect(),
            sums: self.sums.clone(),
            moved: moved.len() as u64,
            is_far: self.is_any_far(rivals, moved)?,
        })
    }

    /// The rows that are in another cluster than before the sweep.
    fn moved(&self) -> Vec<usize> {
        let is_new = |&row: &usize| self.labels[row] != self.before[row];
        (0..self.labels.len()).filter(is_new).collect()
    }

    /// Whether a row that moves comes nearer by more than rounding.
    fn is_any_far(&self, rivals: &Rivals, moved: &[usize]) -> Result<bool, Error> {
        if moved.iter().any(|&row| self.before[row] == NONE) {
            return Ok(true);
        }
        let (dim, rounding, mut is_far) = (self.rows.dim(), rivals.rounding(), false);
        // Mostly the first ones tell.
        for some in moved.chunks(LOOKED_AT) {
            self.rows.gather(some, |rows, z| {
                let mut moved = rows.iter().zip(z.chunks_exact(dim));
                is_far = is_far
                    || moved.any(|(&row, z)| {
                        let (old, new) = (self.before[row], self.labels[row]);
                        rivals.score(old, z) - rivals.score(new, z) > 2.0 * rounding
                    });
                Ok(())
            })?;
            if is_far {
                break;
            }
        }
        Ok(is_far)
    }
}

impl Clustered for Members<'_> {
    fn assign(&mut self, centres: &[f64]) -> Result<Swept, Error> {
        self.begin(centres);
        let rivals = self.rivals();
        let mut labels = self.nearest(&rivals)?;
        self.anchors
            .iter()
            .for_each(|anchor| labels[anchor.row] = anchor.centre);
        self.before = std::mem::replace(&mut self.labels, labels);
        let moved = self.moved();
        self.join(&rivals, &moved)?;
        // One of no cluster comes to be that of no sum.
        let from: Vec<u32> = moved.iter().map(|&row| self.before[row] as u32).collect();
        self.move_rows(&moved, &from)?;
        self.swept(&rivals, &moved)
    }

    fn put(&mut self, rows: &[usize], clusters: &[u32]) -> Result<Swept, Error> {
        let from: Vec<u32> = rows.iter().map(|&row| self.labels[row] as u32).collect();
        for (&row, &cluster) in rows.iter().zip(clusters) {
            self.labels[row] = cluster as usize;
        }
        let rivals = self.rivals();
        self.join(&rivals, rows)?;
        self.move_rows(rows, &from)?;
        let moved = self.moved();
        self.swept(&rivals, &moved)
    }

    fn restore(&mut self, clusters: &[u32], count: usize) -> Result<Swept, Error> {
        self.labels = whole_labels(clusters, self.labels.len(), count)?;
        self.sums = vec![0; count * self.rows.dim()];
        self.counts = vec![0; count];
        let all: Vec<usize> = (0..self.labels.len()).collect();
        self.move_rows(&all, &vec![UnitMoves::NO_SUM; all.len()])?;
        Ok(Swept {
            counts: self.counts.iter().map(|&count| count as u64).collect(),
            sums: self.sums.clone(),
            moved: all.len() as u64,
            is_far: true,
        })
    }

    fn labels(&self) -> Result<Vec<u32>, Error> {
        Ok(self.labels.iter().map(|&label| label as u32).collect())
    }

    /// All rows are gathered.
    fn distances_sq(&self, centres: &[f64]) -> Result<Vec<f64>, Error> {
        let (dim, mut distances) = (self.rows.dim(), Vec::with_capacity(self.labels.len()));
        let all: Vec<usize> = (0..self.labels.len()).collect();
        self.rows.gather(&all, |rows, z| {
            let of_row = |(&row, z): (&usize, &[f64])| {
                let centre = &centres[self.labels[row] * dim..][..dim];
                reduce::vectorised!(reduce::distance_sq(z, centre))
            };
            distances.par_extend(rows.par_iter().zip(z.par_chunks_exact(dim)).map(of_row));
            Ok(())
        })?;
        Ok(distances)
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
fn groups<'a>(
    rows: &'a [usize],
    labels: &[usize],
    among: impl Fn(usize) -> Option<Vec<u32>>,
) -> Vec<CandidateGroup<'a>> {
    let of_cluster = rows.chunk_by(|&a, &b| labels[a] == labels[b]);
    let group = |rows: &'a [usize]| {
        let vectors = among(labels[rows[0]])?;
        Some(CandidateGroup { rows, vectors })
    };
    of_cluster.filter_map(group).collect()
}

/// Labels that were kept, of so many rows and clusters.
pub(super) fn whole_labels(
    labels: &[u32],
    rows: usize,
    clusters: usize,
) -> Result<Vec<usize>, Error> {
    let labels: Vec<usize> = labels.iter().map(|&label| label as usize).collect();
    if labels.len() != rows || labels.iter().any(|&label| label >= clusters) {
        return Err(unfit());
    }
    Ok(labels)
}
