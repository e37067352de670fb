//! Clusters under way: rows to the nearest centre, centres to the means of their rows.

use super::bounds::Bounds;
use crate::checkpoint::{Sweeps, unfit};
use crate::error::Error;
use crate::kernels::assigner::CandidateGroup;
use crate::kernels::units::{UNIT, UnitMoves};
use crate::select::unit_rows::{Rivals, UnitRows};
use crate::{rank, reduce};
use rayon::prelude::*;

/// What a sweep does to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// No row is in another cluster than before.
    None,
    /// Some are, and none has come nearer to its centre by more than f64 rounds.
    WithinRounding,
    Far,
}

/// The label of a row that is in no cluster yet.
const NONE: usize = usize::MAX;

/// Clusters under way.
pub(super) struct Clusters<'a> {
    pub(super) rows: &'a UnitRows<'a>,
    /// Rows that stay with the first centres, one each, which stay too.
    pub(super) anchors: Vec<usize>,
    pub(super) labels: Vec<usize>,
    pub(super) centres: Vec<f64>,
    /// The sums of the clusters' rows, in multiples of 1/[`UNIT`].
    pub(super) sums: Vec<i64>,
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

impl<'a> Clusters<'a> {
    pub(super) fn new(rows: &'a UnitRows<'a>, centres: Vec<f64>) -> Self {
        Self {
            rows,
            anchors: Vec::new(),
            labels: vec![NONE; rows.len()],
            sums: vec![0; centres.len()],
            counts: vec![0; centres.len() / rows.dim()],
            centres,
            moved: rows.len(),
            bounds: None,
            try_at: rows.len() / FEW_MOVE,
        }
    }

    /// Makes them as an earlier run has left them.
    pub(super) fn restore(&mut self, kept: Sweeps) -> Result<(), Error> {
        self.labels = whole_labels(&kept.labels, self.rows.len(), self.counts.len())?;
        for &label in &self.labels {
            self.counts[label] += 1;
        }
        if kept.sums.len() != self.centres.len() || self.counts.contains(&0) {
            return Err(unfit());
        }
        self.sums = kept.sums;
        self.centre();
        Ok(())
    }

    /// Rows to the nearest centre, then centres to the means of their rows.
    pub(super) fn sweep(&mut self) -> Result<Moved, Error> {
        let rivals = self.rivals();
        let mut labels = self.assign(&rivals)?;
        (self.anchors.iter().enumerate()).for_each(|(centre, &row)| labels[row] = centre);
        let counts = self.fill_empty(&mut labels)?;
        let is_new = |&row: &usize| labels[row] != self.labels[row];
        let moved: Vec<usize> = (0..labels.len()).filter(is_new).collect();
        self.join(&rivals, &moved, &labels)?;
        let is_far = self.move_rows(&rivals, &moved, &labels)?;
        (self.labels, self.counts, self.moved) = (labels, counts, moved.len());
        self.centre();
        if let Some(bounds) = &mut self.bounds {
            bounds.shift(&rivals.vectors, &self.centres, rivals.dim);
        } else if self.moved <= self.try_at && self.anchors.is_empty() {
            self.bounds = Bounds::new(self.labels.len(), self.counts.len());
        }
        Ok(match moved.is_empty() {
            true => Moved::None,
            false if is_far => Moved::Far,
            false => Moved::WithinRounding,
        })
    }

    /// The centres as they compete for the rows.
    pub(super) fn rivals(&self) -> Rivals {
        let dim = self.rows.dim();
        let squares = self.centres.chunks_exact(dim);
        let squares = squares.map(|centre| reduce::vectorised!(reduce::dot(centre, centre)));
        let offsets = squares.map(|square| 0.5 * square).collect();
        Rivals::new(dim, self.centres.clone(), offsets)
    }

    /// Each row's nearest centre. Rows and centres are compared only where the bounds do not rule
    /// it out.
    pub(super) fn assign(&mut self, rivals: &Rivals) -> Result<Vec<usize>, Error> {
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
    fn join(&mut self, rivals: &Rivals, moved: &[usize], labels: &[usize]) -> Result<(), Error> {
        let Some(bounds) = &mut self.bounds else {
            return Ok(());
        };
        let clusters = rivals.offsets.len();
        let moved = by_label(moved.iter().copied(), labels, clusters);
        let groups = groups(&moved, labels, |cluster| {
            let others = (0..clusters as u32).filter(|&centre| centre as usize != cluster);
            Some([cluster as u32].into_iter().chain(others).collect())
        });
        let found = self.rows.margins(rivals, &groups)?;
        for (group, found) in groups.iter().zip(found.iter().flatten()) {
            bounds.join(group, found);
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
        let anchors = self.anchors.len();
        let mut is_anchor = vec![false; labels.len()];
        self.anchors.iter().for_each(|&row| is_anchor[row] = true);
        for empty in 0..counts.len() {
            if counts[empty] > 0 {
                continue;
            }
            self.rows.pool().stop().check()?;
            // A centre that stays needs no other rows.
            let gives = |cluster: usize| cluster < anchors || counts[cluster] > 1;
            let able = (0..labels.len()).filter(|&row| !is_anchor[row] && gives(labels[row]));
            if let Some((_, row)) = rank::argmin(able.map(|row| (-distances[row], row))) {
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
        let is_far = self.is_any_far(rivals, moved, labels)?;
        let short = |labels: &[usize]| -> Vec<u32> {
            // One of no cluster comes to be that of no sum.
            moved.iter().map(|&row| labels[row] as u32).collect()
        };
        let changes = self.rows.pool().sum_units(&UnitMoves {
            rows: moved,
            from: &short(&self.labels),
            to: &short(labels),
            sums: self.counts.len(),
        })?;
        let sums = self.sums.iter_mut().zip(changes);
        sums.for_each(|(sum, change)| *sum += change);
        Ok(is_far)
    }

    /// Whether a row that moves comes nearer by more than rounding.
    fn is_any_far(
        &self,
        rivals: &Rivals,
        moved: &[usize],
        labels: &[usize],
    ) -> Result<bool, Error> {
        if moved.iter().any(|&row| self.labels[row] == NONE) {
            return Ok(true);
        }
        let (dim, rounding, mut is_far) = (self.rows.dim(), rivals.rounding(), false);
        // Mostly the first ones tell.
        for some in moved.chunks(LOOKED_AT) {
            self.rows.gather(some, |rows, z| {
                let mut moved = rows.iter().zip(z.chunks_exact(dim));
                is_far = is_far
                    || moved.any(|(&row, z)| {
                        let (old, new) = (self.labels[row], labels[row]);
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

    /// The squared distances of all rows to their centres, added up: Σ‖z‖² − Σ n‖c‖², n being the rows of centre c
    /// and that their mean; of one that stays n(2⟨c, mean⟩ − ‖c‖²). Of exact sums, so every device finds the same.
    pub(super) fn inertia(&self) -> f64 {
        let dim = self.rows.dim();
        let centres = self
            .centres
            .chunks_exact(dim)
            .zip(self.sums.chunks_exact(dim));
        let explained = |(cluster, (centre, sum)): (usize, (&[f64], &[i64]))| {
            let square = reduce::vectorised!(reduce::dot(centre, centre));
            let square = square * self.counts[cluster] as f64;
            if cluster >= self.anchors.len() {
                return square;
            }
            let sum: Vec<f64> = sum.iter().map(|&sum| sum as f64 / UNIT).collect();
            2.0 * reduce::vectorised!(reduce::dot(centre, &sum)) - square
        };
        let explained: f64 = centres.enumerate().map(explained).sum();
        (self.rows.of_length_one() as f64 - explained).max(0.0)
    }

    /// Puts the centres at the means, but for those that stay.
    fn centre(&mut self) {
        let dim = self.rows.dim();
        let sums = self.sums.chunks_exact(dim);
        let clusters = self.centres.chunks_exact_mut(dim).zip(sums);
        for ((centre, sum), &count) in clusters.zip(&self.counts).skip(self.anchors.len()) {
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

/// Every row's squared distance to the centre of its cluster: all rows are gathered.
pub(in crate::select) fn distances_sq(
    rows: &UnitRows<'_>,
    labels: &[usize],
    centres: &[f64],
) -> Result<Vec<f64>, Error> {
    let (dim, mut distances) = (rows.dim(), Vec::with_capacity(labels.len()));
    let all: Vec<usize> = (0..labels.len()).collect();
    rows.gather(&all, |rows, z| {
        let of_row = |(&row, z): (&usize, &[f64])| {
            let centre = &centres[labels[row] * dim..][..dim];
            reduce::vectorised!(reduce::distance_sq(z, centre))
        };
        distances.par_extend(rows.par_iter().zip(z.par_chunks_exact(dim)).map(of_row));
        Ok(())
    })?;
    Ok(distances)
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
