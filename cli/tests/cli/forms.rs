//! Selections in every form, written and read again.

use crate::place::{Place, RANDOM, SHAPE, indices, npy};
use serde_json::Value;
use std::fs;

#[test]
fn every_output_holds_the_same_picks() {
    let place = Place::new();
    let args = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=norm",
        "--budget=5",
        "--seed=1",
    ];
    let want = indices(&place.done(&args));
    for name in ["s.txt", "s.csv", "s.json", "s.npy"] {
        let out = format!("--out={name}");
        assert_eq!(place.done(&[&args[..], &[&out]].concat()), "", "{name}");
    }
    assert_eq!(indices(&place.text("s.txt")), want);

    let table = place.text("s.csv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("index,score"));
    let rows: Vec<_> = lines.map(|line| line.split_once(',').unwrap()).collect();
    assert_eq!(
        rows.iter()
            .map(|(index, _)| index.parse().unwrap())
            .collect::<Vec<usize>>(),
        want
    );
    let scores: Vec<f64> = rows
        .iter()
        .map(|(_, score)| score.parse().unwrap())
        .collect();

    let record: Value = serde_json::from_str(&place.text("s.json")).unwrap();
    assert_eq!(record["picks"], Value::from(want.clone()));
    assert_eq!(record["scores"], Value::from(scores));
    assert_eq!(record["restarts"][0], 0);
    assert_eq!(record["shortfall"], Value::Null);
    assert!(record["passes"].is_u64());
    assert_eq!(record["method"], "norm");
    assert_eq!(record["budget"], 5);
    assert_eq!(record["seed"], 1);
    assert_eq!(record["device"], "cpu");
    assert_eq!(record["options"]["norm"], "l2");
    assert_eq!(record["options"]["power"], 1.0);
    assert_eq!(record["versions"]["coresift"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        place.done(&[&args[..], &["--json"]].concat()),
        place.text("s.json")
    );

    let bytes = fs::read(place.path("s.npy")).unwrap();
    let array = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(array.dtype().descr(), "'<i8'");
    assert_eq!(array.shape(), [5]);
    let picks: Vec<i64> = array.into_vec().unwrap();
    assert_eq!(picks.iter().map(|&p| p as usize).collect::<Vec<_>>(), want);
}

#[test]
fn an_empty_selection_is_written_too() {
    let place = Place::new();
    let args = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=random",
        "--budget=0",
        "--quiet",
    ];
    place.done(&[&args[..], &["--out=s.npy"]].concat());
    let bytes = fs::read(place.path("s.npy")).unwrap();
    assert_eq!(npyz::NpyFile::new(&bytes[..]).unwrap().shape(), [0]);
    place.done(&[&args[..], &["--out=s.csv"]].concat());
    assert_eq!(place.text("s.csv"), "index,score\n");
}

#[test]
fn outputs_replace_older_ones_and_leave_nothing_beside_them() {
    let place = Place::new();
    place.put("s.txt", b"old");
    place.done(&[&RANDOM[..], &["--out=s.txt"]].concat());
    assert_eq!(indices(&place.text("s.txt")).len(), 5);
    assert_eq!(place.files(), [place.path("s.txt"), place.path("x.npy")]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name| fs::metadata(place.path(name)).unwrap().permissions().mode();
        assert_eq!(mode("s.txt"), mode("x.npy"), "the rights of any new file");
    }
}

#[test]
fn what_was_written_is_read_as_labelled() {
    let place = Place::new();
    let select = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=random",
        "--budget=6",
    ];
    let first = indices(&place.done(&select));
    for name in ["s.txt", "s.csv", "s.json", "s.npy"] {
        place.done(&[&select[..], &[&format!("--out={name}")]].concat());
        let labelled = format!("--labelled={name}");
        let mut rows = indices(&place.done(&[&select[..], &[&labelled]].concat()));
        rows.extend(&first);
        rows.sort_unstable();
        assert_eq!(rows, (0..SHAPE.0).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn labelled_arrays_of_any_whole_number_type() {
    let place = Place::new();
    let select = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=random",
        "--budget=11",
    ];
    for (descr, bytes) in [
        ("|u1", vec![7]),
        ("|i1", vec![7]),
        ("<i2", vec![7, 0]),
        (">u2", vec![0, 7]),
        ("<i4", vec![7, 0, 0, 0]),
        (">i8", vec![0, 0, 0, 0, 0, 0, 0, 7]),
    ] {
        place.put("l.npy", &npy(descr, false, "(1,)", &bytes));
        let rows = indices(&place.done(&[&select[..], &["--labelled=l.npy"]].concat()));
        assert!(!rows.contains(&7), "{descr}");
    }
}
