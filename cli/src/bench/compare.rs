//! Adapters of several reports, side by side.

use super::report::{Adapter, Ceiling, Kernel, Named, Selector};
use super::words::{self, NONE};
use super::{Entry, aligned, entries};
use crate::columns::Columns;
use coresift::Error;
use std::collections::BTreeMap;

/// Every adapter of every report in a column of its own; ratios are to the first. Of times a smaller
/// is the better, of rates a larger.
///
/// # Errors
///
/// [`Error::Report`] where sizes differ: a report is quick and another is not, or an adapter has a
/// kernel or selector at other sizes than another; [`Error::Argument`] if there is no adapter.
pub fn table(reports: &[Named]) -> Result<String, Error> {
    let entries = entries(reports)?;
    check_extent(reports)?;
    KERNELS.check(&entries)?;
    SELECTORS.check(&entries)?;
    let title = |entry: &Entry<'_>| {
        let (name, date) = (&entry.from.name, &entry.from.report.date);
        format!("{}\n      {name}, {date}\n", entry.title())
    };
    let titles: String = entries.iter().map(title).collect();
    let (ceilings, kernels) = (CEILINGS.show(&entries), KERNELS.show(&entries));
    Ok([titles, ceilings, kernels, SELECTORS.show(&entries)].concat())
}

/// Refuses quick reports among others.
fn check_extent(reports: &[Named]) -> Result<(), Error> {
    let in_words = |quick| if quick { "quick sizes" } else { "full sizes" };
    let first = &reports[0];
    let differs = |named: &&Named| named.report.quick != first.report.quick;
    match reports.iter().find(differs) {
        None => Ok(()),
        Some(other) => Err(Error::Report {
            report: other.name.clone(),
            found: in_words(other.report.quick).to_owned(),
            expected: format!("{} as in {}", in_words(first.report.quick), first.name),
        }),
    }
}

type Size = BTreeMap<String, u64>;

/// One kind of thing that adapters have, and how it is compared.
struct Section<T> {
    /// One of them.
    one: &'static str,
    /// All of them, and what is shown.
    title: &'static str,
    /// Names of the cells beyond the first.
    more: &'static [&'static str],
    of: fn(&Adapter) -> &[T],
    name: fn(&T) -> &str,
    size: fn(&T) -> Option<&Size>,
    cells: fn(&T) -> Vec<String>,
    /// That of which there is a ratio.
    figure: fn(&T) -> f64,
}

const CEILINGS: Section<Ceiling> = Section {
    one: "ceiling",
    title: "ceilings",
    more: &[],
    of: |adapter| &adapter.ceilings,
    name: |ceiling| &ceiling.name,
    size: |_| None,
    cells: |ceiling| vec![words::ceiling(ceiling)],
    figure: Ceiling::rate,
};

const KERNELS: Section<Kernel> = Section {
    one: "kernel",
    title: "kernels, medians",
    more: &["share"],
    of: |adapter| &adapter.kernels,
    name: |kernel| &kernel.name,
    size: |kernel| Some(&kernel.size),
    cells: |kernel| {
        let median = words::seconds(kernel.samples.median());
        vec![median, words::share(kernel.share())]
    },
    figure: |kernel| kernel.samples.median(),
};

const SELECTORS: Section<Selector> = Section {
    one: "selector",
    title: "selectors, medians",
    more: &[],
    of: |adapter| &adapter.selectors,
    name: |selector| &selector.name,
    size: |selector| Some(&selector.size),
    cells: |selector| vec![words::seconds(selector.samples.median())],
    figure: |selector| selector.samples.median(),
};

impl<T: 'static> Section<T> {
    /// Asks that whoever has something has it at the same sizes as the first who has it.
    fn check(&self, entries: &[Entry<'_>]) -> Result<(), Error> {
        let mut known: BTreeMap<&str, (Vec<&Size>, &Entry<'_>)> = BTreeMap::new();
        for entry in entries {
            for (name, sizes) in self.sizes(entry.adapter) {
                let (first, of) = known.entry(name).or_insert_with(|| (sizes.clone(), entry));
                if *first != sizes {
                    let (one, found) = (self.one, in_words(&sizes));
                    return Err(Error::Report {
                        report: entry.from.name.clone(),
                        found: format!("{one} {name} of {} at {found}", entry.adapter.name),
                        expected: format!(
                            "{} as of {} in {}",
                            in_words(first),
                            of.adapter.name,
                            of.from.name
                        ),
                    });
                }
            }
        }
        Ok(())
    }

    /// All sizes that each is there at, sorted.
    fn sizes<'a>(&self, adapter: &'a Adapter) -> BTreeMap<&'a str, Vec<&'a Size>> {
        let mut sizes: BTreeMap<&str, Vec<&Size>> = BTreeMap::new();
        for item in (self.of)(adapter) {
            let of_name = sizes.entry((self.name)(item)).or_default();
            of_name.extend((self.size)(item));
            of_name.sort();
            of_name.dedup();
        }
        sizes
    }

    /// The section, or nothing where there is nothing.
    fn show(&self, entries: &[Entry<'_>]) -> String {
        let named = |item| ((self.name)(item), (self.size)(item));
        let rows = aligned(entries, |entry| (self.of)(entry.adapter), named);
        if rows.is_empty() {
            return String::new();
        }
        let mut columns = Columns::new(self.head(entries), false);
        let mut last = None;
        for ((name, size), items) in rows {
            let indent = if size.is_some() { "      " } else { "    " };
            if let Some(size) = size.filter(|_| size != last) {
                columns.text(format!("    {}", words::size(size)));
            }
            last = size;
            columns.row(self.row(format!("{indent}{name}"), &items));
        }
        format!("\n{}", columns.show())
    }

    /// Names of columns: each adapter's cells, and the ratio to the first adapter.
    fn head(&self, entries: &[Entry<'_>]) -> Vec<String> {
        let mut names = vec![format!("  {}", self.title)];
        for entry in entries {
            names.push(entry.mark());
            names.extend(self.more.iter().map(|&name| name.to_owned()));
            if entry.number > 1 {
                names.push(format!("{}/{}", entry.mark(), entries[0].mark()));
            }
        }
        names
    }

    fn row(&self, name: String, items: &[Option<&T>]) -> Vec<String> {
        let mut row = vec![name];
        for (column, item) in items.iter().enumerate() {
            let none = || vec![NONE.to_owned(); 1 + self.more.len()];
            row.extend(item.map_or_else(none, self.cells));
            if column > 0 {
                row.push(match (item, items[0]) {
                    (Some(item), Some(of)) => words::ratio((self.figure)(item), (self.figure)(of)),
                    _ => NONE.to_owned(),
                });
            }
        }
        row
    }
}

fn in_words(sizes: &[&Size]) -> String {
    let one = |size: &&Size| format!("({})", words::size(size));
    sizes.iter().map(one).collect::<Vec<_>>().join(" and ")
}
