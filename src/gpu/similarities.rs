//! The similarities of integer rows on a GPU.

use super::float_rows::FloatRows;
use super::greedy_rounds::BYTES_ALWAYS;
use super::integer_rows::{Given, Resident, Source};
use super::memory::{Block, blocks};
use super::quantise::{Quantised, Rule};
use super::transfer::PIECE_BYTES;
use super::{greedy_rounds, row_sums, store_similarities, sum_columns, sum_stored};
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::similarities::{Examples, Round, Similarities, stored_bytes, stored_pitch};
use crate::quantise::{ClassRanges, IntegerRows};
use std::ops::Range;
use std::sync::OnceLock;

/// What matrices may take where no memory limit is stated: a quarter of the 8 GiB of a common GPU.
const ASSUMED_ROOM: u64 = 2 << 30;
/// What the kernels take for each row beside matrices: its sum and its place among the columns, or
/// its gain and its round, and what of them is on its way to the host.
const WORKING_BYTES: u64 = 24;

/// Bindings over which matrices are laid: with a kernel's own they make the eight that every
/// device has.
const PANELS: u64 = 5;
/// Bytes of four similarities, which a thread reads or writes at once.
const GROUP_BYTES: u64 = 8;

pub(super) struct GpuSimilarities<'a> {
    resident: Resident<'a>,
    /// Each row's product with itself.
    squares: Vec<i32>,
    /// The sum of each class's rows, once it is asked for.
    totals: OnceLock<Vec<Vec<i64>>>,
    kept: Option<Kept>,
}

/// Matrices of similarities, one after the other over all panels.
pub(super) struct Kept {
    pub(super) classes: Range<usize>,
    /// [`PANELS`] of them; those that are not needed hold next to nothing.
    panels: Vec<Block>,
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

    /// The panels, in the order of their bindings.
    pub(super) fn bindings(&self) -> Vec<wgpu::BindingResource<'_>> {
        let panels = self.panels.iter();
        panels.map(|panel| panel.as_entire_binding()).collect()
    }

    /// Bytes of all panels.
    fn size(&self) -> u64 {
        self.panels.iter().map(|panel| panel.size()).sum()
    }

    /// The rows of the classes.
    pub(super) fn rows(&self, ranges: &ClassRanges) -> Range<usize> {
        ranges.span(self.classes.clone())
    }
}

impl<'a> GpuSimilarities<'a> {
    pub(super) fn new(
        features: &'a FloatRows<'a>,
        examples: Examples<'_>,
        threshold: Option<i32>,
    ) -> Result<Self, Error> {
        let (order, ranges) = (examples.classes.concat(), examples.ranges());
        let rule = Rule::Means {
            views: examples.views,
            length: examples.length,
        };
        let pitch = IntegerRows::pitch_of(features.dim);
        let source = Quantised::new(features, order, rule)?;
        Self::of(&features.gpu, ranges, pitch, threshold, source)
    }

    /// Of whole-number rows of the host's.
    pub(super) fn given(
        gpu: &'a Gpu,
        rows: IntegerRows,
        ranges: ClassRanges,
        threshold: Option<i32>,
    ) -> Result<Self, Error> {
        let pitch = rows.pitch();
        Self::of(gpu, ranges, pitch, threshold, Given::all(rows))
    }

    fn of(
        gpu: &'a Gpu,
        ranges: ClassRanges,
        pitch: usize,
        threshold: Option<i32>,
        source: impl Source + 'a,
    ) -> Result<Self, Error> {
        let resident = Resident::new(gpu, ranges, pitch, threshold, source)?;
        Ok(Self {
            squares: resident.panels.make_all()?,
            resident,
            totals: OnceLock::new(),
            kept: None,
        })
    }

    /// Hands all rows to `visit`, with the class of each.
    fn each_row(&self, mut visit: impl FnMut(usize, &[i16])) -> Result<(), Error> {
        let at_once = (PIECE_BYTES as usize / 2 / self.resident.panels.pitch).max(1);
        for places in blocks(0..self.squares.len(), at_once) {
            let some: Vec<usize> = places.clone().collect();
            let rows = self.resident.panels.fetch(&some)?;
            for (place, z) in places.zip(rows.values().chunks_exact(rows.pitch())) {
                visit(self.resident.ranges.class_of(place), z);
            }
        }
        Ok(())
    }

    /// The sum of each class's rows.
    fn totals(&self) -> Result<&[Vec<i64>], Error> {
        if let Some(totals) = self.totals.get() {
            return Ok(totals);
        }
        let pitch = self.resident.panels.pitch;
        let mut totals = vec![vec![0; pitch]; self.resident.ranges.classes()];
        self.each_row(|class, z| {
            for (total, &z) in totals[class].iter_mut().zip(z) {
                *total += i64::from(z);
            }
        })?;
        Ok(self.totals.get_or_init(|| totals))
    }

    /// ⟨z, Σz⟩ for every row z, over its class.
    fn linear_row_sums(&self) -> Result<Vec<i64>, Error> {
        let totals = self.totals()?;
        let mut sums = Vec::with_capacity(self.squares.len());
        self.each_row(|class, z| {
            let products = z.iter().zip(&totals[class]);
            sums.push(products.map(|(&z, total)| i64::from(z) * total).sum());
        })?;
        Ok(sums)
    }

    /// Memory for the matrices of some classes, and where each of them is.
    fn make_room(&self, classes: Range<usize>) -> Result<Kept, Error> {
        let rows = |class| self.resident.ranges.class(class).len();
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
            first += 4 * groups * groups;
            place
        });
        let gpu = self.resident.gpu;
        let most = gpu.panel_bytes();
        let panel = |at: u64| {
            let size = needed.saturating_sub(at * most).min(most);
            gpu.output("similarities", size.max(16))
        };
        Ok(Kept {
            places: places.collect(),
            panels: (0..PANELS).map(panel).collect::<Result<_, _>>()?,
            classes,
        })
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
        Ok(self.totals()?[class].clone())
    }

    fn row_sums(&self) -> Result<Vec<i64>, Error> {
        if self.resident.threshold < 0 {
            return self.linear_row_sums();
        }
        row_sums::run(&self.resident)
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        sum_columns::run(&self.resident, columns)
    }

    fn room(&self) -> u64 {
        let gpu = self.resident.gpu;
        let rows = self.resident.ranges.places() as u64;
        let always = 2 * BYTES_ALWAYS as u64 + gpu.list_bytes() + 16 * PANELS;
        let working = WORKING_BYTES * rows + always + self.resident.panels.staying_bytes();
        let replaced = self.kept.as_ref().map_or(0, Kept::size);
        let left = gpu.memory_left().map_or(ASSUMED_ROOM, |left| {
            (left + replaced).saturating_sub(working)
        });
        left.min(PANELS * gpu.panel_bytes())
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
        let rows = self.resident.ranges.class(class).len();
        let Some(kept) = &self.kept else {
            return Ok(Vec::new());
        };
        let gpu = self.resident.gpu;
        let size = 2 * rows * stored_pitch(rows);
        let first = GROUP_BYTES * u64::from(kept.matrix(class));
        let mut values = Vec::with_capacity(size / 2);
        for (panel, start) in kept
            .panels
            .iter()
            .zip((0..).step_by(gpu.panel_bytes() as usize))
        {
            let here = first.max(start)..(first + size as u64).min(start + panel.size());
            if !here.is_empty() {
                let bytes = here.start - start..here.end - start;
                values.extend(gpu.read_part::<u16>("similarities", panel, bytes)?);
            }
        }
        Ok(values)
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

impl Gpu {
    /// Bytes of a panel of similarities: the largest power of two that one binding holds.
    fn panel_bytes(&self) -> u64 {
        // At most 2^29 groups a panel, so that 32 bits count those of all panels.
        let most = self.most_bound().clamp(GROUP_BYTES, 1 << 32);
        1 << most.ilog2()
    }

    /// The override by which the kernels find a group's panel.
    pub(super) fn panel_shift(&self) -> (&'static str, f64) {
        let groups = self.panel_bytes() / GROUP_BYTES;
        ("PANEL_SHIFT", f64::from(groups.ilog2()))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::layout::overridden;

    /// The panels' names in the shaders, in the order of their bindings.
    pub(in super::super) const PANELS: [&str; super::PANELS as usize] =
        ["panel_0", "panel_1", "panel_2", "panel_3", "panel_4"];

    /// The shader with its override set.
    pub(in super::super) fn with_shift(wgsl: &str) -> String {
        overridden(wgsl, &[("PANEL_SHIFT", 24)])
    }
}
