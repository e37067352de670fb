//! The page of selections that were measured.

use super::record::{OfSelection, Record};
use super::table::COLUMNS;
use crate::report::evaluated::{Evaluated, Measure};
use crate::report::page::Page;
use coresift::evaluate::Unmeasured;

/// The columns that a page has, by their names, with a title and what they say.
const SHOWN: [(&str, &str, &str); 11] = [
    (
        "classes_picked",
        "classes picked",
        "Classes that a pick has. More is better.",
    ),
    (
        "nearest_accuracy",
        "1-NN",
        "Rows to test on that have the label of their nearest pick. More is better.",
    ),
    (
        "probe_accuracy",
        "linear probe",
        "Rows to test on that a logistic regression fitted to the picks gets right. More is better.",
    ),
    (
        "fid",
        "FID",
        "Fréchet distance between Gaussians of the picks and of the other rows. Less is better; with few picks the \
         covariance is singular.",
    ),
    (
        "fid_with_ridge",
        "FID with the ridge",
        "The same, with the ridge added to the covariances' diagonals.",
    ),
    (
        "energy_kept",
        "energy kept",
        "Share of the rows' squared lengths that lies in the span of the picks. More is better.",
    ),
    (
        "alignment_error",
        "alignment error",
        "ν_R: how far a row is, on average, from the nearest pick of its latent class. Less is better.",
    ),
    (
        "centre_error",
        "centre error",
        "ν_μ: how far the picks of a latent class have their centre from its own. Less is better.",
    ),
    (
        "centre_divergence",
        "divergence of centres",
        "Products of the centres of two latent classes' picks, on average. Less is better.",
    ),
    (
        "sas_value",
        "F of SAS",
        "Similarity between picks and the other rows of their latent class, added up: what SAS maximises.",
    ),
    (
        "cover",
        "cover",
        "Rows within the distance of a pick. More is better.",
    ),
];

pub(super) fn of(record: &Record, name: &str) -> Page {
    let asked = |name: &str, value: String| [name.to_owned(), value];
    let mut all = vec![
        asked("features", format!("{} rows x {}", record.rows, record.dim)),
        asked(
            "tested on",
            match record.test_rows {
                Some(rows) => format!("{rows} other rows"),
                None => "the rows that are not picked".to_owned(),
            },
        ),
    ];
    let options = &record.options;
    let given = [
        ("delta", options.delta),
        ("ridge of FID", options.fid_ridge),
    ];
    all.extend(
        given
            .iter()
            .filter_map(|(name, value)| Some(asked(name, (*value)?.to_string()))),
    );
    let measure = |&(name, title, meaning): &(&str, &'static str, &'static str)| {
        let column = COLUMNS.iter().find(|column| column.name == name)?;
        Some(Measure {
            title,
            meaning,
            values: (record.selections.iter())
                .map(|selection| (column.value)(&selection.measured))
                .collect(),
            show: column.show,
        })
    };
    let left_out = record.selections.iter().flat_map(|selection| {
        let of = |left_out: &Unmeasured| {
            format!(
                "{}: no {}: {}",
                selection.file, left_out.measure, left_out.reason
            )
        };
        selection.measured.left_out.iter().map(of)
    });
    let picked =
        |selection: &OfSelection| format!("{} ({})", selection.file, selection.measured.picks);
    let page = Evaluated {
        name,
        asked: all,
        selections: record.selections.iter().map(picked).collect(),
        measures: SHOWN.iter().filter_map(measure).collect(),
        notes: left_out.collect(),
    };
    page.page()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_that_is_shown_is_a_column() {
        for (name, ..) in SHOWN {
            assert!(COLUMNS.iter().any(|column| column.name == name), "{name}");
        }
    }
}
