//! What a checkpoint is of: a selector, a budget and a pool.

use crate::checkpoint::Origin;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::random;
use std::fmt;
use std::hash::Hasher as _;
use twox_hash::XxHash3_64;

/// Rows by which a pool is told from others.
const SAMPLE: usize = 64;

/// A selection from this pool, by a selector that writes its terms.
pub(super) fn origin(
    write: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result,
    pool: &dyn Pool,
    budget: usize,
) -> Result<Origin, Error> {
    let mut terms = Hash(XxHash3_64::new());
    // A hash is written to without fail.
    write(&mut terms).unwrap_or_default();
    let mut values = XxHash3_64::new();
    let sample = random::sample(pool.rows(), SAMPLE);
    values.write(bytemuck::cast_slice(&pool.given_rows(&sample)?));
    Ok(Origin {
        selector: terms.0.finish(),
        budget,
        rows: pool.rows(),
        dim: pool.dim(),
        values: values.finish(),
    })
}

/// Hashes what is written.
struct Hash(XxHash3_64);

impl fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
