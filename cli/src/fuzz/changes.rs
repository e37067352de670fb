//! Files that are almost right: a few changes to good ones.

use proptest::prelude::*;
use proptest::sample::{Index, select};

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

/// A good file, but for up to three changes.
pub(super) fn changed(good: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec(change(), 0..4);
    (good, changes).prop_map(|(mut bytes, changes)| {
        for change in changes {
            change.make(&mut bytes);
        }
        bytes
    })
}
