//! The frame of a drawing: axes, their marks, and where values lie.

use super::axis::Range;
use super::html::{place, text, width};
use std::fmt::Write as _;

/// A drawing: its size, and what is in it. A unit is about a pixel wherever it is shown, so that text stays readable.
pub(crate) struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) content: String,
}

/// Units that drawings are wide; the least screen is hardly wider.
pub(super) const WIDTH: f64 = 360.0;
/// Units that their text is high.
pub(super) const TEXT: f64 = 11.0;

/// What is shown along an axis: the range, its marks, and its title.
pub(super) struct Side<'a> {
    pub(super) range: Range,
    pub(super) marks: Vec<(f64, String)>,
    pub(super) title: &'a str,
}

/// Where values lie in a drawing.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) x: Range,
    pub(super) y: Range,
    height: f64,
    pub(super) content: String,
}

impl Frame {
    /// A frame with axes, so many units high.
    pub(super) fn new(height: f64, x: &Side<'_>, y: &Side<'_>) -> Self {
        let widest = |marks: &[(f64, String)]| {
            let widths = marks.iter().map(|(_, label)| width(label, TEXT));
            widths.fold(0.0, f64::max)
        };
        let frame = Self {
            left: widest(&y.marks).max(16.0) + 8.0,
            right: WIDTH - 6.0 - widest(&x.marks) / 2.0,
            top: 24.0,
            bottom: height - 36.0,
            x: x.range,
            y: y.range,
            height,
            content: String::new(),
        };
        frame.with_axes(x, y)
    }

    fn with_axes(mut self, x: &Side<'_>, y: &Side<'_>) -> Self {
        let mut content = String::new();
        let mut grid = String::new();
        for (value, label) in &y.marks {
            let at = self.y(*value);
            let _ = write!(
                grid,
                "M{} {}H{}",
                place(self.left),
                place(at),
                place(self.right)
            );
            text(
                &mut content,
                (self.left - 5.0, at + 3.8),
                ("end", "mark"),
                label,
            );
        }
        for (value, label) in &x.marks {
            let at = self.x(*value);
            let _ = write!(grid, "M{} {}v4", place(at), place(self.bottom));
            text(
                &mut content,
                (at, self.bottom + 16.0),
                ("middle", "mark"),
                label,
            );
        }
        let _ = write!(content, r#"<path class="grid" d="{grid}"/>"#);
        let middle = (self.left + self.right) / 2.0;
        text(
            &mut content,
            (middle, self.height - 5.0),
            ("middle", "name"),
            x.title,
        );
        text(&mut content, (4.0, 13.0), ("start", "name"), y.title);
        self.content = content;
        self
    }

    /// Where a value of the x axis lies.
    pub(super) fn x(&self, value: f64) -> f64 {
        let share = (value - self.x.from) / self.x.width();
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Where a value of the y axis lies.
    pub(super) fn y(&self, value: f64) -> f64 {
        let share = (value - self.y.from) / self.y.width();
        self.bottom - share.clamp(0.0, 1.0) * (self.bottom - self.top)
    }

    /// The drawing, once all is in it.
    pub(super) fn finish(self) -> Drawing {
        Drawing {
            width: WIDTH,
            height: self.height,
            content: self.content,
        }
    }
}
