//! The `bench` command. What it measures is tested in `tests/bench/`, its reports in
//! `tests/bench_report/`.

use crate::place::{Place, stderr};
use serde_json::Value;

#[test]
fn a_quick_run_is_printed_kept_drawn_and_compared() {
    let place = Place::new();
    let args = [
        "bench",
        "--quick",
        "--device=cpu",
        "--json=a.json",
        "--plot=a.svg",
    ];
    let output = place.run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("device: cpu (cpu)\n"));
    let table = String::from_utf8(output.stdout).unwrap();
    for word in ["multiply-add f32", "row_norms", "gram_schmidt"] {
        assert!(table.contains(word), "{table}");
    }
    let report: Value = serde_json::from_str(&place.text("a.json")).unwrap();
    assert_eq!(report["schema"], "coresift-bench/1");
    assert_eq!(report["quick"], true);
    assert_eq!(report["adapters"][0]["missing"], Value::Array(Vec::new()));
    for kernel in report["adapters"][0]["kernels"].as_array().unwrap() {
        assert_eq!(kernel["samples"]["seconds"].as_array().unwrap().len(), 5);
    }
    assert!(place.text("a.svg").starts_with("<svg"));

    let again = [
        "bench",
        "--quick",
        "--device=cpu",
        "--threads=1",
        "--json=b.json",
        "--plot=b.svg",
    ];
    nobody_reads(&place, &again);
    let report: Value = serde_json::from_str(&place.text("b.json")).unwrap();
    assert_eq!(report["adapters"][0]["threads"], 1);
    assert!(place.text("b.svg").starts_with("<svg"));
    nobody_reads(&place, &["bench", "--compare", "a.json", "--plot=c.svg"]);
    assert!(place.text("c.svg").starts_with("<svg"));

    let both = ["bench", "--compare", "a.json", "a.json", "--plot=b.svg"];
    assert!(place.done(&both).contains("row_norms"));
    assert!(place.text("b.svg").starts_with("<svg"));

    let other = place
        .text("a.json")
        .replace("coresift-bench/1", "coresift-bench/9");
    place.put("b.json", other.as_bytes());
    let error = place.fails(1, &["bench", "--compare", "a.json", "b.json"]);
    let expected = "b.json: schema \"coresift-bench/9\" found, a report of schema";
    assert!(error.contains(expected), "{error}");
    let full = place
        .text("a.json")
        .replace("\"quick\": true", "\"quick\": false");
    place.put("b.json", full.as_bytes());
    let error = place.fails(1, &["bench", "--compare", "a.json", "b.json"]);
    assert!(error.contains("b.json: "), "{error}");
}

#[test]
fn degenerate_pools_are_shown_beside_an_ordinary_one() {
    let place = Place::new();
    let table = place.done(&["bench", "--degenerate", "--quick", "--device=cpu"]);
    for word in [
        "cpu-pool",
        "operations",
        "prob_cover auto",
        "ball and far rows",
    ] {
        assert!(table.contains(word), "{word}: {table}");
    }
}

/// Runs what cannot print its table.
fn nobody_reads(place: &Place, args: &[&str]) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = place.command(args).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let expected = "error: stdout: cannot write the results";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

#[test]
fn bad_options_are_refused_before_anything_is_measured() {
    let place = Place::new();
    for (code, args, message) in [
        (
            1,
            &["--json=no/a.json"][..],
            "no/a.json: json: no folder \"no\" found",
        ),
        (
            1,
            &["--plot=no/a.svg"],
            "no/a.svg: plot: no folder \"no\" found",
        ),
        (1, &["--json=."], ".: json: a folder found, a file expected"),
        (2, &["--all", "--device=cpu"], "cannot be used with"),
        (2, &["--degenerate", "--json=a.json"], "cannot be used with"),
        (
            2,
            &["--compare", "a.json", "--quick"],
            "cannot be used with",
        ),
        (
            2,
            &["--compare", "a.json", "--threads=1"],
            "cannot be used with",
        ),
        (1, &["--compare", "a.json"], "a.json: cannot open the file"),
    ] {
        let error = place.fails(code, &[&["bench"], args].concat());
        assert!(error.contains(message), "{args:?}: {error}");
    }
}

#[cfg(feature = "gpu")]
#[test]
fn an_unknown_adapter_is_refused_with_those_there_are() {
    let place = Place::new();
    let error = place.fails(1, &["bench", "--device=no such adapter"]);
    let expected = "no adapter named \"no such adapter\" found, one of these expected: ";
    assert!(error.contains(expected), "{error}");
}
