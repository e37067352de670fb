//! What options say, and which are refused.

use crate::common::on_every_device;
use crate::made_up;
use coresift::{CpuPool, Features, GramSchmidt, Norm, OnExhaustion, Selector, ShortfallReason};

#[test]
fn past_the_rank_as_asked() {
    let (rows, dim) = (60, 4);
    let x = made_up(rows, dim);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for greedy in [false, true] {
            let by = |on_exhaustion| {
                let selector = GramSchmidt {
                    greedy,
                    on_exhaustion,
                    ..GramSchmidt::default()
                };
                selector.select(pool, 10).unwrap()
            };
            let restart = by(OnExhaustion::Restart);
            assert_eq!(
                (restart.picks.len(), &restart.restarts[..]),
                (10, &[0, 4, 8][..]),
                "{device}"
            );
            // A tolerance that no device can vouch for: the host buries every row.
            let close = GramSchmidt {
                greedy,
                rank_tol: Some(1e-10),
                ..GramSchmidt::default()
            };
            let close = close.select(pool, 10).unwrap();
            assert_eq!(close.picks, restart.picks, "{device}");
            assert_eq!(close.restarts, restart.restarts, "{device}");
            let stop = by(OnExhaustion::Stop);
            assert_eq!(stop.picks, restart.picks[..4], "{device}");
            assert_eq!(
                stop.shortfall.unwrap().reason,
                ShortfallReason::Rank,
                "{device}"
            );
            let norm = by(OnExhaustion::Norm);
            assert_eq!(
                (norm.picks.len(), &norm.restarts[..]),
                (10, &[0, 4][..]),
                "{device}"
            );
            assert_eq!(norm.picks[..4], restart.picks[..4], "{device}");
        }
    });
}

#[test]
fn options_are_checked() {
    let pool = CpuPool::new(Features::new(&[1.0, 2.0], 2, 1).unwrap());
    let message = |selector: &dyn Selector| selector.select(&pool, 1).unwrap_err().to_string();
    let gram_schmidt = GramSchmidt::default();
    assert_eq!(
        message(&GramSchmidt {
            power: 9.0,
            ..gram_schmidt.clone()
        }),
        "power: 9 found, a number above 0 and at most 8 expected"
    );
    assert_eq!(
        message(&GramSchmidt {
            rank_tol: Some(1.0),
            ..gram_schmidt.clone()
        }),
        "rank_tol: 1 found, a number from 1e-12 to below 1 expected"
    );
    assert_eq!(
        message(&GramSchmidt {
            block: 0,
            ..gram_schmidt
        }),
        "block: 0 found, at least 1 expected"
    );
    assert_eq!(
        message(&Norm {
            power: f64::NAN,
            ..Norm::default()
        }),
        "power: NaN found, a number above 0 and at most 64 expected"
    );
    for (norms, found) in [
        (&[1.0][..], "1 norms found, one for each of 2 rows"),
        (&[1.0, 0.0], "0 at row 1 found, a finite norm above 0"),
        (&[-1.0, 1.0], "-1 at row 0 found, a finite norm above 0"),
        (
            &[1.0, f64::NAN],
            "NaN at row 1 found, a finite norm above 0",
        ),
        (
            &[f64::INFINITY, 1.0],
            "inf at row 0 found, a finite norm above 0",
        ),
    ] {
        let input_norms = Some(norms.to_vec());
        let found = format!("input_norms: {found} expected");
        assert_eq!(
            message(&Norm {
                input_norms,
                ..Norm::default()
            }),
            found
        );
    }
}
