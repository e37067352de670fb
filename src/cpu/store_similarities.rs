//! Mirror of `shaders/store_similarities.wgsl`.

use crate::products::{TILE, products};
use crate::{IntegerRows, similarity, stored_pitch, sums};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// Similarities to a word.
const OF_WORD: usize = 4;

/// The similarities of one class, rows x [`stored_pitch`], row-major.
#[derive(Default)]
pub(super) struct Matrix {
    /// Four similarities to a word; more words than are in use, where there was a larger class.
    words: Vec<u64>,
    rows: usize,
}

impl Matrix {
    /// Makes room for the similarities of `rows` rows, if memory allows it.
    pub(super) fn make_room(&mut self, rows: usize) -> Result<(), ()> {
        let words = rows * stored_pitch(rows) / OF_WORD;
        if words > self.words.len() {
            self.words = Vec::new();
            Vec::<u64>::new().try_reserve_exact(words).map_err(drop)?;
            // Zeros that come with the memory: it is first touched by the cores that fill it.
            self.words = vec![0; words];
        }
        self.rows = rows;
        Ok(())
    }

    /// All similarities.
    pub(super) fn values(&self) -> &[u16] {
        let words = self.rows * stored_pitch(self.rows) / OF_WORD;
        bytemuck::cast_slice(&self.words[..words])
    }

    /// The similarities of one row.
    pub(super) fn row(&self, row: usize) -> &[u16] {
        &self.values()[row * stored_pitch(self.rows)..][..self.rows]
    }
}

/// Computes the similarities of a class: the tiles on and above the diagonal, each written twice,
/// as it is and mirrored.
///
/// So no thread owns a run of rows, and words are atomic while they are written. Two tiles never
/// share a word.
pub(super) fn store_similarities(
    rows: &IntegerRows,
    class: Range<usize>,
    threshold: Option<i32>,
    matrix: &mut Matrix,
) {
    let pitch = stored_pitch(class.len());
    let words = std::mem::take(&mut matrix.words).into_iter();
    let words: Vec<AtomicU64> = words.map(AtomicU64::new).collect();
    let blocks = class.len().div_ceil(TILE);
    let tiles: Vec<_> = (0..blocks)
        .flat_map(|i| (i..blocks).map(move |j| (i, j)))
        .collect();
    tiles
        .into_par_iter()
        .for_each_init(Scratch::default, |scratch, (i, j)| {
            let block =
                |i: usize| class.start + i * TILE..class.end.min(class.start + (i + 1) * TILE);
            let (a, b) = (block(i), block(j));
            let (height, width) = (a.len(), b.len());
            scratch.compute(rows, threshold, a, b);
            for r in 0..height {
                let first = (i * TILE + r) * pitch + j * TILE;
                write(
                    &words[first / OF_WORD..],
                    &scratch.tile[r * TILE..][..stored_pitch(width)],
                );
            }
            for c in (0..width).filter(|_| i < j) {
                let first = (j * TILE + c) * pitch + i * TILE;
                write(
                    &words[first / OF_WORD..],
                    &scratch.mirrored[c * TILE..][..stored_pitch(height)],
                );
            }
        });
    matrix.words = words.into_iter().map(AtomicU64::into_inner).collect();
}

fn write(words: &[AtomicU64], values: &[u16]) {
    for (word, &values) in words.iter().zip(values.as_chunks::<OF_WORD>().0) {
        word.store(bytemuck::cast(values), Ordering::Relaxed);
    }
}

/// What a thread needs for a tile.
struct Scratch {
    products: Vec<i32>,
    /// Similarities, [`TILE`] x [`TILE`], and the same mirrored; 0 past the last row and column.
    tile: Vec<u16>,
    mirrored: Vec<u16>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            products: vec![0; TILE * TILE],
            tile: vec![0; TILE * TILE],
            mirrored: vec![0; TILE * TILE],
        }
    }
}

impl Scratch {
    fn compute(
        &mut self,
        rows: &IntegerRows,
        threshold: Option<i32>,
        a: Range<usize>,
        b: Range<usize>,
    ) {
        let (height, width) = (a.len(), b.len());
        let (a, b): (Vec<usize>, Vec<usize>) = (a.collect(), b.collect());
        products(rows, &a, &b, &mut self.products);
        if height < TILE || width < TILE {
            self.tile.fill(0);
            self.mirrored.fill(0);
        }
        let products = self.products.chunks_exact(width).take(height);
        let rows = self.tile.chunks_exact_mut(TILE);
        sums::vectorised(|| {
            for (row, products) in rows.zip(products) {
                of_row(row, products, threshold);
            }
        });
        for (r, row) in self.tile.chunks_exact(TILE).take(height).enumerate() {
            for (c, &value) in row[..width].iter().enumerate() {
                self.mirrored[c * TILE + r] = value;
            }
        }
    }
}

#[inline(always)]
fn of_row(row: &mut [u16], products: &[i32], threshold: Option<i32>) {
    for (value, &product) in row.iter_mut().zip(products) {
        *value = similarity(product, threshold) as u16;
    }
}
