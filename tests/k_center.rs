//! k-center against its definition: every distance in f64, every pick by a look at all rows.

mod common;

use common::oracle::{distance_sq, points};
use common::{fractions, npy, on_every_device, whole_numbers};
use coresift::{
    ClassShare, Classes, CpuPool, Details, Features, KCenter, Metric, Pool, Selection, Selector,
};
use serde_json::Value;

/// The row farthest from some, and its squared distance; ties to the lower row.
fn farthest(points: &[Vec<f64>], centers: &[usize]) -> (usize, f64) {
    let mut best = (0, -1.0);
    for (row, x) in points.iter().enumerate() {
        let to = centers
            .iter()
            .map(|&center| distance_sq(x, &points[center]));
        let nearest = to.fold(f64::MAX, f64::min);
        if nearest > best.1 && !centers.contains(&row) {
            best = (row, nearest);
        }
    }
    best
}

fn radii(selection: &Selection) -> &[f64] {
    match &selection.details {
        Details::KCenter(centers) => &centers.radii,
        other => panic!("{other:?}"),
    }
}

/// Asserts that each pick but the first is the farthest row, and the radii what they are said to be.
fn assert_farthest(at: &str, (x, dim): (&[f32], usize), selector: &KCenter, got: &Selection) {
    let points = points(x, dim, selector.metric);
    let mut centers = selector.labelled.clone();
    for (place, &row) in got.picks.iter().enumerate() {
        let found = points[row].iter();
        assert!(found.len() == dim);
        if !centers.is_empty() {
            let (want, distance_sq) = farthest(&points, &centers);
            assert_eq!(row, want, "{at}, pick {place}");
            let score = got.scores[place];
            assert!(
                (score - distance_sq.sqrt()).abs() <= 1e-6 * score,
                "{at}: {score}"
            );
            if place > 0 {
                assert!((radii(got)[place - 1] - distance_sq.sqrt()).abs() <= 1e-9 * score);
            }
        }
        centers.push(row);
    }
    let (_, rest) = farthest(&points, &centers);
    let last = radii(got)[got.picks.len() - 1];
    assert!((last - rest.sqrt()).abs() <= 1e-9 * last, "{at}: {last}");
    assert!(radii(got).windows(2).all(|pair| pair[0] >= pair[1]), "{at}");
}

fn selectors(rows: usize) -> [KCenter; 4] {
    let by = |metric, labelled: &[usize]| KCenter {
        metric,
        labelled: labelled.to_vec(),
        ..KCenter::default()
    };
    let labelled = [rows / 3, 0, rows - 1];
    [
        by(Metric::Euclidean, &[]),
        by(Metric::Cosine, &[]),
        by(Metric::Euclidean, &labelled),
        by(Metric::Cosine, &labelled),
    ]
}

/// On every device; more rows than are kept up to date at a time.
#[test]
fn picks_are_the_farthest() {
    let (rows, dim) = (700, 9);
    let x = fractions(3, rows * dim);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for selector in selectors(rows) {
            let got = selector.select(pool, 150).unwrap();
            assert_farthest(device, (&x, dim), &selector, &got);
            let first = selector.select(pool, 40).unwrap();
            assert_eq!(first.picks, got.picks[..40]);
            assert_eq!(radii(&first), &radii(&got)[..40]);
        }
    });
}

/// Equal distances without end, and rows that are equal: the lower row comes first, and rows at distance 0
/// are counted.
#[test]
fn ties_go_to_the_lower_row() {
    let (rows, dim) = (600, 2);
    let x = whole_numbers(5, rows * dim);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for selector in [selectors(rows)[0].clone(), selectors(rows)[2].clone()] {
            let got = selector.select(pool, 400).unwrap();
            assert_farthest(device, (&x, dim), &selector, &got);
            let Details::KCenter(centers) = &got.details else {
                panic!("{got:?}");
            };
            let idle = got.scores.iter().filter(|&&score| score == 0.0).count();
            assert_eq!(centers.idle, idle, "{device}");
            assert!(idle > 100, "17 x 17 different rows at most");
        }
    });
}

/// Where all rows lie close together, far from 0, and where one lies far off.
#[test]
fn rows_that_are_nearly_alike() {
    let (rows, dim) = (500, 6);
    let noise = fractions(7, rows * dim);
    let ball: Vec<f32> = noise.iter().map(|v| 1000.0 + v).collect();
    let mut far = ball.clone();
    far[77 * dim] = 1e9;
    for x in [ball, far] {
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            let selector = KCenter::default();
            let got = selector.select(pool, 60).unwrap();
            assert_farthest(device, (&x, dim), &selector, &got);
        });
    }
}

/// Real pools: the same picks on every device, most rows looked at few times.
#[test]
fn real_pools_alike_on_every_device() {
    for stored in npy::small_pools() {
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let cpu = CpuPool::new(features.clone());
        for selector in selectors(stored.rows) {
            let want = selector.select(&cpu, 100).unwrap();
            let at = format!("{} {:?}", stored.name, selector.metric);
            assert_farthest(&at, (&stored.values, stored.dim), &selector, &want);
            on_every_device(features.clone(), |device, pool| {
                let got = selector.select(pool, 100).unwrap();
                assert_eq!(got.picks, want.picks, "{at} on {device}");
                assert_eq!(got.details, want.details, "{at} on {device}");
            });
        }
    }
}

/// The core set of scikit-activeml, from labelled rows on, as far as no two rows are equally far.
#[test]
fn picks_are_those_of_scikit_activeml() {
    let indices = |value: &Value| -> Vec<usize> {
        let index = |v: &Value| v.as_u64().unwrap() as usize;
        value.as_array().unwrap().iter().map(index).collect()
    };
    let mut picked = 0;
    for pool in [
        "examples/data/digits",
        "examples/data/fmnist_simclr_2000",
        "tests/fixtures/text_600",
    ] {
        let stored = npy::read(&npy::repository(&format!("{pool}.npy")), usize::MAX);
        let (_, stem) = pool.rsplit_once('/').unwrap();
        let path = npy::repository(&format!("tests/fixtures/k_center_{stem}.json"));
        let fixture: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        for case in fixture["cases"].as_array().unwrap() {
            let selector = KCenter {
                metric: case["metric"].as_str().unwrap().parse().unwrap(),
                labelled: indices(&case["labelled"]),
                ..KCenter::default()
            };
            let want = indices(&case["picks"]);
            let got = selector.select(&CpuPool::new(features.clone()), want.len());
            assert_eq!(got.unwrap().picks, want, "{stem} {:?}", selector.metric);
            picked += want.len();
        }
    }
    assert!(picked > 600, "{picked}");
}

/// Classes of unlike sizes and lengths, one of equal rows; numbers out of order and with gaps.
fn classes_of(x: &mut [f32], dim: usize) -> Vec<usize> {
    let rows = x.len() / dim;
    let classes: Vec<usize> = (0..rows).map(|row| [70, 4, 70, 9, 70][row % 5]).collect();
    for (x, &class) in x.chunks_mut(dim).zip(&classes) {
        match class {
            9 => x.fill(3.0),
            4 => x.iter_mut().for_each(|v| *v *= 1e-6),
            _ => {}
        }
    }
    classes
}

/// What a class's rows alone give: picks by their numbers in the pool, scores and radii.
fn of_class(
    (x, dim): (&[f32], usize),
    rows: &[usize],
    selector: &KCenter,
    budget: usize,
) -> (Vec<usize>, Vec<f64>, Vec<f64>) {
    let own: Vec<f32> = (rows.iter())
        .flat_map(|&row| x[row * dim..][..dim].to_vec())
        .collect();
    let pool = CpuPool::new(Features::new(&own, rows.len(), dim).unwrap());
    let place = |row: &usize| rows.binary_search(row).ok();
    let alone = KCenter {
        metric: selector.metric,
        labelled: selector.labelled.iter().filter_map(place).collect(),
        ..KCenter::default()
    };
    let got = alone.select(&pool, budget).unwrap();
    let picks = got.picks.iter().map(|&place| rows[place]).collect();
    let radii = radii(&got).to_vec();
    (picks, got.scores, radii)
}

/// Each class is picked from as from a pool of its rows alone, on every device and with rows that are read anew.
#[test]
fn classes_are_those_of_their_rows_alone() {
    let (rows, dim) = (700, 5);
    let mut x = fractions(8, rows * dim);
    let classes = classes_of(&mut x, dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let check = |device: &str, pool: &dyn Pool| {
        for (plain, least) in selectors(rows).iter().flat_map(|s| [(s, 0), (s, 30)]) {
            let selector = KCenter {
                classes: Some(Classes::Given(classes.clone())),
                min_per_class: least,
                ..plain.clone()
            };
            let got = selector.select(pool, 100).unwrap();
            let at = format!("{device} {:?} least {least}", plain.metric);
            let (mut picks, mut scores, mut all_radii) = (vec![], vec![], vec![]);
            for share in &got.classes {
                let rows: Vec<usize> = (0..rows)
                    .filter(|&row| classes[row] == share.class)
                    .collect();
                assert_eq!(share.rows, rows.len(), "{at}");
                assert_eq!(share.picks, share.budget, "{at}");
                let own = of_class((&x, dim), &rows, plain, share.budget);
                picks.extend(own.0);
                scores.extend(own.1);
                all_radii.extend(own.2);
            }
            assert_eq!((&got.picks, &got.scores), (&picks, &scores), "{at}");
            assert_eq!(radii(&got), all_radii, "{at}");
            let of = |share: &ClassShare| (share.class, share.budget);
            let shares: Vec<_> = got.classes.iter().map(of).collect();
            assert_eq!(
                shares.iter().map(|share| share.1).sum::<usize>(),
                100,
                "{at}"
            );
            assert!(
                shares.is_sorted() && shares.iter().all(|share| share.1 >= least),
                "{at}"
            );
        }
    };
    on_every_device(features.clone(), check);
    check(
        "little memory",
        &CpuPool::new(features).with_memory_limit(6000),
    );
}

/// A class without a budget still has no row of zeros by cosine; and one class is all rows.
#[test]
fn classes_of_few_rows() {
    let x = [1.0, 0.0, 3.0, 4.0, 2.0, 1.0, 0.0, 0.0];
    let pool = CpuPool::new(Features::new(&x, 4, 2).unwrap());
    let by = |metric, classes: Classes| KCenter {
        metric,
        classes: Some(classes),
        ..KCenter::default()
    };
    let given = || Classes::Given(vec![5, 5, 5, 8]);
    let error = by(Metric::Cosine, given()).select(&pool, 1).unwrap_err();
    assert!(error.to_string().contains("row 3 is all zeros"), "{error}");
    let got = by(Metric::Euclidean, given()).select(&pool, 4).unwrap();
    assert_eq!(got.picks[3], 3);
    let shares: Vec<_> = got
        .classes
        .iter()
        .map(|share| (share.class, share.picks))
        .collect();
    assert_eq!(shares, [(5, 3), (8, 1)]);
    let one = by(Metric::Euclidean, Classes::One)
        .select(&pool, 3)
        .unwrap();
    let all = KCenter::default().select(&pool, 3).unwrap();
    assert_eq!((one.picks, one.details), (all.picks, all.details));
    let short = by(Metric::Euclidean, Classes::Given(vec![1, 2])).select(&pool, 1);
    let expected = "classes: 2 classes found, one for each of 4 rows expected";
    assert_eq!(short.unwrap_err().to_string(), expected);
    let none = by(Metric::Euclidean, given()).select(&pool, 0).unwrap();
    assert_eq!((none.picks.len(), none.classes.len()), (0, 2));
}

#[test]
fn what_cannot_be_is_refused() {
    let x = [1.0, 0.0, 0.0, 0.0, 2.0, 1.0];
    let pool = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    let by = |metric, labelled: &[usize]| KCenter {
        metric,
        labelled: labelled.to_vec(),
        ..KCenter::default()
    };
    let said = |selector: KCenter, budget| selector.select(&pool, budget).unwrap_err().to_string();
    let cosine = said(by(Metric::Cosine, &[]), 1);
    assert!(cosine.contains("row 1"), "{cosine}");
    let far = said(by(Metric::Euclidean, &[3]), 1);
    assert_eq!(far, "labelled: row 3 found, indices below 3 expected");
    let many = said(by(Metric::Euclidean, &[1]), 3);
    assert!(many.starts_with("budget: 3 picks asked for"), "{many}");
    assert!(
        by(Metric::Euclidean, &[])
            .select(&pool, 0)
            .unwrap()
            .picks
            .is_empty()
    );
    let all = by(Metric::Euclidean, &[]).select(&pool, 3).unwrap();
    assert_eq!((all.picks.len(), radii(&all)[2]), (3, 0.0));
}
