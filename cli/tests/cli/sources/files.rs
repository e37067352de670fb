//! Several files as one pool, and how files are named.

use crate::place::{Place, f32s, matrix, npy, stderr};

/// Rows that are in none of several files are counted there.
#[test]
fn files_of_a_pool_are_named() {
    let place = Place::new();
    let put = |name: &str, rows: usize, dim: usize, value: f32| {
        let mut values = matrix(rows, dim);
        values[rows * dim - 1] = value;
        let shape = format!("({rows}, {dim})");
        place.put(name, &npy("<f4", false, &shape, &f32s(&values)));
    };
    let select = |names: &[&str]| {
        let args = ["select", "--device=cpu", "--method=norm", "--budget=2"];
        place.run(&[&args[..], names].concat())
    };
    std::fs::create_dir(place.path("d")).unwrap();
    for (number, rows) in [(1, 4), (2, 5), (4, 6), (10, 7)] {
        put(&format!("d/p{number}.npy"), rows, 3, 1.0);
    }
    let said = stderr(&select(&["d"]));
    assert!(said.contains("2 picks of 22 rows x 3"), "{said}");
    let gaps = "files: 4 files found, none of 6 that their numbers leave out: p3.npy, p5.npy, p6.npy, \
                p7.npy, p8.npy, ...\n";
    assert!(said.contains(gaps), "{said}");
    put("d/p4.npy", 6, 3, f32::NAN);
    let said = stderr(&select(&["d"]));
    let expected =
        "error: d/p4.npy: features: NaN found at row 5, column 2, a finite value expected";
    assert!(said.contains(expected), "{said}");
    put("d/p4.npy", 6, 2, 1.0);
    let said = stderr(&select(&["d/p1*.npy", "d/p4.npy"]));
    let expected =
        "error: d/p4.npy: features: rows of 2 values found, 3 expected, as in d/p1.npy\n";
    assert!(said.contains(expected), "{said}");
    place.put("d/p4.npy", &npy("<f8", false, "(1, 3)", &[0; 24]));
    let said = stderr(&select(&["d"]));
    let expected = "error: d/p4.npy: features: float64 found, float32 expected, as in d/p1.npy\n";
    assert!(said.contains(expected), "{said}");
    let said = stderr(&select(&["d/p1.npy", "d/p*"]));
    assert!(
        said.contains("error: d/p1.npy: features: found twice"),
        "{said}"
    );
}

/// More files than a process may have open, unless it asks for more.
#[cfg(unix)]
#[test]
fn many_files_are_open_at_a_time() {
    let place = Place::new();
    std::fs::create_dir(place.path("d")).unwrap();
    for number in 0..300 {
        let row = npy("<f4", false, "(1, 1)", &f32s(&[1.0]));
        place.put(&format!("d/{number}.npy"), &row);
    }
    let script =
        "ulimit -Sn 100; exec \"$0\" select d --device=cpu --method=random --budget=100% --quiet";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_coresift")])
        .current_dir(place.0.path())
        .output()
        .unwrap();
    let picks = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(picks.lines().count(), 300, "{}", stderr(&output));
}

#[test]
fn bad_names_of_files() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    std::fs::create_dir(place.path("mixed")).unwrap();
    for name in [
        "mixed/a.npy",
        "mixed/b.parquet",
        "mixed/.c.npz",
        "mixed/README.md",
        "empty/x.csv",
    ] {
        place.put(name, b"x");
    }
    for (name, message) in [
        (
            "empty",
            "a folder found without features, at least one file in .npy, .npz, ",
        ),
        (
            "mixed",
            "a folder of .npy and .parquet files found, one of files of one form expected",
        ),
        (
            "y-*.npy",
            "no file found that matches, at least one expected",
        ),
        ("y-[.npy", "a pattern that cannot be read found"),
        ("y.npy", "cannot open the file"),
        (
            "x.npy#x",
            "a .npy file and a name, \"x\", found, no name expected",
        ),
    ] {
        let args = [
            "select",
            name,
            "--device=cpu",
            "--method=norm",
            "--budget=1",
        ];
        let error = place.fails(1, &args);
        let path = name.split('#').next().unwrap();
        let expected = format!("error: {path}: features: {message}");
        assert!(error.contains(&expected), "{expected}\n{error}");
    }
    // What is there under its whole name is meant.
    for name in ["a#b.npy", "[1].npy"] {
        place.put(name, &std::fs::read(place.path("x.npy")).unwrap());
        place.done(&[
            "select",
            name,
            "--device=cpu",
            "--method=norm",
            "--budget=1",
        ]);
    }
}

#[test]
fn no_output_takes_the_place_of_a_file_of_a_folder() {
    let place = Place::new();
    std::fs::create_dir(place.path("d")).unwrap();
    place.put("d/x.npy", &std::fs::read(place.path("x.npy")).unwrap());
    for name in ["d", "d/*", "d/x.npy#x"] {
        let args = [
            "select",
            name,
            "--device=cpu",
            "--method=norm",
            "--budget=1",
            "--out=d/x.npy",
        ];
        let error = place.fails(1, &args);
        assert!(
            error.contains("the same file as features (d/x.npy) found"),
            "{error}"
        );
    }
}
