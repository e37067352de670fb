//! Rows on a device in panels, each within one binding: there for good, or for as long as there is room.

use super::memory::Block;
use crate::error::Error;
use crate::gpu::device::{Gpu, Transient};
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wgpu::BufferUsages;

/// Most bytes of a panel: a dispatch over it stays short of the seconds after which a system takes the
/// GPU for hung.
pub(super) const MOST_BYTES: u64 = 1 << 30;
/// Parts of the memory that is left, where rows have to come and go: a panel takes one, and a kernel finds
/// two of them, its answers and its vectors, with some to spare.
const SHARES: u64 = 8;

/// Some rows, within one binding.
#[derive(Debug)]
pub(super) struct Panel {
    /// Their places among all rows.
    pub(super) rows: Range<usize>,
    pub(super) buffer: wgpu::Buffer,
    /// Where the panel begins and how many bytes it has.
    pub(super) offset: u64,
    pub(super) size: u64,
    /// Keeps the memory where it is ours.
    _owned: Option<Block>,
}

impl Panel {
    /// A window of a buffer that is not ours.
    pub(super) fn window(
        rows: Range<usize>,
        buffer: &wgpu::Buffer,
        offset: u64,
        size: u64,
    ) -> Self {
        Self {
            rows,
            buffer: buffer.clone(),
            offset,
            size,
            _owned: None,
        }
    }

    /// Memory of ours.
    fn owned(rows: Range<usize>, block: Block) -> Self {
        Self {
            rows,
            buffer: block.clone(),
            offset: 0,
            size: block.size(),
            _owned: Some(block),
        }
    }

    /// How many rows.
    pub(super) fn count(&self) -> u32 {
        self.rows.len() as u32
    }

    /// A row's place in the panel.
    pub(super) fn place(&self, row: usize) -> u32 {
        (row - self.rows.start) as u32
    }

    /// Those of the panel's rows that are in `rows`.
    pub(super) fn part(&self, rows: &Range<usize>) -> Range<usize> {
        let first = self.rows.start.max(rows.start);
        first..self.rows.end.min(rows.end).max(first)
    }

    pub(super) fn binding(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.buffer,
            offset: self.offset,
            size: NonZeroU64::new(self.size),
        })
    }
}

/// All panels of some rows, in order.
#[derive(Debug)]
pub(super) struct Panels {
    gpu: Gpu,
    what: &'static str,
    cuts: Vec<Range<usize>>,
    row_bytes: u64,
    held: Arc<Held>,
}

impl Panels {
    /// Panels that stay.
    pub(super) fn fixed(gpu: &Gpu, panels: Vec<Panel>) -> Self {
        let cuts = panels.iter().map(|panel| panel.rows.clone()).collect();
        let held = panels.into_iter().map(|panel| Some((Arc::new(panel), 0)));
        Self {
            gpu: gpu.clone(),
            what: "rows",
            cuts,
            row_bytes: 0,
            held: Arc::new(Held(Mutex::new(held.collect()))),
        }
    }

    /// Panels of `row_bytes` a row that come when they are asked for, and go where their memory is needed.
    pub(super) fn transient(
        gpu: &Gpu,
        what: &'static str,
        cuts: Vec<Range<usize>>,
        row_bytes: u64,
    ) -> Self {
        let held = Arc::new(Held(Mutex::new(vec![None; cuts.len()])));
        gpu.may_give_way(&held);
        Self {
            gpu: gpu.clone(),
            what,
            cuts,
            row_bytes,
            held,
        }
    }

    /// Number of panels.
    pub(super) fn len(&self) -> usize {
        self.cuts.len()
    }

    /// The rows of each panel.
    pub(super) fn cuts(&self) -> &[Range<usize>] {
        &self.cuts
    }

    /// A panel, if it is on the device.
    pub(super) fn resident(&self, at: usize) -> Option<Arc<Panel>> {
        let mut slots = self.held.slots();
        let (panel, used) = slots[at].as_mut()?;
        *used = self.gpu.tick();
        Some(panel.clone())
    }

    /// A panel, which `fill` writes if it is not on the device.
    pub(super) fn get(
        &self,
        at: usize,
        fill: impl FnOnce(&Panel) -> Result<(), Error>,
    ) -> Result<Arc<Panel>, Error> {
        if let Some(panel) = self.resident(at) {
            return Ok(panel);
        }
        let cuts = vec![self.cuts[at].clone()];
        let panel = Self::together(&self.gpu, self.what, cuts, self.row_bytes)?.remove(0);
        fill(&panel)?;
        let panel = Arc::new(panel);
        self.held.slots()[at] = Some((panel.clone(), self.gpu.tick()));
        Ok(panel)
    }

    /// Memory for panels of `row_bytes` a row, all of them or none.
    pub(super) fn together(
        gpu: &Gpu,
        what: &'static str,
        cuts: Vec<Range<usize>>,
        row_bytes: u64,
    ) -> Result<Vec<Panel>, Error> {
        // A binding of a runtime-sized array cannot be empty.
        let size = |rows: &Range<usize>| (rows.len() as u64 * row_bytes).max(16);
        let sizes: Vec<u64> = cuts.iter().map(size).collect();
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let blocks = gpu.blocks(what, &sizes, usage)?;
        let panels = cuts.into_iter().zip(blocks);
        Ok(panels
            .map(|(rows, block)| Panel::owned(rows, block))
            .collect())
    }

    /// Bytes that others had better leave to these panels: those that are not counted as idle are in use
    /// already, and of those that come and go a kernel needs two.
    pub(super) fn staying_bytes(&self) -> u64 {
        let slots = self.held.slots();
        let resident = slots.iter().flatten().map(|(panel, _)| panel.size).sum();
        if slots.iter().all(Option::is_some) {
            resident
        } else {
            resident.min(2 * self.most_bytes())
        }
    }

    /// Whether all panels are on the device.
    pub(super) fn are_whole(&self) -> bool {
        self.held.slots().iter().all(Option::is_some)
    }

    /// Bytes of the largest panel.
    fn most_bytes(&self) -> u64 {
        let largest = self.cuts.iter().map(ExactSizeIterator::len).max();
        self.row_bytes * largest.unwrap_or(0) as u64
    }

    /// How many panels may be held while others come and go: all, where there is room for them.
    pub(super) fn at_once(&self) -> usize {
        if self.are_whole() {
            return self.len().max(1);
        }
        let resident = self.held.slots().iter().flatten().count();
        let fit = self
            .gpu
            .memory_left()
            .map(|left| left / self.most_bytes().max(1));
        let fit = fit.map_or(resident, |fit| fit as usize);
        fit.saturating_sub(2).clamp(1, self.len().max(1)) // the one that passes by, and some to spare
    }
}

/// A panel on the device, and when it was last used.
type Slot = Option<(Arc<Panel>, u64)>;

/// The place of each panel.
#[derive(Debug)]
struct Held(Mutex<Vec<Slot>>);

impl Held {
    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody holds a panel but its slot.
fn is_idle(panel: &Arc<Panel>) -> bool {
    Arc::strong_count(panel) == 1
}

impl Transient for Held {
    fn idle_bytes(&self) -> u64 {
        let slots = self.slots();
        let idle = slots.iter().flatten().filter(|(panel, _)| is_idle(panel));
        idle.map(|(panel, _)| panel.size).sum()
    }

    fn last_use(&self) -> u64 {
        let slots = self.slots();
        slots
            .iter()
            .flatten()
            .map(|(_, used)| *used)
            .max()
            .unwrap_or(0)
    }

    /// What was used last goes first: where panels are gone through again and again in the same order,
    /// the others are there when their turn comes.
    fn give_way(&self) -> Option<u64> {
        let mut slots = self.slots();
        let idle = slots.iter_mut().filter(|slot| {
            let panel = slot.as_ref();
            panel.is_some_and(|(panel, _)| is_idle(panel))
        });
        let (panel, _) = idle
            .max_by_key(|slot| slot.as_ref().map(|(_, used)| *used))?
            .take()?;
        Some(panel.size)
    }
}

impl Gpu {
    /// Most bytes of a panel of rows that take `whole` bytes in all.
    pub(super) fn most_of_panel(&self, whole: u64) -> u64 {
        match self.memory_left() {
            Some(left) if whole > left / 2 => MOST_BYTES.min(left / SHARES),
            _ => MOST_BYTES,
        }
    }

    /// What one of the things that a kernel works on may take, where there is a limit.
    pub(super) fn share(&self) -> Option<u64> {
        self.memory_left().map(|left| left / SHARES)
    }
}
