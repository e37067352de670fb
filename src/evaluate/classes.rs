//! Labels as classes, and how many of them picks have.

use super::evaluation::Evaluation;
use crate::error::Error;

/// Classes from 0 on in the order of the labels, one a label, and what each class is called. Whole numbers and names
/// will do.
///
/// The labels of test rows go with those of the pool in one list, so that the same class has the same number.
///
/// ```
/// use coresift::evaluate::classes_of;
///
/// let (classes, names) = classes_of(&["shoe", "bag", "shoe"]);
/// assert_eq!((classes, names), (vec![1, 0, 1], vec!["bag".to_owned(), "shoe".to_owned()]));
/// ```
#[must_use]
pub fn classes_of<T: Ord + ToString>(labels: &[T]) -> (Vec<u32>, Vec<String>) {
    let mut different: Vec<&T> = labels.iter().collect();
    different.sort_unstable();
    different.dedup();
    let class = |label| different.partition_point(|other| *other < label) as u32;
    let classes = labels.iter().map(class).collect();
    let names = different.into_iter().map(ToString::to_string);
    (classes, names.collect())
}

/// How many classes picks have of those that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassCoverage {
    /// Classes that a pick has.
    pub picked: usize,
    /// Classes that a row of the pool has.
    pub present: usize,
}

impl ClassCoverage {
    /// The one over the other.
    #[must_use]
    pub fn share(self) -> f64 {
        self.picked as f64 / self.present as f64
    }
}

impl Evaluation<'_> {
    /// How many of the pool's classes are present among the picks.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for labels that are not one a row, or of a single class.
    pub fn class_coverage(&self, labels: &[u32]) -> Result<ClassCoverage, Error> {
        let present = different(self.check_labels(labels)?.iter().copied()).len();
        let picked = different(self.picks.iter().map(|&pick| labels[pick])).len();
        Ok(ClassCoverage { picked, present })
    }
}

/// The different ones of some classes, ascending.
pub(super) fn different(classes: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut different: Vec<u32> = classes.collect();
    different.sort_unstable();
    different.dedup();
    different
}
