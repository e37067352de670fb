//! What is refused, and how.

use coresift::{Classes, CpuPool, Error, Features, Objective, Sas, Selector, Similarity, Storage};

/// Inner products, which zero rows have too.
fn dot() -> Sas {
    Sas {
        similarity: Similarity::Dot,
        ..Sas::default()
    }
}

#[test]
fn bad_input_is_named() {
    let x = [1.0, 0.0, 0.0, 0.0, 0.5, 0.5];
    let pool = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    assert!(
        dot().select(&pool, 3).is_ok(),
        "zero rows have inner products"
    );
    type Change = fn(&mut Sas);
    let bad: [(Change, &str); 10] = [
        (
            |s| s.similarity = Similarity::Cosine,
            "features: row 1 is all zeros, a row with a direction expected",
        ),
        (
            |s| s.threshold = Some(-0.1),
            "threshold: -0.1 found, a finite number",
        ),
        (|s| s.threshold = Some(f64::NAN), "threshold: NaN found"),
        (
            |s| s.threshold = Some(f64::INFINITY),
            "threshold: inf found",
        ),
        (
            |s| s.views = 2,
            "views: 2 found, a divisor of the 3 rows expected",
        ),
        (|s| s.views = 0, "views: 0 found"),
        (|s| s.block = 0, "block: 0 found"),
        (
            |s| (s.threshold, s.storage) = (None, Storage::Dense),
            "storage: dense found",
        ),
        (
            |s| s.classes = Classes::Given(vec![0; 4]),
            "classes: 4 classes found, one for each of 3 rows",
        ),
        (|s| s.labelled = vec![3], "labelled: row 3 found"),
    ];
    for (change, message) in bad {
        let mut sas = dot();
        change(&mut sas);
        let found = sas.select(&pool, 1).unwrap_err().to_string();
        assert!(found.contains(message), "{message}\n{found}");
    }
}

#[test]
fn budgets_past_the_open_rows_are_refused() {
    let pool = CpuPool::new(Features::new(&[1.0; 6], 3, 2).unwrap());
    let past = Sas {
        objective: Objective::RowSum,
        labelled: vec![0],
        ..dot()
    }
    .select(&pool, 3);
    assert!(matches!(
        past,
        Err(Error::Budget {
            budget: 3,
            rows: 3,
            labelled: 1
        })
    ));
}
