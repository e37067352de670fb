//! Clusters that are found, what is told, devices that are lost, and bad input.

use crate::clusters;
use crate::common::{Lost, fractions, on_every_device};
use coresift::{CpuPool, Error, Features, KMeans, Progress, Selector, TypiClust};
use std::ops::ControlFlow;

/// As many clusters as labelled rows and picks; passes are k-means' own and one more.
#[test]
fn clusters_are_those_of_k_means() {
    let (rows, dim) = (130, 4);
    let x = fractions(5, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let options = TypiClust {
        neighbours: 2,
        seed: 9,
        labelled: vec![4, 1],
        ..TypiClust::default()
    };
    let got = options.select(&pool, 6).unwrap();
    let found = KMeans::new(8, 9);
    let found = found.fit(&pool).unwrap();
    let given = TypiClust {
        clusters: Some(found.labels),
        ..options.clone()
    };
    let want = given.select(&pool, 6).unwrap();
    assert_eq!((&got.picks, &got.scores), (&want.picks, &want.scores));
    assert_eq!(got.restarts, [0]);
    assert_eq!((want.passes, got.passes), (2, 2 + found.sweeps));
}

/// Three directions do for three clusters, though seven are asked for.
#[test]
fn duplicates_make_fewer_clusters() {
    let x: Vec<f32> = (0..21)
        .flat_map(|row| {
            let length = 1.0 + row as f32;
            [[length, 0.0], [0.0, length], [-length, length]][row % 3]
        })
        .collect();
    on_every_device(Features::new(&x, 21, 2).unwrap(), |device, pool| {
        let got = TypiClust::default().select(pool, 7).unwrap();
        let mut first = got.picks[..3].to_vec();
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2], "{device}");
        let all = TypiClust::default().select(pool, 21).unwrap();
        assert_eq!(all.picks.len(), 21, "{device}");
        assert_eq!(all.scores[20], 0.0, "{device}: the last of its cluster");
    });
}

#[test]
fn progress_is_told() {
    let (rows, dim) = (60, 3);
    let x = fractions(6, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let (mut centres, mut sweeps, mut picks) = (0, 0, Vec::new());
    let mut pairs = 0;
    let tell = &mut |progress: Progress<'_>| {
        match progress {
            Progress::Centres { .. } => centres += 1,
            Progress::Sweep { .. } => sweeps += 1,
            Progress::Pairs { met: 0, of } => pairs += of,
            Progress::Picks(count) => picks.push(count),
            other => panic!("{other:?}"),
        }
        ControlFlow::Continue(())
    };
    TypiClust::default().select_with(&pool, 5, tell).unwrap();
    assert_eq!((centres, picks), (5, vec![1, 2, 3, 4, 5]));
    assert!(sweeps > 0);
    assert!(pairs > 60 * 60 / 5 && pairs < 60 * 60, "{pairs}");
}

#[test]
fn a_lost_device_keeps_the_picks() {
    let rows = 212;
    let x = fractions(7, rows * 5);
    let pool = CpuPool::new(Features::new(&x, rows, 5).unwrap());
    let options = TypiClust {
        clusters: Some(clusters(rows)),
        neighbours: 3,
        ..TypiClust::default()
    };
    let want = options.select(&pool, 30).unwrap().picks;
    let lost = options.select(&Lost::after(&pool, 16), 30).unwrap_err();
    let Error::DeviceLost { partial, .. } = lost else {
        panic!("{lost}")
    };
    let made = partial.picks.len();
    assert!((1..30).contains(&made), "{made}");
    assert_eq!(partial.picks, want[..made]);
}

#[test]
fn no_budget_and_no_rows_left() {
    let x = fractions(8, 12);
    let pool = CpuPool::new(Features::new(&x, 6, 2).unwrap());
    for labelled in [vec![], vec![1, 3], (0..6).collect()] {
        let options = TypiClust {
            labelled,
            ..TypiClust::default()
        };
        let got = options.select(&pool, 0).unwrap();
        assert_eq!((got.picks.len(), got.restarts), (0, vec![0]));
    }
}

#[test]
fn bad_input_is_named() {
    let x = [1.0, 0.0, 0.0, 0.0, 0.5, 0.5];
    let pool = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    let plain = TypiClust::default;
    let with_neighbours = |neighbours| TypiClust {
        neighbours,
        ..plain()
    };
    let with_labelled = |labelled: &[usize]| TypiClust {
        labelled: labelled.to_vec(),
        ..plain()
    };
    let with_clusters = TypiClust {
        clusters: Some(vec![0; 4]),
        ..plain()
    };
    for (options, message) in [
        (
            plain(),
            "features: row 1 is all zeros, a row with a direction expected (typicality)",
        ),
        (
            with_neighbours(0),
            "neighbours: 0 found, a number from 1 to 64 expected",
        ),
        (with_neighbours(65), "neighbours: 65 found"),
        (
            with_clusters,
            "clusters: 4 clusters found, one for each of 3 rows expected",
        ),
        (
            with_labelled(&[3]),
            "labelled: row 3 found, indices below 3",
        ),
        (with_labelled(&[2, 2]), "labelled: row 2 found twice"),
        (
            with_labelled(&[0, 2]),
            "budget: 2 picks asked for, at most 1",
        ),
    ] {
        let found = options.select(&pool, 2).unwrap_err().to_string();
        assert!(found.contains(message), "{message}\n{found}");
    }
}
