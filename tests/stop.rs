//! A run that is ended from outside: at once, with the picks made, wherever it is. Also by rows that are
//! no longer there.

mod common;

use common::ways::{sas, selectors};
use common::{fractions, with};
use coresift::{
    Classes, CpuPool, Delta, Error, Features, KMeans, Pool, ProbCover, Progress, Refine, Selection,
    Selector, Shards, Stop, Storage, TypiClust,
};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Times count, so one test runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// How long a run may take to end.
const AT_ONCE: Duration = Duration::from_millis(200);

/// Whether the picks of some classes side by side are cut short, each by itself.
fn is_by_class(name: &str) -> bool {
    name == "sas, stored"
}

/// Asserts that picks are the first of all; of classes side by side, the first of each.
fn assert_first(name: &str, partial: &Selection, all: &Selection) {
    if !is_by_class(name) {
        assert!(all.picks.starts_with(&partial.picks), "{name}");
        assert!(all.scores.starts_with(&partial.scores), "{name}");
        return;
    }
    let of_classes = |selection: &Selection| -> Vec<Vec<usize>> {
        let mut rest = &selection.picks[..];
        let shares = selection.classes.iter();
        shares
            .map(|share| {
                let own;
                (own, rest) = rest.split_at(share.picks);
                own.to_vec()
            })
            .collect()
    };
    for (partial, all) in of_classes(partial).iter().zip(of_classes(all)) {
        assert!(all.starts_with(partial), "{name}");
    }
}

fn interrupted(name: &str, done: Result<Selection, Error>) -> Selection {
    match done {
        Err(Error::Interrupted { partial, .. }) => *partial,
        Err(other) => panic!("{name}: {other}"),
        Ok(_) => panic!("{name}: done before it was stopped"),
    }
}

/// Whoever is told of the n-th thing ends the run there, by its answer or by the token: the picks are
/// the first of the whole run's, no fewer than were told of.
#[test]
fn the_first_picks_are_left() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (rows, dim, budget) = (400, 8, 60);
    let x = fractions(3, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    for (name, selector) in selectors(rows, dim) {
        let mut told = 0usize;
        let mut count = |progress: Progress<'_>| {
            told += usize::from(!is_amid_a_pass(&progress));
            ControlFlow::Continue(())
        };
        let pool = CpuPool::new(features.clone());
        let all = selector.select_with(&pool, budget, &mut count).unwrap();
        let mut most = 0;
        for end in (0..told).step_by(told.div_ceil(25)) {
            for by_token in [false, true] {
                let stop = Stop::new();
                let pool = CpuPool::new(features.clone()).with_stop(stop.clone());
                let (mut left, mut picked) = (end, 0);
                let mut listen = |progress: Progress<'_>| {
                    if let Progress::Picks(picks) = progress {
                        picked = picks;
                    }
                    if is_amid_a_pass(&progress) {
                    } else if left > 0 {
                        left -= 1;
                    } else if by_token {
                        stop.stop();
                    } else {
                        return ControlFlow::Break(());
                    }
                    ControlFlow::Continue(())
                };
                let done = selector.select_with(&pool, budget, &mut listen);
                // A token that nobody looks at any more ends nothing.
                let partial = match done {
                    Ok(whole) if by_token => whole,
                    done => interrupted(name, done),
                };
                assert_first(name, &partial, &all);
                assert!(partial.picks.len() >= picked, "{name}");
                most = most.max(partial.picks.len());
            }
        }
        // What refinement may drop again is not handed out.
        assert!(
            most > budget / 2 || name == "sas, refined" || name.starts_with("coverage"),
            "{name}: {most}"
        );
    }
}

/// Whether that is told by the clock.
fn is_amid_a_pass(progress: &Progress<'_>) -> bool {
    matches!(progress, Progress::Pairs { met: 1.., .. })
}

/// Passes over all pairs tell how far they have come, and end where the listener wants no more.
#[test]
fn passes_are_told_of_and_end_midway() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (rows, dim) = (60_000, 64);
    let x = fractions(5, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let half = rows / 3;
    let shards = [0..half, half..rows]
        .map(|part| -> Box<dyn Pool> { Box::new(CpuPool::new(features.part(part))) });
    let pools: [&dyn Pool; 2] = [
        &CpuPool::new(features.clone()),
        &Shards::new(shards.into()).unwrap(),
    ];
    let passes: [(&str, Box<dyn Selector>); 5] = [
        (
            "row_sums",
            Box::new(sas(Classes::One, Storage::OnTheFly, Refine::None)),
        ),
        (
            "store",
            Box::new(sas(thirds(rows), Storage::Dense, Refine::None)),
        ),
        (
            "k_nearest",
            with(|s: &mut TypiClust| s.clusters = Some(vec![0; rows])),
        ),
        (
            "count_within",
            with(|s: &mut ProbCover| s.delta = Delta::Fixed(0.9)),
        ),
        (
            "nearest_other_label",
            with(|s: &mut ProbCover| s.delta = Delta::Auto { clusters: Some(2) }),
        ),
    ];
    for (place, pool) in pools.into_iter().enumerate() {
        for (name, selector) in &passes {
            let mut last = None;
            let mut listen = |progress: Progress<'_>| {
                let Progress::Pairs { met, of } = progress else {
                    return ControlFlow::Continue(());
                };
                assert!(met <= of, "{name}: {met} of {of}");
                last = Some((Instant::now(), met, of));
                match met {
                    0 => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }
            };
            interrupted(name, selector.select_with(pool, 10, &mut listen));
            let (told, met, of) = last.unwrap();
            assert!(0 < met && met < of, "{name}, {place}: {met} of {of}");
            assert!(
                told.elapsed() < AT_ONCE,
                "{name}, {place}: {:?}",
                told.elapsed()
            );
        }
    }
}

fn thirds(rows: usize) -> Classes {
    Classes::Given((0..rows).map(|row| row % 3).collect())
}

/// Gives so many times what it holds, and then less.
struct Fickle {
    values: Vec<f32>,
    times: AtomicUsize,
}

impl AsRef<[f32]> for Fickle {
    fn as_ref(&self) -> &[f32] {
        let still = |times: usize| times.checked_sub(1);
        match self.times.fetch_update(Relaxed, Relaxed, still) {
            Ok(_) => &self.values,
            Err(_) => &self.values[1..],
        }
    }
}

/// Whenever an owner ceases to give as many values, the run ends with an error that says so, and nothing
/// panics; as long as it does the picks are those of borrowed rows.
#[test]
fn an_owner_that_changes_its_length_ends_a_run() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (rows, dim, budget) = (300, 8, 40);
    let x = fractions(3, rows * dim);
    let borrowed = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for (name, selector) in selectors(rows, dim) {
        let all = selector.select(&borrowed, budget).unwrap();
        let mut ended = 0;
        for times in [1, 2, 3, 5, 9, 20, 50, 120, usize::MAX] {
            let owner = Fickle {
                values: x.clone(),
                times: times.into(),
            };
            let owned = Features::from_owner(owner, rows, dim);
            let found = owned.and_then(|owned| selector.select(&CpuPool::new(owned), budget));
            match found {
                Ok(found) => assert_eq!(found.picks, all.picks, "{name}, {times} times"),
                Err(Error::OwnerChanged { len, .. }) if len == rows * dim - 1 => ended += 1,
                Err(other) => panic!("{name}, {times} times: {other}"),
            }
        }
        assert!((1..9).contains(&ended), "{name}: {ended}");
    }
}

/// A run that takes much longer ends at once when it is stopped, however far it has come.
#[test]
fn runs_end_at_once() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (rows, dim) = (60_000, 64);
    let x = fractions(4, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    for (name, selector) in selectors(rows, dim) {
        for after in [5, 60, 500] {
            let stop = Stop::new();
            let pool = CpuPool::new(features.clone()).with_stop(stop.clone());
            let (took, partial) = stopped(name, &*selector, &pool, &stop, after);
            eprintln!(
                "{name}: {took:?} after {after} ms, {} picks",
                partial.picks.len()
            );
            assert!(took < AT_ONCE, "{name}: {took:?} after {after} ms");
        }
    }
    let stop = Stop::new();
    let pool = CpuPool::new(features).with_stop(stop.clone());
    let k_means = KMeans::new(2000, 0);
    let (took, done) = time_from(&stop, 300, || k_means.fit(&pool));
    assert!(matches!(done, Err(Error::Interrupted { .. })));
    assert!(took < AT_ONCE, "{took:?}");
}

/// A GPU is not waited for: what it has begun it ends by itself.
#[cfg(feature = "gpu")]
#[test]
fn runs_on_a_gpu_end_at_once() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (rows, dim) = (20_000, 64);
    let x = fractions(5, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let few = Features::new(&x[..400 * dim], 400, dim).unwrap();
    common::on_every_gpu_but_gl(|device, gpu| {
        for (name, selector) in selectors(rows, dim) {
            if !["gram-schmidt, greedy", "sas", "typiclust", "probcover"].contains(&name) {
                continue;
            }
            // The driver compiles shaders at their first use, and is not to be interrupted there.
            selector.select(&gpu.upload(&few).unwrap(), 40).unwrap();
            for after in [5, 200] {
                let stop = Stop::new();
                let gpu = gpu.clone().with_stop(stop.clone());
                let pool = gpu.pool(features.clone()).unwrap();
                let (took, _) = stopped(name, &*selector, &pool, &stop, after);
                assert!(
                    took < AT_ONCE,
                    "{device}, {name}: {took:?} after {after} ms"
                );
            }
        }
    });
}

/// Stops a selection after so many milliseconds; gives how long it took to end then, and its picks.
fn stopped(
    name: &str,
    selector: &dyn Selector,
    pool: &dyn Pool,
    stop: &Stop,
    after: u64,
) -> (Duration, Selection) {
    let budget = pool.rows() / 2;
    let (took, done) = time_from(stop, after, || selector.select(pool, budget));
    (took, interrupted(name, done))
}

/// Runs, and stops the token after so many milliseconds; gives the time from then on.
fn time_from<T>(stop: &Stop, after: u64, run: impl FnOnce() -> T) -> (Duration, T) {
    std::thread::scope(|scope| {
        let stopped = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(after));
            let now = Instant::now();
            stop.stop();
            now
        });
        let done = run();
        let ended = Instant::now();
        (ended.duration_since(stopped.join().unwrap()), done)
    })
}
