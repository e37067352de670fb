//! Files that make one pool: their order, and which of a numbered sequence are not there.

use std::path::{Path, PathBuf};

/// Missing files that are named; of more only the number is said.
const NAMED: usize = 5;

/// Puts files in the order in which people count: 2 before 10.
pub(super) fn sort(files: &mut [(PathBuf, Option<String>)]) {
    files.sort_by(|(a, of_a), (b, of_b)| {
        alphanumeric_sort::compare_path(a, b)
            .then_with(|| a.cmp(b))
            .then_with(|| of_a.cmp(of_b))
    });
}

/// What lacks in a sequence of files in order, in words, where they are numbered and some number between
/// the first and the last has no file.
pub(super) fn gaps(files: &[(PathBuf, Option<String>)]) -> Option<String> {
    let names: Vec<Vec<Token<'_>>> = files
        .iter()
        .map(|(path, _)| tokens(path))
        .collect::<Option<_>>()?;
    let at = counter(&names)?;
    let numbers = names.iter().map(|name| name[at].number());
    let numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
    let mut lacking = Vec::new();
    let mut count = 0u64;
    for pair in numbers.windows(2) {
        count += (pair[1] - pair[0]).saturating_sub(1);
        let between = (pair[0] + 1)..pair[1];
        lacking.extend(between.take(NAMED - lacking.len()));
    }
    if count == 0 {
        return None;
    }
    let named: Vec<String> = lacking
        .iter()
        .map(|&n| renumbered(&names[0], at, n))
        .collect();
    let more = if count > lacking.len() as u64 {
        ", ..."
    } else {
        ""
    };
    Some(format!(
        "{} files found, none of {count} that their numbers leave out: {}{more}",
        files.len(),
        named.join(", ")
    ))
}

/// A part of a file's name: digits, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token<'a>(&'a str);

impl Token<'_> {
    fn number(self) -> Option<u64> {
        self.0.parse().ok()
    }

    fn is_number(self) -> bool {
        self.0.starts_with(|c: char| c.is_ascii_digit())
    }
}

fn tokens(path: &Path) -> Option<Vec<Token<'_>>> {
    let name = path.file_name()?.to_str()?;
    let same = |a: char, b: char| a.is_ascii_digit() == b.is_ascii_digit();
    let mut tokens = Vec::new();
    let (mut start, mut last) = (0, name.chars().next()?);
    for (at, c) in name.char_indices() {
        if !same(last, c) {
            tokens.push(Token(&name[start..at]));
            start = at;
        }
        last = c;
    }
    tokens.push(Token(&name[start..]));
    Some(tokens)
}

/// The token by which the names differ, where it is one number and that rises.
fn counter(names: &[Vec<Token<'_>>]) -> Option<usize> {
    let (first, second) = (names.first()?, names.get(1)?);
    let at = first.iter().zip(second).position(|(a, b)| a != b)?;
    let alike = |name: &Vec<Token<'_>>| {
        let mut pairs = name.iter().zip(first).enumerate();
        name.len() == first.len()
            && pairs.all(|(i, (a, b))| if i == at { a.is_number() } else { a == b })
    };
    let rises = |pair: &[Vec<Token<'_>>]| pair[0][at].number() < pair[1][at].number();
    (names.iter().all(alike) && names.windows(2).all(rises)).then_some(at)
}

/// A name with another number in it, of as many digits as there.
fn renumbered(name: &[Token<'_>], at: usize, number: u64) -> String {
    let width = name[at].0.len();
    let mut text = String::new();
    for (i, token) in name.iter().enumerate() {
        if i == at {
            text.push_str(&format!("{number:0width$}"));
        } else {
            text.push_str(token.0);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<(PathBuf, Option<String>)> {
        names
            .iter()
            .map(|name| (PathBuf::from(name), None))
            .collect()
    }

    #[test]
    fn two_comes_before_ten() {
        let mut found = files(&["d/x10.npy", "d/x2.npy", "d/x1.npy", "d/x02.npy"]);
        sort(&mut found);
        assert_eq!(
            found,
            files(&["d/x1.npy", "d/x02.npy", "d/x2.npy", "d/x10.npy"])
        );
    }

    #[test]
    fn missing_numbers_are_named() {
        let gaps = |names: &[&str]| gaps(&files(names));
        let said = gaps(&["d/x-00-of-05.npy", "d/x-01-of-05.npy", "d/x-04-of-05.npy"]);
        let expected =
            "3 files found, none of 2 that their numbers leave out: x-02-of-05.npy, x-03-of-05.npy";
        assert_eq!(said.as_deref(), Some(expected));
        let said = gaps(&["8.npy", "20.npy"]).unwrap();
        assert!(
            said.ends_with("9.npy, 10.npy, 11.npy, 12.npy, 13.npy, ..."),
            "{said}"
        );
        let most = u64::MAX.to_string();
        assert!(gaps(&["0.npy", &most]).is_none());
        for whole in [
            &["a.npy"][..],
            &["1.npy", "2.npy", "3.npy"],
            &["a.npy", "b.npy"],
            &["a1b1.npy", "a2b3.npy"],
            &["x.npy", "x2.npy"],
        ] {
            assert_eq!(gaps(whole), None, "{whole:?}");
        }
    }
}
