//! Selections that share their budget among classes.

use crate::common::{fractions, on_every_device, with};
use coresift::{
    Classes, Coverage, CpuPool, Features, GramSchmidt, Herding, KCenter, KMeans, LogDet, Lp, Norm,
    Selection, Selector, ShortfallReason, Uniform,
};

/// The selectors that can be stratified, so stratified.
fn selectors(
    classes: Option<Classes>,
    min_per_class: usize,
) -> Vec<(&'static str, Box<dyn Selector>)> {
    let (seed, labelled) = (3, vec![2, 40]);
    let norm = Norm {
        classes: classes.clone(),
        min_per_class,
        labelled: labelled.clone(),
        seed,
        ..Norm::default()
    };
    let l1 = Norm {
        norm: Lp::L1,
        power: 2.0,
        ..norm.clone()
    };
    let greedy = Norm {
        greedy: true,
        ..norm.clone()
    };
    let uniform = Uniform {
        seed,
        labelled,
        classes,
        min_per_class,
    };
    vec![
        ("uniform", Box::new(uniform)),
        ("norm", Box::new(norm)),
        ("norm l1", Box::new(l1)),
        ("max norm", Box::new(greedy)),
    ]
}

/// Those that pick from each class as from a pool of its rows alone.
fn of_classes_alone(classes: &Option<Classes>) -> [(&'static str, Box<dyn Selector>); 5] {
    let classes = || classes.clone();
    [
        ("k-center", with(|s: &mut KCenter| s.classes = classes())),
        ("coverage", with(|s: &mut Coverage| s.classes = classes())),
        ("herding", with(|s: &mut Herding| s.classes = classes())),
        ("log-det", with(|s: &mut LogDet| s.classes = classes())),
        (
            "gram-schmidt",
            with(|s: &mut GramSchmidt| s.classes = classes()),
        ),
    ]
}

/// The class numbers are out of order and have gaps.
fn three_classes(rows: usize) -> Vec<usize> {
    (0..rows)
        .map(|row| [70, 4, 70, 9, 4, 70][row % 6])
        .collect()
}

/// Within a class: the picks are those of the class, in the order in which they come without
/// classes; shares by largest remainder.
#[test]
fn strata_hold_the_draws_of_their_classes() {
    let (rows, dim) = (60, 4);
    let x = fractions(6, rows * dim);
    let classes = three_classes(rows);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        // 58 rows: 20 of class 4 (row 40 is labelled: 19), 10 of 9, 30 of 70 (2 is: 29).
        for (budget, least, want) in [
            (0, 0, [0, 0, 0]),
            (1, 0, [0, 0, 1]),
            (20, 0, [7, 3, 10]),
            (20, 5, [7, 5, 8]),
            (9, 4, [3, 2, 4]),
            (58, 0, [19, 10, 29]),
        ] {
            let given = Some(Classes::Given(classes.clone()));
            let stratified = selectors(given, least);
            for ((name, selector), (_, plain)) in stratified.iter().zip(selectors(None, 0)) {
                let at = format!("{name} on {device} budget {budget} least {least}");
                let all = plain.select(pool, 58).unwrap();
                let got = selector.select(pool, budget).unwrap();
                let budgets: Vec<_> = got.classes.iter().map(|s| s.budget).collect();
                assert_eq!(budgets, want, "{at}");
                check_strata(&got, &all.picks, &classes, &at);
            }
        }
    });
}

/// Holds a selection by class against the order of all rows without classes.
fn check_strata(got: &Selection, order: &[usize], classes: &[usize], at: &str) {
    let shares: Vec<_> = got.classes.iter().map(|s| (s.class, s.rows)).collect();
    assert_eq!(shares, [(4, 20), (9, 10), (70, 30)], "{at}");
    let mut want: Vec<usize> = Vec::new();
    for share in &got.classes {
        assert_eq!(share.picks, share.budget, "{at}");
        let own = order.iter().filter(|&&row| classes[row] == share.class);
        want.extend(own.take(share.budget));
    }
    assert_eq!(got.picks, want, "{at}");
    assert_eq!(got.scores.len(), want.len(), "{at}");
    assert_eq!(got.shortfall, None, "{at}");
}

/// One class for all rows changes nothing but that it is named.
#[test]
fn one_class_is_none() {
    let x = fractions(7, 60 * 4);
    let pool = CpuPool::new(Features::new(&x, 60, 4).unwrap());
    let all = |classes: Option<Classes>, least| {
        let mut all = selectors(classes.clone(), least);
        all.extend(of_classes_alone(&classes));
        all
    };
    let one = all(Some(Classes::One), 3);
    for ((name, one), (_, none)) in one.iter().zip(all(None, 0)) {
        let with = one.select(&pool, 30).unwrap();
        let without = none.select(&pool, 30).unwrap();
        assert_eq!(
            (with.classes.len(), without.classes.len()),
            (1, 0),
            "{name}"
        );
        let classes = Vec::new();
        assert_eq!(Selection { classes, ..with }, without, "{name}");
    }
}

/// With `anti` the largest norm is the class's own, and its row has no weight.
#[test]
fn anti_is_against_the_classs_largest() {
    let x = [1.0, 10.0, 3.0, 40.0, 2.0, 90.0];
    let pool = CpuPool::new(Features::new(&x, 6, 1).unwrap());
    let anti = Norm {
        anti: true,
        greedy: true,
        classes: Some(Classes::Given(vec![0, 1, 0, 1, 0, 1])),
        ..Norm::default()
    };
    let got = anti.select(&pool, 6).unwrap();
    assert_eq!(got.picks, [0, 4, 1, 3]);
    assert_eq!(got.scores, [2.0, 1.0, 80.0, 50.0]);
    let shortfall = got.shortfall.unwrap();
    assert_eq!(
        (shortfall.missing, shortfall.reason),
        (2, ShortfallReason::ZeroWeight)
    );
    let shares = got.classes.iter().map(|share| (share.budget, share.picks));
    assert_eq!(shares.collect::<Vec<_>>(), [(3, 2), (3, 2)]);
}

/// Classes that must be found cost passes, and those count.
#[test]
fn passes_count_those_of_the_classes() {
    let x = fractions(4, 50 * 3);
    let pool = CpuPool::new(Features::new(&x, 50, 3).unwrap());
    let passes = |classes: Classes| {
        let classes = Some(classes);
        let norm = Norm {
            classes: classes.clone(),
            ..Norm::default()
        };
        let uniform = Uniform {
            classes,
            ..Uniform::default()
        };
        let of = |selector: &dyn Selector| selector.select(&pool, 9).unwrap().passes;
        assert_eq!(of(&norm), of(&uniform) + 1);
        of(&uniform)
    };
    assert_eq!(passes(Classes::One), 0);
    assert_eq!(passes(Classes::Given(vec![1; 50])), 0);
    let embeddings = vec![1.0; 6];
    assert_eq!(passes(Classes::Prompts { embeddings }), 2);
    let (rows, classes) = (vec![0, 1], vec![0, 1]);
    assert_eq!(passes(Classes::FewLabels { rows, classes }), 2);
    let k_means = KMeans::new(4, 1);
    let sweeps = k_means.fit(&pool).unwrap().sweeps;
    assert_eq!(passes(Classes::KMeans(k_means)), 1 + sweeps);
}
