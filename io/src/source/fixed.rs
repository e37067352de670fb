//! A matrix whose values all take as many bytes, one after another: what `.npy`, `.npz`, safetensors and
//! raw files hold.

use super::{ID_COLUMN, Kind, Source, Stored, narrow, too_large, widen, widened};
use crate::error::{Error, Origin};
use crate::npy::{Npy, name, show};
use crate::stretch::Stretch;
use half::slice::{HalfBitsSliceExt as _, HalfFloatSliceExt as _};
use npyz::{Endianness, TypeChar};
use serde_json::Value;
use std::io;
use std::ops::Range;

/// Values read in one go: a megabyte of float64.
const BLOCK: usize = 1 << 17;

/// Values converted at a time: what a core's cache holds.
const PIECE: usize = 1 << 14;

/// Columns transposed at a time, of a matrix that is stored column by column: a cache line of `f32`.
const COLUMNS: usize = 16;

/// The matrix, where it is in its file.
#[derive(Debug)]
pub(crate) struct Fixed {
    bytes: Stretch,
    stored: Stored,
    rows: usize,
    dim: usize,
    origin: Origin,
}

impl Fixed {
    /// A matrix of this shape, all of whose values are in `bytes`.
    pub(super) fn new(
        bytes: Stretch,
        stored: Stored,
        shape: &[u64],
        origin: Origin,
    ) -> Result<Self, Error> {
        let &[rows, dim] = shape else {
            let found = show(shape);
            return Err(origin.failure(format!("shape {found} found, rank 2 expected")));
        };
        if rows == 0 || dim == 0 {
            let problem =
                format!("shape ({rows}, {dim}) found, at least one row and one column expected");
            return Err(origin.failure(problem));
        }
        let length = |axis| usize::try_from(axis).map_err(|e| origin.io(io::Error::other(e)));
        Ok(Self {
            rows: length(rows)?,
            dim: length(dim)?,
            bytes,
            stored,
            origin,
        })
    }

    /// What a `.npy` file holds, or an archive as one.
    pub(super) fn of_npy(npy: &Npy) -> Result<Self, Error> {
        let dtype = &npy.header.dtype;
        let kind = match (dtype.type_char(), dtype.size_field()) {
            (TypeChar::Int, 1) => Kind::I8,
            (TypeChar::Uint, 1) => Kind::U8,
            (TypeChar::Float, 2) => Kind::F16,
            (TypeChar::Float, 4) => Kind::F32,
            (TypeChar::Float, 8) => Kind::F64,
            _ => {
                let found = name(dtype);
                return Err(npy.origin.failure(format!(
                    "{found} found, float16, float32, float64, int8 or uint8 expected"
                )));
            }
        };
        let stored = Stored {
            kind,
            swapped: dtype.endianness() != Endianness::of_machine(),
            fortran: npy.header.fortran,
        };
        let shape = npy.header.shape.clone();
        let matrix = Self::new(npy.payload.clone(), stored, &shape, npy.origin.clone())?;
        npy.check_size()?;
        Ok(matrix)
    }

    /// The row and column of a value.
    fn place(&self, value: usize) -> (usize, usize) {
        if self.stored.fortran {
            (value % self.rows, value / self.rows)
        } else {
            (value / self.dim, value % self.dim)
        }
    }

    /// Reads values as they are stored, from value `first` on; words of `T` are turned where they must be.
    fn raw<T: bytemuck::Pod>(
        &self,
        first: usize,
        out: &mut [T],
        turn: impl Fn(T) -> T,
    ) -> Result<(), Error> {
        let at = (first * size_of::<T>()) as u64;
        let read = self.bytes.read_at(at, bytemuck::cast_slice_mut(out));
        read.map_err(|e| self.origin.io(e))?;
        if self.stored.swapped {
            out.iter_mut().for_each(|value| *value = turn(*value));
        }
        Ok(())
    }

    /// Reads float64 from value `first` on.
    fn wide(&self, first: usize, out: &mut [f64]) -> Result<(), Error> {
        self.raw::<u64>(first, bytemuck::cast_slice_mut(out), u64::swap_bytes)
    }

    /// Reads values from value `first` on, in the order in which they are stored.
    fn values(&self, first: usize, out: &mut [f32]) -> Result<(), Error> {
        match self.stored.kind {
            Kind::F32 => self.raw::<u32>(first, bytemuck::cast_slice_mut(out), u32::swap_bytes),
            Kind::I8 => self.pieces(first, out, i8::swap_bytes, widen),
            Kind::U8 => self.pieces(first, out, u8::swap_bytes, widen),
            Kind::F16 => self.pieces(first, out, u16::swap_bytes, |raw, out| {
                raw.reinterpret_cast::<half::f16>()
                    .convert_to_f32_slice(out);
            }),
            Kind::Bf16 => self.pieces(first, out, u16::swap_bytes, |raw, out| {
                raw.reinterpret_cast::<half::bf16>()
                    .convert_to_f32_slice(out);
            }),
            Kind::F64 => {
                let mut wide = vec![0.0; PIECE.min(out.len())];
                for (piece, out) in out.chunks_mut(PIECE).enumerate() {
                    let first = first + piece * PIECE;
                    let wide = &mut wide[..out.len()];
                    self.wide(first, wide)?;
                    if let Some((at, value)) = narrow(wide, out) {
                        let (row, column) = self.place(first + at);
                        return Err(self.origin.failure(too_large(value, row, column)));
                    }
                }
                Ok(())
            }
        }
    }

    /// Reads words from value `first` on, a piece at a time, and converts them.
    fn pieces<T: bytemuck::Pod>(
        &self,
        first: usize,
        out: &mut [f32],
        turn: impl Fn(T) -> T,
        convert: impl Fn(&[T], &mut [f32]),
    ) -> Result<(), Error> {
        let mut raw = vec![T::zeroed(); PIECE.min(out.len())];
        for (piece, out) in out.chunks_mut(PIECE).enumerate() {
            let raw = &mut raw[..out.len()];
            self.raw(first + piece * PIECE, raw, &turn)?;
            convert(raw, out);
        }
        Ok(())
    }

    /// Reads rows of values that `read` reads in the order in which they are stored.
    fn by_rows<T: Copy + Default>(
        &self,
        first_row: usize,
        out: &mut [T],
        read: impl Fn(usize, &mut [T]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let dim = self.dim;
        if !self.stored.fortran {
            return read(first_row * dim, out);
        }
        // A few columns at a time, so that rows are written in whole cache lines.
        let height = out.len() / dim;
        let mut tile = vec![T::default(); height * COLUMNS.min(dim)];
        for left in (0..dim).step_by(COLUMNS) {
            let width = COLUMNS.min(dim - left);
            for (c, column) in tile.chunks_exact_mut(height).take(width).enumerate() {
                read((left + c) * self.rows + first_row, column)?;
            }
            for (r, row) in out.chunks_exact_mut(dim).enumerate() {
                for (c, value) in row[left..left + width].iter_mut().enumerate() {
                    *value = tile[c * height + r];
                }
            }
        }
        Ok(())
    }
}

impl Source for Fixed {
    fn rows(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn stored(&self) -> Stored {
        self.stored
    }

    fn block(&self, row: usize) -> Range<usize> {
        // A column's part of a block is read at a time where columns are consecutive.
        let width = if self.stored.fortran {
            COLUMNS
        } else {
            self.dim
        };
        let rows = (BLOCK / width).max(1);
        let first = row - row % rows;
        first..(first + rows).min(self.rows)
    }

    fn read(&self, first_row: usize, out: &mut [f32]) -> Result<(), Error> {
        self.by_rows(first_row, out, |first, out| self.values(first, out))
    }

    fn ids(&self, _: &str, _: &[usize]) -> Result<Vec<Value>, Error> {
        let problem = "no columns found, a parquet or Arrow file expected";
        Err(Error::file(&self.origin.path, ID_COLUMN, problem))
    }

    fn is_by_position(&self) -> bool {
        !self.stored.fortran
    }

    fn read_wide(&self, first_row: usize, out: &mut [f64]) -> Result<(), Error> {
        if self.stored.kind != Kind::F64 {
            return widened(self, first_row, out);
        }
        self.by_rows(first_row, out, |first, out| self.wide(first, out))
    }
}
