//! Rows to measure on: clusters after a ReLU, as features of networks are.

use crate::error::Error;
use crate::features::Features;
use crate::random::mixed;
use rayon::prelude::*;
use std::sync::Arc;

/// Values that may be cut into rows of any length.
#[derive(Clone)]
pub(super) struct Values(Arc<Vec<f32>>);

/// Some of them, from the first on.
struct Head(Arc<Vec<f32>>, usize);

impl AsRef<[f32]> for Head {
    fn as_ref(&self) -> &[f32] {
        &self.0[..self.1]
    }
}

/// Values of rows that are alike in a cluster.
const PERIOD: usize = 512;
const CLUSTERS: usize = 32;

impl Values {
    pub(super) fn new(count: usize) -> Self {
        let mut values = vec![0.0; count];
        let rows = values.par_chunks_mut(PERIOD).enumerate();
        rows.for_each(|(row, values)| {
            let cluster = mixed(row as u64) % CLUSTERS as u64;
            for (column, value) in values.iter_mut().enumerate() {
                let centre = noise(cluster << 32 | column as u64);
                let own = noise((row as u64 + 1) << 24 | column as u64);
                *value = (centre + own).max(0.0);
            }
            values[0] += 0.1; // no row of zeros, however short rows are
        });
        values
            .iter_mut()
            .step_by(16)
            .for_each(|value| *value += 0.01);
        Self(Arc::new(values))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The first rows, of this length.
    pub(super) fn features(&self, rows: usize, dim: usize) -> Result<Features<'static>, Error> {
        Features::from_owner(Head(self.0.clone(), rows * dim), rows, dim)
    }
}

/// A sum of four even numbers, which is near to normal, of deviation 1.
fn noise(number: u64) -> f32 {
    let bits = mixed(number);
    let part = |at: u32| ((bits >> (14 * at)) & 0x3fff) as f32 / 16384.0 - 0.5;
    1.732 * (part(0) + part(1) + part(2) + part(3))
}
