//! Norms over those of inputs, on the command line.

use crate::place::{Place, f32s, indices, matrix, npy};
use coresift::{CpuPool, Features, Lp, Norm, Selector as _};
use serde_json::Value;

fn select<'a>(method: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base = ["select", "x.npy", "--device=cpu", "--budget=5", method];
    [&base[..], more].concat()
}

/// Twelve inputs of seven values.
fn place() -> Place {
    let place = Place::new();
    let values: Vec<f32> = matrix(12, 7).iter().map(|v| v + 40.5).collect();
    place.put("in.npy", &npy("<f4", false, "(12, 7)", &f32s(&values)));
    place
}

#[test]
fn inputs_divide_as_in_the_library() {
    let place = place();
    let (x, inputs) = (matrix(12, 3), matrix(12, 7));
    let inputs: Vec<f32> = inputs.iter().map(|v| v + 40.5).collect();
    let pool = CpuPool::new(Features::new(&x, 12, 3).unwrap());
    let inputs = Features::new(&inputs, 12, 7).unwrap();
    for (method, greedy) in [("--method=norm", false), ("--method=max-norm", true)] {
        for (norm, lp) in [("l1", Lp::L1), ("l2", Lp::L2), ("linf", Lp::LInf)] {
            let want = Norm {
                norm: lp,
                input_norms: Some(inputs.norms(lp).unwrap()),
                greedy,
                seed: 4,
                ..Norm::default()
            };
            let norm = format!("--norm={norm}");
            let args = select(method, &["--input-features=in.npy", "--seed=4", &norm]);
            let got = indices(&place.done(&args));
            assert_eq!(got, want.select(&pool, 5).unwrap().picks, "{method} {norm}");
        }
        let record = |more: &[&str]| -> Value {
            let printed = place.done(&select(method, &[more, &["--json"]].concat()));
            serde_json::from_str(&printed).unwrap()
        };
        let options = &record(&["--input-features=in.npy"])["options"];
        assert_eq!(options["input_features"], "given");
        assert!(record(&[])["options"].get("input_features").is_none());
    }
}

#[test]
fn bad_inputs() {
    let place = place();
    let with = |value: f32| {
        let mut values = vec![1.0; 24];
        values[6..8].fill(value);
        npy("<f4", false, "(12, 2)", &f32s(&values))
    };
    place.put(
        "short.npy",
        &npy("<f4", false, "(11, 1)", &f32s(&[1.0; 11])),
    );
    place.put("flat.npy", &npy("<f4", false, "(12,)", &f32s(&[1.0; 12])));
    place.put("zero.npy", &with(0.0));
    place.put("nan.npy", &with(f32::NAN));
    place.put("huge.npy", &with(1e30));
    for (file, message) in [
        ("short", "11 rows found, 12 expected, as in the features"),
        ("flat", "shape (12,) found, rank 2 expected"),
        ("zero", "0 at row 3 found, a finite norm above 0 expected"),
        (
            "nan",
            "NaN found at row 3, column 0, a finite value expected",
        ),
        ("huge", "row 3 has length 1.41"),
        ("none", "cannot open the file"),
    ] {
        let option = format!("--input-features={file}.npy");
        let error = place.fails(1, &select("--method=norm", &[&option, "--out=s.npy"]));
        let expected = format!("error: {file}.npy: input-features: {message}");
        assert!(error.contains(&expected), "{expected}\n{error}");
    }
    let args = select("--method=gram-schmidt", &["--input-features=in.npy"]);
    let error = place.fails(2, &args);
    let expected = "--input-features: --method gram-schmidt found, norm or max-norm expected";
    assert!(error.contains(expected), "{error}");
}
