//! The pictures of a selection.

use super::{Selected, score_of};
use crate::report::bars::{Bar, Bars};
use crate::report::histogram::histogram;
use crate::report::html::{number, percent, whole};
use crate::report::key::{Key, Look};
use crate::report::lines::{Lines, Series, evenly};
use crate::report::page::Figure;
use crate::report::scatter::Scatter;
use crate::report::table::Table;
use coresift::evaluate::NormStatistics;
use coresift::{ClassShare, Details, Metric};

/// Lines of the tables below pictures of many picks.
const MOST_LINES: usize = 12;
/// Latent classes that have bars: the largest.
const MOST_CLASSES: usize = 24;

impl Selected<'_> {
    /// All that there is something to show for.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let mut figures = vec![self.plane(), self.lengths()];
        if !self.places.is_empty() {
            figures.push(self.scores());
        }
        figures.extend(self.energy());
        figures.extend(self.cover());
        if !self.selection.classes.is_empty() {
            figures.push(self.class_bars());
        }
        figures
    }

    fn plane(&self) -> Figure {
        let (plane, rows) = (&self.measures.plane, self.measures.norms.len());
        let score = score_of(self.method).0;
        let name = |order: usize| {
            let (row, value) = (self.selection.picks[order], self.selection.scores[order]);
            format!("pick {}: row {row}, {score} {}", order + 1, number(value))
        };
        let drawn = Scatter {
            rows: &plane.coordinates,
            picks: self.places,
            labelled: self.labelled,
            name: &name,
            axes: [&plane.axes[0], &plane.axes[1]],
        }
        .draw();
        let mut caption = plane.words.clone();
        if let Some(dots) = drawn.dots {
            let (rows, dots) = (whole(rows), whole(dots));
            caption += &format!(
                " The pool is thinned: {rows} rows are {dots} dots, darker where more rows lie."
            );
        }
        let picks = self.places.len();
        if drawn.marks < picks {
            let (marks, picks) = (drawn.marks, whole(picks));
            caption += &format!(
                " The first {marks} of {picks} picks are marked, the others are small dots."
            );
        }
        if drawn.numbers > 0 && drawn.numbers < picks {
            caption += " Picks have their number where there is room for it.";
        }
        let mut keys = vec![
            Key::new(Look::Pool, "pool"),
            Key::new(Look::Pick, "pick, numbered in order"),
        ];
        if !self.labelled.is_empty() {
            keys.push(Key::new(Look::Labelled, "labelled before"));
        }
        Figure {
            title: "Pool and picks in the plane".to_owned(),
            description: format!(
                "{} rows as dots, and {picks} picks among them.",
                whole(rows)
            ),
            drawing: drawn.drawing,
            keys,
            caption,
            numbers: None,
        }
    }

    fn lengths(&self) -> Figure {
        let norms = &self.measures.norms;
        let of_picks: Vec<f64> = self.places.iter().map(|&place| norms[place]).collect();
        let mut table = Table::new(&["length", "pool", "picks"]);
        let [pool, picks] = [norms, &of_picks].map(|norms| NormStatistics::of(norms));
        let titles = ["least", "5 %", "25 %", "half", "75 %", "95 %", "largest"];
        let value = |of: &Option<NormStatistics>, get: &dyn Fn(&NormStatistics) -> f64| {
            of.as_ref().map_or("–".to_owned(), |of| number(get(of)))
        };
        for (at, title) in titles.into_iter().enumerate() {
            let get = |of: &NormStatistics| of.quantiles[at];
            table.push([title.to_owned(), value(&pool, &get), value(&picks, &get)]);
        }
        let mean = |of: &NormStatistics| of.mean;
        table.push(["mean".to_owned(), value(&pool, &mean), value(&picks, &mean)]);
        Figure {
            title: "Lengths of rows".to_owned(),
            description: "Two histograms: the lengths of all rows, and those of the picks."
                .to_owned(),
            drawing: histogram(norms, &of_picks, "length of a row"),
            keys: vec![
                Key::new(Look::Area, "pool"),
                Key::new(Look::PickArea, "picks"),
            ],
            caption: "How many per cent of the pool, and of the picks, have such a length."
                .to_owned(),
            numbers: Some(table),
        }
    }

    fn scores(&self) -> Figure {
        let (name, meaning) = score_of(self.method);
        let scores = &self.selection.scores;
        let restarts = match self.selection.restarts.len() {
            0 | 1 => String::new(),
            2 => " The method began anew once, where its picks spanned or covered every row."
                .to_owned(),
            more => format!(
                " The method began anew {} times, where its picks spanned or covered every row.",
                more - 1
            ),
        };
        Figure {
            title: format!("{} by pick", capital(name)),
            description: format!("A line of the {name} of each pick, in their order."),
            caption: format!("{meaning}{restarts}"),
            ..self.line(name, &[(name, scores)], number)
        }
    }

    fn energy(&self) -> Option<Figure> {
        let energy = self.measures.energy.as_ref()?;
        let shares: Vec<f64> = energy.iter().map(|share| 100.0 * share).collect();
        Some(Figure {
            title: "Energy kept by pick".to_owned(),
            description:
                "A line that rises from pick to pick to the share that the span of all picks keeps."
                    .to_owned(),
            caption: format!(
                "The share of all rows' squared lengths in the span of the first picks: {} in the end.",
                percent(energy.last().copied().unwrap_or(0.0))
            ),
            ..self.line("energy kept, %", &[("energy kept, %", &shares)], number)
        })
    }

    /// A figure of values after each pick, without its words.
    fn line(&self, y: &str, all: &[(&str, &[f64])], show: impl Fn(f64) -> String) -> Figure {
        let series = all
            .iter()
            .map(|(name, values)| Series::by_pick(name, values));
        let lines = Lines {
            x: "picks",
            y,
            series: series.collect(),
            shown: &[0.0],
        };
        let titles: Vec<&str> = std::iter::once("picks")
            .chain(all.iter().map(|(name, _)| *name))
            .collect();
        let mut table = Table::new(&titles);
        for at in evenly(all[0].1.len(), MOST_LINES) {
            let values = all.iter().map(|(_, values)| show(values[at]));
            table.push(std::iter::once((at + 1).to_string()).chain(values));
        }
        Figure {
            title: String::new(),
            description: String::new(),
            drawing: lines.draw(),
            keys: lines.keys(),
            caption: String::new(),
            numbers: Some(table),
        }
    }

    fn cover(&self) -> Option<Figure> {
        let cover = self.measures.cover.as_ref()?;
        let names = ["half of the rows", "95 % of the rows", "all rows"];
        let points = |which: usize| {
            let each = cover.numbers.iter().zip(&cover.quantiles);
            each.map(|(&number, found)| [number as f64, found[which]])
                .collect()
        };
        let series = names.into_iter().enumerate().map(|(which, name)| Series {
            name: name.to_owned(),
            points: points(which),
            spread: None,
        });
        let lines = Lines {
            x: "picks",
            y: "distance to the nearest pick",
            series: series.collect(),
            shown: &[0.0],
        };
        let mut table = Table::new(&["picks", "half", "95 %", "all"]);
        for at in evenly(cover.numbers.len(), MOST_LINES) {
            let values = cover.quantiles[at].map(number);
            table.push(std::iter::once(cover.numbers[at].to_string()).chain(values));
        }
        Some(Figure {
            title: "Cover by pick".to_owned(),
            description: "Three lines that fall from pick to pick: within which distance half, 95 % and all of the rows have a pick."
                .to_owned(),
            drawing: lines.draw(),
            keys: lines.keys(),
            caption: self.cover_in_words(cover.looked_at),
            numbers: Some(table),
        })
    }

    fn cover_in_words(&self, looked_at: usize) -> String {
        let rows = self.measures.norms.len();
        let mut words = match self.metric {
            Metric::Cosine => "Within this distance rows have a pick, all at length 1.".to_owned(),
            _ => "Within this distance rows have a pick.".to_owned(),
        };
        if looked_at < rows {
            let looked_at = whole(looked_at);
            words += &format!(" Of {looked_at} rows at even distances, not of all.");
        }
        if !self.labelled.is_empty() {
            words += " Labelled rows are not counted as picks.";
        }
        if let Details::ProbCover(cover) = &self.selection.details {
            let share = percent(cover.covered as f64 / rows.max(1) as f64);
            words += &format!(
                " In the end {share} of the rows are within δ = {}.",
                number(cover.delta)
            );
        }
        words
    }

    /// The classes by their rows, the largest first.
    fn classes_by_size(&self) -> Vec<&ClassShare> {
        let mut classes: Vec<_> = self.selection.classes.iter().collect();
        classes.sort_by_key(|share| (std::cmp::Reverse(share.rows), share.class));
        classes
    }

    fn class_bars(&self) -> Figure {
        let all = self.classes_by_size();
        let rows: usize = all.iter().map(|share| share.rows).sum();
        let picks = self.selection.picks.len();
        let bar = |count: usize, of: usize| Bar {
            value: count as f64 / of.max(1) as f64,
            label: format!(
                "{} ({})",
                percent(count as f64 / of.max(1) as f64),
                whole(count)
            ),
        };
        let mut shown = all[..all.len().min(MOST_CLASSES)].to_vec();
        shown.sort_by_key(|share| share.class);
        let group = |share: &&ClassShare| {
            let bars = vec![bar(share.rows, rows), bar(share.picks, picks)];
            (share.class.to_string(), bars)
        };
        let bars = Bars {
            names: ["pool", "picks"].map(str::to_owned).to_vec(),
            looks: Some(vec![Look::Area, Look::PickArea]),
            groups: shown.iter().map(group).collect(),
        };
        let caption = match all.len() > MOST_CLASSES {
            true => format!(
                "The {MOST_CLASSES} largest of {} latent classes.",
                whole(all.len())
            ),
            false => "The share of each latent class in the pool and among the picks.".to_owned(),
        };
        Figure {
            title: "Latent classes".to_owned(),
            description: "Two bars a class: its share of the pool and of the picks.".to_owned(),
            drawing: bars.draw(),
            keys: bars.keys(),
            caption,
            numbers: None,
        }
    }

    /// Every class, up to a number that a reader goes through.
    pub(super) fn class_table(&self) -> Table {
        const MOST: usize = 500;
        let mut table = Table::new(&["class", "rows", "budget", "picks"]);
        for share in self.selection.classes.iter().take(MOST) {
            let numbers = [share.class, share.rows, share.budget, share.picks];
            table.push(numbers.map(|number| number.to_string()));
        }
        table
    }
}

/// A text that begins with a capital letter.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}
