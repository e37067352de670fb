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
        let mut hash = XxHash3_64::new();
        hash.write_u64(self.rows as u64);
        hash.write_u64(self.dim as u64);
        hash.write(bytemuck::cast_slice(self.norms_sq()));
        let mut scratch = Scratch::default();
        for row in random::sample(self.rows, SAMPLE) {
            hash.write(bytemuck::cast_slice(
                self.block(row..row + 1, &mut scratch)?,
            ));
        }
        Ok(hash.finish())
    }
}
