//! How often a worker is asked.

use crate::common::ways::by_similarity;
use crate::common::{fractions, with};
use crate::workers::{Workers, pool_of};
use coresift::{
    Classes, Coverage, CpuPool, Delta, Details, Features, GramSchmidt, KCenter, KMeans, ProbCover,
    Sas, Selector, Stop, Storage, TypiClust,
};
use std::sync::Arc;

const ROWS: usize = 6000;
const DIM: usize = 24;

/// Loose clusters about directions of their own.
fn pool() -> Features<'static> {
    pool_of_rows(ROWS)
}

fn pool_of_rows(rows: usize) -> Features<'static> {
    let noise = fractions(5, rows * DIM);
    let value = |at: usize| {
        let (row, column) = (at / DIM, at % DIM);
        let about = if (row % 60) % DIM == column { 3.0 } else { 0.0 };
        about + noise[at] + noise[row % 60 * DIM + column]
    };
    let values: Vec<f32> = (0..rows * DIM).map(value).collect();
    Features::from_owner(values, rows, DIM).unwrap()
}

/// The messages that a worker has had of `work`.
fn asked(features: &Features<'_>, work: impl FnOnce(&dyn coresift::Pool)) -> usize {
    asked_with(features, u64::MAX, work)
}

/// The same with workers of so much memory.
fn asked_with(
    features: &Features<'_>,
    memory: u64,
    work: impl FnOnce(&dyn coresift::Pool),
) -> usize {
    let part = features.rows() / 4;
    let parts = [part + 500, part, part, features.rows() - 3 * part - 500];
    let workers = Arc::new(Workers::new(features, &parts).with_memory(memory));
    work(&pool_of(&workers, &Stop::default()));
    (0..4).map(|worker| workers.calls(worker)).max().unwrap() as usize
}

/// A sweep of k-means is one message, and its centres are placed several at a time.
#[test]
fn a_sweep_is_a_message() {
    let features = pool();
    let alone = KMeans::new(64, 3)
        .fit(&CpuPool::new(features.clone()))
        .unwrap();
    let calls = asked(&features, |pool| {
        assert_eq!(KMeans::new(64, 3).fit(pool).unwrap(), alone);
    });
    assert!(alone.sweeps > 10, "{} sweeps", alone.sweeps);
    let beside = calls - alone.sweeps;
    assert!(
        beside <= 64 / 4 + 12,
        "{calls} messages, {} sweeps",
        alone.sweeps
    );
}

/// A cluster of TypiClust is one message.
#[test]
fn a_cluster_is_a_message() {
    let features = pool();
    let clusters = Some((0..ROWS).map(|row| row * row % 61).collect());
    let selector = TypiClust {
        clusters,
        ..TypiClust::default()
    };
    let want = selector
        .select(&CpuPool::new(features.clone()), 150)
        .unwrap();
    let calls = asked(&features, |pool| {
        let got = selector.select(pool, 150).unwrap();
        assert_eq!((got.picks, got.scores), (want.picks, want.scores));
    });
    assert!(calls <= 61 / 4 + 12, "{calls} messages");
}

/// A class of SAS is one message, beside those that bring its rows; small classes share them.
#[test]
fn a_class_is_a_message() {
    let classes = |count| Classes::Given((0..ROWS).map(|row| row * row % count).collect());
    for (count, most) in [(61, 14), (7, 14)] {
        let selector = Sas {
            classes: classes(count),
            storage: Storage::OnTheFly,
            block: 8,
            ..Sas::default()
        };
        let calls = calls_of(&pool(), &selector, 300);
        assert!(calls <= most, "{count} classes: {calls} messages");
    }
}

fn calls_of(features: &Features<'_>, selector: &dyn Selector, picks: usize) -> usize {
    let want = selector
        .select(&CpuPool::new(features.clone()), picks)
        .unwrap();
    asked(features, |pool| {
        assert_eq!(selector.select(pool, picks).unwrap().picks, want.picks);
    })
}

#[test]
fn picks_come_many_at_a_time() {
    let features = pool();
    let k_center = with(|_: &mut KCenter| {});
    let calls = calls_of(&features, &*k_center, 100);
    assert!(calls <= 100 / 2, "k-center: {calls}");
    let calls = calls_of(&pool_of_rows(20 * ROWS), &*k_center, 100);
    assert!(calls <= 100 * 2 / 3, "k-center of more rows: {calls}");
    let wide = with(|cover: &mut ProbCover| cover.delta = Delta::Fixed(0.9));
    let calls = calls_of(&features, &*wide, 60);
    assert!(calls <= 60 * 4, "ProbCover: {calls}");
    let calls = calls_of(&features, &*with(|_: &mut GramSchmidt| {}), DIM);
    assert!(calls <= 20, "Gram-Schmidt: {calls}");
}

/// Coverage makes several picks with a message, beside the sweeps of its k-means, which are a message each.
#[test]
fn coverage_is_few_messages_beside_its_sweeps() {
    let features = pool();
    let selector = Coverage::default();
    let want = selector
        .select(&CpuPool::new(features.clone()), 80)
        .unwrap();
    let Details::Cover(covers) = &want.details else {
        panic!("{:?}", want.details);
    };
    let sweeps = covers[0].refined.as_ref().unwrap().steps;
    assert!(sweeps > 10, "{sweeps} sweeps");
    let calls = asked(&features, |pool| {
        assert_eq!(selector.select(pool, 80).unwrap().picks, want.picks);
    });
    assert!(
        calls - sweeps <= 80 / 8 + 20,
        "{calls} messages, {sweeps} sweeps"
    );
}

/// A class that stays where its rows are takes a question for each time that gains are asked for, and one for new rows:
/// what is chosen goes with the next of them.
#[test]
fn a_class_that_is_spread_is_some_messages_a_pick() {
    let features = pool();
    for (name, selector) in by_similarity() {
        let want = selector
            .select(&CpuPool::new(features.clone()), 60)
            .unwrap();
        let calls = asked_with(&features, (2 * ROWS * 32) as u64, |pool| {
            assert_eq!(selector.select(pool, 60).unwrap().picks, want.picks);
        });
        assert!(calls >= 60, "{name}: {calls}, as if it were not spread");
        let most = if name == "herding" { 3 } else { 30 }; // memory is for few columns
        assert!(calls <= most * 60, "{name}: {calls}");
    }
}
