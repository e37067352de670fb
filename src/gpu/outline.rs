//! What is known of a GPU's pool before its rows are read.

use super::dense::Dense;
use super::device::Gpu;
use super::similarities::{ASSUMED_ROOM, WORKING_BYTES};
use crate::plan::Outline;
use crate::quantise::IntegerRows;

impl Gpu {
    /// What is known of a pool of `[rows, dim]` on this device before its rows are read, which lie in the
    /// host's memory or are read by every pass.
    #[must_use]
    pub fn outline(&self, [rows, dim]: [usize; 2], are_read: bool) -> Outline {
        let integers = 2 * (IntegerRows::pitch_of(dim) * rows) as u64;
        let working = WORKING_BYTES * rows as u64 + integers;
        let left = self.memory_left();
        let left = left.map_or(ASSUMED_ROOM, |left| left.saturating_sub(working));
        let room = left.min(Dense::most(self));
        Outline {
            rows,
            dim,
            are_read,
            memory: 0,
            integer_bytes: 0,
            room,
            batch: room,
            is_host: false,
        }
    }
}
