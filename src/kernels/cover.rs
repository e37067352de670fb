//! How well chosen rows cover all others.

use std::ops::Range;

/// Of every row how similar the most similar chosen row is, and what it weighs.
#[derive(Clone, Copy, Debug)]
pub struct Cover<'a> {
    /// The largest similarity with a chosen row, 0 where none is chosen; by place.
    pub best: &'a [u16],
    /// Weights of the rows by place; of 1 each where there are none.
    pub weights: Option<&'a [u16]>,
}

impl<'a> Cover<'a> {
    /// That of the rows at some places.
    #[must_use]
    pub fn part(self, places: Range<usize>) -> Self {
        Self {
            best: &self.best[places.clone()],
            weights: self.weights.map(|weights| &weights[places]),
        }
    }

    /// What a row of this similarity to the row at a place would add to its cover, by weight.
    #[must_use]
    pub fn gain(self, place: usize, similarity: u16) -> i64 {
        let rise = u32::from(similarity.saturating_sub(self.best[place]));
        let weight = self.weights.map_or(1, |weights| weights[place]);
        i64::from(rise * u32::from(weight))
    }
}
