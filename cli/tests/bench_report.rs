//! Reports of measurements: their file and its schema, their tables, their comparison and picture.

use coresift::Error;
use coresift_cli::bench::report::{
    Adapter, Ceiling, Kernel, Missing, Named, Part, Report, SCHEMA, Samples, Selector, Timing,
    Unit, load, save,
};
use coresift_cli::bench::{compare, plot, table};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

// ---------------------------------------------------------------- reports by hand

fn samples(seconds: &[f64]) -> Samples {
    let seconds = seconds.to_vec();
    Samples { seconds }
}

fn size(sizes: &[(&str, u64)]) -> BTreeMap<String, u64> {
    sizes
        .iter()
        .map(|&(name, value)| (name.to_owned(), value))
        .collect()
}

fn ceiling(name: &str, unit: Unit, work: f64, seconds: &[f64]) -> Ceiling {
    Ceiling {
        name: name.to_owned(),
        unit,
        work,
        samples: samples(seconds),
    }
}

/// A kernel whose least time is half a millisecond.
fn kernel(name: &str, bytes: f64, operations: f64, bound_by: &str, seconds: &[f64]) -> Kernel {
    Kernel {
        name: name.to_owned(),
        size: size(&[("rows", 1_000_000), ("dim", 512)]),
        bytes,
        operations,
        bound_by: bound_by.to_owned(),
        least_seconds: 5e-4,
        samples: samples(seconds),
    }
}

fn selector(name: &str, budget: u64, median: f64) -> Selector {
    Selector {
        name: name.to_owned(),
        size: size(&[("rows", 50_000), ("dim", 512), ("budget", budget)]),
        samples: samples(&[0.9 * median, median, 1.2 * median]),
        passes: 12,
        device_seconds: 0.6 * median,
        host_seconds: 0.3 * median,
        peak_device_bytes: Some(3 << 30),
        parts: vec![Part {
            kernel: "deflate".to_owned(),
            calls: 12,
            seconds: 0.5 * median,
        }],
    }
}

fn adapter(name: &str, backend: &str, kind: &str) -> Adapter {
    Adapter {
        name: name.to_owned(),
        backend: backend.to_owned(),
        kind: kind.to_owned(),
        driver: String::new(),
        threads: None,
        limits: size(&[("max_buffer_size", 1 << 31)]),
        timing: Timing::Timestamps,
        ceilings: Vec::new(),
        kernels: Vec::new(),
        selectors: Vec::new(),
        missing: Vec::new(),
    }
}

/// An adapter that has everything.
fn gpu() -> Adapter {
    Adapter {
        driver: "driver 550.54".to_owned(),
        ceilings: vec![
            ceiling("copy", Unit::BytesPerSecond, 2e9, &[1e-3, 1.1e-3, 0.9e-3]),
            ceiling("multiply-add f32", Unit::OperationsPerSecond, 4e10, &[1e-3]),
            ceiling("multiply-add i32", Unit::OperationsPerSecond, 2e10, &[1e-3]),
            ceiling("dispatch", Unit::Seconds, 0.0, &[3e-6, 4e-6]),
        ],
        kernels: vec![
            kernel(
                "row_norms",
                2.048e9,
                1.024e9,
                "copy",
                &[1e-3, 1e-3, 1.25e-3],
            ),
            kernel("count_within", 1e7, 1e10, "multiply-add i32", &[2e-3]),
            kernel("gather_rows", 1e6, 0.0, "copy", &[1e-3]),
            kernel("multiply-add alone", 0.0, 1e9, "multiply-add f32", &[1e-3]),
        ],
        selectors: vec![
            selector("gram-schmidt", 200, 0.5),
            selector("sas", 25_000, 0.25),
        ],
        missing: vec![Missing {
            what: "multiply-add f16".to_owned(),
            why: "the adapter has no SHADER_F16".to_owned(),
        }],
        ..adapter("Card 9000", "vulkan", "discrete")
    }
}

fn cpu() -> Adapter {
    Adapter {
        threads: Some(2),
        timing: Timing::WallClock,
        ..adapter("cpu", "cpu", "cpu-pool")
    }
}

fn report(adapters: Vec<Adapter>) -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        crate_version: "0.1.0".to_owned(),
        wgpu_version: Some("30.0.1".to_owned()),
        quick: false,
        date: "2026-11-25T18:27:40Z".to_owned(),
        adapters,
    }
}

fn named(name: &str, adapters: Vec<Adapter>) -> Named {
    Named {
        name: name.to_owned(),
        report: report(adapters),
    }
}

fn json(report: &Report) -> Value {
    serde_json::to_value(report).unwrap()
}

// ---------------------------------------------------------------- figures

#[test]
fn medians_spreads_rates_and_shares() {
    assert_eq!(samples(&[3.0, 1.0, 2.0]).median(), 2.0);
    assert_eq!(samples(&[4.0, 1.0, 2.0, 3.0]).median(), 2.5);
    assert_eq!(samples(&[3.0, 1.0, 2.0]).spread(), 1.0);
    assert_eq!(samples(&[5.0]).spread(), 0.0);
    assert!(samples(&[]).median().is_nan() && samples(&[]).spread().is_nan());
    let half = [0.5, 0.5];
    assert_eq!(
        ceiling("copy", Unit::BytesPerSecond, 3.0, &half).rate(),
        6.0
    );
    assert_eq!(ceiling("dispatch", Unit::Seconds, 0.0, &half).rate(), 0.5);
    assert_eq!(kernel("row_norms", 1.0, 1.0, "copy", &[1e-3]).share(), 0.5);
}

// ---------------------------------------------------------------- the file

#[test]
fn a_saved_report_is_read_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.json");
    for written in [report(vec![gpu(), cpu()]), report(vec![])] {
        save(&written, &path).unwrap();
        assert_eq!(load(&path).unwrap(), written);
    }
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "a file besides"
    );
}

/// What `load` says of a file with these contents, after its name.
fn refusal(contents: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.json");
    fs::write(&path, contents).unwrap();
    let error = load(&path).unwrap_err();
    assert!(matches!(error, Error::Report { .. }), "{error:?}");
    let words = error.to_string();
    let name = format!("{}: ", path.display());
    words
        .strip_prefix(&name)
        .unwrap_or_else(|| panic!("{words}: no file"))
        .to_owned()
}

#[test]
fn what_is_no_report_is_refused_by_name() {
    let good = json(&report(vec![gpu()]));
    let expected = r#" found, a report of schema "coresift-bench/1" expected"#;
    let mut newer = good.clone();
    newer["schema"] = "coresift-bench/2".into();
    newer["cards"] = newer["adapters"].take();
    let told = refusal(&newer.to_string());
    assert_eq!(told, format!(r#"schema "coresift-bench/2"{expected}"#));
    for (contents, found) in [
        ("", "no report (EOF"),
        ("[1, 2]", "no report (invalid type"),
        (r#"{"picks": [1]}"#, "no report (missing field `schema`"),
        (
            r#"{"schema": "coresift-bench/1"}"#,
            "no report (missing field `crate_version`",
        ),
    ] {
        let told = refusal(contents);
        assert!(
            told.starts_with(found) && told.ends_with(expected),
            "{contents}: {told}"
        );
    }
    let mut empty = good.clone();
    empty["adapters"][0]["kernels"][0]["samples"]["seconds"] = Value::Array(vec![]);
    assert!(refusal(&empty.to_string()).contains("there is no sample"));
    empty["adapters"][0]["kernels"][0]["samples"]["seconds"] = vec![0.5; 1001].into();
    let told = refusal(&empty.to_string());
    assert!(
        told.contains("invalid length 1001, expected 1 to 1000 samples"),
        "{told}"
    );
    let mut negative = good;
    negative["adapters"][0]["kernels"][0]["bytes"] = (-1.0).into();
    assert!(refusal(&negative.to_string()).contains("-1 is negative"));
}

#[test]
fn files_that_the_system_keeps_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("r.json");
    let error = load(&path).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{}: cannot open the file: ", path.display())),
        "{error}"
    );
    let told = format!("{}: cannot write the file: ", path.display());
    let error = save(&report(vec![]), &path).unwrap_err().to_string();
    assert!(error.starts_with(&told), "{error}");
    let error = plot::draw(&[named("a", vec![gpu()])], &path)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with(&told), "{error}");
}

#[test]
fn a_report_that_could_not_be_read_again_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.json");
    let mut broken = report(vec![gpu()]);
    broken.adapters[0].kernels[0].least_seconds = f64::NAN;
    assert!(matches!(save(&broken, &path), Err(Error::Report { .. })));
    assert!(!path.exists());
}

// ---------------------------------------------------------------- its schema

fn schema() -> jsonschema::Validator {
    let text = include_str!("../src/bench/report.schema.json");
    let schema = serde_json::from_str(text).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// Paths of all objects with fields of their own; those of sizes and limits have any.
fn objects(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if !path.ends_with("/size") && !path.ends_with("/limits") {
                found.push(path.to_owned());
            }
            for (name, field) in fields {
                objects(field, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                objects(item, &format!("{path}/{at}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn reports_are_valid_by_the_schema_and_no_field_is_optional() {
    let schema = schema();
    assert!(schema.is_valid(&json(&report(vec![]))));
    let good = json(&report(vec![gpu(), cpu()]));
    assert!(
        schema.is_valid(&good),
        "{:?}",
        schema.iter_errors(&good).next()
    );
    let mut paths = Vec::new();
    objects(&good, "", &mut paths);
    let mut fields = 0;
    for path in &paths {
        let names: Vec<String> = good
            .pointer(path)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for name in names {
            let mut without = good.clone();
            let object = without.pointer_mut(path).unwrap().as_object_mut().unwrap();
            let field = object.remove(&name).unwrap();
            let mut misnamed = without.clone();
            let object = misnamed.pointer_mut(path).unwrap().as_object_mut().unwrap();
            object.insert(format!("{name}s"), field.clone());
            let mut more = good.clone();
            let object = more.pointer_mut(path).unwrap().as_object_mut().unwrap();
            object.insert(format!("{name}s"), field);
            for (broken, how) in [
                (without, "removed"),
                (misnamed, "misnamed"),
                (more, "added to"),
            ] {
                assert!(
                    !schema.is_valid(&broken),
                    "{path}/{name} {how}: valid by the schema"
                );
                refusal(&broken.to_string());
            }
            fields += 1;
        }
    }
    assert!(fields > 100, "{fields} fields found");
}

#[test]
fn figures_out_of_range_are_invalid_by_the_schema() {
    let schema = schema();
    let good = json(&report(vec![gpu(), cpu()]));
    for (path, value) in [
        ("/schema", Value::from("coresift-bench/2")),
        ("/date", "25 November".into()),
        ("/adapters/0/backend", "cuda".into()),
        ("/adapters/0/kind", "gpu".into()),
        ("/adapters/0/timing", "Timestamps".into()),
        ("/adapters/0/threads", (-1).into()),
        ("/adapters/0/limits/max_buffer_size", "2 GiB".into()),
        ("/adapters/0/ceilings/0/unit", "GB/s".into()),
        (
            "/adapters/0/kernels/0/samples/seconds",
            Value::Array(vec![]),
        ),
        (
            "/adapters/0/kernels/0/samples/seconds",
            vec![0.5; 1001].into(),
        ),
        ("/adapters/0/kernels/0/least_seconds", Value::Null),
        ("/adapters/0/kernels/0/size/rows", 0.5.into()),
        ("/adapters/0/selectors/0/host_seconds", (-0.5).into()),
    ] {
        let mut broken = good.clone();
        *broken.pointer_mut(path).unwrap() = value;
        assert!(!schema.is_valid(&broken), "{path}");
    }
}

// ---------------------------------------------------------------- tables

/// The one line that has all of some words.
fn line<'a>(text: &'a str, words: &[&str]) -> &'a str {
    let mut lines = text
        .lines()
        .filter(|line| words.iter().all(|word| line.contains(word)));
    let found = lines
        .next()
        .unwrap_or_else(|| panic!("no line with {words:?} in\n{text}"));
    assert_eq!(lines.next(), None, "two lines with {words:?} in\n{text}");
    found
}

/// Words between blanks of two or more.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect()
}

#[test]
fn a_name_of_any_length_is_shown() {
    let mut odd = cpu();
    let name = "long ".repeat(20_000);
    odd.kernels = vec![
        kernel(&name, 1.0, 1.0, "copy", &[1.0]),
        kernel("short", 1.0, 1.0, "copy", &[1.0]),
    ];
    let text = table::table(&report(vec![odd]));
    line(&text, &[name.trim_end(), "1.00 s"]);
    assert!(line(&text, &["short"]).len() < 400);
}

#[test]
fn the_table_says_what_was_measured() {
    let text = table::table(&report(vec![gpu(), cpu()]));
    line(
        &text,
        &["coresift 0.1.0, wgpu 30.0.1; 2026-11-25T18:27:40Z; full sizes"],
    );
    line(
        &text,
        &["Card 9000: vulkan, discrete, driver 550.54, timed by its own clock"],
    );
    line(
        &text,
        &["cpu: cpu, cpu-pool, 2 threads, timed by the host's clock"],
    );
    let copy = line(&text, &["    copy "]);
    assert_eq!(cells(copy), ["copy", "2.00 TB/s", "20.0 %"]);
    assert_eq!(
        cells(line(&text, &["dispatch"])),
        ["dispatch", "3.50 µs", "28.6 %"]
    );
    line(&text, &["    dim 512, rows 1M"]);
    let norms = line(&text, &["row_norms"]);
    assert_eq!(
        cells(norms),
        [
            "row_norms",
            "1.00 ms",
            "25.0 %",
            "2.05 TB/s",
            "50 %",
            "copy"
        ]
    );
    let count = line(&text, &["count_within"]);
    let want = [
        "count_within",
        "2.00 ms",
        "0.0 %",
        "5.00 TOP/s",
        "25 %",
        "multiply-add i32",
    ];
    assert_eq!(cells(count), want);
    line(&text, &["gram-schmidt: budget 200, dim 512, rows 50k"]);
    line(
        &text,
        &[
            "in all",
            "500 ms",
            "30.0 %",
            "12",
            "300 ms",
            "150 ms",
            "3072.0 MiB",
        ],
    );
    line(&text, &["deflate, 12 calls", "250 ms"]);
    line(&text, &["multiply-add f16: the adapter has no SHADER_F16"]);
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{widest:?} columns in\n{text}");
}

#[test]
fn the_table_of_odd_reports_has_no_false_figure() {
    let mut odd = adapter("odd", "gl", "other");
    odd.kernels = vec![
        kernel("no time", 1.0, 1.0, "copy", &[0.0, 0.0]),
        kernel("no ceiling", 1.0, 1.0, "gone", &[1.0]),
        kernel("no sample", 1.0, 1.0, "copy", &[]),
    ];
    odd.selectors = vec![Selector {
        peak_device_bytes: None,
        parts: vec![],
        ..selector("norm", 0, 0.0)
    }];
    let text = table::table(&report(vec![odd]));
    assert_eq!(
        cells(line(&text, &["no time"]))[1..],
        ["0.00 ns", "-", "-", "-", "copy"]
    );
    assert_eq!(cells(line(&text, &["no ceiling"]))[3], "-");
    assert_eq!(
        cells(line(&text, &["no sample"]))[1..],
        ["-", "-", "-", "-", "copy"]
    );
    assert_eq!(cells(line(&text, &["in all"])).last(), Some(&"-"));
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    assert!(
        !text.contains("ceilings") && !text.contains("not measured"),
        "{text}"
    );
    assert_eq!(table::table(&report(vec![])).lines().count(), 1);
}

// ---------------------------------------------------------------- comparison

#[test]
fn adapters_stand_side_by_side_with_ratios_to_the_first() {
    let mut slow = gpu();
    slow.ceilings[0].work /= 2.0;
    slow.ceilings[1].work /= 128.0;
    slow.kernels[0].samples = samples(&[4e-3]);
    slow.kernels.remove(1);
    slow.selectors[0] = selector("gram-schmidt", 200, 1.0);
    let reports = [
        named("a.json", vec![gpu(), cpu()]),
        named("b.json", vec![slow]),
    ];
    let text = compare::table(&reports).unwrap();
    let titles: Vec<&str> = text.lines().take(6).collect();
    assert!(titles[0].starts_with("[1] Card 9000: vulkan"), "{text}");
    assert_eq!(titles[1].trim(), "a.json, 2026-11-25T18:27:40Z");
    assert!(titles[2].starts_with("[2] cpu: cpu"), "{text}");
    assert_eq!(titles[3].trim(), "a.json, 2026-11-25T18:27:40Z");
    assert!(titles[4].starts_with("[3] Card 9000: vulkan"), "{text}");
    assert_eq!(titles[5].trim(), "b.json, 2026-11-25T18:27:40Z");
    let head = line(&text, &["ceilings"]);
    assert_eq!(
        cells(head),
        ["ceilings", "[1]", "[2]", "[2]/[1]", "[3]", "[3]/[1]"]
    );
    let copy = line(&text, &["copy"]);
    assert_eq!(
        cells(copy),
        ["copy", "2.00 TB/s", "-", "-", "1.00 TB/s", "0.50"]
    );
    assert!(
        line(&text, &["multiply-add f32"]).ends_with("  0.0078"),
        "{text}"
    );
    let norms = line(&text, &["row_norms"]);
    let want = [
        "row_norms",
        "1.00 ms",
        "50 %",
        "-",
        "-",
        "-",
        "4.00 ms",
        "12 %",
        "4.00",
    ];
    assert_eq!(cells(norms), want);
    let count = line(&text, &["count_within"]);
    let want = [
        "count_within",
        "2.00 ms",
        "25 %",
        "-",
        "-",
        "-",
        "-",
        "-",
        "-",
    ];
    assert_eq!(cells(count), want);
    let picks = line(&text, &["gram-schmidt"]);
    assert_eq!(
        cells(picks),
        ["gram-schmidt", "500 ms", "-", "-", "1.00 s", "2.00"]
    );
}

#[test]
fn a_kernel_at_several_sizes_is_compared_at_each() {
    let mut two = gpu();
    let mut small = two.kernels[0].clone();
    small.size = size(&[("rows", 1000), ("dim", 64)]);
    small.samples = samples(&[1e-6]);
    two.kernels.push(small);
    let text = compare::table(&[named("a", vec![two.clone()]), named("b", vec![two])]).unwrap();
    assert_eq!(
        text.lines()
            .filter(|line| line.contains("row_norms"))
            .count(),
        2
    );
    line(&text, &["row_norms", "1.00 µs"]);
}

fn not_compared(reports: &[Named]) -> String {
    compare::table(reports).unwrap_err().to_string()
}

#[test]
fn other_sizes_are_refused() {
    let mut other = gpu();
    other.kernels[0].size = size(&[("rows", 2048), ("dim", 512)]);
    assert_eq!(
        not_compared(&[named("a.json", vec![gpu()]), named("b.json", vec![other])]),
        "b.json: kernel row_norms of Card 9000 at (dim 512, rows 2048) found, \
         (dim 512, rows 1M) as of Card 9000 in a.json expected"
    );
    let mut other = gpu();
    other.selectors[1].size.insert("classes".to_owned(), 10);
    assert_eq!(
        not_compared(&[
            named("a.json", vec![cpu(), gpu()]),
            named("b.json", vec![other])
        ]),
        "b.json: selector sas of Card 9000 at (budget 25k, classes 10, dim 512, rows 50k) found, \
         (budget 25k, dim 512, rows 50k) as of Card 9000 in a.json expected"
    );
}

#[test]
fn quick_reports_are_refused_among_full_ones() {
    let mut quick = named("b.json", vec![gpu()]);
    quick.report.quick = true;
    assert_eq!(
        not_compared(&[named("a.json", vec![gpu()]), quick]),
        "b.json: quick sizes found, full sizes as in a.json expected"
    );
}

#[test]
fn reports_without_adapters_are_refused() {
    let told = "reports: no adapter found, at least one expected";
    assert_eq!(not_compared(&[named("a.json", vec![])]), told);
    assert_eq!(not_compared(&[]), told);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.svg");
    let error = plot::draw(&[named("a.json", vec![])], &path).unwrap_err();
    assert_eq!(error.to_string(), told);
    assert!(!path.exists());
}

// ---------------------------------------------------------------- the picture

/// What follows an attribute's name, of every element that has it.
fn values<'a>(svg: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    (svg.split(&*start).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

/// A picture, all lines and points of which lie within it.
fn picture(reports: &[Named]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.svg");
    plot::draw(reports, &path).unwrap();
    let svg = fs::read_to_string(path).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    let number = |text: &str| {
        text.parse::<u32>()
            .unwrap_or_else(|_| panic!("{text:?} in {svg}"))
    };
    let (width, height) = (
        number(values(&svg, "width")[0]),
        number(values(&svg, "height")[0]),
    );
    let points = values(&svg, "points")
        .into_iter()
        .flat_map(str::split_whitespace);
    let points = points.map(|point| point.split_once(',').unwrap());
    let pairs = [("cx", "cy"), ("x1", "y1"), ("x2", "y2")];
    let others = pairs.map(|(x, y)| values(&svg, x).into_iter().zip(values(&svg, y)));
    for (x, y) in points.chain(others.into_iter().flatten()) {
        assert!(
            number(x) <= width && number(y) <= height,
            "({x}, {y}) in {svg}"
        );
    }
    svg
}

#[test]
fn the_picture_names_roofs_kernels_and_selectors() {
    let svg = picture(&[
        named("a.json", vec![gpu()]),
        named("b.json", vec![gpu(), cpu()]),
    ]);
    for words in [
        "[1] Card 9000: vulkan",
        "[3] cpu: cpu",
        "copy: 2.00 TB/s",
        "multiply-add i32: 20.0 TOP/s",
        "row_norms: 50 % of copy",
        "count_within: 25 % of multiply-add i32",
        "gather_rows: 50 % of copy (no operations)",
        "multiply-add alone: 50 % of multiply-add f32 (no bytes)",
        "no kernels",
        "gram-schmidt: budget 200, dim 512, rows 50k",
        "500 ms (device 300 ms, host 150 ms)",
    ] {
        assert!(svg.contains(words), "no {words:?}");
    }
    // Of the two cards, two kernels each have a place.
    assert_eq!(svg.matches("<circle").count(), 4);
}

#[test]
fn odd_reports_have_a_picture() {
    let with = |ceilings: Vec<Ceiling>, kernels: Vec<Kernel>| Adapter {
        ceilings,
        kernels,
        selectors: vec![selector("norm", 1, 0.0)],
        ..adapter("odd", "gl", "other")
    };
    let row_norms = kernel("row_norms", 1e9, 1e9, "copy", &[1e-3]);
    picture(&[named("a", vec![with(vec![], vec![row_norms.clone()])])]);
    let timeless = kernel("timeless", 1.0, 1.0, "copy", &[0.0]);
    let svg = picture(&[named("a", vec![with(gpu().ceilings, vec![timeless])])]);
    assert!(svg.contains("timeless: - of copy (no time)"), "{svg}");
    let fast = ceiling("copy", Unit::BytesPerSecond, 1e18, &[1e-3]);
    let svg = picture(&[named("a", vec![with(vec![fast], vec![row_norms.clone()])])]);
    assert_eq!(svg.matches("<circle").count(), 1);
    let of_copy = r##"stroke="#1F77B4" stroke-width="2""##;
    assert_eq!(
        svg.matches(of_copy).count(),
        1,
        "a roof beside its entry in the legend"
    );
    picture(&[named("a", vec![with(gpu().ceilings, vec![])])]);
    picture(&[named(
        "a",
        vec![with(gpu().ceilings[..1].to_vec(), vec![row_norms.clone()])],
    )]);
    picture(&[named(
        "a",
        vec![with(gpu().ceilings[1..].to_vec(), vec![row_norms])],
    )]);
}
