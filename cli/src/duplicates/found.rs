//! What has been found, in its written forms and in words.

use crate::args::Give;
use crate::select::words::count;
use crate::write::npy;
use coresift::Kept;
use coresift_io::target::Format;
use serde::Serialize;
use serde_json::Value;

/// What has been found.
pub(super) enum Found {
    /// Which rows to keep.
    Kept(Kept),
    /// The group of every row.
    Groups(Vec<usize>),
    /// The pairs of near rows.
    Pairs(Vec<[usize; 2]>),
}

/// A record with pairs, which make a value of some hundred bytes each were they put into one.
#[derive(Serialize)]
struct PairsRecord<'a> {
    #[serde(flatten)]
    about: &'a Value,
    pairs: &'a [[usize; 2]],
}

/// The rows that are near to a kept one, and that.
fn dropped(of: &[usize]) -> impl Iterator<Item = [usize; 2]> + Clone {
    let all = of.iter().enumerate().map(|(row, &of)| [row, of]);
    all.filter(|[row, of]| row != of)
}

impl Found {
    /// The same by the numbers of all rows; those that are left out stand alone.
    pub(super) fn renumbered(self, numbers: &[usize], rows: usize) -> Self {
        let of_all = |found: &[usize]| {
            let mut all: Vec<usize> = (0..rows).collect();
            for (&number, &of) in numbers.iter().zip(found) {
                all[number] = numbers[of];
            }
            all
        };
        match self {
            Self::Kept(Kept { kept, of }) => Self::Kept(Kept {
                kept: kept.into_iter().map(|row| numbers[row]).collect(),
                of: of_all(&of),
            }),
            Self::Groups(groups) => Self::Groups(of_all(&groups)),
            Self::Pairs(mut pairs) => {
                pairs
                    .iter_mut()
                    .for_each(|pair| *pair = pair.map(|row| numbers[row]));
                Self::Pairs(pairs)
            }
        }
    }

    /// The bytes of what is asked for in a form; `about` is what a record holds besides.
    pub(super) fn render(&self, give: Give, format: Format, about: &Value) -> Vec<u8> {
        if format == Format::Json {
            return format!("{}\n", self.record(about)).into_bytes();
        }
        match self {
            Self::Kept(Kept { kept, .. }) if give == Give::Kept => {
                let rows: Vec<_> = kept.iter().map(|&row| [row]).collect();
                columns(format, ["index"], &rows)
            }
            Self::Kept(Kept { of, .. }) if format == Format::Csv => {
                columns(format, ["index", "of"], &dropped(of).collect::<Vec<_>>())
            }
            Self::Kept(Kept { of, .. }) => {
                let rows: Vec<_> = dropped(of).map(|[row, _]| [row]).collect();
                columns(format, ["index"], &rows)
            }
            Self::Groups(groups) if format == Format::Csv => {
                let rows = groups.iter().enumerate();
                let rows: Vec<_> = rows.map(|(row, &group)| [row, group]).collect();
                columns(format, ["index", "group"], &rows)
            }
            Self::Groups(groups) => {
                let rows: Vec<_> = groups.iter().map(|&group| [group]).collect();
                columns(format, ["group"], &rows)
            }
            Self::Pairs(pairs) => columns(format, ["index", "other"], pairs),
        }
    }

    /// One object, as text.
    fn record(&self, about: &Value) -> String {
        let mut record = about.clone();
        match self {
            Self::Kept(Kept { kept, of }) => {
                record["kept"] = kept.clone().into();
                record["dropped"] = dropped(of).map(|[row, _]| row).collect();
                record["of"] = dropped(of).map(|[_, of]| of).collect();
            }
            Self::Groups(groups) => record["groups"] = groups.clone().into(),
            Self::Pairs(pairs) => {
                let record = PairsRecord { about, pairs };
                return serde_json::to_string(&record).expect("numbers under a name");
            }
        }
        record.to_string()
    }

    /// What has been found, in a few words.
    pub(super) fn in_words(&self, give: Give) -> String {
        match self {
            Self::Kept(found) if give == Give::Kept => format!("{} kept", found.kept.len()),
            Self::Kept(found) => format!("{} dropped", dropped(&found.of).count()),
            Self::Groups(groups) => {
                let mut sizes = vec![0; groups.len()];
                groups.iter().for_each(|&group| sizes[group] += 1);
                let several = sizes.iter().filter(|&&size| size > 1).count();
                let all = sizes.iter().filter(|&&size| size > 0).count();
                let all = count(all, "group", "groups");
                format!("{all}, {several} of several rows,")
            }
            Self::Pairs(pairs) => count(pairs.len(), "pair", "pairs"),
        }
    }
}

/// Numbers side by side: as an array, or as lines, with titles in .csv and where they are several.
fn columns<const N: usize>(format: Format, titles: [&str; N], rows: &[[usize; N]]) -> Vec<u8> {
    if format == Format::Npy {
        let shape = [rows.len() as u64, N as u64];
        let shape = if N == 1 { &shape[..1] } else { &shape };
        let numbers = rows.as_flattened().iter().map(|&number| number as i64);
        return npy("<i8", shape, numbers).expect("memory takes every byte");
    }
    let delimiter = if format == Format::Csv { "," } else { "\t" };
    let mut text = String::new();
    if N > 1 || format == Format::Csv {
        text = titles.join(delimiter) + "\n";
    }
    for row in rows {
        text += &row.map(|number| number.to_string()).join(delimiter);
        text.push('\n');
    }
    text.into_bytes()
}
