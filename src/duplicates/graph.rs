//! Which rows are near to each other: of some, by bit, and whether a row has any.

use crate::error::Error;
use crate::kernels::neighbours::Neighbours;
use crate::kernels::pool::Pool;
use crate::progress::{Listener, Pass, Progress, tell};
use crate::select::near::{ByKernels, Exact, Found, Reach};
use crate::select::unit_rows::{UnitRows, same_sq};

/// Of all pairs that a count would meet one in so many may be met before there is one.
const PAIRS_BEFORE_A_COUNT: u64 = 128;

/// The rows of a pool, and which of them are near.
pub(super) struct Graph<'a> {
    rows: &'a UnitRows<'a>,
    reach: Reach,
    near: Found<'a>,
    /// Pairs that kernels left open.
    doubts: usize,
    /// Pairs of which it has been asked whether they are near.
    met: u64,
}

impl<'a> Graph<'a> {
    pub(super) fn new(
        rows: &'a UnitRows<'a>,
        neighbours: &'a dyn Neighbours,
        threshold: f64,
    ) -> Self {
        let reach = Reach::up_to((2.0 - 2.0 * threshold).max(same_sq(rows.dim())));
        Self {
            rows,
            reach,
            near: Found::Kernels(ByKernels::new(rows, neighbours, reach)),
            doubts: 0,
            met: 0,
        }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn pool(&self) -> &dyn Pool {
        self.rows.pool()
    }

    /// Whether a row is all zeros: near to others that are, and to none else. No other method takes one.
    pub(super) fn is_zero(&self, row: usize) -> bool {
        self.rows.is_zero(row)
    }

    /// For each row whether any other may be near to it: a pass over all pairs.
    pub(super) fn have_others(&self, progress: &mut Listener<'_>) -> Result<Vec<bool>, Error> {
        let pass = Pass::begin((self.len() as u64).pow(2), progress)?;
        let counts = self.near.by().count(&pass)?;
        Ok(counts.into_iter().map(|count| count > 1).collect())
    }

    /// Whether so many pairs have been met that to know which rows have others is worth a pass over all.
    pub(super) fn is_worth_a_count(&self) -> bool {
        self.met > (self.len() as u64).pow(2) / PAIRS_BEFORE_A_COUNT
    }

    /// For each of `among` which of the `marked` it is near to, itself where it is one: bit b is the b-th of them.
    pub(super) fn marks(&mut self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error> {
        self.met += (marked.len() * among.len()) as u64;
        let near = self.near.by();
        let (marks, doubts) = match near.candidates(marked) {
            None => near.marks(marked, among)?,
            Some(candidates) => {
                let mut is_candidate = vec![false; self.rows.len()];
                candidates.iter().for_each(|&row| is_candidate[row] = true);
                let places = (0..among.len()).filter(|&at| is_candidate[among[at]]);
                let places: Vec<usize> = places.collect();
                let some: Vec<usize> = places.iter().map(|&at| among[at]).collect();
                let (found, doubts) = near.marks(marked, &some)?;
                let mut marks = vec![0; among.len()];
                for (at, found) in places.into_iter().zip(found) {
                    marks[at] = found;
                }
                (marks, doubts)
            }
        };
        self.doubts += doubts;
        if self.near.are_poor(self.doubts, self.len()) {
            let (all, weights) = ((0..self.len()).collect(), vec![1; self.len()]);
            self.near = Found::Host(Exact::new(self.rows, all, weights, self.reach)?);
        }
        Ok(marks)
    }

    /// Tells for how many rows all is done; fails where the listener or the pool's stop wants no more.
    pub(super) fn tell(&self, left: usize, progress: &mut Listener<'_>) -> Result<(), Error> {
        let of = self.len();
        let done = of - left;
        tell(progress, Progress::Rows { done, of })?;
        self.pool().stop().check()
    }
}
