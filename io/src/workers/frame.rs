//! Messages one after another on a stream: eight bytes that say how long each is, lowest first, and it.

use std::io::{self, Read, Write};

/// Bytes of the longest message: more are an error, and are not waited for.
const MOST: u64 = 1 << 32;

/// The next message; none at the end of the stream.
///
/// # Errors
///
/// Those of the stream; one that ends within a message; a length that no message has.
pub fn read(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    let first = from.read(&mut length)?;
    if first == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[first..])?;
    let length = u64::from_le_bytes(length);
    if length > MOST {
        let problem = format!("a message of {length} bytes found, at most {MOST} expected");
        return Err(io::Error::other(problem));
    }
    // What is not there is not made room for.
    let mut message = Vec::new();
    from.take(length).read_to_end(&mut message)?;
    match message.len() as u64 == length {
        true => Ok(Some(message)),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Sends a message.
///
/// # Errors
///
/// Those of the stream.
pub fn write(to: &mut impl Write, message: &[u8]) -> io::Result<()> {
    to.write_all(&(message.len() as u64).to_le_bytes())?;
    to.write_all(message)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_and_others_are_refused() {
        let mut stream = Vec::new();
        write(&mut stream, b"one").unwrap();
        write(&mut stream, b"").unwrap();
        let mut from = &stream[..];
        assert_eq!(read(&mut from).unwrap().unwrap(), b"one");
        assert_eq!(read(&mut from).unwrap().unwrap(), b"");
        assert_eq!(read(&mut from).unwrap(), None);
        for end in 1..11 {
            assert!(read(&mut &stream[..end]).is_err(), "{end}");
        }
        let long = read(&mut &[0xff; 9][..]).unwrap_err().to_string();
        assert!(long.contains("at most 4294967296 expected"), "{long}");
    }
}
