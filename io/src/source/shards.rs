//! Files that make one pool: their order, and which of a numbered sequence are not there.

use std::path::{Path, PathBuf};

/// Missing files that are named; of more only the number is said.
const NAMED: usize = 5;

/// Puts files in the order in which people count: 2 before 10.
pub(super) fn sort(files: &mut [(PathBuf, Option<String>)]) {
    files.sort_by_cached_key(|(path, key)| {
        let tokens = tokens(path.as_os_str().as_encoded_bytes());
        let tokens: Vec<Token> = tokens.into_iter().map(Token::of).collect();
        (tokens, path.clone(), key.clone())
    });
}

/// A part of a name, in the order of people.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    /// How many digits a number has, and which: of any length.
    Number(usize, Vec<u8>),
    Text(Vec<u8>),
}

impl Token {
    fn of(token: &[u8]) -> Self {
        if !token[0].is_ascii_digit() {
            return Self::Text(token.to_owned());
        }
        let zeros = token.iter().take_while(|&&digit| digit == b'0').count();
        let digits = token[zeros..].to_owned();
        Self::Number(digits.len(), digits)
    }
}

/// The runs of digits and of other signs in a name.
fn tokens(name: &[u8]) -> Vec<&[u8]> {
    let same = |a: &u8, b: &u8| a.is_ascii_digit() == b.is_ascii_digit();
    name.chunk_by(same).collect()
}

/// What lacks in a sequence of files in order, in words, where they are numbered and some number between
/// the first and the last has no file.
pub(super) fn gaps(files: &[(PathBuf, Option<String>)]) -> Option<String> {
    let names = files.iter().map(|(path, _)| file_name(path));
    let names: Vec<Vec<&[u8]>> = names.map(tokens).collect();
    let at = counter(&names)?;
    let numbers: Vec<u64> = (names.iter().map(|name| number(name[at]))).collect::<Option<_>>()?;
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

fn file_name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}

/// The number that a token is, where it is one and not longer than any count.
fn number(token: &[u8]) -> Option<u64> {
    std::str::from_utf8(token).ok()?.parse().ok()
}

/// The token by which the names differ, where it is one and that is a number which rises.
fn counter(names: &[Vec<&[u8]>]) -> Option<usize> {
    let (first, second) = (names.first()?, names.get(1)?);
    let at = first.iter().zip(second).position(|(a, b)| a != b)?;
    let alike = |name: &Vec<&[u8]>| {
        let mut pairs = name.iter().zip(first).enumerate();
        name.len() == first.len() && pairs.all(|(i, (a, b))| i == at || a == b)
    };
    let rises = |pair: &[Vec<&[u8]>]| number(pair[0][at]) < number(pair[1][at]);
    (names.iter().all(alike) && names.windows(2).all(rises)).then_some(at)
}

/// A name with another number in it, of as many digits as there.
fn renumbered(name: &[&[u8]], at: usize, number: u64) -> String {
    let width = name[at].len();
    let mut name = name.to_owned();
    let number = format!("{number:0width$}");
    name[at] = number.as_bytes();
    String::from_utf8_lossy(&name.concat()).into_owned()
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
