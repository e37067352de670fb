//! How an epoch begins: whole rows, each with its exponential number.

use crate::control::Stop;
use crate::error::Error;
use crate::kernels::residuals::{Draws, Rate, RowState, Totals};
use crate::kernels::rounding::norm_bounds;
use crate::lp::Lp;
use crate::random::{self, RowIds};
use rayon::prelude::*;

/// Rows whose states a thread sums up in one go: the same on every machine.
const ROWS: usize = 1 << 14;

/// The exponential numbers of an epoch's rows: all of them, or each when it is asked for.
pub(super) struct Numbers<'a> {
    row_ids: RowIds<'a>,
    rows: usize,
    seed: u64,
    stream: u64,
    all: Vec<f64>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new((row_ids, rows): (RowIds<'a>, usize), seed: u64, stream: u64) -> Self {
        Self {
            row_ids,
            rows,
            seed,
            stream,
            all: Vec::new(),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// A row's.
    pub(super) fn of(&self, row: usize) -> f64 {
        match self.all.get(row) {
            Some(&number) => number,
            None => {
                let uniform = random::uniform_of(self.row_ids, self.seed, self.stream, row);
                random::exponential_of(uniform)
            }
        }
    }

    /// Which they are.
    pub(super) fn draws(&self) -> Draws<'a> {
        Draws {
            row_ids: self.row_ids,
            seed: self.seed,
            stream: self.stream,
        }
    }

    /// All of them, made once.
    pub(super) fn all(&mut self, stop: &Stop) -> Result<&[f64], Error> {
        if self.all.is_empty() {
            let rows = (self.row_ids, self.rows);
            self.all = random::of_rows(rows, self.seed, self.stream, stop)?;
        }
        Ok(&self.all)
    }
}

/// Each row's state at the beginning, given the squared lengths that a pool says and the rows' numbers, none for
/// greedy picks.
pub(crate) fn states(
    norms_sq: &[f32],
    dim: usize,
    is_excluded: impl Fn(usize) -> bool + Sync,
    numbers: Option<&[f64]>,
) -> Vec<RowState> {
    let state = |row: usize| {
        if is_excluded(row) || norms_sq[row] == 0.0 {
            return RowState::MASKED;
        }
        let (_, norm) = norm_bounds(Lp::L2, norms_sq[row], dim);
        let norm_sq = up(norm * norm);
        let left = numbers.map_or(0.0, |numbers| down(numbers[row]));
        RowState {
            residual_sq: norm_sq,
            left,
            guard: 0.0,
            norm_sq,
        }
    };
    (0..norms_sq.len()).into_par_iter().map(state).collect()
}

/// Sums over the rows in play.
pub(crate) fn totals(states: &[RowState], rate: Rate) -> Totals {
    let of_some = |states: &[RowState]| {
        let in_play = states.iter().filter(|state| !state.is_masked());
        in_play.fold(Totals::default(), |sum, state| Totals {
            rate: sum.rate + f64::from(rate.of(state.bound_sq())),
            residual_sq: sum.residual_sq + f64::from(state.residual_sq),
        })
    };
    let totals: Vec<Totals> = states.par_chunks(ROWS).map(of_some).collect();
    totals.iter().fold(Totals::default(), |all, some| Totals {
        rate: all.rate + some.rate,
        residual_sq: all.residual_sq + some.residual_sq,
    })
}

/// The nearest f32 not below `x`.
pub(super) fn up(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) < x {
        near.next_up()
    } else {
        near
    }
}

/// The nearest f32 not above `x`.
pub(super) fn down(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) > x {
        near.next_down()
    } else {
        near
    }
}
