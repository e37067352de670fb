//! What options say of single rows, and of classes, is restated for the chosen ones; and odd pools.

use crate::common::{fractions, on_every_device, oracle};
use crate::{SECOND, ascending, gathered, gram_schmidt, norm, smallest, uniform};
use coresift::{
    Bandwidth, Classes, Coverage, CpuPool, Details, Features, KMeans, Norm, Pool, Refine, Sas,
    Selection, Selector, Then, Uniform, Warning,
};

#[test]
fn sas_picks_as_from_a_pool_of_the_chosen() {
    let (rows, dim, budget) = (240, 6, 40);
    let x = fractions(3, rows * dim);
    let classes: Vec<usize> = (0..rows).map(|row| row * row % 5).collect();
    let labelled = vec![200, 11];
    let first = Uniform {
        labelled: labelled.clone(),
        ..uniform(4)
    };
    let sas = |classes: Vec<usize>, labelled: Vec<usize>| Sas {
        classes: Classes::Given(classes),
        labelled,
        refine: Refine::TopUp,
        ..Sas::default()
    };
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        let mut few = first.select(pool, 2 * budget).unwrap().picks;
        few.extend(&labelled);
        few.sort_unstable();
        let few_x = gathered(&x, dim, &few);
        let few_pool = CpuPool::new(Features::new(&few_x, few.len(), dim).unwrap());
        let places = labelled.iter().map(|row| few.binary_search(row).unwrap());
        let few_classes = few.iter().map(|&row| classes[row]).collect();
        let alone = sas(few_classes, places.collect());
        let want = alone.select(&few_pool, budget).unwrap();
        let then = Then::new(first.clone(), sas(classes.clone(), labelled.clone()));
        let got = then.select(pool, budget).unwrap();
        let picks: Vec<usize> = want.picks.iter().map(|&place| few[place]).collect();
        assert_eq!(got.picks, picks, "{device}");
        assert_eq!(got.classes, want.classes, "{device}");
        assert_eq!(got.scores, want.scores, "{device}");
    });
}

/// A class a row, as a selection of all rows tells it.
fn classes_of(pool: &dyn Pool, classes: Classes) -> Vec<usize> {
    let all = Uniform {
        classes: Some(classes),
        ..Uniform::default()
    };
    let all = all.select(pool, pool.rows()).unwrap();
    let mut found = vec![0; pool.rows()];
    let mut picks = all.picks.into_iter();
    for share in &all.classes {
        picks
            .by_ref()
            .take(share.picks)
            .for_each(|row| found[row] = share.class);
    }
    found
}

#[test]
fn classes_are_those_of_the_whole_pool() {
    let (rows, dim, budget) = (240, 6, 30);
    let x = fractions(5, rows * dim);
    let stratified = |classes| Norm {
        classes: Some(classes),
        min_per_class: 2,
        ..norm(6)
    };
    let few_labels = Classes::FewLabels {
        rows: (0..20).map(|i| 12 * i + 1).collect(),
        classes: (0..20).map(|i| [3, 9, 4][i % 3]).collect(),
    };
    let prompts = Classes::Prompts {
        embeddings: fractions(7, 4 * dim),
    };
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for classes in [few_labels.clone(), prompts.clone()] {
            let given = Classes::Given(classes_of(pool, classes.clone()));
            let by = |first: Selection, classes: Classes| {
                let then = Then::new(uniform(6), stratified(classes));
                let got = then.select(pool, budget).unwrap();
                assert!(got.picks.iter().all(|row| first.picks.contains(row)));
                (got.picks, got.classes)
            };
            let first = || uniform(6).select(pool, 2 * budget).unwrap();
            let (picks, shares) = by(first(), given);
            assert_eq!(shares.iter().map(|share| share.rows).sum::<usize>(), 60);
            assert_eq!(by(first(), classes), (picks, shares), "{device}");
        }
        let clusters = Classes::KMeans(KMeans::new(3, 1));
        let got = Then::new(stratified(clusters.clone()), stratified(clusters));
        let got = got.select(pool, budget).unwrap();
        assert_eq!(
            (got.picks.len(), got.classes.len()),
            (budget, 3),
            "{device}"
        );
    });
}

/// Rows that are all alike: ties go to the lower row of the whole pool.
#[test]
fn ties_go_to_the_lower_row() {
    let x = vec![2.0; 50];
    let pool = CpuPool::new(Features::new(&x, 50, 1).unwrap());
    let largest = Norm {
        greedy: true,
        ..norm(0)
    };
    let chosen = uniform(3).select(&pool, 20).unwrap().picks;
    let got = Then::new(uniform(3), largest).select(&pool, 10).unwrap();
    assert_eq!(got.picks, ascending(&chosen)[..10]);
}

#[test]
fn norms_twice_are_not_norms_once() {
    let (rows, dim) = (500, 3);
    let x = fractions(9, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let once = norm(1).select(&pool, 40).unwrap().picks;
    let twice = Then::new(norm(1), norm(1)).select(&pool, 40).unwrap().picks;
    assert_ne!(ascending(&once), ascending(&twice));
}

#[test]
fn input_norms_are_those_of_the_chosen_rows() {
    let (rows, dim, budget) = (300, 4, 20);
    let x = fractions(15, rows * dim);
    let inputs: Vec<f64> = (0..rows).map(|row| 1.0 + (row * row % 89) as f64).collect();
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let chosen = uniform(2).select(&pool, 2 * budget).unwrap().picks;
    let numbers = oracle::exponentials(2, SECOND, rows);
    let length = |row: usize| oracle::norms(&x[row * dim..][..dim])[1].sqrt();
    let key = |&row: &usize| (numbers[row] * inputs[row] / length(row), row);
    let want = smallest(chosen.iter().map(key).collect(), budget);
    let second = Norm {
        input_norms: Some(inputs.clone()),
        ..norm(2)
    };
    let then = Then::new(uniform(2), second);
    assert_eq!(then.select(&pool, budget).unwrap().picks, want);
}

/// Powers of two scale every product exactly, so picks stay and scores scale, also where the
/// chosen rows are far shorter than the longest.
#[test]
fn scale_changes_no_pick() {
    let (rows, dim, budget) = (60, 4, 12);
    let mut x = fractions(10, rows * dim);
    x[..dim].iter_mut().for_each(|v| *v *= 1e9);
    let short = Norm {
        anti: true,
        greedy: true,
        ..norm(0)
    };
    let then = Then::new(short, gram_schmidt(3));
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let want = then.select(&pool, budget).unwrap();
    for exponent in [-100, -60, 30] {
        let factor = 2f32.powi(exponent);
        let x: Vec<f32> = x.iter().map(|v| v * factor).collect();
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            let got = then.select(pool, budget).unwrap();
            assert_eq!(got.picks, want.picks, "2^{exponent} on {device}");
            let scores = want.scores.iter().map(|score| score * f64::from(factor));
            assert_eq!(
                got.scores,
                scores.collect::<Vec<_>>(),
                "2^{exponent} on {device}"
            );
        });
    }
}

/// Where memory does not hold a copy of the chosen rows they are fetched anew, for the same picks.
#[test]
fn a_second_stage_within_a_bound_on_memory() {
    let (rows, dim, budget) = (500, 6, 60);
    let x = fractions(8, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    for bound in [1, 2 * budget as u64 * 6 * 4 * 2, 1 << 30] {
        let pool = CpuPool::new(features.clone()).with_memory_limit(bound);
        let all: [(&str, Then); 3] = [
            ("norm", Then::new(uniform(1), norm(2))),
            ("gram-schmidt", Then::new(norm(2), gram_schmidt(3))),
            ("sas", Then::new(norm(2), Sas::default())),
        ];
        for (name, then) in all {
            let want = then
                .select(&CpuPool::new(features.clone()), budget)
                .unwrap();
            let got = then.select(&pool, budget).unwrap();
            assert_eq!(got.picks, want.picks, "{name} within {bound} bytes");
            assert_eq!(got.scores, want.scores, "{name} within {bound} bytes");
        }
    }
}

/// The greedy picks that were refined are told by their numbers in the whole pool, and what is doubtful of the
/// second stage is said.
#[test]
fn details_and_warnings_are_the_second_stages() {
    let (rows, dim, budget) = (120, 4, 10);
    let x = fractions(17, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let chosen = ascending(&uniform(2).select(&pool, 2 * budget).unwrap().picks);
    let few = gathered(&x, dim, &chosen);
    let few = CpuPool::new(Features::new(&few, chosen.len(), dim).unwrap());
    let second = Coverage {
        sigma: Bandwidth::Fixed(0.002),
        ..Coverage::default()
    };
    let want = second.select(&few, budget).unwrap();
    let start = |selection: &Selection| match &selection.details {
        Details::Cover(covers) => covers[0].refined.clone().unwrap().start,
        other => panic!("{other:?}"),
    };
    let in_pool: Vec<usize> = start(&want).iter().map(|&at| chosen[at]).collect();
    let got = Then::new(uniform(2), second).select(&pool, budget).unwrap();
    assert_eq!(start(&got), in_pool);
    assert_eq!(got.warnings, want.warnings);
    assert_eq!(got.warnings, [Warning::NarrowKernel]);
}
