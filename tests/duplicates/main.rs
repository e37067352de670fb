//! What holds of near-duplicates on every device: the definition over all pairs, real pools, runs that are ended,
//! bad input.

#[path = "../common/mod.rs"]
mod common;
mod definition;
mod real_pools;
mod runs;

use coresift::{Duplicates, Kept, Pool, Progress};
use std::ops::ControlFlow;

/// A listener that wants all of it.
fn unheard(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Which rows are near, from all pairs.
struct Graph(Vec<Vec<bool>>);

impl Graph {
    fn new(x: &[f32], dim: usize, threshold: f64) -> Self {
        let unit = |x: &[f32]| -> Vec<f64> {
            let length = x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
            let length = if length > 0.0 { length } else { 1.0 };
            x.iter().map(|&v| f64::from(v) / length).collect()
        };
        let z: Vec<Vec<f64>> = x.chunks(dim).map(unit).collect();
        let is_zero = |z: &[f64]| z.iter().all(|&v| v == 0.0);
        let rounding = (dim as f64 / 8.0 + 16.0) * 0.5 * f64::EPSILON;
        let most = (2.0 - 2.0 * threshold).max(rounding * rounding);
        let near = |a: &Vec<f64>, b: &Vec<f64>| {
            if is_zero(a) || is_zero(b) {
                return is_zero(a) && is_zero(b);
            }
            a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>() <= most
        };
        Self(
            z.iter()
                .map(|a| z.iter().map(|b| near(a, b)).collect())
                .collect(),
        )
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn pairs(&self) -> Vec<(usize, usize)> {
        let all = (0..self.len()).flat_map(|i| (i + 1..self.len()).map(move |j| (i, j)));
        all.filter(|&(i, j)| self.0[i][j]).collect()
    }

    /// Names are handed on until none changes.
    fn groups(&self) -> Vec<usize> {
        let mut names: Vec<usize> = (0..self.len()).collect();
        let pairs = self.pairs();
        loop {
            let before = names.clone();
            for &(i, j) in &pairs {
                let least = names[i].min(names[j]);
                (names[i], names[j]) = (least, least);
            }
            if names == before {
                return names;
            }
        }
    }

    fn keep(&self, priority: &[f64], labelled: &[usize]) -> Kept {
        let mut rest: Vec<usize> = (0..self.len())
            .filter(|row| !labelled.contains(row))
            .collect();
        if !priority.is_empty() {
            rest.sort_by(|&a, &b| priority[b].partial_cmp(&priority[a]).unwrap());
        }
        let (mut kept, mut of) = (Vec::new(), vec![0; self.len()]);
        for row in labelled.iter().copied().chain(rest) {
            let first = kept
                .iter()
                .copied()
                .find(|&before: &usize| self.0[row][before]);
            match first.filter(|_| !labelled.contains(&row)) {
                Some(before) => of[row] = before,
                None => {
                    of[row] = row;
                    kept.push(row);
                }
            }
        }
        kept.retain(|row| !labelled.contains(row));
        kept.sort_unstable();
        Kept { kept, of }
    }
}

/// All that is asked of a pool, against the pairs.
fn check(pool: &dyn Pool, threshold: f64, graph: &Graph, at: &str) {
    let duplicates = Duplicates { threshold };
    let at = format!("{threshold} {at}");
    assert_eq!(pairs(pool, threshold), graph.pairs(), "{at}");
    let groups = duplicates.groups(pool, &mut unheard).unwrap();
    assert_eq!(groups, graph.groups(), "{at}");
    let rows = pool.rows();
    let priority: Vec<f64> = (0..rows).map(|row| (row * 7 % 5) as f64 - 2.0).collect();
    let labelled: Vec<usize> = (0..rows).rev().step_by(3).take(40).collect();
    for (priority, labelled) in [
        (&[][..], &[][..]),
        (&priority, &[]),
        (&[], &labelled),
        (&priority, &labelled),
    ] {
        let kept = duplicates.keep(pool, priority, labelled, &mut unheard);
        let want = graph.keep(priority, labelled);
        let by = (priority.len(), labelled.len());
        assert_eq!(kept.unwrap(), want, "{at} {by:?}");
    }
}

fn pairs(pool: &dyn Pool, threshold: f64) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let found = Duplicates { threshold }.pairs(pool, &mut unheard, &mut |row, other| {
        pairs.push((row, other));
        ControlFlow::Continue(())
    });
    found.unwrap();
    pairs
}
