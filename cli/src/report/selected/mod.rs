//! The page of a selection: what it picked, from what, and how well that stands for the rest.

mod figures;
pub(crate) mod measures;

use super::examples::Picked;
use super::gallery::Example;
use super::html::{number, percent, whole};
use super::page::{Page, Part, Section};
use super::table::Table;
use crate::args::Method;
use coresift::evaluate::Weights;
use coresift::{Metric, Selection};
use measures::Measures;
use serde_json::Value;

/// Picks that the table has.
const MOST_LISTED: usize = 200;
/// Characters of an option's value.
const MOST_VALUE: usize = 80;

/// A selection, and all that is known of it.
pub(crate) struct Selected<'a> {
    /// The features, as they are called.
    pub(crate) name: &'a str,
    /// What was asked, as a record has it.
    pub(crate) about: &'a Value,
    /// The method that made the picks, the last of several.
    pub(crate) method: Method,
    /// By the numbers of all rows.
    pub(crate) selection: &'a Selection,
    /// The picks by the numbers of the pool, which are others where rows are left out.
    pub(crate) places: &'a [usize],
    pub(crate) labelled: &'a [usize],
    /// Each row's latent class, by the numbers of the pool, where it was given.
    pub(crate) classes: Option<&'a [usize]>,
    pub(crate) metric: Metric,
    pub(crate) measures: &'a Measures,
    /// The picked examples, those that are shown, and what is to be said of them.
    pub(crate) examples: Vec<Example>,
    pub(crate) notes: Vec<String>,
}

/// What a method's scores are: a short name, and what it says.
pub(crate) fn score_of(method: Method) -> (&'static str, &'static str) {
    match method {
        Method::Random => ("score", "It says nothing, for all rows are equally likely."),
        Method::Norm | Method::MaxNorm => ("length", "The length by which a row was drawn."),
        Method::GramSchmidt | Method::LogDet => (
            "residual",
            "The length of what earlier picks left of the row.",
        ),
        Method::Sas | Method::FacilityLocation => {
            ("gain", "By how much the pick raised the objective.")
        }
        Method::Coverage => (
            "score",
            "The number of rows that a pick stands for or, not refined, by how much it raised the objective.",
        ),
        Method::Herding => (
            "score",
            "By how much the row drew the mean of the picks to that of all.",
        ),
        Method::KCenter => ("distance", "How far the row was from all picks before."),
        Method::TypiClust => (
            "typicality",
            "One over the mean distance to its nearest rows.",
        ),
        Method::ProbCover => (
            "rows newly covered",
            "How many rows a pick was the first to cover.",
        ),
    }
}

impl Selected<'_> {
    /// The page.
    pub(crate) fn page(self) -> Page {
        let (picks, rows) = (self.selection.picks.len(), self.measures.norms.len());
        let method = self.text("method");
        let mut parts = vec![Part::Figures(self.figures())];
        if !self.selection.classes.is_empty() {
            parts.push(Part::Folded(
                "Latent classes".to_owned(),
                self.class_table(),
            ));
        }
        let mut sections = vec![
            Section {
                title: "At a glance".to_owned(),
                parts: vec![Part::Table("What was asked".to_owned(), self.asked())],
            },
            Section {
                title: "Pictures".to_owned(),
                parts,
            },
        ];
        sections.push(Section {
            title: "Picks".to_owned(),
            parts: self.listed(),
        });
        let notes = self.all_notes();
        if !self.examples.is_empty() {
            sections.insert(
                2,
                Section {
                    title: "Picked examples".to_owned(),
                    parts: vec![Part::Gallery(self.examples)],
                },
            );
        }
        Page {
            title: format!("{picks} of {} rows by {method}", whole(rows)),
            lead: format!("What coresift select picked from {}.", self.name),
            sections,
            notes,
        }
    }

    fn text(&self, key: &str) -> String {
        in_words(&self.about[key])
    }

    /// What was asked, and what came of it in short.
    fn asked(&self) -> Table {
        let mut table = Table::new(&["", ""]);
        let mut say = |name: &str, value: String| table.push([name.to_owned(), value]);
        say("method", self.text("method"));
        say(
            "features",
            format!("{} rows × {}", self.text("rows"), self.text("dim")),
        );
        say("budget", self.text("budget"));
        say("picks", whole(self.selection.picks.len()));
        if let Some(short) = self.selection.shortfall {
            say(
                "short of the budget",
                format!("{}: {}", short.missing, short.reason),
            );
        }
        say("seed", self.text("seed"));
        let energy = self
            .measures
            .energy
            .as_ref()
            .and_then(|energy| energy.last());
        if let Some(energy) = energy {
            say("energy kept", percent(*energy));
        }
        let cover = self.measures.cover.as_ref();
        if let Some([half, most, _]) = cover.and_then(|cover| cover.quantiles.last()) {
            let words = format!(
                "{} (half of the rows), {} (95 %)",
                number(*half),
                number(*most)
            );
            say("nearest pick within", words);
        }
        say("device", self.text("device"));
        for (name, value) in self.about["options"].as_object().into_iter().flatten() {
            say(name, super::html::shortened(&in_words(value), MOST_VALUE));
        }
        table
    }

    /// The first picks, one a line.
    fn listed(&self) -> Vec<Part> {
        let selection = self.selection;
        let mut titles = vec!["pick", "row", score_of(self.method).0];
        if self.measures.weights.is_some() {
            titles.push("weight");
        }
        if self.classes.is_some() {
            titles.push("class");
        }
        let mut table = Table::new(&titles);
        for (at, (row, score)) in selection.picks.iter().zip(&selection.scores).enumerate() {
            if at == MOST_LISTED {
                break;
            }
            let mut entries = vec![(at + 1).to_string(), row.to_string(), number(*score)];
            entries.extend(self.weight(at));
            entries.extend(
                self.classes
                    .map(|classes| classes[self.places[at]].to_string()),
            );
            table.push(entries);
        }
        let picks = selection.picks.len();
        let name = match picks > MOST_LISTED {
            true => format!("The first {MOST_LISTED} of {} picks", whole(picks)),
            false => "All picks in their order".to_owned(),
        };
        vec![Part::Folded(name, table)]
    }

    /// What a pick stands for.
    fn weight(&self, at: usize) -> Option<String> {
        let place = self.labelled.len() + at;
        self.measures.weights.as_ref().map(|weights| match weights {
            Weights::Rows(counts) => counts[place].to_string(),
            Weights::Targets(sums) => number(sums[place]),
        })
    }

    /// Takes the picked examples, which are those of the first picks.
    pub(crate) fn show(&mut self, picked: Picked) {
        self.notes.extend(picked.notes());
        let told = |(at, look)| Example {
            look,
            words: self.told(at),
        };
        self.examples = picked.shown.into_iter().enumerate().map(told).collect();
    }

    /// What is told below the example of a pick: its rank and row, its score, its weight.
    fn told(&self, at: usize) -> Vec<String> {
        let row = self.selection.picks[at];
        let score = number(self.selection.scores[at]);
        let mut words = vec![
            format!("{} · row {row}", at + 1),
            format!("{} {score}", score_of(self.method).0),
        ];
        words.extend(self.weight(at).map(|weight| format!("weight {weight}")));
        words
    }

    fn all_notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        match (&self.measures.weights, self.selection.picks.is_empty()) {
            (Some(Weights::Rows(_)), _) => notes.push(format!(
                "The weight of a pick is the number of rows nearer to it than to any other pick or labelled row, by {} distance.",
                self.metric
            )),
            (Some(Weights::Targets(_)), _) => notes.push(format!(
                "The weight of a pick is the sum of the target weights of the rows nearer to it than to any other pick or labelled row, by {} distance.",
                self.metric
            )),
            (None, false) => notes.push(
                "Picks have no weights: rows of zeros have no direction, by which another would be near.".to_owned(),
            ),
            (None, true) => {}
        }
        let left_out = self.about["rows"].as_u64().unwrap_or(0) as usize;
        let left_out = left_out.saturating_sub(self.measures.norms.len());
        if left_out > 0 {
            let rows = whole(left_out);
            notes.push(format!("{rows} rows were left out, and are in no picture."));
        }
        let warnings = self.selection.warnings.iter();
        notes.extend(warnings.map(|warning| format!("Warning: {warning}.")));
        notes.extend(self.notes.iter().cloned());
        notes
    }
}

/// A value of a record.
fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}
