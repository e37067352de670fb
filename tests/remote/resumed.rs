//! Runs on workers that are broken off, and taken up again on others or on none.

use crate::common::{fractions, with};
use crate::workers::workers;
use coresift::{
    Checkpoint, Coverage, CpuPool, Error, Features, GramSchmidt, KCenter, Pool, Progress,
    Selection, Selector, TypiClust,
};
use std::ops::ControlFlow;

const PICKS: usize = 40;

/// Goes on from a checkpoint, and breaks off once something has been kept so many times.
fn go_on(
    selector: &dyn Selector,
    pool: &dyn Pool,
    checkpoint: &mut Checkpoint,
    times: usize,
) -> (Option<Selection>, usize) {
    let mut kept = 0;
    let mut listen = |progress: Progress<'_>| {
        kept += usize::from(matches!(progress, Progress::Settled(_)));
        match kept >= times {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let found = match selector.resume(pool, PICKS, checkpoint, &mut listen) {
        Ok(selection) => Some(selection),
        Err(Error::Interrupted { .. }) => None,
        Err(other) => panic!("{other}"),
    };
    (found, kept)
}

#[test]
fn a_run_goes_on_with_any_number_of_workers() {
    let (rows, dim) = (400, 8);
    let x = fractions(3, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let alone = CpuPool::new(features.clone());
    let some = |s: &mut TypiClust| {
        s.clusters = Some((0..rows).map(|row| row % 7 % 3).collect());
        s.labelled = vec![0, 17, 5, 399];
    };
    let selectors: [(&str, Box<dyn Selector>); 5] = [
        ("typiclust", with(|_: &mut TypiClust| {})),
        ("typiclust, of three clusters", with(some)),
        ("coverage", with(|_: &mut Coverage| {})),
        ("k-center", with(|_: &mut KCenter| {})),
        ("gram-schmidt", with(|_: &mut GramSchmidt| {})),
    ];
    for (name, selector) in selectors {
        let want = selector.select(&alone, PICKS).unwrap();
        let (found, times) = go_on(&*selector, &alone, &mut Checkpoint::default(), usize::MAX);
        assert_eq!(found.unwrap().picks, want.picks, "{name}");
        for first in (1..=times).step_by(times.div_ceil(6)) {
            let pools: [Box<dyn Pool>; 3] = [
                Box::new(workers(&features, 2)),
                Box::new(workers(&features, 3)),
                Box::new(CpuPool::new(features.clone())),
            ];
            for at in 0..3 {
                let mut checkpoint = Checkpoint::default();
                let _ = go_on(&*selector, &*pools[at], &mut checkpoint, first);
                let next = &*pools[(at + 1) % 3];
                let (found, _) = go_on(&*selector, next, &mut checkpoint, usize::MAX);
                let found = found.unwrap();
                assert_eq!(
                    found.picks, want.picks,
                    "{name}, {first} of {times} by {at}"
                );
                assert_eq!(
                    found.scores, want.scores,
                    "{name}, {first} of {times} by {at}"
                );
            }
        }
    }
}
