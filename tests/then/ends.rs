//! Where there are fewer rows than asked for, what is told on the way, and devices that are lost.

use crate::common::{Lost, fractions};
use crate::{SECOND, drawn, gram_schmidt, norm, uniform};
use coresift::{
    CpuPool, Error, Features, GramSchmidt, OnExhaustion, Progress, Sas, Selector, ShortfallReason,
    Then, Uniform,
};
use std::ops::ControlFlow;

#[test]
fn what_there_is_is_used() {
    let (rows, dim) = (50, 3);
    let x = fractions(8, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let labelled = vec![3, 40];
    let rule = |seed| Uniform {
        labelled: labelled.clone(),
        ..uniform(seed)
    };
    let then = Then::new(rule(1), rule(1));
    let able: Vec<usize> = (0..rows).filter(|row| !labelled.contains(row)).collect();
    for budget in [25, 48] {
        let want = drawn(&able, rows, 1, SECOND, budget);
        assert_eq!(then.select(&pool, budget).unwrap().picks, want);
    }
    let huge = Then {
        oversample: usize::MAX,
        ..Then::new(rule(1), rule(1))
    };
    assert_eq!(
        huge.select(&pool, 9).unwrap().picks,
        drawn(&able, rows, 1, SECOND, 9)
    );
    let none = then.select(&pool, 0).unwrap();
    assert!(none.picks.is_empty() && none.shortfall.is_none());
    assert_eq!((none.restarts, none.passes), (vec![0], 0));
}

#[test]
fn shortfalls_say_what_ran_out() {
    let (rows, dim) = (40, 3);
    let mut x = fractions(11, rows * dim);
    x.chunks_mut(dim)
        .step_by(2)
        .flatten()
        .for_each(|v| *v = 0.0);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let short = |then: &Then, budget: usize| {
        let got = then.select(&pool, budget).unwrap();
        let shortfall = got.shortfall.map(|short| (short.missing, short.reason));
        assert_eq!(
            got.picks.len() + shortfall.map_or(0, |(missing, _)| missing),
            budget
        );
        shortfall
    };
    let stop = || GramSchmidt {
        on_exhaustion: OnExhaustion::Stop,
        ..gram_schmidt(1)
    };
    // Of 40 rows 20 have a length: enough for 15 picks and not for 25.
    let norms = Then::new(norm(1), uniform(1));
    assert_eq!(short(&norms, 15), None);
    assert_eq!(short(&norms, 25), Some((5, ShortfallReason::ZeroWeight)));
    let rank = ShortfallReason::Rank;
    assert_eq!(short(&Then::new(norm(1), stop()), 8), Some((5, rank)));
    assert_eq!(short(&Then::new(stop(), norm(1)), 8), Some((5, rank)));
    let zeros = vec![0.0; 6];
    let pool = CpuPool::new(Features::new(&zeros, 6, 1).unwrap());
    let none = norms.select(&pool, 2).unwrap();
    assert_eq!(none.shortfall.map(|short| short.missing), Some(2));
}

#[test]
fn progress_never_passes_the_budget() {
    let (rows, dim, budget) = (200, 5, 20);
    let x = fractions(12, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let sas = Sas::default();
    for then in [
        Then::new(gram_schmidt(1), gram_schmidt(1)),
        Then::new(sas.clone(), sas),
    ] {
        let (mut chosen, mut most) = (0, 0);
        let mut watch = |progress: Progress<'_>| {
            match progress {
                Progress::Stage { chosen: so_far, of } => {
                    assert!(of == 2 * budget && so_far <= of && most == 0);
                    chosen = so_far;
                }
                Progress::Picks(picks) | Progress::Round { picks, .. } => most = picks,
                _ => {}
            }
            ControlFlow::Continue(())
        };
        then.select_with(&pool, budget, &mut watch).unwrap();
        assert_eq!((chosen, most), (2 * budget, budget));
    }
}

/// Lost in the first stage or at the copy, a device leaves no picks.
#[test]
fn a_lost_device_leaves_no_picks() {
    let (rows, dim) = (200, 24); // so many columns that the device is asked often
    let x = fractions(13, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let diverse = GramSchmidt {
        block: 1,
        ..gram_schmidt(1)
    };
    for (then, calls) in [
        (Then::new(diverse, norm(1)), 20),
        (Then::new(uniform(1), norm(1)), 0),
    ] {
        let lost = then.select(&Lost::after(&pool, calls), 30).unwrap_err();
        let Error::DeviceLost { partial, .. } = lost else {
            panic!("{lost}")
        };
        assert!(partial.picks.is_empty());
    }
}

/// So it is where memory does not hold the rows that the first stage has chosen, and the second reads them over and
/// over.
#[test]
fn a_device_is_lost_while_rows_are_read() {
    let (rows, dim) = (200, 24);
    let x = fractions(13, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap()).with_memory_limit(0);
    let then = Then::new(uniform(1), gram_schmidt(1));
    let mut calls = 0;
    while let Err(lost) = then.select(&Lost::after(&pool, calls), 30) {
        assert!(matches!(lost, Error::DeviceLost { .. }), "{calls}: {lost}");
        calls += 1;
    }
    assert!(calls > 2, "{calls}");
}
