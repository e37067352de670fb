//! Small pools, on which every set of picks can be looked at.

use crate::common::{fractions, on_every_device};
use crate::similarities;
use coresift::kernels::{KernelFunction, Rbf};
use coresift::{
    Alpha, Bandwidth, Coverage, Details, FacilityLocation, Features, Herding, Refinement, Selector,
};

const SIGMA: f64 = 0.7;

fn rbf() -> KernelFunction {
    KernelFunction::Rbf(Rbf::new(SIGMA * SIGMA))
}

/// Σ_i w_i max_{j in set} K_ij.
fn value(similarities: &[Vec<i64>], weights: &[i64], set: &[usize]) -> i64 {
    let rows = similarities.iter().zip(weights);
    rows.map(|(row, weight)| weight * set.iter().map(|&j| row[j]).max().unwrap_or(0))
        .sum()
}

/// Every set of so many of some rows.
fn sets(rows: usize, size: usize) -> Vec<Vec<usize>> {
    let all = 0..1usize << rows;
    all.filter(|bits| bits.count_ones() as usize == size)
        .map(|bits| (0..rows).filter(|row| bits >> row & 1 == 1).collect())
        .collect()
}

/// Eleven rows in three columns, of which the last two are copies of the first two.
fn pool(seed: u32) -> Vec<f32> {
    let mut x = fractions(seed, 9 * 3);
    x.extend_from_within(..2 * 3);
    x
}

#[test]
fn every_pick_adds_most() {
    for seed in 0..6 {
        let x = pool(seed);
        let similarities = similarities(&x, 3, &rbf());
        let given: Vec<f64> = (0..11).map(|row| f64::from(row as u32 % 4)).collect();
        let whole: Vec<i64> = given.iter().map(|w| (w * 21_845.0) as i64).collect();
        on_every_device(Features::new(&x, 11, 3).unwrap(), |device, pool| {
            for (labelled, is_weighted) in [(vec![], false), (vec![4], false), (vec![10], true)] {
                let weights = if is_weighted {
                    whole.clone()
                } else {
                    vec![1; 11]
                };
                let selector = FacilityLocation {
                    sigma: Bandwidth::Fixed(SIGMA),
                    target_weights: is_weighted.then(|| given.clone()),
                    labelled: labelled.clone(),
                    ..FacilityLocation::default()
                };
                let got = selector.select(pool, 11 - labelled.len()).unwrap();
                let mut chosen = labelled.clone();
                for &pick in &got.picks {
                    let with = |row: usize| {
                        let set = [&chosen[..], &[row]].concat();
                        value(&similarities, &weights, &set)
                    };
                    let open = (0..11).filter(|row| !chosen.contains(row));
                    let best = open.clone().map(with).max().unwrap();
                    let first = open.clone().find(|&row| with(row) == best);
                    assert_eq!(Some(pick), first, "{seed} {labelled:?} on {device}");
                    chosen.push(pick);
                }
                assert_eq!(chosen.len(), 11);
            }
        });
        let all = vec![1; 11];
        let best = sets(11, 3)
            .iter()
            .map(|set| value(&similarities, &all, set))
            .max();
        let selector = FacilityLocation {
            sigma: Bandwidth::Fixed(SIGMA),
            ..FacilityLocation::default()
        };
        let pool = coresift::CpuPool::new(Features::new(&x, 11, 3).unwrap());
        let greedy = selector.select(&pool, 3).unwrap();
        let reached = value(&similarities, &all, &greedy.picks) as f64;
        let least = (1.0 - (-1f64).exp()) * best.unwrap() as f64;
        assert!(reached >= least, "{seed}: {reached} of {best:?}");
    }
}

/// Swapped picks: no swap is left that raises F by a millionth, and F is no less than that of the start.
#[test]
fn no_swap_is_left() {
    for seed in 0..8 {
        let x = pool(seed);
        let similarities = similarities(&x, 3, &rbf());
        let all = vec![1; 11];
        on_every_device(Features::new(&x, 11, 3).unwrap(), |device, pool| {
            for labelled in [vec![], vec![5]] {
                let selector = Coverage {
                    refine: Refinement::Swap,
                    sigma: Bandwidth::Fixed(SIGMA),
                    labelled: labelled.clone(),
                    ..Coverage::default()
                };
                let got = selector.select(pool, 3).unwrap();
                let of =
                    |picks: &[usize]| value(&similarities, &all, &[&labelled[..], picks].concat());
                let Details::Cover(covers) = &got.details else {
                    panic!("no cover");
                };
                let start = &covers[0].refined.as_ref().unwrap().start;
                let (before, after) = (of(start), of(&got.picks));
                assert!(after >= before, "{seed} on {device}");
                for place in 0..3 {
                    for row in (0..11).filter(|row| !got.picks.contains(row)) {
                        let mut other = got.picks.clone();
                        other[place] = row;
                        if !labelled.contains(&row) {
                            let rise = of(&other) - after;
                            assert!(rise <= before >> 20, "{seed} {place} {row} on {device}");
                        }
                    }
                }
            }
        });
    }
}

/// Each pick of herding is the least by its definition, in exact fractions.
#[test]
fn herding_goes_by_its_definition() {
    for seed in 0..6 {
        let x = pool(seed);
        let similarities = similarities(&x, 3, &rbf());
        on_every_device(Features::new(&x, 11, 3).unwrap(), |device, pool| {
            for (alpha, units) in [(1.0, 65_536), (0.25, 16_384), (0.0, 0)] {
                let selector = Herding {
                    sigma: Bandwidth::Fixed(SIGMA),
                    alpha: Alpha::Fixed(alpha),
                    ..Herding::default()
                };
                let got = selector.select(pool, 9).unwrap();
                let mut chosen: Vec<usize> = Vec::new();
                for &pick in &got.picks {
                    let t = chosen.len() as i128 + 1;
                    let worth = |row: usize| -> i128 {
                        let row_of = &similarities[row];
                        let to_all: i64 = row_of.iter().sum::<i64>() - row_of[row];
                        let to_chosen: i64 = chosen.iter().map(|&j| row_of[j]).sum();
                        if chosen.is_empty() {
                            return -i128::from(to_all);
                        }
                        65_536 * 11 * i128::from(to_chosen) - units * t * i128::from(to_all)
                    };
                    let open = (0..11).filter(|row| !chosen.contains(row));
                    let want = open.min_by_key(|&row| (worth(row), row));
                    assert_eq!(Some(pick), want, "{seed} {alpha} on {device}");
                    chosen.push(pick);
                }
            }
        });
    }
}

/// Rows that are the same: the later ones add nothing, and are taken last, the lowest first.
#[test]
fn copies_add_nothing() {
    let x = [1.0f32, 0.0, 0.0, 1.0].repeat(4);
    on_every_device(Features::new(&x, 8, 2).unwrap(), |device, pool| {
        let got = FacilityLocation::default().select(pool, 8).unwrap();
        assert_eq!(got.picks, [0, 1, 2, 3, 4, 5, 6, 7], "{device}");
        let Details::Cover(covers) = &got.details else {
            panic!("no cover");
        };
        assert_eq!((covers[0].idle, covers[0].class), (6, 0), "{device}");
        let moved = Coverage::default().select(pool, 3).unwrap();
        assert_eq!(moved.picks.len(), 3, "{device}");
    });
}
