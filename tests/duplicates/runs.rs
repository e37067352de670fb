//! Runs that are ended, devices that are lost, and bad input.

use crate::common::{Lost, fractions};
use crate::unheard;
use coresift::{CpuPool, Duplicates, Error, Features, Pool, Progress, Stop};
use std::ops::ControlFlow;

const DUPLICATES: Duplicates = Duplicates { threshold: 0.95 };

type Listen<'a> = dyn FnMut(Progress<'_>) -> ControlFlow<()> + Send + 'a;

/// The three things that are asked of a pool.
fn asked(pool: &dyn Pool, of: usize, listen: &mut Listen<'_>) -> Result<(), Error> {
    match of {
        0 => DUPLICATES.pairs(pool, listen, &mut |_, _| ControlFlow::Continue(())),
        1 => DUPLICATES.groups(pool, listen).map(drop),
        _ => DUPLICATES.keep(pool, &[], &[3, 5], listen).map(drop),
    }
}

/// Whoever is told of the n-th thing ends the run there, by its answer or by the token.
#[test]
fn a_run_ends_where_it_is_told_to() {
    let (rows, dim) = (400, 4);
    let x = fractions(3, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    for of in 0..3 {
        let (mut told, mut last) = (0usize, 0);
        let whole = asked(&CpuPool::new(features.clone()), of, &mut |progress| {
            told += 1;
            if let Progress::Rows { done, of } = progress {
                assert!(last <= done && done < of && of == rows);
                last = done;
            }
            ControlFlow::Continue(())
        });
        whole.unwrap();
        assert!(told > 5 && last > 0, "{of}: {told}");
        for end in 0..told {
            for by_token in [false, true] {
                let stop = Stop::new();
                let pool = CpuPool::new(features.clone()).with_stop(stop.clone());
                let mut left = end;
                let ended = asked(&pool, of, &mut |_| {
                    left = left.wrapping_sub(1);
                    if left != usize::MAX {
                        return ControlFlow::Continue(());
                    }
                    if by_token {
                        stop.stop();
                        return ControlFlow::Continue(());
                    }
                    ControlFlow::Break(())
                });
                assert!(
                    matches!(ended, Err(Error::Interrupted { .. })),
                    "{of} {end}"
                );
            }
        }
    }
}

#[test]
fn a_lost_device_is_an_error() {
    let (rows, dim) = (300, 4);
    let x = fractions(2, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for of in 0..3 {
        let ended = |calls| asked(&Lost::after(&pool, calls), of, &mut unheard);
        let calls = (0..).take_while(|&calls| match ended(calls) {
            Err(Error::DeviceLost { .. }) => true,
            Ok(()) => false,
            Err(other) => panic!("{other}"),
        });
        assert!(calls.count() > 4);
    }
}

#[test]
fn bad_input_is_named() {
    let x = [1.0, 0.0, 0.0, 0.0, 2.0, 1.0];
    let pool = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    for threshold in [0.0, -0.5, 1.0 + f64::EPSILON, f64::NAN, f64::INFINITY] {
        let duplicates = Duplicates { threshold };
        let error = duplicates.groups(&pool, &mut unheard).unwrap_err();
        let want = format!("threshold: {threshold} found, a cosine above 0 and at most 1 expected");
        assert_eq!(error.to_string(), want);
    }
    let refused = |priority: &[f64], labelled: &[usize]| {
        let kept = DUPLICATES.keep(&pool, priority, labelled, &mut unheard);
        kept.unwrap_err().to_string()
    };
    for (priority, labelled, want) in [
        (
            &[1.0, 2.0][..],
            &[][..],
            "priority: 2 numbers found, one for each of 3 rows expected",
        ),
        (
            &[1.0, f64::NAN, 0.0],
            &[],
            "priority: NaN for row 1 found, finite numbers expected",
        ),
        (&[], &[3], "labelled: row 3 found, indices below 3 expected"),
        (
            &[],
            &[1, 1],
            "labelled: row 1 found twice, every row at most once expected",
        ),
    ] {
        assert_eq!(refused(priority, labelled), want);
    }
    let all = DUPLICATES
        .keep(&pool, &[], &[0, 1, 2], &mut unheard)
        .unwrap();
    assert_eq!((all.kept, all.of), (vec![], vec![0, 1, 2]));
}
