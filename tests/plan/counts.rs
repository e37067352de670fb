//! Kernels by what they are asked for, and passes.

use crate::{BUDGET, SHAPE, classes, k_means, pool, selectors};
use coresift::kernels::{Call, Watched, Watcher};
use coresift::plan::Work;
use coresift::{
    Classes, CpuPool, Delta, Error, GramSchmidt, Lp, Named as _, Norm, Pool, ProbCover, Refine,
    Sas, Selector, Storage, TypiClust, Uniform,
};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Adds up what calls ask for.
#[derive(Default)]
struct Counter(Mutex<BTreeMap<&'static str, usize>>);

impl Watcher for &Counter {
    fn around<T>(&self, call: Call, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        *self.0.lock().unwrap().entry(call.name).or_default() += call.work;
        run()
    }
}

/// What the values have no part in is said within a tenth.
#[test]
fn kernels_are_asked_for_what_is_said() {
    let norm = Norm {
        norm: Lp::L1,
        ..Norm::default()
    };
    let sas = Sas {
        classes: classes(),
        refine: Refine::None,
        ..Sas::default()
    };
    let on_the_fly = Sas {
        storage: Storage::OnTheFly,
        ..sas.clone()
    };
    let clusters = Uniform {
        classes: Some(Classes::KMeans(k_means(1))),
        ..Uniform::default()
    };
    let cover = ProbCover {
        delta: Delta::Fixed(0.4),
        ..ProbCover::default()
    };
    let typical = TypiClust {
        clusters: Some((0..SHAPE[0]).map(|row| row % 12).collect()),
        ..TypiClust::default()
    };
    let plain = GramSchmidt {
        norm: Lp::L1,
        ..GramSchmidt::default()
    };
    check(&norm, &[Work::RowNorms]);
    check(
        &sas,
        &[
            Work::Integers,
            Work::StoreSimilarities,
            Work::SumStored,
            Work::GreedyRounds,
        ],
    );
    let known = [Work::Integers, Work::RowSums, Work::SumColumns];
    check(&on_the_fly, &known);
    check(&clusters, &[Work::Assign]);
    check(&cover, &[Work::Neighbours, Work::CountWithin]);
    check(&ProbCover::default(), &[Work::NearestOtherLabel]);
    check(&typical, &[Work::KNearest]);
    check(&plain, &[Work::GatherRows]);
}

fn check(selector: &dyn Selector, known: &[Work]) {
    let (pool, counter) = (pool(), Counter::default());
    selector
        .select(&Watched::new(&pool, &counter), BUDGET)
        .unwrap();
    let asked = counter.0.into_inner().unwrap();
    let cost = selector.cost(&CpuPool::outline(SHAPE, false, u64::MAX), BUDGET);
    let cost = cost.unwrap();
    for work in known {
        let said = cost.work[work].multiply_adds;
        let ratio = said.likely / asked[work.name()] as f64;
        assert!((0.9..1.1).contains(&ratio), "{work}: {ratio}");
        assert!(said.is_certain(), "{work}");
    }
}

/// Passes lie where they are said to.
#[test]
fn passes_are_said() {
    let pool = pool();
    for (name, selector, _) in selectors() {
        let cost = selector.cost(&CpuPool::outline(SHAPE, false, u64::MAX), BUDGET);
        let passes = cost.unwrap().passes;
        let made = selector.select(&pool, BUDGET).unwrap().passes as f64;
        assert!(
            passes.least <= made && made <= passes.most,
            "{name}: {made} passes, {passes:?} said"
        );
    }
}

/// The settled work of a Gram-Schmidt selection lies where it is said to.
#[test]
fn what_is_settled_is_said() {
    let pool = pool();
    let ways = [None, Some(1e-2), Some(1.0)].map(|ridge| [(ridge, false), (ridge, true)]);
    for (ridge, greedy) in ways.into_iter().flatten() {
        let selector = GramSchmidt {
            greedy,
            ridge,
            ..GramSchmidt::default()
        };
        // An epoch has so many picks; with a ridge there may be more.
        let budgets = if ridge.is_some() { [24, 120] } else { [10, 24] };
        for budget in budgets {
            let cost = selector.cost(&CpuPool::outline(SHAPE, false, u64::MAX), budget);
            let said = cost.unwrap().work[&Work::Settle].multiply_adds;
            let settled = selector.select(&pool, budget).unwrap().settled as f64;
            assert!(
                said.least <= 2.0 * settled && settled <= 2.0 * said.most,
                "ridge {ridge:?}, greedy {greedy}, {budget} of {}: {settled}, {said:?} said",
                pool.rows()
            );
        }
    }
}
