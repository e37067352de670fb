//! How two sets of numbers are distributed, one before the other.

use super::axis::Range;
use super::frame::{Drawing, Frame, Side};
use super::html::place;
use std::fmt::Write as _;

/// Bars.
const BARS: usize = 32;

/// The shares of `pool` and of `picks` in each of some bars of equal width, which show all that the pool has.
pub(crate) fn histogram(pool: &[f64], picks: &[f64], x: &str) -> Drawing {
    let range = Range::of(pool.iter().copied());
    let (of_pool, of_picks) = (shares(pool, range), shares(picks, range));
    let most = of_pool.iter().chain(&of_picks).copied();
    let height = Range::of(most).with(0.0).rounded();
    let mut frame = Frame::new(
        230.0,
        &Side {
            range,
            marks: range.marks(5.0),
            title: x,
        },
        &Side {
            range: height,
            marks: height.marks(5.0),
            title: "rows, %",
        },
    );
    let edge = |bar: usize| range.from + range.width() * bar as f64 / BARS as f64;
    let outline = |shares: &[f64]| {
        let mut steps = String::new();
        for (bar, share) in shares.iter().enumerate() {
            let (y, to) = (frame.y(*share), frame.x(edge(bar + 1)));
            let _ = write!(steps, "V{}H{}", place(y), place(to));
        }
        let (left, foot) = (place(frame.left), place(frame.bottom));
        format!("M{left} {foot}{steps}V{foot}")
    };
    let (of_pool, of_picks) = (outline(&of_pool), outline(&of_picks));
    let _ = write!(
        frame.content,
        r#"<path class="area" d="{of_pool}z"/><path class="pick-area" d="{of_picks}z"/>"#
    );
    frame.finish()
}

/// How many per cent of some numbers lie in each bar.
fn shares(numbers: &[f64], range: Range) -> [f64; BARS] {
    let mut shares = [0.0; BARS];
    let one = 100.0 / numbers.len().max(1) as f64;
    for number in numbers.iter().filter(|number| number.is_finite()) {
        let at = (number - range.from) / range.width() * BARS as f64;
        shares[(at.max(0.0) as usize).min(BARS - 1)] += one;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_bar() {
        let range = Range {
            from: 0.0,
            to: 32.0,
        };
        let found = shares(&[0.0, 0.5, 1.0, 32.0, f64::NAN], range);
        assert_eq!((found[0], found[1], found[31]), (40.0, 20.0, 20.0));
        assert_eq!(shares(&[], range), [0.0; BARS]);
    }

    #[test]
    fn equal_numbers_stand_in_the_middle() {
        let drawing = histogram(&[3.0; 9], &[3.0], "length");
        assert!(drawing.content.contains("pick-area"));
        assert!(!drawing.content.contains("NaN"), "{}", drawing.content);
    }
}
