//! Every selector, and when two selections are the same.

use coresift::{
    Classes, Delta, Details, GramSchmidt, Lp, Norm, OnExhaustion, ProbCover, Refine, Sas, SasClass,
    Selection, Selector, Storage, Then, TypiClust, Uniform,
};

/// Every selector, with options that lead to every kernel, and a budget.
pub(crate) fn selectors(rows: usize) -> Vec<(&'static str, Box<dyn Selector>, usize)> {
    let labelled = vec![rows - 1, 3];
    let classes = Classes::Given((0..rows).map(|row| row % 5).collect());
    let clusters = |clusters| Classes::KMeans { clusters, seed: 2 };
    let sas = |classes: Classes| Sas {
        classes,
        ..Sas::default()
    };
    vec![
        (
            "uniform",
            Box::new(Uniform {
                seed: 1,
                ..Uniform::default()
            }),
            50,
        ),
        (
            "norm",
            Box::new(Norm {
                classes: Some(clusters(7)),
                ..Norm::default()
            }),
            60,
        ),
        (
            "l1",
            Box::new(Norm {
                norm: Lp::L1,
                ..Norm::default()
            }),
            60,
        ),
        (
            "gram-schmidt",
            Box::new(GramSchmidt {
                labelled: labelled.clone(),
                seed: 3,
                ..GramSchmidt::default()
            }),
            120,
        ),
        (
            "greedy gram-schmidt",
            Box::new(GramSchmidt {
                greedy: true,
                on_exhaustion: OnExhaustion::Restart,
                ..GramSchmidt::default()
            }),
            120,
        ),
        ("sas", Box::new(sas(Classes::Given(vec![0; rows]))), 90),
        ("sas of classes", Box::new(sas(classes.clone())), 90),
        ("sas of clusters", Box::new(sas(clusters(4))), 90),
        (
            "sas without a threshold",
            Box::new(Sas {
                threshold: None,
                refine: Refine::None,
                ..sas(classes.clone())
            }),
            60,
        ),
        (
            "sas on the fly",
            Box::new(Sas {
                storage: Storage::OnTheFly,
                ..sas(classes)
            }),
            60,
        ),
        (
            "typiclust",
            Box::new(TypiClust {
                labelled,
                ..TypiClust::default()
            }),
            30,
        ),
        ("prob_cover", Box::new(ProbCover::default()), 20),
        (
            "prob_cover of a distance",
            Box::new(ProbCover {
                delta: Delta::Fixed(0.7),
                ..ProbCover::default()
            }),
            60,
        ),
        (
            "then",
            Box::new(Then {
                first: Box::new(TypiClust::default()),
                second: Box::new(GramSchmidt::default()),
                oversample: 3,
            }),
            20,
        ),
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
