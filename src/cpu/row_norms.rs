//! Mirror of `shaders/row_norms.wgsl`.

use super::{BLOCK, CpuPool};
use crate::{Lp, sums};
use rayon::prelude::*;

/// One number a row, in pool unit; zero only for a row of zeros.
pub(super) fn row_norms(pool: &CpuPool<'_>, norm: Lp) -> Vec<f32> {
    let scale = f64::from(pool.scale);
    let one = |x: &[f32]| match norm {
        Lp::L1 => scale * sums::abs(x),
        Lp::L2 => scale * scale * sums::squares(x),
        Lp::LInf => scale * f64::from(sums::max_abs(x)),
    };
    pool.features
        .values()
        .par_chunks(pool.features.dim())
        .with_min_len(BLOCK)
        .map(|x| match sums::vectorised(|| one(x)) {
            0.0 => 0.0,
            value => (value as f32).max(f32::MIN_POSITIVE),
        })
        .collect()
}
