//! A cluster's rows in the order of their places along a line: rows that lie close to each other do so
//! along any line, so a row's nearest are among those that stand about it.

use crate::error::Error;
use crate::select::unit_rows::{UnitRows, middle, sample};
use crate::{rank, reduce};
use rayon::prelude::*;
use std::ops::Range;

/// Where a cluster's rows stand along a line.
pub(super) struct Line {
    /// ⟨z, u⟩ of every row, ascending; u is no longer than 1.
    keys: Vec<f64>,
    /// What a difference of two of them may be off.
    off: f64,
}

impl Line {
    /// Of so many rows that all stand at one place, for all that it knows: any may be near to any.
    pub(super) fn unknown(len: usize) -> Self {
        Self {
            keys: vec![0.0; len],
            off: 0.0,
        }
    }

    /// Lays a line through a cluster, and brings its rows into the order along it; rows at one place,
    /// as equal ones are, ascend. A pass over the cluster.
    pub(super) fn lay(rows: &UnitRows<'_>, cluster: &mut Vec<usize>) -> Result<Self, Error> {
        let along = direction(rows, cluster)?;
        let mut placed: Vec<(f64, usize)> = Vec::with_capacity(cluster.len());
        rows.gather(cluster, |members, z| {
            let z = z.par_chunks_exact(along.len());
            let key =
                |(&row, z): (&usize, &[f64])| (reduce::vectorised!(reduce::dot(z, &along)), row);
            placed.par_extend(members.par_iter().zip(z).map(key));
            Ok(())
        })?;
        rank::sort_by_key(&mut placed, |&key| key);
        let keys;
        (keys, *cluster) = placed.into_iter().unzip();
        Ok(Self {
            keys,
            off: 4.0 * rounding(rows.dim()),
        })
    }

    /// `count` places on either side of one.
    pub(super) fn about(&self, place: usize, count: usize) -> Range<usize> {
        place.saturating_sub(count)..(place + count + 1).min(self.keys.len())
    }

    /// The places of all rows whose squared distance to that at `place`, as rounded, may be below
    /// `distance_sq`.
    pub(super) fn within(&self, place: usize, distance_sq: f64) -> Range<usize> {
        if distance_sq == 0.0 {
            return place..place; // none is below
        }
        let key = self.keys[place];
        let reach = distance_sq.sqrt() * (1.0 + self.off) + self.off;
        let first = self.keys.partition_point(|&other| other < key - reach);
        let after = self.keys.partition_point(|&other| other <= key + reach);
        first..after
    }

    pub(super) fn remove(&mut self, place: usize) {
        self.keys.remove(place);
    }
}

/// More than a squared distance is off, over its size, or a product of two rows no longer than 1.
fn rounding(dim: usize) -> f64 {
    (dim as f64 / 16.0 + 20.0) * f64::EPSILON
}

/// From the middle of some rows of a cluster to that which is farthest from it; of length 1, or of none
/// where those are all alike.
fn direction(rows: &UnitRows<'_>, cluster: &[usize]) -> Result<Vec<f64>, Error> {
    let (dim, z) = (rows.dim(), rows.rows(&sample(cluster))?);
    let middle = middle(&z, dim);
    let nearness = |z: &[f64]| -reduce::distance_sq(z, &middle);
    let farthest = rank::argmin(z.chunks_exact(dim).map(nearness).zip(0..));
    let (nearness, farthest) = farthest.unwrap_or((0.0, 0));
    let length = (-nearness).sqrt();
    let z = z[farthest * dim..][..dim].iter();
    // A little less than 1, whatever rounding does.
    let factor = if length > 0.0 {
        (1.0 - rounding(dim)) / length
    } else {
        0.0
    };
    Ok(z.zip(&middle)
        .map(|(z, middle)| (z - middle) * factor)
        .collect())
}
