//! Axes: what range they show, and where they are marked.

use super::html::{of_thousands, trimmed};

/// What an axis shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Range {
    /// That of the finite ones among some values; never of one value alone.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        /// Beyond this a difference is not finite.
        const MOST: f64 = 1e300;
        let finite = values.filter(|value| value.is_finite());
        let none = (f64::INFINITY, f64::NEG_INFINITY);
        let (from, to) = finite.fold(none, |(from, to), v| (v.min(from), v.max(to)));
        if from > to {
            return Self { from: 0.0, to: 1.0 };
        }
        let (from, to) = (from.clamp(-MOST, MOST), to.clamp(-MOST, MOST));
        // Values that differ by rounding alone are one.
        let least = 1e-9 * from.abs().max(to.abs());
        if to - from > least {
            return Self { from, to };
        }
        let half = if from == 0.0 { 0.5 } else { from.abs() / 2.0 };
        Self {
            from: from - half,
            to: to + half,
        }
    }

    pub(super) fn width(self) -> f64 {
        self.to - self.from
    }

    /// One in which a value lies, too.
    pub(super) fn with(self, value: f64) -> Self {
        Self {
            from: self.from.min(value),
            to: self.to.max(value),
        }
    }

    /// One that begins and ends at marks, of which there are some five.
    pub(super) fn rounded(self) -> Self {
        let step = self.step(5.0);
        Self {
            from: (self.from / step).floor() * step,
            to: (self.to / step).ceil() * step,
        }
    }

    /// 1, 2 or 5 times a power of ten: some so many of them make the range.
    fn step(self, wanted: f64) -> f64 {
        let rough = (self.width() / wanted).max(f64::MIN_POSITIVE);
        let power = 10f64.powf(rough.log10().floor());
        let nice = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
        let fits = |step: &f64| *step >= rough * 0.999;
        nice.into_iter().find(fits).unwrap_or(nice[3])
    }

    /// Where the axis is marked, some so many times, and what stands there.
    pub(super) fn marks(self, wanted: f64) -> Vec<(f64, String)> {
        let step = self.step(wanted);
        let slack = 1e-6 * step;
        let first = ((self.from - slack) / step).ceil();
        let count = (((self.to + slack) / step).floor() - first).clamp(0.0, 50.0) as usize;
        let mark = |at: usize| {
            let value = (first + at as f64) * step;
            (value, label(value, step))
        };
        (0..=count).map(mark).collect()
    }

    /// Marks of what is counted: whole numbers alone.
    pub(super) fn whole_marks(self, wanted: f64) -> Vec<(f64, String)> {
        let mut marks = self.marks(wanted);
        marks.retain(|(value, _)| (value - value.round()).abs() < 1e-6);
        marks
    }
}

/// A mark's value, in as many digits as its distance to the next needs.
fn label(value: f64, step: f64) -> String {
    let size = value.abs();
    if size < 1e-6 * step {
        return "0".to_owned();
    }
    if size >= 1e15 || step < 1e-4 {
        return format!("{:.*e}", digits(size, step), value);
    }
    let (_, suffix, over) = of_thousands(size);
    let text = format!("{:.*}", digits(over, step), value / over);
    format!("{}{suffix}", trimmed(&text))
}

/// Decimals of values over a unit by which a step is told.
fn digits(unit: f64, step: f64) -> usize {
    // A power of ten may be off by rounding.
    let power = |value: f64| (value.log10() + 1e-9).floor();
    (power(unit) - power(step)).clamp(0.0, 9.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: f64, to: f64) -> Vec<String> {
        let marks = Range { from, to }.marks(5.0);
        marks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn marks_are_round() {
        assert_eq!(labels(0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels(1.0, 100.0), ["20", "40", "60", "80", "100"]);
        assert_eq!(labels(-0.31, 0.24), ["-0.2", "0", "0.2"]);
        assert_eq!(labels(0.0, 25e3), ["0", "5000", "10k", "15k", "20k", "25k"]);
        assert_eq!(labels(0.0, 3e-7), ["0", "1e-7", "2e-7", "3e-7"]);
        assert_eq!(
            labels(1e20, 1.4e20),
            ["1.0e20", "1.1e20", "1.2e20", "1.3e20", "1.4e20"]
        );
    }

    #[test]
    fn a_range_has_a_width() {
        let of = |values: &[f64]| Range::of(values.iter().copied());
        assert_eq!(of(&[]), Range { from: 0.0, to: 1.0 });
        assert_eq!(of(&[f64::NAN, 4.0]), Range { from: 2.0, to: 6.0 });
        assert_eq!(
            of(&[0.0, 0.0]),
            Range {
                from: -0.5,
                to: 0.5
            }
        );
        assert!(of(&[f64::MIN, f64::MAX]).width().is_finite());
        let rounded = of(&[0.13, 0.92]).rounded();
        assert!((rounded.from - 0.0).abs() < 1e-9 && (rounded.to - 1.0).abs() < 1e-9);
        let marks = of(&[1e300, -1e300, f64::INFINITY]).marks(5.0);
        assert!(marks.len() < 12, "{marks:?}");
    }

    #[test]
    fn what_is_counted_is_whole() {
        let marks = Range { from: 1.0, to: 3.0 }.whole_marks(5.0);
        let labels: Vec<_> = marks.into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["1", "2", "3"]);
    }
}
