//! Rows that are left out: what options say of the others, and picks by the numbers of all.

use super::weights::Chosen;
use super::words::count;
use crate::args::{Method, SelectArgs, Source};
use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt;
use crate::method::Given;
use coresift::{Error, LeftOut, Metric, Others, Similarity};
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

/// What files say, of the rows that are left alone.
pub(crate) fn restate(others: &Others, mut given: Given) -> Result<Given, Error> {
    given.labelled = others.places(&given.labelled, "labelled")?;
    let classes = given.classes.as_ref().map(|classes| classes.of(others));
    given.classes = classes.transpose()?;
    given.clusters = of_each(others, given.clusters, "clusters")?;
    given.target_weights = of_each(others, given.target_weights, "target_weights")?;
    given.input_norms = of_each(others, given.input_norms, "input_norms")?;
    Ok(given)
}

fn of_each<T: Copy>(
    others: &Others,
    all: Option<Vec<T>>,
    argument: &'static str,
) -> Result<Option<Vec<T>>, Error> {
    all.map(|all| others.of_each(&all, argument)).transpose()
}

/// What is restated of a list for the rows that are left; an error names the list.
pub(crate) fn of_list<T>(
    restated: Result<T, Error>,
    list: Option<&Target>,
    argument: &'static str,
) -> Result<T, Failure> {
    restated.map_err(|error| match error {
        Error::Argument {
            found, expected, ..
        } => refused(
            list,
            argument,
            format!("{found} found, {expected} expected"),
        ),
        error => error.into(),
    })
}

/// What has been chosen, by the numbers of all rows; of an error the picks made before, and the row that it
/// speaks of.
pub(super) fn renumbered(
    others: Option<&Others>,
    chosen: Result<Chosen, Error>,
) -> Result<Chosen, Error> {
    let Some(others) = others else {
        return chosen;
    };
    let mut chosen = chosen.map_err(|error| others.named(error))?;
    others.renumber(&mut chosen.selection);
    if let Some(Ok(weighed)) = &mut chosen.weighed {
        let rows = weighed.rows.iter_mut();
        rows.for_each(|row| *row = others.numbers()[*row]);
    }
    Ok(chosen)
}

/// Names the file and the row that an error speaks of, by its number among all rows; ends the process if it was
/// Ctrl-C.
pub(crate) fn in_context(file: &FeatureFile, others: Option<&Others>, failure: Failure) -> Failure {
    match failure {
        Failure::Library(Error::Interrupted { missing: None, .. }) => {
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
            others.is_some_and(|others| others.numbers().binary_search(row).is_err())
                && excluded.binary_search(row).is_err()
        };
        let all = others.map_or(0, Others::rows);
        let skipped: Vec<usize> = (0..all).filter(is_skipped).collect();
        let rows = count(skipped.len(), "row", "rows");
        console.note(format_args!(
            "skipped: {rows} without finite values or a direction"
        ));
        about["skipped"] = skipped.into();
    }
}
