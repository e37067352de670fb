//! Lines over a number, such as that of the picks, with bands where values are spread.

use super::axis::Range;
use super::frame::{Drawing, Frame, Side};
use super::html::place;
use super::key::{Key, Look, SERIES, mark};
use std::fmt::Write as _;

/// Points of a line that are drawn at most: more would not be seen.
const MOST_POINTS: usize = 240;
/// Points of a line that are marked, at most.
const MOST_MARKS: usize = 16;

/// A line.
pub(crate) struct Series {
    pub(crate) name: String,
    /// x and y, ascending in x. What is not finite is left out.
    pub(crate) points: Vec<[f64; 2]>,
    /// How far each point is spread to either side, where that is known.
    pub(crate) spread: Option<Vec<f64>>,
}

/// Lines in one frame.
pub(crate) struct Lines<'a> {
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
    pub(crate) series: Vec<Series>,
    /// Values that the y axis shows besides.
    pub(crate) shown: &'a [f64],
}

impl Lines<'_> {
    pub(crate) fn draw(&self) -> Drawing {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let xs = Range::of(points().map(|point| point[0]));
        let around = self.series.iter().flat_map(Series::extent);
        let ys = Range::of(around.chain(self.shown.iter().copied())).rounded();
        let mut frame = Frame::new(
            230.0,
            &Side {
                range: xs,
                marks: xs.whole_marks(5.0),
                title: self.x,
            },
            &Side {
                range: ys,
                marks: ys.marks(5.0),
                title: self.y,
            },
        );
        for (at, series) in self.series.iter().enumerate() {
            series.draw_band(at, &mut frame);
        }
        for (at, series) in self.series.iter().enumerate() {
            series.draw(at, &mut frame);
        }
        frame.finish()
    }

    /// What tells the lines apart, where there are several.
    pub(crate) fn keys(&self) -> Vec<Key> {
        if self.series.len() < 2 {
            return Vec::new();
        }
        let key = |(at, series): (usize, &Series)| Key::new(Look::Line(at), &series.name);
        self.series.iter().enumerate().map(key).collect()
    }
}

impl Series {
    /// A line through values after 1, 2, 3, … picks.
    pub(crate) fn by_pick(name: &str, values: &[f64]) -> Self {
        let point = |at: usize| [at as f64 + 1.0, values[at]];
        Self {
            name: name.to_owned(),
            points: thinned(values.len()).into_iter().map(point).collect(),
            spread: None,
        }
    }

    /// The finite points, and how far each is spread.
    fn finite(&self) -> impl Iterator<Item = ([f64; 2], f64)> {
        let spread = |at: usize| self.spread.as_ref().map_or(0.0, |spread| spread[at]);
        let points = self.points.iter().enumerate();
        let points = points.map(move |(at, point)| (*point, spread(at)));
        points.filter(|(point, spread)| point.iter().all(|v| v.is_finite()) && spread.is_finite())
    }

    /// The ends of all bands, or the points.
    fn extent(&self) -> impl Iterator<Item = f64> {
        self.finite()
            .flat_map(|([_, y], spread)| [y - spread, y + spread])
    }

    fn draw_band(&self, at: usize, to: &mut Frame) {
        if self.spread.is_none() {
            return;
        }
        let at_place = |x: f64, y: f64| format!("{} {}", place(to.x(x)), place(to.y(y)));
        let upper = self
            .finite()
            .map(|([x, y], spread)| at_place(x, y + spread));
        let lower: Vec<_> = self
            .finite()
            .map(|([x, y], spread)| at_place(x, y - spread))
            .collect();
        let outline: Vec<_> = upper.chain(lower.into_iter().rev()).collect();
        if outline.is_empty() {
            return;
        }
        let (series, outline) = (at % SERIES, outline.join("L"));
        let _ = write!(
            to.content,
            r#"<path class="band s{series}" d="M{outline}z"/>"#
        );
    }

    fn draw(&self, at: usize, to: &mut Frame) {
        let places: Vec<_> = (self.finite())
            .map(|([x, y], _)| (to.x(x), to.y(y)))
            .collect();
        let steps: Vec<_> = (places.iter())
            .map(|&(x, y)| format!("{} {}", place(x), place(y)))
            .collect();
        let series = at % SERIES;
        let line = steps.join("L");
        if !line.is_empty() {
            let _ = write!(to.content, r#"<path class="line s{series}" d="M{line}"/>"#);
        }
        let step = places.len().div_ceil(MOST_MARKS).max(1);
        // Of many lines each is marked at other places.
        let first = if step > 1 { (at * step / 3) % step } else { 0 };
        for &(x, y) in places.iter().skip(first).step_by(step) {
            to.content += &mark(at, x, y);
        }
    }
}

/// Which of so many points are drawn: all, or some at even distances, the first and the last among them.
pub(crate) fn thinned(count: usize) -> Vec<usize> {
    evenly(count, MOST_POINTS)
}

/// At most so many of some places, at even distances, the first and the last among them.
pub(crate) fn evenly(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    let last = most - 1;
    let place = |at: usize| (at as u128 * (count as u128 - 1) / last as u128) as usize;
    (0..most).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_stay() {
        assert_eq!(evenly(4, 9), [0, 1, 2, 3]);
        assert_eq!(evenly(1000, 4), [0, 333, 666, 999]);
        assert_eq!(evenly(0, 4), [0; 0]);
        let thinned = thinned(1_000_000);
        assert_eq!(
            (thinned.len(), thinned[MOST_POINTS - 1]),
            (MOST_POINTS, 999_999)
        );
    }

    /// A line from the lower left corner to the upper right one, and its band beyond which the axis goes.
    #[test]
    fn points_lie_where_they_are_worth() {
        let lines = |spread| Lines {
            x: "picks",
            y: "share",
            series: vec![Series {
                name: "a".to_owned(),
                points: vec![[1.0, 0.0], [2.0, f64::NAN], [3.0, 1.0]],
                spread,
            }],
            shown: &[],
        };
        let plain = lines(None).draw();
        let frame = (24.0, 194.0); // left of "0.2", at the height that is left
        let start = format!(r#"d="M{} {}L"#, place(3.0 * 0.64 * 11.0 + 8.0), frame.1);
        assert!(plain.content.contains(&start), "{start} {}", plain.content);
        assert!(!plain.content.contains("NaN") && !plain.content.contains("band"));
        let banded = lines(Some(vec![0.1, 0.1, 0.1])).draw();
        assert!(banded.content.contains(r#"class="band s0""#));
        assert!(banded.content.contains("-0.5</text>") || banded.content.contains("-0.2</text>"));
    }

    #[test]
    fn nothing_to_draw_is_an_empty_frame() {
        let nothing = Lines {
            x: "x",
            y: "y",
            series: vec![Series::by_pick("a", &[])],
            shown: &[],
        };
        let drawing = nothing.draw();
        assert!(!drawing.content.contains("line s0"), "{}", drawing.content);
    }
}
