//! Mirror of `shaders/sum_columns.wgsl`.

use super::halves::{Halves, Packed, halves};
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::{KernelFunction, by_function};
use crate::products::{TILE, products};
use crate::quantise::{ClassRanges, IntegerRows};
use crate::reduce;
use rayon::prelude::*;
use std::sync::Arc;

/// Some rows of a class, what there is for each, and the class's columns.
struct Block<'a> {
    first: usize,
    sums: &'a mut [i64],
    columns: Arc<[Packed]>,
}

/// The rows of a class from place `first` on, cut into blocks.
fn blocks<'a>(
    first: usize,
    sums: &'a mut [i64],
    columns: &Arc<[Packed]>,
) -> impl Iterator<Item = Block<'a>> {
    let blocks = (first..).step_by(TILE).zip(sums.chunks_mut(TILE));
    blocks.map(|(first, sums)| Block {
        first,
        sums,
        columns: columns.clone(),
    })
}

/// Σ s_ij over the columns j of the class of row i, for every row.
pub(super) fn sum_columns(
    rows: &IntegerRows,
    ranges: &ClassRanges,
    function: &KernelFunction,
    columns: &[usize],
    stop: &Stop,
) -> Result<Vec<i64>, Error> {
    let mut sums = vec![0; rows.rows()];
    let mut rest = &mut sums[..];
    let mut all = Vec::new();
    for class in (0..ranges.classes()).map(|class| ranges.class(class)) {
        let of_class;
        (of_class, rest) = rest.split_at_mut(class.len());
        let columns = columns
            .iter()
            .copied()
            .filter(|column| class.contains(column));
        let columns: Vec<usize> = columns.collect();
        if columns.is_empty() {
            continue;
        }
        let packed = Packed::all(rows, &columns, function);
        all.extend(blocks(class.start, of_class, &packed.collect()));
    }
    add(rows, all, function, stop)?;
    Ok(sums)
}

/// Adds those over some columns of the class of which all the rows are.
pub(super) fn add_columns(
    rows: &IntegerRows,
    columns: &Arc<[Packed]>,
    function: &KernelFunction,
    sums: &mut [i64],
    stop: &Stop,
) -> Result<(), Error> {
    add(rows, blocks(0, sums, columns).collect(), function, stop)
}

fn add(
    rows: &IntegerRows,
    blocks: Vec<Block<'_>>,
    function: &KernelFunction,
    stop: &Stop,
) -> Result<(), Error> {
    stop.over(blocks.into_par_iter()).try_for_each_init(
        || vec![0; TILE * TILE],
        |scratch, block| {
            let Block {
                first,
                sums,
                columns,
            } = block?;
            let block: Vec<usize> = (first..first + sums.len()).collect();
            let of_rows = halves(rows, block.iter().copied(), function);
            for packed in &*columns {
                stop.check()?; // these may be all labelled rows
                products(rows, &block, &packed.columns, scratch);
                let products = scratch.chunks_exact(packed.columns.len());
                by_function!(function, of => reduce::vectorised!({
                    for ((sum, half), products) in sums.iter_mut().zip(&of_rows).zip(products) {
                        *sum += total(products, *half, &packed.halves, of);
                    }
                }));
            }
            Ok(())
        },
    )
}

#[inline(always)]
fn total(products: &[i32], half: i32, halves: &Halves, of: impl Fn(i32, i32) -> i32) -> i64 {
    let columns = products.iter().zip(halves);
    columns
        .map(|(&product, other)| i64::from(of(product, half + other)))
        .sum()
}
