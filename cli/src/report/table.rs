//! Tables: the numbers behind the pictures.

use super::html::escape;
use std::fmt::Write as _;

/// A table with titles. Its first column names what a row is of; the others are set to the right where they are numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) titles: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(titles: &[&str]) -> Self {
        Self {
            titles: titles.iter().map(|&title| title.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = String>) {
        self.rows.push(row.into_iter().collect());
    }

    /// As HTML. What is wider than the screen is moved within its box, by keyboard too.
    pub(super) fn html(&self, name: &str) -> String {
        let name = escape(name);
        let mut html = format!(
            r#"<div class="scroll" role="region" aria-label="{name}" tabindex="0"><table><thead><tr>"#
        );
        for title in &self.titles {
            let _ = write!(html, r#"<th scope="col">{}</th>"#, escape(title));
        }
        html += "</tr></thead><tbody>";
        for row in &self.rows {
            html += "<tr>";
            for (at, entry) in row.iter().enumerate() {
                let entry = escape(entry);
                let _ = match at {
                    0 => write!(html, r#"<th scope="row">{entry}</th>"#),
                    _ => write!(html, "<td>{entry}</td>"),
                };
            }
            html += "</tr>";
        }
        html + "</tbody></table></div>"
    }
}
