//! Lists of rows, classes, labels, weights and priorities, in every form.

use super::changes::changed;
use super::npy::{INTEGERS, numbers};
use super::{SLACK, fuzz, measured, put};
use coresift_io::indices;
use coresift_io::target::{Format, Target};
use proptest::prelude::*;
use proptest::sample::select;
use std::path::PathBuf;
use tempfile::TempDir;

/// An option that reads a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Rows,
    Classes,
    Clusters,
    Labels,
    /// In eighths.
    Weights,
    /// The same.
    Priorities,
}

const LISTED: &[Listed] = &[
    Listed::Rows,
    Listed::Classes,
    Listed::Clusters,
    Listed::Labels,
    Listed::Weights,
    Listed::Priorities,
];

impl Listed {
    fn read(self, path: PathBuf, format: Format) -> Option<Vec<Vec<usize>>> {
        let list = &Target { path, format };
        match self {
            Self::Rows => indices::rows(list, "list").map(|rows| vec![rows]),
            Self::Classes => {
                indices::of_rows(list, "list", &indices::CLASSES).map(|classes| vec![classes])
            }
            Self::Clusters => {
                indices::of_rows(list, "list", &indices::CLUSTERS).map(|clusters| vec![clusters])
            }
            Self::Labels => indices::labels(list, "list").map(Vec::from),
            Self::Weights => indices::weights(list, "list").map(in_eighths),
            Self::Priorities => indices::priorities(list, "list").map(in_eighths),
        }
        .ok()
    }
}

fn in_eighths(numbers: Vec<f64>) -> Vec<Vec<usize>> {
    let eighths = numbers.into_iter().map(|number| (8.0 * number) as usize);
    vec![eighths.collect()]
}

/// How a table may be written.
#[derive(Clone, Copy, Debug)]
struct Dress {
    separator: &'static str,
    end: &'static str,
    mark: &'static str,
    quote: &'static str,
    titled: bool,
    capitals: bool,
}

fn dress() -> impl Strategy<Value = Dress> {
    (
        select(&[",", ";", "\t", ", ", " ; "][..]),
        select(&["\n", "\r\n", "\n\n", "\r\n \r\n"][..]),
        select(&["", "\u{feff}"][..]),
        select(&["", "\""][..]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(separator, end, mark, quote, titled, capitals)| Dress {
            separator,
            end,
            mark,
            quote,
            titled,
            capitals,
        })
}

impl Dress {
    /// Columns, each a title and its entries, as a text.
    fn text(self, columns: &[(&str, Vec<String>)]) -> String {
        let Self {
            separator,
            end,
            mark,
            quote,
            ..
        } = self;
        let line = |fields: Vec<&str>| {
            // After a blank a quote is no quote.
            let quote = if separator.ends_with(' ') { "" } else { quote };
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("{quote}{field}{quote}"))
                .collect();
            fields.join(separator) + end
        };
        let mut text = mark.to_owned();
        if self.titled {
            let titles = line(columns.iter().map(|column| column.0).collect());
            text += &if self.capitals {
                titles.to_uppercase()
            } else {
                titles
            };
        }
        for row in 0..columns[0].1.len() {
            text += &line(columns.iter().map(|column| &column.1[row][..]).collect());
        }
        text
    }
}

/// A table that an option can read, and what it lists.
fn tables() -> impl Strategy<Value = (Listed, Format, String, Vec<Vec<usize>>)> {
    let entries = prop::collection::vec(0..30usize, 1..40)
        .prop_flat_map(|entries| (shuffled(entries.len()), Just(entries)));
    let format = select(&[Format::Csv, Format::Txt][..]);
    (
        select(LISTED),
        format,
        dress(),
        entries,
        any::<bool>(),
        0..4usize,
    )
        .prop_map(|(listed, format, dress, (rows, entries), has_rows, turn)| {
            let texts =
                |numbers: &[usize]| numbers.iter().map(usize::to_string).collect::<Vec<_>>();
            let eighths = |numbers: &[usize]| {
                let eighth = |&number: &usize| format!("{:?}", number as f64 / 8.0);
                numbers.iter().map(eighth).collect::<Vec<_>>()
            };
            let scores = ("score", vec!["1.5".to_owned(); entries.len()]);
            let index = ("index", texts(&rows));
            let mut in_rows = vec![0; entries.len()];
            let of_rows: Vec<usize> = rows.iter().map(|&row| entries[row]).collect();
            for (&row, &entry) in rows.iter().zip(&of_rows) {
                in_rows[row] = entry;
            }
            let (mut columns, lists) = match listed {
                Listed::Rows => (vec![("row", texts(&entries))], vec![entries]),
                Listed::Labels => (vec![index, ("label", texts(&of_rows))], vec![rows, of_rows]),
                Listed::Classes | Listed::Clusters if dress.titled && has_rows => {
                    (vec![("cluster", texts(&of_rows)), index], vec![in_rows])
                }
                Listed::Classes | Listed::Clusters => {
                    (vec![("clusters", texts(&entries))], vec![entries])
                }
                Listed::Weights if dress.titled && has_rows => {
                    (vec![("weights", eighths(&of_rows)), index], vec![in_rows])
                }
                Listed::Weights => (vec![("weight", eighths(&entries))], vec![entries]),
                Listed::Priorities if dress.titled && has_rows => {
                    (vec![("priority", eighths(&of_rows)), index], vec![in_rows])
                }
                Listed::Priorities => (vec![("priorities", eighths(&entries))], vec![entries]),
            };
            if dress.titled {
                columns.push(scores);
                let turn = turn % columns.len();
                columns.rotate_left(turn);
            }
            (listed, format, dress.text(&columns), lists)
        })
}

fn shuffled(count: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..count).collect::<Vec<_>>()).prop_shuffle()
}

/// JSON that some option can read.
fn json() -> impl Strategy<Value = String> {
    let list = || prop::collection::vec(0..1000usize, 0..30);
    prop_oneof![
        list().prop_map(|list| format!("{list:?}")),
        list().prop_map(|list| format!(
            "{{\"seed\": 0, \"picks\": {list:?}, \"scores\": [1.5, null]}}"
        )),
        prop::collection::vec([0..100usize, 0..9usize], 0..20)
            .prop_map(|pairs| format!("{pairs:?}")),
    ]
}

#[test]
fn lists_are_read_however_they_are_dressed() {
    fuzz(tables(), |folder, (listed, format, text, lists)| {
        let read = listed.read(put(folder, "list", text.as_bytes()), format);
        prop_assert_eq!(read, Some(lists), "{:?}", text);
        Ok(())
    });
    let arrays = numbers(INTEGERS, prop::collection::vec(0..20u64, 1));
    fuzz(arrays, |folder, (bytes, _, values)| {
        let read = Listed::Rows.read(put(folder, "list", &bytes), Format::Npy);
        let values = values.into_iter().map(usize::from).collect();
        prop_assert_eq!(read, Some(vec![values]));
        Ok(())
    });
}

#[test]
fn lists_that_are_almost_right() {
    let text = tables().prop_map(|table| (table.1, table.2.into_bytes()));
    let json = json().prop_map(|text| (Format::Json, text.into_bytes()));
    let columns = prop_oneof![Just(vec![]), Just(vec![2])];
    let shape = (0..20u64, columns).prop_map(|(rows, columns)| [vec![rows], columns].concat());
    let array = numbers(INTEGERS, shape).prop_map(|file| (Format::Npy, file.0));
    let files = prop_oneof![text, json, array]
        .prop_flat_map(|(format, bytes)| (Just(format), changed(Just(bytes))));
    fuzz(
        (select(LISTED), files),
        |folder, (listed, (format, bytes))| {
            let path = put(folder, "list", &bytes);
            let (lists, memory) = measured(|| listed.read(path, format));
            // An entry is eight bytes, of an array of bytes too; in a text it is a digit and what is between.
            let least = if format == Format::Npy { 1 } else { 2 };
            let most = 8 * (bytes.len() as u64).div_ceil(least);
            prop_assert!(memory <= most + SLACK, "{memory} bytes for {}", bytes.len());
            let count: usize = lists.iter().flatten().map(Vec::len).sum();
            prop_assert!(8 * count as u64 <= most);
            let is_whole = !matches!(listed, Listed::Weights | Listed::Priorities);
            if format != Format::Npy && is_whole {
                // Nothing is listed that is not there.
                let text = String::from_utf8_lossy(&bytes).replace('"', "");
                for entry in lists.iter().flatten().flatten() {
                    prop_assert!(text.contains(&entry.to_string()), "{entry} in {text:?}");
                }
            }
            Ok(())
        },
    );
}

/// The shortest entries there are, many of them, and what is no entry at all.
#[test]
fn lists_of_short_entries() {
    let folder = TempDir::new().unwrap();
    for (start, entry, end) in [
        ("", "1\n", ""),
        ("", "1;1\n", ""),
        ("index,class\n", "1,1\n", ""),
        ("", "1 1\n", ""),
        ("", ",", ""),
        ("", "\n", ""),
        ("class", ",", "\n1\n"),
        ("\"", "a", ""),
        ("[1", ",1", "]"),
        ("[[1,1]", ",[1,1]", "]"),
        ("[", "[", ""),
        ("[\"", "\u{200b}", "\"]"),
        ("{\"picks\":[1", ",1", "]}"),
        ("{\"", "a", "\":0}"),
    ] {
        let text = format!("{start}{}{end}", entry.repeat(300_000));
        let path = put(folder.path(), "list", text.as_bytes());
        for &listed in LISTED {
            for format in [Format::Csv, Format::Txt, Format::Json] {
                let (_, memory) = measured(|| listed.read(path.clone(), format));
                let most = 4 * text.len() as u64 + SLACK;
                assert!(
                    memory <= most,
                    "{memory} bytes for {start}{entry}...{end}, {listed:?}"
                );
            }
        }
    }
}
