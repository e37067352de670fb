//! Greedy steps of herding, several between two looks at all rows.

use super::alpha::Alpha;
use crate::checkpoint::Entry;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::function::{KernelFunction, half_square};
use crate::kernels::pool::Pool;
use crate::kernels::similarities::Similarities;
use crate::products::product;
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use crate::reduce;
use crate::select::spread::similarities;
use rayon::prelude::*;

/// Rows that are held, of the least scores when all were looked at last.
const HELD: usize = 256;

/// Rows, what each is similar to the chosen ones and to all, and which of them are chosen.
///
/// S only grows, so a row's score after a look at all bounds it from below for as long as t is that or less in
/// weight; see `outside`. Some rows are held with S up to date: those are picked from while one of them certainly
/// comes before all others.
pub(super) struct Greedy<'a> {
    pool: &'a dyn Pool,
    similarities: Box<dyn Similarities + 'a>,
    function: KernelFunction,
    weighing: Weighing,
    /// What each row is similar to all others, and, when all were looked at last, to the chosen ones.
    to_all: Vec<i64>,
    to_chosen: Vec<i64>,
    is_open: Vec<bool>,
    /// Chosen since all were looked at.
    new: Vec<usize>,
    held: Option<Held>,
}

/// How rows are weighed for the next pick.
#[derive(Clone, Copy)]
struct Weighing {
    /// α in units of 2⁻¹⁶, and the number of rows.
    alpha: i128,
    rows: i128,
    chosen: usize,
}

impl Weighing {
    /// S/t − α·R/n, times 65536·n·t; where nothing is chosen −R.
    fn value(&self, to_all: i64, to_chosen: i64) -> i128 {
        let (to_all, to_chosen) = (i128::from(to_all), i128::from(to_chosen));
        if self.chosen == 0 {
            return -to_all;
        }
        let t = self.chosen as i128 + 1;
        i128::from(Alpha::UNIT) * self.rows * to_chosen - self.alpha * t * to_all
    }

    /// α·R/n − S/t; where nothing is chosen R/n.
    fn score(&self, to_all: i64, to_chosen: i64) -> f64 {
        let mean = to_all as f64 / self.rows as f64;
        if self.chosen == 0 {
            return mean;
        }
        let alpha = self.alpha as f64 / f64::from(Alpha::UNIT);
        alpha * mean - to_chosen as f64 / (self.chosen + 1) as f64
    }
}

/// Rows whose sums are up to date.
struct Held {
    places: Vec<usize>,
    rows: IntegerRows,
    to_chosen: Vec<i64>,
}

impl<'a> Greedy<'a> {
    /// Nothing is chosen. A pass over all pairs of rows, unless an earlier run has made it.
    pub(super) fn new(
        pool: &'a dyn Pool,
        function: &KernelFunction,
        alpha: u32,
        course: &mut Course<'_>,
    ) -> Result<Self, Error> {
        let all: Vec<usize> = (0..pool.rows()).collect();
        let similarities = similarities(pool, &all, function)?;
        let (step, kept) = course.step(|entry| match entry {
            Entry::Sums(sums) if sums.len() == all.len() => Some(sums.clone()),
            _ => None,
        })?;
        let to_all = match kept {
            Some(kept) => kept,
            None => {
                let pass = Pass::begin((all.len() as u64).pow(2), course.listener())?;
                let mut sums = similarities.row_sums(&pass)?;
                let squares = similarities.squares()?;
                for (sum, square) in sums.iter_mut().zip(squares) {
                    *sum -= i64::from(function.of(square, 2 * half_square(square)));
                }
                course.keep(step, |entry| *entry = Entry::Sums(sums.clone()))?;
                sums
            }
        };
        Ok(Self {
            pool,
            similarities,
            function: function.clone(),
            weighing: Weighing {
                alpha: i128::from(alpha),
                rows: all.len() as i128,
                chosen: 0,
            },
            to_chosen: vec![0; to_all.len()],
            is_open: vec![true; to_all.len()],
            to_all,
            new: Vec::new(),
            held: None,
        })
    }

    /// Counts rows as chosen.
    pub(super) fn choose(&mut self, rows: &[usize]) -> Result<(), Error> {
        rows.iter().for_each(|&row| self.is_open[row] = false);
        self.weighing.chosen += rows.len();
        self.new.extend(rows);
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        for &row in rows {
            let at = held.places.iter().position(|&place| place == row);
            let own = at.map(|at| held.rows.row(at).to_vec());
            let own = own.map_or_else(
                || Ok(self.similarities.rows(&[row])?.row(0).to_vec()),
                Ok::<_, Error>,
            )?;
            held.add(&own, &self.function);
        }
        Ok(())
    }

    /// Picks the next row; gives its score in the unit of similarities.
    pub(super) fn next(&mut self) -> Result<Option<(usize, f64)>, Error> {
        if !self.is_open.contains(&true) {
            return Ok(None);
        }
        let (row, to_chosen) = match self.of_held()? {
            Some(found) => found,
            None => {
                self.look_at_all()?;
                let found = self.of_held()?;
                found.unwrap_or_else(|| unreachable!("of rows held after a look one comes first"))
            }
        };
        let score = self.weighing.score(self.to_all[row], to_chosen);
        self.choose(&[row])?;
        Ok(Some((row, score)))
    }

    /// The best of the rows held, and what it is similar to the chosen ones, if it certainly comes before all
    /// others.
    fn of_held(&self) -> Result<Option<(usize, i64)>, Error> {
        let Some(held) = &self.held else {
            return Ok(None);
        };
        let open = held.places.iter().zip(&held.to_chosen);
        let open = open.filter(|&(&row, _)| self.is_open[row]);
        let best = open
            .map(|(&row, &to_chosen)| {
                let value = self.weighing.value(self.to_all[row], to_chosen);
                (value, row, to_chosen)
            })
            .min();
        let Some((value, row, to_chosen)) = best else {
            return Ok(None);
        };
        let outside = self.outside(held);
        Ok((outside.is_none_or(|outside| (value, row) < outside)).then_some((row, to_chosen)))
    }

    /// The least value that a row which is not held may have, by its sum when all were looked at, with the row.
    fn outside(&self, held: &Held) -> Option<(i128, usize)> {
        let mut is_held = vec![false; self.is_open.len()];
        held.places.iter().for_each(|&row| is_held[row] = true);
        self.values(|row| !is_held[row]).min()
    }

    /// What the rows that may be picked have been worth when all were looked at, with the row, of those for which
    /// `is_asked`.
    fn values(
        &self,
        is_asked: impl Fn(usize) -> bool + Sync + Send,
    ) -> impl ParallelIterator<Item = (i128, usize)> {
        let (weighing, is_open) = (self.weighing, &self.is_open[..]);
        let sums = self.to_all.par_iter().zip(&self.to_chosen).enumerate();
        sums.with_min_len(4096)
            .filter_map(move |(row, (&to_all, &to_chosen))| {
                let is_asked = is_open[row] && is_asked(row);
                is_asked.then(|| (weighing.value(to_all, to_chosen), row))
            })
    }

    /// Brings all sums up to date, and holds the rows of the least values.
    fn look_at_all(&mut self) -> Result<(), Error> {
        if !self.new.is_empty() {
            let sums = self.similarities.sum_columns(&self.new)?;
            let updated = self.to_chosen.iter_mut().zip(sums);
            updated.for_each(|(to_chosen, sum)| *to_chosen += sum);
            self.new.clear();
        }
        self.pool.stop().check()?;
        let mut values: Vec<(i128, usize)> = self.values(|_| true).collect();
        if values.len() > HELD {
            values.select_nth_unstable(HELD - 1);
            values.truncate(HELD);
        }
        let places: Vec<usize> = values.into_iter().map(|(_, row)| row).collect();
        self.held = Some(Held {
            rows: self.similarities.rows(&places)?,
            to_chosen: places.iter().map(|&row| self.to_chosen[row]).collect(),
            places,
        });
        Ok(())
    }
}

impl Held {
    /// Adds what each is similar to a row.
    fn add(&mut self, row: &[i16], function: &KernelFunction) {
        let own = half_square(product(row, row));
        let rows = &self.rows;
        for (at, to_chosen) in self.to_chosen.iter_mut().enumerate() {
            let other = rows.row(at);
            let (met, square) = reduce::vectorised!((product(row, other), product(other, other)));
            *to_chosen += i64::from(function.of(met, own + half_square(square)));
        }
    }
}
