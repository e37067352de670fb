//! ProbCover.

use crate::{cases, features, indices, name, on_every_device};
use coresift::{Delta, Features, ProbCover, Selector};

#[test]
fn prob_cover_picks() {
    let cases = cases("cover");
    assert_eq!(cases.len(), 2);
    for case in cases {
        let (x, dim) = features(&case);
        let of = |key: &str| indices(&case[key]);
        let cover = ProbCover {
            delta: Delta::Fixed(case["delta"].as_f64().unwrap()),
            ..ProbCover::default()
        };
        let labelled = ProbCover {
            labelled: of("labelled"),
            ..cover.clone()
        };
        let budget = of("picks").len();
        on_every_device(
            Features::new(&x, x.len() / dim, dim).unwrap(),
            |device, pool| {
                let at = format!("{} on {device}", name(&case));
                let got = cover.select(pool, budget).unwrap();
                assert_eq!(got.picks, of("picks"), "{at}");
                let degrees: Vec<usize> = got.scores.iter().map(|&score| score as usize).collect();
                assert_eq!(degrees, of("degrees"), "{at}");
                // The reference that stops where ours begins anew.
                let first = got.restarts.get(1).copied().unwrap_or(budget);
                assert_eq!(got.picks[..first], of("picks_stop"), "{at}");
                let got = labelled.select(pool, budget).unwrap();
                assert_eq!(got.picks, of("picks_labelled"), "{at}");
            },
        );
    }
}
