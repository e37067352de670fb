//! Bars side by side: of each group one for every set of values.

use super::frame::{Drawing, TEXT, WIDTH};
use super::html::{place, shortened, text, width};
use super::key::{Key, Look};
use std::fmt::Write as _;

/// Units that a bar is high, and a gap between groups.
const BAR: f64 = 12.0;
const GAP: f64 = 10.0;
/// Characters of a group's name.
const MOST_NAME: usize = 16;

/// A bar.
pub(crate) struct Bar {
    pub(crate) value: f64,
    /// What stands at its end.
    pub(crate) label: String,
}

/// Groups of bars: as many in each as there are names of bars.
pub(crate) struct Bars {
    pub(crate) names: Vec<String>,
    /// How they look, where they are those of pool and picks; else by series.
    pub(crate) looks: Option<Vec<Look>>,
    pub(crate) groups: Vec<(String, Vec<Bar>)>,
}

impl Bars {
    pub(crate) fn draw(&self) -> Drawing {
        let names = self
            .groups
            .iter()
            .map(|(name, _)| shortened(name, MOST_NAME));
        let names: Vec<String> = names.collect();
        let widest = |texts: &mut dyn Iterator<Item = &str>| {
            texts.map(|text| width(text, TEXT)).fold(0.0, f64::max)
        };
        let bars = || self.groups.iter().flat_map(|(_, bars)| bars);
        let left = widest(&mut names.iter().map(String::as_str)) + 8.0;
        let room = widest(&mut bars().map(|bar| &*bar.label)) + 8.0;
        let most = bars().map(|bar| bar.value).fold(0.0, f64::max);
        let long = |value: f64| match most > 0.0 && value.is_finite() {
            true => (value / most).clamp(0.0, 1.0) * (WIDTH - left - room),
            false => 0.0,
        };
        let (mut content, mut top) = (String::new(), 2.0);
        for (name, (_, bars)) in names.iter().zip(&self.groups) {
            let height = BAR * bars.len() as f64;
            text(
                &mut content,
                (left - 6.0, top + height / 2.0 + 3.8),
                ("end", "mark"),
                name,
            );
            for (series, bar) in bars.iter().enumerate() {
                let end = long(bar.value);
                let _ = write!(
                    content,
                    r#"<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>"#,
                    self.class(series),
                    place(left),
                    place(top + 1.0),
                    place(end),
                    place(BAR - 2.0)
                );
                text(
                    &mut content,
                    (left + end + 4.0, top + BAR - 2.2),
                    ("start", "mark"),
                    &bar.label,
                );
                top += BAR;
            }
            top += GAP;
        }
        Drawing {
            width: WIDTH,
            height: (top - GAP + 4.0).max(1.0),
            content,
        }
    }

    fn class(&self, series: usize) -> String {
        match self.looks.as_ref().map(|looks| looks[series]) {
            Some(Look::PickArea) => "pick-bar".to_owned(),
            Some(_) => "area".to_owned(),
            None => format!("bar s{series}"),
        }
    }

    /// What tells the bars of a group apart, where there are several.
    pub(crate) fn keys(&self) -> Vec<Key> {
        if self.names.len() < 2 {
            return Vec::new();
        }
        let look = |at: usize| (self.looks.as_ref()).map_or(Look::Line(at), |looks| looks[at]);
        let keys = self.names.iter().enumerate();
        keys.map(|(at, name)| Key::new(look(at), name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_width_that_labels_leave() {
        let bar = |value: f64| Bar {
            value,
            label: value.to_string(),
        };
        let bars = Bars {
            names: vec!["pool".to_owned()],
            looks: None,
            groups: vec![
                ("a".to_owned(), vec![bar(2.0)]),
                ("a name that is far too long".to_owned(), vec![bar(4.0)]),
                ("c".to_owned(), vec![bar(f64::NAN)]),
            ],
        };
        let drawing = bars.draw();
        let left = width("a name that is f…", TEXT) + 8.0;
        let full = WIDTH - left - width("NaN", TEXT) - 8.0;
        for width in [full, full / 2.0] {
            let found = format!(r#"width="{}""#, place(width));
            assert!(
                drawing.content.contains(&found),
                "{found} {}",
                drawing.content
            );
        }
        assert!(!drawing.content.contains(r#"width="NaN""#));
        assert!(bars.keys().is_empty());
    }
}
