//! The similarities of integer rows on a GPU.

use super::class_rows::ClassRows;
use super::columns::{self, Strip};
use super::cover::Covered;
use super::dense::{Dense, PANELS};
use super::float_rows::FloatRows;
use super::greedy_rounds::BYTES_ALWAYS;
use super::integer_rows::{Given, Source};
use super::quantise::{Quantised, Rule};
use super::{
    class_totals, cover_rounds, gain_columns, gain_stored, greedy_rounds, linear_row_sums, raise,
    row_sums, store_similarities, sum_columns, sum_stored,
};
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::cover::Cover;
use crate::kernels::function::KernelFunction;
use crate::kernels::similarities::{Examples, Round, Similarities, Update, stored_bytes};
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use std::ops::Range;
use std::sync::OnceLock;

/// What matrices may take where no memory limit is stated: a quarter of the 8 GiB of a common GPU.
pub(super) const ASSUMED_ROOM: u64 = 2 << 30;
/// What the kernels take for each row beside matrices: its sum and its place among the columns, or
/// its gain and its round, and what of them is on its way to the host.
pub(super) const WORKING_BYTES: u64 = 24;

pub(super) struct GpuSimilarities<'a> {
    pub(super) resident: ClassRows<'a>,
    /// Each row's product with itself.
    squares: Vec<i32>,
    /// The sum of each class's rows, class after class, once any is asked for.
    totals: OnceLock<Vec<i64>>,
    kept: Option<Dense>,
    /// The columns that gains were asked of last.
    strip: Option<Strip>,
    /// How well rows are covered, once that is asked for.
    pub(super) covered: Option<Covered>,
}

impl<'a> GpuSimilarities<'a> {
    pub(super) fn new(
        features: &'a FloatRows<'a>,
        examples: Examples<'_>,
        function: &KernelFunction,
    ) -> Result<Self, Error> {
        let (order, ranges) = (examples.classes.concat(), examples.ranges());
        let rule = Rule::Means {
            views: examples.views,
            length: examples.length,
        };
        let pitch = IntegerRows::pitch_of(features.dim);
        let source = Quantised::new(features, order, rule)?;
        Self::of(&features.gpu, ranges, pitch, function, source)
    }

    /// Of integer rows of the host's.
    pub(super) fn given(
        gpu: &'a Gpu,
        rows: IntegerRows,
        ranges: ClassRanges,
        function: &KernelFunction,
    ) -> Result<Self, Error> {
        let pitch = rows.pitch();
        Self::of(gpu, ranges, pitch, function, Given::all(rows))
    }

    fn of(
        gpu: &'a Gpu,
        ranges: ClassRanges,
        pitch: usize,
        function: &KernelFunction,
        source: impl Source + 'a,
    ) -> Result<Self, Error> {
        let resident = ClassRows::new(gpu, ranges, pitch, function, source)?;
        Ok(Self {
            squares: resident.panels.make_all()?,
            resident,
            totals: OnceLock::new(),
            kept: None,
            strip: None,
            covered: None,
        })
    }

    /// Has rows covered by nothing, unless more is known.
    pub(super) fn begin_cover(&mut self) -> Result<(), Error> {
        if self.covered.is_none() {
            let rows = self.resident.ranges.places();
            self.covered = Some(Covered::nothing(self.resident.gpu, rows)?);
        }
        Ok(())
    }

    /// For each run of columns whose similarities are on the device at a time, which are there from then on, what
    /// is done with them and with the cover.
    fn each_strip(
        &mut self,
        columns: &[usize],
        mut each: impl FnMut(&ClassRows<'_>, &Strip, &Covered) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.begin_cover()?;
        let resident = &self.resident;
        let Some(covered) = &self.covered else {
            return Ok(());
        };
        if let Some(strip) = self.strip.as_ref().filter(|strip| strip.columns == columns) {
            return each(resident, strip, covered);
        }
        for some in columns.chunks(columns::at_once(resident)) {
            self.strip = None; // its memory first
            let strip = Strip::new(resident, some)?;
            each(resident, &strip, covered)?;
            self.strip = Some(strip);
        }
        Ok(())
    }
}

impl Similarities for GpuSimilarities<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        self.resident.panels.fetch(places)
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        Ok(self.squares.clone())
    }

    fn total(&self, class: usize) -> Result<Vec<i64>, Error> {
        let totals = match self.totals.get() {
            Some(totals) => totals,
            None => {
                let totals = class_totals::read_all(&self.resident)?;
                self.totals.get_or_init(|| totals)
            }
        };
        let pitch = self.resident.panels.pitch;
        Ok(totals[class * pitch..][..pitch].to_vec())
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        if self.resident.is_linear {
            return linear_row_sums::run(&self.resident);
        }
        row_sums::run(&self.resident, pass)
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        sum_columns::run(&self.resident, columns)
    }

    fn columns(&self, columns: &[usize]) -> Result<Vec<i32>, Error> {
        columns::run(&self.resident, columns)
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        self.covered = None; // its memory first
        self.covered = Some(Covered::new(self.resident.gpu, cover)?);
        Ok(())
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        match &self.covered {
            Some(covered) => covered.read(self.resident.gpu),
            None => Ok(vec![0; self.resident.ranges.places()]),
        }
    }

    fn raise(&mut self, columns: &[usize]) -> Result<(), Error> {
        if let (Some(strip), Some(covered)) = (&self.strip, &self.covered)
            && !columns.is_empty()
            && let Some(at) = strip.places(columns)
        {
            return raise::run(&self.resident, strip, &at, covered);
        }
        self.each_strip(columns, |resident, strip, covered| {
            let all: Vec<u32> = (0..strip.columns.len() as u32).collect();
            raise::run(resident, strip, &all, covered)
        })
    }

    fn gain_columns(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let mut gains = Vec::with_capacity(columns.len());
        self.each_strip(columns, |resident, strip, covered| {
            gains.extend(gain_columns::run(resident, strip, covered)?);
            Ok(())
        })?;
        Ok(gains)
    }

    fn columns_at_once(&self) -> usize {
        columns::at_once(&self.resident)
    }

    fn room(&self) -> u64 {
        let gpu = self.resident.gpu;
        let rows = self.resident.ranges.places() as u64;
        let always = 2 * BYTES_ALWAYS as u64 + gpu.list_bytes() + 16 * PANELS;
        let working = WORKING_BYTES * rows + always + self.resident.panels.staying_bytes();
        let replaced = self.kept.as_ref().map_or(0, Dense::size);
        let left = gpu.memory_left().map_or(ASSUMED_ROOM, |left| {
            (left + replaced).saturating_sub(working)
        });
        left.min(Dense::most(gpu))
    }

    fn store(&mut self, classes: Range<usize>, pass: &Pass<'_>) -> Result<(), Error> {
        self.kept = None;
        if classes.is_empty() {
            return Ok(());
        }
        let ranges = &self.resident.ranges;
        let rows = |class| ranges.class(class).len();
        let needed: u64 = classes.clone().map(|class| stored_bytes(rows(class))).sum();
        let room = self.room();
        if needed > room {
            return Err(Error::OutOfMemory {
                what: "similarities",
                needed,
                available: Some(room),
            });
        }
        let kept = Dense::new(self.resident.gpu, ranges, classes)?;
        store_similarities::run(&self.resident, &kept, pass)?;
        self.kept = Some(kept);
        Ok(())
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        match &self.kept {
            Some(kept) => sum_stored::run(&self.resident, kept, columns),
            None => Ok(Vec::new()),
        }
    }

    fn gain_stored(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        self.begin_cover()?;
        let class = columns.first().map(|&first| self.resident.class_of(first));
        match (&self.kept, class, &self.covered) {
            (Some(kept), Some(class), Some(covered)) if kept.classes.contains(&class) => {
                gain_stored::run(&self.resident, kept, columns, covered)
            }
            _ => self.gain_columns(columns),
        }
    }

    fn cover_rounds(
        &mut self,
        class: usize,
        gains: &mut [i64],
        count: usize,
    ) -> Result<Vec<Round>, Error> {
        self.begin_cover()?;
        match (&self.kept, &self.covered) {
            (Some(kept), Some(covered)) if kept.classes.contains(&class) => {
                cover_rounds::run(&self.resident, (kept, class), covered, gains, count)
            }
            _ => Ok(Vec::new()),
        }
    }

    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        update: Update,
    ) -> Result<Vec<Vec<Round>>, Error> {
        let Update::Cut { step } = update;
        match &self.kept {
            Some(kept) => greedy_rounds::run(&self.resident, kept, gains, counts, step),
            None => Ok(Vec::new()),
        }
    }
}
