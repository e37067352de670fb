//! Integer rows on a device, in panels.

use super::memory::blocks;
use super::panels::{Panel, Panels};
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::products::product;
use crate::quantise::{IntegerRows, NEED};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// What the memory is for.
const WHAT: &str = "integer rows";
/// Bytes of rows that come to the host at a time: twice as many are taken on the device for them.
const FETCHED_BYTES: usize = 1 << 18;
/// Rows of a class that a thread stores together: no panel has fewer, and none is cut amid them.
pub(super) const GROUP: usize = 4;

/// Values of a row up to which a thread of Mesa's lavapipe comes to the end of a tile: it stops
/// after 65 535 rounds of all its loops.
const MOST_VALUES: usize = (65_535 - ROUNDS_BESIDES) / ROUNDS_OF_STEP * STEP;
/// `STEP` in the shader, and the rounds that a thread spends on it, and besides.
pub(super) const STEP: usize = 16;
const ROUNDS_OF_STEP: usize = 24;
const ROUNDS_BESIDES: usize = 64;

/// Where integer rows come from, if they are not on the device.
pub(super) trait Source: Send + Sync {
    /// Writes a panel's rows; gives each one's product with itself.
    fn fill(&self, rows: &IntegerPanels<'_>, panel: &Panel) -> Result<Vec<i32>, Error>;

    /// The rows at some places.
    fn some(&self, places: &[usize]) -> Result<IntegerRows, Error>;

    /// Whether that is sooner done than to read them back.
    fn is_on_host(&self) -> bool;
}

/// Rows that the host has, with places from `first` on.
pub(super) struct Given<'a> {
    first: usize,
    rows: Cow<'a, IntegerRows>,
}

impl Given<'_> {
    /// All rows that there are.
    pub(super) fn all(rows: IntegerRows) -> Self {
        Self {
            first: 0,
            rows: Cow::Owned(rows),
        }
    }
}

impl Source for Given<'_> {
    fn fill(&self, rows: &IntegerPanels<'_>, panel: &Panel) -> Result<Vec<i32>, Error> {
        let own = panel.rows.start - self.first..panel.rows.end - self.first;
        let values = &self.rows.values()[own.start * rows.pitch..own.end * rows.pitch];
        rows.gpu.write(WHAT, &panel.buffer, values)?;
        let rows = values.par_chunks_exact(rows.pitch);
        Ok(rows.map(|z| product(z, z)).collect())
    }

    fn some(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let own: Vec<usize> = places.iter().map(|place| place - self.first).collect();
        Ok(self.rows.some(&own))
    }

    fn is_on_host(&self) -> bool {
        true
    }
}

/// Integer rows on a GPU, in panels.
pub(super) struct IntegerPanels<'a> {
    pub(super) gpu: &'a Gpu,
    /// Values to a row.
    pub(super) pitch: usize,
    panels: Panels,
    /// None where all panels stay.
    source: Option<Box<dyn Source + 'a>>,
}

/// A panel with some of the rows that are asked for.
pub(super) struct Part {
    pub(super) panel: Arc<Panel>,
    /// Which of those it has,
    pub(super) of: Range<usize>,
    /// and where in the panel.
    pub(super) places: Vec<u32>,
}

impl Part {
    /// All rows of a panel, which are all asked for.
    pub(super) fn whole(panel: Arc<Panel>) -> Self {
        Self {
            of: panel.rows.clone(),
            places: (0..panel.count()).collect(),
            panel,
        }
    }
}

/// Refuses rows that a software adapter would leave half done.
fn check_pitch(gpu: &Gpu, pitch: usize) -> Result<(), Error> {
    if pitch > MOST_VALUES && gpu.is_software() {
        return Err(Error::Device(format!(
            "rows of {pitch} values found, at most {MOST_VALUES} expected by a software adapter"
        )));
    }
    Ok(())
}

impl<'a> IntegerPanels<'a> {
    pub(super) fn transient(
        gpu: &'a Gpu,
        cuts: Vec<Range<usize>>,
        pitch: usize,
        source: impl Source + 'a,
    ) -> Self {
        Self {
            gpu,
            pitch,
            panels: Panels::transient(gpu, WHAT, cuts, 2 * pitch as u64),
            source: Some(Box::new(source)),
        }
    }

    /// So many rows of one class.
    pub(super) fn new(
        gpu: &'a Gpu,
        rows: usize,
        pitch: usize,
        source: impl Source + 'a,
    ) -> Result<Self, Error> {
        let most = rows_per_panel(gpu, rows, pitch)?;
        Ok(Self::transient(
            gpu,
            blocks(0..rows, most).collect(),
            pitch,
            source,
        ))
    }

    /// Rows of the host's, with places from `first` on.
    pub(super) fn given(
        gpu: &'a Gpu,
        first: usize,
        rows: Cow<'a, IntegerRows>,
    ) -> Result<Self, Error> {
        let (places, pitch) = (first..first + rows.rows(), rows.pitch());
        let most = rows_per_panel(gpu, rows.rows(), pitch)?;
        let cuts = blocks(places, most).collect();
        Ok(Self::transient(gpu, cuts, pitch, Given { first, rows }))
    }

    /// Number of panels.
    pub(super) fn len(&self) -> usize {
        self.panels.len()
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.panels.cuts().iter().map(ExactSizeIterator::len).sum()
    }

    /// Bytes that are to be left to the rows beside what else is on the device: of all panels where they
    /// stay, else of those that a kernel has at a time.
    pub(super) fn staying_bytes(&self) -> u64 {
        self.panels.staying_bytes()
    }

    /// A panel.
    pub(super) fn panel(&self, at: usize) -> Result<Arc<Panel>, Error> {
        self.panels.get(at, |panel| match &self.source {
            Some(source) => source.fill(self, panel).map(|_| ()),
            None => Ok(()),
        })
    }

    /// Makes all panels for the first time; gives every row's product with itself. Of panels that cannot be
    /// made for a row of zeros the lowest such row is the error.
    pub(super) fn make_all(&self) -> Result<Vec<i32>, Error> {
        let (mut squares, mut zero_row) = (Vec::with_capacity(self.rows()), None);
        for at in 0..self.len() {
            let made = self.panels.get(at, |panel| {
                let source = self.source.as_ref();
                squares.extend(source.map_or(Ok(Vec::new()), |source| source.fill(self, panel))?);
                Ok(())
            });
            match made {
                Ok(_) => {}
                Err(Error::ZeroRow { row, .. }) => {
                    zero_row = zero_row.into_iter().chain([row]).min();
                }
                Err(error) => return Err(error),
            }
        }
        match zero_row {
            Some(row) => Err(Error::ZeroRow { row, need: NEED }),
            None => Ok(squares),
        }
    }

    /// The panels, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Result<Arc<Panel>, Error>> {
        (0..self.len()).map(|at| self.panel(at))
    }

    /// The panels that have any of the rows at some places.
    pub(super) fn over(
        &self,
        places: Range<usize>,
    ) -> impl Iterator<Item = Result<Arc<Panel>, Error>> {
        let has_any = move |rows: &Range<usize>| rows.start < places.end && places.start < rows.end;
        let all = self.panels.cuts().iter().enumerate();
        all.filter(move |(_, rows)| has_any(rows))
            .map(|(at, _)| self.panel(at))
    }

    /// Every pair of panels once, the first no later than the second. Of the first ones as many stay as
    /// there is room for, while the second ones pass by.
    pub(super) fn pairs(
        &self,
        mut visit: impl FnMut(&Panel, &Panel) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut first = 0;
        while first < self.len() {
            let end = self.len().min(first + self.panels.at_once());
            let staying: Result<Vec<_>, Error> = (first..end).map(|at| self.panel(at)).collect();
            let staying = staying?;
            for at in first..self.len() {
                let passing = self.panel(at)?;
                for panel in &staying[..staying.len().min(at - first + 1)] {
                    visit(panel, &passing)?;
                }
            }
            first = end;
        }
        Ok(())
    }

    /// Every pair of a panel of ours and one of `others`.
    pub(super) fn pairs_with(
        &self,
        others: &IntegerPanels<'_>,
        mut visit: impl FnMut(&Panel, &Panel) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for other in others.iter() {
            let other = other?;
            for own in self.iter() {
                visit(&*own?, &other)?;
            }
        }
        Ok(())
    }

    /// Writes rows at a place of a panel and those after it.
    pub(super) fn write(
        &self,
        panel: &Panel,
        place: usize,
        rows: &IntegerRows,
    ) -> Result<(), Error> {
        let offset = self.bytes(panel, place..place).start;
        (self.gpu).write_at(WHAT, &panel.buffer, offset, rows.values())
    }

    /// The rows at some places, in panels of their own: copied on the device where they are all there.
    pub(super) fn some(&self, places: &[usize]) -> Result<Self, Error> {
        let Some(from) = self.where_they_are(places) else {
            return Self::given(self.gpu, 0, Cow::Owned(self.fetch(places)?));
        };
        let most = rows_per_panel(self.gpu, places.len(), self.pitch)?;
        let cuts = blocks(0..places.len(), most).collect();
        let copies = Panels::together(self.gpu, WHAT, cuts, 2 * self.pitch as u64)?;
        for to in &copies {
            self.gpu.submit(WHAT, |encoder| {
                for at in to.rows.clone() {
                    let source = self.bytes(&from[at], places[at]..places[at] + 1);
                    let target = self.bytes(to, at..at + 1).start;
                    let (from, size) = (&from[at].buffer, source.end - source.start);
                    encoder.copy_buffer_to_buffer(from, source.start, &to.buffer, target, size);
                }
            })?;
        }
        Ok(Self {
            gpu: self.gpu,
            pitch: self.pitch,
            panels: Panels::fixed(self.gpu, copies),
            source: None,
        })
    }

    /// The panels that have the rows at some places, which grow: copies of them where panels come and go.
    pub(super) fn having(&self, places: &[usize]) -> Result<Vec<Part>, Error> {
        if !self.panels.are_whole() {
            let copies = self.some(places)?;
            return copies.iter().map(|panel| panel.map(Part::whole)).collect();
        }
        let (mut parts, mut first) = (Vec::new(), 0);
        for (at, rows) in self.panels.cuts().iter().enumerate() {
            let of = first..places.partition_point(|&place| place < rows.end);
            first = of.end;
            if !of.is_empty() {
                let panel = self.panel(at)?;
                let places = places[of.clone()].iter().map(|&place| panel.place(place));
                parts.push(Part {
                    places: places.collect(),
                    panel,
                    of,
                });
            }
        }
        Ok(parts)
    }

    /// Each place's panel, if they are all on the device.
    fn where_they_are(&self, places: &[usize]) -> Option<Vec<Arc<Panel>>> {
        let cuts = self.panels.cuts();
        let mut panels = vec![None; cuts.len()];
        let mut panel_of = |&place: &usize| {
            let at = cuts.partition_point(|rows| rows.end <= place);
            let panel = &mut panels[at];
            if panel.is_none() {
                *panel = self.panels.resident(at);
            }
            panel.clone()
        };
        places.iter().map(&mut panel_of).collect()
    }

    /// The rows at some places, on the host.
    pub(super) fn fetch(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        match &self.source {
            Some(source) if source.is_on_host() || self.where_they_are(places).is_none() => {
                source.some(places)
            }
            _ => self.read_back(places),
        }
    }

    /// The rows at some places, which are all on the device.
    fn read_back(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let mut values = Vec::with_capacity(places.len() * self.pitch);
        for some in places.chunks((FETCHED_BYTES / 2 / self.pitch).max(1)) {
            for panel in self.some(some)?.iter() {
                values.extend(self.gpu.read::<i16>(WHAT, &panel?.buffer)?);
            }
        }
        Ok(IntegerRows::of(values, self.pitch))
    }

    /// Where in a panel some rows stand.
    fn bytes(&self, panel: &Panel, places: Range<usize>) -> Range<u64> {
        let byte = |place: usize| (2 * (place - panel.rows.start) * self.pitch) as u64;
        byte(places.start)..byte(places.end)
    }
}

/// Rows of `pitch` values that fit one panel, where there are so many in all.
pub(super) fn rows_per_panel(gpu: &Gpu, rows: usize, pitch: usize) -> Result<usize, Error> {
    check_pitch(gpu, pitch)?;
    let bytes = (pitch * size_of::<i16>()).max(1) as u64;
    let (limit, most) = (gpu.most_bound(), gpu.most_of_panel(rows as u64 * bytes));
    let fit = limit.min(most.max(bytes * GROUP as u64)) / bytes;
    if fit < GROUP as u64 {
        return Err(Error::Device(format!(
            "{GROUP} integer rows of {bytes} bytes do not fit a binding of {limit}"
        )));
    }
    Ok(fit.min(u64::from(u32::MAX)) as usize)
}
