//! Classes that cannot be.

use coresift::{Classes, Convergence, CpuPool, Error, Features, KMeans, Selector, Uniform};

/// What is said of classes that 5 rows of 2 cannot have.
fn message(classes: Classes) -> String {
    let pool = CpuPool::new(Features::new(&[1.0; 10], 5, 2).unwrap());
    let uniform = Uniform {
        classes: Some(classes),
        ..Uniform::default()
    };
    let error = uniform.select(&pool, 1).unwrap_err();
    assert!(matches!(error, Error::Argument { .. }));
    error.to_string()
}

#[test]
fn bad_classes_are_refused_by_name() {
    assert_eq!(
        message(Classes::Given(vec![1; 4])),
        "classes: 4 classes found, one for each of 5 rows expected"
    );
    for clusters in [0, 6] {
        assert_eq!(
            message(Classes::KMeans(KMeans::new(clusters, 0))),
            format!("clusters: {clusters} found, a number from 1 to 5 (rows) expected")
        );
    }
    for (max_sweeps, tolerance, want) in [
        (0, 0.0, "max_sweeps: 0 found, at least 1 expected"),
        (
            1,
            -0.1,
            "tolerance: -0.1 found, a share from 0 to 1 expected",
        ),
        (
            1,
            f64::NAN,
            "tolerance: NaN found, a share from 0 to 1 expected",
        ),
    ] {
        let convergence = Convergence {
            max_sweeps,
            tolerance,
        };
        let k_means = KMeans {
            convergence,
            ..KMeans::new(2, 0)
        };
        assert_eq!(message(Classes::KMeans(k_means)), want);
    }
    let prompts = |embeddings: &[f32]| {
        message(Classes::Prompts {
            embeddings: embeddings.to_vec(),
        })
    };
    for (embeddings, want) in [
        (&[][..], "0 values found, one or more rows of 2"),
        (&[1.0; 3], "3 values found, one or more rows of 2"),
        (
            &[1.0, 0.0, 0.0, 0.0],
            "zeros alone in row 1 found, a direction",
        ),
        (
            &[1.0, f32::INFINITY, 0.0, 0.0],
            "inf at row 0, column 1 found, a finite value",
        ),
    ] {
        assert_eq!(prompts(embeddings), format!("prompts: {want} expected"));
    }
}

#[test]
fn bad_few_labels_are_refused_by_name() {
    let few = |rows: &[usize], classes: &[usize]| {
        message(Classes::FewLabels {
            rows: rows.to_vec(),
            classes: classes.to_vec(),
        })
    };
    assert_eq!(
        few(&[0, 1], &[3]),
        "few labels: 2 rows and 1 classes found, one class for each row expected"
    );
    assert_eq!(
        few(&[0, 5], &[3, 4]),
        "few labels: row 5 found, indices below 5 expected"
    );
    assert_eq!(
        few(&[0, 1, 0], &[3, 4, 3]),
        "few labels: row 0 twice found, every row at most once expected"
    );
    assert_eq!(
        few(&[], &[]),
        "few labels: no row found, rows of at least two classes expected"
    );
    assert_eq!(
        few(&[0, 1], &[3, 3]),
        "few labels: class 3 alone found, rows of at least two classes expected"
    );
}
