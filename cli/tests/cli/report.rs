//! `--report`: what is on the page, that picks do not depend on it, and what is refused.

use crate::place::{Place, RANDOM, f32s, indices, many_rows, npy, stderr};
use std::fs;

/// The usual options, and a page.
const PAGE: [&str; 7] = [
    "select",
    "x.npy",
    "--device=cpu",
    "--method=gram-schmidt",
    "--budget=5",
    "--out=s.csv",
    "--report=p.html",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&PAGE[..], more].concat()
}

#[test]
fn a_page_shows_the_picks_and_they_are_the_same() {
    let place = Place::new();
    let output = place.run(&PAGE);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("report: p.html ("));
    let written = place.text("s.csv");
    place.done(&PAGE[..6]);
    assert_eq!(place.text("s.csv"), written, "without a page");
    let page = place.text("p.html");
    for (order, line) in written.lines().skip(1).enumerate() {
        let (row, _) = line.split_once(',').unwrap();
        let mark = format!("<title>pick {}: row {row}, residual ", order + 1);
        assert!(page.contains(&mark), "{mark}");
        let line = format!(r#"<th scope="row">{}</th><td>{row}</td>"#, order + 1);
        assert!(page.contains(&line), "{line}");
    }
    for title in [
        "Pool and picks in the plane",
        "Lengths of rows",
        "Residual by pick",
        "Energy kept by pick",
        "Cover by pick",
    ] {
        assert!(page.contains(&format!("<h3>{title}</h3>")), "{title}");
    }
    assert!(!page.contains("<h3>Latent classes</h3>"));
}

/// Also from rows that are read anew by every pass.
#[test]
fn every_machine_writes_the_same_page() {
    let place = Place::new();
    place.done(&PAGE);
    let page = place.text("p.html");
    for option in ["--threads=1", "--threads=2", "--memory=1"] {
        place.done(&with(&[option]));
        assert_eq!(place.text("p.html"), page, "{option}");
    }
}

#[test]
fn a_million_values_are_a_small_page() {
    let place = Place::new();
    let args = many_rows(&place);
    let args = [&args[..4], &["--budget=20%", "--report=p.html"]].concat();
    place.done(&args);
    let bytes = fs::metadata(place.path("p.html")).unwrap().len();
    assert!(bytes < 300_000, "{bytes}");
}

#[test]
fn classes_have_bars() {
    let place = Place::new();
    let classes: Vec<u8> = (0..12).map(|row| 7 * (row % 3)).collect();
    place.put("c.npy", &npy("|u1", false, "(12,)", &classes));
    place.done(&with(&["--classes=c.npy"]));
    let page = place.text("p.html");
    assert!(page.contains("<h3>Latent classes</h3>"));
    assert!(page.contains(r#"<th scope="col">class</th></tr></thead>"#));
}

#[test]
fn rows_that_are_left_out_are_in_no_picture() {
    let place = Place::new();
    let values: Vec<f32> = (0..12).flat_map(|row| [row as f32, 1.0]).collect();
    place.put("y.npy", &npy("<f4", false, "(12, 2)", &f32s(&values)));
    place.put("no.txt", b"0\n3\n");
    place.put("yes.txt", b"7\n");
    place.done(&with(&[
        "--exclude=no.txt",
        "--labelled=yes.txt",
        "--plane=y.npy",
    ]));
    let page = place.text("p.html");
    assert!(page.contains("2 rows were left out"));
    assert!(page.contains("labelled before") && page.contains("--plane"));
    let dots = page.split(r#"<path class="dots" d=""#).nth(1).unwrap();
    let dots = dots.split('"').next().unwrap();
    assert_eq!(dots.matches('M').count(), 10);
    let picks: Vec<_> = place
        .text("s.csv")
        .lines()
        .skip(1)
        .map(str::to_owned)
        .collect();
    for pick in picks {
        let row = pick.split(',').next().unwrap();
        assert!(page.contains(&format!(": row {row}, residual")), "{row}");
    }
}

/// Nothing picked, everything picked, rows that are alike or zeros.
#[test]
fn odd_selections_have_pages() {
    let place = Place::new();
    place.put("zero.npy", &npy("<f4", false, "(3, 2)", &f32s(&[0.0; 6])));
    place.put("one.npy", &npy("<f4", false, "(1, 1)", &f32s(&[2.0])));
    for (features, budget) in [
        ("x.npy", "0"),
        ("x.npy", "100%"),
        ("zero.npy", "2"),
        ("one.npy", "1"),
    ] {
        let budget = format!("--budget={budget}");
        let args = [
            "select",
            features,
            "--device=cpu",
            "--method=random",
            &budget,
            "--report=p.html",
        ];
        place.done(&args);
        let page = place.text("p.html");
        assert!(!page.contains("NaN") && !page.contains("inf"), "{features}");
        let has_weights = !page.contains("Picks have no weights");
        assert_eq!(has_weights, features != "zero.npy");
    }
}

#[test]
fn a_page_is_no_input_and_no_other_output() {
    let place = Place::new();
    place.put("plane.html", b"of value");
    for (more, said) in [
        (
            ["--out=s.csv", "--report=s.csv"],
            "\"s.csv\" found, a name in .html expected",
        ),
        (
            ["--plane=plane.html", "--report=./plane.html"],
            "error: ./plane.html: report: the same file as plane (plane.html) found",
        ),
        (
            ["--checkpoint=p.html", "--report=p.html"],
            "error: p.html: report: the same file as checkpoint (p.html) found",
        ),
        (
            ["--seed=1", "--report=none/p.html"],
            "no folder \"none\" found, one expected",
        ),
    ] {
        let code = if more[1].ends_with("csv") { 2 } else { 1 };
        let error = place.fails(code, &[&RANDOM[..], &more].concat());
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(place.text("plane.html"), "of value");
}

#[test]
fn what_a_page_cannot_show_is_refused_before_anything_is_chosen() {
    let place = Place::new();
    let values = f32s(&[0.5; 24]);
    place.put("two.npy", &npy("<f4", false, "(12, 2)", &values));
    place.put("three.npy", &npy("<f4", false, "(8, 3)", &values));
    place.put("few.npy", &npy("<f4", false, "(11, 2)", &values[..88]));
    let odd = [&values[..20], &f32s(&[f32::NAN])[..], &values[24..]].concat();
    place.put("odd.npy", &npy("<f4", false, "(12, 2)", &odd));
    let page = "--report=p.html";
    for (code, more, said) in [
        (
            2,
            &["--plane=two.npy"][..],
            "--plane: no --report found, one expected",
        ),
        (
            1,
            &[page, "--plane=three.npy"],
            "three.npy: plane: rows of 3 values found, 2 expected",
        ),
        (
            1,
            &[page, "--plane=few.npy"],
            "few.npy: plane: 11 rows found, 12 expected, as in the features",
        ),
        (
            1,
            &[page, "--plane=odd.npy"],
            "odd.npy: plane: NaN found in row 2, finite numbers expected",
        ),
        (
            1,
            &[page, "--plane=none.npy"],
            "none.npy: plane: cannot open the file",
        ),
    ] {
        let error = place.fails(code, &[&RANDOM[..], more].concat());
        assert!(error.contains(said), "{error}");
    }
    let views = [
        "select",
        "x.npy",
        "--method=sas",
        "--views=2",
        "--budget=2",
        page,
    ];
    let error = place.fails(2, &views);
    let said = "--report: --views found, none expected (a pick is then several rows)";
    assert!(error.contains(said), "{error}");
}

/// The page cannot be written, but the picks are.
#[cfg(target_os = "linux")]
#[test]
fn a_page_that_fails_loses_no_picks() {
    let place = Place::new();
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_coresift")]);
    let output = command.args([&RANDOM[..], &["--report=p.html"]].concat());
    let output = output.current_dir(place.0.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let picks = indices(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(picks.len(), 5);
    let error = stderr(&output);
    assert!(
        error.contains("p.html: report: cannot write the file"),
        "{error}"
    );
    assert!(!place.path("p.html").exists());
}
