//! What a GEMM crate makes of a kernel's products.

use super::seconds;
use crate::bench::features::features;
use crate::bench::sizes::{Shape, Sizes};
use coresift::Error;
use coresift::bench::{Limit, Measured, Product, wrong};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Rows of which the GEMM crate's rate is told: far beyond the caches.
const MOST_ROWS: usize = 1 << 16;

/// x · yᵀ by the GEMM crate, both row-major and as many rows and columns as a kernel has; every
/// thread has its share of the rows, which is faster here than the crate's own threads.
pub(super) fn gemm(product: Product, sizes: &Sizes) -> Result<Measured, Error> {
    let ((rows, dim), others) = match product {
        Product::Deflate => ((sizes.rows.rows, sizes.rows.dim), sizes.block),
        Product::Refresh => ((sizes.rows.rows, sizes.rows.dim), sizes.basis),
        Product::Assign => ((sizes.rows.rows, sizes.rows.dim), sizes.centres),
        Product::KNearest => {
            let shape = sizes.products;
            ((shape.rows, shape.dim), shape.rows)
        }
    };
    let rows = rows.min(MOST_ROWS);
    let x = features(Shape {
        rows: rows.max(others),
        dim,
    })?;
    let y = &x[..others * dim];
    let mut products = vec![0.0f32; rows * others];
    let of_thread = rows.div_ceil(rayon::current_num_threads());
    let mut run = || {
        seconds(|| {
            (products.par_chunks_mut(of_thread * others))
                .zip(x.par_chunks(of_thread * dim))
                .for_each(|(products, x)| {
                    let rows = products.len() / others;
                    matmul(
                        MatMut::from_row_major_slice_mut(products, rows, others),
                        Accum::Replace,
                        MatRef::from_row_major_slice(&x[..rows * dim], rows, dim),
                        MatRef::from_row_major_slice(y, others, dim).transpose(),
                        1.0,
                        Par::Seq,
                    );
                });
        })
    };
    run();
    let seconds = (0..sizes.samples).map(|_| run()).collect();
    // The last row with the last of the others, of numbers in [0, 2).
    let pairs = x[(rows - 1) * dim..][..dim]
        .iter()
        .zip(&x[(others - 1) * dim..]);
    let want: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    let got = f64::from(products[products.len() - 1]);
    if (got - want).abs()
        > f64::from(coresift::kernels::rounding::inner_error(dim)) * 4.0 * dim as f64
    {
        return Err(wrong(Limit::Gemm(product)));
    }
    Ok((2.0 * (rows * others) as f64 * dim as f64, seconds))
}
