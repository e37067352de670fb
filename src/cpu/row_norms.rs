//! Mirror of `shaders/row_norms.wgsl`.

use super::{BLOCK, CpuPool};
use crate::lp::Lp;
use crate::sums;
use rayon::prelude::*;

/// One number a row, in pool unit; zero only for a row of zeros.
pub(super) fn row_norms(pool: &CpuPool<'_>, norm: Lp) -> Vec<f32> {
    let scale = f64::from(pool.scale);
    let of_rows = |norm: fn(&[f32]) -> f64| {
        pool.features
            .values()
            .par_chunks(pool.features.dim())
            .with_min_len(BLOCK)
            .map(|x| in_f32(scale * norm(x)))
            .collect()
    };
    match norm {
        Lp::L1 => of_rows(|x| sums::vectorised!(sums::abs(x))),
        // The check of the features came by these.
        Lp::L2 => {
            let norms_sq = pool.features.norms_sq().par_iter();
            norms_sq.map(|x| in_f32(scale * scale * x)).collect()
        }
        Lp::LInf => of_rows(|x| sums::vectorised!(f64::from(sums::max_abs(x)))),
    }
}

/// Rounded, but never to zero.
fn in_f32(value: f64) -> f32 {
    if value == 0.0 {
        0.0
    } else {
        (value as f32).max(f32::MIN_POSITIVE)
    }
}
