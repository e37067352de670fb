//! What is refused, and how that is said.

use crate::pool;
use coresift::evaluate::{Correlation, Evaluation, TestRows};
use coresift::{Error, Metric};

/// Three rows of two values.
const X: [f32; 6] = [1.0, 0.0, 0.0, 1.0, 2.0, 1.0];

fn said<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => panic!("not refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn picks() {
    let pool = pool(&X, 2);
    let new = |picks: &[usize]| said(Evaluation::new(&pool, picks));
    assert_eq!(new(&[]), "picks: none found, at least one expected");
    assert_eq!(new(&[0, 3]), "picks: row 3 found, indices below 3 expected");
    let twice = "picks: row 1 twice found, every row at most once expected";
    assert_eq!(new(&[1, 0, 1]), twice);
}

#[test]
fn labels() {
    let pool = pool(&X, 2);
    let evaluation = Evaluation::new(&pool, &[0, 1]).unwrap();
    for (labels, problem) in [
        (
            &[0, 1][..],
            "2 of them found, one for each of 3 rows expected",
        ),
        (
            &[4, 4, 4],
            "class 4 alone found, at least two classes expected",
        ),
    ] {
        let nearest = evaluation.nearest_accuracy(labels, TestRows::Unpicked, Metric::Euclidean);
        let probe = evaluation.probe_accuracy(labels, TestRows::Unpicked);
        let coverage = evaluation.class_coverage(labels);
        for error in [said(coverage), said(nearest), said(probe)] {
            assert_eq!(error, format!("labels: {problem}"));
        }
    }
}

#[test]
fn rows_to_test_on() {
    let (pool_of, all) = (pool(&X, 2), [0, 1, 2]);
    let evaluation = Evaluation::new(&pool_of, &all).unwrap();
    let nearest = |test| {
        let said_by_nearest =
            said(evaluation.nearest_accuracy(&[0, 1, 1], test, Metric::Euclidean));
        let said_by_probe = said(evaluation.probe_accuracy(&[0, 1, 1], test));
        assert_eq!(said_by_nearest, said_by_probe);
        said_by_nearest
    };
    assert_eq!(
        nearest(TestRows::Unpicked),
        "picks: all 3 rows found, at least one row that is not picked, to test on expected"
    );
    let (wide, narrow) = (pool(&X, 3), pool(&X, 2));
    let test = |pool, labels| TestRows::Pool { pool, labels };
    assert_eq!(
        nearest(test(&wide, &[0, 1])),
        "test_features: rows of 3 values found, 2, as in the pool expected"
    );
    assert_eq!(
        nearest(test(&narrow, &[0, 1])),
        "test_labels: 2 of them found, one for each of 3 rows expected"
    );
}

#[test]
fn rows_to_guess() {
    let (fitted, wide) = (pool(&X, 2), pool(&X, 3));
    let evaluation = Evaluation::new(&fitted, &[0, 1]).unwrap();
    let probe = evaluation.probe(&[0, 1, 1]).unwrap();
    assert_eq!(
        said(probe.guess(&wide, &[0])),
        "pool: rows of 3 values found, 2, as it was fitted to expected"
    );
}

#[test]
fn rows_without_a_direction() {
    let x = [1.0, 0.0, 0.0, 0.0, 2.0, 1.0];
    let pool_of = pool(&x, 2);
    let evaluation = Evaluation::new(&pool_of, &[0]).unwrap();
    let zero = "features: row 1 is all zeros, a row with a direction expected (the nearest pick by cosine)";
    assert_eq!(said(evaluation.cover(0.5)), zero);
    assert_eq!(said(evaluation.weights(Metric::Cosine)), zero);
    assert_eq!(evaluation.weights(Metric::Euclidean).unwrap(), [3]);
    let nothing = [0.0; 6];
    let nothing = pool(&nothing, 2);
    let evaluation = Evaluation::new(&nothing, &[0]).unwrap();
    assert_eq!(
        said(evaluation.energy_kept()),
        "features: zeros alone found, a row that has a length expected"
    );
}

#[test]
fn distances() {
    let pool = pool(&X, 2);
    let evaluation = Evaluation::new(&pool, &[0]).unwrap();
    for (delta, found) in [(0.0, "0"), (-1.0, "-1"), (2.5, "2.5"), (f64::NAN, "NaN")] {
        let want = format!("delta: {found} found, a number above 0 and at most 2 expected");
        assert_eq!(said(evaluation.cover(delta)), want);
    }
}

#[test]
fn covariances_of_too_few() {
    let x = [1.0, 2.0, 3.0, 4.0];
    let pool = pool(&x, 1);
    let frechet = |picks: &[usize], ridge| {
        let evaluation = Evaluation::new(&pool, picks).unwrap();
        said(evaluation.frechet(ridge))
    };
    let few = "picks: 1 found, at least 2, for a covariance of theirs expected";
    assert_eq!(frechet(&[1], 0.0), few);
    let rest = "picks: 3 of 4 rows found, at least 2 rows that are not picked, for a covariance of theirs expected";
    assert_eq!(frechet(&[1, 0, 2], 0.0), rest);
    for ridge in [-1.0, f64::NAN, f64::INFINITY, 1e51] {
        let want = format!("ridge: {ridge} found, a number from 0 to 1e50 expected");
        assert_eq!(frechet(&[1, 0], ridge), want);
    }
}

#[test]
fn latent_classes() {
    let x = [1.0, 0.0, 0.0, 0.0, 2.0, 1.0];
    let pool = pool(&x, 2);
    let evaluation = Evaluation::new(&pool, &[0]).unwrap();
    let both = |classes: &[u32]| {
        [
            said(evaluation.latent(classes)),
            said(evaluation.cut_values(classes)),
        ]
    };
    let want = "classes: 2 of them found, one for each of 3 rows expected";
    assert_eq!(both(&[0, 0]), [want; 2]);
    let zero = "features: row 1 is all zeros, a row with a direction expected";
    for said in both(&[0, 0, 0]) {
        assert!(said.starts_with(zero), "{said}");
    }
}

#[test]
fn correlations() {
    let four = [1.0, 2.0, 3.0, 4.0];
    for (x, y, problem) in [
        (
            &four[..3],
            &four[..],
            "y: 4 numbers found, 3, as in x expected",
        ),
        (
            &four[..3],
            &four[..3],
            "x: 3 numbers found, at least 4 expected",
        ),
        (
            &[2.0; 4],
            &four,
            "x: 2 alone found, different numbers expected",
        ),
        (
            &four,
            &[1.0, f64::NAN, 2.0, 3.0],
            "y: NaN at place 1 found, finite numbers expected",
        ),
    ] {
        assert_eq!(said(Correlation::of(x, y)), problem);
    }
}
