//! The rows at length 1 in integers, made anew for every block that is worked on: no copy of
//! the features is kept.

use super::arrangement::{Arrangement, Links};
use super::blocks::BLOCK;
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use crate::quantise::{FIXED_BITS, IntegerRows, factor, is_f32_enough, to_integers};
use crate::reduce;
use rayon::prelude::*;
use std::sync::OnceLock;

/// Rows that are fetched together before they are worked on,
const FETCHED: usize = 8;
/// and where they have to be read.
const READ: usize = 256;

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
}

impl<'a> UnitIntegers<'a> {
    pub(super) fn new(features: &'a Features<'a>, stop: &'a Stop) -> Result<Self, Error> {
        let in_f32 = |factor: f64| {
            let is_enough = is_f32_enough(factor.max(f64::from(factor as f32)));
            if is_enough {
                factor as f32
            } else {
                f32::INFINITY
            }
        };
        let mut new = Self {
            features,
            stop,
            factors: vec![0.0; features.rows()],
            arrangement: Arrangement::default(),
            links: OnceLock::new(),
        };
        let blocks = stop.over(new.factors.par_chunks_mut(BLOCK).enumerate());
        blocks.try_for_each_init(Scratch::default, |scratch, block| {
            let (at, factors) = block?;
            let x = features.nth_block(at, BLOCK, scratch)?;
            for (to, x) in factors.iter_mut().zip(x.chunks_exact(features.dim())) {
                *to = in_f32(factor(x, features.scale()));
            }
            Ok(())
        })?;
        new.arrangement = Arrangement::by_likeness(features, |row| new.unit(row), stop)?;
        Ok(new)
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
                let (factor, place) = (self.factor(row, x), &mut place[..x.len()]);
                reduce::vectorised!(to_integers(x, self.features.scale(), factor, place));
            }
        }
    }

    /// Rows that are fetched together.
    fn at_once(&self) -> usize {
        if self.features.are_read() {
            READ
        } else {
            FETCHED
        }
    }

    /// The factor of a row, given its values.
    fn factor(&self, row: usize, x: &[f32]) -> f64 {
        let in_f32 = self.factors[row];
        if in_f32.is_finite() {
            f64::from(in_f32)
        } else {
            factor(x, self.features.scale())
        }
    }

    /// A row at length 1.
    pub(super) fn unit(&self, row: usize) -> Result<Vec<f32>, Error> {
        let mut read = Scratch::default();
        let x = self.features.block(row..row + 1, &mut read)?;
        let factor =
            self.factor(row, x) / f64::from(1 << FIXED_BITS) * f64::from(self.features.scale());
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
        let at_once = self.at_once();
        for (rows, products) in rows.chunks(at_once).zip(products.chunks_mut(at_once)) {
            let x = self.features.spread(rows, &mut read)?;
            x.iter().for_each(reduce::fetch);
            for ((x, &row), product) in x.iter().zip(rows).zip(products) {
                let factor = self.factor(row, x);
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
    pub(super) fn of_each<T: Send>(
        &self,
        work: impl Fn(&[i16]) -> T + Sync,
    ) -> Result<Vec<T>, Error> {
        let positions = (0..self.len()).into_par_iter();
        (self.stop().over(positions))
            .map_init(
                || self.scratch(1),
                |made, at| {
                    let at = at?;
                    self.fill(self.arrangement.rows(at..at + 1), 0, made)?;
                    Ok(work(made.row(0)))
                },
            )
            .collect()
    }
}
