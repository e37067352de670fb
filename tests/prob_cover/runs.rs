//! Devices that are lost, and bad input.

use crate::clusters;
use crate::common::Lost;
use coresift::{CpuPool, Delta, Error, Features, Pool, ProbCover, Selector};

#[test]
fn a_lost_device_keeps_the_picks() {
    let x = clusters(2, 300, 4);
    let pool = CpuPool::new(Features::new(&x, 300, 4).unwrap());
    let cover = ProbCover {
        delta: Delta::Fixed(0.3),
        ..ProbCover::default()
    };
    let all = cover.select(&pool, 50).unwrap();
    let mut kept = 0;
    for calls in 0.. {
        match cover.select(&Lost::after(&pool, calls), 50) {
            Err(Error::DeviceLost { partial, .. }) => {
                assert_eq!(partial.picks, all.picks[..partial.picks.len()]);
                kept = partial.picks.len();
            }
            Ok(got) => {
                assert_eq!(got.picks, all.picks);
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(kept > 0);
}

#[test]
fn bad_input_is_named() {
    let x = [1.0, 0.0, 0.0, 0.0, 2.0, 1.0];
    let zero_row = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    let same = CpuPool::new(Features::new(&[1.0, 1.0, 2.0, 2.0, 4.0, 4.0], 3, 2).unwrap());
    let error = |pool: &dyn Pool, delta: Delta| {
        let cover = ProbCover {
            delta,
            ..ProbCover::default()
        };
        cover.select(pool, 2).unwrap_err().to_string()
    };
    for delta in [0.0, -1.0, 2.1, f64::NAN, f64::INFINITY] {
        let error = error(&same, Delta::Fixed(delta));
        assert_eq!(
            error,
            format!("delta: {delta} found, a distance above 0 and at most 2, or auto expected")
        );
    }
    let found = error(&zero_row, Delta::Fixed(0.5));
    assert!(found.contains("row 1 is all zeros"), "{found}");
    let found = error(&same, Delta::default());
    assert!(found.contains("expected"), "{found}");
    // Rows of one direction cover each other.
    let cover = ProbCover {
        delta: Delta::Fixed(1e-6),
        ..ProbCover::default()
    };
    let got = cover.select(&same, 3).unwrap();
    assert_eq!(
        (got.picks, got.scores),
        (vec![0, 1, 2], vec![3.0, 2.0, 1.0])
    );
    let everything = ProbCover {
        labelled: vec![0, 1, 2],
        ..cover
    };
    assert!(everything.select(&same, 0).unwrap().picks.is_empty());
}
