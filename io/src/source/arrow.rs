//! Arrow files and streams, record batch by record batch.
//!
//! Both are a sequence of messages; a file has besides a list of where its batches are. Of a stream that
//! list is made by going from message to message.

use super::Source;
use super::table::{Lists, Table};
use crate::error::{Error, Origin};
use crate::stretch::Stretch;
use arrow_array::Array;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, Message, MetadataVersion, RecordBatch, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Bytes before a message: a mark, and its length.
const PREFIX: u64 = 8;

/// Bytes at the end of a file: the length of its footer, and a mark.
const TRAILER: u64 = 10;

/// Bytes that one of a compressed buffer may stand for: zstd's blocks are of 128 KiB at most, from 4.
const RATIO: u64 = 1 << 15;

/// An open file or stream, and where its batches are.
#[derive(Debug)]
struct Arrow {
    bytes: Stretch,
    schema: SchemaRef,
    version: MetadataVersion,
    blocks: Vec<Block>,
    /// The first row of each batch, and the number of all.
    firsts: Vec<usize>,
}

/// The column called `key` of a file, or without a key the only one of lists of floats.
pub(super) fn open_file(
    bytes: Stretch,
    key: Option<&str>,
    origin: &Origin,
) -> Result<Box<dyn Source>, Error> {
    let table = of_file(bytes).map_err(|fault| fault.of(origin))?;
    Ok(Box::new(Lists::open(table, key, origin)?))
}

/// The column called `key` of a stream, or without a key the only one of lists of floats.
pub(super) fn open_stream(
    bytes: Stretch,
    key: Option<&str>,
    origin: &Origin,
) -> Result<Box<dyn Source>, Error> {
    let table = of_stream(bytes).map_err(|fault| fault.of(origin))?;
    Ok(Box::new(Lists::open(table, key, origin)?))
}

fn of_file(bytes: Stretch) -> Result<Arrow, Fault> {
    let trailer = bytes.len().checked_sub(TRAILER).ok_or("it ends early")?;
    let mut end = [0; TRAILER as usize];
    bytes.read_at(trailer, &mut end)?;
    let length = read_footer_length(end)? as u64;
    let start = trailer.checked_sub(length).ok_or("it ends early")?;
    let footer = bytes.bytes(start, length)?;
    let footer = root_as_footer(&footer).map_err(|e| Fault::Broken(e.to_string()))?;
    let schema = try_fb_to_schema(footer.schema().ok_or("no schema")?)?;
    let mut arrow = Arrow::new(bytes, schema, footer.version());
    for block in footer.recordBatches().into_iter().flatten() {
        let place = (block.offset(), block.metaDataLength(), block.bodyLength());
        let (Ok(at), Ok(length), Ok(body)) = (
            place.0.try_into(),
            u64::try_from(place.1),
            u64::try_from(place.2),
        ) else {
            return Err("a batch at an impossible place".into());
        };
        let meta = arrow.bytes.bytes(at, length)?;
        let message = message(&meta)?;
        arrow.push(at, length, body, &message)?;
    }
    Ok(arrow)
}

fn of_stream(bytes: Stretch) -> Result<Arrow, Fault> {
    let mut at = 0;
    let mut arrow: Option<Arrow> = None;
    while at < bytes.len() {
        let mut prefix = [0; PREFIX as usize];
        bytes.read_at(at, &mut prefix)?;
        let [_, _, _, _, length @ ..] = prefix;
        let length = u64::from(u32::from_le_bytes(length));
        if !prefix.starts_with(&[0xff; 4]) {
            return Err("no message where one should be".into());
        }
        if length == 0 {
            break;
        }
        let length = PREFIX + length;
        let meta = bytes.bytes(at, length)?;
        let message = message(&meta)?;
        let body =
            u64::try_from(message.bodyLength()).map_err(|_| "a message of negative length")?;
        match (&mut arrow, message.header_as_schema()) {
            (None, Some(schema)) => {
                let schema = try_fb_to_schema(schema)?;
                arrow = Some(Arrow::new(bytes.clone(), schema, message.version()));
            }
            (None, None) => return Err("no schema at its start".into()),
            (Some(arrow), _) if message.header_as_record_batch().is_some() => {
                arrow.push(at, length, body, &message)?;
            }
            // Dictionaries belong to columns that are not read.
            (Some(_), _) => {}
        }
        let next = at.checked_add(length).and_then(|at| at.checked_add(body));
        at = next
            .filter(|&at| at <= bytes.len())
            .ok_or("it ends early")?;
    }
    Ok(arrow.ok_or("it ends early")?)
}

/// A message behind its prefix.
fn message(meta: &[u8]) -> Result<Message<'_>, Fault> {
    let prefix = if meta.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = meta.get(prefix..).ok_or("it ends early")?;
    root_as_message(message).map_err(|e| Fault::Broken(e.to_string()))
}

impl Arrow {
    fn new(bytes: Stretch, schema: Schema, version: MetadataVersion) -> Self {
        Self {
            bytes,
            schema: Arc::new(schema),
            version,
            blocks: Vec::new(),
            firsts: vec![0],
        }
    }

    /// Notes a batch: where it is, the bytes of its message and of its body.
    fn push(&mut self, at: u64, meta: u64, body: u64, message: &Message<'_>) -> Result<(), Fault> {
        let batch = message
            .header_as_record_batch()
            .ok_or("no batch where one should be")?;
        let rows = usize::try_from(batch.length()).ok();
        let next = rows.and_then(|rows| self.firsts[self.blocks.len()].checked_add(rows));
        let end = meta.checked_add(body);
        if end.is_none_or(|length| self.bytes.part(at, length).is_none()) {
            return Err("it ends early".into());
        }
        let (at, meta, body) = (i64::try_from(at), i32::try_from(meta), i64::try_from(body));
        let (Some(next), Ok(at), Ok(meta), Ok(body)) = (next, at, meta, body) else {
            return Err("a batch of impossible length".into());
        };
        self.blocks.push(Block::new(at, meta, body));
        self.firsts.push(next);
        Ok(())
    }

    /// A column of a batch.
    fn read(&self, batch: usize, column: usize) -> Result<Arc<dyn Array>, Fault> {
        let block = &self.blocks[batch];
        let (meta, body) = (block.metaDataLength() as u64, block.bodyLength() as u64);
        let bytes = self.bytes.bytes(block.offset() as u64, meta + body)?;
        let message = message(&bytes[..meta as usize])?;
        let found = message.header_as_record_batch().ok_or("it has changed")?;
        check(&found, &bytes[meta as usize..])?;
        let decoder = FileDecoder::new(Arc::clone(&self.schema), self.version);
        let decoder = decoder.with_projection(vec![column]);
        let found = decoder.read_record_batch(block, &Buffer::from_vec(bytes))?;
        let found = found.ok_or("no batch where one should be")?;
        Ok(Arc::clone(found.column(0)))
    }
}

/// Checks what the decoder takes for granted: that buffers lie within the body, and that those that are
/// compressed could be as long as they say.
fn check(batch: &RecordBatch<'_>, body: &[u8]) -> Result<(), Fault> {
    let most = body.len() as u64 * RATIO;
    for node in batch.nodes().into_iter().flatten() {
        let [length, nulls] = [node.length(), node.null_count()].map(u64::try_from);
        if !matches!((length, nulls), (Ok(length), Ok(nulls)) if nulls <= length && length <= most)
        {
            return Err("a column of impossible length".into());
        }
    }
    for buffer in batch.buffers().into_iter().flatten() {
        let place = (
            usize::try_from(buffer.offset()),
            usize::try_from(buffer.length()),
        );
        let end = match place {
            (Ok(start), Ok(length)) => start.checked_add(length),
            _ => None,
        };
        let bytes = end.and_then(|end| body.get(end - place.1.unwrap_or(0)..end));
        let bytes = bytes.ok_or("values outside of their batch")?;
        if batch.compression().is_some()
            && let Some(length) = bytes.first_chunk()
        {
            let length = i64::from_le_bytes(*length);
            if length > 0 && length as u64 > bytes.len() as u64 * RATIO {
                return Err("compressed values of impossible length".into());
            }
        }
    }
    Ok(())
}

impl Table for Arrow {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn firsts(&self) -> &[usize] {
        &self.firsts
    }

    fn column(
        &self,
        column: usize,
        rows: Range<usize>,
        take: &mut dyn FnMut(&dyn Array) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut row = rows.start;
        while row < rows.end {
            let block = self.block(row);
            let array = self
                .read(self.part(row), column)
                .map_err(|fault| fault.to_string())?;
            if array.len() != block.len() {
                return Err(broken("a batch of another length than it says"));
            }
            let end = block.end.min(rows.end);
            take(&*array.slice(row - block.start, end - row))?;
            row = end;
        }
        Ok(())
    }
}

/// Why a file or stream could not be read.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("cannot read the file ({0})")]
    Io(#[from] io::Error),
    #[error("{}", broken(.0))]
    Broken(String),
}

impl Fault {
    fn of(self, origin: &Origin) -> Error {
        match self {
            Self::Io(e) if e.kind() != io::ErrorKind::UnexpectedEof => origin.io(e),
            Self::Io(_) => origin.failure(broken("it ends early")),
            Self::Broken(_) => origin.failure(self.to_string()),
        }
    }
}

impl From<&str> for Fault {
    fn from(what: &str) -> Self {
        Self::Broken(what.to_owned())
    }
}

impl From<ArrowError> for Fault {
    fn from(error: ArrowError) -> Self {
        Self::Broken(error.to_string())
    }
}

fn broken(what: &str) -> String {
    format!("an Arrow file that cannot be read found ({what}), a whole one expected")
}
