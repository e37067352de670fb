//! Selections of which each class's picks are those of a pool of its rows alone.

use crate::common::{fractions, on_every_device, with};
use coresift::{
    Alpha, Bandwidth, Classes, CpuPool, Details, Error, Features, GramSchmidt, Herding, Kernel,
    LogDet, Lp, OnExhaustion, Pool, Selection, Selector, ShortfallReason,
};

const ROWS: usize = 400;
const DIM: usize = 5;
/// Labelled rows, out of order.
const LABELLED: [usize; 6] = [311, 7, 2, 395, 68, 4];

/// A way to pick, given the labelled rows and the classes.
type Way = Box<dyn Fn(&[usize], Option<Classes>) -> Box<dyn Selector>>;

fn herding(change: fn(&mut Herding)) -> Way {
    Box::new(move |labelled, classes| {
        with(|s: &mut Herding| {
            (s.labelled, s.classes) = (labelled.to_vec(), classes);
            change(s);
        })
    })
}

fn log_det() -> Way {
    Box::new(|labelled, classes| {
        with(|s: &mut LogDet| {
            (s.labelled, s.classes) = (labelled.to_vec(), classes);
            s.ridge = 0.1;
        })
    })
}

fn gram_schmidt(change: impl Fn(&mut GramSchmidt) + 'static) -> Way {
    Box::new(move |labelled, classes| {
        with(|s: &mut GramSchmidt| {
            (s.labelled, s.classes, s.seed) = (labelled.to_vec(), classes, 3);
            change(s);
        })
    })
}

/// What is told of some picks: their rows, scores and restarts, and of each class its number and two more.
#[derive(Debug, Default, PartialEq)]
struct Told {
    picks: Vec<usize>,
    scores: Vec<f64>,
    restarts: Vec<usize>,
    terms: Vec<(usize, Option<f64>, f64)>,
}

/// The same of a selection from some rows.
fn told(of: &Selection, rows: &[usize]) -> Told {
    let terms = match &of.details {
        Details::Determinant(all) => {
            let of = all.iter();
            of.map(|own| (own.class, Some(own.lambda), own.log_det))
                .collect()
        }
        Details::Herding(all) => {
            let of = all.iter();
            of.map(|own| (own.class, own.sigma, own.alpha)).collect()
        }
        _ => Vec::new(),
    };
    Told {
        picks: of.picks.iter().map(|&place| rows[place]).collect(),
        scores: of.scores.clone(),
        restarts: of.restarts.clone(),
        terms,
    }
}

impl Told {
    /// Adds what is told of a class.
    fn join(&mut self, class: usize, own: Self) {
        let before = self.picks.len();
        self.picks.extend(own.picks);
        self.scores.extend(own.scores);
        let restarts = own.restarts.iter().skip(1);
        self.restarts.extend(restarts.map(|at| before + at));
        let terms = own.terms.into_iter();
        self.terms.extend(terms.map(|(_, a, b)| (class, a, b)));
    }
}

/// Holds a selection by classes against what `alone` is told of the rows of each, and its share.
fn assert_joined(
    at: &str,
    got: &Selection,
    classes: &[usize],
    alone: impl Fn(&[usize], usize) -> Told,
) {
    let mut want = Told {
        restarts: vec![0],
        ..Told::default()
    };
    for share in &got.classes {
        let is_own = |row: &usize| classes[*row] == share.class;
        let rows: Vec<usize> = (0..classes.len()).filter(is_own).collect();
        assert_eq!(
            (share.rows, share.picks),
            (rows.len(), share.budget),
            "{at}"
        );
        if share.budget > 0 {
            want.join(share.class, alone(&rows, share.budget));
        }
    }
    let all: Vec<usize> = (0..classes.len()).collect();
    assert_eq!(told(got, &all), want, "{at}");
}

/// What a way picks of some rows, which are all that a pool has.
fn of_rows_alone(x: &[f32], way: &Way, rows: &[usize], budget: usize) -> Told {
    let of_row = |row: &usize| &x[row * DIM..][..DIM];
    let own: Vec<f32> = rows.iter().flat_map(of_row).copied().collect();
    let pool = CpuPool::new(Features::new(&own, rows.len(), DIM).unwrap());
    let place = |row: &usize| rows.binary_search(row).ok();
    let labelled: Vec<usize> = LABELLED.iter().filter_map(place).collect();
    told(&way(&labelled, None).select(&pool, budget).unwrap(), rows)
}

/// Of unlike sizes, one of a single row, and one of short rows; numbers out of order and with gaps.
#[test]
fn classes_are_those_of_their_rows_alone() {
    let mut x = fractions(8, ROWS * DIM);
    let mut classes: Vec<usize> = (0..ROWS).map(|row| [70, 4, 70, 9, 70][row % 5]).collect();
    classes[200] = 11;
    let of_four = x.chunks_mut(DIM).skip(1).step_by(5);
    of_four.for_each(|x| x.iter_mut().for_each(|v| *v *= 1e-6));
    let ways = [
        ("herding", herding(|_| {})),
        (
            "plain herding by cosines",
            herding(|s| (s.kernel, s.alpha) = (Kernel::Cosine, Alpha::Fixed(1.0))),
        ),
        (
            "herding nearby",
            herding(|s| s.sigma = Bandwidth::Neighbours(9)),
        ),
        ("log-det", log_det()),
        ("greedy", gram_schmidt(|s| s.greedy = true)),
        (
            "greedy, l-infinity",
            gram_schmidt(|s| (s.greedy, s.norm) = (true, Lp::LInf)),
        ),
    ];
    let check = |device: &str, pool: &dyn Pool| {
        for (name, way) in &ways {
            // Of 3 some classes have none.
            for budget in [3, 100] {
                let by_class = way(&LABELLED, Some(Classes::Given(classes.clone())));
                let got = by_class.select(pool, budget).unwrap();
                let at = format!("{name}, {budget} on {device}");
                assert_joined(&at, &got, &classes, |rows, budget| {
                    of_rows_alone(&x, way, rows, budget)
                });
                assert_eq!((got.picks.len(), got.shortfall), (budget, None), "{at}");
            }
        }
    };
    let features = Features::new(&x, ROWS, DIM).unwrap();
    on_every_device(features.clone(), check);
    check(
        "little memory",
        &CpuPool::new(features).with_memory_limit(6000),
    );
}

/// What is drawn of a class is what is drawn where all other rows are zeros, which are never picked: rows keep
/// their numbers. The mean that a ridge goes by is then of four times as many rows.
#[test]
fn draws_are_by_the_numbers_of_the_whole_pool() {
    let x = fractions(9, ROWS * DIM);
    let classes: Vec<usize> = (0..ROWS).map(|row| [6, 1, 30, 2][row / 5 % 4]).collect();
    assert!([6, 1, 30, 2].iter().all(|class| {
        let own = classes.iter().filter(|&own| own == class);
        own.count() * 4 == ROWS
    }));
    let ways = [
        ("drawn", gram_schmidt(|_| {})),
        ("by cubes", gram_schmidt(|s| s.power = 3.0)),
        (
            "then by norms",
            gram_schmidt(|s| s.on_exhaustion = OnExhaustion::Norm),
        ),
        ("l1", gram_schmidt(|s| s.norm = Lp::L1)),
        ("ridge", gram_schmidt(|s| s.ridge = Some(0.25))),
    ];
    let of_four = gram_schmidt(|s| s.ridge = Some(1.0));
    on_every_device(Features::new(&x, ROWS, DIM).unwrap(), |device, pool| {
        for (name, way) in &ways {
            let by_class = way(&LABELLED, Some(Classes::Given(classes.clone())));
            let got = by_class.select(pool, 60).unwrap();
            let at = format!("{name} on {device}");
            assert_joined(&at, &got, &classes, |rows, budget| {
                let alone = if *name == "ridge" { &of_four } else { way };
                let mut others = x.clone();
                for (row, x) in others.chunks_mut(DIM).enumerate() {
                    if rows.binary_search(&row).is_err() {
                        x.fill(0.0);
                    }
                }
                let pool = CpuPool::new(Features::new(&others, ROWS, DIM).unwrap());
                let all: Vec<usize> = (0..ROWS).collect();
                told(&alone(&LABELLED, None).select(&pool, budget).unwrap(), &all)
            });
            let restarts = got.restarts.len();
            assert!(restarts > 4 || *name == "ridge", "{at}: {restarts}");
        }
    });
}

/// What a class falls short of no other makes up for; of the classes that do the first says why.
#[test]
fn a_class_falls_short_by_itself() {
    // Class 2 has one row that is not zeros, and class 5 rows of two directions.
    let x = [
        0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 4.0, 1.0, 1.0, 1.0,
    ];
    let classes = || Some(Classes::Given(vec![2, 2, 2, 5, 5, 5, 5]));
    let pool = CpuPool::new(Features::new(&x, 7, 2).unwrap());
    let short = |change: fn(&mut GramSchmidt), labelled: &[usize]| {
        let selector = gram_schmidt(change)(labelled, classes());
        let got = selector.select(&pool, 7 - labelled.len()).unwrap();
        let shares = got.classes.iter().map(|share| (share.budget, share.picks));
        let shortfall = got.shortfall.unwrap();
        (
            shares.collect::<Vec<_>>(),
            (shortfall.missing, shortfall.reason),
            got.restarts,
        )
    };
    let restart = short(|s| s.greedy = true, &[]);
    let zeros = (2, ShortfallReason::ZeroWeight);
    assert_eq!(restart, (vec![(3, 1), (4, 4)], zeros, vec![0, 3]));
    let stop = |s: &mut GramSchmidt| (s.greedy, s.on_exhaustion) = (true, OnExhaustion::Stop);
    let both = (4, ShortfallReason::ZeroWeight);
    assert_eq!(short(stop, &[]), (vec![(3, 1), (4, 2)], both, vec![0]));
    // The labelled row of class 5 spans one of its directions.
    let rank = (2, ShortfallReason::Rank);
    let second = short(stop, &[0, 1, 2, 3]);
    assert_eq!(second, (vec![(0, 0), (3, 1)], rank, vec![0]));
    let ridge = short(|s| (s.greedy, s.ridge) = (true, Some(1.0)), &[]);
    assert_eq!(ridge, (vec![(3, 1), (4, 4)], zeros, vec![0]));
}

/// A row without a direction is told by its own number, and classes that cannot be are refused before any work.
#[test]
fn errors_name_rows_of_the_pool() {
    let x = [1.0, 0.0, 3.0, 4.0, 2.0, 1.0, 0.0, 0.0, 1.0, 1.0];
    let pool = CpuPool::new(Features::new(&x, 5, 2).unwrap());
    let classes = |of: &[usize]| Some(Classes::Given(of.to_vec()));
    let herded = herding(|_| {})(&[], classes(&[5, 5, 5, 8, 8]));
    let error = herded.select(&pool, 4).unwrap_err();
    assert!(matches!(error, Error::ZeroRow { row: 3, .. }), "{error}");
    for way in [herding(|_| {}), log_det(), gram_schmidt(|_| {})] {
        let error = way(&[], classes(&[1, 2])).select(&pool, 1).unwrap_err();
        let said = "classes: 2 classes found, one for each of 5 rows expected";
        assert_eq!(error.to_string(), said);
        let none = way(&[], classes(&[5, 5, 5, 8, 8])).select(&pool, 0);
        let none = none.unwrap();
        assert_eq!((none.picks.len(), none.classes.len()), (0, 2));
    }
}
