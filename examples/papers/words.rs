//! Markdown: tables and verdicts.

use super::statistics::Mean;

/// A table, its first column of names.
pub(crate) fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head);
    text += &format!("|---|{}\n", "---:|".repeat(head.len() - 1));
    rows.iter().for_each(|row| text += &line(row));
    text
}

/// A head: what the first column has, and what the others are of.
pub(crate) fn head(first: &str, others: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    let others = others.into_iter().map(|other| other.to_string());
    std::iter::once(first.to_owned()).chain(others).collect()
}

/// Whether a difference that is claimed to be above 0 was found.
pub(crate) fn is_found(difference: Mean) -> &'static str {
    match difference.sign() {
        1 => "reproduces",
        -1 => "**the contrary**",
        _ => "**not seen**",
    }
}

/// What [`is_found`] says, in words.
pub(crate) const FOUND: &str = "What is claimed reproduces where the difference is above 0 by more than two standard \
                                errors; the contrary is found where it is below by more; else it is not seen.\n\n";

/// A line of what is claimed of a difference, that it is above 0, and whether that was found.
pub(crate) fn verdict(claim: &str, difference: Mean, decimals: usize) -> String {
    let found = is_found(difference);
    format!("- {claim}: {}, {found}\n", difference.show_signed(decimals))
}
