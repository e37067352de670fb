//! Rows of one class that stay where they are while rows of other pools visit them: the trait Visited.

use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::function::half_square;
use crate::kernels::rbf::half_distance;
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use rayon::prelude::*;
use std::ops::Range;

/// Some rows of a pool in integers, which integer rows of any pool visit, and how well chosen rows cover them.
///
/// Similarities s are those of [`Similarities`](crate::kernels::Similarities), of one class that is in several pools:
/// of what it is told by each, whoever asks adds up. Rows are named by their place, visitors by theirs. Sums are exact.
pub trait Visited: Send {
    /// Some of the integer rows, in this order.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`], and [`Error::Device`] where one binding does not hold an entry
    /// for every row; as of every method here.
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error>;

    /// Every row's product with itself.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn squares(&self) -> Result<Vec<i32>, Error>;

    /// Σⱼ s_ij for every row i over these rows, itself included. Not of a linear function.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error>;

    /// Σ s_ij for every row i over some others j, of whichever pool, and for every other over the rows. Not of a linear
    /// function.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn sums(&self, others: &IntegerRows, pass: &Pass<'_>) -> Result<[Vec<i64>; 2], Error>;

    /// Takes visitors in, in place of those before, for what is asked of them.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn visit(&mut self, visitors: &IntegerRows) -> Result<(), Error>;

    /// s_ij of every row i and of some of the visitors j: rows x visitors, row-major.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn columns(&self, visitors: Range<usize>) -> Result<Vec<i32>, Error>;

    /// As [`Similarities::set_cover`](crate::kernels::Similarities::set_cover).
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error>;

    /// How well chosen rows cover each row: m.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn covered(&self) -> Result<Vec<u16>, Error>;

    /// Raises the cover by rows that are chosen, of whichever pool: m_i = max(m_i, s_ij) for every row i. They are no
    /// visitors.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn raise(&mut self, chosen: &IntegerRows) -> Result<(), Error>;

    /// Σ w_i max(s_ij − m_i, 0) over all rows i, for each of the visitors j. The similarities of these are kept until
    /// others come. Not of a linear function.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn gains(&mut self) -> Result<Vec<i64>, Error>;

    /// How many visitors it pays to take in at a time for [`gains`](Self::gains).
    fn at_once(&self) -> usize {
        64
    }

    /// Of each visitor how many rows are at distances of each of some digits: visitors x 2^`bits`. Only of a linear
    /// function.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    fn count_distances(&self, asked: &Digits<'_>) -> Result<Vec<u32>, Error> {
        count_distances(self, asked)
    }
}

/// Some digits of half a squared distance in multiples of 2⁻³⁰, a number of [`Digits::ALL`] bits.
#[derive(Clone, Copy, Debug)]
pub struct Digits<'a> {
    /// Half of each visitor's product with itself.
    pub halves: &'a [i32],
    /// Of each visitor the digits before those that are asked for: rows of others do not count.
    pub before: &'a [u32],
    /// How many bits come after them.
    pub shift: u32,
    /// How many they are.
    pub bits: u32,
}

impl Digits<'_> {
    /// Bits of half a squared distance.
    pub const ALL: u32 = 31;

    /// What the digits of a distance are, where those before them are these.
    fn of(&self, distance: u32, before: u32) -> Option<usize> {
        let digits = distance >> self.shift;
        (digits >> self.bits == before).then_some((digits & ((1 << self.bits) - 1)) as usize)
    }
}

/// Visitors whose distances to all rows are there at a time.
const AT_ONCE: usize = 32;

/// By all products.
fn count_distances<V: Visited + ?Sized>(rows: &V, asked: &Digits<'_>) -> Result<Vec<u32>, Error> {
    let halves: Vec<i32> = rows.squares()?.into_iter().map(half_square).collect();
    let (count, width) = (asked.halves.len(), 1 << asked.bits);
    let mut counts = vec![0; count * width];
    for first in (0..count).step_by(AT_ONCE) {
        let some = first..count.min(first + AT_ONCE);
        let products = rows.columns(some.clone())?;
        let of_some = counts[some.start * width..some.end * width].par_chunks_mut(width);
        of_some.enumerate().for_each(|(at, counts)| {
            let (own, before) = (asked.halves[first + at], asked.before[first + at]);
            let met = products.iter().skip(at).step_by(some.len());
            for (&product, half) in met.zip(&halves) {
                if let Some(digits) = asked.of(half_distance(product, own + half), before) {
                    counts[digits] += 1;
                }
            }
        });
    }
    Ok(counts)
}
