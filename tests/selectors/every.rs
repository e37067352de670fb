//! What holds of all of them: picks are distinct and nested, zeros are never picked, units do not matter.

use crate::common::on_every_device;
use crate::{made_up, selectors};
use coresift::{CpuPool, Error, Features, ShortfallReason};

fn is_distinct(picks: &[usize], rows: usize) -> bool {
    let mut seen = vec![false; rows];
    picks
        .iter()
        .all(|&row| row < rows && !std::mem::replace(&mut seen[row], true))
}

#[test]
fn picks_are_distinct_repeatable_and_nested() {
    let (rows, dim) = (300, 7);
    let x = made_up(rows, dim);
    let labelled = [5, 299, 0];
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for (name, selector) in selectors(3, &labelled) {
            let at = format!("{name} on {device}");
            let all = selector.select(pool, 290).unwrap();
            assert_eq!(all.picks.len(), 290, "{at}");
            assert_eq!(all.scores.len(), 290, "{at}");
            assert_eq!(all.shortfall, None, "{at}");
            assert!(is_distinct(&all.picks, rows), "{at}: {:?}", all.picks);
            assert!(labelled.iter().all(|row| !all.picks.contains(row)), "{at}");
            assert_eq!(selector.select(pool, 290).unwrap().picks, all.picks, "{at}");
            for budget in [0, 1, 9, 100] {
                let some = selector.select(pool, budget).unwrap();
                assert_eq!(some.picks, all.picks[..budget], "{at} budget {budget}");
            }
            let past = selector.select(pool, 298).unwrap_err();
            assert!(
                matches!(
                    past,
                    Error::Budget {
                        budget: 298,
                        rows: 300,
                        labelled: 3
                    }
                ),
                "{at}"
            );
        }
    });
}

#[test]
fn seeds_matter_to_draws_alone() {
    let (rows, dim) = (200, 16);
    let x = made_up(rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for ((name, a), (_, b)) in selectors(1, &[]).into_iter().zip(selectors(2, &[])) {
        let same = a.select(&pool, 20).unwrap().picks == b.select(&pool, 20).unwrap().picks;
        assert_eq!(
            same,
            matches!(name, "max norm" | "gram-schmidt greedy" | "log-det"),
            "{name}"
        );
    }
}

/// Powers of two scale every product exactly, so picks stay and scores scale.
#[test]
fn scale_changes_no_pick() {
    let (rows, dim) = (200, 9);
    let x = made_up(rows, dim);
    let reference = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for exponent in [-100, -60, 40, 60] {
        let factor = 2f32.powi(exponent);
        let scaled: Vec<f32> = x.iter().map(|v| v * factor).collect();
        on_every_device(
            Features::new(&scaled, rows, dim).unwrap(),
            |device, pool| {
                for (name, selector) in selectors(4, &[]) {
                    let want = selector.select(&reference, 60).unwrap();
                    let got = selector.select(pool, 60).unwrap();
                    let at = format!("{name}, 2^{exponent}, on {device}");
                    assert_eq!(got.picks, want.picks, "{at}");
                    if name != "uniform" {
                        let want: Vec<f64> =
                            want.scores.iter().map(|s| s * f64::from(factor)).collect();
                        assert_eq!(got.scores, want, "{at}");
                    }
                }
            },
        );
    }
}

/// Rows of which some are zero: those are never picked, and the shortfall says so.
#[test]
fn zero_rows_are_never_picked() {
    let (rows, dim) = (40, 5);
    let mut x = made_up(rows, dim);
    x.chunks_mut(dim)
        .skip(1)
        .step_by(2)
        .flatten()
        .for_each(|v| *v = 0.0);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for (name, selector) in selectors(5, &[]) {
            if matches!(name, "uniform" | "norm anti") {
                continue; // their weights do not vanish there
            }
            let got = selector.select(pool, rows).unwrap();
            assert_eq!(got.picks.len(), 20, "{name} on {device}");
            assert!(
                got.picks.iter().all(|row| row % 2 == 0),
                "{name} on {device}"
            );
            let shortfall = got.shortfall.unwrap();
            assert_eq!(shortfall.missing, 20, "{name} on {device}");
            assert_eq!(
                shortfall.reason,
                ShortfallReason::ZeroWeight,
                "{name} on {device}"
            );
        }
        let all_zero = vec![0.0; rows * dim];
        let _ = device;
        let pool = CpuPool::new(Features::new(&all_zero, rows, dim).unwrap());
        for (name, selector) in selectors(5, &[]) {
            let want = if name == "uniform" { 7 } else { 0 };
            assert_eq!(
                selector.select(&pool, 7).unwrap().picks.len(),
                want,
                "{name}"
            );
        }
    });
}

/// All rows alike: one direction, so every epoch of Gram-Schmidt holds one pick.
#[test]
fn identical_rows_and_single_columns_work() {
    let x = [0.3, -0.1, 0.2].repeat(30);
    on_every_device(Features::new(&x, 30, 3).unwrap(), |device, pool| {
        for (name, selector) in selectors(6, &[2]) {
            let got = selector.select(pool, 29).unwrap();
            let want = if name == "norm anti" { 0 } else { 29 };
            assert_eq!(got.picks.len(), want, "{name} on {device}");
            if name.starts_with("gram-schmidt") {
                // The labelled row spans everything at once: the first epoch is empty.
                let starts: Vec<usize> = std::iter::once(0).chain(0..29).collect();
                assert_eq!(got.restarts, starts, "{name} on {device}");
            }
            if matches!(name, "gram-schmidt greedy" | "max norm" | "log-det") {
                assert!(
                    got.picks.is_sorted(),
                    "{name} on {device}: ties to the lower index"
                );
            }
        }
    });
    on_every_device(Features::new(&[2.5], 1, 1).unwrap(), |device, pool| {
        for (name, selector) in selectors(7, &[]) {
            let got = selector.select(pool, 1).unwrap();
            let want: &[usize] = if name == "norm anti" { &[] } else { &[0] };
            assert_eq!(got.picks, want, "{name} on {device}");
        }
    });
    on_every_device(
        Features::new(&made_up(50, 1), 50, 1).unwrap(),
        |device, pool| {
            for (name, selector) in selectors(8, &[]) {
                let got = selector.select(pool, 40).unwrap();
                assert!(
                    is_distinct(&got.picks, 50) && got.picks.len() == 40,
                    "{name} on {device}"
                );
            }
        },
    );
}
