//! Features told apart by a number.

use super::{Features, Scratch};
use crate::error::Error;
use crate::random;
use std::hash::Hasher as _;
use twox_hash::XxHash3_64;

/// Rows whose values are looked at, at most.
const SAMPLE: usize = 1024;

impl Features<'_> {
    /// A number that tells these features from others: a hash of their shape, of every row's length in
    /// f64, and of all values of 1024 of the rows, anywhere among them. It is the same on every machine
    /// and for every form that the features come in, and takes no pass over them. A change that it does
    /// not see leaves the lengths of all rows as they are.
    ///
    /// ```
    /// use coresift::Features;
    ///
    /// let of = |x: &[f32]| Features::new(x, 2, 2)?.fingerprint();
    /// assert_eq!(of(&[3.0, 4.0, 0.0, 1.0])?, of(&[3.0, 4.0, 0.0, 1.0])?);
    /// assert_ne!(of(&[3.0, 4.0, 0.0, 1.0])?, of(&[3.0, 4.0, 1.0, 0.0])?);
    /// # Ok::<(), coresift::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::OwnerChanged`] and [`Error::Unreadable`].
    pub fn fingerprint(&self) -> Result<u64, Error> {
        let mut scratch = Scratch::default();
        fingerprint(&[self.norms_sq()], self.dim, |row| {
            self.block(row..row + 1, &mut scratch).map(<[f32]>::to_vec)
        })
    }

    /// Each row's squared length in f64, as [`fingerprint_of_parts`](Self::fingerprint_of_parts) goes by.
    #[must_use]
    pub fn squared_lengths(&self) -> &[f64] {
        self.norms_sq()
    }

    /// The [fingerprint](Self::fingerprint) of features of which parts are in several places: by every part's
    /// [squared lengths](Self::squared_lengths), and by whoever gives rows by their numbers among all.
    ///
    /// # Errors
    ///
    /// Those of `rows`.
    pub fn fingerprint_of_parts(
        squared_lengths: &[&[f64]],
        dim: usize,
        rows: impl FnOnce(&[usize]) -> Result<Vec<f32>, Error>,
    ) -> Result<u64, Error> {
        let count = squared_lengths.iter().map(|part| part.len()).sum();
        let values = rows(&random::sample(count, SAMPLE))?;
        let mut values = values.chunks_exact(dim);
        fingerprint(squared_lengths, dim, |_| {
            Ok(values.next().unwrap_or_default().to_vec())
        })
    }
}

fn fingerprint(
    squared_lengths: &[&[f64]],
    dim: usize,
    mut values: impl FnMut(usize) -> Result<Vec<f32>, Error>,
) -> Result<u64, Error> {
    let rows = squared_lengths.iter().map(|part| part.len()).sum();
    let mut hash = XxHash3_64::new();
    hash.write_u64(rows as u64);
    hash.write_u64(dim as u64);
    for part in squared_lengths {
        hash.write(bytemuck::cast_slice(part));
    }
    for row in random::sample(rows, SAMPLE) {
        hash.write(bytemuck::cast_slice(&values(row)?));
    }
    Ok(hash.finish())
}
