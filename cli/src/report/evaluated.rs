//! The page of selections that were measured: a table of all measures, and bars of each.

use super::bars::{Bar, Bars};
use super::page::{Figure, Page, Part, Section};
use super::table::Table;

/// Selections, and what they are worth.
pub(crate) struct Evaluated<'a> {
    /// The features, as they are called.
    pub(crate) name: &'a str,
    /// What was asked, a name and a value each.
    pub(crate) asked: Vec<[String; 2]>,
    /// What each selection is called.
    pub(crate) selections: Vec<String>,
    pub(crate) measures: Vec<Measure<'a>>,
    pub(crate) notes: Vec<String>,
}

/// A measure of every selection.
pub(crate) struct Measure<'a> {
    /// What it is, in a word or two.
    pub(crate) title: &'a str,
    /// What it says, in a sentence.
    pub(crate) meaning: &'a str,
    /// None where a selection has none.
    pub(crate) values: Vec<Option<f64>>,
    pub(crate) show: fn(f64) -> String,
}

impl Evaluated<'_> {
    /// The page.
    pub(crate) fn page(&self) -> Page {
        let mut asked = Table::new(&["", ""]);
        self.asked.iter().for_each(|line| asked.push(line.clone()));
        let count = self.selections.len();
        let of_any = |measure: &&Measure<'_>| measure.values.iter().any(Option::is_some);
        let shown: Vec<_> = self.measures.iter().filter(of_any).collect();
        let figures = shown.iter().map(|measure| self.bars(measure)).collect();
        let section = |title: &str, parts| Section {
            title: title.to_owned(),
            parts,
        };
        let table = self.table(&shown);
        let sections = vec![
            section(
                "At a glance",
                vec![Part::Table("What was asked".to_owned(), asked)],
            ),
            section(
                "Measures",
                vec![Part::Table("All measures".to_owned(), table)],
            ),
            section("Pictures", vec![Part::Figures(figures)]),
        ];
        Page {
            title: match count {
                1 => "What a selection is worth".to_owned(),
                more => format!("What {more} selections are worth"),
            },
            lead: format!("What coresift evaluate measured on {}.", self.name),
            sections,
            notes: self.notes.clone(),
        }
    }

    /// A line a selection, a column a measure.
    fn table(&self, shown: &[&Measure<'_>]) -> Table {
        let titles = shown.iter().map(|measure| measure.title);
        let titles: Vec<&str> = std::iter::once("selection").chain(titles).collect();
        let mut table = Table::new(&titles);
        for (at, name) in self.selections.iter().enumerate() {
            let value = |measure: &&Measure<'_>| measure.in_words(at);
            table.push(std::iter::once(name.clone()).chain(shown.iter().map(value)));
        }
        table
    }

    fn bars(&self, measure: &Measure<'_>) -> Figure {
        let group = |(at, name): (usize, &String)| {
            let bar = Bar {
                value: measure.values[at].unwrap_or(0.0),
                label: measure.in_words(at),
            };
            (name.clone(), vec![bar])
        };
        let bars = Bars {
            names: vec![measure.title.to_owned()],
            looks: None,
            groups: self.selections.iter().enumerate().map(group).collect(),
        };
        Figure {
            title: measure.title.to_owned(),
            description: format!("A bar for each selection: {}", measure.meaning),
            drawing: bars.draw(),
            keys: bars.keys(),
            caption: measure.meaning.to_owned(),
            numbers: None,
        }
    }
}

impl Measure<'_> {
    fn in_words(&self, at: usize) -> String {
        self.values[at].map_or("–".to_owned(), self.show)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::{number, percent};

    #[test]
    fn measures_that_no_selection_has_are_left_out() {
        let measure = |title, values, show| Measure {
            title,
            meaning: "What it says.",
            values,
            show,
        };
        let evaluated = Evaluated {
            name: "x.npy",
            asked: Vec::new(),
            selections: vec!["a.csv".to_owned(), "b<c>.csv".to_owned()],
            measures: vec![
                measure("energy kept", vec![Some(0.5), None], percent),
                measure("FID", vec![Some(1234.0), Some(0.01)], number),
                measure("F", vec![None, None], number),
            ],
            notes: vec!["b<c>.csv: energy: zeros alone found".to_owned()],
        };
        let html = evaluated.page().html();
        let row = r#"<th scope="row">b&lt;c&gt;.csv</th><td>–</td><td>0.01</td></tr>"#;
        assert!(
            html.contains(row) && html.contains("<td>50.0 %</td><td>1234</td>"),
            "{html}"
        );
        assert!(html.contains("<h3>FID</h3>") && !html.contains("<h3>F</h3>"));
        assert!(!html.contains("NaN"));
    }
}
