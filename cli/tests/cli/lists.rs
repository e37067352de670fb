//! Lists as spreadsheets, pandas and numpy write them: what is read, and what is refused with which words.

use crate::place::{Place, npy};

/// Twelve classes, no two neighbours' alike, so that a shift or another column shows.
const CLASSES: [usize; 12] = [4, 0, 2, 4, 0, 2, 2, 4, 0, 0, 4, 2];

fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let base = ["select", "x.npy", "--device=cpu", "--budget=6", "--quiet"];
    [&base[..], more].concat()
}

/// A line for every row, of what `line` makes of the row and its class.
fn table(title: &str, line: impl Fn(usize, usize) -> String) -> String {
    let lines = CLASSES
        .iter()
        .enumerate()
        .map(|(row, &class)| line(row, class));
    std::iter::once(title.to_owned()).chain(lines).collect()
}

/// The same lines, the last first.
fn reversed(table: &str) -> String {
    let mut lines: Vec<&str> = table.lines().collect();
    lines[1..].reverse();
    lines.join("\n")
}

#[test]
fn a_column_of_classes_is_found_by_its_title() {
    let place = Place::new();
    let plain = table("", |_, class| format!("{class}\n"));
    place.put("plain.txt", plain.as_bytes());
    let sas = |list: &str| place.done(&run(&["--method=sas", &format!("--classes={list}")]));
    let want = sas("plain.txt");
    let indexed = table("index,class\n", |row, class| format!("{row},{class}\n"));
    let tables = [
        indexed.clone(),
        // Whose each class is, is read and not taken for granted.
        reversed(&indexed),
        table("Class\n", |_, class| format!("{class}\n")),
        table("\u{feff}\"class\"\r\n", |_, class| {
            format!("\"{class}\"\r\n")
        }),
        table(",labels\n", |row, class| format!("{row},{class}\n")),
        table("name;Target;score\n", |row, class| {
            format!("\"a;{row}\";{class};1,5\n")
        }),
        table("score\tcluster\trow\n", |row, class| {
            format!("{row}.5\t {class}\t{row}\n\n")
        }),
        table("text,label\n", |row, class| {
            format!(
                "\"{row}\nsaid \"\"so\"\", and {}\",{class}\n",
                "on ".repeat(99)
            )
        }),
        // The option's own name counts before others.
        table("label,class,target\n", |row, class| {
            format!("{row},{class},1\n")
        }),
    ];
    for text in &tables {
        for list in ["c.csv", "c.txt"] {
            place.put(list, text.as_bytes());
            assert_eq!(sas(list), want, "{text}");
        }
    }
    place.put(
        "c.txt",
        table(" class  index\n", |row, class| {
            format!("  {class}   {row} \n")
        })
        .as_bytes(),
    );
    assert_eq!(sas("c.txt"), want);
    place.put("c.json", format!("\u{feff}{CLASSES:?}").as_bytes());
    assert_eq!(sas("c.json"), want);
}

#[test]
fn clusters_are_found_by_their_titles_too() {
    let place = Place::new();
    let clusters = |text: &str| {
        place.put("c.csv", text.as_bytes());
        place.done(&run(&["--method=typiclust", "--given-clusters=c.csv"]))
    };
    let want = clusters(&table("", |_, class| format!("{class}\n")));
    let both = table("class,cluster,index\n", |row, class| {
        format!("{},{class},{row}\n", row % 2)
    });
    assert_eq!(clusters(&both), want);
    assert_eq!(clusters(&reversed(&both)), want);
}

#[test]
fn rows_and_labels_are_found_by_their_titles() {
    let place = Place::new();
    let norm = |option: &str, list: &str, text: &str| {
        place.put(list, text.as_bytes());
        place.done(&run(&["--method=norm", &format!("--{option}={list}")]))
    };
    let want = norm("labelled", "l.txt", "3\n7\n");
    for text in [
        "score,Row\n1.5,3\n2,7\n",
        "indices\n3\n7\n",
        "\u{feff}\"index\";\"class\"\r\n\"3\";\"1\"\r\n\"7\";\"\"\r\n",
        "\r\n3\r\n  \r\n\r\n7",
    ] {
        assert_eq!(norm("labelled", "l.csv", text), want, "{text}");
        assert_eq!(norm("labelled", "l.txt", text), want, "{text}");
    }
    // What `--out` writes is read again.
    place.done(&run(&["--method=norm", "--out=p.csv"]));
    let picks = place.text("p.csv");
    let rows: String = picks
        .lines()
        .skip(1)
        .map(|line| format!("{}\n", line.split(',').next().unwrap()))
        .collect();
    assert_eq!(
        norm("labelled", "p.csv", &picks),
        norm("labelled", "p.txt", &rows)
    );

    let want = norm("few-labels", "f.csv", "0,3\n4,5\n9,3\n");
    for text in [
        "label,index\n3,0\n5,4\n3,9\n",
        "index\tname\tclass\n0\ta\t3\n4\tb\t5\n9\tc\t3\n",
        "0;3\n4;5\n9;3\n",
        "0, 3\n4, 5\n\n9, 3\n",
    ] {
        assert_eq!(norm("few-labels", "f.csv", text), want, "{text}");
        assert_eq!(norm("few-labels", "f.txt", text), want, "{text}");
    }
    assert_eq!(norm("few-labels", "f.txt", " 0   3\n4 5\n\n9 3 "), want);
}

/// `np.array([])` is of float64.
#[test]
fn an_empty_array_is_an_empty_list() {
    let place = Place::new();
    let want = place.done(&run(&["--method=norm"]));
    place.put("l.npy", &npy("<f8", false, "(0,)", b""));
    assert_eq!(
        place.done(&run(&["--method=norm", "--labelled=l.npy"])),
        want
    );
    place.put("l.txt", b"");
    assert_eq!(
        place.done(&run(&["--method=norm", "--labelled=l.txt"])),
        want
    );
    let error = place.fails(1, &run(&["--method=norm", "--few-labels=l.npy"]));
    assert!(error.contains("l.npy: few-labels: no row found"), "{error}");
}

#[test]
fn what_may_be_misread_is_refused() {
    let place = Place::new();
    let pairs = table("", |row, class| format!("{row},{class}\n"));
    let mut twice = table("index,class\n", |row, class| format!("{row},{class}\n"));
    twice = twice.replace("\n7,", "\n6,");
    let far = twice.replacen("\n6,", "\n12,", 1);
    let named = "a column named index or row expected";
    for (option, list, text, message) in [
        (
            "classes",
            "c.csv",
            &pairs[..],
            "2 columns found on line 1, 1 expected, or a title that names class or cluster or label or target",
        ),
        (
            "classes",
            "c.csv",
            "index,kind\n0,1\n",
            "\"index\", \"kind\" found on line 1, numbers or a column named class or cluster or label or target expected",
        ),
        (
            "classes",
            "c.csv",
            "label,target\n0,1\n",
            "columns label and target found on line 1, one of them expected",
        ),
        (
            "classes",
            "c.csv",
            &twice,
            "row 6 found twice, each of 12 rows from 0 on expected once",
        ),
        (
            "classes",
            "c.csv",
            &far,
            "row 12 found, each of 12 rows from 0 on expected once",
        ),
        (
            "classes",
            "c.csv",
            ",class\n1,4\n0,4\n",
            "a first column without a title, and not 0, 1, 2, ..., found",
        ),
        (
            "classes",
            "c.csv",
            "class\n4\n\"\"\n0\n",
            "\"\" found on line 3, a class expected",
        ),
        (
            "classes",
            "c.json",
            r#"{"picks": [0, 1]}"#,
            "no list found (invalid type: map, expected a list",
        ),
        (
            "classes",
            "c.json",
            r#"["a"]"#,
            "a string, expected a whole number",
        ),
        (
            "given-clusters",
            "c.csv",
            "class,label\n0,1\n",
            "columns class and label found on line 1",
        ),
        (
            "labelled",
            "l.csv",
            "3,1.5\n",
            "2 columns found on line 1, 1 expected, or a title that names index or row",
        ),
        ("labelled", "l.csv", "score\n3\n", named),
        (
            "labelled",
            "l.txt",
            "3 1\n",
            "2 columns found on line 1, 1 expected",
        ),
        (
            "labelled",
            "l.csv",
            "index,row\n3,3\n",
            "columns index and row found on line 1, one of them expected",
        ),
        (
            "labelled",
            "l.csv",
            "index,score\n3,1\n4\n",
            "1 column found on line 3, 2 expected, as on line 1",
        ),
        (
            "labelled",
            "l.csv",
            "index,score\r\n3,1\r\n\r\n4.0,2\r\n",
            "\"4.0\" found on line 4, a row index expected",
        ),
        (
            "labelled",
            "l.json",
            r#"{"picks": [1], "picks": [2]}"#,
            "duplicate field `picks`",
        ),
        (
            "few-labels",
            "f.csv",
            "0,1,2\n",
            "3 columns found on line 1, 2 expected, or a title that names index or row, and label or class",
        ),
        ("few-labels", "f.csv", "label,score\n0,1\n", named),
        (
            "few-labels",
            "f.json",
            "[[0, 1, 2]]",
            "no list found (trailing characters",
        ),
    ] {
        place.put(list, text.as_bytes());
        let method = match option {
            "classes" => "--method=sas",
            "given-clusters" => "--method=typiclust",
            _ => "--method=norm",
        };
        let error = place.fails(
            1,
            &run(&[method, &format!("--{option}={list}"), "--out=s.npy"]),
        );
        let expected = format!("error: {list}: {option}: ");
        assert!(
            error.contains(&expected) && error.contains(message),
            "{expected}{message}\n{error}"
        );
    }
}
