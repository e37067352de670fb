//! Methods side by side: a table a score in a text, a line a score, method and budget in .csv.

use super::record::{Figures, FromFirst, OfMethod, OfScore, Record};
use crate::columns::Columns;
use crate::write;
use coresift::Named as _;
use coresift::compare::Score;
use coresift_io::target::Format;

/// The bytes of a record in a form.
pub(super) fn render(record: &Record, format: Format) -> Vec<u8> {
    match format {
        Format::Json => {
            let text = serde_json::to_string(record).expect("numbers and names");
            format!("{text}\n").into_bytes()
        }
        Format::Csv => csv(record),
        Format::Txt | Format::Npy => {
            let tables = record.summary.iter().map(|score| text(record, score));
            tables.collect::<Vec<_>>().join("\n").into_bytes()
        }
    }
}

/// The figures at each budget and over all, with their titles.
fn figures<'a>(
    record: &'a Record,
    method: &'a OfMethod,
) -> impl Iterator<Item = (String, &'a Figures)> {
    let budgets = record.options.budgets.iter().map(usize::to_string);
    let all = std::iter::once(("all".to_owned(), &method.all));
    budgets.zip(&method.budgets).chain(all)
}

/// What a score is, on a line, and its figures in per cent.
fn text(record: &Record, score: &OfScore) -> String {
    let first = &score.methods[0];
    let titles = figures(record, first).map(|(title, _)| title);
    let head = std::iter::once(String::new()).chain(titles).collect();
    let mut columns = Columns::new(head, false);
    for method in &score.methods {
        let mean = |f: &Figures| format!("{:.1} ({:.1})", 100.0 * f.mean, 100.0 * f.error);
        columns.row(row(record, method, mean));
    }
    columns.text(format!(
        "more than {}, and at how many seeds it is more and less:",
        first.name
    ));
    for method in &score.methods[1..] {
        let more = |figures: &Figures| match figures.difference {
            Some(d) => format!(
                "{:+.1} ({:.1}) {}:{}",
                100.0 * d.mean,
                100.0 * d.error,
                d.better,
                d.worse
            ),
            None => String::new(),
        };
        columns.row(row(record, method, more));
    }
    format!("{}:\n{}", in_words(score.score), columns.show())
}

fn row(record: &Record, method: &OfMethod, show: impl Fn(&Figures) -> String) -> Vec<String> {
    let cells = figures(record, method).map(|(_, figures)| show(figures));
    std::iter::once(method.name.clone()).chain(cells).collect()
}

fn in_words(score: Score) -> String {
    let name = score.name().replace('-', " ");
    match score {
        Score::Coverage => format!("{name} in per cent (standard error)"),
        _ => format!("accuracy of the {name} in per cent (standard error)"),
    }
}

fn csv(record: &Record) -> Vec<u8> {
    const TITLES: [&str; 9] = [
        "score",
        "method",
        "budget",
        "mean",
        "error",
        "difference",
        "difference_error",
        "better",
        "worse",
    ];
    let mut table = TITLES.map(|title| (title, Vec::new()));
    for score in &record.summary {
        for method in &score.methods {
            for (budget, figures) in figures(record, method) {
                let difference = figures.difference;
                let number = |of: fn(FromFirst) -> f64| {
                    difference.map_or(String::new(), |d| of(d).to_string())
                };
                let entries = [
                    score.score.name().to_owned(),
                    method.name.clone(),
                    budget,
                    figures.mean.to_string(),
                    figures.error.to_string(),
                    number(|d| d.mean),
                    number(|d| d.error),
                    number(|d| d.better as f64),
                    number(|d| d.worse as f64),
                ];
                for ((_, column), entry) in table.iter_mut().zip(entries) {
                    column.push(entry);
                }
            }
        }
    }
    write::table(&table, b',').expect("memory takes every byte")
}
