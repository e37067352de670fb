//! How fast memory is copied and read.

use super::{seconds, vectorised};
use coresift::Error;
use coresift::bench::{Effort, Limit, Measured, word, wrong};
use rayon::prelude::*;
use std::hint::black_box;

/// Words that a thread sums at a time.
const PIECE: usize = 1 << 18;

fn words(effort: &Effort) -> Vec<u32> {
    let words = (0..(effort.buffer / 4) as u32).into_par_iter();
    words.map(word).collect()
}

pub(super) fn copies(effort: &Effort) -> Result<Measured, Error> {
    let source = words(effort);
    let mut copied = vec![0u32; source.len()];
    let of_thread = source.len().div_ceil(rayon::current_num_threads()).max(1);
    let mut run = || {
        seconds(|| {
            (copied.par_chunks_mut(of_thread))
                .zip(source.par_chunks(of_thread))
                .for_each(|(to, from)| to.copy_from_slice(from));
            black_box(&mut copied);
        })
    };
    run();
    let seconds = (0..effort.samples).map(|_| run()).collect();
    if copied != source {
        return Err(wrong(Limit::Copy));
    }
    Ok((2.0 * size_of_val(&source[..]) as f64, seconds))
}

pub(super) fn reads(effort: &Effort) -> Result<Measured, Error> {
    let source = words(effort);
    let want = (source.iter()).fold(0u32, |sum, &word| sum.wrapping_add(word));
    let of_piece = |words: &[u32]| vectorised(|| sum(words));
    let run = || {
        let mut total = 0;
        let seconds = seconds(|| {
            let sums = source.par_chunks(PIECE).map(of_piece);
            total = sums.reduce(|| 0, u32::wrapping_add);
        });
        if total == want {
            Ok(seconds)
        } else {
            Err(wrong(Limit::Read))
        }
    };
    run()?;
    let seconds: Result<_, _> = (0..effort.samples).map(|_| run()).collect();
    Ok((size_of_val(&source[..]) as f64, seconds?))
}

/// The sum modulo 2³².
#[inline(always)]
fn sum(words: &[u32]) -> u32 {
    let mut sums = [0u32; 64];
    let (blocks, rest) = words.as_chunks::<64>();
    for block in blocks {
        for (sum, &word) in sums.iter_mut().zip(block) {
            *sum = sum.wrapping_add(word);
        }
    }
    let mut total = 0u32;
    for &word in sums.iter().chain(rest) {
        total = total.wrapping_add(word);
    }
    total
}
