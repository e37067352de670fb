//! What each selector takes on each adapter.

use super::super::report::Selector;
use super::super::{aligned, words};
use super::{Area, Entry, INK, LINE, MARGIN, StdError, write};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// Pixels: where bars begin, and how long the longest of a selector is.
const START: i32 = 60;
const LONGEST: i32 = 600;
/// The parts of a bar, in their order.
const PARTS: [(&str, RGBColor); 3] = [
    ("device", RGBColor(31, 119, 180)),
    ("host", RGBColor(255, 160, 70)),
    ("neither", RGBColor(205, 205, 205)),
];

/// A group of bars for each selector and size, a bar for each adapter that has it.
pub(super) struct Bars<'a> {
    groups: Vec<Vec<Bar<'a>>>,
}

struct Bar<'a> {
    mark: String,
    selector: &'a Selector,
}

impl Bar<'_> {
    /// Seconds of [`PARTS`]: what the median has beyond both is neither's.
    fn parts(&self) -> [f64; 3] {
        let (device, host) = (self.selector.device_seconds, self.selector.host_seconds);
        let rest = self.selector.samples.median() - device - host;
        [device, host, rest.max(0.0)]
    }

    fn length(&self) -> f64 {
        self.parts().iter().sum()
    }
}

impl<'a> Bars<'a> {
    pub(super) fn new(entries: &'a [Entry<'a>]) -> Self {
        let named = |selector: &'a Selector| (&selector.name, &selector.size);
        let rows = aligned(entries, |entry| &entry.adapter.selectors, named);
        let group = |(_, selectors): (_, Vec<Option<&'a Selector>>)| {
            let bars = entries
                .iter()
                .zip(selectors)
                .filter_map(|(entry, selector)| {
                    selector.map(|selector| Bar {
                        mark: entry.mark(),
                        selector,
                    })
                });
            bars.collect()
        };
        Self {
            groups: rows.into_iter().map(group).collect(),
        }
    }

    pub(super) fn height(&self) -> i32 {
        let lines: usize = self.groups.iter().map(|bars| bars.len() + 2).sum();
        if lines == 0 {
            0
        } else {
            LINE * (lines as i32 + 4)
        }
    }

    pub(super) fn draw(&self, root: &Area<'_>, top: i32) -> Result<(), Box<dyn StdError>> {
        if self.groups.is_empty() {
            return Ok(());
        }
        let title = "selectors: seconds from features in host memory to picks, medians";
        write(root, title, (INK, 15), (MARGIN, top + LINE), HPos::Left)?;
        let mut y = top + 2 * LINE + LINE / 2;
        for ((words, color), left) in PARTS.iter().zip((START..).step_by(90)) {
            bar(root, (left, y), 12, *color)?;
            write(root, words, (INK, 12), (left + 18, y), HPos::Left)?;
        }
        for group in &self.groups {
            y += 2 * LINE;
            let longest = group.iter().map(Bar::length).fold(0.0, f64::max);
            let selector = group[0].selector;
            let title = format!("{}: {}", selector.name, words::size(&selector.size));
            write(root, &title, (INK, 13), (MARGIN, y), HPos::Left)?;
            for one in group {
                y += LINE;
                one.draw(root, y, longest)?;
            }
        }
        Ok(())
    }
}

impl Bar<'_> {
    fn draw(&self, root: &Area<'_>, y: i32, longest: f64) -> Result<(), Box<dyn StdError>> {
        write(root, &self.mark, (INK, 12), (START - 6, y), HPos::Right)?;
        let mut left = START;
        for (seconds, (_, color)) in self.parts().into_iter().zip(PARTS) {
            // Nothing of nothing is no number, which is 0 pixels.
            let width = (f64::from(LONGEST) * seconds / longest).round() as i32;
            bar(root, (left, y), width, color)?;
            left += width;
        }
        let [device, host, _] = self.parts().map(words::seconds);
        let median = words::seconds(self.selector.samples.median());
        let words = format!("{median} (device {device}, host {host})");
        write(root, &words, (INK, 12), (left + 6, y), HPos::Left)
    }
}

fn bar(
    root: &Area<'_>,
    (left, y): (i32, i32),
    width: i32,
    color: RGBColor,
) -> Result<(), Box<dyn StdError>> {
    let corners = [(left, y - 6), (left + width, y + 6)];
    root.draw(&Rectangle::new(corners, color.filled()))?;
    Ok(())
}
