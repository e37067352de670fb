//! Mirror of `shaders/store_similarities.wgsl`.

use super::block_pairs::Part;
use super::halves::{Halves, halves};
use super::tiles::pairs;
use super::zeros::Zeros;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::{KernelFunction, by_function};
use crate::kernels::similarities::stored_pitch;
use crate::products::{Columns, TILE, products};
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use crate::reduce;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Similarities to a word.
const OF_WORD: usize = 4;

/// The similarities of one class, rows x [`stored_pitch`], row-major.
#[derive(Default)]
pub(super) struct Matrix {
    /// Four similarities to a word; more words than are in use, where there was a larger class.
    words: Zeros,
    rows: usize,
}

impl Matrix {
    /// Makes room for the similarities of `rows` rows, if memory allows it.
    pub(super) fn make_room(&mut self, rows: usize) -> Result<(), ()> {
        let words = rows * stored_pitch(rows) / OF_WORD;
        if words > self.words.len() {
            self.words = Zeros::default();
            self.words = Zeros::new(words)?;
        }
        self.rows = rows;
        Ok(())
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes that it holds, in use or not.
    pub(super) fn bytes(&self) -> u64 {
        8 * self.words.len() as u64
    }

    /// All similarities.
    fn values(&self) -> &[u16] {
        let words = self.rows * stored_pitch(self.rows) / OF_WORD;
        bytemuck::cast_slice(&self.words[..words])
    }

    /// The similarities of one row.
    pub(super) fn row(&self, row: usize) -> &[u16] {
        &self.values()[row * stored_pitch(self.rows)..][..self.rows]
    }
}

/// Computes the similarities of a class: the tiles on and below the diagonal, each written twice,
/// as it is and mirrored. Of two parts of it those of the one with the other.
///
/// So no thread owns a run of rows: bands of a tile's height are locked, each for the moment in which a
/// tile is written there.
pub(super) fn store_similarities(
    rows: &IntegerRows,
    [a, b]: [&Part; 2],
    function: &KernelFunction,
    matrix: &mut Matrix,
    (stop, pass): (&Stop, &Pass<'_>),
) -> Result<(), Error> {
    let pitch = stored_pitch(matrix.rows) / OF_WORD;
    let words = &mut matrix.words[..matrix.rows * pitch];
    let bands: Vec<_> = words
        .chunks_mut((TILE * pitch).max(1))
        .map(Mutex::new)
        .collect();
    let [columns, rows_of] = [a, b].map(|part| part.cut(TILE).collect::<Vec<Part>>());
    let below = |columns: &Part, rows: &Part| rows.positions.start >= columns.positions.start;
    let tiles: Vec<(&Part, &Part)> = (columns.iter())
        .flat_map(|columns| rows_of.iter().map(move |rows| (rows, columns)))
        .filter(|(rows, columns)| below(columns, rows))
        .collect();
    (stop.over(tiles.into_par_iter())).try_for_each_init(Scratch::default, |scratch, tile| {
        let (a, b) = tile?;
        let [i, j] = [a, b].map(|part| part.positions.start / TILE);
        let (height, width) = (a.len(), b.len());
        let tile = scratch.compute(rows, function, a.places.clone(), b.places.clone());
        write(&bands[i], pitch, j, tile, width);
        if j < i {
            write(&bands[j], pitch, i, &mirror(tile), height);
        }
        pass.met(pairs(height, width, j < i))
    })
}

/// Writes a tile, of so many columns, in its place among those of a band; rows past the band's last are
/// left out.
fn write(band: &Mutex<&mut [u64]>, pitch: usize, place: usize, tile: &Words, columns: usize) {
    let mut band = band.lock().unwrap_or_else(PoisonError::into_inner);
    let (first, words) = (place * OF_TILE, columns.div_ceil(OF_WORD));
    for (row, tile) in band.chunks_exact_mut(pitch).zip(tile.chunks_exact(OF_TILE)) {
        row[first..first + words].copy_from_slice(&tile[..words]);
    }
}

/// Words to a row of a tile.
const OF_TILE: usize = TILE / OF_WORD;

/// A tile of similarities, row-major, four to a word.
type Words = [u64; TILE * OF_TILE];

/// The tile with its rows as columns, by squares of four: a word is four similarities of a row.
fn mirror(tile: &Words) -> Words {
    let mut mirror = [0; TILE * OF_TILE];
    for r in 0..OF_TILE {
        for c in 0..OF_TILE {
            let square = mirror_square(std::array::from_fn(|k| tile[(4 * r + k) * OF_TILE + c]));
            for (k, word) in square.into_iter().enumerate() {
                mirror[(4 * c + k) * OF_TILE + r] = word;
            }
        }
    }
    mirror
}

/// First within pairs of rows, then between the pairs. The lowest bits are the first similarity's,
/// as they lie in memory.
#[inline(always)]
fn mirror_square(rows: [u64; 4]) -> [u64; 4] {
    const EVEN: u64 = 0x0000_ffff_0000_ffff;
    const LOW: u64 = 0xffff_ffff;
    let [a, b, c, d] = rows.map(u64::to_le);
    let evens = |a: u64, b: u64| (a & EVEN) | ((b & EVEN) << 16);
    let odds = |a: u64, b: u64| ((a >> 16) & EVEN) | (b & !EVEN);
    let low = |a: u64, b: u64| (a & LOW) | (b << 32);
    let high = |a: u64, b: u64| (a >> 32) | (b & !LOW);
    let ((e, o), (f, p)) = ((evens(a, b), odds(a, b)), (evens(c, d), odds(c, d)));
    [low(e, f), low(o, p), high(e, f), high(o, p)].map(u64::from_le)
}

/// What a thread needs for a tile.
struct Scratch {
    columns: Columns,
    /// Half their squared lengths, and the first of them.
    halves: Halves,
    first: usize,
    products: Vec<i32>,
    /// Similarities; 0 past the last row and column.
    tile: Box<Words>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            columns: Columns::default(),
            halves: [0; TILE],
            first: usize::MAX,
            products: vec![0; TILE * TILE],
            tile: Box::new([0; TILE * OF_TILE]),
        }
    }
}

impl Scratch {
    fn compute(
        &mut self,
        rows: &IntegerRows,
        function: &KernelFunction,
        a: Range<usize>,
        b: Range<usize>,
    ) -> &Words {
        let (height, width) = (a.len(), b.len());
        // A thread takes one block's tiles in a run.
        if self.first != b.start {
            self.first = b.start;
            self.halves = halves(rows, b.clone(), function);
            self.columns.pack(rows, b);
        }
        let a: Vec<usize> = a.collect();
        products(rows, &a, &self.columns, &mut self.products);
        if height < TILE || width < TILE {
            self.tile.fill(0);
        }
        let of_rows = halves(rows, a.iter().copied(), function);
        let products = self.products.chunks_exact(width).zip(&of_rows[..height]);
        let rows = bytemuck::cast_slice_mut::<u64, u16>(&mut *self.tile).chunks_exact_mut(TILE);
        by_function!(function, of => reduce::vectorised!({
            for (row, (products, half)) in rows.zip(products) {
                of_row(row, products, *half, &self.halves, of);
            }
        }));
        &self.tile
    }
}

#[inline(always)]
fn of_row(
    row: &mut [u16],
    products: &[i32],
    half: i32,
    halves: &Halves,
    of: impl Fn(i32, i32) -> i32,
) {
    for ((value, other), &product) in row.iter_mut().zip(halves).zip(products) {
        *value = of(product, half + other) as u16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_transposes() {
        let mut tile: Box<Words> = Box::new([0; TILE * OF_TILE]);
        for (at, value) in bytemuck::cast_slice_mut::<u64, u16>(&mut *tile)
            .iter_mut()
            .enumerate()
        {
            *value = (at * 31 % 65_521) as u16;
        }
        let mirrored = mirror(&tile);
        let values = bytemuck::cast_slice::<u64, u16>(&*tile);
        for (at, &value) in bytemuck::cast_slice::<u64, u16>(&mirrored)
            .iter()
            .enumerate()
        {
            assert_eq!(value, values[at % TILE * TILE + at / TILE], "{at}");
        }
    }
}
