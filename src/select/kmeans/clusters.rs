//! Clusters under way: rows to the nearest centre, part by part, and centres to the means of their rows.

use super::members::{Members, whole_labels};
use crate::checkpoint::{Sweeps, unfit};
use crate::error::Error;
use crate::kernels::steps::{Anchor, Clustered, Swept};
use crate::kernels::units::UNIT;
use crate::select::apart::{Part, each, open};
use crate::select::unit_rows::UnitRows;
use crate::{rank, reduce};

/// What a sweep does to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// No row is in another cluster than before.
    None,
    /// Some are, and none has come nearer to its centre by more than f64 rounds.
    WithinRounding,
    Far,
}

/// Clusters under way, of a pool's rows or of those of its parts.
pub(in crate::select) struct Clusters<C: ?Sized> {
    pub(super) parts: Vec<Part<Box<C>>>,
    dim: usize,
    /// Rows that are not all zeros.
    of_length_one: usize,
    /// Rows that stay with the first centres, one each, which stay too.
    anchors: Vec<usize>,
    pub(in crate::select) centres: Vec<f64>,
    /// The sums of the clusters' rows, in multiples of 1/[`UNIT`].
    pub(super) sums: Vec<i64>,
    /// How many rows each cluster has.
    counts: Vec<usize>,
}

impl<'a> Clusters<dyn Clustered + 'a> {
    /// Of rows wherever they are: where parts of a pool do steps by themselves each has its own.
    pub(super) fn new(
        rows: &'a UnitRows<'a>,
        anchors: &[usize],
        centres: Vec<f64>,
    ) -> Result<Self, Error> {
        let of_part = |first: usize, end: usize| {
            let places = anchors.iter().enumerate();
            let own = places.filter(move |(_, row)| (first..end).contains(row));
            let own = own.map(move |(centre, row)| Anchor {
                row: row - first,
                centre,
            });
            own.collect::<Vec<Anchor>>()
        };
        let parts = open(
            rows.pool(),
            |part| {
                let own = of_part(part.rows.start, part.rows.end);
                part.handle.clustered(&own)
            },
            || Ok(Box::new(Members::new(rows, of_part(0, rows.len()))) as _),
        )?;
        Ok(Self::of(parts, rows, anchors.to_vec(), centres))
    }
}

impl<C: Clustered + ?Sized> Clusters<C> {
    pub(super) fn of(
        parts: Vec<Part<Box<C>>>,
        rows: &UnitRows<'_>,
        anchors: Vec<usize>,
        centres: Vec<f64>,
    ) -> Self {
        Self {
            parts,
            dim: rows.dim(),
            of_length_one: rows.of_length_one(),
            anchors,
            sums: vec![0; centres.len()],
            counts: vec![0; centres.len() / rows.dim()],
            centres,
        }
    }

    /// Makes them as an earlier run has left them.
    pub(super) fn restore(&mut self, kept: &Sweeps) -> Result<(), Error> {
        let rows = self.parts.iter().map(|part| part.rows.len()).sum();
        let count = self.counts.len();
        whole_labels(&kept.labels, rows, count)?;
        let swept = each(&mut self.parts, |part| {
            part.handle.restore(&kept.labels[part.rows.clone()], count)
        })?;
        self.take(&swept);
        if kept.sums != self.sums || self.counts.contains(&0) {
            return Err(unfit());
        }
        self.centre();
        Ok(())
    }

    /// Rows to the nearest centre, then centres to the means of their rows.
    pub(super) fn sweep(&mut self) -> Result<Moved, Error> {
        let centres = &self.centres;
        let mut swept = each(&mut self.parts, |part| part.handle.assign(centres))?;
        self.take(&swept);
        if self.counts.contains(&0) {
            self.fill_empty(&mut swept)?;
            self.take(&swept);
        }
        self.centre();
        let is_far = swept.iter().any(|swept| swept.is_far);
        Ok(match swept.iter().all(|swept| swept.moved == 0) {
            true => Moved::None,
            false if is_far => Moved::Far,
            false => Moved::WithinRounding,
        })
    }

    /// Adds up what the parts say of their clusters.
    fn take(&mut self, swept: &[Swept]) {
        self.sums.fill(0);
        self.counts.fill(0);
        for swept in swept {
            let sums = self.sums.iter_mut().zip(&swept.sums);
            sums.for_each(|(sum, own)| *sum += own);
            let counts = self.counts.iter_mut().zip(&swept.counts);
            counts.for_each(|(count, &own)| *count += own as usize);
        }
    }

    /// Gives every empty cluster the row farthest from its centre, and says it to the parts that have those.
    fn fill_empty(&mut self, swept: &mut [Swept]) -> Result<(), Error> {
        let (labels, distances) = (self.labels()?, self.distances_sq()?);
        let given = self.farthest(labels, &distances)?;
        let changed = each(&mut self.parts, |part| {
            let own: Vec<(usize, u32)> = (given.iter())
                .filter(|(row, _)| part.rows.contains(row))
                .map(|&(row, cluster)| (row - part.rows.start, cluster))
                .collect();
            let (rows, clusters): (Vec<usize>, Vec<u32>) = own.into_iter().unzip();
            match rows.is_empty() {
                true => Ok(None),
                false => part.handle.put(&rows, &clusters).map(Some),
            }
        })?;
        for (swept, changed) in swept.iter_mut().zip(changed) {
            *swept = changed.unwrap_or_else(|| swept.clone());
        }
        Ok(())
    }

    /// The rows that empty clusters are given, and which are given them.
    fn farthest(
        &self,
        mut labels: Vec<usize>,
        distances: &[f64],
    ) -> Result<Vec<(usize, u32)>, Error> {
        let mut counts = self.counts.clone();
        let anchors = self.anchors.len();
        let mut is_anchor = vec![false; labels.len()];
        self.anchors.iter().for_each(|&row| is_anchor[row] = true);
        let mut given = Vec::new();
        for empty in 0..counts.len() {
            if counts[empty] > 0 {
                continue;
            }
            // A centre that stays needs no other rows.
            let gives = |cluster: usize| cluster < anchors || counts[cluster] > 1;
            let able = (0..labels.len()).filter(|&row| !is_anchor[row] && gives(labels[row]));
            if let Some((_, row)) = rank::argmin(able.map(|row| (-distances[row], row))) {
                counts[labels[row]] -= 1;
                counts[empty] = 1;
                labels[row] = empty;
                given.push((row, empty as u32));
            }
        }
        Ok(given)
    }

    /// Each row's cluster.
    pub(in crate::select) fn labels(&mut self) -> Result<Vec<usize>, Error> {
        let of_parts = each(&mut self.parts, |part| part.handle.labels())?;
        let labels = of_parts.into_iter().flatten();
        Ok(labels.map(|label| label as usize).collect())
    }

    /// Every row's squared distance to the centre of its cluster.
    pub(in crate::select) fn distances_sq(&mut self) -> Result<Vec<f64>, Error> {
        let centres = &self.centres;
        Ok(each(&mut self.parts, |part| part.handle.distances_sq(centres))?.concat())
    }

    /// The squared distances of all rows to their centres, added up: Σ‖z‖² − Σ n‖c‖², n being the rows of centre c
    /// and that their mean; of one that stays n(2⟨c, mean⟩ − ‖c‖²). Of exact sums, so every device finds the same.
    pub(super) fn inertia(&self) -> f64 {
        let dim = self.dim;
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
        (self.of_length_one as f64 - explained).max(0.0)
    }

    /// Puts the centres at the means, but for those that stay.
    fn centre(&mut self) {
        let sums = self.sums.chunks_exact(self.dim);
        let clusters = self.centres.chunks_exact_mut(self.dim).zip(sums);
        for ((centre, sum), &count) in clusters.zip(&self.counts).skip(self.anchors.len()) {
            for (mean, &sum) in centre.iter_mut().zip(sum) {
                *mean = sum as f64 / UNIT / count as f64;
            }
        }
    }
}
