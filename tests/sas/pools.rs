//! Odd classes, budgets, units, views, and devices that are lost.

use crate::common::{Lost, on_every_device};
use crate::{greedy, small_pool, with_each_storage};
use coresift::{
    Classes, CpuPool, Error, Features, Refine, Sas, Selector, ShortfallReason, Similarity, Storage,
};

/// Identical rows, classes of one row, classes without rows.
#[test]
fn degenerate_classes_work() {
    let x = [0.3, -0.1, 0.2].repeat(9);
    on_every_device(Features::new(&x, 9, 3).unwrap(), |device, pool| {
        let sas = Sas {
            classes: Classes::Given(vec![5, 5, 2, 5, 5, 5, 9, 5, 5]),
            ..Sas::default()
        };
        for sas in with_each_storage(&sas) {
            let got = sas.select(pool, 9).unwrap();
            assert_eq!(got.picks.len(), 9, "{device}");
            assert_eq!(got.picks[0], 2, "{device}");
            assert_eq!(got.picks[8], 6, "{device}");
            let few = Sas {
                refine: Refine::None,
                ..sas.clone()
            }
            .select(pool, 3)
            .unwrap();
            assert_eq!(
                few.picks,
                [2, 0, 1],
                "{device}: ties go to the lower class and row"
            );
            assert!(sas.select(pool, 0).unwrap().picks.is_empty(), "{device}");
        }
    });
}

/// Greedy rankings nest class by class, whatever the budget.
#[test]
fn smaller_budgets_are_prefixes() {
    let (rows, dim) = (120, 5);
    let x = small_pool(3, rows, dim);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for sas in with_each_storage(&greedy()) {
            let all = sas.select(pool, rows).unwrap();
            let mut sorted = all.picks.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..rows), "{device}");
            for budget in [1, 17, 60] {
                let some = sas.select(pool, budget).unwrap();
                assert_eq!(
                    some.picks,
                    all.picks[..budget],
                    "{device} {:?}",
                    sas.storage
                );
            }
        }
    });
}

/// Powers of two change no product; nor does any positive factor that f32 holds exactly.
#[test]
fn scale_changes_no_pick() {
    let (rows, dim) = (80, 6);
    let x = small_pool(4, rows, dim);
    let pick = |x: &[f32], similarity| {
        let pool = CpuPool::new(Features::new(x, rows, dim).unwrap());
        let sas = Sas {
            similarity,
            ..Sas::default()
        };
        let selection = sas.select(&pool, 30).unwrap();
        (selection.picks, selection.scores)
    };
    for similarity in [Similarity::Cosine, Similarity::Dot] {
        let want = pick(&x, similarity);
        for exponent in [-100, -3, 60] {
            let scaled: Vec<f32> = x.iter().map(|v| v * 2f32.powi(exponent)).collect();
            assert_eq!(pick(&scaled, similarity), want, "2^{exponent}");
        }
    }
}

/// Views are averaged: an example given twice is the example.
#[test]
fn views_are_consecutive_rows() {
    let (rows, dim) = (40, 5);
    let x = small_pool(5, rows, dim);
    let twice: Vec<f32> = x.chunks(dim).flat_map(|x| [x, x].concat()).collect();
    let classes = Classes::Given((0..rows).map(|row| row / 25).collect());
    on_every_device(
        Features::new(&twice, 2 * rows, dim).unwrap(),
        |device, pool| {
            let sas = Sas {
                classes: classes.clone(),
                views: 2,
                labelled: vec![39],
                ..Sas::default()
            };
            let got = sas.select(pool, 20).unwrap();
            let one = CpuPool::new(Features::new(&x, rows, dim).unwrap());
            let want = Sas { views: 1, ..sas }.select(&one, 20).unwrap();
            assert_eq!(got.picks, want.picks, "{device}");
        },
    );
}

#[test]
fn double_greedy_says_how_much_it_dropped() {
    let (rows, dim) = (60, 4);
    let x = small_pool(6, rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let sas = Sas {
        refine: Refine::DoubleGreedy,
        ..Sas::default()
    };
    let got = sas.select(&pool, 50).unwrap();
    let shortfall = got
        .shortfall
        .expect("80 % of a class is too much for double greedy");
    assert_eq!(shortfall.missing, 50 - got.picks.len());
    assert_eq!(shortfall.reason, ShortfallReason::Refined);
    assert_eq!(Sas::default().select(&pool, 50).unwrap().shortfall, None);
}

/// A device that is lost keeps the picks of the classes that were done, and without refinement those
/// of the class under way.
#[test]
fn a_lost_device_keeps_the_picks() {
    let (rows, dim) = (90, 4);
    let x = small_pool(8, rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let sas = Sas {
        storage: Storage::OnTheFly,
        block: 1,
        ..greedy()
    };
    let want = sas.select(&pool, 30).unwrap().picks;
    let lost = sas.select(&Lost::after(&pool, 12), 30).unwrap_err();
    let Error::DeviceLost { partial, .. } = lost else {
        panic!("{lost}")
    };
    assert!(
        (1..30).contains(&partial.picks.len()),
        "{}",
        partial.picks.len()
    );
    assert_eq!(partial.picks, want[..partial.picks.len()]);
}
