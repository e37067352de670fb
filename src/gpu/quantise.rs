//! Rows of a pool in integers: where the caller lends its rows, made on the host of them, a piece at a
//! time; else on the device by `shaders/quantise.wgsl`, and no row travels but those that it leaves open.
//!
//! Both make the same integers. They follow from a row's length as f64 sums it; the device sums it more
//! exactly (`row_squares`), so that each knows the length to an error that is known. What that error may
//! decide is open: a row whose factor, or one of whose values, it rounds this way or that.

use super::factor::Factor;
use super::float_rows::FloatRows;
use super::integer_rows::{IntegerPanels, Source};
use super::memory::blocks;
use super::panels::Panel;
use super::record::Kind;
use super::row_squares;
use super::transfer::PIECE_BYTES;
use crate::error::Error;
use crate::products::product;
use crate::quantise::{
    FIXED_BITS, IntegerRows, Length, NEED, factor, is_f32_enough, mean_of, round_mean, to_integers,
};
use crate::reduce;
use rayon::prelude::*;
use std::ops::Range;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/three_words.wgsl"),
    include_str!("../../shaders/quantise.wgsl"),
);

/// Rows of a workgroup, `ROWS` in the shader.
const ROWS: u64 = 8;

/// Rows listed at a time: lists and answers take little memory beside the rows.
const AT_ONCE: usize = 1 << 14;

/// Values that a thread of the host makes whole at least: a few rows are not worth waking one.
const AT_LEAST: usize = 1 << 13;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    count: u32,
    dim: u32,
    words: u32,
    doubt: u32,
}

/// `Row` in the shader.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Row {
    source: u32,
    place: u32,
    factor: Factor,
}

/// How rows become integers.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    /// Examples of so many rows in f64; [`Examples`](crate::kernels::Examples) says what it means.
    Means { views: usize, length: Length },
    /// Rows at length 1, in f32; [`to_integers`] says how.
    Units,
}

impl Rule {
    /// Rows that an example has.
    fn views(self) -> usize {
        match self {
            Self::Means { views, .. } => views,
            Self::Units => 1,
        }
    }

    /// `RULE` in the shader.
    fn number(self) -> usize {
        match self {
            Self::Means { .. } => 1,
            Self::Units => 2,
        }
    }

    /// What a row of this length, in the unit of the panels, is multiplied by there; none where the
    /// length leaves that open. `error` is that of the length, over it.
    fn factor(self, length: f64, error: f64, pending_scale: f32) -> Option<Factor> {
        let one = f64::from(1u32 << FIXED_BITS);
        match self {
            Self::Means {
                length: Length::Given(0.0),
                ..
            } => Some(Factor::of_f64(one)), // of zeros alone
            Self::Means {
                length: Length::Given(given),
                ..
            } => Some(Factor::of_f64(one * f64::from(pending_scale) / given)),
            Self::Means { .. } if length == 0.0 => None,
            Self::Means { .. } => Some(Factor::of_f64(one / length)),
            Self::Units if length == 0.0 => Some(Factor::of_f32(1.0)), // of zeros alone
            Self::Units => {
                let factor = one / (length * f64::from(pending_scale));
                let (least, most) = (factor * (1.0 - error), factor * (1.0 + error));
                let is_certain = least as f32 == most as f32 && is_f32_enough(most);
                let of_row = || {
                    let factor = Factor::of_f32(most as f32);
                    let exponent = factor.exponent + pending_scale.log2() as i32;
                    Factor { exponent, ..factor }
                };
                is_certain.then(of_row)
            }
        }
    }
}

/// Integer rows of a pool's, made again wherever they have left the device.
pub(super) struct Quantised<'a> {
    features: &'a FloatRows<'a>,
    /// Which example is at each place.
    examples: Vec<usize>,
    rule: Rule,
    /// Every row's length, in the unit of the panels, where the device makes rows by it.
    lengths: Vec<f64>,
}

impl<'a> Quantised<'a> {
    /// Examples, one after another.
    pub(super) fn new(
        features: &'a FloatRows<'a>,
        examples: Vec<usize>,
        rule: Rule,
    ) -> Result<Self, Error> {
        let is_given = matches!(
            rule,
            Rule::Means {
                length: Length::Given(_),
                ..
            }
        );
        let lengths = if is_given || is_made_on_host(features, rule) {
            Vec::new()
        } else {
            row_squares::run(features)?
        };
        Ok(Self {
            features,
            examples,
            rule,
            lengths,
        })
    }

    /// What a row is multiplied by; none where its length leaves that open.
    fn factor(&self, row: usize) -> Option<Factor> {
        let by_length = !self.lengths.is_empty();
        if by_length && self.features.is_faint(row) {
            return None;
        }
        let length = self.lengths.get(row).copied().unwrap_or(1.0);
        let error = row_squares::error(self.features.dim);
        self.rule.factor(length, error, self.features.pending_scale)
    }

    /// Makes rows on the device; gives the places of those that it leaves open.
    fn on_device(&self, integers: &Panel, squares: &mut [i32]) -> Result<Vec<usize>, Error> {
        let gpu = &self.features.gpu;
        let mut open = Vec::new();
        for floats in self.features.panels() {
            let floats = floats?;
            let here = |place: &usize| floats.rows.contains(&self.examples[*place]);
            let mut listed = Vec::new();
            for place in integers.rows.clone().filter(here) {
                match self.factor(self.examples[place]) {
                    Some(factor) => listed.push(Row {
                        source: floats.place(self.examples[place]),
                        place: integers.place(place),
                        factor,
                    }),
                    None => open.push(place),
                }
            }
            for rows in listed.chunks(gpu.most_listed::<Row>().min(AT_ONCE)) {
                let answers = of_panel(self.features, &floats, integers, rows, self.rule)?;
                for (row, [square, doubt]) in rows.iter().zip(answers) {
                    squares[row.place as usize] = square.cast_signed();
                    if doubt != 0 {
                        open.push(integers.rows.start + row.place as usize);
                    }
                }
            }
        }
        open.sort_unstable();
        Ok(open)
    }

    /// Makes the rows at some places of a panel on the host, a piece at a time; names the lowest row of
    /// zeros that has no length to be divided by.
    fn on_host(
        &self,
        rows: &IntegerPanels<'_>,
        panel: &Panel,
        places: Range<usize>,
        squares: &mut [i32],
    ) -> Result<Option<usize>, Error> {
        let at_once = PIECE_BYTES as usize / 4 / self.features.dim / self.rule.views();
        let mut lowest = None;
        for piece in blocks(places, at_once.max(1)) {
            let examples = &self.examples[piece.clone()];
            let (made, zero_row) = made(self.features, examples, self.rule)?;
            lowest = lowest.into_iter().chain(zero_row).min();
            let squares = &mut squares[piece.start - panel.rows.start..];
            for (square, z) in squares
                .iter_mut()
                .zip(made.values().chunks_exact(made.pitch()))
            {
                *square = product(z, z);
            }
            rows.write(panel, piece.start, &made)?;
        }
        Ok(lowest)
    }
}

impl Source for Quantised<'_> {
    fn fill(&self, rows: &IntegerPanels<'_>, panel: &Panel) -> Result<Vec<i32>, Error> {
        let mut squares = vec![0; panel.rows.len()];
        let open = if is_made_on_host(self.features, self.rule) {
            panel.rows.clone().collect()
        } else {
            self.on_device(panel, &mut squares)?
        };
        let mut zero_row = None;
        // Written in runs of places that follow each other.
        for run in open.chunk_by(|a, b| a + 1 == *b) {
            let places = run[0]..run[0] + run.len();
            let zero = self.on_host(rows, panel, places, &mut squares)?;
            zero_row = zero_row.into_iter().chain(zero).min();
        }
        self.features.gpu.alive()?;
        match zero_row {
            Some(row) => Err(Error::ZeroRow { row, need: NEED }),
            None => Ok(squares),
        }
    }

    fn some(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let examples: Vec<usize> = places.iter().map(|&place| self.examples[place]).collect();
        made(self.features, &examples, self.rule).map(|(rows, _)| rows)
    }

    fn is_on_host(&self) -> bool {
        self.features.is_lent()
    }
}

/// Whether no row is made on the device.
fn is_made_on_host(features: &FloatRows<'_>, rule: Rule) -> bool {
    features.is_lent() || rule.views() > 1
}

/// Makes the rows listed; gives each one's product with itself, and whether it is in doubt.
fn of_panel(
    features: &FloatRows<'_>,
    floats: &Panel,
    integers: &Panel,
    rows: &[Row],
    rule: Rule,
) -> Result<Vec<[u32; 2]>, Error> {
    let gpu = &features.gpu;
    // What the error of a factor comes to in a value of 2^15, in units of 2^-32, and some units for the
    // roundings of f64 and what the product is cut by.
    let doubt = row_squares::error(features.dim) * 47f64.exp2() + 8.0;
    let shape = gpu.uniform(Shape {
        count: rows.len() as u32,
        dim: features.dim as u32,
        words: (IntegerRows::pitch_of(features.dim) / 2) as u32,
        doubt: doubt.min(f64::from(1u32 << 31)) as u32,
    })?;
    let list = gpu.filled("rows to make whole", rows, BufferUsages::STORAGE)?;
    let answers = gpu.output("squares", rows.len() as u64 * 8)?;
    gpu.dispatch(
        "quantise",
        (WGSL, &[("RULE", rule.number() as f64)]),
        &[
            shape.as_entire_binding(),
            floats.binding(),
            list.as_entire_binding(),
            integers.binding(),
            answers.as_entire_binding(),
        ],
        (rows.len() as u64).div_ceil(ROWS),
    )?;
    gpu.read("squares", &answers)
}

/// Some rows made on the host, and the lowest row of zeros that has no length to be divided by.
fn made(
    features: &FloatRows<'_>,
    examples: &[usize],
    rule: Rule,
) -> Result<(IntegerRows, Option<usize>), Error> {
    let views = rule.views();
    let rows = examples.iter().flat_map(|e| e * views..(e + 1) * views);
    let rows: Vec<usize> = rows.collect();
    // Of a row far shorter than the longest the direction is left in the caller's unit alone.
    let x = match rule {
        Rule::Means {
            length: Length::Given(_),
            ..
        } => features.gather(&rows)?,
        _ => features.given(&rows)?,
    };
    let (dim, scale) = (features.dim, features.scale);
    let make = |mean: &mut Vec<f64>, x: &[f32], row: &mut [i16]| match rule {
        Rule::Means { length, .. } => {
            let zero_view = reduce::vectorised!(mean_of(x.chunks_exact(dim), 1.0, length, mean));
            reduce::vectorised!(round_mean(mean, row));
            zero_view
        }
        Rule::Units => {
            reduce::vectorised!(to_integers(x, scale, factor(x, scale), row));
            None
        }
    };
    features.gpu.counted(Kind::Host, || {
        let mut out = IntegerRows::zeros(dim, examples.len());
        let pitch = out.pitch();
        let zero_row = (out.values_mut().par_chunks_exact_mut(pitch))
            .zip(x.par_chunks_exact(views * dim))
            .zip(examples)
            .with_min_len(AT_LEAST.div_ceil(pitch))
            .map_init(
                || vec![0.0; dim],
                |mean, ((row, x), example)| {
                    make(mean, x, &mut row[..dim]).map(|view| example * views + view)
                },
            )
            .flatten()
            .min();
        Ok((out, zero_row))
    })
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, constant, overridden};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let wgsl = overridden(WGSL, &[("RULE", 1)]);
        let bindings = ["shape", "features", "rows", "integers", "answers"];
        assert_entry(&wgsl, "quantise", 256, &bindings);
        let members = [
            ("count", offset_of!(Shape, count)),
            ("dim", offset_of!(Shape, dim)),
            ("words", offset_of!(Shape, words)),
            ("doubt", offset_of!(Shape, doubt)),
        ];
        assert_struct(&wgsl, "Shape", &members, size_of::<Shape>());
        let factor = offset_of!(Row, factor);
        let members = [
            ("source", offset_of!(Row, source)),
            ("place", offset_of!(Row, place)),
            ("high", factor + offset_of!(Factor, high)),
            ("low", factor + offset_of!(Factor, low)),
            ("exponent", factor + offset_of!(Factor, exponent)),
        ];
        assert_struct(&wgsl, "Row", &members, size_of::<Row>());
        assert_eq!(constant(&wgsl, "ROWS"), ROWS);
    }

    /// Where the error of a length decides how a factor is rounded, the row is left open.
    #[test]
    fn factors_too_close_to_call_are_left_open() {
        let open = |length: f64| {
            Rule::Units
                .factor(length, row_squares::error(64), 1.0)
                .is_none()
        };
        assert!(!open(1.0) && !open(1.2345));
        // Halfway between two factors of 24 bits.
        let tie = f64::from(1u32 << 15) * (1.0 + 3.0 * 24f64.exp2().recip());
        assert!(open(
            f64::from(1u32 << 15).powi(2) / tie / f64::from(1u32 << 15)
        ));
        assert!(open(1e-18), "f32 does not do");
    }
}
