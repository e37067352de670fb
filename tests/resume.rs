//! A run that is broken off, and taken up again from what was kept of it: the selection is the unbroken one.

mod common;

use common::ways::{sas, selectors};
use common::{fractions, on_every_device, with};
use coresift::{
    Checkpoint, Classes, CpuPool, Delta, Error, Features, GramSchmidt, Norm, Objective,
    OnExhaustion, Pool, ProbCover, Progress, Refine, Sas, Selection, Selector, Storage, Then,
    TypiClust,
};
use std::ops::ControlFlow;

/// Every selector, by ways besides that matter here.
fn all_selectors(rows: usize, dim: usize) -> Vec<(&'static str, Box<dyn Selector>)> {
    let by_norm = |s: &mut GramSchmidt| s.on_exhaustion = OnExhaustion::Norm;
    let of_classes = || Classes::Given((0..rows).map(|row| row % 8).collect());
    let drawn = sas(of_classes(), Storage::OnTheFly, Refine::RandomDoubleGreedy);
    let by_row_sum = |s: &mut Sas| (s.classes, s.objective) = (of_classes(), Objective::RowSum);
    let worst = |s: &mut Sas| (s.classes, s.worst) = (of_classes(), true);
    let tight = |s: &mut ProbCover| s.delta = Delta::Fixed(1.2);
    let labelled = |s: &mut ProbCover| (s.delta, s.labelled) = (Delta::Fixed(1.3), vec![7, 3, 200]);
    let soon = |s: &mut TypiClust| s.convergence.tolerance = 0.02;
    let anti = Norm {
        anti: true,
        ..Norm::default()
    };
    let mut all = selectors(rows, dim);
    all.extend([
        ("gram-schmidt, then norm", with(by_norm)),
        (
            "sas, refined on the fly",
            Box::new(sas(of_classes(), Storage::OnTheFly, Refine::TopUp)) as Box<dyn Selector>,
        ),
        ("sas, refined at random", Box::new(drawn)),
        ("sas by row sums", with(by_row_sum)),
        ("sas, worst", with(worst)),
        ("typiclust, soon", with(soon)),
        ("probcover, many covers", with(tight)),
        ("probcover, labelled", with(labelled)),
        (
            "typiclust then norm",
            Box::new(Then::new(TypiClust::default(), anti)),
        ),
    ]);
    all
}

/// What must be alike; passes and work are of the last run alone.
fn assert_same(at: &str, got: &Selection, want: &Selection) {
    let told = |selection: &Selection| Selection {
        passes: 0,
        settled: 0,
        ..selection.clone()
    };
    assert_eq!(told(got), told(want), "{at}");
}

/// Goes on from a checkpoint and breaks off once something has been kept so many times; None where it was
/// done before.
fn broken(
    selector: &dyn Selector,
    (pool, budget): (&dyn Pool, usize),
    checkpoint: &mut Checkpoint,
    mut times: usize,
) -> Option<Selection> {
    let mut listen = |progress: Progress<'_>| {
        times -= usize::from(matches!(progress, Progress::Settled(_)));
        match times {
            0 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    };
    match selector.resume(pool, budget, checkpoint, &mut listen) {
        Ok(selection) => Some(selection),
        Err(Error::Interrupted { .. }) => None,
        Err(other) => panic!("{other}"),
    }
}

/// Goes on to the end; gives what was told besides.
fn finished(
    selector: &dyn Selector,
    (pool, budget): (&dyn Pool, usize),
    checkpoint: &mut Checkpoint,
) -> (Selection, Vec<String>) {
    let mut told = Vec::new();
    let mut listen = |progress: Progress<'_>| {
        told.push(format!("{progress:?}"));
        ControlFlow::Continue(())
    };
    let done = selector.resume(pool, budget, checkpoint, &mut listen);
    (done.unwrap(), told)
}

/// How often something is kept in an unbroken run.
fn times_kept(selector: &dyn Selector, on: (&dyn Pool, usize)) -> usize {
    let (_, told) = finished(selector, on, &mut Checkpoint::default());
    let kept = told.iter().filter(|told| told.starts_with("Settled"));
    kept.count()
}

/// Wherever it is broken off, once or twice; and from the checkpoint of a run that was done.
#[test]
fn a_broken_run_becomes_the_unbroken_one() {
    let (rows, dim, budget) = (400, 8, 60);
    let x = fractions(3, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let on: (&dyn Pool, usize) = (&pool, budget);
    for (name, selector) in all_selectors(rows, dim) {
        let selector = &*selector;
        let want = selector.select(&pool, budget).unwrap();
        let times = times_kept(selector, on);
        for first in (1..=times).step_by(times.div_ceil(40).max(1)) {
            let at = format!("{name}, broken off at {first} of {times}");
            let mut checkpoint = Checkpoint::default();
            assert_eq!(broken(selector, on, &mut checkpoint, first), None, "{at}");
            let mut twice = checkpoint.clone();
            assert_same(&at, &finished(selector, on, &mut checkpoint).0, &want);
            assert_same(&at, &finished(selector, on, &mut checkpoint).0, &want);
            if broken(selector, on, &mut twice, 1 + first / 2).is_none() {
                assert_same(&at, &finished(selector, on, &mut twice).0, &want);
            }
        }
    }
}

/// What one device has begun another ends, under another bound on memory.
#[test]
fn another_device_goes_on() {
    let (rows, dim, budget) = (300, 8, 40);
    let x = fractions(5, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let small = CpuPool::new(features.clone()).with_memory_limit(1 << 14);
    let whole = CpuPool::new(features.clone());
    on_every_device(features, |device, pool| {
        for (name, selector) in all_selectors(rows, dim) {
            let selector = &*selector;
            let want = selector.select(&whole, budget).unwrap();
            let times = times_kept(selector, (&whole, budget));
            for (begun, ended) in [(&small as &dyn Pool, pool), (pool, &small)] {
                for part in [1, 2, 3] {
                    let at = format!("{name}, {device}, {part}/4 of {times}");
                    let mut checkpoint = Checkpoint::default();
                    let end = (times * part / 4).max(1);
                    if times > 0
                        && broken(selector, (begun, budget), &mut checkpoint, end).is_none()
                    {
                        let (got, _) = finished(selector, (ended, budget), &mut checkpoint);
                        let storage_aside = |selection: &Selection| Selection {
                            details: want.details.clone(),
                            ..selection.clone()
                        };
                        assert_same(&at, &storage_aside(&got), &want);
                    }
                }
            }
        }
    });
}

/// Rows of few directions: thousands of epochs, which are made in several ways.
#[test]
fn epochs_go_on() {
    let (rows, dim, budget) = (3000, 2, 500);
    let x = fractions(7, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let on: (&dyn Pool, usize) = (&pool, budget);
    for greedy in [false, true] {
        let selector = &*with(|s: &mut GramSchmidt| s.greedy = greedy);
        let want = selector.select(&pool, budget).unwrap();
        assert_eq!(want.restarts.len(), budget / dim);
        for end in [1, 2, 3, 250, 499] {
            let mut checkpoint = Checkpoint::default();
            assert_eq!(broken(selector, on, &mut checkpoint, end), None);
            let (got, told) = finished(selector, on, &mut checkpoint);
            assert_same(&format!("greedy {greedy}, {end}"), &got, &want);
            let anew = told.iter().filter(|told| told.starts_with("Picks"));
            assert!(anew.count() <= budget - end + dim, "made again: {end}");
        }
    }
}

/// What was kept is not done again: centres, sweeps, passes over all pairs, classes, a first stage.
#[test]
fn what_is_settled_is_not_done_again() {
    let (rows, dim, budget) = (2000, 16, 60);
    let x = fractions(11, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let on: (&dyn Pool, usize) = (&pool, budget);
    let thirds = Classes::Given((0..rows).map(|row| row % 3).collect());
    let on_the_fly = sas(thirds, Storage::OnTheFly, Refine::None);
    let near = |s: &mut ProbCover| s.delta = Delta::Fixed(0.9);
    let cases: [(&str, Box<dyn Selector>); 6] = [
        ("Centres", Box::new(TypiClust::default())),
        ("Sweep", Box::new(TypiClust::default())),
        ("Pairs", with(near)),
        ("Pairs", Box::new(on_the_fly.clone())),
        ("Round", Box::new(on_the_fly)),
        (
            "Stage",
            Box::new(Then::new(TypiClust::default(), GramSchmidt::default())),
        ),
    ];
    for (word, selector) in cases {
        let selector = &*selector;
        // Broken off right after the last of those was kept.
        let (_, told) = finished(selector, on, &mut Checkpoint::default());
        let is_kept = |told: &String| told.starts_with("Settled");
        let last = told
            .iter()
            .rposition(|told| told.starts_with(word))
            .unwrap();
        let kept = told[..last].iter().filter(|told| is_kept(told)).count();
        let end = kept + if word == "Stage" { 2 } else { 1 };
        let mut checkpoint = Checkpoint::default();
        assert_eq!(broken(selector, on, &mut checkpoint, end), None);
        let (_, told) = finished(selector, on, &mut checkpoint);
        assert!(
            !told.iter().any(|told| told.starts_with(word)),
            "{word}: {told:?}"
        );
    }
}

/// A checkpoint of another pool, budget or selector is refused, and says which; what changes no pick does
/// not count.
#[test]
fn checkpoints_of_other_selections_are_refused() {
    let (rows, dim, budget) = (400, 8, 60);
    let x = fractions(3, rows * dim);
    let mut other = x.clone();
    other.iter_mut().for_each(|value| *value *= 0.5);
    let features = Features::new(&x, rows, dim).unwrap();
    let pool = CpuPool::new(features.clone());
    let few = CpuPool::new(features.part(0..300));
    let other = CpuPool::new(Features::new(&other, rows, dim).unwrap());
    let selectors = all_selectors(rows, dim);
    let refused = |selector: &dyn Selector, on, checkpoint: &Checkpoint| {
        let (pool, budget): (&CpuPool<'_>, usize) = on;
        let mut hear = |_: Progress<'_>| ControlFlow::Continue(());
        let refused = selector.resume(pool, budget, &mut checkpoint.clone(), &mut hear);
        refused.unwrap_err().to_string()
    };
    let expected = "one of the same pool, selector and budget expected";
    for (place, (_, selector)) in selectors.iter().enumerate() {
        let mut checkpoint = Checkpoint::default();
        finished(&**selector, (&pool, budget), &mut checkpoint);
        let (name, another) = &selectors[(place + 1) % selectors.len()];
        let found = [
            (&pool, 59, "checkpoint: one of a budget of 60 found, "),
            (
                &other,
                60,
                "checkpoint: one of a pool of other values found, ",
            ),
        ];
        for (pool, budget, found) in found {
            let said = refused(&**selector, (pool, budget), &checkpoint);
            assert!(
                said.starts_with(found) && said.ends_with(expected),
                "{said}"
            );
        }
        let said = refused(&**another, (&pool, budget), &checkpoint);
        let found = "checkpoint: one of a selector with other options found, ";
        assert!(said.starts_with(found), "{name}: {said}");
    }
    let mut checkpoint = Checkpoint::default();
    finished(&*selectors[0].1, (&pool, budget), &mut checkpoint);
    let said = refused(&Norm::default(), (&few, budget), &checkpoint);
    assert!(
        said.starts_with("checkpoint: one of 400 rows x 8 found, "),
        "{said}"
    );
    let mut checkpoint = Checkpoint::default();
    finished(
        &sas(Classes::One, Storage::Dense, Refine::None),
        (&pool, budget),
        &mut checkpoint,
    );
    finished(
        &sas(Classes::One, Storage::OnTheFly, Refine::None),
        (&pool, budget),
        &mut checkpoint,
    );
}
