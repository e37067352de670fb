//! A block of greedy picks made on the host between two passes of the device.

use super::weights::Weights;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::kernels::similarities::{MASK, Round, is_masked};
use crate::products::{Columns, products};
use crate::quantise::{FIXED_BITS, IntegerRows};
use std::cmp::Reverse;
use std::ops::Range;

/// What a pass of the device is worth having for, and no more: columns of a tile.
const MOST_PICKS: usize = 256;

/// The rows of a class among which a block of picks is made: those of the largest gains.
pub(super) struct CandidateGroup {
    /// Ascending, so that the first of equals is the lowest row.
    pub(super) places: Vec<usize>,
    gains: Vec<i64>,
    /// The best gain of the others, and the lowest place that has it.
    outside: Option<(i64, usize)>,
}

impl CandidateGroup {
    /// At most `count` of a class's rows that are not masked; `gains` are exact.
    pub(super) fn new(class: Range<usize>, gains: &[i64], count: usize) -> Self {
        let mut order: Vec<usize> = (0..gains.len()).filter(|&i| !is_masked(gains[i])).collect();
        let mut outside = None;
        if order.len() > count {
            order.select_nth_unstable_by_key(count, |&i| (Reverse(gains[i]), i));
            outside = Some((gains[order[count]], class.start + order[count]));
            order.truncate(count);
        }
        order.sort_unstable();
        Self {
            places: order.iter().map(|i| class.start + i).collect(),
            gains: order.iter().map(|&i| gains[i]).collect(),
            outside,
        }
    }
}

/// Picks from a class as greedy rounds would, while it is certain that no row outside of the
/// candidates has come to a larger gain; and, where gains are linear, the sum of the rows picked.
///
/// `among` says which of `rows` are the candidates. At least one pick is made, of `most`.
pub(super) fn block(
    rows: &IntegerRows,
    among: Range<usize>,
    candidates: &CandidateGroup,
    most: usize,
    step: i64,
    horizon: Horizon<'_>,
) -> Result<(Vec<Round>, Vec<f64>), Error> {
    let places = &candidates.places;
    let mut gains = candidates.gains.clone();
    let mut bound = Bound::new(horizon, candidates.outside);
    let mut columns = Columns::default();
    columns.pack(rows, among.clone());
    let mut scratch = vec![0; places.len()];
    let mut rounds = Vec::new();
    while rounds.len() < most.min(MOST_PICKS).min(places.len()) {
        horizon.stop.check()?;
        let gain = gains.iter().copied().max().expect("a candidate is left");
        let at = gains.iter().position(|&g| g == gain).expect("it is there");
        if !rounds.is_empty() && !bound.is_below(gain, places[at]) {
            break;
        }
        rounds.push(Round {
            row: places[at],
            gain,
        });
        let row = among.start + at;
        products(rows, &[row], &columns, &mut scratch);
        for (gain, &product) in gains.iter_mut().zip(&scratch) {
            *gain += step * i64::from(bound.horizon.function.of(product, 0));
        }
        gains[at] += MASK;
        bound.picked(rows.row(row));
    }
    Ok((rounds, bound.drift))
}

/// What is known of the gains that a block will see.
#[derive(Clone, Copy)]
pub(super) struct Horizon<'a> {
    pub(super) function: &'a KernelFunction,
    /// Whether gains have their sign turned, and rise by what is similar to a pick.
    pub(super) worst: bool,
    /// Of a linear function.
    pub(super) linear: Option<&'a Weights>,
    /// What ends the work.
    pub(super) stop: &'a Stop,
}

/// The largest gain that a row outside of the candidates can have.
struct Bound<'a> {
    horizon: Horizon<'a>,
    /// The best gain outside when the block began, and the lowest row that has it.
    outside: Option<(i64, usize)>,
    picks: i64,
    /// D, the sum of the rows picked in this block.
    drift: Vec<f64>,
}

impl<'a> Bound<'a> {
    fn new(horizon: Horizon<'a>, outside: Option<(i64, usize)>) -> Self {
        Self {
            horizon,
            outside,
            picks: 0,
            drift: vec![0.0; horizon.linear.map_or(0, |linear| linear.w.len())],
        }
    }

    fn picked(&mut self, z: &[i16]) {
        self.picks += 1;
        for (drift, &z) in self.drift.iter_mut().zip(z) {
            *drift += f64::from(z);
        }
    }

    /// Whether every row outside comes after a row of this gain.
    fn is_below(&self, gain: i64, row: usize) -> bool {
        let Some((outside, lowest)) = self.outside else {
            return true;
        };
        match self.horizon.linear {
            Some(weights) => (gain as f64) > self.linear(outside as f64, weights),
            // Similarities are not negative, so gains only fall,
            None if !self.horizon.worst => (gain, Reverse(row)) > (outside, Reverse(lowest)),
            // or only rise, by at most twice the largest similarity a pick.
            None => gain > outside + self.picks * 2 * 0xffff,
        }
    }

    /// After the picks D a row's gain is g' = ⟨z, w − 2D⟩ − ‖z‖², and for any μ in [0, 1]
    ///
    /// ```text
    /// g' = (1 − μ)·g − μ‖z‖² + ⟨z, μw − 2D⟩  ≤  (1 − μ)·outside − μ·min‖z‖² + max‖z‖·‖μw − 2D‖
    /// ```
    ///
    /// where μ is the one that leaves least of μw − 2D; with the sign turned, ‖z‖² is added.
    fn linear(&self, outside: f64, weights: &Weights) -> f64 {
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let w = &weights.w;
        let mu = (2.0 * dot(w, &self.drift) / dot(w, w).max(1.0)).clamp(0.0, 1.0);
        let left = w
            .iter()
            .zip(&self.drift)
            .map(|(w, d)| (mu * w - 2.0 * d).powi(2));
        let (least, largest) = weights.lengths;
        let own = if self.horizon.worst {
            largest * largest
        } else {
            -least * least
        };
        let bound = (1.0 - mu) * outside + mu * own + largest * left.sum::<f64>().sqrt();
        // Far more than a few thousand roundings come to, and next to nothing beside a gain.
        let one = f64::from(1u32 << FIXED_BITS).powi(2);
        bound + 1e-9 * (outside.abs() + own.abs() + bound.abs()) + 1e-6 * one
    }
}
