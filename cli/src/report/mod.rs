//! Pages of HTML that show what was found: each is one file that needs no other, no script and no network.
//!
//! Pictures are written as SVG by hand. plotters, which draws the benchmarks, fixes colours and the size of text in
//! pixels where it draws: a picture of its would neither follow the reader's light or dark nor stay readable on a
//! narrow screen. Here a unit is about a pixel wherever a picture is shown, and colours are the style sheet's.

mod axis;
mod bars;
pub(crate) mod compared;
pub(crate) mod evaluated;
pub(crate) mod examples;
mod frame;
mod gallery;
mod histogram;
pub(crate) mod html;
mod key;
mod lines;
pub(crate) mod page;
mod scatter;
pub(crate) mod selected;
mod table;
mod thumbnail;
