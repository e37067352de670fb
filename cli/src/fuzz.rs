//! Everything that is read from outside, from inputs that are almost right: no panic, no waiting, no
//! memory that the input does not account for; and what is right, however it is dressed, is read right.
//!
//! A few thousand inputs a reader come with every `cargo test`. For many more:
//! `CORESIFT_FUZZ=1000000 cargo test -p coresift-cli fuzz`.

use super::args::{Cli, Command};
use super::method;
use crate::bench::report::{self, Named, Report};
use crate::bench::{compare, plot, table};
use clap::{CommandFactory as _, FromArgMatches as _};
use coresift_io::features::FeatureFile;
use coresift_io::indices;
use coresift_io::target::{Format, Target};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use tempfile::TempDir;

/// Inputs a reader, unless `CORESIFT_FUZZ` says how many.
const INPUTS: u32 = 2_000;

/// Longer than any input takes, by far.
const PATIENCE: Duration = Duration::from_secs(60);

/// What reading may take whatever the size of the file: buffers, a title, a header as it is parsed.
const SLACK: u64 = 1 << 17;

/// Tries inputs of `strategy`, the same ones every time; `check` finds a folder of its own to write in.
fn fuzz<T: Debug + Send + 'static>(
    strategy: impl Strategy<Value = T> + Send + 'static,
    check: impl Fn(&Path, T) -> Result<(), TestCaseError> + Send + 'static,
) {
    let inputs = std::env::var("CORESIFT_FUZZ").map(|text| text.parse().expect("a number"));
    let config = Config {
        cases: inputs.unwrap_or(INPUTS),
        failure_persistence: None,
        ..Config::default()
    };
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_owned();
    let (alive, heard) = channel();
    let work = std::thread::spawn(move || {
        // Memory is counted in this thread alone: so it does all of the work.
        let alone = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .use_current_thread();
        let _alone = alone.build().unwrap();
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        TestRunner::new_with_rng(config, rng).run(&strategy, |input| {
            let _ = alive.send(());
            check(&path, input)
        })
    });
    loop {
        match heard.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("{:?} takes too long", folder.keep()),
        }
    }
    match work.join().expect("proptest catches panics") {
        Ok(()) => {}
        Err(TestError::Fail(why, input)) => {
            let start: String = format!("{input:?}").chars().take(2000).collect();
            panic!("{why}\n{start}");
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// What `read` gives, and the most memory it held at a time.
fn measured<T>(read: impl FnOnce() -> T) -> (T, u64) {
    let mut result = None;
    let memory = allocation_counter::measure(|| result = Some(read()));
    (result.expect("it was called"), memory.bytes_max)
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

// ---------------------------------------------------------------- inputs that are almost right

/// A change to a file.
#[derive(Clone, Debug)]
enum Change {
    Overwrite(Index, u8),
    Insert(Index, &'static [u8]),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    const WORDS: &[&[u8]] = &[
        b"0",
        b"9",
        b"-1",
        b"1.5",
        b"1e999",
        b"18446744073709551616",
        b"9223372036854775808, ",
        b"00",
        b",",
        b";",
        b"\t",
        b" ",
        b"\n",
        b"\r",
        b"\"",
        b"'",
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
        b":",
        b"L",
        b"u",
        b"\\",
        b"null",
        b"true",
        b"index",
        b"class",
        b"label",
        b"picks",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\0",
        b"\xe2\x80\x8b",
    ];
    let times = prop_oneof![9 => 1..50usize, 1 => 1..30_000usize];
    prop_oneof![
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Overwrite(at, byte)),
        3 => (any::<Index>(), select(WORDS)).prop_map(|(at, word)| Change::Insert(at, word)),
        1 => (any::<Index>(), 1..9usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (any::<Index>(), 1..9usize, times).prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        1 => any::<Index>().prop_map(Change::Cut),
    ]
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index| at.index(bytes.len() + 1);
        match self {
            Self::Overwrite(at, byte) => {
                let at = place(at);
                bytes.splice(at..(at + 1).min(bytes.len()), [*byte]);
            }
            Self::Insert(at, word) => {
                let at = place(at);
                bytes.splice(at..at, word.iter().copied());
            }
            Self::Remove(at, length) => {
                let at = place(at);
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Self::Repeat(at, length, times) => {
                let at = place(at);
                let again = bytes[at..(at + length).min(bytes.len())].repeat(*times);
                bytes.splice(at..at, again);
            }
            Self::Cut(at) => bytes.truncate(place(at)),
        }
    }
}

fn changed(good: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec(change(), 0..4);
    (good, changes).prop_map(|(mut bytes, changes)| {
        for change in changes {
            change.make(&mut bytes);
        }
        bytes
    })
}

// ---------------------------------------------------------------- .npy

/// How a header may be written.
#[derive(Clone, Debug)]
struct Header {
    version: u8,
    /// Before every string.
    prefix: &'static str,
    quote: char,
    /// After every whole number.
    suffix: &'static str,
    blank: &'static str,
    keys: Vec<&'static str>,
    trailing_comma: bool,
    padding: usize,
}

fn header() -> impl Strategy<Value = Header> {
    (
        1..4u8,
        select(&["", "u", "U"][..]),
        select(&['\'', '"'][..]),
        select(&["", "L"][..]),
        select(&["", " ", "\t", "\n ", "  "][..]),
        Just(vec!["descr", "fortran_order", "shape"]).prop_shuffle(),
        any::<bool>(),
        0..200usize,
    )
        .prop_map(
            |(version, prefix, quote, suffix, blank, keys, trailing_comma, padding)| Header {
                version,
                prefix,
                quote,
                suffix,
                blank,
                keys,
                trailing_comma,
                padding,
            },
        )
}

impl Header {
    fn file(&self, descr: &str, fortran: bool, shape: &[u64], payload: &[u8]) -> Vec<u8> {
        let Self {
            prefix,
            quote,
            suffix,
            blank,
            ..
        } = self;
        let axes: String = shape
            .iter()
            .map(|axis| format!("{axis}{suffix},{blank}"))
            .collect();
        let mut entries: Vec<String> = Vec::new();
        for key in &self.keys {
            let value = match *key {
                "descr" => format!("{prefix}{quote}{descr}{quote}"),
                "shape" => format!("({axes})"),
                _ if fortran => "True".to_owned(),
                _ => "False".to_owned(),
            };
            entries.push(format!("{prefix}{quote}{key}{quote}{blank}:{blank}{value}"));
        }
        let comma = if self.trailing_comma { "," } else { "" };
        let text = format!(
            "{{{blank}{}{comma}{blank}}}",
            entries.join(&format!("{blank},{blank}"))
        );
        let text = format!("{text}{}\n", " ".repeat(self.padding));
        let length = (text.len() as u32).to_le_bytes();
        let width = if self.version == 1 { 2 } else { 4 };
        [
            b"\x93NUMPY",
            &[self.version, 0][..],
            &length[..width],
            text.as_bytes(),
            payload,
        ]
        .concat()
    }
}

/// The code of a type, and the bytes of a number in it, the highest first or last.
type Type = (&'static str, fn(u8, bool) -> Vec<u8>);

/// A `.npy` file of some numbers, their shape, and the numbers row by row.
fn numbers(
    types: &'static [Type],
    shape: impl Strategy<Value = Vec<u64>>,
) -> impl Strategy<Value = (Vec<u8>, Vec<u64>, Vec<u8>)> {
    let values = shape.prop_flat_map(|shape| {
        let count = shape.iter().product::<u64>() as usize;
        (Just(shape), prop::collection::vec(0..128u8, count))
    });
    let order = select(&["<", ">", "=", "|", ""][..]);
    (header(), select(types), order, any::<bool>(), values).prop_map(
        |(header, (code, bytes), order, fortran, (shape, values))| {
            let is_big = order == ">" || order != "<" && cfg!(target_endian = "big");
            let stored: Vec<u8> = match shape[..] {
                [rows, columns] if fortran => (0..columns)
                    .flat_map(|c| (0..rows).map(move |r| (r * columns + c) as usize))
                    .map(|at| values[at])
                    .collect(),
                _ => values.clone(),
            };
            let payload: Vec<u8> = stored
                .iter()
                .flat_map(|&value| bytes(value, is_big))
                .collect();
            let file = header.file(&format!("{order}{code}"), fortran, &shape, &payload);
            (file, shape, values)
        },
    )
}

fn turned<const N: usize>(little: [u8; N], is_big: bool) -> Vec<u8> {
    let mut bytes = little.to_vec();
    if is_big {
        bytes.reverse();
    }
    bytes
}

const FLOATS: &[Type] = &[
    ("f2", |v, big| turned(half::f16::from(v).to_le_bytes(), big)),
    ("f4", |v, big| turned(f32::from(v).to_le_bytes(), big)),
    ("f8", |v, big| turned(f64::from(v).to_le_bytes(), big)),
];

const INTEGERS: &[Type] = &[
    ("i1", |v, _| vec![v]),
    ("u1", |v, _| vec![v]),
    ("i2", |v, big| turned(i16::from(v).to_le_bytes(), big)),
    ("u4", |v, big| turned(u32::from(v).to_le_bytes(), big)),
    ("i8", |v, big| turned(i64::from(v).to_le_bytes(), big)),
    ("u8", |v, big| turned(u64::from(v).to_le_bytes(), big)),
];

fn matrices() -> impl Strategy<Value = (Vec<u8>, Vec<u64>, Vec<u8>)> {
    numbers(FLOATS, prop::collection::vec(1..20u64, 2))
}

fn features(path: &Path) -> Option<(usize, usize, coresift_io::features::Values)> {
    let mut file = FeatureFile::open(path, "features").ok()?;
    let values = file.read(|_| {}).ok()?;
    Some((file.rows, file.dim, values))
}

#[test]
fn features_are_read_however_their_header_is_written() {
    fuzz(matrices(), |folder, (bytes, shape, values)| {
        let read = features(&put(folder, "x.npy", &bytes));
        let (rows, dim, read) = read.ok_or_else(|| TestCaseError::fail("refused"))?;
        prop_assert_eq!([rows as u64, dim as u64], &shape[..]);
        let values: Vec<f32> = values.into_iter().map(f32::from).collect();
        prop_assert_eq!(&read[..], &values[..]);
        Ok(())
    });
}

#[test]
fn features_that_are_almost_right() {
    fuzz(
        changed(matrices().prop_map(|file| file.0)),
        |folder, bytes| {
            let path = put(folder, "x.npy", &bytes);
            let (read, memory) = measured(|| features(&path));
            let most = 4 * bytes.len() as u64;
            prop_assert!(memory <= most + SLACK, "{memory} bytes for {}", bytes.len());
            if let Some((rows, dim, values)) = read {
                prop_assert!(rows > 0 && dim > 0 && values.len() == rows * dim);
                // Their memory is not from the allocator.
                prop_assert!(4 * values.len() as u64 <= most, "{rows} x {dim}");
            }
            Ok(())
        },
    );
}

// ---------------------------------------------------------------- lists

/// An option that reads a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Rows,
    Classes,
    Clusters,
    Labels,
}

const LISTED: &[Listed] = &[
    Listed::Rows,
    Listed::Classes,
    Listed::Clusters,
    Listed::Labels,
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
        }
        .ok()
    }
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
            if format != Format::Npy {
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

// ---------------------------------------------------------------- reports

/// A report with one of everything.
fn whole_report() -> String {
    let samples = r#"{"seconds":[0.25,0.125,1e-3]}"#;
    let size = r#"{"rows":1000,"dim":64}"#;
    format!(
        r#"{{"schema":"{}","crate_version":"0.1.0","wgpu_version":null,"quick":true,"date":"2026-01-01T00:00:00Z",
"adapters":[{{"name":"a","backend":"cpu","kind":"cpu-pool","driver":"","threads":2,"limits":{{"max_buffer_size":4096}},
"timing":"wall-clock","ceilings":[{{"name":"copy","unit":"bytes-per-second","work":1e9,"samples":{samples}}}],
"kernels":[{{"name":"row_norms","size":{size},"bytes":256000,"operations":128000,"bound_by":"read","least_seconds":1e-4,
"samples":{samples}}}],"selectors":[{{"name":"norm","size":{size},"samples":{samples},"passes":1,"device_seconds":0.1,
"host_seconds":0.05,"peak_device_bytes":null,"parts":[{{"kernel":"row_norms","calls":1,"seconds":0.1}}]}}],
"missing":[{{"what":"dispatch","why":"no device"}}]}}]}}"#,
        report::SCHEMA
    )
}

#[test]
fn reports_that_are_almost_right() {
    let whole = whole_report();
    let folder = TempDir::new().unwrap();
    report::load(&put(folder.path(), "r.json", whole.as_bytes())).expect("a report");
    fuzz(changed(Just(whole.into_bytes())), |folder, bytes| {
        let path = put(folder, "r.json", &bytes);
        let (read, memory) = measured(|| report::load(&path));
        let most = 4 * bytes.len() as u64;
        prop_assert!(memory <= most + SLACK, "{memory} bytes for {}", bytes.len());
        if let Ok(report) = read {
            report::save(&report, &path).unwrap();
            prop_assert_eq!(&report::load(&path).unwrap(), &report);
            shown(report, &folder.join("r.svg"));
        }
        Ok(())
    });
}

/// Tables and the picture of a report, whatever is in it.
fn shown(report: Report, picture: &Path) {
    table::table(&report);
    let name = "r".to_owned();
    let reports = [Named { name, report }];
    let _ = compare::table(&reports);
    let _ = plot::draw(&reports, picture);
}

// ---------------------------------------------------------------- options

fn words() -> impl Strategy<Value = Vec<String>> {
    let command = Cli::command();
    let options: Vec<String> = (command.get_subcommands())
        .flat_map(clap::Command::get_arguments)
        .filter_map(|option| Some(format!("--{}", option.get_long()?)))
        .collect();
    let value = prop_oneof![
        3 => select(&[
            "500", "20%", "12.5%", "0", "-1", "1e-3", "none", "auto", "cpu", "gpu", "l1", "sas", "norm",
            "gram-schmidt", "typiclust", "probcover", "4GiB", "17 MiB", "x.npy", "l.csv", "l.txt", "p.json", "stop",
        ][..])
        .prop_map(str::to_owned),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| format!("{number}%")),
        1 => any::<String>(),
    ];
    let option =
        (select(options), value.clone(), 0..3u8).prop_map(|(option, value, form)| match form {
            0 => vec![option],
            1 => vec![option, value],
            _ => vec![format!("{option}={value}")],
        });
    let start = prop_oneof![
        6 => Just(vec!["select", "x.npy", "--method=sas", "--budget=5"]),
        4 => select(&["norm", "gram-schmidt", "typiclust", "probcover"][..]).prop_map(|method| {
            vec!["select", "x.npy", "--budget=20%", "--method", method]
        }),
        2 => Just(vec!["bench"]),
        1 => Just(vec!["devices"]),
        1 => Just(vec![]),
    ];
    (
        start,
        prop::collection::vec(option, 0..6),
        prop::option::of(value),
    )
        .prop_map(|(start, options, stray)| {
            let start = std::iter::once("coresift").chain(start).map(str::to_owned);
            start
                .chain(options.into_iter().flatten())
                .chain(stray)
                .collect()
        })
}

/// Bytes that clap takes for the options that there are and for the help of one, whatever is asked.
const OF_CLAP: u64 = 1 << 18;

#[test]
fn options_of_any_words() {
    fuzz(words(), |_, words| {
        let size: usize = words.iter().map(String::len).sum();
        let parsed = measured(|| {
            let mut matches = Cli::command().try_get_matches_from(&words).ok()?;
            Cli::from_arg_matches_mut(&mut matches).ok()
        });
        let (parsed, memory) = parsed;
        prop_assert!(
            memory <= 4 * size as u64 + OF_CLAP,
            "{memory} bytes for {size}"
        );
        if let Some(Cli {
            command: Command::Select(args),
        }) = parsed
        {
            let _ = method::check(&args);
            for rows in [1, 7, usize::MAX] {
                let budget = args.budget.of(rows);
                let is_share = matches!(args.budget, super::args::Budget::Share { .. });
                prop_assert!(!is_share || (1..=rows).contains(&budget));
            }
        }
        Ok(())
    });
}
