//! The page of methods against each other: curves by budget with their standard errors, and differences in numbers.

use super::bars::{Bar, Bars};
use super::html::whole;
use super::lines::{Lines, Series};
use super::page::{Figure, Page, Part, Section};
use super::table::Table;

/// Methods that were compared, over splits of labelled rows.
pub(crate) struct Compared<'a> {
    /// The features, as they are called.
    pub(crate) name: &'a str,
    /// What was asked, a name and a value each.
    pub(crate) asked: Vec<[String; 2]>,
    pub(crate) budgets: &'a [usize],
    pub(crate) seeds: u64,
    pub(crate) scores: Vec<Scored<'a>>,
    pub(crate) notes: Vec<String>,
}

/// A score of every method, the first of which the others are compared with.
pub(crate) struct Scored<'a> {
    /// What it is, in a word or two.
    pub(crate) title: String,
    /// What it says, in a sentence.
    pub(crate) meaning: &'a str,
    pub(crate) methods: Vec<OfMethod<'a>>,
}

/// The figures of a method, at each budget and over all.
pub(crate) struct OfMethod<'a> {
    pub(crate) name: &'a str,
    pub(crate) budgets: Vec<Figures>,
    pub(crate) all: Figures,
}

/// Means over splits, shares from 0 to 1, and their standard errors.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) mean: f64,
    pub(crate) error: f64,
    /// Less the first method, split by split; none of that itself.
    pub(crate) difference: Option<Difference>,
}

/// By how much a method is better than the first, and at how many splits it is better and worse.
#[derive(Clone, Copy)]
pub(crate) struct Difference {
    pub(crate) mean: f64,
    pub(crate) error: f64,
    pub(crate) better: usize,
    pub(crate) worse: usize,
}

impl Compared<'_> {
    /// The page.
    pub(crate) fn page(&self) -> Page {
        let methods = self.scores.first().map_or(0, |score| score.methods.len());
        let mut asked = Table::new(&["", ""]);
        self.asked.iter().for_each(|line| asked.push(line.clone()));
        let mut sections = vec![Section {
            title: "At a glance".to_owned(),
            parts: vec![Part::Table("What was asked".to_owned(), asked)],
        }];
        sections.extend(self.scores.iter().map(|score| self.section(score)));
        let mut notes = vec![format!(
            "All methods had the same {} splits of the rows; differences are taken split by split. What is beside a mean is its standard error: three seeds say nothing under about four points.",
            self.seeds
        )];
        notes.extend(self.notes.iter().cloned());
        Page {
            title: format!("{methods} methods compared"),
            lead: format!(
                "What coresift compare found on {}, over {} seeds.",
                self.name, self.seeds
            ),
            sections,
            notes,
        }
    }

    fn section(&self, score: &Scored<'_>) -> Section {
        let first = score.methods.first().map_or("", |method| method.name);
        let mut figures = vec![self.means(score)];
        if score.methods.len() > 1 && self.budgets.len() > 1 {
            figures.push(self.differences(score, first));
        }
        Section {
            title: score.title.clone(),
            parts: vec![
                Part::Words(score.meaning.to_owned()),
                Part::Figures(figures),
                Part::Folded(
                    format!("{}, % (standard error)", score.title),
                    self.table(&score.methods, mean_in_words),
                ),
                Part::Folded(
                    format!(
                        "{} less that of {first}, points (standard error), and seeds better : worse",
                        score.title
                    ),
                    self.table(
                        score.methods.get(1..).unwrap_or_default(),
                        difference_in_words,
                    ),
                ),
            ],
        }
    }

    fn means(&self, score: &Scored<'_>) -> Figure {
        let value = |figures: &Figures| Some((figures.mean, figures.error));
        Figure {
            title: format!("{} by budget", score.title),
            description: format!("The mean {} of each method.", score.title),
            caption: "Means over the seeds; bands are their standard errors.".to_owned(),
            ..self.figure(&score.methods, &format!("{}, %", score.title), &[], value)
        }
    }

    fn differences(&self, score: &Scored<'_>, first: &str) -> Figure {
        let value = |figures: &Figures| {
            let none = (figures.mean.is_finite()).then_some((0.0, 0.0));
            let difference = figures.difference.map(|found| (found.mean, found.error));
            difference.or(none)
        };
        Figure {
            title: format!("{} against {first}", score.title),
            description: format!("By how much each method is above or below {first}."),
            caption: format!(
                "Means of the differences from {first}, seed by seed; bands are their standard errors."
            ),
            ..self.figure(&score.methods, "difference, points", &[0.0], value)
        }
    }

    /// Lines over the budgets, or bars where there is one budget; without words.
    fn figure(
        &self,
        methods: &[OfMethod<'_>],
        y: &str,
        shown: &[f64],
        value: impl Fn(&Figures) -> Option<(f64, f64)>,
    ) -> Figure {
        let of = |method: &OfMethod<'_>| -> Vec<(f64, f64)> {
            let found = method.budgets.iter().map(&value);
            found
                .map(|found| found.unwrap_or((f64::NAN, 0.0)))
                .collect()
        };
        let (drawing, keys) = if let [_] = self.budgets {
            let bars = Bars {
                names: vec![y.to_owned()],
                looks: None,
                groups: methods
                    .iter()
                    .map(|method| group(method.name, of(method)[0]))
                    .collect(),
            };
            (bars.draw(), bars.keys())
        } else {
            let series = methods.iter().map(|method| {
                let found = of(method);
                let each = self.budgets.iter().zip(&found);
                Series {
                    name: method.name.to_owned(),
                    points: each
                        .map(|(&b, (mean, _))| [b as f64, 100.0 * mean])
                        .collect(),
                    spread: Some(found.iter().map(|(_, error)| 100.0 * error).collect()),
                }
            });
            let lines = Lines {
                x: "budget",
                y,
                series: series.collect(),
                shown,
            };
            (lines.draw(), lines.keys())
        };
        Figure {
            title: String::new(),
            description: String::new(),
            drawing,
            keys,
            caption: String::new(),
            numbers: None,
        }
    }

    fn table(&self, methods: &[OfMethod<'_>], show: fn(&Figures) -> String) -> Table {
        let budgets: Vec<String> = self.budgets.iter().map(|&budget| whole(budget)).collect();
        let titles = [vec!["method".to_owned()], budgets, vec!["all".to_owned()]].concat();
        let rows = methods.iter().map(|method| {
            let figures = method.budgets.iter().chain([&method.all]).map(show);
            std::iter::once(method.name.to_owned())
                .chain(figures)
                .collect()
        });
        Table {
            rows: rows.collect(),
            titles,
        }
    }
}

fn group(name: &str, (mean, error): (f64, f64)) -> (String, Vec<Bar>) {
    let label = format!("{:.1} ({:.1})", 100.0 * mean, 100.0 * error);
    (name.to_owned(), vec![Bar { value: mean, label }])
}

fn mean_in_words(figures: &Figures) -> String {
    format!("{:.1} ({:.1})", 100.0 * figures.mean, 100.0 * figures.error)
}

fn difference_in_words(figures: &Figures) -> String {
    let Some(found) = figures.difference else {
        return String::new();
    };
    let (mean, error) = (100.0 * found.mean, 100.0 * found.error);
    format!("{mean:+.1} ({error:.1}) {}:{}", found.better, found.worse)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two methods at some budgets, the second by 3 points better at the last and 2 points worse at the first.
    fn page(budgets: &[usize]) -> String {
        let figures = |mean: f64, difference: Option<f64>| Figures {
            mean,
            error: 0.004,
            difference: difference.map(|mean| Difference {
                mean,
                error: 0.001,
                better: 7,
                worse: 3,
            }),
        };
        let of = |name, means: [f64; 2], differences: [Option<f64>; 2]| OfMethod {
            name,
            budgets: means
                .into_iter()
                .zip(differences)
                .map(|(m, d)| figures(m, d))
                .take(budgets.len())
                .collect(),
            all: figures(0.5, differences[0]),
        };
        let compared = Compared {
            name: "x.npy",
            asked: vec![["seeds".to_owned(), "10".to_owned()]],
            budgets,
            seeds: 10,
            scores: vec![Scored {
                title: "Accuracy".to_owned(),
                meaning: "What a classifier gets right.",
                methods: vec![
                    of("random", [0.3, 0.6], [None; 2]),
                    of("norm", [0.28, 0.63], [Some(-0.02), Some(0.03)]),
                ],
            }],
            notes: Vec::new(),
        };
        compared.page().html()
    }

    #[test]
    fn curves_have_bands_and_numbers() {
        let html = page(&[10, 20]);
        for part in [
            r#"class="band s0""#,
            r#"class="line s1""#,
            "<td>30.0 (0.4)</td><td>60.0 (0.4)</td><td>50.0 (0.4)</td>",
            "<td>-2.0 (0.1) 7:3</td><td>+3.0 (0.1) 7:3</td>",
            "Accuracy against random",
        ] {
            assert!(html.contains(part), "{part}");
        }
    }

    /// A single budget has no curve.
    #[test]
    fn one_budget_has_bars() {
        let html = page(&[10]);
        assert!(html.contains(r#"<rect class="bar s0""#) && !html.contains("class=\"line"));
    }
}
