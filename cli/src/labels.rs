//! Labels and classes by number or name, from the files that options name.

use crate::failure::Failure;
use crate::select::left_out;
use coresift::Others;
use coresift::evaluate::classes_of;
use coresift_io::Column;
use coresift_io::labels::{self, Label, Labels};
use coresift_io::target::Target;

/// The class of every row, by number, and what each class is called.
pub(crate) struct Classified {
    pub(crate) of_rows: Vec<u32>,
    pub(crate) names: Vec<String>,
}

/// The labels that `argument` names, one for each of so many rows.
pub(crate) fn read(
    list: &Target,
    argument: &'static str,
    column: &Column,
    rows: usize,
) -> Result<Labels, Failure> {
    let labels = labels::read(list, argument, column)?;
    if labels.len() == rows {
        return Ok(labels);
    }
    let found = labels.len();
    let problem = format!("{found} labels found, one for each of {rows} rows expected");
    Err(Failure::file(&list.path, argument, problem))
}

impl Classified {
    /// The classes of labels, and those of rows to test on, in the same numbers.
    pub(crate) fn of(labels: &Labels, test: Option<&Labels>) -> (Self, Option<Vec<u32>>) {
        let of_test = test.into_iter().flat_map(Labels::iter);
        let all: Vec<&Label> = labels.iter().chain(of_test).collect();
        let (mut of_rows, names) = classes_of(&all);
        let of_test = of_rows.split_off(labels.len());
        (Self { of_rows, names }, test.map(|_| of_test))
    }

    /// The same of the rows that are left.
    pub(crate) fn among(
        self,
        others: Option<&Others>,
        list: Option<&Target>,
        argument: &'static str,
    ) -> Result<Self, Failure> {
        let Some(others) = others else {
            return Ok(self);
        };
        let of_rows = others.of_each(&self.of_rows, argument);
        let of_rows = left_out::of_list(of_rows, list, argument)?;
        Ok(Self { of_rows, ..self })
    }

    /// Refuses labels of which there is a single one.
    pub(crate) fn check_several(&self, list: &Target) -> Result<(), Failure> {
        match self.of_rows.split_first() {
            Some((first, others)) if others.iter().all(|other| other == first) => {
                let name = &self.names[*first as usize];
                let problem = format!("label {name} alone found, at least two labels expected");
                Err(Failure::file(&list.path, "labels", problem))
            }
            _ => Ok(()),
        }
    }
}
