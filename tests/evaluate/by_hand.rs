//! Measures of a few rows, worked out on paper.

use crate::pool;
use coresift::evaluate::{
    ClassCoverage, Correlation, Evaluation, TestRows, Weigher, Weights, classes_of,
};
use coresift::{Classes, Details, Metric, Pool, Sas, Selector};

#[test]
fn labels_become_classes() {
    let (classes, names) = classes_of(&[30, -7, 30, 9]);
    assert_eq!(classes, [2, 0, 2, 1]);
    assert_eq!(names, ["-7", "9", "30"]); // by number, not by text
    let owned = ["9", "30"].map(str::to_owned);
    assert_eq!(classes_of(&owned).0, [1, 0]);
    assert_eq!(classes_of::<u8>(&[]), (vec![], vec![]));
}

#[test]
fn classes_that_picks_have() {
    let x = [1.0; 6];
    let pool = pool(&x, 1);
    let evaluation = Evaluation::new(&pool, &[0, 2, 5]).unwrap();
    let found = evaluation.class_coverage(&[7, 1, 7, 0, 0, u32::MAX]);
    let want = ClassCoverage {
        picked: 2,
        present: 4,
    };
    assert_eq!(found.unwrap(), want);
    assert_eq!(want.share(), 0.5);
}

/// Row 2 is as near to either pick and goes to the first in the order of the picks; so do the copies of a pick.
#[test]
fn equally_near_picks() {
    let x = [0.0, 4.0, 2.0, 1.0, 4.0];
    let (pool, labels) = (pool(&x, 1), [0, 1, 1, 0, 1]);
    for (picks, right) in [([0, 1], 2.0 / 3.0), ([1, 0], 1.0)] {
        let evaluation = Evaluation::new(&pool, &picks).unwrap();
        let found = evaluation.nearest_accuracy(&labels, TestRows::Unpicked, Metric::Euclidean);
        assert_eq!(found.unwrap(), right, "{picks:?}");
    }
    let picks = [1, 4, 0];
    let evaluation = Evaluation::new(&pool, &picks).unwrap();
    let weights = evaluation.weights(Metric::Euclidean).unwrap();
    assert_eq!(weights, [3, 0, 2]);
    let weigher = Weigher::new(&pool, Metric::Euclidean, None).unwrap();
    assert_eq!(weigher.weigh(&[], &picks).unwrap(), Weights::Rows(weights));
}

/// Rows to test on may be in quite another unit than the pool, and have classes that it has not.
#[test]
fn rows_to_test_on() {
    let x = [1.0, 0.0, 0.0, 1.0, -1.0, 0.0];
    let (pool_of, labels) = (pool(&x, 2), [4, 5, 9]);
    let evaluation = Evaluation::new(&pool_of, &[0, 1, 2]).unwrap();
    let accuracy = |x: &[f32], labels_of_test: &[u32], metric| {
        let rows = pool(x, 2);
        let test = TestRows::Pool {
            pool: &rows,
            labels: labels_of_test,
        };
        evaluation.nearest_accuracy(&labels, test, metric).unwrap()
    };
    for metric in [Metric::Euclidean, Metric::Cosine] {
        for unit in [1e-9, 1.0, 3e17] {
            let test = [2.0, 1.0, -1.0, 3.0, -3.0, 2.0, 1.0, -3.0];
            let test = test.map(|v| v * unit);
            assert_eq!(accuracy(&test, &[4, 5, 9, 8], metric), 0.75, "{unit}");
        }
    }
    // Nearest to rows that are far longer: the one in the middle.
    let x = [1e15, 0.0, 0.0, 2e15, 1e-15, 0.0].map(|v| 1e3 * v);
    let far = pool(&x, 2);
    let tiny = [1e-20, 1e-20, 2e-20, 0.0];
    let tiny = pool(&tiny, 2);
    let evaluation = Evaluation::new(&far, &[0, 1, 2]).unwrap();
    let test = TestRows::Pool {
        pool: &tiny,
        labels: &[9, 9],
    };
    let found = evaluation.nearest_accuracy(&labels, test, Metric::Euclidean);
    assert_eq!(found.unwrap(), 1.0);
}

/// Where all picks are of one class that is the guess; of two the plane between them lies in the middle.
#[test]
fn a_probe_of_few_classes() {
    let x = [1.0, -1.0, 0.9, -0.1, 0.1, -5.0];
    let (pool, labels) = (pool(&x, 1), [0, 2, 0, 2, 0, 1]);
    let probe = |picks: &[usize]| {
        let evaluation = Evaluation::new(&pool, picks).unwrap();
        let accuracy = evaluation.probe_accuracy(&labels, TestRows::Unpicked);
        (evaluation.probe(&labels).unwrap(), accuracy.unwrap())
    };
    let (one, accuracy) = probe(&[3, 1]);
    assert_eq!((&one.classes[..], accuracy), (&[2][..], 0.0));
    assert_eq!(one.guess(&pool, &[0, 5]).unwrap(), [2, 2]);
    let (two, accuracy) = probe(&[0, 1]);
    assert_eq!((&two.classes[..], accuracy), (&[0, 2][..], 0.75));
    assert!(two.biases.iter().all(|bias| bias.abs() < 1e-6), "{two:?}");
    assert_eq!(two.guess(&pool, &[5, 2]).unwrap(), [2, 0]);
    // The mean square of all rows, in their own unit.
    let length = (27.83f64 / 6.0).sqrt();
    assert!((two.length - length).abs() < 1e-6, "{two:?}");
}

/// One pick keeps what the rows have along it; two of three directions all but the third.
#[test]
fn energy() {
    let x = [2.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0];
    let pool = pool(&x, 3);
    let kept = |picks: &[usize]| Evaluation::new(&pool, picks).unwrap().energy_kept();
    let near = |found: f64, want: f64| assert!((found - want).abs() < 1e-15, "{found} {want}");
    near(kept(&[0]).unwrap(), 21.0 / 31.0);
    near(kept(&[0, 3]).unwrap(), 21.0 / 31.0);
    near(kept(&[3, 1]).unwrap(), 22.0 / 31.0);
    assert_eq!(kept(&[0, 1, 2]).unwrap(), 1.0);
}

/// A square of unit rows: the neighbours of a corner are at √2, the opposite one at 2, whatever the lengths.
#[test]
fn cover_of_a_square() {
    let x = [1.0, 0.0, 0.0, 9.0, -0.1, 0.0, 0.0, -1e-20];
    let pool = pool(&x, 2);
    let evaluation = Evaluation::new(&pool, &[0]).unwrap();
    for (delta, share) in [
        (1e-9, 0.25),
        (1.414, 0.25),
        (1.415, 0.75),
        (1.99, 0.75),
        (2.0, 0.75),
    ] {
        assert_eq!(evaluation.cover(delta).unwrap(), share, "{delta}");
    }
    assert_eq!(pool.rows(), 4);
}

#[test]
fn correlations_that_are_perfect() {
    let x = [1.0, 2.0, 3.0, 5.0];
    for (sign, want) in [(1.0, 1.0), (-2.0, -1.0)] {
        let found = Correlation::of(&x, &x.map(|v| sign * v + 7.0)).unwrap();
        for value in [found.value, found.low, found.high] {
            assert!((value - want).abs() < 1e-7, "{found:?}");
        }
    }
}

/// Picks that are zeros have intercepts alone: the class that most of them have is the guess.
#[test]
fn a_probe_of_zeros() {
    let x = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0];
    let (pool, labels) = (pool(&x, 2), [3, 1, 3, 1]);
    let evaluation = Evaluation::new(&pool, &[0, 1, 2]).unwrap();
    let probe = evaluation.probe(&labels).unwrap();
    assert_eq!(probe.weights, [0.0; 4]);
    assert!(probe.biases[1] - probe.biases[0] > 0.69, "{probe:?}"); // ln 2
    assert_eq!(probe.guess(&pool, &[3]).unwrap(), [3]);
}

/// Variances 2 and 8 about means 1 and 5: 4² + (√8 − √2)². A ridge of 1 makes them 3 and 9.
#[test]
fn frechet_of_a_line() {
    let x = [0.0, 2.0, 3.0, 7.0];
    let pool = pool(&x, 1);
    let evaluation = Evaluation::new(&pool, &[1, 0]).unwrap();
    for (ridge, want) in [(0.0, 18.0), (1.0, 16.0 + (3.0 - 3f64.sqrt()).powi(2))] {
        let found = evaluation.frechet(ridge).unwrap();
        assert!((found.distance - want).abs() < 1e-12, "{found:?}");
        assert_eq!(found.rank, 1);
    }
}

/// Picks that are alike have no covariance, and rows that are the same as the picks are at no distance.
#[test]
fn frechet_of_singular_covariances() {
    let x = [3.0, 4.0, 3.0, 4.0, 0.0, 0.0, 2.0, 0.0];
    let of = |x: &[f32], picks: &[usize]| {
        let pool = pool(x, 2);
        let evaluation = Evaluation::new(&pool, picks).unwrap();
        evaluation.frechet(0.0).unwrap()
    };
    let found = of(&x, &[0, 1]);
    // Means (3, 4) and (1, 0), and a variance of 2.
    assert!((found.distance - 22.0).abs() < 1e-12, "{found:?}");
    assert_eq!(found.rank, 0);
    let found = of(&[3.0, 4.0, 0.0, 1.0, 3.0, 4.0, 0.0, 1.0], &[0, 1]);
    assert!(found.distance < 1e-14 && found.rank == 1, "{found:?}");
}

/// Class 5 is two directions at right angles of which one is picked, class 9 has no pick, class 2 has all.
#[test]
fn latent_classes_of_right_angles() {
    let x = [2.0, 0.0, 0.0, 3.0, 1.0, 1.0, 0.0, 1.0, 0.0, 5.0];
    let (pool, classes) = (pool(&x, 2), [5, 5, 9, 2, 2]);
    let evaluation = Evaluation::new(&pool, &[4, 0, 3]).unwrap();
    let found = evaluation.latent(&classes).unwrap();
    let errors = found.classes.iter().map(|class| class.errors);
    let [two, five, nine] = errors.collect::<Vec<_>>()[..] else {
        panic!("{found:?}")
    };
    assert_eq!(nine, None);
    let zero = two.unwrap();
    assert_eq!([zero.alignment, zero.centre, zero.bound], [0.0; 3]);
    let half = 2f64.sqrt() / 2.0;
    let five = five.unwrap();
    for value in [five.alignment, five.centre, five.bound] {
        assert!((value - half).abs() < 1e-15, "{five:?}");
    }
    assert_eq!(found.divergences, [(2, 5, 0.0)]);
    let counts: Vec<_> = found
        .classes
        .iter()
        .map(|c| (c.class, c.rows, c.picks))
        .collect();
    assert_eq!(counts, [(2, 2, 2), (5, 2, 1), (9, 1, 0)]);
}

/// What SAS says of its own picks, class by class.
#[test]
fn cut_values_are_those_of_sas() {
    let x = crate::common::fractions(3, 200 * 5);
    let pool = pool(&x, 5);
    let classes: Vec<u32> = (0..200).map(|row| row % 3 * 7).collect();
    let sas = Sas {
        classes: Classes::Given(classes.iter().map(|&class| class as usize).collect()),
        ..Sas::default()
    };
    let chosen = sas.select(&pool, 40).unwrap();
    let Details::Sas(of_classes) = &chosen.details else {
        panic!("{:?}", chosen.details)
    };
    let want: Vec<f64> = of_classes.iter().map(|class| class.value).collect();
    let evaluation = Evaluation::new(&pool, &chosen.picks).unwrap();
    assert_eq!(evaluation.cut_values(&classes).unwrap(), want);
    // Two rows of one class, at a cosine of 0.6, of which one is picked; and one alone.
    let x = [1.0, 0.0, 3.0, 4.0, 1.0, 0.0];
    let pool = crate::pool(&x, 2);
    let evaluation = Evaluation::new(&pool, &[1]).unwrap();
    let values = evaluation.cut_values(&[1, 1, 4]).unwrap();
    assert!(
        (values[0] - 0.6).abs() < 1e-4 && values[1] == 0.0,
        "{values:?}"
    );
}
