//! What is refused, and how.

use crate::common::fractions;
use crate::{norm, uniform};
use coresift::{Classes, CpuPool, Error, Features, Norm, Progress, Sas, Selector, Then, Uniform};
use std::ops::ControlFlow;

#[test]
fn bad_options_are_refused() {
    let x = fractions(14, 40);
    let pool = CpuPool::new(Features::new(&x, 20, 2).unwrap());
    let fails = |then: Then, budget| then.select(&pool, budget).unwrap_err().to_string();
    let zero = Then {
        oversample: 0,
        ..Then::new(uniform(0), uniform(0))
    };
    assert_eq!(fails(zero, 1), "oversample: 0 found, at least 1 expected");
    let labelled = |rows: &[usize]| Uniform {
        labelled: rows.to_vec(),
        ..uniform(0)
    };
    assert_eq!(
        fails(Then::new(labelled(&[1, 2]), labelled(&[2])), 1),
        "labelled: row 1 in one stage alone found, the same rows in both expected"
    );
    assert_eq!(
        fails(Then::new(uniform(0), labelled(&[20])), 1),
        "labelled: row 20 found, indices below 20 expected"
    );
    let inner = Then::new(labelled(&[2]), labelled(&[3]));
    assert_eq!(
        fails(Then::new(labelled(&[2]), inner), 1),
        "labelled: row 2 in one stage alone found, the same rows in both expected"
    );
    let same = || labelled(&[5, 6]);
    assert_eq!(
        fails(Then::new(same(), same()), 19),
        "budget: 19 picks asked for, at most 18 expected (20 rows, 2 of them labelled)"
    );
    let views = || Sas {
        views: 2,
        ..Sas::default()
    };
    let expected = "views: 2 found, 1 in a selection of two stages expected";
    assert_eq!(fails(Then::new(views(), uniform(0)), 1), expected);
    assert_eq!(fails(Then::new(uniform(0), views()), 1), expected);
}

/// What the second stage refuses is refused before the first begins.
#[test]
fn bad_second_stages_are_refused() {
    let x = fractions(14, 40);
    let pool = CpuPool::new(Features::new(&x, 20, 2).unwrap());
    let given = Norm {
        classes: Some(Classes::Given(vec![0; 3])),
        ..norm(0)
    };
    let power = Norm {
        power: 65.0,
        ..norm(0)
    };
    for (second, message) in [
        (
            given,
            "classes: 3 classes found, one for each of 20 rows expected",
        ),
        (
            power,
            "power: 65 found, a number above 0 and at most 64 expected",
        ),
    ] {
        let then = Then::new(uniform(0), second);
        let mut silent = |_: Progress<'_>| -> ControlFlow<()> { panic!("work before the checks") };
        let error = then.select_with(&pool, 4, &mut silent).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    // A row that only the second stage minds, by its number in the whole pool.
    let mut x = x.clone();
    x[14..16].fill(0.0);
    let pool = CpuPool::new(Features::new(&x, 20, 2).unwrap());
    let error = Then::new(uniform(0), Sas::default())
        .select(&pool, 10)
        .unwrap_err();
    assert!(matches!(error, Error::ZeroRow { row: 7, .. }), "{error}");
}
