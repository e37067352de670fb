//! Comparisons against a slow loop over the definition, on every device; their ends, and what they refuse.

mod common;

use common::fractions;
use coresift::compare::{Compared, Comparison, Contender, MakeSplitPool, Score, Scores};
use coresift::compare::{Split, Trial};
use coresift::evaluate::{Evaluation, TestRows};
use coresift::{
    CpuPool, Error, Features, GramSchmidt, LeftOut, Metric, Norm, Pool, Progress, Rows, Selector,
    Stop, Then, TypiClust, Uniform,
};
use std::ops::ControlFlow;

const ROWS: usize = 90;
const DIM: usize = 5;

/// Rows of three classes, each about a place of its own; some are short of any length.
fn rows() -> (Vec<f32>, Vec<u32>) {
    let labels: Vec<u32> = (0..ROWS as u32).map(|row| row * 7 % 3).collect();
    let mut x = fractions(11, ROWS * DIM);
    for (x, &label) in x.chunks_exact_mut(DIM).zip(&labels) {
        x[label as usize] += 1.0;
    }
    x[4 * DIM..5 * DIM].fill(0.0);
    (x, labels)
}

/// Selectors of a seed: two whose picks nest, and two whose do not.
fn selectors(seed: u64) -> Vec<(&'static str, Box<dyn Selector>)> {
    let uniform = Uniform {
        seed,
        ..Uniform::default()
    };
    let gram_schmidt = GramSchmidt {
        seed,
        ..GramSchmidt::default()
    };
    let norm = Norm {
        seed,
        ..Norm::default()
    };
    let among = GramSchmidt {
        greedy: true,
        ..gram_schmidt.clone()
    };
    vec![
        ("random", Box::new(uniform)),
        ("gram-schmidt", Box::new(gram_schmidt)),
        ("norm then greedy", Box::new(Then::new(norm, among))),
    ]
}

fn contenders() -> Vec<Contender<'static>> {
    let names: Vec<&str> = selectors(0).into_iter().map(|(name, _)| name).collect();
    let contender = |(at, name): (usize, &str)| Contender {
        name: name.to_owned(),
        selector: Box::new(move |seed| selectors(seed).swap_remove(at).1),
    };
    names.into_iter().enumerate().map(contender).collect()
}

fn on_cpu(features: Features<'_>) -> Result<Box<dyn Pool + '_>, Error> {
    Ok(Box::new(CpuPool::new(features)))
}

fn unheard(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

const BUDGETS: [usize; 3] = [4, 12, 7];

fn comparison(labels: &[u32]) -> Comparison<'_> {
    Comparison {
        labels,
        budgets: &BUDGETS,
        seeds: 3,
        train: 50,
    }
}

fn compared<'f>(x: &'f [f32], labels: &[u32], make: &MakeSplitPool<'_, 'f>) -> Compared {
    let features = Features::new(x, ROWS, DIM).unwrap();
    let done = comparison(labels).run(&features, &contenders(), make, &mut unheard);
    done.unwrap()
}

/// The values of some rows, one after another.
fn copied(x: &[f32], rows: &[usize]) -> Vec<f32> {
    let row = |&row: &usize| &x[row * DIM..][..DIM];
    rows.iter().flat_map(row).copied().collect()
}

/// Every selection by itself, from the rows that are not held out, and every score by [`Evaluation`].
#[test]
fn scores_are_those_of_the_definition() {
    let (x, labels) = rows();
    let compared = compared(&x, &labels, &on_cpu);
    assert_eq!(
        compared.contenders,
        ["random", "gram-schmidt", "norm then greedy"]
    );
    assert_eq!(
        (&compared.budgets[..], compared.splits.len()),
        (&BUDGETS[..], 3)
    );
    for (seed, split) in (0..).zip(&compared.splits) {
        assert_eq!((split.seed, split.held_out.len()), (seed, ROWS - 50));
        assert!(split.held_out.is_sorted_by(|a, b| a < b));
        let left_out = LeftOut {
            rows: split.held_out.clone(),
            ..LeftOut::default()
        };
        let train = Features::without(Rows::Slice(&x), [ROWS, DIM], &left_out).unwrap();
        let numbers = train.numbers().unwrap().to_vec();
        let of = |rows: &[usize]| rows.iter().map(|&row| labels[row]).collect::<Vec<u32>>();
        let (train_labels, test_labels) = (of(&numbers), of(&split.held_out));
        let held_out = copied(&x, &split.held_out);
        let test = CpuPool::new(Features::new(&held_out, ROWS - 50, DIM).unwrap());
        let train = CpuPool::new(train);
        for ((name, selector), trials) in selectors(seed).into_iter().zip(&split.trials) {
            for (budget, trial) in BUDGETS.into_iter().zip(trials) {
                let picks = selector.select(&train, budget).unwrap().picks;
                let named: Vec<usize> = picks.iter().map(|&row| numbers[row]).collect();
                let at = format!("{name} {budget} at seed {seed}");
                assert_eq!(trial.picks, named, "{at}");
                let evaluation = Evaluation::new(&train, &picks).unwrap();
                let rows = TestRows::Pool {
                    pool: &test,
                    labels: &test_labels,
                };
                let metric = Metric::Euclidean;
                let nearest = evaluation.nearest_accuracy(&train_labels, rows, metric);
                let want = Scores {
                    probe: evaluation.probe_accuracy(&train_labels, rows).unwrap(),
                    nearest: nearest.unwrap(),
                    coverage: evaluation.class_coverage(&train_labels).unwrap().share(),
                };
                assert_eq!(trial.scores, want, "{at}");
                assert_eq!(trial.shortfall, None, "{at}");
            }
        }
    }
}

#[test]
fn every_device_and_number_of_threads_finds_the_same() {
    let (x, labels) = rows();
    let want = compared(&x, &labels, &on_cpu);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let found = pool.build().unwrap();
        let found = found.install(|| compared(&x, &labels, &on_cpu));
        assert!(found == want, "{threads} threads");
    }
    let found = compared(&x, &labels, &|features| {
        Ok(Box::new(common::devices::shards(&features, 3)))
    });
    assert!(found == want, "shards");
    #[cfg(feature = "gpu")]
    common::on_every_gpu_but_gl(|name, gpu| {
        let found = compared(&x, &labels, &|features| Ok(Box::new(gpu.pool(features)?)));
        assert!(found == want, "{name}");
    });
}

/// Each row is as likely as any to be held out.
#[test]
fn splits_are_drawn_anew_for_every_seed() {
    const SEEDS: u64 = 300;
    let (x, labels) = rows();
    let features = Features::new(&x, ROWS, DIM).unwrap();
    let comparison = Comparison {
        budgets: &[3],
        seeds: SEEDS,
        ..comparison(&labels)
    };
    let random = contenders().swap_remove(0);
    let done = comparison.run(&features, &[random], &on_cpu, &mut unheard);
    let mut counts = [0; ROWS];
    for split in done.unwrap().splits {
        split.held_out.iter().for_each(|&row| counts[row] += 1);
    }
    // 133.3 of 300 with a standard deviation of 8.6: five of these either way.
    for (row, count) in counts.into_iter().enumerate() {
        assert!((90..177).contains(&count), "row {row}: {count}");
    }
}

/// A contender's difference is 0.1, 0 and −0.2 at one budget, and 0.3 at the other.
#[test]
fn differences_worked_out_by_hand() {
    let trial = |probe: f64| Trial {
        picks: vec![0],
        shortfall: None,
        scores: Scores {
            probe,
            nearest: 0.5,
            coverage: 1.0,
        },
    };
    let of = |scores: &[f64]| scores.iter().map(|&score| trial(score)).collect();
    let split = |seed, first: [f64; 2], second: [f64; 2]| Split {
        seed,
        held_out: vec![1],
        trials: vec![of(&first), of(&second)],
    };
    let compared = Compared {
        contenders: vec!["first".to_owned(), "second".to_owned()],
        budgets: vec![1, 2],
        splits: vec![
            split(0, [0.5, 0.2], [0.6, 0.5]),
            split(1, [0.6, 0.3], [0.6, 0.6]),
            split(2, [0.7, 0.4], [0.5, 0.7]),
        ],
        warnings: vec![],
    };
    let near = |found: f64, want: f64| assert!((found - want).abs() < 1e-14, "{found} {want}");
    let summary = compared.summary(Score::Probe);
    let [first, second] = &summary[..] else {
        panic!("{summary:?}")
    };
    near(first[0].mean, 0.6);
    near(first[0].error, 0.1 / 3f64.sqrt());
    assert_eq!(
        (first[0].difference.better, first[0].difference.worse),
        (0, 0)
    );
    let expected = [
        (1.7 / 3.0, -0.1 / 3.0, (0.07 / 9.0f64).sqrt(), (1, 1)),
        (0.6, 0.3, 0.0, (3, 0)),
        (1.75 / 3.0, 0.4 / 3.0, (0.07 / 36.0f64).sqrt(), (3, 0)),
    ];
    for (found, (mean, difference, error, signs)) in second.iter().zip(expected) {
        near(found.mean, mean);
        near(found.difference.mean, difference);
        near(found.difference.error, error);
        assert_eq!((found.difference.better, found.difference.worse), signs);
    }
    let same = compared.summary(Score::Nearest)[1][2];
    assert_eq!((same.difference.mean, same.difference.better), (0.0, 0));
}

/// What is told of a comparison that is broken off once so much has been, and how it ends.
fn told<'f>(
    features: &Features<'f>,
    labels: &[u32],
    make: &MakeSplitPool<'_, 'f>,
    enough: usize,
) -> (Vec<(usize, usize)>, Result<Compared, Error>) {
    let mut told = Vec::new();
    let mut hear = |progress: Progress<'_>| {
        if let Progress::Trials { done, of } = progress {
            told.push((done, of));
        }
        match told.len() == enough {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let done = comparison(labels).run(features, &contenders(), make, &mut hear);
    (told, done)
}

/// What is told is how many selections have been made; a break ends it, and so does the pools' own stop.
#[test]
fn a_comparison_is_heard_and_ended() {
    let (x, labels) = rows();
    let features = Features::new(&x, ROWS, DIM).unwrap();
    let ended =
        |done| matches!(done, Err(Error::Interrupted { partial, .. }) if partial.picks.is_empty());
    let (heard, done) = told(&features, &labels, &on_cpu, usize::MAX);
    let want: Vec<_> = (1..=9).map(|step| (3 * step, 27)).collect();
    assert_eq!(heard, want);
    done.unwrap();
    let (heard, done) = told(&features, &labels, &on_cpu, 2);
    assert_eq!(heard.len(), 2);
    assert!(ended(done));
    let stop = Stop::new();
    stop.stop();
    let (heard, done) = told(
        &features,
        &labels,
        &|features| Ok(Box::new(CpuPool::new(features).with_stop(stop.clone()))),
        usize::MAX,
    );
    assert!(heard.is_empty() && ended(done));
}

fn said(comparison: Comparison<'_>, contenders: &[Contender<'_>]) -> String {
    let (x, _) = rows();
    let features = Features::new(&x, ROWS, DIM).unwrap();
    let done = comparison.run(&features, contenders, &on_cpu, &mut unheard);
    done.unwrap_err().to_string()
}

#[test]
fn labels_seeds_and_splits_that_are_refused() {
    let labels = rows().1;
    let good = comparison(&labels);
    let alone = vec![3; ROWS];
    let short = "labels: 89 of them found, one for each of 90 rows expected";
    let labels = &labels[1..];
    assert_eq!(said(Comparison { labels, ..good }, &contenders()), short);
    let labels = &alone;
    let one = "labels: class 3 alone found, at least two classes expected";
    assert_eq!(said(Comparison { labels, ..good }, &contenders()), one);
    let few = "seeds: 1 found, at least 2, for a standard error to be told expected";
    assert_eq!(said(Comparison { seeds: 1, ..good }, &contenders()), few);
    for train in [0, 90] {
        let expected = "found, 1 to 89, so that some are left to test on expected";
        let expected = format!("train: {train} rows {expected}");
        assert_eq!(said(Comparison { train, ..good }, &contenders()), expected);
    }
    let mut rare = alone.clone();
    rare[0] = 1;
    let rare = Comparison {
        labels: &rare,
        seeds: 20,
        ..good
    };
    let (said, expected) = (
        said(rare, &contenders()),
        "labels: one class alone among the 50 rows",
    );
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn budgets_and_contenders_that_are_refused() {
    let labels = rows().1;
    let good = comparison(&labels);
    for (budgets, expected) in [
        (&[][..], "none found, at least one expected"),
        (
            &[5, 51],
            "51 found, 1 to 50, the rows to select from expected",
        ),
        (&[0], "0 found, 1 to 50, the rows to select from expected"),
        (&[5, 6, 5], "5 twice found, each once expected"),
    ] {
        let said = said(Comparison { budgets, ..good }, &contenders());
        assert_eq!(said, format!("budgets: {expected}"));
    }
    let none = "contenders: none found, at least one expected";
    assert_eq!(said(good, &[]), none);
    let twice: Vec<_> = contenders().into_iter().chain(contenders()).collect();
    let expected = "contenders: random twice found, each once expected";
    assert_eq!(said(good, &twice), expected);
    let zeros = vec![0.0; ROWS * DIM];
    let zeros = Features::new(&zeros, ROWS, DIM).unwrap();
    let nothing = Contender {
        name: "norm".to_owned(),
        selector: Box::new(|_| Box::new(Norm::default())),
    };
    let done = good.run(&zeros, &[nothing], &on_cpu, &mut unheard);
    assert_eq!(
        done.unwrap_err().to_string(),
        "contenders: norm, which picks nothing at seed 0, found, at least one pick expected"
    );
}

/// The row that a selector refuses is named by its number among all.
#[test]
fn rows_that_are_refused() {
    let labels = rows().1;
    let seeds = Comparison {
        seeds: 9,
        ..comparison(&labels)
    };
    let typiclust = Contender {
        name: "typiclust".to_owned(),
        selector: Box::new(|_| Box::new(TypiClust::default())),
    };
    let error = said(seeds, &[typiclust]);
    assert!(error.starts_with("features: row 4 is all zeros"), "{error}");
}
