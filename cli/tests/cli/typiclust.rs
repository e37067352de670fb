//! TypiClust on the command line.

use crate::place::{Place, f32s, indices, npy, stderr};
use serde_json::{Value, json};

/// Seven rows of cluster 3, four of 0, one of 5.
const CLUSTERS: &str = "3\n0\n3\n3\n0\n3\n3\n0\n3\n0\n3\n5\n";

fn place() -> Place {
    let place = Place::new();
    place.put("clusters.txt", CLUSTERS.as_bytes());
    place
}

fn select<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let base = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=typiclust",
        "--budget=9",
    ];
    [&base[..], more].concat()
}

fn record(place: &Place, more: &[&str]) -> Value {
    let printed = place.done(&select(&[more, &["--json"]].concat()));
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn a_record_holds_options_and_passes() {
    let place = place();
    let of_k_means = record(&place, &[]);
    let want = json!({
        "clusters": "k-means", "neighbours": 20, "squared": false, "labelled": 0,
        "max_sweeps": 300, "tolerance": 0.0,
    });
    assert_eq!(of_k_means["options"], want);
    assert_eq!(of_k_means["method"], "typiclust");
    assert_eq!(of_k_means["picks"].as_array().unwrap().len(), 9);
    // The rows' lengths, and a sweep that moves rows before one that does not.
    assert!(of_k_means["passes"].as_u64().unwrap() >= 3);

    place.put("labelled.txt", b"0\n11\n");
    let given = [
        "--given-clusters=clusters.txt",
        "--neighbours=3",
        "--squared",
        "--labelled=labelled.txt",
    ];
    let given = record(&place, &given);
    let want = json!({
        "clusters": "given", "neighbours": 3, "squared": true, "labelled": 2,
    });
    assert_eq!(given["options"], want);
    assert_eq!(given["passes"], 2);
}

/// The large cluster first, then turns of the small ones.
#[test]
fn clusters_in_every_form() {
    let place = place();
    let numbers: Vec<i64> = CLUSTERS.lines().map(|line| line.parse().unwrap()).collect();
    let want = place.done(&select(&["--given-clusters=clusters.txt"]));
    let of_picks: Vec<i64> = indices(&want).iter().map(|&row| numbers[row]).collect();
    assert_eq!(of_picks, [3, 3, 3, 3, 3, 3, 3, 0, 5]);
    place.put("c.json", json!(numbers).to_string().as_bytes());
    place.put("c.csv", format!("cluster\n{CLUSTERS}").as_bytes());
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    place.put("c.npy", &npy("<i8", false, "(12,)", &bytes));
    for file in ["c.json", "c.csv", "c.npy"] {
        let option = format!("--given-clusters={file}");
        assert_eq!(place.done(&select(&[&option])), want, "{file}");
    }
}

/// Every option that a pick depends on reaches the selector.
#[test]
fn options_matter() {
    let place = place();
    place.put("labelled.txt", b"0\n");
    place.put("one.txt", "1\n".repeat(12).as_bytes());
    let one = "--given-clusters=one.txt";
    let plain = place.done(&select(&[one]));
    for options in [
        &["--given-clusters=clusters.txt"][..],
        &[one, "--neighbours=1"],
        &[one, "--labelled=labelled.txt"],
        &[],
    ] {
        assert_ne!(place.done(&select(options)), plain, "{options:?}");
    }
    assert_ne!(
        record(&place, &[one])["scores"],
        record(&place, &[one, "--squared"])["scores"]
    );
    assert_ne!(place.done(&select(&["--seed=1"])), place.done(&select(&[])));
}

#[test]
fn the_summary_is_on_stderr() {
    let place = place();
    let notes = stderr(&place.run(&select(&["--given-clusters=clusters.txt"])));
    assert!(
        notes.contains("typiclust: 9 picks of 12 rows x 3, "),
        "{notes}"
    );
}

#[test]
fn bad_options() {
    let place = place();
    for (more, message) in [
        (
            &["--neighbours=0"][..],
            "neighbours: 0 found, a number from 1 to 64",
        ),
        (&["--neighbours=65"], "neighbours: 65 found"),
        (&["--neighbours=few"], "invalid value 'few'"),
        (
            &["--clusters=2"],
            "--clusters: --method typiclust found, sas or random or norm or coverage or facility-location",
        ),
        (
            &["--greedy"],
            "--greedy: --method typiclust found, gram-schmidt expected",
        ),
    ] {
        let error = place.fails(2, &select(more));
        assert!(error.contains(message), "{message}\n{error}");
    }
    for option in [
        "--neighbours=3",
        "--squared",
        "--given-clusters=clusters.txt",
    ] {
        let args = [
            "select",
            "x.npy",
            "--device=cpu",
            "--method=norm",
            "--budget=9",
            option,
        ];
        let error = place.fails(2, &args);
        let message = ": --method norm found, typiclust expected";
        assert!(error.contains(message), "{message}\n{error}");
    }
}

#[test]
fn bad_files() {
    let place = place();
    place.put("short.txt", b"0\n1\n");
    place.put("words.txt", b"a\n");
    for (option, message) in [
        (
            "--given-clusters=short.txt",
            "short.txt: given-clusters: 2 clusters found, one for each of 12 rows expected",
        ),
        (
            "--given-clusters=words.txt",
            "words.txt: given-clusters: \"a\" found on line 1, numbers or a column named cluster or class",
        ),
        (
            "--given-clusters=none.txt",
            "none.txt: given-clusters: cannot open the file",
        ),
    ] {
        let error = place.fails(1, &select(&[option]));
        assert!(error.contains(message), "{message}\n{error}");
    }
    place.put("zero.npy", &npy("<f4", false, "(2, 1)", &f32s(&[1.0, 0.0])));
    let args = [
        "select",
        "zero.npy",
        "--device=cpu",
        "--method=typiclust",
        "--budget=1",
    ];
    let error = place.fails(1, &args);
    let message = "zero.npy: features: row 1 is all zeros, a row with a direction expected";
    assert!(error.contains(message), "{error}");
}
