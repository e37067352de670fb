//! The rows at length 1 in integers, made anew for every block that is worked on: no copy of
//! the features is kept, but where they have to be read and memory holds their integers.

use super::arrangement::{Arrangement, Links};
use super::blocks::BLOCK;
use super::read_rows::read_rows;
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use crate::quantise::{FIXED_BITS, IntegerRows, factor_of, is_f32_enough, to_integers};
use crate::reduce;
use rayon::prelude::*;
use std::sync::OnceLock;

/// Rows that are fetched together before they are worked on,
const FETCHED: usize = 8;
/// and where they have to be read.
const READ: usize = 256;

/// The fewest integer rows that are held at a time where they have to be read.
const HELD_ALWAYS: usize = 1 << 9;

/// What it takes to make any of the rows, and where each stands among those that are alike.
pub(super) struct UnitIntegers<'a> {
    features: &'a Features<'a>,
    stop: &'a Stop,
    /// Every row's factor; infinite where f32 would not do, to be found anew.
    factors: Vec<f32>,
    /// Tiles are cut of it.
    arrangement: Arrangement,
    /// What the first count has told of.
    links: OnceLock<Links>,
    /// Integer rows that memory holds.
    most: usize,
    /// All of them by position, where features are read and that is enough.
    held: Option<IntegerRows>,
}

impl<'a> UnitIntegers<'a> {
    /// Of a pool that may take so many bytes, where its features have to be read.
    pub(super) fn new(
        features: &'a Features<'a>,
        memory: u64,
        stop: &'a Stop,
    ) -> Result<Self, Error> {
        let in_f32 = |&norm_sq: &f64| {
            let factor = factor_of(norm_sq, features.scale());
            let is_enough = is_f32_enough(factor.max(f64::from(factor as f32)));
            if is_enough {
                factor as f32
            } else {
                f32::INFINITY
            }
        };
        let most = memory / (2 * IntegerRows::pitch_of(features.dim()) as u64);
        let mut new = Self {
            features,
            stop,
            factors: features.norms_sq().iter().map(in_f32).collect(),
            arrangement: Arrangement::default(),
            links: OnceLock::new(),
            most: usize::try_from(most).map_or(usize::MAX, |most| most.max(HELD_ALWAYS)),
            held: None,
        };
        new.arrangement = Arrangement::by_likeness(features, |row| new.unit(row), stop)?;
        if features.are_read() && new.len() <= new.most {
            let mut held = new.scratch(new.len());
            new.read(new.arrangement.rows(0..new.len()), 0, &mut held)?;
            new.held = Some(held);
        }
        Ok(new)
    }

    /// All rows by position, where they are held.
    pub(super) fn held(&self) -> Option<&IntegerRows> {
        self.held.as_ref()
    }

    /// Whether the features have to be read.
    pub(super) fn are_read(&self) -> bool {
        self.features.are_read()
    }

    /// How many rows are to be read together, once for all threads, where making them anew for every block
    /// that is worked on would read them again and again.
    pub(super) fn read_together(&self) -> Option<usize> {
        (self.are_read() && self.held.is_none()).then_some(self.most)
    }

    /// What ends the work.
    pub(super) fn stop(&self) -> &Stop {
        self.stop
    }

    pub(super) fn arrangement(&self) -> &Arrangement {
        &self.arrangement
    }

    /// Keeps what a count has told, if it is the first.
    pub(super) fn keep(&self, links: Links) {
        self.links.get_or_init(|| links);
    }

    /// Which blocks have products above `least`, where that is known.
    pub(super) fn links(&self, least: i32) -> Option<&Links> {
        self.links.get().filter(|links| links.hold_above(least))
    }

    /// The block of a row.
    pub(super) fn block(&self, links: &Links, row: usize) -> usize {
        links.block_of(self.arrangement.position(row))
    }

    /// The blocks of some rows, each once.
    pub(super) fn blocks(&self, links: &Links, rows: &[usize]) -> Vec<usize> {
        let mut blocks: Vec<usize> = rows.iter().map(|&row| self.block(links, row)).collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks
    }

    pub(super) fn len(&self) -> usize {
        self.factors.len()
    }

    /// Room for so many integer rows.
    pub(super) fn scratch(&self, rows: usize) -> IntegerRows {
        IntegerRows::zeros(self.features.dim(), rows)
    }

    /// Makes some rows, from place `at` of the scratch on.
    pub(super) fn fill(
        &self,
        mut rows: impl Iterator<Item = usize>,
        at: usize,
        scratch: &mut IntegerRows,
    ) -> Result<(), Error> {
        let pitch = scratch.pitch();
        let mut places = scratch.values_mut()[at * pitch..].chunks_exact_mut(pitch);
        if let Some(held) = &self.held {
            for (row, place) in rows.zip(places) {
                place.copy_from_slice(held.row(self.arrangement.position(row)));
            }
            return Ok(());
        }
        let (mut next, mut read) = ([0; READ], Scratch::default());
        loop {
            let mut count = 0;
            for (to, row) in next[..self.at_once()].iter_mut().zip(&mut rows) {
                *to = row;
                count += 1;
            }
            if count == 0 {
                return Ok(());
            }
            let rows = &next[..count];
            let x = self.features.spread(rows, &mut read)?;
            x.iter().for_each(reduce::fetch);
            for ((x, &row), place) in x.iter().zip(rows).zip(&mut places) {
                self.make(x, row, place);
            }
        }
    }

    /// The same of rows that have to be read, by all cores.
    pub(super) fn read(
        &self,
        rows: impl Iterator<Item = usize>,
        at: usize,
        made: &mut IntegerRows,
    ) -> Result<(), Error> {
        let pitch = made.pitch();
        let places = made.values_mut()[at * pitch..].chunks_exact_mut(pitch);
        let named = rows.zip(places).collect();
        read_rows(self.features, named, self.stop, |x, row, place| {
            self.make(x, row, place);
        })
    }

    /// Makes a row.
    fn make(&self, x: &[f32], row: usize, place: &mut [i16]) {
        let (factor, place) = (self.factor(row), &mut place[..x.len()]);
        reduce::vectorised!(to_integers(x, self.features.scale(), factor, place));
    }

    /// Rows that are fetched together.
    fn at_once(&self) -> usize {
        if self.are_read() { READ } else { FETCHED }
    }

    /// The factor of a row.
    fn factor(&self, row: usize) -> f64 {
        let in_f32 = self.factors[row];
        if in_f32.is_finite() {
            f64::from(in_f32)
        } else {
            factor_of(self.features.norms_sq()[row], self.features.scale())
        }
    }

    /// A row at length 1.
    pub(super) fn unit(&self, row: usize) -> Result<Vec<f32>, Error> {
        let mut read = Scratch::default();
        let x = self.features.block(row..row + 1, &mut read)?;
        let factor =
            self.factor(row) / f64::from(1 << FIXED_BITS) * f64::from(self.features.scale());
        let of_unit = |&x: &f32| (f64::from(x) * factor) as f32;
        Ok(x.iter().map(of_unit).collect())
    }

    /// Some rows' products with a row at length 1, unit 2⁻³⁰, as f32 has them: see `off_in_f32`. Not
    /// a number where that does not hold.
    #[inline(always)]
    pub(super) fn products_in_f32(
        &self,
        rows: &[usize],
        unit: &[f32],
        products: &mut [f64],
    ) -> Result<(), Error> {
        let mut read = Scratch::default();
        for (rows, products) in rows.chunks(FETCHED).zip(products.chunks_mut(FETCHED)) {
            let x = self.features.spread(rows, &mut read)?;
            x.iter().for_each(reduce::fetch);
            for ((x, &row), product) in x.iter().zip(rows).zip(products) {
                let factor = self.factor(row);
                *product = if is_f32_enough(factor) {
                    let dot = reduce::dot_scaled(x, self.features.scale(), unit);
                    f64::from(dot) * factor * f64::from(1 << FIXED_BITS)
                } else {
                    f64::NAN
                };
            }
        }
        Ok(())
    }

    /// Values of a row.
    pub(super) fn dim(&self) -> usize {
        self.features.dim()
    }

    /// What `work` finds of each row, by position.
    pub(super) fn of_each<T: Copy + Send>(
        &self,
        work: impl Fn(&[i16]) -> T + Sync,
    ) -> Result<Vec<T>, Error> {
        let firsts: Vec<usize> = (0..self.len()).step_by(BLOCK).collect();
        let blocks = self.stop().over(firsts.into_par_iter()).map_init(
            || self.scratch(BLOCK),
            |made, first| {
                let first = first?;
                let rows = first..self.len().min(first + BLOCK);
                self.fill(rows.clone(), 0, made)?;
                Ok((0..rows.len()).map(|at| work(made.row(at))).collect())
            },
        );
        let blocks: Vec<Vec<T>> = blocks.collect::<Result<_, Error>>()?;
        Ok(self.arrangement.by_position(&blocks.concat()))
    }
}
