//! What is told on the way.

use crate::{greedy, of_classes, small_pool};
use coresift::{ClassShare, Classes, CpuPool, Features, KMeans, Progress, Sas, Selector, Storage};
use std::ops::ControlFlow;

/// The plan comes before any round, with what the selection says afterwards, and rounds go on class
/// by class.
#[test]
fn progress_is_told_by_class_and_round() {
    let (rows, dim) = (90, 4);
    let x = small_pool(5, rows, dim);
    let classes: Vec<usize> = (0..rows).map(|row| [4, 9, 9][row % 3]).collect();
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for storage in [Storage::Dense, Storage::OnTheFly] {
        let sas = Sas {
            classes: Classes::Given(classes.clone()),
            storage,
            block: 3,
            ..greedy()
        };
        let (mut plan, mut told) = (Vec::new(), Vec::new());
        let mut planned_storage = Vec::new();
        let mut pairs = 0;
        let mut listen = |progress: Progress<'_>| {
            match progress {
                Progress::Plan { classes, storage } => {
                    assert!(told.is_empty() && plan.is_empty());
                    plan = classes.to_vec();
                    planned_storage = storage.to_vec();
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
                Progress::Pairs { met: 0, of } => pairs += of,
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
        assert!(storage == Storage::Dense || told.len() > 5);
        for (planned, share) in plan.iter().zip(&got.classes) {
            assert_eq!(planned.picks, 0);
            assert_eq!((planned.class, planned.rows), (share.class, share.rows));
            assert_eq!(planned.budget, share.budget);
        }
        let told_storage = of_classes(&got).iter().map(|told| told.storage);
        assert_eq!(planned_storage, [storage; 2]);
        assert_eq!(told_storage.collect::<Vec<_>>(), planned_storage);
        assert_eq!((plan.len(), got.classes.len()), (2, 2));
    }
}

/// And before that how classes are found.
#[test]
fn progress_is_told_of_clusters() {
    let (rows, dim) = (90, 4);
    let x = small_pool(5, rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let clusters = Classes::KMeans(KMeans::new(3, 0));
    let sas = Sas {
        classes: clusters,
        ..greedy()
    };
    let mut sources = Vec::new();
    let mut listen = |progress: Progress<'_>| {
        match progress {
            Progress::Centres { placed, clusters } => sources.push(("centre", placed, clusters)),
            Progress::Sweep { sweep, .. } => sources.push(("sweep", sweep, 0)),
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
