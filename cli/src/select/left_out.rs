//! Rows that are left out: what options say of the others, and picks by the numbers of all.

use super::weights::Chosen;
use super::words::count;
use crate::args::{Method, SelectArgs, Source};
use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt;
use crate::method::Given;
use coresift::{Classes, Error, Features, LeftOut, Metric, Selection, Similarity};
use coresift_io::features::FeatureFile;
use coresift_io::indices;
use coresift_io::target::Target;
use serde_json::Value;

/// What the options leave out.
pub(crate) fn read(args: &SelectArgs, file: &FeatureFile) -> Result<LeftOut, Failure> {
    let rows = excluded(args.source.exclude.as_ref(), file)?;
    let weigh_directions = args.weights_out.is_some() && args.weights_metric() == Metric::Cosine;
    Ok(LeftOut {
        rows,
        invalid: args.source.skip_invalid,
        zeros: args.source.skip_invalid && (needs_directions(args) || weigh_directions),
    })
}

/// Whether some stage goes by the directions of rows.
pub(crate) fn needs_directions(args: &SelectArgs) -> bool {
    args.stages().any(|stage| match stage {
        Method::TypiClust
        | Method::ProbCover
        | Method::Coverage
        | Method::FacilityLocation
        | Method::Herding => true,
        Method::KCenter => args.metric == Some(Metric::Cosine),
        Method::Sas => args.similarity.unwrap_or_default() == Similarity::Cosine,
        _ => false,
    })
}

/// The rows that a list leaves out.
pub(crate) fn excluded(list: Option<&Target>, file: &FeatureFile) -> Result<Vec<usize>, Failure> {
    let rows = list.map(|list| indices::rows(list, "exclude"));
    let rows = rows.transpose()?.unwrap_or_default();
    if let Some(row) = rows.iter().find(|&&row| row >= file.rows) {
        let problem = format!("row {row} found, indices below {} expected", file.rows);
        return Err(refused(list, "exclude", problem));
    }
    Ok(rows)
}

/// What is left out of the rows as they are given: whether a row has a direction is told once they are centered.
pub(super) fn as_given(args: &SelectArgs, left_out: &LeftOut) -> LeftOut {
    LeftOut {
        zeros: left_out.zeros && !args.center,
        ..left_out.clone()
    }
}

/// What is left out of centered rows: all but the others that their mean is of, and of these what has no direction.
pub(super) fn once_centered(
    left_out: &LeftOut,
    others: Option<Vec<usize>>,
    rows: usize,
) -> LeftOut {
    let mut is_left_out = vec![others.is_some(); rows];
    for row in others.into_iter().flatten() {
        is_left_out[row] = false;
    }
    LeftOut {
        rows: (0..rows).filter(|&row| is_left_out[row]).collect(),
        ..*left_out
    }
}

/// The rows that are left, where some are not: by their numbers among all.
pub(crate) struct Others {
    /// Number of all rows.
    rows: usize,
    numbers: Vec<usize>,
}

impl Others {
    /// Those of the features, where some are left out.
    pub(crate) fn of(file: &FeatureFile, features: &Features<'_>) -> Option<Self> {
        let numbers = features.numbers()?.to_vec();
        let rows = file.rows;
        Some(Self { rows, numbers })
    }

    /// Those that a list does not leave out, where one does.
    pub(crate) fn of_list(rows: usize, left_out: &LeftOut) -> Option<Self> {
        let mut is_left_out = vec![false; rows];
        left_out
            .rows
            .iter()
            .for_each(|&row| is_left_out[row] = true);
        let numbers: Vec<usize> = (0..rows).filter(|&row| !is_left_out[row]).collect();
        (numbers.len() < rows).then_some(Self { rows, numbers })
    }

    /// Number of these rows.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// What files say, of these rows alone.
    pub(crate) fn restate(&self, args: &SelectArgs, mut given: Given) -> Result<Given, Failure> {
        given.labelled = self.places(&given.labelled, args.labelled.as_ref(), "labelled")?;
        given.classes = match given.classes {
            Some(Classes::Given(classes)) => {
                let classes = self.of_each(classes, args.classes.as_ref(), "classes")?;
                Some(Classes::Given(classes))
            }
            Some(Classes::FewLabels { rows, classes }) => {
                let rows = self.places(&rows, args.few_labels.as_ref(), "few-labels")?;
                Some(Classes::FewLabels { rows, classes })
            }
            other => other,
        };
        if let Some(clusters) = given.clusters {
            let list = args.given_clusters.as_ref();
            given.clusters = Some(self.of_each(clusters, list, "given-clusters")?);
        }
        if let Some(weights) = given.target_weights {
            let list = args.target_weights.as_ref();
            given.target_weights = Some(self.of_each(weights, list, "target-weights")?);
        }
        if let Some(norms) = given.input_norms {
            given.input_norms = Some(self.numbers.iter().map(|&row| norms[row]).collect());
        }
        Ok(given)
    }

    /// The numbers that these rows have among all.
    pub(crate) fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// Where rows that a list names are among these.
    pub(crate) fn places(
        &self,
        named: &[usize],
        list: Option<&Target>,
        argument: &'static str,
    ) -> Result<Vec<usize>, Failure> {
        let place = |&row: &usize| {
            self.numbers.binary_search(&row).map_err(|_| {
                let found = if row < self.rows {
                    format!("row {row}, which is left out, found, others expected")
                } else {
                    format!("row {row} found, indices below {} expected", self.rows)
                };
                refused(list, argument, found)
            })
        };
        named.iter().map(place).collect()
    }

    /// What a list says of these rows.
    pub(crate) fn of_each<T: Copy>(
        &self,
        all: Vec<T>,
        list: Option<&Target>,
        argument: &'static str,
    ) -> Result<Vec<T>, Failure> {
        if all.len() != self.rows {
            let (found, rows) = (all.len(), self.rows);
            let problem = format!("{found} entries found, one for each of {rows} rows expected");
            return Err(refused(list, argument, problem));
        }
        Ok(self.numbers.iter().map(|&row| all[row]).collect())
    }

    /// An error that speaks of one of these rows, by its number among all.
    pub(crate) fn named(&self, mut error: Error) -> Error {
        if let Error::ZeroRow { row, .. } | Error::LabelledTwice { row } = &mut error {
            *row = self.numbers[*row];
        }
        error
    }

    /// What has been chosen, by the numbers of all rows; of an error the picks made before, and the row
    /// that it speaks of.
    pub(super) fn renumbered(
        others: Option<&Self>,
        mut chosen: Result<Chosen, Error>,
    ) -> Result<Chosen, Error> {
        let Some(others) = others else {
            return chosen;
        };
        let numbers = &others.numbers;
        if let Ok(Chosen {
            weighed: Some(Ok(weighed)),
            ..
        }) = &mut chosen
        {
            weighed.rows.iter_mut().for_each(|row| *row = numbers[*row]);
        }
        let selection = match &mut chosen {
            Ok(Chosen { selection, .. }) => Some(selection),
            Err(
                Error::DeviceLost { partial, .. }
                | Error::Interrupted { partial }
                | Error::Unreadable { partial, .. },
            ) => Some(&mut **partial),
            Err(_) => None,
        };
        if let Some(Selection { picks, details, .. }) = selection {
            let named = picks.iter_mut().chain(details.rows_mut());
            named.for_each(|row| *row = numbers[*row]);
        }
        chosen.map_err(|error| others.named(error))
    }
}

/// Names the file and the row that an error speaks of, by its number among all rows; ends the process if it was
/// Ctrl-C.
pub(crate) fn in_context(file: &FeatureFile, others: Option<&Others>, failure: Failure) -> Failure {
    match failure {
        Failure::Library(Error::Interrupted { .. }) => {
            interrupt::end("interrupted: nothing written")
        }
        Failure::Library(error @ Error::ZeroRow { .. }) => {
            let error = match others {
                Some(others) => others.named(error),
                None => error,
            };
            file.refused(error).into()
        }
        failure => failure,
    }
}

fn refused(list: Option<&Target>, argument: &'static str, problem: String) -> Failure {
    match list {
        Some(list) => Failure::file(&list.path, argument, problem),
        None => Failure::Usage(format!("{argument}: {problem}")),
    }
}

/// Says how many rows are left out, and puts it into a record.
pub(crate) fn tell(
    source: &Source,
    (left_out, others): (&LeftOut, Option<&Others>),
    about: &mut Value,
    console: Console,
) {
    let mut excluded = left_out.rows.clone();
    excluded.sort_unstable();
    excluded.dedup();
    if source.exclude.is_some() {
        about["excluded"] = excluded.len().into();
        let rows = count(excluded.len(), "row", "rows");
        console.note(format_args!("excluded: {rows}"));
    }
    if source.skip_invalid {
        let is_skipped = |row: &usize| {
            others.is_some_and(|others| others.numbers.binary_search(row).is_err())
                && excluded.binary_search(row).is_err()
        };
        let all = others.map_or(0, |others| others.rows);
        let skipped: Vec<usize> = (0..all).filter(is_skipped).collect();
        let rows = count(skipped.len(), "row", "rows");
        console.note(format_args!(
            "skipped: {rows} without finite values or a direction"
        ));
        about["skipped"] = skipped.into();
    }
}
