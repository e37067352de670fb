//! Integer rows by class: all of them, or where memory does not hold all the rows of some classes at a time; a class
//! that is too large for that is a [`LargeClass`].

use super::large_class::LargeClass;
use super::quantise::Source;
use crate::control::Stop;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::similarities::Examples;
use crate::quantise::{ClassRanges, IntegerRows};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// The fewest rows that are held at a time.
const HELD_ALWAYS: usize = 1 << 7;

/// Examples in integers.
pub(super) struct ClassRows<'a> {
    pub(super) ranges: ClassRanges,
    /// Consecutive classes whose rows are made together.
    runs: Vec<Range<usize>>,
    rows: Rows<'a>,
}

enum Rows<'a> {
    All(Arc<IntegerRows>),
    /// Those of one run, the one that was made last.
    Some {
        source: Source<'a>,
        /// How many memory holds.
        most: usize,
        last: Mutex<Option<(usize, Arc<IntegerRows>)>>,
    },
}

/// The rows of a run.
pub(super) enum Run<'r> {
    Held(Classes),
    Large(LargeClass<'r>),
}

/// The rows of some classes, and which places each class has among them.
pub(super) struct Classes {
    pub(super) rows: Arc<IntegerRows>,
    pub(super) ranges: ClassRanges,
    /// The first of the classes, and of their places among all.
    pub(super) first_class: usize,
    pub(super) first: usize,
}

impl<'a> ClassRows<'a> {
    /// All of some rows.
    pub(super) fn of(rows: IntegerRows, ranges: ClassRanges) -> Self {
        Self {
            runs: runs(&ranges, usize::MAX),
            ranges,
            rows: Rows::All(Arc::new(rows)),
        }
    }

    /// Examples, of which no more than so many bytes are there at a time.
    pub(super) fn new(
        features: &'a Features<'a>,
        examples: Examples<'_>,
        most: u64,
        stop: &'a Stop,
    ) -> Result<Self, Error> {
        let ranges = examples.ranges();
        let source = Source::new(features, examples, stop);
        let row = 2 * IntegerRows::pitch_of(features.dim()) as u64;
        let most = usize::try_from(most / row).unwrap_or(usize::MAX);
        let most = most.max(HELD_ALWAYS);
        if ranges.places() <= most {
            return Ok(Self::of(source.rows(0..ranges.places())?, ranges));
        }
        source.refuse_zeros()?;
        Ok(Self {
            runs: runs(&ranges, most),
            ranges,
            rows: Rows::Some {
                source,
                most,
                last: Mutex::default(),
            },
        })
    }

    /// The classes that are made together with one.
    pub(super) fn together(&self, class: usize) -> Range<usize> {
        self.runs[self.run_of(class)].clone()
    }

    fn run_of(&self, class: usize) -> usize {
        self.runs.partition_point(|run| run.end <= class)
    }

    /// The rows of a class, and of those that are made with it.
    pub(super) fn having(&self, class: usize) -> Result<Run<'_>, Error> {
        self.run(self.run_of(class))
    }

    /// All rows, run by run; only those with one of the places, where some are given.
    pub(super) fn runs(
        &self,
        of: Option<&[usize]>,
    ) -> impl Iterator<Item = Result<(Range<usize>, Option<Run<'_>>), Error>> {
        (0..self.runs.len()).map(move |at| {
            let places = self.ranges.span(self.runs[at].clone());
            let is_asked = of.is_none_or(|of| of.iter().any(|place| places.contains(place)));
            let run = is_asked.then(|| self.run(at)).transpose()?;
            Ok((places, run))
        })
    }

    fn run(&self, at: usize) -> Result<Run<'_>, Error> {
        let classes = self.runs[at].clone();
        let places = self.ranges.span(classes.clone());
        let rows = match &self.rows {
            Rows::All(rows) => rows.clone(),
            Rows::Some { source, most, last } => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                match &*last {
                    Some((made, rows)) if *made == at => rows.clone(),
                    _ => {
                        *last = None; // its memory first
                        if places.len() > *most {
                            return Ok(Run::Large(LargeClass::new(source, places, *most)));
                        }
                        let rows = Arc::new(source.rows(places.clone())?);
                        *last = Some((at, rows.clone()));
                        rows
                    }
                }
            }
        };
        let sizes = classes.clone().map(|class| self.ranges.class(class).len());
        Ok(Run::Held(Classes {
            rows,
            ranges: ClassRanges::new(sizes),
            first_class: classes.start,
            first: places.start,
        }))
    }

    /// Some of the rows, in this order.
    pub(super) fn some(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        match &self.rows {
            Rows::All(rows) => Ok(rows.some(places)),
            Rows::Some { source, .. } => source.some(places),
        }
    }
}

impl Classes {
    /// The places of a class among the rows.
    pub(super) fn places(&self, class: usize) -> Range<usize> {
        self.ranges.class(class - self.first_class)
    }
}

/// Runs of classes of so many rows together, or of one class.
fn runs(ranges: &ClassRanges, most: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for class in 0..ranges.classes() {
        match runs.last_mut() {
            Some(run) if ranges.span(run.start..class + 1).len() <= most => run.end = class + 1,
            _ => runs.push(class..class + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_hold_as_many_classes_as_fit() {
        let ranges = ClassRanges::new([3, 2, 0, 9, 1, 1]);
        assert_eq!(runs(&ranges, 5), [0..3, 3..4, 4..6]);
        assert_eq!(runs(&ranges, 1), [0..1, 1..2, 2..3, 3..4, 4..5, 5..6]);
        assert_eq!(runs(&ranges, 15), [0..5, 5..6]);
        assert_eq!(runs(&ranges, 16).len(), 1);
        assert!(runs(&ClassRanges::new([]), 4).is_empty());
    }
}
