//! Mirror of `shaders/row_norms.wgsl`.

use super::blocks::BLOCK;
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use crate::lp::Lp;
use crate::reduce;
use rayon::prelude::*;

/// One number a row, in pool unit; zero only for a row of zeros.
pub(super) fn row_norms(features: &Features<'_>, norm: Lp, stop: &Stop) -> Result<Vec<f32>, Error> {
    let (scale, dim) = (f64::from(features.scale()), features.dim());
    let of_rows = |norm: fn(&[f32]) -> f64| {
        let mut norms = vec![0.0; features.rows()];
        let blocks = stop.over(norms.par_chunks_mut(BLOCK).enumerate());
        blocks.try_for_each_init(Scratch::default, |scratch, block| {
            let (at, norms) = block?;
            let x = features.nth_block(at, BLOCK, scratch)?;
            for (to, x) in norms.iter_mut().zip(x.chunks_exact(dim)) {
                *to = in_f32(scale * norm(x));
            }
            Ok(())
        })?;
        Ok(norms)
    };
    match norm {
        Lp::L1 => of_rows(|x| reduce::vectorised!(reduce::abs(x))),
        // The check of the features came by these.
        Lp::L2 => {
            stop.check()?;
            let norms_sq = features.norms_sq().par_iter();
            Ok(norms_sq.map(|x| in_f32(scale * scale * x)).collect())
        }
        Lp::LInf => of_rows(|x| reduce::vectorised!(f64::from(reduce::max_abs(x)))),
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
