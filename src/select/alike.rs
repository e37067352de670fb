//! Rows that are alike to the bit: whatever is found of one holds for the others.

use crate::error::Error;
use rayon::prelude::*;
use std::hash::{DefaultHasher, Hasher as _};

/// For each of `count` rows the first row that is alike, itself where none before it is.
///
/// `gather` hands over the rows asked for in order, a piece at a time, `dim` values each. It is asked
/// for all of them once, and once more for those that are alike. Rows are held to be alike by their
/// values: a hash that two different rows share costs time only.
pub(super) fn first_alike<T: bytemuck::NoUninit + PartialEq + Sync>(
    count: usize,
    dim: usize,
    gather: impl Fn(&[usize], &mut dyn FnMut(&[T])) -> Result<(), Error>,
) -> Result<Vec<u32>, Error> {
    let all: Vec<usize> = (0..count).collect();
    let mut hashes = Vec::with_capacity(count);
    gather(&all, &mut |values| {
        hashes.par_extend(values.par_chunks_exact(dim).map(hash));
    })?;
    let mut order = all;
    order.par_sort_unstable_by_key(|&row| (hashes[row], row));
    let of_one_hash = order.chunk_by(|&a, &b| hashes[a] == hashes[b]);
    let shared: Vec<usize> = (of_one_hash.filter(|rows| rows.len() > 1))
        .flatten()
        .copied()
        .collect();
    let mut first: Vec<u32> = (0..count as u32).collect();
    let (mut rows, mut leader, mut leading) = (shared.iter(), Vec::new(), None);
    gather(&shared, &mut |values| {
        for (values, &row) in values.chunks_exact(dim).zip(&mut rows) {
            match leading {
                Some(before) if hashes[before] == hashes[row] => {
                    if leader == values {
                        first[row] = before as u32;
                    }
                }
                _ => (leader, leading) = (values.to_vec(), Some(row)),
            }
        }
    })?;
    Ok(first)
}

fn hash<T: bytemuck::NoUninit>(values: &[T]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytemuck::cast_slice(values));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_finds_the_first_that_is_alike() {
        let value = |i: usize| (i * 7919 % 5) as f32;
        let x: Vec<f32> = (0..200 * 3).map(|i| value(i / 3 * i % 97)).collect();
        let of = |row: usize| &x[row * 3..][..3];
        let gather = |rows: &[usize], take: &mut dyn FnMut(&[f32])| {
            for rows in rows.chunks(7) {
                take(
                    &rows
                        .iter()
                        .flat_map(|&row| of(row))
                        .copied()
                        .collect::<Vec<_>>(),
                );
            }
            Ok(())
        };
        let found = first_alike(200, 3, gather).unwrap();
        for (row, &first) in found.iter().enumerate() {
            let want = (0..=row).find(|&other| of(other) == of(row));
            assert_eq!(Some(first as usize), want, "{row}");
        }
        assert!(
            found
                .iter()
                .zip(0..)
                .filter(|&(&first, row)| first != row)
                .count()
                > 20
        );
    }
}
