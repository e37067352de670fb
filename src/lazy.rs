//! Lazy greedy picks: gains that only fall as rows are picked, so that an old one bounds a new one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Rows in the order of their gains, the largest first, ties to the lower row.
///
/// The row that comes first is the next pick, if its gain has been computed since the last.
pub(crate) struct Lazy {
    /// Of every row its gain when last computed, after how many changes that was, and whether it may be picked.
    gains: Vec<i64>,
    computed_after: Vec<u32>,
    is_open: Vec<bool>,
    changes: u32,
    /// Rows by their gains, and such as are no longer theirs.
    order: BinaryHeap<(i64, Reverse<usize>)>,
}

/// The gain of a row that has been taken out of the order and not been set.
const TAKEN: i64 = i64::MIN;

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// A row, and by how much it adds more than any other.
    Sure(usize, i64),
    /// A row whose gain has to be computed anew.
    Old(usize),
}

impl Lazy {
    /// Of these gains, as they are now.
    pub(crate) fn new(gains: Vec<i64>) -> Self {
        let by_gain = gains.iter().zip(0..);
        let order = by_gain.map(|(&gain, row)| (gain, Reverse(row))).collect();
        Self {
            computed_after: vec![0; gains.len()],
            is_open: vec![true; gains.len()],
            gains,
            changes: 0,
            order,
        }
    }

    /// Takes rows out; all gains are old from now on.
    pub(crate) fn close(&mut self, rows: &[usize]) {
        for &row in rows {
            self.is_open[row] = false;
        }
        self.changes += 1;
    }

    /// What comes first; none where all rows are taken out.
    pub(crate) fn first(&mut self) -> Option<First> {
        loop {
            let &(gain, Reverse(row)) = self.order.peek()?;
            if !self.is_in_order(gain, row) {
                self.order.pop();
            } else if self.is_up_to_date(row) {
                return Some(First::Sure(row, gain));
            } else {
                return Some(First::Old(row));
            }
        }
    }

    /// Whether a gain is a row's, and it may be picked.
    fn is_in_order(&self, gain: i64, row: usize) -> bool {
        self.is_open[row] && self.gains[row] == gain
    }

    fn is_up_to_date(&self, row: usize) -> bool {
        self.computed_after[row] == self.changes
    }

    /// Takes the first rows whose gains are old, as many as that or all: each is to be [set](Self::set).
    pub(crate) fn take_old(&mut self, most: usize) -> Vec<usize> {
        let (mut taken, mut up_to_date) = (Vec::with_capacity(most), Vec::new());
        while taken.len() < most
            && let Some((gain, Reverse(row))) = self.order.pop()
        {
            if !self.is_in_order(gain, row) {
                continue;
            }
            if self.is_up_to_date(row) {
                up_to_date.push((gain, Reverse(row)));
            } else {
                self.gains[row] = TAKEN;
                taken.push(row);
            }
        }
        self.order.extend(up_to_date);
        taken
    }

    /// Puts down what is known of the rows that may be picked: no less than their gains.
    #[cfg(feature = "remote")] // for workers alone
    pub(crate) fn tell(&self, gains: &mut [i64]) {
        let known = self.gains.iter().zip(&self.is_open);
        for (gain, (&known, &is_open)) in gains.iter_mut().zip(known) {
            if is_open && known != TAKEN {
                *gain = known;
            }
        }
    }

    /// A row's gain as it is now, whether it was taken or not.
    pub(crate) fn set(&mut self, row: usize, gain: i64) {
        self.computed_after[row] = self.changes;
        if self.is_open[row] && self.gains[row] != gain {
            self.gains[row] = gain;
            self.order.push((gain, Reverse(row)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pick_is_the_largest_gain_that_is_up_to_date() {
        let mut lazy = Lazy::new(vec![5, 7, 7, 1]);
        assert_eq!(lazy.first(), Some(First::Sure(1, 7)));
        lazy.close(&[1]);
        assert_eq!(lazy.first(), Some(First::Old(2)));
        assert_eq!(lazy.take_old(2), [2, 0]);
        lazy.set(0, 5);
        lazy.set(2, 3);
        assert_eq!(lazy.first(), Some(First::Sure(0, 5)));
        lazy.close(&[0]);
        lazy.set(2, 1);
        assert_eq!(lazy.first(), Some(First::Sure(2, 1)));
        lazy.close(&[2, 3]);
        assert_eq!(lazy.first(), None);
    }
}
