//! Rows in the order of what they would cover at most.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A number of rows that a row would newly cover, and the row: the larger number first, then the
/// lower row.
pub(super) type Rank = (u32, Reverse<u32>);

/// The rows that may be picked and are not held.
#[derive(Default)]
pub(super) struct Queue {
    /// What each row would cover at most.
    bounds: Vec<u32>,
    /// An entry for each row that waits. Its bound may have fallen since.
    waiting: BinaryHeap<Rank>,
}

impl Queue {
    /// Those rows that `may_wait`, with their bounds.
    pub(super) fn new(bounds: &[u32], may_wait: impl Fn(usize) -> bool) -> Self {
        let rows = (0..bounds.len()).filter(|&row| may_wait(row));
        Self {
            waiting: rows.map(|row| (bounds[row], Reverse(row as u32))).collect(),
            bounds: bounds.to_vec(),
        }
    }

    /// The first of the rows.
    pub(super) fn first(&mut self) -> Option<Rank> {
        while let Some(mut first) = self.waiting.peek_mut() {
            let (then, Reverse(row)) = *first;
            let now = self.bounds[row as usize];
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

    /// Has a row wait that did not.
    pub(super) fn put(&mut self, rank: Rank) {
        let (bound, Reverse(row)) = rank;
        self.bounds[row as usize] = bound;
        self.waiting.push(rank);
    }

    /// Lowers a row's bound, whether or not it waits.
    pub(super) fn lower(&mut self, row: usize, by: u32) {
        self.bounds[row] = self.bounds[row].saturating_sub(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_the_order_of_their_bounds() {
        let mut queue = Queue::new(&[5, 9, 9, 1, 7], |row| row != 4);
        queue.lower(2, 4);
        queue.lower(1, 5);
        queue.lower(4, 3);
        let mut order = Vec::new();
        while let Some((bound, Reverse(row))) = queue.first() {
            assert_eq!(queue.take(), Some((bound, Reverse(row))));
            order.push((row, bound));
            if order.len() == 2 {
                queue.put((4, Reverse(4)));
                queue.lower(4, 1);
            }
        }
        assert_eq!(order, [(0, 5), (2, 5), (1, 4), (4, 3), (3, 1)]);
    }
}
