//! What is refused, in words.

use crate::common::fractions;
use coresift::{
    Alpha, Bandwidth, Coverage, CpuPool, FacilityLocation, Features, Herding, Selector, Warning,
};

fn refused(selector: &dyn Selector) -> String {
    let x = fractions(1, 12);
    let pool = CpuPool::new(Features::new(&x, 6, 2).unwrap());
    selector.select(&pool, 2).unwrap_err().to_string()
}

#[test]
fn options_that_cannot_be() {
    for (sigma, found) in [
        (0.0, "0"),
        (-1.0, "-1"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "inf"),
    ] {
        let want = format!("sigma: {found} found, a number above 0 expected");
        let sigma = Bandwidth::Fixed(sigma);
        assert_eq!(
            refused(&FacilityLocation {
                sigma,
                ..Default::default()
            }),
            want
        );
        assert_eq!(
            refused(&Coverage {
                sigma,
                ..Default::default()
            }),
            want
        );
        assert_eq!(
            refused(&Herding {
                sigma,
                ..Default::default()
            }),
            want
        );
    }
    let sigma = Bandwidth::Neighbours(0);
    let want = "sigma: 0nn found, 1 neighbour at least expected";
    assert_eq!(
        refused(&Coverage {
            sigma,
            ..Default::default()
        }),
        want
    );
    for alpha in [-0.5, 1.5, f64::NAN] {
        let want = format!("alpha: {alpha} found, a number from 0 to 1 expected");
        let alpha = Alpha::Fixed(alpha);
        assert_eq!(
            refused(&Herding {
                alpha,
                ..Default::default()
            }),
            want
        );
    }
}

#[test]
fn weights_that_cannot_be() {
    let weights = |weights: &[f64]| {
        let target_weights = Some(weights.to_vec());
        refused(&FacilityLocation {
            target_weights,
            ..Default::default()
        })
    };
    for wrong in [&[1.0; 5][..], &[0.0; 6], &[1.0, 1.0, -1.0, 1.0, 1.0, 1.0]] {
        assert!(
            weights(wrong).starts_with("target_weights: "),
            "{}",
            weights(wrong)
        );
    }
}

#[test]
fn rows_of_zeros_are_named() {
    let x = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let pool = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    let selectors: [Box<dyn Selector>; 3] = [
        Box::new(FacilityLocation::default()),
        Box::new(Coverage::default()),
        Box::new(Herding::default()),
    ];
    for selector in selectors {
        let error = selector.select(&pool, 1).unwrap_err().to_string();
        assert!(error.contains("row 1"), "{error}");
    }
}

#[test]
fn a_narrow_kernel_is_doubtful() {
    let x = fractions(1, 12);
    let pool = CpuPool::new(Features::new(&x, 6, 2).unwrap());
    let narrow = FacilityLocation {
        sigma: Bandwidth::Fixed(0.002),
        ..FacilityLocation::default()
    };
    let warnings = narrow.select(&pool, 2).unwrap().warnings;
    assert!(warnings.contains(&Warning::NarrowKernel), "{warnings:?}");
}

/// Nothing is asked for where everything is labelled.
#[test]
fn nothing_is_left() {
    let x = fractions(1, 12);
    let pool = CpuPool::new(Features::new(&x, 6, 2).unwrap());
    let labelled: Vec<usize> = (0..6).collect();
    let all = Coverage {
        labelled,
        ..Coverage::default()
    };
    assert!(all.select(&pool, 0).unwrap().picks.is_empty());
    assert!(all.select(&pool, 1).is_err());
}
