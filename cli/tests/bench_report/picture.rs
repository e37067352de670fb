//! The picture.

use crate::by_hand::{adapter, ceiling, cpu, gpu, kernel, named, selector};
use coresift_cli::bench::plot;
use coresift_cli::bench::report::{Adapter, Ceiling, Kernel, Named, Unit};
use std::fs;

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
