//! What a drawing's marks mean: series are told apart by colour, and by dash or shape as well.

use super::html::{escape, place};

/// Series that can be told apart.
pub(crate) const SERIES: usize = 12;

/// How something is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A dot of the pool.
    Pool,
    /// A pick.
    Pick,
    /// A row that was labelled before.
    Labelled,
    /// A filled area of the pool.
    Area,
    /// An area of the picks, or their outline.
    PickArea,
    /// A line with the marks of a series.
    Line(usize),
}

/// An entry of a legend.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) look: Look,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(look: Look, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { look, name }
    }

    /// A sample of it and its name.
    pub(super) fn html(&self) -> String {
        let sample = match self.look {
            Look::Pool => r#"<path class="dots" d="M12 6h0"/>"#.to_owned(),
            Look::Pick => r#"<circle class="pick" cx="12" cy="6" r="4"/>"#.to_owned(),
            Look::Labelled => labelled(12.0, 6.0),
            Look::Area => r#"<rect class="area" x="3" y="1" width="18" height="10"/>"#.to_owned(),
            Look::PickArea => {
                r#"<rect class="pick-area" x="3" y="1.5" width="18" height="9"/>"#.to_owned()
            }
            Look::Line(series) => format!(
                r#"<path class="line s{0}" d="M0 6H24"/>{1}"#,
                series % SERIES,
                mark(series, 12.0, 6.0)
            ),
        };
        let name = escape(&self.name);
        format!(
            r#"<li><svg class="sample" viewBox="0 0 24 12" aria-hidden="true">{sample}</svg>{name}</li>"#
        )
    }
}

/// A row that was labelled before, as a square.
pub(super) fn labelled(x: f64, y: f64) -> String {
    let (x, y) = (place(x - 3.0), place(y - 3.0));
    format!(r#"<rect class="labelled" x="{x}" y="{y}" width="6" height="6"/>"#)
}

/// The mark of a series: each has a shape of its own, filled or not.
pub(super) fn mark(series: usize, x: f64, y: f64) -> String {
    let series = series % SERIES;
    let (x, y) = (place(x), place(y));
    let shape = match series % 6 {
        0 => "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
        1 => "m-2.7 -2.7h5.4v5.4h-5.4z",
        2 => "m0 -3.6l3.4 6h-6.8z",
        3 => "m0 -3.8l3.8 3.8l-3.8 3.8l-3.8 -3.8z",
        4 => "m0 3.6l3.4 -6h-6.8z",
        _ => "m-1.2 -3.6h2.4v2.4h2.4v2.4h-2.4v2.4h-2.4v-2.4h-2.4v-2.4h2.4z",
    };
    let fill = if series < 6 { "full" } else { "open" };
    format!(r#"<path class="mark-{fill} s{series}" d="M{x} {y}{shape}"/>"#)
}
