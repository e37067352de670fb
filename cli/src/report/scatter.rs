//! Rows in a plane: the pool as dots, and the picks in their order.

use super::axis::Range;
use super::frame::{Drawing, Frame, Side, WIDTH};
use super::html::{escape, place, text, width};
use super::key::labelled;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Rows that are drawn one by one; of more, those that lie in one cell are a dot.
pub(super) const MOST_DOTS: usize = 4000;
/// Units of a cell.
const CELL: f64 = 2.0;
/// Picks that are marked one by one, the first of them. The others are dots.
const MOST_MARKS: usize = 300;
/// Labelled rows that are marked.
const MOST_LABELLED: usize = 300;
/// Units that numbers are high.
const NUMBER: f64 = 10.0;

/// Rows in a plane.
pub(crate) struct Scatter<'a> {
    /// Where every row of the pool lies.
    pub(crate) rows: &'a [[f64; 2]],
    /// The places of the picks among them, in their order.
    pub(crate) picks: &'a [usize],
    /// The places of the rows that were labelled before.
    pub(crate) labelled: &'a [usize],
    /// What a pick is called.
    pub(crate) name: &'a dyn Fn(usize) -> String,
    pub(crate) axes: [&'a str; 2],
}

/// What has become of the rows and picks that there are.
pub(crate) struct Drawn {
    pub(crate) drawing: Drawing,
    /// Dots that stand for the rows, where these are too many to be drawn one by one.
    pub(crate) dots: Option<usize>,
    /// Picks that have a mark of their own, and those that have their number beside it.
    pub(crate) marks: usize,
    pub(crate) numbers: usize,
}

impl Scatter<'_> {
    pub(crate) fn draw(&self) -> Drawn {
        let mut frame = self.frame();
        let at = |row: usize| (frame.x(self.rows[row][0]), frame.y(self.rows[row][1]));
        let places = (0..self.rows.len()).map(at);
        let (dots, count) = match self.rows.len() <= MOST_DOTS {
            true => (path("dots", places), None),
            false => cells(places),
        };
        let first = &self.picks[..self.picks.len().min(MOST_MARKS)];
        let marks: Vec<_> = first.iter().map(|&row| at(row)).collect();
        let others = self.picks[first.len()..].iter().map(|&row| at(row));
        let others = path("more-picks", in_cells(others).into_keys().map(middle));
        let labelled_rows = self.labelled.iter().take(MOST_LABELLED);
        let squares: String = (labelled_rows)
            .map(|&row| at(row))
            .map(|(x, y)| labelled(x, y))
            .collect();
        frame.content += &[dots, squares, others].concat();
        for (order, &(x, y)) in marks.iter().enumerate().rev() {
            let (x, y, name) = (place(x), place(y), escape(&(self.name)(order)));
            let _ = write!(
                frame.content,
                r#"<circle class="pick" cx="{x}" cy="{y}" r="3.4"><title>{name}</title></circle>"#
            );
        }
        let numbers = number(&mut frame, &marks);
        Drawn {
            drawing: frame.finish(),
            dots: count,
            marks: marks.len(),
            numbers,
        }
    }

    /// A frame in which both axes have one unit, unless one is far longer than the other.
    fn frame(&self) -> Frame {
        /// A plane whose sides are less alike would leave too much empty.
        const MOST_UNLIKE: f64 = 3.0;
        const HEIGHT: f64 = 320.0;
        let [x, y] = [0, 1].map(|axis| padded(Range::of(self.rows.iter().map(|row| row[axis]))));
        let (wide, high) = (WIDTH - 50.0, HEIGHT - 60.0);
        let (of_x, of_y) = (x.width() / wide, y.width() / high);
        let (x, y) = match of_x.max(of_y) <= MOST_UNLIKE * of_x.min(of_y) {
            true => {
                let unit = of_x.max(of_y);
                (widened(x, unit * wide), widened(y, unit * high))
            }
            false => (x, y),
        };
        let side = |range: Range, title| Side {
            range,
            marks: range.marks(5.0),
            title,
        };
        Frame::new(HEIGHT, &side(x, self.axes[0]), &side(y, self.axes[1]))
    }
}

/// A range with room around it for marks.
fn padded(range: Range) -> Range {
    widened(range, 1.06 * range.width())
}

/// A range made so wide, about its middle.
fn widened(range: Range, width: f64) -> Range {
    let more = (width - range.width()) / 2.0;
    Range {
        from: range.from - more,
        to: range.to + more,
    }
}

/// Dots as one path: a line of no length has round ends.
fn path(class: &str, places: impl Iterator<Item = (f64, f64)>) -> String {
    let mut dots = String::new();
    for (x, y) in places {
        let _ = write!(dots, "M{} {}h0", place(x), place(y));
    }
    match dots.is_empty() {
        true => dots,
        false => format!(r#"<path class="{class}" d="{dots}"/>"#),
    }
}

/// How many places lie in each cell.
fn in_cells(places: impl Iterator<Item = (f64, f64)>) -> BTreeMap<(i32, i32), usize> {
    let mut cells = BTreeMap::new();
    for (x, y) in places {
        let cell = ((x / CELL).floor() as i32, (y / CELL).floor() as i32);
        *cells.entry(cell).or_default() += 1;
    }
    cells
}

fn middle((x, y): (i32, i32)) -> (f64, f64) {
    ((f64::from(x) + 0.5) * CELL, (f64::from(y) + 0.5) * CELL)
}

/// A dot for every cell that has a row, the darker the more rows it has; and how many there are.
fn cells(places: impl Iterator<Item = (f64, f64)>) -> (String, Option<usize>) {
    const SHADES: usize = 4;
    let cells = in_cells(places);
    let most = cells.values().copied().max().unwrap_or(1);
    let shade = |count: usize| {
        let share = (count as f64).ln() / (most as f64).ln().max(f64::MIN_POSITIVE);
        ((share * SHADES as f64) as usize).min(SHADES - 1)
    };
    let of_shade = |wanted: usize| {
        let own = cells.iter().filter(|(_, count)| shade(**count) == wanted);
        path(
            &format!("cells d{wanted}"),
            own.map(|(cell, _)| middle(*cell)),
        )
    };
    let dots = (0..SHADES).map(of_shade).collect::<String>();
    (dots, Some(cells.len()))
}

/// Writes numbers beside marks where there is room for them, those of the first picks first; tells how many.
fn number(frame: &mut Frame, marks: &[(f64, f64)]) -> usize {
    /// Left, top, right, bottom.
    type Box = [f64; 4];
    let meets = |a: &Box, b: &Box| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
    let mark = |&(x, y): &(f64, f64)| [x - 3.0, y - 3.0, x + 3.0, y + 3.0];
    let mut taken: Vec<Box> = marks.iter().map(mark).collect();
    let (mut written, mut count) = (String::new(), 0);
    for (order, &(x, y)) in marks.iter().enumerate() {
        let words = (order + 1).to_string();
        let (wide, high) = (width(&words, NUMBER), NUMBER);
        let from = |left: f64, top: f64| [left, top, left + wide, top + high];
        let beside = [
            from(x + 4.0, y - high / 2.0),
            from(x - 4.0 - wide, y - high / 2.0),
            from(x - wide / 2.0, y - 4.5 - high),
            from(x - wide / 2.0, y + 4.5),
        ];
        let fits = |wanted: &&Box| {
            let inside = wanted[0] >= frame.left && wanted[2] <= frame.right;
            inside
                && wanted[1] >= frame.top
                && wanted[3] <= frame.bottom
                && !taken.iter().any(|other| meets(wanted, other))
        };
        let Some(&own) = beside.iter().find(fits) else {
            continue;
        };
        let at = ((own[0] + own[2]) / 2.0, own[3] - 1.5);
        text(&mut written, at, ("middle", "number"), &words);
        taken.push(own);
        count += 1;
    }
    frame.content += &written;
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(rows: &[[f64; 2]], picks: &[usize]) -> Drawn {
        let scatter = Scatter {
            rows,
            picks,
            labelled: &[],
            name: &|order| format!("pick {}", order + 1),
            axes: ["one", "two"],
        };
        scatter.draw()
    }

    #[test]
    fn a_million_rows_are_few_dots_and_none_is_lost() {
        let row = |at: u32| {
            [
                f64::from(at % 1000) / 100.0,
                f64::from(at / 1000 % 977) / 100.0,
            ]
        };
        let mut rows: Vec<_> = (0..1_000_000).map(row).collect();
        rows[999_999] = [14.0, 4.0]; // far from all others
        let drawn = draw(&rows, &(0..20_000).map(|at| 50 * at).collect::<Vec<_>>());
        let dots = drawn.dots.unwrap();
        assert!(dots < 25_000, "{dots}");
        assert!(
            drawn.drawing.content.len() < 800_000,
            "{}",
            drawn.drawing.content.len()
        );
        assert_eq!(drawn.marks, MOST_MARKS);
        let last = drawn.drawing.content.matches("cells d0").count();
        assert_eq!(last, 1, "the row by itself is in the lightest shade");
    }

    /// Two picks in one place: there is room for both numbers; of ten there is not.
    #[test]
    fn numbers_do_not_lie_over_each_other() {
        let drawn = draw(&[[0.0, 0.0], [1.0, 1.0]], &[0, 1]);
        assert_eq!((drawn.marks, drawn.numbers, drawn.dots), (2, 2, None));
        let same: Vec<_> = (0..10).collect();
        let drawn = draw(&[[0.5, 0.5]; 10], &same);
        assert_eq!((drawn.marks, drawn.numbers), (10, 4));
    }

    #[test]
    fn a_plane_without_width_is_drawn() {
        for rows in [&[[0.0, 0.0]][..], &[[1.0, 0.0], [1e12, 0.0]], &[]] {
            let drawn = draw(rows, &[]);
            assert!(!drawn.drawing.content.contains("NaN"), "{rows:?}");
        }
    }
}
