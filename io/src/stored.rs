//! Values as a `.npy` file stores them: read, made float32 and row-major, by all cores.

use half::slice::{HalfBitsSliceExt as _, HalfFloatSliceExt as _};
use rayon::prelude::*;
use std::fs::File;
use std::io;

/// Values converted at a time: a megabyte of float64.
const CHUNK: usize = 1 << 17;

/// Values read between two tidings of progress, by all cores.
const ROUND: usize = 64 * CHUNK;

/// Columns transposed at a time: a cache line of `f32`.
const COLUMNS: usize = 16;

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoding {
    pub(crate) width: Width,
    /// Whether its bytes are the wrong way round for this machine.
    pub(crate) swapped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    F16,
    F32,
    F64,
}

/// Why values could not be read.
pub(crate) enum Fault {
    Io(io::Error),
    TooLarge {
        row: usize,
        column: usize,
        value: f64,
    },
}

impl From<io::Error> for Fault {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

/// Values as a file has them.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) file: &'a File,
    /// Where the first is.
    pub(crate) start: u64,
    pub(crate) encoding: Encoding,
    /// Rows and columns.
    pub(crate) shape: (usize, usize),
    /// Whether they are stored column by column.
    pub(crate) fortran: bool,
    /// What is subtracted from float64 before it is rounded: a row, or nothing.
    pub(crate) mean: &'a [f64],
}

/// What a thread reads them with.
struct Source<'a> {
    stored: Stored<'a>,
    /// Room for a chunk as it is stored, where that is not as it is wanted.
    scratch: Vec<u64>,
}

/// A value past the range of `f32`, and its place in the chunk.
type Overflow = (usize, f64);

impl<'a> Stored<'a> {
    fn source(self) -> Source<'a> {
        Source {
            stored: self,
            scratch: Vec::new(),
        }
    }

    /// The row and column of a value.
    fn place(self, value: usize) -> (usize, usize) {
        let (rows, dim) = self.shape;
        if self.fortran {
            (value % rows, value / rows)
        } else {
            (value / dim, value % dim)
        }
    }

    /// Reads bytes from that of value `first` on.
    fn bytes(self, first: usize, bytes: &mut [u8]) -> io::Result<()> {
        let size = match self.encoding.width {
            Width::F16 => 2,
            Width::F32 => 4,
            Width::F64 => 8,
        };
        read_at(self.file, self.start + size * first as u64, bytes)
    }
}

impl Source<'_> {
    /// Reads the values from value `first` on. At most [`CHUNK`] of them, unless they are float32.
    fn read(&mut self, first: usize, out: &mut [f32]) -> io::Result<Result<(), Overflow>> {
        let stored = self.stored;
        let Encoding { width, swapped } = stored.encoding;
        match width {
            Width::F32 => {
                self.stored.bytes(first, bytemuck::cast_slice_mut(out))?;
                if swapped {
                    swap(bytemuck::cast_slice_mut(out), u32::swap_bytes);
                }
            }
            Width::F16 => {
                let raw: &mut [u16] = self.raw(first, out.len())?;
                if swapped {
                    swap(raw, u16::swap_bytes);
                }
                raw.reinterpret_cast::<half::f16>()
                    .convert_to_f32_slice(out);
            }
            Width::F64 => {
                let raw: &mut [u64] = self.raw(first, out.len())?;
                if swapped {
                    swap(raw, u64::swap_bytes);
                }
                let wide: &mut [f64] = bytemuck::cast_slice_mut(raw);
                if !stored.mean.is_empty() {
                    for (value, v) in (first..).zip(&mut *wide) {
                        *v -= stored.mean[stored.place(value).1];
                    }
                }
                return Ok(narrow(wide, out));
            }
        }
        Ok(Ok(()))
    }

    /// Reads `len` values as they are stored.
    fn raw<T: bytemuck::Pod>(&mut self, first: usize, len: usize) -> io::Result<&mut [T]> {
        if self.scratch.len() < len {
            self.scratch.resize(len, 0);
        }
        let raw = &mut bytemuck::cast_slice_mut(&mut self.scratch)[..len];
        self.stored.bytes(first, bytemuck::cast_slice_mut(raw))?;
        Ok(raw)
    }
}

/// Reads bytes from place `at` on; threads may do so side by side.
#[cfg(unix)]
fn read_at(file: &File, at: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

/// Reads bytes from place `at` on; threads may do so side by side.
#[cfg(windows)]
fn read_at(file: &File, mut at: u64, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                at += read as u64;
                bytes = &mut bytes[read..];
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn swap<T: Copy>(raw: &mut [T], turn: impl Fn(T) -> T) {
    for value in raw {
        *value = turn(*value);
    }
}

/// Rounds to `f32`; a finite value that becomes infinite is refused.
fn narrow(wide: &[f64], out: &mut [f32]) -> Result<(), Overflow> {
    for (at, (narrow, &value)) in out.iter_mut().zip(wide).enumerate() {
        *narrow = value as f32;
        if narrow.is_infinite() && value.is_finite() {
            return Err((at, value));
        }
    }
    Ok(())
}

/// The mean row of values that are stored as float64, in any order the same: by columns, of a thousand
/// rows at a time.
pub(crate) fn mean(stored: Stored<'_>) -> io::Result<Vec<f64>> {
    /// As `coresift::center` adds them up.
    const ROWS: usize = 1 << 10;
    let (rows, dim) = stored.shape;
    let of_rows = |first: usize| {
        let count = ROWS.min(rows - first);
        let mut sums = vec![0.0; dim];
        let mut raw = vec![0u64; if stored.fortran { count } else { dim }];
        let mut read = |at: usize, add: &mut dyn FnMut(usize, f64)| -> io::Result<()> {
            stored.bytes(at, bytemuck::cast_slice_mut(&mut raw))?;
            for (value, bits) in (at..).zip(&raw) {
                let bits = if stored.encoding.swapped {
                    bits.swap_bytes()
                } else {
                    *bits
                };
                add(stored.place(value).1, f64::from_bits(bits));
            }
            Ok(())
        };
        let mut add = |column: usize, value: f64| sums[column] += value;
        if stored.fortran {
            (0..dim).try_for_each(|column| read(column * rows + first, &mut add))?;
        } else {
            (first..first + count).try_for_each(|row| read(row * dim, &mut add))?;
        }
        Ok(sums)
    };
    let firsts: Vec<usize> = (0..rows).step_by(ROWS).collect();
    let parts: Vec<io::Result<Vec<f64>>> = firsts.into_par_iter().map(of_rows).collect();
    let mut mean = vec![0.0; dim];
    for part in parts {
        mean.iter_mut().zip(part?).for_each(|(sum, v)| *sum += v);
    }
    mean.iter_mut().for_each(|sum| *sum /= rows as f64);
    Ok(mean)
}

/// Reads values that are stored row by row, every core its share.
pub(crate) fn fill(
    stored: Stored<'_>,
    values: &mut [f32],
    mut progress: impl FnMut(u64),
) -> Result<(), Fault> {
    let mut done = 0;
    for round in values.chunks_mut(ROUND) {
        let read = |source: &mut Source<'_>, (index, chunk): (usize, &mut [f32])| {
            let first = done + index * CHUNK;
            let too_large = |(at, value)| {
                let (row, column) = stored.place(first + at);
                Fault::TooLarge { row, column, value }
            };
            match source.read(first, chunk) {
                Ok(read) => read.map_err(too_large),
                Err(e) => Err(Fault::Io(e)),
            }
        };
        let chunks = round.par_chunks_mut(CHUNK).enumerate();
        let first_fault = chunks
            .map_init(|| stored.source(), read)
            .find_map_first(Result::err);
        first_fault.map_or(Ok(()), Err)?;
        done += round.len();
        progress(done as u64);
    }
    Ok(())
}

/// Reads all values of a matrix that is stored column by column.
///
/// A band of rows and a few columns at a time, so that rows are written in whole cache lines.
pub(crate) fn transpose(
    stored: Stored<'_>,
    values: &mut [f32],
    mut progress: impl FnMut(u64),
) -> Result<(), Fault> {
    const BAND: usize = CHUNK / COLUMNS;
    let (rows, dim) = stored.shape;
    let mut source = stored.source();
    let mut tile = vec![0.0; BAND.min(rows) * COLUMNS.min(dim)];
    for (band, out) in values.chunks_mut(BAND * dim).enumerate() {
        let (top, height) = (band * BAND, out.len() / dim);
        for left in (0..dim).step_by(COLUMNS) {
            let width = COLUMNS.min(dim - left);
            for (c, column) in tile.chunks_mut(height).take(width).enumerate() {
                source
                    .read((left + c) * rows + top, column)?
                    .map_err(|(at, value)| Fault::TooLarge {
                        row: top + at,
                        column: left + c,
                        value,
                    })?;
            }
            for (r, row) in out.chunks_mut(dim).enumerate() {
                for (c, value) in row[left..left + width].iter_mut().enumerate() {
                    *value = tile[c * height + r];
                }
            }
            progress((top * dim + height * (left + width)) as u64);
        }
    }
    Ok(())
}
