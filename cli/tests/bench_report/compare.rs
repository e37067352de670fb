//! Reports side by side.

use crate::by_hand::{cpu, gpu, named, samples, selector, size};
use crate::{cells, line};
use coresift_cli::bench::report::Named;
use coresift_cli::bench::{compare, plot};

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
