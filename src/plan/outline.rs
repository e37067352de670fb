//! What is known of a pool before its rows are read.

/// What is known of a pool before its rows are read. Devices make it: `CpuPool::outline`, `Gpu::outline`,
/// `Shards::outline`.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Rows.
    pub rows: usize,
    /// Values a row.
    pub dim: usize,
    /// Whether every pass reads the rows anew, rather than finding them in memory.
    pub are_read: bool,
    /// Most bytes of integer rows at a time on the host; those of one class are there all the same.
    pub(crate) integer_bytes: u64,
    /// Most bytes of similarities kept, and of those of classes that are worked on together.
    pub(crate) room: u64,
    pub(crate) batch: u64,
    /// Whether the rows are worked on by the host's processor.
    pub(crate) is_host: bool,
}

impl Outline {
    /// Bytes of the rows as f32.
    #[must_use]
    pub fn row_bytes(&self) -> u64 {
        self.rows as u64 * self.dim as u64 * size_of::<f32>() as u64
    }

    /// The same pool with other rows, all in memory of the host: what a second stage picks from.
    pub(crate) fn of_rows(&self, rows: usize) -> Self {
        Self {
            rows,
            are_read: false,
            is_host: true,
            ..self.clone()
        }
    }

    /// Several pools as one ([`Shards`](crate::Shards)): each has its part of the rows. `None` of none.
    #[must_use]
    pub fn of_parts(parts: &[Self]) -> Option<Self> {
        let first = parts.first()?;
        let least = |of: fn(&Self) -> u64| parts.iter().map(of).min().unwrap_or(0);
        Some(Self {
            rows: parts.iter().map(|part| part.rows).sum(),
            integer_bytes: parts.iter().map(|part| part.integer_bytes).sum(),
            room: least(|part| part.room),
            batch: least(|part| part.batch),
            is_host: parts.iter().all(|part| part.is_host),
            ..first.clone()
        })
    }
}
