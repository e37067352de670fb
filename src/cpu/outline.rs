//! What is known of a CPU's pool before its rows are read.

use super::pool::CpuPool;
use super::similarities::{BATCH, ROOM};
use crate::plan::Outline;

impl CpuPool<'_> {
    /// What is known of a pool of `[rows, dim]` before its rows are read, which lie in memory or are read
    /// by every pass, and may take so many bytes besides ([`with_memory_limit`](Self::with_memory_limit)).
    #[must_use]
    pub fn outline([rows, dim]: [usize; 2], are_read: bool, memory: u64) -> Outline {
        let room = ROOM.min(memory / 2);
        Outline {
            rows,
            dim,
            are_read,
            memory,
            integer_bytes: memory / 2,
            room,
            batch: BATCH.min(room),
            is_host: true,
        }
    }
}
