//! Mirror of `shaders/row_sums.wgsl`.

use super::tiles::pairs;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::products::{self, Columns, TILE};
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::reduce;
use rayon::prelude::*;
use std::ops::Range;

/// Pairs that are counted at a time.
const COUNTED: u64 = 1 << 18;

/// Σⱼ s_ij over the class of row i, for every row. Not of a linear function.
///
/// A tile below the diagonal counts twice, for its rows and for its columns. Integers add up
/// to the same in any order, so every thread has sums of its own.
pub(super) fn row_sums(
    rows: &IntegerRows,
    ranges: &ClassRanges,
    function: &KernelFunction,
    (stop, pass): (&Stop, &Pass<'_>),
) -> Result<Vec<i64>, Error> {
    let bands: Vec<_> = (0..ranges.classes())
        .flat_map(|class| {
            let class = ranges.class(class);
            class
                .clone()
                .step_by(TILE)
                .map(move |first| (first, class.end))
        })
        .collect();
    let zeros = || vec![0i64; rows.rows()];
    (stop.over(bands.into_par_iter()))
        .try_fold(
            || (zeros(), Scratch::default()),
            |(mut sums, mut scratch), band| {
                add_band(
                    (rows, function),
                    (stop, pass),
                    band?,
                    &mut sums,
                    &mut scratch,
                )?;
                Ok((sums, scratch))
            },
        )
        .map(|done| done.map(|(sums, _)| sums))
        .try_reduce_with(|mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            Ok(a)
        })
        .unwrap_or_else(|| Ok(zeros()))
}

/// The sum of some rows, value by value.
pub(super) fn total(
    rows: &IntegerRows,
    places: Range<usize>,
    stop: &Stop,
) -> Result<Vec<i64>, Error> {
    let mut total = vec![0; rows.pitch()];
    for z in places.map(|place| rows.row(place)) {
        stop.check()?;
        total
            .iter_mut()
            .zip(z)
            .for_each(|(total, &z)| *total += i64::from(z));
    }
    Ok(total)
}

/// The same of a linear function: ⟨z, Σz⟩ for every row z, over its class.
pub(super) fn linear_row_sums(
    rows: &IntegerRows,
    ranges: &ClassRanges,
    stop: &Stop,
) -> Result<Vec<i64>, Error> {
    let of_class = |class: usize| -> Result<Vec<i64>, Error> {
        let places = ranges.class(class);
        let total = total(rows, places.clone(), stop)?;
        let dot = |place: Result<usize, Error>| {
            let z = rows.row(place?).iter();
            Ok(z.zip(&total).map(|(&z, total)| i64::from(z) * total).sum())
        };
        stop.over(places.into_par_iter()).map(dot).collect()
    };
    let of_classes: Result<Vec<_>, _> = (0..ranges.classes()).map(of_class).collect();
    Ok(of_classes?.concat())
}

/// What a thread needs for a tile.
struct Scratch {
    columns: Columns,
    products: Vec<i32>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            columns: Columns::default(),
            products: vec![0; TILE * TILE],
        }
    }
}

/// Adds the tiles of one block of columns, from the diagonal on.
fn add_band(
    (rows, function): (&IntegerRows, &KernelFunction),
    (stop, pass): (&Stop, &Pass<'_>),
    (first, end): (usize, usize),
    sums: &mut [i64],
    scratch: &mut Scratch,
) -> Result<(), Error> {
    let block = |first: usize| first..end.min(first + TILE);
    let Scratch { columns, products } = scratch;
    columns.pack(rows, block(first));
    let width = columns.len();
    let mut met = 0;
    for row in (first..end).step_by(TILE) {
        stop.check()?; // a class may be all rows
        let a: Vec<usize> = block(row).collect();
        products::products(rows, &a, columns, products);
        let products = &products[..a.len() * width];
        let (of_rows, of_columns) = reduce::vectorised!(sums_of_tile(products, width, function));
        add(&mut sums[first..], &of_columns[..width]);
        if row > first {
            add(&mut sums[row..], &of_rows[..a.len()]);
        }
        met += pairs(a.len(), width, row > first);
        if met >= COUNTED {
            pass.met(std::mem::take(&mut met))?;
        }
    }
    pass.met(met)
}

fn add(sums: &mut [i64], of_tile: &[i32]) {
    for (sum, &of_tile) in sums.iter_mut().zip(of_tile) {
        *sum += i64::from(of_tile);
    }
}

/// A tile's sums along its rows and along its columns: at most 64 similarities of 16 bits.
#[inline(always)]
fn sums_of_tile(
    products: &[i32],
    width: usize,
    function: &KernelFunction,
) -> ([i32; TILE], [i32; TILE]) {
    let (mut of_rows, mut of_columns) = ([0; TILE], [0; TILE]);
    for (of_row, products) in of_rows.iter_mut().zip(products.chunks_exact(width)) {
        for (of_column, &product) in of_columns.iter_mut().zip(products) {
            let similarity = function.of(product);
            *of_row += similarity;
            *of_column += similarity;
        }
    }
    (of_rows, of_columns)
}
