//! Rows that are left where others are not: what is said of all of them, by their own numbers, and back.

use super::left_out::LeftOut;
use crate::error::{Error, MissingRows};
use crate::selection::Selection;

/// The rows of a matrix of which some are left out, by their numbers among all.
///
/// Pools and selectors know the rows that are left alone, numbered one after another. What a caller says of
/// rows by the numbers of all is restated for them, and what comes back is told by those numbers again.
///
/// ```
/// use coresift::{CpuPool, Features, LeftOut, Rows, Selector, Uniform};
///
/// let x = [1.0, 2.0, 3.0, 4.0];
/// let left_out = LeftOut { rows: vec![0, 2], ..LeftOut::default() };
/// let features = Features::without(Rows::Slice(&x), [4, 1], &left_out)?;
/// let others = features.others().expect("two rows are left out");
/// let labelled = others.places(&[1], "labelled")?;
/// let selector = Uniform { labelled, ..Uniform::default() };
/// let mut selection = selector.select(&CpuPool::new(features), 1)?;
/// others.renumber(&mut selection);
/// assert_eq!(selection.picks, [3]);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Others {
    /// Number of all rows.
    rows: usize,
    numbers: Vec<usize>,
}

impl Others {
    /// Of so many rows those of these numbers, ascending.
    #[must_use]
    pub fn new(rows: usize, numbers: Vec<usize>) -> Self {
        Self { rows, numbers }
    }

    /// Those of so many rows that a list does not leave out, where it has any. Its numbers have been checked.
    #[must_use]
    pub fn of_list(rows: usize, left_out: &LeftOut) -> Option<Self> {
        let numbers = left_out.others(rows).ok()??;
        Some(Self { rows, numbers })
    }

    /// Number of all rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The numbers that these rows have among all, ascending.
    #[must_use]
    pub fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// What is left out of the same rows once they have been changed, as by [`center`](crate::center): all but these, and
    /// of these what `asked` leaves out by their values.
    #[must_use]
    pub fn left_out(&self, asked: &LeftOut) -> LeftOut {
        let is_kept = |row: &usize| self.numbers.binary_search(row).is_ok();
        LeftOut {
            rows: (0..self.rows).filter(|row| !is_kept(row)).collect(),
            ..*asked
        }
    }

    /// Where rows named by the numbers of all are among these.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for a row that is left out or is none.
    pub fn places(&self, named: &[usize], argument: &'static str) -> Result<Vec<usize>, Error> {
        let place = |&row: &usize| {
            self.numbers.binary_search(&row).map_err(|_| {
                let (found, expected) = match row < self.rows {
                    true => (
                        format!("row {row}, which is left out,"),
                        "others".to_owned(),
                    ),
                    false => (format!("row {row}"), format!("indices below {}", self.rows)),
                };
                Error::Argument {
                    argument,
                    found,
                    expected,
                }
            })
        };
        named.iter().map(place).collect()
    }

    /// What is said of each row, of these alone.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for another number of entries than there are rows in all.
    pub fn of_each<T: Copy>(&self, all: &[T], argument: &'static str) -> Result<Vec<T>, Error> {
        if all.len() != self.rows {
            return Err(Error::Argument {
                argument,
                found: format!("{} entries", all.len()),
                expected: format!("one for each of {} rows", self.rows),
            });
        }
        Ok(self.numbers.iter().map(|&row| all[row]).collect())
    }

    /// A selection of these rows by the numbers of all.
    pub fn renumber(&self, selection: &mut Selection) {
        let named = selection.picks.iter_mut();
        let named = named.chain(selection.details.rows_mut());
        named.for_each(|row| *row = self.numbers[*row]);
    }

    /// An error that speaks of one of these rows, or carries picks, by the numbers of all.
    #[must_use]
    pub fn named(&self, mut error: Error) -> Error {
        match &mut error {
            Error::ZeroRow { row, .. } | Error::LabelledTwice { row } => *row = self.numbers[*row],
            Error::DeviceLost { partial, .. } | Error::Unreadable { partial, .. } => {
                self.renumber(partial);
            }
            Error::Interrupted { missing, partial } => {
                self.renumber(partial);
                if let Some(MissingRows { rows, .. }) = missing
                    && rows.start < rows.end
                {
                    *rows = self.numbers[rows.start]..self.numbers[rows.end - 1] + 1;
                }
            }
            _ => {}
        }
        error
    }
}
