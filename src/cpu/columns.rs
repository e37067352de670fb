//! Mirror of `shaders/columns.wgsl`.

use super::class_rows::{ClassRows, Run};
use super::halves::{Halves, Packed, halves};
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::{KernelFunction, by_function};
use crate::products::{TILE, products};
use crate::quantise::IntegerRows;
use crate::reduce;
use rayon::prelude::*;
use std::ops::Range;

impl ClassRows<'_> {
    /// s_ij of the rows i of the columns' class, one at least, and of these columns, as `narrow` leaves them:
    /// rows x columns, row-major; and where those rows are.
    pub(super) fn columns<T: Copy + Default + Send>(
        &self,
        columns: &[usize],
        function: &KernelFunction,
        narrow: impl Fn(i32) -> T + Sync,
        stop: &Stop,
    ) -> Result<(Range<usize>, Vec<T>), Error> {
        let class = self.ranges.class_of(columns[0]);
        let found = self.visitor_columns(class, &self.some(columns)?, function, narrow, stop)?;
        Ok((self.ranges.class(class), found))
    }

    /// s_ij of the rows i of a class and of visitors j, as `narrow` leaves them: rows x visitors, row-major.
    pub(super) fn visitor_columns<T: Copy + Default + Send>(
        &self,
        class: usize,
        visitors: &IntegerRows,
        function: &KernelFunction,
        narrow: impl Fn(i32) -> T + Sync,
        stop: &Stop,
    ) -> Result<Vec<T>, Error> {
        let all: Vec<usize> = (0..visitors.rows()).collect();
        let packed: Vec<Packed> = Packed::all(visitors, &all, function).collect();
        let mut found = vec![T::default(); self.ranges.class(class).len() * all.len()];
        match self.having(class)? {
            Run::Held(run) => {
                let rows = (&*run.rows, run.places(class));
                fill(rows, &packed, function, &mut found, narrow, stop)?;
            }
            Run::Large(run) => {
                let mut rest = &mut found[..];
                for rows in run.pieces() {
                    let rows = rows?;
                    let of_piece;
                    (of_piece, rest) = rest.split_at_mut(rows.rows() * all.len());
                    let rows = (&rows, 0..rows.rows());
                    fill(rows, &packed, function, of_piece, &narrow, stop)?;
                }
            }
        }
        Ok(found)
    }
}

/// s_ij of the rows at these places and of the columns, as `narrow` leaves them, into `out`: rows x columns,
/// row-major.
fn fill<T: Send>(
    (rows, places): (&IntegerRows, Range<usize>),
    packed: &[Packed],
    function: &KernelFunction,
    out: &mut [T],
    narrow: impl Fn(i32) -> T + Sync,
    stop: &Stop,
) -> Result<(), Error> {
    let width: usize = packed.iter().map(|packed| packed.columns.len()).sum();
    let blocks = out.par_chunks_mut((TILE * width).max(1)).enumerate();
    stop.over(blocks).try_for_each_init(
        || vec![0; TILE * TILE],
        |scratch, block| {
            let (at, out) = block?;
            let first = places.start + at * TILE;
            let block: Vec<usize> = (first..first + out.len() / width).collect();
            let of_rows = halves(rows, block.iter().copied(), function);
            let mut column = 0;
            for packed in packed {
                let of_tile = packed.columns.len();
                products(rows, &block, &packed.columns, scratch);
                let products = scratch.chunks_exact(of_tile).zip(&of_rows);
                let out = out.chunks_exact_mut(width);
                by_function!(function, of => reduce::vectorised!({
                    for (out, (products, half)) in out.zip(products) {
                        let out = &mut out[column..column + of_tile];
                        of_row(out, products, (*half, &packed.halves), of, &narrow);
                    }
                }));
                column += of_tile;
            }
            Ok(())
        },
    )
}

#[inline(always)]
fn of_row<T>(
    out: &mut [T],
    products: &[i32],
    (half, halves): (i32, &Halves),
    of: impl Fn(i32, i32) -> i32,
    narrow: impl Fn(i32) -> T,
) {
    for ((out, &product), other) in out.iter_mut().zip(products).zip(halves) {
        *out = narrow(of(product, half + other));
    }
}
