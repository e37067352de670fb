//! Mirror of `shaders/row_sums.wgsl`.

use super::block_pairs::Part;
use super::halves::{Halves, Packed, halves};
use super::tiles::{band_of, pairs};
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::{KernelFunction, by_function};
use crate::products::{self, TILE};
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::reduce;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Pairs that are counted at a time.
const COUNTED: u64 = 1 << 18;

/// Rows of visitors' bands: many tiles, so that to pack the columns is little beside them.
const ROWS_OF_BAND: usize = 64 * TILE;

/// Rows, and the columns that they meet: rows themselves, or visitors, which then have the places after them.
struct Meeting<'m> {
    rows: &'m IntegerRows,
    visitors: Option<&'m IntegerRows>,
    function: &'m KernelFunction,
}

impl<'m> Meeting<'m> {
    fn of(rows: &'m IntegerRows, function: &'m KernelFunction) -> Self {
        Self {
            rows,
            visitors: None,
            function,
        }
    }

    fn columns(&self) -> &IntegerRows {
        self.visitors.unwrap_or(self.rows)
    }

    /// The place of the first column.
    fn first(&self) -> usize {
        self.visitors.map_or(0, |_| self.rows.rows())
    }

    fn places(&self) -> usize {
        self.first() + self.columns().rows()
    }
}

/// Columns that stay in a core's own cache while rows pass, and those rows: from the columns themselves on, or others.
struct Band {
    columns: Range<usize>,
    rows: Range<usize>,
    are_own: bool,
}

/// The columns `a` cut into bands, to meet those of themselves and after them, or other rows.
fn bands(
    a: Range<usize>,
    others: Option<Range<usize>>,
    pitch: usize,
) -> impl Iterator<Item = Band> {
    let width = band_of(a.len(), pitch);
    a.clone().step_by(width).map(move |first| Band {
        columns: first..a.end.min(first + width),
        are_own: others.is_none(),
        rows: others.clone().unwrap_or(first..a.end),
    })
}

/// Σⱼ s_ij over the class of row i, for every row. Not of a linear function.
pub(super) fn row_sums(
    rows: &IntegerRows,
    ranges: &ClassRanges,
    function: &KernelFunction,
    watch: (&Stop, &Pass<'_>),
) -> Result<Vec<i64>, Error> {
    let of_class = |class| bands(ranges.class(class), None, rows.pitch());
    let all = (0..ranges.classes()).flat_map(of_class);
    sums_of(
        &Meeting::of(rows, function),
        &all.collect::<Vec<_>>(),
        watch,
    )
}

/// Σ s_ij for the rows at some places over visitors, and for every visitor over those rows. Not of a linear function.
pub(super) fn visitor_sums(
    (rows, places): (&IntegerRows, Range<usize>),
    visitors: &IntegerRows,
    function: &KernelFunction,
    watch: (&Stop, &Pass<'_>),
) -> Result<[Vec<i64>; 2], Error> {
    let meeting = Meeting {
        visitors: Some(visitors),
        ..Meeting::of(rows, function)
    };
    let of_rows = |first: usize| first..places.end.min(first + ROWS_OF_BAND);
    let all = places.clone().step_by(ROWS_OF_BAND).map(of_rows);
    let all = all.flat_map(|rows| bands(0..visitors.rows(), Some(rows), visitors.pitch()));
    let mut sums = sums_of(&meeting, &all.collect::<Vec<_>>(), watch)?;
    let of_visitors = sums.split_off(meeting.first());
    Ok([sums[places].to_vec(), of_visitors])
}

/// Adds to `sums`, by position, those of the pairs of one part, or of two.
pub(super) fn add_row_sums(
    rows: &IntegerRows,
    [a, b]: [&Part; 2],
    function: &KernelFunction,
    sums: &mut [i64],
    watch: (&Stop, &Pass<'_>),
) -> Result<(), Error> {
    let is_one = a.positions == b.positions;
    let others = (!is_one).then(|| b.places.clone());
    let all: Vec<Band> = bands(a.places.clone(), others, rows.pitch()).collect();
    let found = sums_of(&Meeting::of(rows, function), &all, watch)?;
    let mut add = |part: &Part| {
        let sums = &mut sums[part.positions.clone()];
        let found = &found[part.places.clone()];
        sums.iter_mut()
            .zip(found)
            .for_each(|(sum, found)| *sum += found);
    };
    add(a);
    if !is_one {
        add(b);
    }
    Ok(())
}

/// A tile off the diagonal counts twice, for its rows and for its columns. Integers add up to the same in any
/// order, so every thread has sums of its own.
fn sums_of(
    meeting: &Meeting<'_>,
    bands: &[Band],
    (stop, pass): (&Stop, &Pass<'_>),
) -> Result<Vec<i64>, Error> {
    let zeros = || vec![0i64; meeting.places()];
    // Bands take ever less: whoever is done takes the next, so that none waits long for the last.
    let next = AtomicUsize::new(0);
    let of_thread = |_| {
        let (mut sums, mut products) = (zeros(), vec![0; TILE * TILE]);
        while let Some(band) = bands.get(next.fetch_add(1, Relaxed)) {
            add_band(meeting, (stop, pass), band, &mut sums, &mut products)?;
        }
        Ok(sums)
    };
    (0..rayon::current_num_threads().min(bands.len()))
        .into_par_iter()
        .with_max_len(1)
        .map(of_thread)
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
        products_with(rows, places, &total, stop)
    };
    let of_classes: Result<Vec<_>, _> = (0..ranges.classes()).map(of_class).collect();
    Ok(of_classes?.concat())
}

/// The products of some rows with the sum of a class.
pub(super) fn products_with(
    rows: &IntegerRows,
    places: Range<usize>,
    total: &[i64],
    stop: &Stop,
) -> Result<Vec<i64>, Error> {
    let dot = |place: Result<usize, Error>| {
        let z = rows.row(place?).iter();
        Ok(z.zip(total).map(|(&z, total)| i64::from(z) * total).sum())
    };
    stop.over(places.into_par_iter()).map(dot).collect()
}

/// Adds the tiles of one band.
fn add_band(
    meeting: &Meeting<'_>,
    (stop, pass): (&Stop, &Pass<'_>),
    band: &Band,
    sums: &mut [i64],
    products: &mut [i32],
) -> Result<(), Error> {
    let Meeting { rows, function, .. } = *meeting;
    let columns: Vec<usize> = band.columns.clone().collect();
    let columns: Vec<Packed> = Packed::all(meeting.columns(), &columns, function).collect();
    let mut met = 0;
    for row in band.rows.clone().step_by(TILE) {
        stop.check()?; // a class may be all rows
        let a: Vec<usize> = (row..band.rows.end.min(row + TILE)).collect();
        let of_its = halves(rows, a.iter().copied(), function);
        for (column, packed) in band.columns.clone().step_by(TILE).zip(&columns) {
            if band.are_own && column > row {
                break;
            }
            let width = packed.columns.len();
            products::products(rows, &a, &packed.columns, products);
            let products = &products[..a.len() * width];
            let halves = (&of_its, &packed.halves);
            let (of_rows, of_columns) = by_function!(function, of => {
                reduce::vectorised!(sums_of_tile(products, width, halves, of))
            });
            let is_off_diagonal = !band.are_own || row != column;
            add(&mut sums[meeting.first() + column..], &of_columns[..width]);
            if is_off_diagonal {
                add(&mut sums[row..], &of_rows[..a.len()]);
            }
            met += pairs(a.len(), width, is_off_diagonal);
        }
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
    (halves_of_rows, halves): (&Halves, &Halves),
    of: impl Fn(i32, i32) -> i32,
) -> ([i32; TILE], [i32; TILE]) {
    let (mut of_rows, mut of_columns) = ([0; TILE], [0; TILE]);
    let rows = of_rows.iter_mut().zip(halves_of_rows);
    for ((of_row, of_its), products) in rows.zip(products.chunks_exact(width)) {
        let columns = of_columns.iter_mut().zip(halves);
        for ((of_column, half), &product) in columns.zip(products) {
            let similarity = of(product, of_its + half);
            *of_row += similarity;
            *of_column += similarity;
        }
    }
    (of_rows, of_columns)
}
