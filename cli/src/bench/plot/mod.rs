//! Reports as a picture: of every adapter its roofs and how near its kernels come to them, of every
//! selector what it takes on each adapter.

mod bars;
mod roofline;

use super::report::Named;
use super::{Entry, entries};
use bars::Bars;
use coresift::Error;
use coresift_io::file;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use roofline::Roofline;
use std::error::Error as StdError;
use std::path::Path;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Sizes in pixels; a line is one of text.
const WIDTH: i32 = 1100;
const LINE: i32 = 16;
const MARGIN: i32 = 12;
const INK: RGBColor = RGBColor(40, 40, 40);

/// Draws reports as an SVG, which appears whole or not at all.
///
/// # Errors
///
/// [`Error::File`] if the file cannot be written; [`Error::Argument`] if there is no adapter.
pub fn draw(reports: &[Named], path: &Path) -> Result<(), Error> {
    let fail = |problem, reason| Error::File {
        path: path.display().to_string(),
        problem,
        reason,
    };
    let svg = svg(&entries(reports)?).map_err(|e| fail("cannot draw", e.to_string()))?;
    file::replace(path, svg.as_bytes()).map_err(|e| fail("cannot write the file", e.to_string()))
}

/// A panel for each adapter, one below the other, and one for all selectors.
fn svg(entries: &[Entry<'_>]) -> Result<String, Box<dyn StdError>> {
    let rooflines: Vec<Roofline<'_>> = entries.iter().map(Roofline::new).collect();
    let bars = Bars::new(entries);
    let height = rooflines.iter().map(Roofline::height).sum::<i32>() + bars.height();
    let mut svg = String::new();
    {
        let size = (WIDTH as u32, height as u32);
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let mut top = 0;
        for roofline in &rooflines {
            roofline.draw(&root, top)?;
            top += roofline.height();
        }
        bars.draw(&root, top)?;
        root.present()?;
    }
    Ok(svg)
}

/// Writes a line of text, its middle at the height of `at` and its start (or end) there.
fn write(
    root: &Area<'_>,
    words: &str,
    (color, size): (RGBColor, u32),
    at: (i32, i32),
    anchor: HPos,
) -> Result<(), Box<dyn StdError>> {
    let style = ("sans-serif", size).into_text_style(root).color(&color);
    root.draw_text(words, &style.pos(Pos::new(anchor, VPos::Center)), at)?;
    Ok(())
}
