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
    /// Bytes that a selection may take on the host beside the rows.
    pub(crate) memory: u64,
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

    /// How often rows of so many bytes are read for each to meet every other, of `rows` of which memory holds
    /// what it can: once where it holds all, and else half as often as it has to be filled.
    pub(crate) fn reads_for_pairs(&self, rows: usize, bytes: usize) -> f64 {
        /// The share of what memory holds that stays while the other rows pass by.
        const STAYING: f64 = 7.0 / 8.0;
        let held = self.memory as f64 / bytes as f64;
        let fillings = match rows as f64 <= held {
            true => 1.0,
            false => (rows as f64 / (STAYING * held).max(1.0)).ceil(),
        };
        (fillings + 1.0) / 2.0
    }

    /// Bytes that such rows take meanwhile, where they have to be read.
    pub(crate) fn bytes_for_pairs(&self, rows: usize, bytes: usize) -> u64 {
        match self.are_read {
            true => self.memory.min(rows as u64 * bytes as u64),
            false => 0,
        }
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
            memory: parts
                .iter()
                .fold(0, |sum, part| sum.saturating_add(part.memory)),
            integer_bytes: parts
                .iter()
                .fold(0, |sum, part| sum.saturating_add(part.integer_bytes)),
            room: least(|part| part.room),
            batch: least(|part| part.batch),
            is_host: parts.iter().all(|part| part.is_host),
            ..first.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_rows_that_are_read() {
        let outline = |memory| Outline {
            rows: 1000,
            dim: 8,
            are_read: true,
            memory,
            integer_bytes: memory / 2,
            room: 0,
            batch: 0,
            is_host: true,
        };
        assert_eq!(outline(16_000).reads_for_pairs(1000, 16), 1.0);
        assert_eq!(outline(8_000).reads_for_pairs(1000, 16), 2.0);
        assert_eq!(outline(0).reads_for_pairs(1000, 16), 500.5);
        assert_eq!(outline(8_000).bytes_for_pairs(1000, 16), 8_000);
        assert_eq!(outline(80_000).bytes_for_pairs(1000, 16), 16_000);
    }
}
