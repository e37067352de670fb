//! Rows that are left out: picks, lists and records by the numbers of all rows.

use crate::place::{Place, f32s, f64s, indices, matrix, npy, stderr};
use serde_json::{Value, json};

/// 60 rows of 4: row 3 has a NaN, row 7 is zeros, row 20 infinite.
fn place() -> Place {
    let place = Place::new();
    let mut values = matrix(60, 4);
    values[3 * 4 + 1] = f32::NAN;
    values[7 * 4..8 * 4].fill(0.0);
    values[20 * 4] = f32::INFINITY;
    place.put("y.npy", &npy("<f4", false, "(60, 4)", &f32s(&values)));
    let others = (0..60).filter(|row| ![3, 5, 6, 7, 20].contains(row));
    let others: Vec<f32> = others
        .flat_map(|row| values[row * 4..][..4].to_vec())
        .collect();
    place.put("others.npy", &npy("<f4", false, "(55, 4)", &f32s(&others)));
    place.put("out.txt", b"6\n5\n");
    place
}

const LEFT_OUT: [&str; 2] = ["--exclude=out.txt", "--skip-invalid"];

fn select<'a>(features: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    [
        &["select", features, "--device=cpu", "--budget=20%"],
        options,
    ]
    .concat()
}

/// Lists for all rows, and the same for the others alone; gives the others' numbers.
fn put_lists(place: &Place) -> Vec<usize> {
    let numbers: Vec<usize> = (0..60)
        .filter(|row| ![3, 5, 6, 7, 20].contains(row))
        .collect();
    let classes: Vec<usize> = (0..60).map(|row| row % 2).collect();
    let list = |classes: &mut dyn Iterator<Item = usize>| -> Vec<u8> {
        classes
            .map(|class| format!("{class}\n"))
            .collect::<String>()
            .into_bytes()
    };
    place.put("classes.txt", &list(&mut classes.iter().copied()));
    place.put(
        "others.txt",
        &list(&mut numbers.iter().map(|&row| classes[row])),
    );
    place.put("labelled.txt", b"59\n0\n");
    place.put("few.csv", b"8,0\n9,1\n");
    place.put("few_others.csv", b"4,0\n5,1\n");
    place.put("labelled_others.txt", b"54\n0\n");
    numbers
}

/// Methods that draw nothing pick as from a file of the other rows.
#[test]
fn picks_are_those_among_the_others() {
    let place = place();
    let numbers = put_lists(&place);
    for (all, others) in [
        (&["--method=max-norm"][..], &["--method=max-norm"][..]),
        (
            &[
                "--method=gram-schmidt",
                "--greedy",
                "--labelled=labelled.txt",
            ],
            &[
                "--method=gram-schmidt",
                "--greedy",
                "--labelled=labelled_others.txt",
            ],
        ),
        (
            &["--method=sas", "--classes=classes.txt"],
            &["--method=sas", "--classes=others.txt"],
        ),
        (
            &["--method=sas", "--few-labels=few.csv"],
            &["--method=sas", "--few-labels=few_others.csv"],
        ),
        (
            &["--method=typiclust", "--given-clusters=classes.txt"],
            &["--method=typiclust", "--given-clusters=others.txt"],
        ),
        (
            &["--method=probcover", "--delta=0.4"],
            &["--method=probcover", "--delta=0.4"],
        ),
    ] {
        // Where a method needs no direction the row of zeros stays; it is not picked here.
        let of_others = indices(&place.done(&select("others.npy", others)));
        let want: Vec<usize> = of_others.iter().map(|&row| numbers[row]).collect();
        assert_eq!(want.len(), 11, "{all:?}");
        for more in [&[][..], &["--memory=1"]] {
            let options = [all, &LEFT_OUT, more].concat();
            let got = indices(&place.done(&select("y.npy", &options)));
            assert_eq!(got, want, "{options:?}");
        }
    }
}

/// The mean is that of the rows that are not left out; a row of zeros has a direction then.
#[test]
fn what_is_left_out_counts_for_no_mean() {
    let place = Place::new();
    let (rows, dim) = (5000, 3);
    let mut values: Vec<f64> = matrix(rows, dim)
        .iter()
        .map(|&v| f64::from(v) / 7.0 + 100.0)
        .collect();
    values[3 * dim] = f64::NAN;
    values[7 * dim..8 * dim].fill(0.0);
    values[20 * dim..21 * dim].fill(1e19);
    values[4000 * dim] = f64::INFINITY;
    let out = [5, 6, 20, 1030];
    let numbers: Vec<usize> = (0..rows)
        .filter(|row| ![3, 4000].contains(row) && !out.contains(row))
        .collect();
    let others: Vec<f64> = (numbers.iter())
        .flat_map(|row| values[row * dim..][..dim].to_vec())
        .collect();
    let list: String = out.map(|row| format!("{row}\n")).concat();
    place.put("out.txt", list.as_bytes());
    for kind in ["<f4", "<f8"] {
        let put = |name: &str, values: &[f64]| {
            let narrow: Vec<f32> = values.iter().map(|&v| v as f32).collect();
            let bytes = if kind == "<f4" {
                f32s(&narrow)
            } else {
                f64s(values)
            };
            let shape = format!("({}, {dim})", values.len() / dim);
            place.put(name, &npy(kind, false, &shape, &bytes));
        };
        put("y.npy", &values);
        put("others.npy", &others);
        for method in [
            &["--method=max-norm"][..],
            &["--method=gram-schmidt", "--greedy"],
            &["--method=sas"],
            &["--method=probcover", "--delta=0.1"],
        ] {
            let method = &[method, &["--center", "--budget=40", "--device=cpu"]].concat();
            let of_others = [&["select", "others.npy"][..], method].concat();
            let want = indices(&place.done(&of_others));
            let want: Vec<usize> = want.iter().map(|&row| numbers[row]).collect();
            for more in [&[][..], &["--memory=1"]] {
                let args = [&["select", "y.npy"][..], method, &LEFT_OUT, more].concat();
                assert_eq!(indices(&place.done(&args)), want, "{kind} {args:?}");
            }
        }
    }
}

#[test]
fn a_record_lists_what_was_skipped() {
    let place = place();
    for (method, skipped) in [("random", json!([3, 20])), ("typiclust", json!([3, 7, 20]))] {
        let method = format!("--method={method}");
        let options = [&[&*method, "--json"][..], &LEFT_OUT].concat();
        let output = place.run(&select("y.npy", &options));
        let record: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(record["skipped"], skipped);
        assert_eq!(
            (&record["excluded"], &record["rows"]),
            (&json!(2), &json!(60))
        );
        assert_eq!(record["picks"].as_array().unwrap().len(), 11);
        let rows = skipped.as_array().unwrap().len();
        let said = stderr(&output);
        let words = format!("skipped: {rows} rows without finite values or a direction\n");
        assert!(
            said.contains("excluded: 2 rows\n") && said.contains(&words),
            "{said}"
        );
    }
}

#[test]
fn what_does_not_go_with_rows_left_out_is_refused() {
    let place = place();
    place.put("labelled.txt", b"1\n6\n");
    place.put("past.txt", b"60\n");
    place.put(
        "all.txt",
        (0..60)
            .map(|row| format!("{row}\n"))
            .collect::<String>()
            .as_bytes(),
    );
    place.put("few.txt", b"0\n1\n0\n");
    for (code, options, words) in [
        (
            1,
            &["--method=random"][..],
            "y.npy: features: NaN found at row 3, column 1",
        ),
        (
            1,
            &["--method=random", "--exclude=past.txt"],
            "past.txt: exclude: row 60 found, indices below 60 expected",
        ),
        (
            2,
            &["--method=random", "--exclude=all.txt"],
            "none of 60 rows that is not left out found, at least one expected",
        ),
        (
            1,
            &[
                "--method=random",
                "--labelled=labelled.txt",
                LEFT_OUT[0],
                LEFT_OUT[1],
            ],
            "labelled.txt: labelled: row 6, which is left out, found, others expected",
        ),
        (
            1,
            &["--method=sas", "--classes=few.txt", "--skip-invalid"],
            "few.txt: classes: 3 entries found, one for each of 60 rows expected",
        ),
        (
            2,
            &["--method=sas", "--views=2", "--skip-invalid"],
            "--views: --exclude or --skip-invalid found, neither expected",
        ),
    ] {
        let output = place.run(&select("y.npy", options));
        let said = stderr(&output);
        assert!(said.contains(words), "{options:?}: {said}");
        assert_eq!(output.status.code(), Some(code), "{options:?}: {said}");
    }
}
