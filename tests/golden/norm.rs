//! Norm sampling and uniform sampling, and norm sampling twice.

use crate::{cases, features, indices, name, on_every_device};
use coresift::{Features, Lp, Norm, Selector, Then, Uniform};

#[test]
fn norm_picks() {
    let mut checked = 0;
    for case in cases("norm_") {
        let (x, dim) = features(&case);
        let labelled = indices(&case["labelled"]);
        let seed = case["seed"].as_u64().unwrap();
        let features = Features::new(&x, x.len() / dim, dim).unwrap();
        on_every_device(features, |device, pool| {
            for (group, greedy, labelled) in [
                ("sample", false, &[][..]),
                ("sample_labelled", false, &labelled),
                ("top", true, &[]),
            ] {
                for (key, want) in case[group].as_object().unwrap() {
                    let selector = Norm {
                        greedy,
                        seed,
                        labelled: labelled.to_vec(),
                        ..of_key(key)
                    };
                    let got = selector.select(pool, 10).unwrap();
                    let at = format!("{} {group} {key} {device}", name(&case));
                    assert_eq!(got.picks, indices(want), "{at}");
                }
            }
            for (group, labelled) in [("uniform", vec![]), ("uniform_labelled", labelled.clone())] {
                let uniform = Uniform {
                    seed,
                    labelled,
                    ..Uniform::default()
                };
                let got = uniform.select(pool, 10).unwrap();
                assert_eq!(got.picks, indices(&case[group]), "{} {group}", name(&case));
            }
        });
        checked += 1;
    }
    assert_eq!(checked, 7);
}

/// The weights that a key such as `2` or `inf_anti` stands for.
fn of_key(key: &str) -> Norm {
    let (norm, anti) = match key.split_once('_') {
        Some((norm, "anti")) => (norm, true),
        _ => (key, false),
    };
    let norm = match norm {
        "1" => Lp::L1,
        "2" => Lp::L2,
        "inf" => Lp::LInf,
        other => panic!("norm {other}"),
    };
    Norm {
        norm,
        anti,
        ..Norm::default()
    }
}

/// Norm sampling among what norm sampling has chosen.
#[test]
fn then_picks() {
    let case = &cases("then")[0];
    let (x, dim) = features(case);
    let norm = || Norm {
        seed: case["seed"].as_u64().unwrap(),
        ..Norm::default()
    };
    let then = Then {
        oversample: case["oversample"].as_u64().unwrap() as usize,
        ..Then::new(norm(), norm())
    };
    let budget = case["budget"].as_u64().unwrap() as usize;
    let features = Features::new(&x, x.len() / dim, dim).unwrap();
    on_every_device(features, |device, pool| {
        let first = norm().select(pool, then.oversample * budget).unwrap();
        assert_eq!(first.picks, indices(&case["stage1"]), "{device}");
        let both = then.select(pool, budget).unwrap();
        assert_eq!(both.picks, indices(&case["then_norm"]), "{device}");
    });
}
