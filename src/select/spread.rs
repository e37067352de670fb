//! Similarities of one class whose rows stay in the parts of a pool, and visit each other: of more rows than one part
//! should have.

use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::function::{KernelFunction, half_square};
use crate::kernels::pool::Pool;
use crate::kernels::similarities::{Examples, Round, Similarities, Update, stored_bytes};
use crate::kernels::visited::{Digits, Visited};
use crate::products::product;
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A class of fewer rows goes to one part, if that has the memory for it: its picks are then made there, several with one
/// question, where they take a question each or more of a class that is spread.
const ROWS: usize = 1 << 17;
/// How many bits of a distance are found at a time.
const DIGITS: [u32; 3] = [11, 11, 9];

/// The similarities of some rows at length 1, which ascend, as one class: on one device, or where the rows are.
pub(super) fn similarities<'a>(
    pool: &'a dyn Pool,
    rows: &[usize],
    function: &KernelFunction,
) -> Result<Box<dyn Similarities + 'a>, Error> {
    if is_spread(pool, rows.len()) {
        return Ok(Box::new(Spread::new(pool, rows, function)?));
    }
    pool.similarities(Examples::of_rows(&[rows]), function)
}

fn is_spread(pool: &dyn Pool, rows: usize) -> bool {
    let parts = pool.steps();
    let memory = parts.iter().map(|part| part.memory).min().unwrap_or(0);
    let integers = 2 * rows as u64 * IntegerRows::pitch_of(pool.dim()) as u64;
    let fits = integers.min(stored_bytes(rows)) <= memory / 2;
    parts.len() > 1 && (rows >= ROWS || !fits)
}

struct Spread<'a> {
    rows: usize,
    state: Mutex<State<'a>>,
}

/// Rows that are visited, and those of them that visit all: their places, and themselves.
struct State<'a> {
    visited: Box<dyn Visited + 'a>,
    places: Vec<usize>,
    guests: IntegerRows,
}

impl<'a> Spread<'a> {
    fn new(pool: &'a dyn Pool, rows: &[usize], function: &KernelFunction) -> Result<Self, Error> {
        Ok(Self {
            rows: rows.len(),
            state: Mutex::new(State {
                visited: pool.visited(rows, function)?,
                places: Vec::new(),
                guests: IntegerRows::zeros(pool.dim(), 0),
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, once some of the rows visit all.
    fn visited_by(&self, places: &[usize]) -> Result<MutexGuard<'_, State<'a>>, Error> {
        let mut state = self.state();
        if state.places != places {
            let guests = state.visited.rows(places)?;
            state.visited.visit(&guests)?;
            (state.places, state.guests) = (places.to_vec(), guests);
        }
        Ok(state)
    }
}

impl State<'_> {
    /// Some of the rows: guests are at hand.
    fn some(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let at = |place| self.places.iter().position(|guest| guest == place);
        match places.iter().map(at).collect::<Option<Vec<usize>>>() {
            Some(at) => Ok(self.guests.some(&at)),
            None => self.visited.rows(places),
        }
    }
}

/// Of each visitor half the squared distance to the row of this rank, the nearest being of rank 0, in multiples of 2⁻³⁰:
/// digit by digit, by how many rows have which.
fn at_rank(visited: &dyn Visited, visitors: &IntegerRows, rank: usize) -> Result<Vec<u32>, Error> {
    let half = |at| {
        let row = visitors.row(at);
        half_square(product(row, row))
    };
    let halves: Vec<i32> = (0..visitors.rows()).map(half).collect();
    let (mut found, mut ranks) = (vec![0; halves.len()], vec![rank as u64; halves.len()]);
    let mut shift = Digits::ALL;
    for bits in DIGITS {
        shift -= bits;
        let counts = visited.count_distances(&Digits {
            halves: &halves,
            before: &found,
            shift,
            bits,
        })?;
        let of_visitors = counts.chunks_exact(1 << bits);
        for ((found, rank), counts) in found.iter_mut().zip(&mut ranks).zip(of_visitors) {
            let mut digits = 0;
            while digits + 1 < counts.len() && *rank >= u64::from(counts[digits]) {
                *rank -= u64::from(counts[digits]);
                digits += 1;
            }
            *found = (*found << bits) | digits as u32;
        }
    }
    Ok(found)
}

impl Similarities for Spread<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        self.state().some(places)
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        self.state().visited.squares()
    }

    fn total(&self, _: usize) -> Result<Vec<i64>, Error> {
        Err(Error::Device(
            "the total of rows that are in several pools is for whoever asks to add up".to_owned(),
        ))
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        self.state().visited.row_sums(pass)
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let mut sums = vec![0; self.rows];
        for some in columns.chunks(self.columns_at_once()) {
            let state = self.state();
            let [of_rows, _] = state.visited.sums(&state.some(some)?, &Pass::unheard())?;
            let both = sums.iter_mut().zip(of_rows);
            both.for_each(|(sum, more)| *sum += more);
        }
        Ok(sums)
    }

    fn columns(&self, columns: &[usize]) -> Result<Vec<i32>, Error> {
        let state = self.visited_by(columns)?;
        state.visited.columns(0..columns.len())
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        self.state().visited.set_cover(cover)
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        self.state().visited.covered()
    }

    fn raise(&mut self, columns: &[usize]) -> Result<(), Error> {
        let mut state = self.state();
        let chosen = state.some(columns)?;
        state.visited.raise(&chosen)
    }

    fn gain_columns(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        self.visited_by(columns)?.visited.gains()
    }

    fn columns_at_once(&self) -> usize {
        self.state().visited.at_once()
    }

    fn nth_distances(&self, rows: &[usize], nth: usize) -> Result<Option<Vec<u32>>, Error> {
        let state = self.visited_by(rows)?;
        // A row is the nearest to itself.
        at_rank(&*state.visited, &state.guests, nth + 1).map(Some)
    }

    /// Nothing is kept.
    fn room(&self) -> u64 {
        0
    }

    fn store(&mut self, classes: Range<usize>, _: &Pass<'_>) -> Result<(), Error> {
        match classes.is_empty() {
            true => Ok(()),
            false => Err(Error::OutOfMemory {
                what: "similarities",
                needed: stored_bytes(self.rows),
                available: Some(self.room()),
            }),
        }
    }

    fn sum_stored(&self, _: &[usize]) -> Result<Vec<i64>, Error> {
        Ok(Vec::new())
    }

    fn gain_stored(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        self.gain_columns(columns)
    }

    fn cover_rounds(&mut self, _: usize, _: &mut [i64], _: usize) -> Result<Vec<Round>, Error> {
        Ok(Vec::new())
    }

    fn greedy_rounds(
        &mut self,
        _: &mut [i64],
        _: &[usize],
        _: Update,
    ) -> Result<Vec<Vec<Round>>, Error> {
        Ok(Vec::new())
    }
}
