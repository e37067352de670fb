//! Mirror of `shaders/count_within.wgsl`.

use super::arrangement::Links;
use super::block_pairs::Part;
use super::tiles::{Exact, Tiler, each_tile};
use super::unit_integers::UnitIntegers;
use crate::error::Error;
use crate::products::{RoughColumns, RoughRows, Rounding, TILE, product, rough_products};
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use crate::reduce;
use std::sync::atomic::{AtomicU32, Ordering};

/// Doubts in a tile from which on all of it is done exactly: a product of its own takes about eight
/// times as long as one in a tile.
const MOST_DOUBTS: u32 = (TILE * TILE / 8) as u32;

/// Tiles of a band that may be done needlessly before that makes a difference.
const VAIN_ALWAYS: usize = 64;

/// For every row the number of rows at a product above `least`.
///
/// A tile above the diagonal counts for its rows and for its columns. Rough products tell of most
/// pairs; only where they leave a doubt are exact ones asked.
pub(super) fn count_within(
    units: &UnitIntegers<'_>,
    least: i32,
    pass: &Pass<'_>,
) -> Result<Vec<u32>, Error> {
    count_by(units, least, Rounding::of(units.dim()), pass)
}

fn count_by(
    units: &UnitIntegers<'_>,
    least: i32,
    rounding: Option<Rounding>,
    pass: &Pass<'_>,
) -> Result<Vec<u32>, Error> {
    let counts = Counts {
        of_positions: (0..units.len()).map(|_| 0.into()).collect(),
        links: Links::new(units.len(), least),
    };
    let exact = || {
        Exact::new(|products: &[i32], rows: &Part, columns: &Part| {
            let width = columns.len();
            let found = reduce::vectorised!(count(products, width, least));
            counts.add(rows, columns, &found);
        })
    };
    if let Some(rounding) = rounding {
        let radii = Rounding::radii(&units.of_each(|row| rounding.lengths(row))?);
        let rough = Rough {
            rounding,
            radii: &radii,
            limit: rounding.limit(least),
            least,
            counts: &counts,
        };
        each_tile(units, pass, || RoughTiles::new(rough, exact()))?;
    } else {
        each_tile(units, pass, exact)?;
    }
    let Counts {
        of_positions,
        links,
    } = counts;
    units.keep(links);
    let of_positions: Vec<u32> = of_positions
        .into_iter()
        .map(AtomicU32::into_inner)
        .collect();
    Ok(units.arrangement().by_row(&of_positions))
}

/// A tile's counts along its rows and along its columns.
pub(super) type Found = ([u32; TILE], [u32; TILE]);

/// Counts by position, and which tiles have any.
struct Counts {
    of_positions: Vec<AtomicU32>,
    links: Links,
}

impl Counts {
    fn add(&self, rows: &Part, columns: &Part, (of_rows, of_columns): &Found) {
        if of_rows.iter().all(|&found| found == 0) {
            return;
        }
        self.links
            .link(rows.positions.start, columns.positions.start);
        let add = |part: &Part, found: &[u32]| {
            for (found, count) in found.iter().zip(&self.of_positions[part.positions.clone()]) {
                count.fetch_add(*found, Ordering::Relaxed);
            }
        };
        add(rows, of_rows);
        if rows.positions.start < columns.positions.start {
            add(columns, of_columns);
        }
    }
}

#[inline(always)]
pub(super) fn count(products: &[i32], width: usize, least: i32) -> Found {
    let (mut of_rows, mut of_columns) = ([0; TILE], [0; TILE]);
    for (of_row, products) in of_rows.iter_mut().zip(products.chunks_exact(width)) {
        for (of_column, &product) in of_columns.iter_mut().zip(products) {
            let near = u32::from(product > least);
            *of_row += near;
            *of_column += near;
        }
    }
    (of_rows, of_columns)
}

/// What rough products are judged by.
#[derive(Clone, Copy)]
struct Rough<'a> {
    rounding: Rounding,
    /// Of every row.
    radii: &'a [i16],
    limit: i32,
    /// The limit of exact products.
    least: i32,
    counts: &'a Counts,
}

/// A thread's tiles of rough products.
struct RoughTiles<'a, E> {
    rough: Rough<'a>,
    /// The band's, and the place of its first.
    rows: RoughRows,
    first: usize,
    columns: RoughColumns,
    products: Vec<i16>,
    /// For each product of a tile whether it leaves a doubt: 1 or 0.
    doubts: Vec<u8>,
    /// What does a tile that is full of doubts, and whether it has these columns.
    exact: E,
    is_exact_packed: bool,
    /// Tiles of this band, and those of them that were full of doubts.
    tried: usize,
    vain: usize,
}

impl<'a, E: Tiler> RoughTiles<'a, E> {
    fn new(rough: Rough<'a>, exact: E) -> Self {
        Self {
            rough,
            rows: RoughRows::default(),
            first: 0,
            columns: RoughColumns::default(),
            products: vec![0; TILE * TILE],
            doubts: vec![0; TILE * TILE],
            exact,
            is_exact_packed: false,
            tried: 0,
            vain: 0,
        }
    }

    /// Counts for certain, and how many products leave a doubt.
    fn tell(&mut self, rows: &Part, columns: &Part) -> (Found, u32) {
        let Self {
            products, doubts, ..
        } = self;
        let of_band = rows.places.start - self.first..rows.places.end - self.first;
        rough_products(&self.rows, of_band, &self.columns, products);
        let Rough { radii, limit, .. } = self.rough;
        let (of_rows, of_columns) = (
            &radii[rows.positions.clone()],
            &radii[columns.positions.clone()],
        );
        reduce::vectorised!(tell(products, of_rows, of_columns, limit, doubts))
    }

    /// Adds those that are near after all.
    #[inline(always)]
    fn settle(&self, made: &IntegerRows, rows: &Part, columns: &Part, found: &mut Found) {
        let width = columns.len();
        let all = self.doubts.chunks_exact(width).zip(rows.places.clone());
        for ((doubts, row), of_row) in all.zip(&mut found.0) {
            if doubts.iter().fold(0, |any, doubt| any | doubt) == 0 {
                continue;
            }
            each_set(doubts, |at| {
                let near = product(made.row(row), made.row(columns.places.start + at));
                let near = u32::from(near > self.rough.least);
                *of_row += near;
                found.1[at] += near;
            });
        }
    }
}

impl<E: Tiler> Tiler for RoughTiles<'_, E> {
    fn band(&mut self, made: &IntegerRows, rows: &Part) {
        (self.tried, self.vain) = (0, 0);
        let rounding = self.rough.rounding;
        self.rows.make(rounding, made, rows.places.clone());
        self.first = rows.places.start;
    }

    fn columns(&mut self, made: &IntegerRows, columns: &Part) {
        self.is_exact_packed = false;
        let rounding = self.rough.rounding;
        self.columns.pack(rounding, made, columns.places.clone());
    }

    fn tile(&mut self, made: &IntegerRows, rows: &Part, columns: &Part) {
        if self.vain <= VAIN_ALWAYS + self.tried / 2 {
            self.tried += 1;
            let (mut found, doubts) = self.tell(rows, columns);
            if doubts <= MOST_DOUBTS {
                if doubts > 0 {
                    reduce::vectorised!(self.settle(made, rows, columns, &mut found));
                }
                self.rough.counts.add(rows, columns, &found);
                return;
            }
            self.vain += 1;
        }
        if !self.is_exact_packed {
            self.exact.columns(made, columns);
            self.is_exact_packed = true;
        }
        self.exact.tile(made, rows, columns);
    }
}

/// Counts of what is near for certain, given the radii of a tile's rows and columns; which products
/// leave a doubt, and how many.
#[inline(always)]
fn tell(
    products: &[i16],
    of_rows: &[i16],
    of_columns: &[i16],
    limit: i32,
    doubts: &mut [u8],
) -> (Found, u32) {
    let width = of_columns.len();
    let (mut near_rows, mut near_columns, mut sum) = ([0; TILE], [0u16; TILE], 0);
    let tile = products
        .chunks_exact(width)
        .zip(doubts.chunks_exact_mut(width));
    for (((products, doubts), &radius), near_row) in tile.zip(of_rows).zip(&mut near_rows) {
        let radius = i32::from(radius);
        // A sum that is cut off must still be above the lower limit.
        let low = cut_off(limit - radius).min(i16::MAX - 1);
        let high = cut_off(limit + radius);
        let (mut near_in_row, mut doubts_in_row) = (0u16, 0u16);
        let columns = products.iter().zip(of_columns).zip(doubts);
        for (((product, &radius), doubt), near_column) in columns.zip(&mut near_columns) {
            let near = u16::from(product.saturating_sub(radius) > high);
            let perhaps = u16::from(product.saturating_add(radius) > low);
            near_in_row += near;
            *near_column += near;
            *doubt = (perhaps - near) as u8;
            doubts_in_row += perhaps - near;
        }
        *near_row = u32::from(near_in_row);
        sum += u32::from(doubts_in_row);
    }
    ((near_rows, near_columns.map(u32::from)), sum)
}

/// The nearest that 16 bits hold.
#[inline(always)]
fn cut_off(limit: i32) -> i16 {
    limit.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// The places of what is not 0.
#[inline(always)]
fn each_set(flags: &[u8], mut work: impl FnMut(usize)) {
    let (chunks, rest) = flags.as_chunks();
    let mut first = 0;
    for &chunk in chunks {
        let mut set = u64::from_le_bytes(chunk);
        while set != 0 {
            let bit = set.trailing_zeros();
            work(first + bit as usize / 8);
            set &= set - 1;
        }
        first += 8;
    }
    for (at, &flag) in rest.iter().enumerate() {
        if flag != 0 {
            work(first + at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Stop;
    use crate::features::Features;
    use crate::random;

    /// The same counts by rough products as by exact ones: on rows here and there and in heaps, at
    /// limits that products lie on and next to, and where every tile is full of doubts.
    #[test]
    fn rough_products_change_no_count() {
        for (rows, dim, spread) in [
            (300, 3, 1.0),
            (200, 128, 0.5),
            (700, 130, 0.01),
            (90, 16, 0.0),
        ] {
            let numbers = random::exponentials(7, 0, rows * dim);
            let centres = random::exponentials(8, 0, 5 * dim);
            let x: Vec<f32> = (0..rows * dim)
                .map(|at| (centres[at % (5 * dim)] + spread * numbers[at] - 1.0) as f32)
                .collect();
            let (features, stop) = (Features::new(&x, rows, dim).unwrap(), Stop::default());
            let units = UnitIntegers::new(&features, u64::MAX, &stop).unwrap();
            let mut made = units.scratch(rows);
            units.fill(0..rows, 0, &mut made).unwrap();
            let mut limits = vec![i32::MIN, -1, 0, 1 << 29, i32::MAX];
            for row in [1, 5, rows - 1] {
                let at = product(made.row(0), made.row(row));
                limits.extend([at - 1, at, at + 1]);
            }
            let pass = Pass::unheard();
            for least in limits {
                let want = count_by(&units, least, None, &pass).unwrap();
                let got = count_by(&units, least, Rounding::of(dim), &pass).unwrap();
                assert_eq!(got, want, "{rows} x {dim}, spread {spread}, above {least}");
            }
        }
    }

    /// Radii of 5 and of 2 and 3 around a limit of 100.
    #[test]
    fn doubts_lie_within_the_radii() {
        let (products, mut doubts) = ([107, 109, 108, 108, 94, 92, 93, 93], [9; 8]);
        let (found, sum) = tell(&products, &[5; 4], &[2, 3], 100, &mut doubts);
        assert_eq!(doubts, [1, 0, 0, 1, 1, 0, 0, 1]);
        assert_eq!(found.0[..5], [1, 1, 0, 0, 0]);
        assert_eq!(found.1[..3], [1, 1, 0]);
        assert_eq!(sum, 4);
    }

    #[test]
    fn flags_are_found() {
        for len in [0, 3, 8, 21] {
            let flags: Vec<u8> = (0..len).map(|at| u8::from(at % 3 == 2)).collect();
            let mut found = Vec::new();
            each_set(&flags, |at| found.push(at));
            let want: Vec<usize> = (0..len).filter(|at| at % 3 == 2).collect();
            assert_eq!(found, want);
        }
    }
}
