//! Every selector, and when two selections are the same.

use crate::common::with;
use coresift::{
    Classes, Delta, Details, GramSchmidt, KMeans, Lp, Norm, OnExhaustion, ProbCover, Refine, Sas,
    SasClass, Selection, Selector, Storage, Then, TypiClust, Uniform,
};

/// Every selector, with options that lead to every kernel, and a budget.
pub(crate) fn selectors(rows: usize) -> Vec<(&'static str, Box<dyn Selector>, usize)> {
    let labelled = [rows - 1, 3];
    let classes = || Classes::Given((0..rows).map(|row| row % 5).collect());
    let clusters = |clusters| Classes::KMeans(KMeans::new(clusters, 2));
    let sas = |classes: Classes| with(|s: &mut Sas| s.classes = classes);
    let gram_schmidt = |s: &mut GramSchmidt| (s.seed, s.labelled) = (3, labelled.to_vec());
    let greedy = |s: &mut GramSchmidt| {
        s.greedy = true;
        s.on_exhaustion = OnExhaustion::Restart;
    };
    let linear = |s: &mut Sas| {
        (s.threshold, s.refine, s.classes) = (None, Refine::None, classes());
    };
    let on_the_fly = |s: &mut Sas| (s.storage, s.classes) = (Storage::OnTheFly, classes());
    let then = Then {
        first: Box::new(TypiClust::default()),
        second: Box::new(GramSchmidt::default()),
        oversample: 3,
    };
    let of_clusters = |s: &mut Norm| s.classes = Some(clusters(7));
    vec![
        ("uniform", with(|s: &mut Uniform| s.seed = 1), 50),
        ("norm", with(of_clusters), 60),
        ("l1", with(|s: &mut Norm| s.norm = Lp::L1), 60),
        ("gram-schmidt", with(gram_schmidt), 120),
        ("greedy gram-schmidt", with(greedy), 120),
        ("sas", sas(Classes::Given(vec![0; rows])), 90),
        ("sas of classes", sas(classes()), 90),
        ("sas of clusters", sas(clusters(4)), 90),
        ("sas without a threshold", with(linear), 60),
        ("sas on the fly", with(on_the_fly), 60),
        (
            "typiclust",
            with(|s: &mut TypiClust| s.labelled = labelled.to_vec()),
            30,
        ),
        ("prob_cover", Box::new(ProbCover::default()), 20),
        (
            "prob_cover of a distance",
            with(|s: &mut ProbCover| s.delta = Delta::Fixed(0.7)),
            60,
        ),
        ("then", Box::new(then), 20),
    ]
}

/// Asserts that two selections are the same, but for what they took and where similarities were kept.
pub(crate) fn assert_same(got: &Selection, want: &Selection, at: &str) {
    assert_eq!(got.picks, want.picks, "{at}");
    assert_eq!(got.scores, want.scores, "{at}");
    assert_eq!(got.restarts, want.restarts, "{at}");
    assert_eq!(got.classes, want.classes, "{at}");
    let details = |of: &Selection| match &of.details {
        Details::Sas(classes) => {
            let anywhere = |class: &SasClass| SasClass {
                storage: Storage::Auto,
                ..*class
            };
            Details::Sas(classes.iter().map(anywhere).collect())
        }
        other => other.clone(),
    };
    assert_eq!(details(got), details(want), "{at}");
}
