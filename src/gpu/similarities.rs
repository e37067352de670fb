//! The similarities of integer rows on a GPU.

use super::integer_tile::{LIST_BYTES, Resident};
use super::memory::{Block, PIECE_BYTES};
use super::{greedy_rounds, row_sums, store_similarities, sum_columns, sum_stored};
use crate::{Error, Gpu, IntegerRows, Round, Similarities, stored_bytes, stored_pitch};
use std::ops::Range;

/// What matrices may take where no memory limit is stated: a quarter of the 8 GiB of a common GPU.
const ASSUMED_ROOM: u64 = 2 << 30;
/// What the kernels take for each row beside matrices: its sum, or its gain and its round.
const WORKING_BYTES: u64 = 24;

pub(super) struct GpuSimilarities<'a> {
    resident: Resident<'a>,
    kept: Option<Kept>,
}

/// Matrices of similarities, those of all classes in one block.
pub(super) struct Kept {
    pub(super) classes: Range<usize>,
    pub(super) block: Block,
    /// Of each class the first group of four similarities, and groups to a row.
    places: Vec<(u32, u32)>,
}

impl Kept {
    /// The first group of a class's matrix.
    pub(super) fn matrix(&self, class: usize) -> u32 {
        self.places[class - self.classes.start].0
    }

    /// Groups to a row of a class's matrix.
    pub(super) fn groups(&self, class: usize) -> u32 {
        self.places[class - self.classes.start].1
    }

    /// The rows of the classes.
    pub(super) fn rows(&self, rows: &IntegerRows) -> Range<usize> {
        rows.starts()[self.classes.start]..rows.starts()[self.classes.end]
    }
}

impl<'a> GpuSimilarities<'a> {
    pub(super) fn new(
        gpu: &'a Gpu,
        rows: &'a IntegerRows,
        threshold: Option<i32>,
    ) -> Result<Self, Error> {
        Ok(Self {
            resident: Resident::upload(gpu, rows, threshold)?,
            kept: None,
        })
    }

    /// Memory for the matrices of some classes, and where each of them is.
    fn make_room(&self, classes: Range<usize>) -> Result<Kept, Error> {
        let rows = |class| self.resident.rows.class(class).len();
        let needed: u64 = classes.clone().map(|class| stored_bytes(rows(class))).sum();
        let room = self.room();
        if needed > room {
            return Err(Error::OutOfMemory {
                what: "similarities",
                needed,
                available: Some(room),
            });
        }
        let mut first = 0;
        let places = classes.clone().map(|class| {
            let groups = (stored_pitch(rows(class)) / 4) as u32;
            let place = (first, groups);
            first += rows(class) as u32 * groups;
            place
        });
        Ok(Kept {
            places: places.collect(),
            block: self.resident.gpu.output("similarities", needed.max(16))?,
            classes,
        })
    }
}

impl Similarities for GpuSimilarities<'_> {
    fn row_sums(&self) -> Result<Vec<i64>, Error> {
        row_sums::run(&self.resident)
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        sum_columns::run(&self.resident, columns)
    }

    fn room(&self) -> u64 {
        let gpu = self.resident.gpu;
        let rows = self.resident.rows.rows() as u64;
        let read_back = (12 * rows).min(PIECE_BYTES);
        let working = WORKING_BYTES * rows + read_back + LIST_BYTES;
        let replaced = self.kept.as_ref().map_or(0, |kept| kept.block.size());
        let left = gpu.memory_left().map_or(ASSUMED_ROOM, |left| {
            (left + replaced).saturating_sub(working)
        });
        left.min(gpu.most_bound())
    }

    fn store(&mut self, classes: Range<usize>) -> Result<(), Error> {
        self.kept = None;
        if classes.is_empty() {
            return Ok(());
        }
        let kept = self.make_room(classes)?;
        store_similarities::run(&self.resident, &kept)?;
        self.kept = Some(kept);
        Ok(())
    }

    fn stored(&self, class: usize) -> Result<Vec<u16>, Error> {
        let rows = self.resident.rows.class(class).len();
        match &self.kept {
            Some(kept) if rows > 0 => {
                let first = 8 * u64::from(kept.matrix(class));
                let bytes = first..first + stored_bytes(rows);
                (self.resident.gpu).read_part("similarities", &kept.block, bytes)
            }
            _ => Ok(Vec::new()),
        }
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        match &self.kept {
            Some(kept) => sum_stored::run(&self.resident, kept, columns),
            None => Ok(Vec::new()),
        }
    }

    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        step: i64,
    ) -> Result<Vec<Vec<Round>>, Error> {
        match &self.kept {
            Some(kept) => greedy_rounds::run(&self.resident, kept, gains, counts, step),
            None => Ok(Vec::new()),
        }
    }
}
