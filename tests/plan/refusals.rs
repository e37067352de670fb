//! What is refused is refused in the same words, with rows and without.

use crate::{BUDGET, SHAPE, pool};
use coresift::{
    Classes, CpuPool, GramSchmidt, KMeans, Norm, ProbCover, Sas, Selector, Then, TypiClust, Uniform,
};

#[test]
fn bad_options_are_refused_as_a_selection_refuses_them() {
    let labelled = Uniform {
        labelled: vec![3, 900],
        ..Uniform::default()
    };
    let twice = Norm {
        labelled: vec![3, 3],
        ..Norm::default()
    };
    let power = GramSchmidt {
        power: 0.0,
        ..GramSchmidt::default()
    };
    let views = Sas {
        views: 7,
        ..Sas::default()
    };
    let classes = Sas {
        classes: Classes::Given(vec![0; 8]),
        ..Sas::default()
    };
    let neighbours = TypiClust {
        neighbours: 0,
        ..TypiClust::default()
    };
    let delta = ProbCover {
        delta: coresift::Delta::Fixed(3.0),
        ..ProbCover::default()
    };
    let mut then = Then::new(Norm::default(), Norm::default());
    then.oversample = 0;
    let mut sweeps = KMeans::new(3, 0);
    sweeps.convergence.max_sweeps = 0;
    let sweeps = Uniform {
        classes: Some(Classes::KMeans(sweeps)),
        ..Uniform::default()
    };
    refuses(&labelled, BUDGET);
    refuses(&twice, BUDGET);
    refuses(&power, BUDGET);
    refuses(&views, BUDGET);
    refuses(&classes, BUDGET);
    refuses(&neighbours, BUDGET);
    refuses(&delta, BUDGET);
    refuses(&then, BUDGET);
    refuses(&sweeps, BUDGET);
    refuses(&Uniform::default(), SHAPE[0] + 1);
}

fn refuses(selector: &dyn Selector, budget: usize) {
    let said = selector.cost(&CpuPool::outline(SHAPE, false, u64::MAX), budget);
    let done = selector.select(&pool(), budget).unwrap_err();
    assert_eq!(said.unwrap_err().to_string(), done.to_string());
}
