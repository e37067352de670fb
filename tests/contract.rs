//! What the kernels' contract promises beside answers: threads, and watchers that restate little.

mod common;

use common::{fractions, on_every_device};
use coresift::kernels::{Call, Neighbours, Residuals, Similarities, Watched, Watcher};
use coresift::{
    Classes, CpuPool, Delta, Error, Features, GramSchmidt, Norm, Pool, ProbCover, Sas, Selector,
    TypiClust, Uniform,
};
use std::collections::BTreeMap;
use std::sync::Mutex;

fn crosses_threads<T: Send + Sync + ?Sized>() {}
fn is_sent<T: Send + ?Sized>() {}
fn outlives_all<T: 'static>() {}

#[test]
fn pools_selectors_and_errors_cross_threads() {
    crosses_threads::<CpuPool<'_>>();
    #[cfg(feature = "gpu")]
    crosses_threads::<coresift::GpuPool<'_>>();
    crosses_threads::<dyn Pool>();
    crosses_threads::<dyn Selector>();
    crosses_threads::<Error>();
    outlives_all::<Error>();
    is_sent::<dyn Residuals>();
    is_sent::<dyn Similarities>();
    is_sent::<dyn Neighbours>();
}

/// One of each method.
fn selectors() -> Vec<Box<dyn Selector>> {
    vec![
        Box::new(Uniform::default()),
        Box::new(Norm::default()),
        Box::new(GramSchmidt::default()),
        Box::new(Sas::default()),
        Box::new(Sas {
            threshold: None,
            classes: Classes::Given((0..ROWS).map(|row| row % 3).collect()),
            ..Sas::default()
        }),
        Box::new(TypiClust::default()),
        Box::new(ProbCover {
            delta: Delta::Fixed(0.6),
            ..ProbCover::default()
        }),
    ]
}

const ROWS: usize = 300;
const DIM: usize = 24;

/// Several selections from one pool at the same time are those made one after the other.
#[test]
fn a_pool_serves_several_threads() {
    let x = fractions(8, ROWS * DIM);
    on_every_device(Features::new(&x, ROWS, DIM).unwrap(), |device, pool| {
        let alone = selectors()
            .into_iter()
            .map(|selector| selector.select(pool, 20).unwrap());
        let alone: Vec<_> = alone.map(|selection| selection.picks).collect();
        std::thread::scope(|scope| {
            let pick = |selector: Box<dyn Selector>| scope.spawn(move || selector.select(pool, 20));
            let threads: Vec<_> = selectors().into_iter().map(pick).collect();
            for (thread, alone) in threads.into_iter().zip(&alone) {
                let together = thread.join().unwrap().unwrap();
                assert_eq!(&together.picks, alone, "{device}");
            }
        });
    });
}

/// Names of calls, and how often each was made.
#[derive(Default)]
struct Names(Mutex<BTreeMap<&'static str, usize>>);

impl Watcher for &Names {
    fn around<T>(&self, call: Call, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        *self.0.lock().unwrap().entry(call.name).or_default() += 1;
        run()
    }
}

/// A watcher sees every call, of handles too, and changes nothing.
#[test]
fn a_watched_pool_picks_as_it_does_alone() {
    let x = fractions(8, ROWS * DIM);
    let pool = CpuPool::new(Features::new(&x, ROWS, DIM).unwrap());
    let names = Names::default();
    let watched = Watched::new(&pool, &names);
    for selector in selectors() {
        let (alone, with) = (selector.select(&pool, 20), selector.select(&watched, 20));
        assert_eq!(alone.unwrap(), with.unwrap());
    }
    let seen = names.0.into_inner().unwrap();
    for name in [
        "row_norms",
        "due_rows",
        "greedy_rounds",
        "sum_columns",
        "count_within",
        "assign",
    ] {
        assert!(seen.contains_key(name), "{name}: {seen:?}");
    }
}
