//! Methods against each other, on the command line.

mod bad;

use crate::evaluate::{digits, example};
use crate::place::{Place, f32s, indices, npy, stderr};
use coresift::compare::{Compared, Comparison, Contender, Score};
use coresift::{CpuPool, Features, GramSchmidt, Norm, Selector, Then, TypiClust, Uniform};
use serde_json::{Value, json};
use std::ops::ControlFlow;

/// Sixty rows of three values about three places, a class each.
fn rows() -> (Vec<f32>, Vec<usize>) {
    let labels: Vec<usize> = (0..60).map(|row| row * 7 % 3).collect();
    let value = |at: usize| {
        let (row, column) = (at / 3, at % 3);
        let about = if labels[row] == column { 2.0 } else { 0.0 };
        about + ((row * row * 7 + column * 13) % 17) as f32 / 17.0
    };
    ((0..180).map(value).collect(), labels)
}

const NAMES: [&str; 3] = ["hat", "bag", "shoe"];

fn place() -> Place {
    let place = Place::new();
    let (x, labels) = rows();
    place.put("y.npy", &npy("<f4", false, "(60, 3)", &f32s(&x)));
    let names: String = labels
        .iter()
        .map(|&of| format!("{}\n", NAMES[of]))
        .collect();
    place.put("l.txt", names.as_bytes());
    place
}

const METHODS: &str = "--methods=random,gram-schmidt,typiclust:then-norm";

fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let common = [
        "compare",
        "y.npy",
        "--labels=l.txt",
        "--device=cpu",
        "--seeds=3",
    ];
    [&common[..], more].concat()
}

fn record(place: &Place, args: &[&str]) -> Value {
    let text = place.done(&[args, &["--json"]].concat());
    let record: Value = serde_json::from_str(&text).unwrap();
    let schema = include_str!("../../../src/compare/compare.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let wrong = schema.iter_errors(&record).next();
    assert!(wrong.is_none(), "{wrong:?}");
    record
}

/// Three methods as the library has them.
fn contenders() -> Vec<Contender<'static>> {
    fn uniform(seed: u64) -> Box<dyn Selector> {
        Box::new(Uniform {
            seed,
            ..Uniform::default()
        })
    }
    fn gram_schmidt(seed: u64) -> Box<dyn Selector> {
        Box::new(GramSchmidt {
            seed,
            ..GramSchmidt::default()
        })
    }
    fn mixture(seed: u64) -> Box<dyn Selector> {
        let first = TypiClust {
            seed,
            ..TypiClust::default()
        };
        let second = Norm {
            seed,
            ..Norm::default()
        };
        Box::new(Then::new(first, second))
    }
    let all: [(&str, Make); 3] = [
        ("random", uniform),
        ("gram-schmidt", gram_schmidt),
        ("typiclust:then-norm", mixture),
    ];
    let contender = |(name, selector): (&str, Make)| Contender {
        name: name.to_owned(),
        selector: Box::new(selector),
    };
    all.into_iter().map(contender).collect()
}

fn compared() -> Compared {
    let (x, labels) = rows();
    // By name: bag, hat, shoe.
    let classes: Vec<u32> = labels.iter().map(|&of| [1, 0, 2][of]).collect();
    let comparison = Comparison {
        labels: &classes,
        budgets: &[3, 6, 9],
        seeds: 3,
        train: 40,
    };
    let done = comparison.run(
        &Features::new(&x, 60, 3).unwrap(),
        &contenders(),
        &|features| Ok(Box::new(CpuPool::new(features))),
        &mut |_| ControlFlow::Continue(()),
    );
    done.unwrap()
}

/// Makes a selector for a seed.
type Make = fn(u64) -> Box<dyn Selector>;

#[test]
fn a_record_has_what_the_library_finds() {
    let (place, want) = (place(), compared());
    let record = record(&place, &run(&[METHODS, "--budgets=3..9"]));
    assert_eq!(record["labels"], json!(["bag", "hat", "shoe"]));
    let options = &record["options"];
    let sizes = (&options["select_from"], &options["test_on"]);
    assert_eq!(sizes, (&json!(40), &json!(20)));
    assert_eq!(options["budgets"], json!([3, 6, 9]));
    let mixture = &options["methods"][2]["options"];
    assert_eq!(mixture["then"]["method"], "norm");
    let splits = record["splits"].as_array().unwrap();
    assert_eq!(splits.len(), 3);
    for (found, want) in splits.iter().zip(&want.splits) {
        assert_eq!(found["held_out"], json!(want.held_out));
        let (found, trials) = (found["trials"].as_array().unwrap(), want.trials.concat());
        assert_eq!(found.len(), trials.len());
        for (found, want) in found.iter().zip(&trials) {
            assert_eq!(found["picks"], json!(want.picks));
            assert_eq!(found["linear_probe"], json!(want.scores.probe));
            assert_eq!(found["nearest_pick"], json!(want.scores.nearest));
            assert_eq!(found["class_coverage"], json!(want.scores.coverage));
        }
    }
    let (found, want) = (&record["summary"][0], want.summary(Score::Probe));
    assert_eq!(found["score"], "linear-probe");
    let methods = &found["methods"];
    assert_eq!(methods[0]["all"]["difference"], Value::Null);
    for (figures, want) in [
        (&methods[1]["budgets"][2], want[1][2]),
        (&methods[2]["all"], want[2][3]),
    ] {
        let difference = want.difference;
        let want = json!({
            "mean": want.mean,
            "error": want.error,
            "difference": {
                "mean": difference.mean,
                "error": difference.error,
                "better": difference.better,
                "worse": difference.worse,
            },
        });
        assert_eq!(*figures, want);
    }
}

/// The picks are those that `select` makes where the others are left out.
#[test]
fn picks_are_those_of_select() {
    let place = place();
    let record = record(
        &place,
        &run(&["--methods=coverage,typiclust", "--budgets=5,8"]),
    );
    for split in record["splits"].as_array().unwrap() {
        let held_out: Vec<String> = (split["held_out"].as_array().unwrap().iter())
            .map(|row| format!("{row}\n"))
            .collect();
        place.put("e.txt", held_out.concat().as_bytes());
        for trial in split["trials"].as_array().unwrap() {
            let (method, budget) = (trial["method"].as_str().unwrap(), &trial["budget"]);
            let options = [
                format!("--method={method}"),
                format!("--budget={budget}"),
                format!("--seed={}", split["seed"]),
            ];
            let mut args = vec![
                "select",
                "y.npy",
                "--device=cpu",
                "--exclude=e.txt",
                "--quiet",
            ];
            args.extend(options.iter().map(String::as_str));
            let picks = indices(&place.done(&args));
            assert_eq!(trial["picks"], json!(picks), "{options:?}");
        }
    }
}

#[test]
fn threads_devices_and_memory_change_nothing() {
    let place = place();
    place.put("y.npy", &digits());
    place.put(
        "l.npy",
        &std::fs::read(example("digits_labels.npy")).unwrap(),
    );
    let compare = |more: &[&str]| {
        let common = [
            "compare",
            "y.npy",
            "--labels=l.npy",
            "--methods=random,typiclust,coverage,norm",
            "--budgets=10,20",
            "--seeds=2",
            "--rows=600",
        ];
        record(&place, &[&common[..], more].concat())
    };
    let want = compare(&["--device=cpu", "--threads=1"]);
    let mut others = vec![
        compare(&["--device=cpu", "--threads=2"]),
        compare(&["--device=cpu", "--memory=100KiB"]),
    ];
    #[cfg(feature = "gpu")]
    others.push(compare(&["--device=llvmpipe"]));
    for mut other in others.drain(..) {
        other["device"] = want["device"].clone();
        assert!(other == want);
    }
}

#[test]
fn tables_have_means_and_differences() {
    let place = place();
    let summary =
        "compare: 3 methods, 2 budgets, 3 seeds, 30 rows to select from and 30 to test on, ";
    let args = run(&[METHODS, "--budgets=4,10%", "--test-share=50%"]);
    let output = place.run(&args);
    assert!(stderr(&output).contains(summary), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let record = record(&place, &args);
    for (score, title) in [
        "accuracy of the linear probe in per cent (standard error):",
        "accuracy of the nearest pick in per cent (standard error):",
        "class coverage in per cent (standard error):",
    ]
    .into_iter()
    .enumerate()
    {
        let at = text.find(title).unwrap_or_else(|| panic!("{text}"));
        let lines: Vec<&str> = text[at..].lines().collect();
        assert_eq!(
            lines[1].split_whitespace().collect::<Vec<_>>(),
            ["4", "3", "all"]
        );
        let methods = &record["summary"][score]["methods"];
        let mean = shown(&methods[0]["all"], "");
        assert!(
            lines[2].starts_with("random ") && lines[2].ends_with(&mean),
            "{text}"
        );
        assert_eq!(
            lines[5],
            "more than random, and at how many seeds it is more and less:"
        );
        let more = &methods[2]["all"]["difference"];
        let more = format!("{} {}:{}", shown(more, "+"), more["better"], more["worse"]);
        let is_shown = lines[7].starts_with("typiclust:then-norm ") && lines[7].ends_with(&more);
        assert!(is_shown, "{text}");
    }
    place.done(&[&args[..], &["--out=c.csv"]].concat());
    let csv = place.text("c.csv");
    assert_eq!(csv.lines().count(), 1 + 3 * 3 * 3);
    assert!(
        csv.starts_with(
            "score,method,budget,mean,error,difference,difference_error,better,worse\n"
        )
    );
    assert!(csv.contains("\nclass-coverage,typiclust:then-norm,all,"));
}

/// A number and its standard error as tables show them.
fn shown(figures: &Value, sign: &str) -> String {
    let [mean, error] = ["mean", "error"].map(|name| 100.0 * figures[name].as_f64().unwrap());
    let sign = if mean < 0.0 { "-" } else { sign };
    format!("{sign}{:.1} ({error:.1})", mean.abs())
}

/// Rows that are left out are in no split, and the others keep their numbers.
#[test]
fn rows_left_out() {
    let place = place();
    place.put("e.txt", b"0\n59\n7\n");
    let record = record(
        &place,
        &run(&["--methods=random,norm", "--budgets=30", "--exclude=e.txt"]),
    );
    assert_eq!(
        (&record["excluded"], &record["options"]["select_from"]),
        (&json!(3), &json!(38))
    );
    for split in record["splits"].as_array().unwrap() {
        let held_out = split["held_out"].as_array().unwrap();
        let picks = split["trials"][0]["picks"].as_array().unwrap();
        let rows: Vec<u64> = held_out
            .iter()
            .chain(picks)
            .map(|row| row.as_u64().unwrap())
            .collect();
        assert_eq!(rows.len(), 19 + 30);
        for row in &rows {
            assert!(
                ![0, 59, 7].contains(row) && rows.iter().filter(|other| *other == row).count() == 1
            );
        }
    }
}

#[test]
fn the_example_of_the_help_runs() {
    let place = Place::new();
    place.put("features.npy", &digits());
    place.put(
        "labels.npy",
        &std::fs::read(example("digits_labels.npy")).unwrap(),
    );
    let help = place.done(&["compare", "--help"]).replace("\\\n", "");
    let example = help
        .lines()
        .find_map(|line| line.strip_prefix("    coresift "));
    let mut args: Vec<&str> = example.unwrap().split_whitespace().collect();
    args.push("--seeds=2");
    let lines = place.done(&args).lines().count();
    assert_eq!(lines, 3 * (1 + 1 + 4 + 1 + 3) + 2);
}

#[test]
fn a_page_has_every_score_and_method() {
    let place = place();
    let asked = run(&[METHODS, "--budgets=3,6"]);
    let alone = place.done(&asked);
    assert_eq!(
        place.done(&[&asked[..], &["--report=c.html"]].concat()),
        alone
    );
    let page = place.text("c.html");
    for words in [
        "<h1>3 methods compared</h1>",
        "typiclust:then-norm",
        "<h3>linear probe by budget</h3>",
        "<h3>nearest pick against random</h3>",
        "<h2>class coverage</h2>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("NaN"));
    let error = place.fails(
        1,
        &[&asked[..], &["--out=c.html.txt", "--report=none/c.html"]].concat(),
    );
    assert!(
        error.contains("no folder \"none\" found, one expected"),
        "{error}"
    );
}
