//! The page of methods that were compared.

use super::record::{self, Record};
use crate::report::compared::{Compared, Difference, Figures, OfMethod, Scored};
use crate::report::page::Page;
use coresift::Named as _;

pub(super) fn of(record: &Record, name: &str) -> Page {
    let options = &record.options;
    let names: Vec<&str> = options.methods.iter().map(|method| &*method.name).collect();
    let asked = [
        ("features", format!("{} rows x {}", record.rows, record.dim)),
        ("labels", format!("{} classes", record.labels.len())),
        ("methods", names.join(", ")),
        ("seeds", options.seeds.to_string()),
        ("rows to select from", options.select_from.to_string()),
        ("rows to test on", options.test_on.to_string()),
    ];
    let warned = record.warnings.iter();
    let page = Compared {
        name,
        asked: asked.map(|(name, value)| [name.to_owned(), value]).to_vec(),
        budgets: &options.budgets,
        seeds: options.seeds,
        scores: record.summary.iter().map(scored).collect(),
        notes: warned
            .map(|warned| format!("{}: {}", warned.method, warned.warning))
            .collect(),
    };
    page.page()
}

fn scored(of_score: &record::OfScore) -> Scored<'_> {
    Scored {
        title: of_score.score.name().replace('-', " "),
        meaning: of_score.score.meaning(),
        methods: of_score.methods.iter().map(of_method).collect(),
    }
}

fn of_method(method: &record::OfMethod) -> OfMethod<'_> {
    OfMethod {
        name: &method.name,
        budgets: method.budgets.iter().map(figures).collect(),
        all: figures(&method.all),
    }
}

fn figures(found: &record::Figures) -> Figures {
    Figures {
        mean: found.mean,
        error: found.error,
        difference: found.difference.map(|found| Difference {
            mean: found.mean,
            error: found.error,
            better: found.better,
            worse: found.worse,
        }),
    }
}
