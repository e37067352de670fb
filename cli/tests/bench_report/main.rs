//! Reports of measurements: their file and its schema, their tables, their comparison and picture.

mod by_hand;
mod compare;
mod file;
mod picture;
mod schema;
mod table;

use by_hand::{ceiling, kernel, samples};
use coresift_cli::bench::report::Unit;

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
