//! What holds of every selector on every device, on made-up pools and on real ones.

#[path = "../common/mod.rs"]
mod common;
mod definition;
mod every;
mod nesting;
mod norm;
mod options;
mod real_pools;
mod short_rows;

use common::with;
use coresift::{GramSchmidt, LogDet, Lp, Norm, Selector, Uniform};

/// One of each kind, by name.
fn selectors(seed: u64, labelled: &[usize]) -> Vec<(&'static str, Box<dyn Selector>)> {
    let labelled = || labelled.to_vec();
    let norm = |change: fn(&mut Norm)| {
        with(|norm: &mut Norm| {
            (norm.seed, norm.labelled) = (seed, labelled());
            change(norm);
        })
    };
    let gram_schmidt = |change: fn(&mut GramSchmidt)| {
        with(|gram_schmidt: &mut GramSchmidt| {
            (gram_schmidt.seed, gram_schmidt.labelled) = (seed, labelled());
            change(gram_schmidt);
        })
    };
    let log_det = |s: &mut LogDet| (s.ridge, s.labelled) = (1e-3, labelled());
    let uniform = |s: &mut Uniform| (s.seed, s.labelled) = (seed, labelled());
    vec![
        ("uniform", with(uniform)),
        ("norm", norm(|_| ())),
        ("norm power 0.5", norm(|s| s.power = 0.5)),
        ("norm l1", norm(|s| s.norm = Lp::L1)),
        ("norm anti", norm(|s| s.anti = true)),
        ("max norm", norm(|s| s.greedy = true)),
        ("gram-schmidt", gram_schmidt(|_| ())),
        ("gram-schmidt power 2", gram_schmidt(|s| s.power = 2.0)),
        ("gram-schmidt power 3.5", gram_schmidt(|s| s.power = 3.5)),
        ("gram-schmidt greedy", gram_schmidt(|s| s.greedy = true)),
        ("gram-schmidt linf", gram_schmidt(|s| s.norm = Lp::LInf)),
        ("ridge", gram_schmidt(|s| s.ridge = Some(1e-4))),
        (
            "ridge power 3.5",
            gram_schmidt(|s| (s.power, s.ridge) = (3.5, Some(0.1))),
        ),
        ("log-det", with(log_det)),
    ]
}

/// Numbers in [-1, 1) by a recurrence, every third row scaled down.
fn made_up(rows: usize, dim: usize) -> Vec<f32> {
    let mut state = 12345u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut x: Vec<f32> = (0..rows * dim).map(|_| next()).collect();
    x.chunks_mut(dim)
        .step_by(3)
        .flatten()
        .for_each(|v| *v *= 0.01);
    x
}
