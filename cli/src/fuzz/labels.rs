//! Labels by number and name, in every form.

use super::changes::changed;
use super::{SLACK, fuzz, measured, put};
use coresift_io::labels::{self, LABELS};
use coresift_io::target::{Format, Target};
use proptest::prelude::*;
use proptest::sample::select;
use std::path::PathBuf;

/// Numbers and names, some with blanks, commas or quotes in them.
const WORDS: &[&str] = &[
    "7",
    "-3",
    "bag",
    "a red bag",
    "x,y",
    "say \"so\"",
    "Größe",
    "1st",
];

/// The texts of the labels that are read.
fn read(path: PathBuf, format: Format) -> Option<Vec<String>> {
    let list = Target { path, format };
    let labels = labels::read(&list, "list", &LABELS).ok()?;
    Some(labels.iter().map(ToString::to_string).collect())
}

/// A file of labels, and those.
fn files() -> impl Strategy<Value = (Format, String, Vec<String>)> {
    let words = prop::collection::vec(select(WORDS), 1..30);
    let format = select(&[Format::Csv, Format::Txt, Format::Json][..]);
    (words, format, any::<bool>(), any::<bool>()).prop_map(|(words, format, titled, has_rows)| {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        if format == Format::Json {
            return (format, serde_json::to_string(&words).unwrap(), words);
        }
        let quoted = |word: &String| format!("\"{}\"", word.replace('"', "\"\""));
        let mut text = String::new();
        if titled && has_rows {
            text += "label,row\n";
            let lines = words.iter().enumerate().rev();
            lines.for_each(|(row, word)| text += &format!("{},{row}\n", quoted(word)));
        } else {
            text += if titled { "label\n" } else { "" };
            words.iter().for_each(|word| text += &(quoted(word) + "\n"));
        }
        (format, text, words)
    })
}

#[test]
fn labels_are_read_however_they_are_written() {
    fuzz(files(), |folder, (format, text, words)| {
        let found = read(put(folder, "list", text.as_bytes()), format);
        prop_assert_eq!(found, Some(words), "{:?}", text);
        Ok(())
    });
}

/// A label takes some bytes a row, and the text of a different one some more.
#[test]
fn labels_that_are_almost_right() {
    let files =
        files().prop_flat_map(|(format, text, _)| (Just(format), changed(Just(text.into_bytes()))));
    fuzz(files, |folder, (format, bytes)| {
        let path = put(folder, "list", &bytes);
        let (_, memory) = measured(|| read(path, format));
        let most = 256 * bytes.len() as u64 + SLACK;
        prop_assert!(memory <= most, "{memory} bytes for {}", bytes.len());
        Ok(())
    });
}
