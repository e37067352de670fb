//! The options of pages that show what was found.

use super::{heading, named, of_features};
use crate::write::Named;
use clap::Args;
use std::path::PathBuf;

/// What a page is to show.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Draw the pool and the picks as a page of HTML, which needs no other file: x.html
    ///
    /// In the plane, by lengths, by score, by what they span and cover, by latent class. It is written after the
    /// picks, and costs a few passes more over the features
    #[arg(long, value_name = "HTML", value_parser = page, help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) report: Option<PathBuf>,
    /// Where rows lie in the plane (with --report): two columns, in any form of FEATURES
    ///
    /// Without it by their first two principal components
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) plane: Option<PathBuf>,
    /// Show the picked images (with --report): a list of their paths, a line for each row
    ///
    /// PNG or JPEG, from the folder that the list is in. The first picks are shown, as small copies, with what is
    /// told of them. An image that cannot be read leaves its place empty, and that is said
    #[arg(long, value_name = "FILE", conflicts_with = "texts", help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) images: Option<PathBuf>,
    /// Show the picked texts (with --report): a line for each row
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) texts: Option<PathBuf>,
}

impl ReportArgs {
    /// Options that say what a page shows, and whether they are given.
    pub(crate) fn besides(&self) -> [(&'static str, bool); 3] {
        [
            ("plane", self.plane.is_some()),
            ("images", self.images.is_some()),
            ("texts", self.texts.is_some()),
        ]
    }

    /// Every file that is read, with the argument that names it.
    pub(super) fn inputs(&self, raw: bool) -> Vec<Named> {
        let mut inputs = of_features("plane", &self.plane, raw);
        let lists = [("images", &self.images), ("texts", &self.texts)];
        inputs.extend(named(
            lists.map(|(argument, path)| (argument, path.as_ref())),
        ));
        inputs
    }

    /// The page that is written, with the argument that names it.
    pub(crate) fn output(&self) -> Vec<Named> {
        named([("report", self.report.as_ref())])
    }
}

/// Understands the name of a page: nothing else is written where another file was meant.
pub(super) fn page(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    match extension.to_str() {
        Some("html" | "htm") => Ok(path),
        _ => Err(format!("{text:?} found, a name in .html expected")),
    }
}
