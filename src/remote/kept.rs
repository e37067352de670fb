//! A message that is kept: in memory, or in a file where it is long.

use std::fs::File;
use std::io::{Read as _, Result, Seek as _, Write as _};

/// Bytes from which on a message is kept in a file: those that carry rows, or states of all of them.
const LONG: usize = 1 << 20;

/// A message that is kept. Its file has no name, and goes with it.
pub(super) enum Kept {
    Held(Vec<u8>),
    Filed(File),
}

impl Kept {
    /// Where a file cannot be had, memory has it.
    pub(super) fn new(message: Vec<u8>) -> Self {
        if message.len() < LONG {
            return Self::Held(message);
        }
        let filed = tempfile::tempfile().and_then(|mut file| {
            file.write_all(&message)?;
            Ok(file)
        });
        filed.map_or(Self::Held(message), Self::Filed)
    }

    /// The message.
    pub(super) fn read(&self) -> Result<Vec<u8>> {
        match self {
            Self::Held(message) => Ok(message.clone()),
            Self::Filed(file) => {
                let (mut file, mut message) = (file, Vec::new());
                file.rewind()?;
                file.read_to_end(&mut message)?;
                Ok(message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_whole_and_more_than_once() {
        for (length, is_filed) in [
            (0, false),
            (LONG - 1, false),
            (LONG, true),
            (3 * LONG, true),
        ] {
            let message: Vec<u8> = (0..length).map(|at| (at * at / 7) as u8).collect();
            let kept = Kept::new(message.clone());
            assert_eq!(matches!(kept, Kept::Filed(_)), is_filed, "{length}");
            for _ in 0..2 {
                assert!(kept.read().unwrap() == message, "{length}");
            }
        }
    }
}
