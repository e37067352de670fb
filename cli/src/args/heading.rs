//! What options are for: the headings of the help, in this order. An option of one method is told at
//! length only.

pub(super) const MEASURES: &str = "Measures";
pub(super) const COMPARISON: &str = "Comparison";
pub(super) const METHOD: &str = "Method";
pub(super) const ROWS: &str = "Rows";
pub(super) const BUDGET: &str = "Budget";
pub(super) const OUTPUT: &str = "Output";
pub(super) const DEVICE: &str = "Device";
pub(super) const CLASSES: &str = "Latent classes (sas; others are stratified by them)";
pub(super) const NORM: &str = "Options of norm and max-norm";
pub(super) const GRAM_SCHMIDT: &str = "Options of gram-schmidt and log-det";
pub(super) const SAS: &str = "Options of sas";
pub(super) const TYPICLUST: &str = "Options of typiclust";
pub(super) const PROBCOVER: &str = "Options of probcover";
pub(super) const COVER: &str = "Options of facility-location, coverage and herding";
pub(super) const K_CENTER: &str = "Options of k-center, and of --weights-out";
