//! The picked examples themselves: pictures or texts, each with what is told of it.

use super::html::{escape, shortened};
use std::fmt::Write as _;

/// Characters of a text that are shown.
const MOST_CHARACTERS: usize = 400;

/// An example.
pub(crate) struct Example {
    pub(crate) look: Shown,
    /// What stands below it, a line each.
    pub(crate) words: Vec<String>,
}

/// What is shown of an example.
pub(crate) enum Shown {
    /// A picture: its bytes in a data URI, and its width and height.
    Image {
        uri: String,
        size: (u32, u32),
        name: String,
    },
    /// There was none to be read, and why.
    Missing(String),
    /// A text.
    Text(String),
}

/// Examples one after another.
pub(crate) fn gallery(examples: &[Example]) -> String {
    let are_texts = (examples.iter()).all(|example| matches!(example.look, Shown::Text(_)));
    let kind = if are_texts { "texts" } else { "images" };
    let mut html = format!(r#"<ol class="gallery {kind}">"#);
    for example in examples {
        html += "<li>";
        html += &example.look.html();
        for words in &example.words {
            let _ = write!(html, r#"<span class="told">{}</span>"#, escape(words));
        }
        html += "</li>";
    }
    html + "</ol>"
}

impl Shown {
    /// Bytes that it takes on a page, about.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Image { uri, .. } => uri.len(),
            Self::Text(words) | Self::Missing(words) => words.len(),
        }
    }

    fn html(&self) -> String {
        match self {
            Self::Image {
                uri,
                size: (width, height),
                name,
            } => {
                // Few dots are shown as dots.
                let kind = if width.max(height) <= &48 {
                    r#" class="dotted""#
                } else {
                    ""
                };
                let name = escape(name);
                format!(
                    r#"<div class="shown"><img{kind} src="{uri}" width="{width}" height="{height}" alt="{name}"></div>"#
                )
            }
            Self::Missing(why) => {
                let why = escape(&shortened(why, 60));
                format!(r#"<div class="shown missing">{why}</div>"#)
            }
            Self::Text(words) => {
                let words = escape(&shortened(words, MOST_CHARACTERS));
                format!("<blockquote>{words}</blockquote>")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shortened_and_never_markup() {
        let look = Shown::Text(format!("<b>{}", "long ".repeat(200)));
        let words = vec!["1 · row 7".to_owned()];
        let html = gallery(&[Example { look, words }]);
        assert!(html.starts_with(r#"<ol class="gallery texts"><li><blockquote>&lt;b&gt;long"#));
        assert!(
            html.contains("…</blockquote>") && html.len() < 600,
            "{html}"
        );
    }
}
