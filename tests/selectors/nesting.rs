//! Selectors that say so pick for a smaller budget the first rows of a larger one.

use crate::common::{npy, with};
use crate::made_up;
use coresift::{
    Alpha, Bandwidth, Classes, Coverage, CpuPool, Delta, FacilityLocation, Features, GramSchmidt,
    Herding, KCenter, Kernel, LogDet, Lp, Metric, Norm, OnExhaustion, ProbCover, Sas, Selector,
    Then, TypiClust, Uniform,
};

/// Those whose picks nest.
fn nested(seed: u64) -> Vec<(&'static str, Box<dyn Selector>)> {
    let norm = |change: fn(&mut Norm)| {
        with(|norm: &mut Norm| {
            norm.seed = seed;
            change(norm);
        })
    };
    let gram_schmidt = |change: fn(&mut GramSchmidt)| {
        with(|gram_schmidt: &mut GramSchmidt| {
            gram_schmidt.seed = seed;
            change(gram_schmidt);
        })
    };
    vec![
        ("random", with(|s: &mut Uniform| s.seed = seed)),
        ("norm", norm(|_| ())),
        ("max-norm", norm(|s| s.greedy = true)),
        ("gram-schmidt", gram_schmidt(|_| ())),
        ("greedy", gram_schmidt(|s| s.greedy = true)),
        ("ridge", gram_schmidt(|s| s.ridge = Some(0.1))),
        ("l1", gram_schmidt(|s| s.norm = Lp::L1)),
        (
            "stop",
            gram_schmidt(|s| s.on_exhaustion = OnExhaustion::Stop),
        ),
        (
            "then norm",
            gram_schmidt(|s| s.on_exhaustion = OnExhaustion::Norm),
        ),
        ("k-center", with(|_: &mut KCenter| ())),
        (
            "by cosine",
            with(|s: &mut KCenter| s.metric = Metric::Cosine),
        ),
        ("log-det", with(|_: &mut LogDet| ())),
        (
            "probcover",
            with(|s: &mut ProbCover| s.delta = Delta::Fixed(0.4)),
        ),
        (
            "facility-location",
            with(|s: &mut FacilityLocation| s.sigma = Bandwidth::Neighbours(9)),
        ),
        (
            "facility-location by cosine",
            with(|s: &mut FacilityLocation| s.kernel = Kernel::Cosine),
        ),
        (
            "herding",
            with(|s: &mut Herding| s.alpha = Alpha::Fixed(0.9)),
        ),
        (
            "plain herding",
            with(|s: &mut Herding| s.alpha = Alpha::Fixed(1.0)),
        ),
    ]
}

/// On a real pool, and past the rank of one of few columns, some rows of which are alike.
#[test]
fn picks_of_a_smaller_budget_are_the_first() {
    let digits = npy::read(&npy::repository("examples/data/digits.npy"), 400);
    let mut few = made_up(120, 4);
    few.copy_within(0..40 * 4, 60 * 4);
    for (x, dim) in [(&digits.values, digits.dim), (&few, 4)] {
        let pool = CpuPool::new(Features::new(x, x.len() / dim, dim).unwrap());
        for seed in [0, 1] {
            for (name, selector) in nested(seed) {
                assert!(selector.nests(), "{name}");
                let all = selector.select(&pool, 90).unwrap().picks;
                for budget in [1, 2, 3, 5, 9, 17, 33, 64, 89] {
                    let some = selector.select(&pool, budget).unwrap().picks;
                    let want = &all[..budget.min(all.len())];
                    assert_eq!(some, want, "{name}, {budget} of {dim} columns");
                }
            }
        }
    }
}

#[test]
fn others_do_not_say_so() {
    let classes = || Some(Classes::Given(vec![0, 1, 0, 1]));
    let others: [Box<dyn Selector>; 10] = [
        with(|s: &mut Uniform| s.classes = classes()),
        with(|s: &mut Norm| s.classes = classes()),
        with(|s: &mut KCenter| s.classes = classes()),
        with(|_: &mut TypiClust| ()),
        with(|_: &mut ProbCover| ()),
        with(|_: &mut Coverage| ()),
        with(|_: &mut FacilityLocation| ()),
        with(|_: &mut Herding| ()),
        with(|_: &mut Sas| ()),
        Box::new(Then::new(Uniform::default(), Norm::default())),
    ];
    for (at, other) in others.iter().enumerate() {
        assert!(!other.nests(), "{at}");
    }
}
