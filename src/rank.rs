//! The tie rule: the smaller key first, then the lower index. The only place where floats are
//! compared for rank.

use rayon::prelude::*;
use std::cmp::Ordering;

/// Smaller key first, then the lower index.
pub(crate) fn by_key(a: (f64, usize), b: (f64, usize)) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// So many times the items asked for are kept before the first are chosen among them.
const ROOM: usize = 4;

/// The `count` items that come first, in any order.
fn first<T: Copy>(
    items: impl Iterator<Item = T>,
    count: usize,
    rank: impl Fn(&T, &T) -> Ordering,
) -> Vec<T> {
    let (mut kept, mut limit) = (Vec::new(), None);
    for item in items {
        // Few items of many come before what the first so far leave.
        if limit.is_none_or(|limit| rank(&item, &limit).is_lt()) {
            kept.push(item);
        }
        if kept.len() == ROOM * count.max(1) {
            limit = Some(*kept.select_nth_unstable_by(count, &rank).1);
            kept.truncate(count);
        }
    }
    if count < kept.len() {
        kept.select_nth_unstable_by(count, &rank);
        kept.truncate(count);
    }
    kept
}

/// The `count` smallest keys' indices, in order; infinite keys never.
pub(crate) fn smallest(keys: &[f64], count: usize) -> Vec<usize> {
    let rank = |&a: &usize, &b: &usize| by_key((keys[a], a), (keys[b], b));
    let finite = (0..keys.len()).filter(|&i| keys[i] < f64::INFINITY);
    let mut order = first(finite, count, rank);
    order.par_sort_unstable_by(rank);
    order
}

/// The `count` smallest keys with their indices, in order.
pub(crate) fn first_by_key(
    keys: impl Iterator<Item = (f64, usize)>,
    count: usize,
) -> Vec<(f64, usize)> {
    let rank = |&a: &(f64, usize), &b: &(f64, usize)| by_key(a, b);
    let mut order = first(keys, count, rank);
    order.sort_unstable_by(rank);
    order
}

/// The value at place `n` from the top, from 1; `None` where there are less.
pub(crate) fn nth_largest(values: impl Iterator<Item = f32>, n: usize) -> Option<f32> {
    let largest = first(values, n, |a, b| b.total_cmp(a));
    let least = largest.iter().copied().min_by(f32::total_cmp);
    least.filter(|_| largest.len() == n)
}

/// Sorts by key, ties to the lower index.
pub(crate) fn sort_by_key<T: Send>(items: &mut [T], key: impl Fn(&T) -> (f64, usize) + Sync) {
    items.par_sort_unstable_by(|a, b| by_key(key(a), key(b)));
}

/// The key at place `n`, from 0, in ascending order.
pub(crate) fn nth_smallest(mut keys: Vec<f64>, n: usize) -> f64 {
    *keys.select_nth_unstable_by(n, f64::total_cmp).1
}

/// The index of the smallest key; `None` where all are infinite.
pub(crate) fn argmin(keys: impl IntoIterator<Item = (f64, usize)>) -> Option<(f64, usize)> {
    keys.into_iter()
        .filter(|&(key, _)| key < f64::INFINITY)
        .min_by(|&a, &b| by_key(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Few among many, in every order, against a sort.
    #[test]
    fn smallest_of_many() {
        let orders: [fn(usize) -> f64; 4] = [
            |i| i as f64,
            |i| -(i as f64),
            |i| (i * 7919 % 1009) as f64,
            |i| {
                if i % 3 == 0 {
                    f64::INFINITY
                } else {
                    (i % 5) as f64
                }
            },
        ];
        for of in orders {
            let keys: Vec<f64> = (0..1000).map(of).collect();
            let mut want: Vec<usize> = (0..1000).filter(|&i| keys[i] < f64::INFINITY).collect();
            want.sort_by(|&a, &b| by_key((keys[a], a), (keys[b], b)));
            for count in [0, 1, 7, 100, 400, 2000] {
                let want = &want[..count.min(want.len())];
                assert_eq!(smallest(&keys, count), want, "{count}");
                let last = want.last().filter(|_| 0 < count && count == want.len());
                let finite = keys.iter().filter(|&&key| key < f64::INFINITY);
                let nth = nth_largest(finite.map(|&key| -key as f32), count);
                assert_eq!(nth, last.map(|&i| -keys[i] as f32), "{count}");
            }
        }
    }

    #[test]
    fn ties_go_to_the_lower_index() {
        let keys = [2.0, 1.0, f64::INFINITY, 1.0, 0.0];
        assert_eq!(smallest(&keys, 2), [4, 1]);
        assert_eq!(smallest(&keys, 9), [4, 1, 3, 0]);
        assert_eq!(argmin(keys.into_iter().zip(0..).take(4)), Some((1.0, 1)));
        assert_eq!(argmin([(f64::INFINITY, 0)]), None);
    }
}
