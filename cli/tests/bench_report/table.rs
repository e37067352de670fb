//! The table of one report.

use crate::by_hand::{adapter, cpu, gpu, kernel, report, selector};
use crate::{cells, line};
use coresift_cli::bench::report::Selector;
use coresift_cli::bench::table;

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
