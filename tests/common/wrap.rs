//! Watchers of a pool, to see what a selector does when a device is not quite right.

use coresift::kernels::{
    Assignment, Call, CandidateGroup, ClusterRows, Margins, RowState, Watched, Watcher,
};
use coresift::{Error, Pool, Selection};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Puts off residuals and hazards, at every deflation and refresh, by a relative error of random sign, and
/// so the scores of the nearest vectors, their margins by how far they are apart, and what is told of the
/// closest rows by the squares of their lengths.
pub struct Noisy {
    relative: f32,
    random: AtomicU32,
}

impl Noisy {
    pub fn around(pool: &dyn Pool, relative: f32) -> Watched<'_, Self> {
        let random = AtomicU32::new(1);
        Watched::new(pool, Self { relative, random })
    }

    fn noise(&self, odd: bool) -> f32 {
        if odd { self.relative } else { -self.relative }
    }

    /// 1 plus or minus the relative error.
    fn factor(&self) -> f32 {
        let next = |x: u32| x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let last = self
            .random
            .fetch_update(Relaxed, Relaxed, |x| Some(next(x)));
        1.0 + self.noise(next(last.unwrap()) >> 31 == 0)
    }
}

impl Watcher for Noisy {
    const CHANGES_STATES: bool = true;

    fn assign(&self, found: &mut [Assignment]) {
        for (row, nearest) in found.iter_mut().enumerate() {
            nearest.best *= 1.0 + self.noise(row % 3 == 0);
            if nearest.second < f32::MAX {
                nearest.second *= 1.0 + self.noise(row % 2 == 0);
            }
        }
    }

    fn margins(
        &self,
        vectors: &[f64],
        dim: usize,
        groups: &[CandidateGroup<'_>],
        found: &mut [Margins],
    ) {
        let vector = |index: u32| vectors[index as usize * dim..][..dim].iter();
        for (at, (margins, group)) in found.iter_mut().zip(groups).enumerate() {
            for (at, least) in margins.least.iter_mut().enumerate() {
                let differences = vector(group.vectors[at]).zip(vector(group.vectors[0]));
                let apart: f64 = differences.map(|(a, b)| (a - b).powi(2)).sum();
                *least += self.noise(at % 2 == 0) * apart.sqrt() as f32;
            }
            margins.own += self.noise(at % 3 == 0);
        }
    }

    fn k_nearest(&self, clusters: &[ClusterRows<'_>], found: &mut [Vec<f32>]) {
        for (closest, cluster) in found.iter_mut().zip(clusters) {
            let k = closest.len() / cluster.rows.len();
            for (at, answer) in closest.iter_mut().enumerate() {
                *answer += self.noise(at % 5 >= 2) * 2.0 * cluster.halves[at / k];
            }
        }
    }

    fn states(&self, before: &[RowState], after: &mut [RowState]) {
        for (state, before) in after.iter_mut().zip(before) {
            if !state.is_masked() {
                state.residual_sq *= self.factor();
                let hazard = (before.left - state.left) * self.factor();
                state.left = (before.left - hazard).max(0.0);
            }
        }
    }
}

/// Loses the device after so many calls.
pub struct Lost {
    calls_left: AtomicUsize,
}

impl Lost {
    pub fn after(pool: &dyn Pool, calls: usize) -> Watched<'_, Self> {
        let calls_left = AtomicUsize::new(calls);
        Watched::new(pool, Self { calls_left })
    }
}

impl Watcher for Lost {
    fn around<T>(&self, _: Call, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let one_less = |left: usize| left.checked_sub(1);
        if self
            .calls_left
            .fetch_update(Relaxed, Relaxed, one_less)
            .is_ok()
        {
            return run();
        }
        Err(Error::DeviceLost {
            reason: "unplugged".to_owned(),
            partial: Box::new(Selection::default()),
        })
    }
}
