//! What is told on the way.

use crate::{greedy, small_pool};
use coresift::{ClassShare, Classes, CpuPool, Features, Progress, Road, Sas, Selector};
use std::ops::ControlFlow;

/// The plan comes before any round, with what the selection says afterwards, and rounds go on class
/// by class.
#[test]
fn progress_is_told_by_class_and_round() {
    let (rows, dim) = (90, 4);
    let x = small_pool(5, rows, dim);
    let classes: Vec<usize> = (0..rows).map(|row| [4, 9, 9][row % 3]).collect();
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for road in [Road::Stored, Road::MatrixFree] {
        let sas = Sas {
            classes: Classes::Given(classes.clone()),
            road,
            block: 3,
            ..greedy()
        };
        let (mut plan, mut told) = (Vec::new(), Vec::new());
        let mut pairs = 0;
        let mut listen = |progress: Progress<'_>| {
            match progress {
                Progress::Plan(classes) => {
                    assert!(told.is_empty() && plan.is_empty());
                    plan = classes.to_vec();
                }
                Progress::Round {
                    classes,
                    round,
                    rounds,
                    picks,
                } => {
                    assert_eq!((classes, rounds), (4..=9, 20));
                    told.push((round, picks));
                }
                Progress::Pairs(all) => pairs += all,
                Progress::Picks(picks) => assert_eq!(picks, 30),
                other => panic!("{other:?}"),
            }
            ControlFlow::Continue(())
        };
        let got = sas.select_with(&pool, 30, &mut listen).unwrap();
        assert_eq!(told.last(), Some(&(20, 30)));
        let square = |share: &ClassShare| share.rows.pow(2) as u64;
        assert_eq!(pairs, plan.iter().map(square).sum::<u64>());
        assert!(told.is_sorted(), "{told:?}");
        assert!(road == Road::Stored || told.len() > 5);
        for (planned, share) in plan.iter().zip(&got.classes) {
            assert_eq!((planned.picks, planned.value), (0, None));
            assert_eq!((planned.class, planned.rows), (share.class, share.rows));
            assert_eq!((planned.budget, planned.road), (share.budget, Some(road)));
        }
        assert_eq!((plan.len(), got.classes.len()), (2, 2));
    }
}

/// And before that how classes are found.
#[test]
fn progress_is_told_of_clusters() {
    let (rows, dim) = (90, 4);
    let x = small_pool(5, rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let clusters = Classes::KMeans {
        clusters: 3,
        seed: 0,
    };
    let sas = Sas {
        classes: clusters,
        ..greedy()
    };
    let mut sources = Vec::new();
    let mut listen = |progress: Progress<'_>| {
        match progress {
            Progress::Centres { placed, clusters } => sources.push(("centre", placed, clusters)),
            Progress::Sweep(sweep) => sources.push(("sweep", sweep, 0)),
            _ => {}
        }
        ControlFlow::Continue(())
    };
    sas.select_with(&pool, 9, &mut listen).unwrap();
    let first = [
        ("centre", 1, 3),
        ("centre", 2, 3),
        ("centre", 3, 3),
        ("sweep", 1, 0),
    ];
    assert_eq!(sources[..4], first);
}
