//! Features that take more memory than they may.

use super::{FORMS, METHODS, fixture, picks};
use crate::place::{Place, f32s, matrix, npy, stderr};

/// Read anew by every pass, whatever the form: the same picks, centered too.
#[test]
fn features_beyond_their_bound_give_the_same_picks() {
    let place = Place::new();
    for method in METHODS {
        for more in [&[][..], &["--center"]] {
            let held = [method, more].concat();
            let read = [&held[..], &["--memory=1KiB"]].concat();
            for names in FORMS {
                let want = picks(&place, names, &held);
                assert_eq!(picks(&place, names, &read), want, "{names:?} {read:?}");
            }
        }
    }
}

#[test]
fn what_is_read_anew_is_said() {
    let place = Place::new();
    place.put(
        "y.npy",
        &npy("<f4", false, "(40, 3)", &f32s(&matrix(40, 3))),
    );
    let select = |bound: &str| {
        let bound = format!("--memory={bound}");
        let fixed = [
            "select",
            "y.npy",
            "--device=cpu",
            "--method=norm",
            "--budget=4",
        ];
        let output = place.run(&[&fixed[..], &[&bound]].concat());
        (output.status.code(), stderr(&output))
    };
    let (code, said) = select("479");
    let expected = "memory: y.npy takes 480 bytes, more than 479: every pass reads it anew\n";
    assert!(code == Some(0) && said.contains(expected), "{said}");
    let (code, said) = select("480");
    assert!(code == Some(0) && !said.contains("memory:"), "{said}");
    let (code, said) = select("some");
    assert_eq!(code, Some(2), "{said}");
    // A value that is no number is found all the same.
    let mut values = matrix(40, 3);
    values[100] = f32::NAN;
    place.put("y.npy", &npy("<f4", false, "(40, 3)", &f32s(&values)));
    let (code, said) = select("1");
    let expected = "y.npy: features: NaN found at row 33, column 1, a finite value expected";
    assert!(code == Some(1) && said.contains(expected), "{said}");
}

/// Inputs may be read anew too.
#[test]
fn inputs_beyond_their_bound_give_the_same_picks() {
    let place = Place::new();
    let inputs = format!("--input-features={}", fixture("x.parquet#fixed").display());
    let method = ["--method=norm", &inputs];
    let want = picks(&place, &["x.npy"], &method);
    let read = [&method[..], &["--memory=1"]].concat();
    assert_eq!(picks(&place, &["x.npy"], &read), want);
}
