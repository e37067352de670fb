//! How long a pool's rows are, and how far the scores that a kernel gives them may be off.

use super::rivals::Extent;
use crate::kernels::assigner::Assignment;
use crate::kernels::rounding::{UNIT_ROUNDOFF, norm_bounds, score_error};
use crate::lp::Lp;
use crate::select::metric::Metric;

/// 2⁻⁶², in pool unit: more than a product loses where a subnormal counts as zero, also one of an
/// application's buffer, which is brought to pool unit only then, by 2⁶³ at most.
const FLUSHED: f64 = 1.0 / (1u64 << 62) as f64;

/// Vectors of another pool may be so long beside these rows that scores overflow f32: far below that.
const LONGEST_OFFSET: f64 = 1e30;

/// What a pool says of its rows' lengths, and what follows for their scores.
pub(super) struct Lengths {
    pub(super) dim: usize,
    /// Squared lengths; zero only for a row of zeros.
    pub(super) squared: Vec<f32>,
    /// By cosines a row's offsets are weighed by its length, and its scores are those at length 1 times that.
    pub(super) metric: Metric,
}

impl Lengths {
    /// Whether a row is all zeros.
    pub(super) fn is_zero(&self, row: usize) -> bool {
        self.squared[row] == 0.0
    }

    /// What a kernel is given to weigh offsets by.
    pub(super) fn for_kernel(&self) -> Vec<f32> {
        match self.metric {
            // A row of zeros has 1, so that its score is the offset alone.
            Metric::Cosine => (self.squared.iter())
                .map(|&squared| if squared == 0.0 { 1.0 } else { squared.sqrt() })
                .collect(),
            Metric::Euclidean => vec![1.0; self.squared.len()],
        }
    }

    /// The interval that holds what a row's offsets are to be weighed by, given its [`bounds`](Self::bounds).
    fn weights(&self, bounds: (f64, f64)) -> (f64, f64) {
        match self.metric {
            Metric::Cosine => bounds,
            Metric::Euclidean => (1.0, 1.0),
        }
    }

    /// The interval that holds a row's length, or what stands for it.
    fn bounds(&self, row: usize) -> (f64, f64) {
        if self.is_zero(row) {
            return (1.0, 1.0);
        }
        norm_bounds(Lp::L2, self.squared[row], self.dim)
    }

    /// Whether a row's two best scores lie within the kernel's error, and what they are off in f64,
    /// of vectors as large as `given`.
    pub(super) fn is_open(
        &self,
        row: usize,
        found: &Assignment,
        given: Extent,
        rounding: f64,
    ) -> bool {
        let (low, high) = self.bounds(row);
        let error = self.error((low, high), given, rounding) + self.flushed(given);
        given.length.max(given.offset) > LONGEST_OFFSET
            || f64::from(found.second) - f64::from(found.best) <= 2.0 * error
    }

    /// How far scores of some rows may be off, over the row's length: their errors, and what is wrong
    /// with that length and with three roundings.
    pub(super) fn error_over_length(&self, rows: &[usize]) -> impl Fn(Extent, f64) -> f64 {
        let (mut over, mut high) = (0.0f64, 1.0f64);
        for &row in rows {
            let (least, most) = self.bounds(row);
            (over, high) = (over.max(1.0 / least), high.max(most / least));
        }
        let of_length = high - 1.0 + 8.0 * UNIT_ROUNDOFF;
        // All of it grows in proportion to what there is of each: computed once, as there are many
        // vectors.
        let of = |length, offset| {
            let given = Extent { length, offset };
            self.error((1.0, high), given, 0.0) + (length + offset) * of_length
        };
        let flushed = self.dim as f64 * FLUSHED * over;
        let (of_length, of_offset) = (of(1.0, 0.0) + flushed, of(0.0, 1.0));
        move |given, rounding| {
            if !high.is_finite() {
                return f64::INFINITY; // a row that is hardly told from zeros here
            }
            of_length * given.length + of_offset * given.offset + high * rounding + flushed
        }
    }

    /// How far a score of the kernel may be off, of a row of a length between these: its own error, that of the
    /// weight it was given, the roundings of weight and offset to f32, and `rounding`, for a length 1.
    fn error(&self, bounds: (f64, f64), given: Extent, rounding: f64) -> f64 {
        let (high, (least, most)) = (bounds.1, self.weights(bounds));
        let of_weights = given.offset * (most - least + 2.0 * UNIT_ROUNDOFF * most);
        score_error(self.dim, high, given.length, given.offset * most)
            + of_weights
            + high.max(most) * rounding
    }

    /// And where subnormals count as zero.
    fn flushed(&self, given: Extent) -> f64 {
        self.dim as f64 * FLUSHED * (1.0 + given.length)
    }
}
