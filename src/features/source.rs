//! Where the rows are, and rows as kernels ask for them.

use std::fmt;
use std::sync::Arc;

/// Where the rows are.
#[derive(Clone)]
pub(super) enum Source<'a> {
    Slice(&'a [f32]),
    Owner(Arc<dyn AsRef<[f32]> + Send + Sync>),
}

impl Source<'_> {
    /// All values there are; an owner may have more or fewer than before.
    #[inline]
    pub(super) fn values(&self) -> &[f32] {
        match self {
            Self::Slice(values) => values,
            Self::Owner(owner) => (**owner).as_ref(),
        }
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slice(_) => "Slice",
            Self::Owner(_) => "Owner",
        })
    }
}

/// Room for rows that have to be fetched before they can be worked on. Those in memory need none.
#[derive(Debug, Default)]
pub(crate) struct Scratch {}

/// Some rows, wherever each of them lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread<'s> {
    /// Row-major; rows other than those asked for may be among them.
    pub(crate) values: &'s [f32],
    /// At which row of these each one asked for begins.
    pub(crate) places: &'s [usize],
    pub(super) dim: usize,
}

impl<'s> Spread<'s> {
    /// The rows, in the order in which they were asked for.
    #[inline]
    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = &'s [f32]> + Clone {
        let row = move |&place: &usize| &self.values[place * self.dim..][..self.dim];
        self.places.iter().map(row)
    }
}
