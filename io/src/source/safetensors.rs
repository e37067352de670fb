//! Tensors of safetensors files.

use super::fixed::Fixed;
use super::names::choose;
use super::{Kind, Source, Stored};
use crate::error::{Error, Origin};
use crate::stretch::Stretch;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

/// Bytes of the number before the header, which says how long that is.
const LENGTH: u64 = 8;

/// The tensor called `key`, or without a key the only matrix of floats.
pub(super) fn open(
    bytes: &Stretch,
    key: Option<&str>,
    origin: &Origin,
) -> Result<Box<dyn Source>, Error> {
    let (header, values) = header(bytes, origin)?;
    let mut names = header.offset_keys();
    names.sort();
    let info = |name: &String| header.info(name);
    let is_matrix = |name: &&String| {
        info(name).is_some_and(|info| info.shape.len() == 2 && kind(info.dtype).is_some())
    };
    let matrices: Vec<String> = names.iter().filter(is_matrix).cloned().collect();
    let key = choose("tensor", key, &names, &matrices, origin)?;
    let origin = origin.of(&key);
    let Some(TensorInfo {
        dtype,
        shape,
        data_offsets: (start, end),
    }) = info(&key)
    else {
        return Err(origin.failure("no such tensor found, one expected"));
    };
    let Some(kind) = kind(*dtype) else {
        return Err(origin.failure(format!("{dtype} found, F16, BF16, F32 or F64 expected")));
    };
    let part = values.part(*start as u64, end.saturating_sub(*start) as u64);
    let part = part.ok_or_else(|| origin.failure(broken("its tensors are longer than it is")))?;
    let stored = Stored {
        swapped: cfg!(target_endian = "big"),
        ..Stored::plain(kind)
    };
    let shape: Vec<u64> = shape.iter().map(|&axis| axis as u64).collect();
    Ok(Box::new(Fixed::new(part, stored, &shape, origin)?))
}

/// What a file says of its tensors, and the bytes in which they are.
fn header(bytes: &Stretch, origin: &Origin) -> Result<(Metadata, Stretch), Error> {
    let mut length = [0; LENGTH as usize];
    let read = bytes.read_at(0, &mut length);
    read.map_err(|e| origin.io(e))?;
    let length = u64::from_le_bytes(length);
    let text = bytes.part(LENGTH, length);
    let text = text.ok_or_else(|| origin.failure(broken("its header ends early")))?;
    let text = text.bytes(0, length).map_err(|e| origin.io(e))?;
    // Which checks that tensors are as long as their shapes say, and that none stands over another.
    let header: Metadata =
        serde_json::from_slice(&text).map_err(|e| origin.failure(broken(&e.to_string())))?;
    let values = bytes.from(LENGTH + length);
    if header.data_len() as u64 != values.len() {
        let (found, expected) = (values.len(), header.data_len());
        return Err(origin.failure(format!(
            "{found} bytes of tensors found, {expected} expected, as the header says"
        )));
    }
    Ok((header, values))
}

fn broken(what: &str) -> String {
    format!("a broken safetensors header found ({what}), a whole one expected")
}

fn kind(dtype: Dtype) -> Option<Kind> {
    match dtype {
        Dtype::I8 => Some(Kind::I8),
        Dtype::U8 => Some(Kind::U8),
        Dtype::F16 => Some(Kind::F16),
        Dtype::BF16 => Some(Kind::Bf16),
        Dtype::F32 => Some(Kind::F32),
        Dtype::F64 => Some(Kind::F64),
        _ => None,
    }
}
