//! What an adapter could do at each number of operations a byte, and what its kernels do.

use super::super::report::{Ceiling, Kernel, Unit};
use super::super::words;
use super::{Area, Entry, INK, LINE, MARGIN, StdError, WIDTH, write};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use std::ops::Range;

/// Pixels to the right of the plot, for the kernels' names.
const NAMES: i32 = 300;
const LEAST_HEIGHT: i32 = 440;

/// One adapter's panel.
pub(super) struct Roofline<'a> {
    entry: &'a Entry<'a>,
    points: Vec<Point<'a>>,
    /// Kernels that move nothing or compute nothing, which logarithmic axes have no place for.
    placeless: Vec<&'a Kernel>,
}

struct Point<'a> {
    kernel: &'a Kernel,
    /// Operations a byte, and operations a second.
    at: (f64, f64),
}

impl<'a> Point<'a> {
    fn new(kernel: &'a Kernel) -> Option<Self> {
        let operations = kernel.operations;
        let at = (
            operations / kernel.bytes,
            operations / kernel.samples.median(),
        );
        let has_place = |value: f64| value.is_finite() && value > 0.0;
        (has_place(at.0) && has_place(at.1)).then_some(Self { kernel, at })
    }
}

/// Where lines and points may be.
struct Ranges {
    intensity: Range<f64>,
    rate: Range<f64>,
}

impl<'a> Roofline<'a> {
    pub(super) fn new(entry: &'a Entry<'a>) -> Self {
        let kernels = &entry.adapter.kernels;
        let placeless = |kernel: &&Kernel| Point::new(kernel).is_none();
        Self {
            entry,
            points: kernels.iter().filter_map(Point::new).collect(),
            placeless: kernels.iter().filter(placeless).collect(),
        }
    }

    pub(super) fn height(&self) -> i32 {
        let names = self.points.len() + self.placeless.len();
        (LINE * (names as i32 + 8)).max(LEAST_HEIGHT)
    }

    /// Ceilings of a unit, and what they let through.
    fn roofs(&self, unit: Unit) -> Vec<(&'a Ceiling, f64)> {
        let ceilings = &self.entry.adapter.ceilings;
        let rated = ceilings.iter().map(|ceiling| (ceiling, ceiling.rate()));
        rated
            .filter(|(ceiling, rate)| {
                // The link to the host is no roof of kernels.
                let of_device = !matches!(&*ceiling.name, "upload" | "read-back");
                ceiling.unit == unit && of_device && rate.is_finite() && *rate > 0.0
            })
            .collect()
    }

    /// All points, the heights of roofs and their corners, with room around them.
    fn ranges(&self) -> Option<Ranges> {
        let (mut intensities, mut rates): (Vec<f64>, Vec<f64>) =
            self.points.iter().map(|point| point.at).unzip();
        for (_, most) in self.roofs(Unit::OperationsPerSecond) {
            rates.push(most);
            let slopes = self.roofs(Unit::BytesPerSecond);
            intensities.extend(slopes.iter().map(|(_, bandwidth)| most / bandwidth));
        }
        let range = |all: &[f64]| {
            let least = all.iter().copied().fold(f64::INFINITY, f64::min);
            let most = all.iter().copied().fold(0.0, f64::max);
            least / 4.0..most * 4.0
        };
        (!intensities.is_empty()).then(|| Ranges {
            intensity: range(&intensities),
            rate: range(&rates),
        })
    }

    pub(super) fn draw(&self, root: &Area<'_>, top: i32) -> Result<(), Box<dyn StdError>> {
        let title = format!("{}; {}", self.entry.title(), self.entry.from.name);
        write(root, &title, (INK, 15), (MARGIN, top + LINE), HPos::Left)?;
        let Some(ranges) = self.ranges() else {
            return write(
                root,
                "no kernels",
                (INK, 12),
                (MARGIN, top + 3 * LINE),
                HPos::Left,
            );
        };
        let (area, _) = root.split_horizontally(WIDTH - NAMES);
        let (_, area) = area.split_vertically(top + 2 * LINE);
        let (area, _) = area.split_vertically(self.height() - 2 * LINE);
        let mut chart = ChartBuilder::on(&area)
            .margin(MARGIN)
            .x_label_area_size(3 * LINE)
            .y_label_area_size(90)
            .build_cartesian_2d(
                ranges.intensity.clone().log_scale(),
                ranges.rate.clone().log_scale(),
            )?;
        chart
            .configure_mesh()
            .max_light_lines(0)
            .label_style(("sans-serif", 12))
            .x_desc("operations a byte")
            .x_label_formatter(&|value| format!("{}", (value * 1e6).round() / 1e6))
            .y_label_formatter(&|value| words::arithmetic(*value, false))
            .draw()?;
        for (ceiling, line) in self.lines(&ranges) {
            chart.draw_series([PathElement::new(line, color(&ceiling.name).stroke_width(2))])?;
        }
        for point in &self.points {
            let style = color(&point.kernel.bound_by).filled();
            chart.draw_series([Circle::new(point.at, 4, style)])?;
        }
        let (columns, rows) = chart.plotting_area().get_pixel_range();
        self.legend(root, (columns.start + MARGIN, rows.start + MARGIN))?;
        let place = |point: &Point<'_>| chart.backend_coord(&point.at);
        let places: Vec<(i32, i32)> = self.points.iter().map(place).collect();
        self.names(
            root,
            &places,
            top + 3 * LINE..top + self.height() - 2 * LINE,
        )
    }

    /// Each roof as far as it is one: bandwidth up to the highest arithmetic, arithmetic from the
    /// highest bandwidth on.
    fn lines(&self, ranges: &Ranges) -> Vec<(&'a Ceiling, Vec<(f64, f64)>)> {
        let (intensity, rate) = (&ranges.intensity, &ranges.rate);
        let slopes = self.roofs(Unit::BytesPerSecond);
        let levels = self.roofs(Unit::OperationsPerSecond);
        let steepest = slopes.iter().map(|roof| roof.1).fold(0.0, f64::max);
        let highest = levels.iter().map(|roof| roof.1).fold(0.0, f64::max);
        let highest = if levels.is_empty() { rate.end } else { highest };
        let slope = |(ceiling, bandwidth): (&'a Ceiling, f64)| {
            let start = intensity.start.max(rate.start / bandwidth);
            let end = intensity.end.min(highest / bandwidth);
            (
                ceiling,
                vec![(start, start * bandwidth), (end, end * bandwidth)],
            )
        };
        let level = |(ceiling, most): (&'a Ceiling, f64)| {
            // Without any bandwidth this is infinite, and no start.
            let start = Some(most / steepest).filter(|start| start.is_finite());
            let start = start.unwrap_or(intensity.start).max(intensity.start);
            (ceiling, vec![(start, most), (intensity.end, most)])
        };
        let slopes = slopes.into_iter().map(slope);
        let lines = slopes.chain(levels.into_iter().map(level));
        // A slope that is nowhere as low as the points has no place in the plot.
        lines.filter(|(_, line)| line[0].0 < line[1].0).collect()
    }

    /// The roofs' names, in the corner that lies above them all.
    fn legend(&self, root: &Area<'_>, (left, top): (i32, i32)) -> Result<(), Box<dyn StdError>> {
        let slopes = self.roofs(Unit::BytesPerSecond);
        let levels = self.roofs(Unit::OperationsPerSecond);
        for (line, (ceiling, _)) in (0..).zip(slopes.into_iter().chain(levels)) {
            let y = top + line * LINE;
            let style = color(&ceiling.name).stroke_width(2);
            root.draw(&PathElement::new([(left, y), (left + 20, y)], style))?;
            let words = format!("{}: {}", ceiling.name, words::ceiling(ceiling));
            write(root, &words, (INK, 12), (left + 26, y), HPos::Left)?;
        }
        Ok(())
    }

    /// The kernels' names beside the plot, each at the height of its point or as near to it as
    /// others let it, and a line from one to the other.
    fn names(
        &self,
        root: &Area<'_>,
        places: &[(i32, i32)],
        rows: Range<i32>,
    ) -> Result<(), Box<dyn StdError>> {
        let left = WIDTH - NAMES;
        let bottom = rows.end - LINE * self.placeless.len() as i32;
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|&at| places[at].1);
        let wanted: Vec<i32> = order.iter().map(|&at| places[at].1).collect();
        for (&at, y) in order.iter().zip(apart(&wanted, rows.start..bottom)) {
            let kernel = self.points[at].kernel;
            let color = color(&kernel.bound_by);
            let path = [places[at], (left - 4, y), (left, y)];
            root.draw(&PathElement::new(path, color.mix(0.5)))?;
            write(
                root,
                &self.name(kernel),
                (color, 12),
                (left + 4, y),
                HPos::Left,
            )?;
        }
        for (line, kernel) in (1..).zip(&self.placeless) {
            let lacks = match kernel {
                k if k.bytes == 0.0 => "no bytes",
                k if k.operations == 0.0 => "no operations",
                _ => "no time",
            };
            let words = format!("{} ({lacks})", self.name(kernel));
            write(
                root,
                &words,
                (INK, 12),
                (left + 4, bottom + line * LINE),
                HPos::Left,
            )?;
        }
        Ok(())
    }

    /// A kernel, with its size where it is there at several, and its share of its roof.
    fn name(&self, kernel: &Kernel) -> String {
        let kernels = self.entry.adapter.kernels.iter();
        let alone = kernels.filter(|other| other.name == kernel.name).count() == 1;
        let size = if alone {
            String::new()
        } else {
            format!(" ({})", words::size(&kernel.size))
        };
        let (name, share) = (&kernel.name, words::share(kernel.share()));
        format!("{name}{size}: {share} of {}", kernel.bound_by)
    }
}

/// Heights nearest to those wanted, which ascend, at least a line apart and in `rows` where that is
/// long enough.
fn apart(wanted: &[i32], rows: Range<i32>) -> Vec<i32> {
    let mut heights = Vec::with_capacity(wanted.len());
    let mut free = rows.start;
    for &y in wanted {
        heights.push(y.max(free));
        free = heights[heights.len() - 1] + LINE;
    }
    let mut last = rows.end;
    for y in heights.iter_mut().rev() {
        *y = last.min(*y);
        last = *y - LINE;
    }
    heights
}

/// The colour of a ceiling, and of kernels that are bound by it.
fn color(ceiling: &str) -> RGBColor {
    match ceiling {
        "copy" => RGBColor(31, 119, 180),
        "read" => RGBColor(23, 160, 180),
        "multiply-add f32" => RGBColor(200, 40, 40),
        "multiply-add f16" => RGBColor(225, 120, 0),
        "multiply-add i32" => RGBColor(130, 80, 180),
        "gemm f32" => RGBColor(140, 86, 75),
        _ => RGBColor(90, 90, 90),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_apart_and_in_their_column() {
        assert_eq!(apart(&[10, 100], 0..200), [10, 100]);
        assert_eq!(apart(&[10, 12, 12], 0..200), [10, 26, 42]);
        assert_eq!(apart(&[10, 190, 195, 300], 0..200), [10, 168, 184, 200]);
        assert!(apart(&[], 0..200).is_empty());
    }
}
