//! Measures side by side: a row a selection, a column a measure.

use super::record::{OfSelection, Record};
use crate::columns::Columns;
use crate::write;
use coresift::evaluate::Measured;
use coresift_io::target::Format;

/// A measure: its titles in a text and in .csv, how it is shown in the former, and what it is.
pub(super) struct Column {
    title: &'static str,
    pub(super) name: &'static str,
    pub(super) show: fn(f64) -> String,
    pub(super) value: fn(&Measured) -> Option<f64>,
}

/// Every measure of one number, in the order of the columns. Those without a title are in .csv alone.
pub(super) static COLUMNS: [Column; 26] = {
    const fn column(
        title: &'static str,
        name: &'static str,
        show: fn(f64) -> String,
        value: fn(&Measured) -> Option<f64>,
    ) -> Column {
        Column {
            title,
            name,
            show,
            value,
        }
    }
    [
        column("picks", "picks", whole, |m| Some(m.picks as f64)),
        column("classes", "classes_picked", whole, |m| {
            Some(m.class_coverage?.picked as f64)
        }),
        column("of", "classes_present", whole, |m| {
            Some(m.class_coverage?.present as f64)
        }),
        column("1-NN", "nearest_accuracy", percent, |m| m.nearest_accuracy),
        column("probe", "probe_accuracy", percent, |m| m.probe_accuracy),
        column("FID", "fid", digits, |m| Some(m.fid?.distance)),
        column("rank", "fid_rank", whole, |m| Some(m.fid?.rank as f64)),
        column("FID, ridge", "fid_with_ridge", digits, |m| {
            Some(m.fid_with_ridge?.distance)
        }),
        column("rank", "fid_with_ridge_rank", whole, |m| {
            Some(m.fid_with_ridge?.rank as f64)
        }),
        column("energy", "energy_kept", percent, |m| m.energy_kept),
        column("nu_R", "alignment_error", digits, |m| {
            Some(m.latent.as_ref()?.errors?.alignment)
        }),
        column("nu_mu", "centre_error", digits, |m| {
            Some(m.latent.as_ref()?.errors?.centre)
        }),
        column("bound", "error_bound", digits, |m| {
            Some(m.latent.as_ref()?.errors?.bound)
        }),
        column("divergence", "centre_divergence", digits, |m| {
            m.latent.as_ref()?.divergence
        }),
        column("F", "sas_value", digits, |m| {
            Some(m.sas_value.as_ref()?.value)
        }),
        column("cover", "cover", percent, |m| m.cover),
        column("norm", "norm_mean", digits, |m| Some(m.norms.mean)),
        column("+-", "norm_deviation", digits, |m| Some(m.norms.deviation)),
        column("", "norm_least", digits, |m| Some(m.norms.quantiles[0])),
        column("", "norm_5", digits, |m| Some(m.norms.quantiles[1])),
        column("", "norm_25", digits, |m| Some(m.norms.quantiles[2])),
        column("", "norm_50", digits, |m| Some(m.norms.quantiles[3])),
        column("", "norm_75", digits, |m| Some(m.norms.quantiles[4])),
        column("", "norm_95", digits, |m| Some(m.norms.quantiles[5])),
        column("", "norm_largest", digits, |m| Some(m.norms.quantiles[6])),
        column("", "classes_without_picks", whole, |m| {
            Some(m.latent.as_ref()?.without_picks as f64)
        }),
    ]
};

/// The bytes of a record in a form. Measures that no selection has have no column.
pub(super) fn render(record: &Record, format: Format) -> Vec<u8> {
    let is_had = |column: &&Column| {
        let mut selections = record.selections.iter();
        selections.any(|selection| (column.value)(&selection.measured).is_some())
    };
    let columns: Vec<&Column> = COLUMNS.iter().filter(is_had).collect();
    match format {
        Format::Json => {
            let text = serde_json::to_string(record).expect("numbers and names");
            format!("{text}\n").into_bytes()
        }
        Format::Csv => {
            let files = record.selections.iter().map(|m| m.file.clone());
            let mut table = vec![("selection", files.collect())];
            for column in columns {
                let shortest = |m: &OfSelection| {
                    (column.value)(&m.measured).map_or(String::new(), |v: f64| v.to_string())
                };
                table.push((
                    column.name,
                    record.selections.iter().map(shortest).collect(),
                ));
            }
            write::table(&table, b',').expect("memory takes every byte")
        }
        Format::Txt | Format::Npy => {
            let shown = columns
                .into_iter()
                .filter(|column| !column.title.is_empty());
            let shown: Vec<&Column> = shown.collect();
            let titles = shown.iter().map(|column| column.title.to_owned());
            let head = std::iter::once("selection".to_owned()).chain(titles);
            let mut text = Columns::new(head.collect(), false);
            for selection in &record.selections {
                let cell = |column: &&Column| {
                    (column.value)(&selection.measured).map_or_else(|| "-".to_owned(), column.show)
                };
                let cells = shown.iter().map(cell);
                text.row(
                    std::iter::once(selection.file.clone())
                        .chain(cells)
                        .collect(),
                );
            }
            text.show().into_bytes()
        }
    }
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// With four digits that count.
fn digits(value: f64) -> String {
    const DIGITS: f64 = 4.0;
    let before = if value == 0.0 {
        1.0
    } else {
        value.abs().log10().floor() + 1.0
    };
    match DIGITS - before {
        after if (0.0..=6.0).contains(&after) => format!("{value:.*}", after as usize),
        _ => format!("{value:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_count() {
        let shown = [
            (0.0, "0.000"),
            (-0.012345, "-0.01235"),
            (12.3456, "12.35"),
            (1234.5, "1234"),
            (123_456.0, "1.235e5"),
            (1.5e-9, "1.500e-9"),
        ];
        for (value, text) in shown {
            assert_eq!(digits(value), text);
        }
    }
}
