//! Mirror of `shaders/sum_columns.wgsl`.

use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::products::{Columns, TILE, products};
use crate::quantise::{ClassRanges, IntegerRows};
use crate::reduce;
use rayon::prelude::*;
use std::sync::Arc;

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
    let mut blocks = Vec::new();
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
        let packed = columns.chunks(TILE).map(|some| Columns::of(rows, some));
        let columns: Arc<[Columns]> = packed.collect();
        let firsts = class.step_by(TILE);
        blocks.extend(
            firsts
                .zip(of_class.chunks_mut(TILE))
                .map(|(first, sums)| (first, sums, columns.clone())),
        );
    }
    type Block<'a> = (usize, &'a mut [i64], Arc<[Columns]>);
    stop.over(blocks.into_par_iter()).try_for_each_init(
        || vec![0; TILE * TILE],
        |scratch, block: Result<Block<'_>, Error>| {
            let (first, sums, columns) = block?;
            let block: Vec<usize> = (first..first + sums.len()).collect();
            for columns in &*columns {
                stop.check()?; // these may be all labelled rows
                products(rows, &block, columns, scratch);
                let products = scratch.chunks_exact(columns.len());
                reduce::vectorised!({
                    for (sum, products) in sums.iter_mut().zip(products) {
                        *sum += total(products, function);
                    }
                });
            }
            Ok(())
        },
    )?;
    Ok(sums)
}

#[inline(always)]
fn total(products: &[i32], function: &KernelFunction) -> i64 {
    let similarity = |&product: &i32| i64::from(function.of(product));
    products.iter().map(similarity).sum()
}
