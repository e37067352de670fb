//! Rows in the order of what they would cover at most.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A number of rows that a row would newly cover, and the row: the larger number first, then the
/// lower row.
pub(super) type Rank = (u32, Reverse<u32>);

/// The rows that may be picked and are not held.
#[derive(Default)]
pub(super) struct Queue {
    /// What each item would cover at most.
    bounds: Vec<u32>,
    /// An entry for each row that waits. Its bound may have fallen since.
    waiting: BinaryHeap<Rank>,
}

impl Queue {
    /// Of each item its `next` row, if it has one, with the item's bound.
    pub(super) fn new(bounds: &[u32], next: impl Fn(usize) -> Option<u32>) -> Self {
        let rank = |item: usize| Some((bounds[item], Reverse(next(item)?)));
        Self {
            waiting: (0..bounds.len()).filter_map(rank).collect(),
            bounds: bounds.to_vec(),
        }
    }

    /// The first of the rows; `item_of` says of what each is.
    pub(super) fn first(&mut self, item_of: impl Fn(u32) -> usize) -> Option<Rank> {
        while let Some(mut first) = self.waiting.peek_mut() {
            let (then, Reverse(row)) = *first;
            let now = self.bounds[item_of(row)];
            if then == now {
                return Some(*first);
            }
            first.0 = now; // and finds its place
        }
        None
    }

    /// Takes out the first of the rows, which must have been looked at.
    pub(super) fn take(&mut self) -> Option<Rank> {
        self.waiting.pop()
    }

    /// Has a row of an item wait that did not.
    pub(super) fn put(&mut self, rank: Rank, item: usize) {
        self.bounds[item] = rank.0;
        self.waiting.push(rank);
    }

    /// What an item would cover at most.
    pub(super) fn bound(&self, item: usize) -> u32 {
        self.bounds[item]
    }

    /// Lowers an item's bound, whether or not it waits.
    pub(super) fn lower(&mut self, item: usize, by: u32) {
        self.bounds[item] = self.bounds[item].saturating_sub(by);
    }

    /// Lowers an item's bound to this, where it is more.
    pub(super) fn lower_to(&mut self, item: usize, most: u32) {
        self.bounds[item] = self.bounds[item].min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_the_order_of_their_bounds() {
        let mut queue = Queue::new(&[5, 9, 9, 1, 7], |row| (row != 4).then_some(row as u32));
        queue.lower(2, 4);
        queue.lower(1, 5);
        queue.lower(4, 3);
        let mut order = Vec::new();
        while let Some((bound, Reverse(row))) = queue.first(|row| row as usize) {
            assert_eq!(queue.take(), Some((bound, Reverse(row))));
            order.push((row, bound));
            if order.len() == 2 {
                queue.put((4, Reverse(4)), 4);
                queue.lower(4, 1);
            }
        }
        assert_eq!(order, [(0, 5), (2, 5), (1, 4), (4, 3), (3, 1)]);
    }
}
