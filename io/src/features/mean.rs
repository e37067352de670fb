//! The mean row, and rows less it.

use super::FeatureFile;
use crate::error::Error;
use crate::source::{Kind, narrow, too_large};
use crate::values::Values;
use rayon::prelude::*;
use std::ops::Range;

/// Most values of float64 that a thread holds: 64 MiB.
const WIDE: usize = 1 << 23;

/// Rows whose sum is formed at a time for the mean, as `coresift::center` adds them up.
pub(crate) const SUMMED: usize = 1 << 10;

impl FeatureFile {
    /// Subtracts the mean row, of some rows alone where they are given, ascending, from all values, which have
    /// been read; gives it. float64 is read again, since what differs may be lost once values are rounded to
    /// float32.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn center(
        &self,
        values: &mut Values,
        among: Option<&[usize]>,
        progress: impl FnMut(u64),
    ) -> Result<Vec<f64>, Error> {
        if self.kind() != Kind::F64 {
            let (rows, dim) = (self.rows, self.dim);
            let mean = match among {
                Some(among) => coresift::center_among(values, rows, dim, among),
                None => coresift::center(values, rows, dim),
            };
            return mean.map_err(|e| Error::of_file(self.path(), e));
        }
        let mean = self.mean(among)?;
        self.subtract(&mean, values, progress)?;
        Ok(mean)
    }

    /// Subtracts a mean row that is known from all values, which have been read; float64 is read again.
    pub(crate) fn subtract(
        &self,
        mean: &[f64],
        values: &mut Values,
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        if self.kind() == Kind::F64 {
            return self.fill(values, progress, |first, out| {
                self.read_less(mean, first, out)
            });
        }
        coresift::subtract(values, mean);
        Ok(())
    }

    /// Reads rows less a mean row, rounded only then.
    pub(crate) fn read_less(
        &self,
        mean: &[f64],
        first: usize,
        out: &mut [f32],
    ) -> Result<(), Error> {
        let dim = self.dim;
        let piece = (WIDE / dim).max(1).min(out.len() / dim);
        let mut wide = vec![0.0; piece * dim];
        for (at, out) in out.chunks_mut(piece * dim).enumerate() {
            let (first, wide) = (first + at * piece, &mut wide[..out.len()]);
            self.read_wide(first, wide)?;
            for row in wide.chunks_exact_mut(dim) {
                row.iter_mut().zip(mean).for_each(|(v, mean)| *v -= mean);
            }
            if let Some((at, value)) = narrow(wide, out) {
                let (path, row) = self.place(first + at / dim);
                let problem = too_large(value, row, at % dim);
                return Err(Error::file(path, self.argument, problem));
            }
        }
        Ok(())
    }

    /// The mean row, in f64, of some rows alone where they are given, ascending; in whatever pieces rows are read
    /// the same.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn mean(&self, among: Option<&[usize]>) -> Result<Vec<f64>, Error> {
        let count = among.map_or(self.rows, <[usize]>::len);
        Ok(mean_of(&self.sums(among, 0)?, self.dim, count))
    }

    /// The sums of [`SUMMED`] rows at a time, those of some rows alone where they are given, from one of these on.
    pub(crate) fn sums(&self, among: Option<&[usize]>, from: usize) -> Result<Vec<f64>, Error> {
        let (count, dim) = (among.map_or(self.rows, <[usize]>::len), self.dim);
        let piece = (WIDE / dim).clamp(1, self.block(0).len());
        // A thread's rows: pieces of sums, or sums of pieces.
        let unit = (piece - piece % SUMMED).max(SUMMED);
        let of_unit = |first: usize| {
            let end = count.min(first + unit);
            let mut sums = vec![0.0; (end - first).div_ceil(SUMMED) * dim];
            self.add(among, first..end, piece, &mut sums)?;
            Ok(sums)
        };
        let firsts: Vec<usize> = (from..count).step_by(unit).collect();
        let parts: Vec<Result<Vec<f64>, Error>> = firsts.into_par_iter().map(of_unit).collect();
        let parts: Vec<Vec<f64>> = parts.into_iter().collect::<Result<_, _>>()?;
        Ok(parts.concat())
    }

    /// Adds the first rows, so many and at most [`SUMMED`], of those that are given or of all, to the sum of rows before.
    pub(crate) fn add_first(
        &self,
        among: Option<&[usize]>,
        count: usize,
        sum: &mut [f64],
    ) -> Result<(), Error> {
        let piece = (WIDE / self.dim).clamp(1, self.block(0).len());
        self.add(among, 0..count, piece, sum)
    }

    /// Adds some rows to sums, of which every one takes [`SUMMED`]: no more than `piece` rows are read at a time.
    fn add(
        &self,
        among: Option<&[usize]>,
        some: Range<usize>,
        piece: usize,
        sums: &mut [f64],
    ) -> Result<(), Error> {
        let row = |at: usize| among.map_or(at, |among| among[at]);
        let (dim, first) = (self.dim, some.start);
        let (mut at, mut wide) = (first, Vec::new());
        while at < some.end {
            // Rows that stand within one piece.
            let start = row(at);
            let within = (at..some.end).take_while(|&at| row(at) < start + piece);
            let end = at + within.count();
            wide.resize((row(end - 1) + 1 - start) * dim, 0.0);
            self.read_wide(start, &mut wide)?;
            for at in at..end {
                let values = &wide[(row(at) - start) * dim..][..dim];
                let sum = &mut sums[(at - first) / SUMMED * dim..][..dim];
                sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
            }
            at = end;
        }
        Ok(())
    }
}

/// The mean of so many rows, by the sums of [`SUMMED`] at a time.
pub(crate) fn mean_of(sums: &[f64], dim: usize, count: usize) -> Vec<f64> {
    let mut mean = vec![0.0; dim];
    for sums in sums.chunks_exact(dim) {
        mean.iter_mut().zip(sums).for_each(|(sum, v)| *sum += v);
    }
    mean.iter_mut().for_each(|sum| *sum /= count as f64);
    mean
}
