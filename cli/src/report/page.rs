//! A page: one file of HTML that needs nothing else, with pictures, tables and words.

use super::frame::Drawing;
use super::gallery::{Example, gallery};
use super::html::escape;
use super::key::Key;
use super::table::Table;
use std::fmt::Write as _;

/// How everything looks, in light and in dark.
const STYLE: &str = include_str!("style.css");

/// A page.
pub(crate) struct Page {
    pub(crate) title: String,
    /// What it is about, in a sentence or two.
    pub(crate) lead: String,
    pub(crate) sections: Vec<Section>,
    /// What is to be known of the page itself.
    pub(crate) notes: Vec<String>,
}

/// A part of a page.
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) parts: Vec<Part>,
}

/// What a section has.
pub(crate) enum Part {
    Words(String),
    /// Pictures beside each other, as many as there is room for.
    Figures(Vec<Figure>),
    /// A table by its name.
    Table(String, Table),
    /// The same, shown once it is asked for.
    Folded(String, Table),
    Gallery(Vec<Example>),
}

/// A picture.
pub(crate) struct Figure {
    pub(crate) title: String,
    /// What it shows, for those who do not see it.
    pub(crate) description: String,
    pub(crate) drawing: Drawing,
    pub(crate) keys: Vec<Key>,
    pub(crate) caption: String,
    /// Its numbers, where they stand nowhere else.
    pub(crate) numbers: Option<Table>,
}

impl Page {
    /// The whole file. Whatever is in it by then, no script runs in it and nothing is fetched: a policy says so.
    pub(crate) fn html(&self) -> String {
        let (title, lead) = (escape(&self.title), escape(&self.lead));
        let mut html = format!(
            r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="generator" content="coresift {}"><link rel="icon" href="data:,">
<style>
{STYLE}</style></head>
<body><main><header><h1>{title}</h1><p class="lead">{lead}</p></header>
"#,
            env!("CARGO_PKG_VERSION")
        );
        let mut figures = 0;
        for section in &self.sections {
            let _ = write!(html, "<section><h2>{}</h2>", escape(&section.title));
            for part in &section.parts {
                html += &part.html(&mut figures);
            }
            html += "</section>\n";
        }
        if !self.notes.is_empty() {
            let note = |note: &String| format!("<li>{}</li>", escape(note));
            let notes: String = self.notes.iter().map(note).collect();
            let _ = writeln!(html, "<section><h2>Notes</h2><ul>{notes}</ul></section>");
        }
        html + "</main></body></html>\n"
    }
}

impl Part {
    fn html(&self, figures: &mut usize) -> String {
        match self {
            Self::Words(words) => format!("<p>{}</p>", escape(words)),
            Self::Figures(all) => {
                let all = all.iter().map(|figure| {
                    *figures += 1;
                    figure.html(*figures)
                });
                format!(r#"<div class="figures">{}</div>"#, all.collect::<String>())
            }
            Self::Table(name, table) => table.html(name),
            Self::Folded(name, table) => folded(name, table),
            Self::Gallery(examples) => gallery(examples),
        }
    }
}

fn folded(name: &str, table: &Table) -> String {
    let html = table.html(name);
    format!(
        "<details><summary>{}</summary>{html}</details>",
        escape(name)
    )
}

impl Figure {
    fn html(&self, number: usize) -> String {
        let (title, description) = (escape(&self.title), escape(&self.description));
        let Drawing {
            width,
            height,
            content,
        } = &self.drawing;
        let mut html = format!(
            r#"<figure><h3>{title}</h3><svg viewBox="0 0 {width} {height:.0}" role="img" aria-labelledby="t{number} d{number}"><title id="t{number}">{title}</title><desc id="d{number}">{description}</desc>{content}</svg>"#
        );
        if !self.keys.is_empty() {
            let keys: String = self.keys.iter().map(Key::html).collect();
            let _ = write!(html, r#"<ul class="keys">{keys}</ul>"#);
        }
        if !self.caption.is_empty() {
            let _ = write!(html, "<figcaption>{}</figcaption>", escape(&self.caption));
        }
        if let Some(numbers) = &self.numbers {
            html += &folded(&format!("{}: numbers", self.title), numbers);
        }
        html + "</figure>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::lines::{Lines, Series};

    fn page() -> Page {
        let lines = Lines {
            x: "picks",
            y: "share <of> all",
            series: vec![Series::by_pick("a", &[0.1, 0.2])],
            shown: &[],
        };
        Page {
            title: "A <title> & more".to_owned(),
            lead: "What it is.".to_owned(),
            sections: vec![Section {
                title: "Pictures".to_owned(),
                parts: vec![Part::Figures(vec![Figure {
                    title: "One".to_owned(),
                    description: "A line.".to_owned(),
                    drawing: lines.draw(),
                    keys: lines.keys(),
                    caption: String::new(),
                    numbers: Some(Table::new(&["picks", "share"])),
                }])],
            }],
            notes: vec!["Nothing <else>".to_owned()],
        }
    }

    /// Whatever opens is closed again, in the order of XML; what HTML leaves open stands alone.
    #[test]
    fn a_page_is_well_formed() {
        let html = page().html();
        let mut open = Vec::new();
        for tag in html
            .split('<')
            .skip(1)
            .map(|rest| rest.split('>').next().unwrap())
        {
            let name = tag.split_whitespace().next().unwrap();
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "{tag}"),
                None if tag.ends_with('/') => {}
                None if ["!DOCTYPE", "meta", "link", "img"].contains(&name) => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_no_script_runs() {
        let html = page().html();
        for other in [
            "<script",
            "http://",
            "https://",
            "url(",
            "@import",
            "javascript:",
        ] {
            assert!(!html.contains(other), "{other}");
        }
        assert!(
            html.contains("A &lt;title&gt; &amp; more") && html.contains("share &lt;of&gt; all")
        );
    }
}
