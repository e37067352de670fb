//! What k-means takes.

use super::KMeans;
use crate::plan::{Cost, Outline, Span, Work};

/// Sweeps until no row moves, for the square root of the rows, with a hundred clusters or more: what
/// clustered pools of all sizes need, within a factor of three.
const SWEEPS: f64 = 0.22;
/// Sweeps after which so few rows move that bounds spare most distances, and one more for so many of all.
const FULL: f64 = 10.0;
const ONE_MORE_OF: f64 = 15.0;
/// Centres that a row is compared with after that.
const MET: f64 = 4.0;

impl KMeans {
    /// Of the rows of an outline, each brought to length 1.
    pub(in crate::select) fn cost(&self, pool: &Outline) -> Cost {
        let (rows, dim, clusters) = (pool.rows, pool.dim, self.clusters.min(pool.rows));
        let mut cost = Cost::default();
        cost.pass(1);
        cost.add(Work::Draw, 0, rows, 1);
        cost.add(Work::Start, clusters, rows * clusters, 1);
        let sweeps = self.sweeps(rows, clusters);
        cost.passes += sweeps;
        cost.reads += sweeps;
        let full = sweeps.map(|sweeps| sweeps.min(FULL + sweeps / ONE_MORE_OF));
        let rest = sweeps + full * -1.0;
        let products = rows as f64 * clusters as f64;
        if pool.is_host {
            cost.add(Work::Assign, full, full * products, dim);
            cost.add(Work::Margins, rest * 2.0, rest * (MET * rows as f64), dim);
        } else {
            cost.add(Work::Assign, sweeps, sweeps * products, dim);
            cost.device_bytes = pool.row_bytes();
        }
        // All rows move in the first sweep, and as many once more in those that follow.
        let moved = Span {
            least: 1.0,
            likely: 1.0 + (full.likely - 1.0).clamp(0.0, 1.0),
            most: 1.0 + (full.most - 1.0).clamp(0.0, 3.0),
        };
        cost.add(Work::Sweep, 0, sweeps * rows as f64, 1);
        cost.add(Work::Move, sweeps, moved * rows as f64, dim);
        // Lengths, distances and random numbers; labels, twice; what the kernel answers.
        cost.host_bytes = 52 * rows as u64;
        cost
    }

    /// Sweeps, of which the data say how many.
    fn sweeps(&self, rows: usize, clusters: usize) -> Span {
        let most = self.convergence.max_sweeps as f64;
        let likely = SWEEPS * (rows as f64 * (clusters as f64 / 100.0).min(1.0)).sqrt();
        let likely = match self.convergence.tolerance {
            0.0 => likely,
            tolerance => likely.min(4.0 / tolerance.sqrt()),
        };
        Span {
            least: (likely / 4.0).clamp(2.0f64.min(most), most),
            likely: likely.clamp(2.0f64.min(most), most),
            most: (likely * 3.0).clamp(2.0f64.min(most), most),
        }
    }
}
