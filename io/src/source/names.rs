//! Which array, tensor or column of a file is meant.

use crate::error::{Error, Origin};

/// The array, tensor or column that is meant, of several in a file: the one called `key`, or without a key
/// the only one of `fit`, those that could be features.
pub(super) fn choose(
    what: &str,
    key: Option<&str>,
    names: &[String],
    fit: &[String],
    origin: &Origin,
) -> Result<String, Error> {
    match (key, fit) {
        (Some(key), _) if names.iter().any(|name| name == key) => Ok(key.to_owned()),
        (Some(key), _) => Err(origin.failure(no_such(what, key, names))),
        (None, [one]) => Ok(one.clone()),
        (None, []) => Err(origin.failure(format!(
            "no {what} of features found among these: {}; one expected",
            list(names)
        ))),
        (None, several) => Err(origin.failure(format!(
            "several {what}s of features found ({}), the name of one expected (#{})",
            list(several),
            several[0]
        ))),
    }
}

/// What is wrong with a name that none of an array, tensor or column has.
pub(super) fn no_such(what: &str, key: &str, names: &[String]) -> String {
    let names = list(names);
    format!("no {what} {key:?} found, one of these expected: {names}")
}

/// Names, the first of them, in words.
fn list(names: &[String]) -> String {
    const LISTED: usize = 20;
    let more = match names.len() {
        0 => "none",
        n if n > LISTED => ", ...",
        _ => "",
    };
    names[..names.len().min(LISTED)].join(", ") + more
}
