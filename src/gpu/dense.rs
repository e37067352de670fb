//! Dense matrices of similarities on a device.

use super::memory::Block;
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::similarities::{stored_bytes, stored_pitch};
use crate::quantise::ClassRanges;
use std::ops::Range;

/// Bindings over which matrices are laid: with a kernel's own they make the eight that every
/// device has.
pub(super) const PANELS: u64 = 5;
/// Bytes of four similarities, which a thread reads or writes at once.
const GROUP_BYTES: u64 = 8;

/// Matrices of similarities, one after the other over all panels.
pub(super) struct Dense {
    pub(super) classes: Range<usize>,
    /// [`PANELS`] of them; those that are not needed hold next to nothing.
    panels: Vec<Block>,
    /// Of each class the first group of four similarities, and groups to a row.
    places: Vec<(u32, u32)>,
}

impl Dense {
    /// The most bytes that matrices may take on a device.
    pub(super) fn most(gpu: &Gpu) -> u64 {
        PANELS * gpu.panel_bytes()
    }

    /// Memory for the matrices of some classes.
    pub(super) fn new(
        gpu: &Gpu,
        ranges: &ClassRanges,
        classes: Range<usize>,
    ) -> Result<Self, Error> {
        let rows = |class| ranges.class(class).len();
        let needed: u64 = classes.clone().map(|class| stored_bytes(rows(class))).sum();
        let mut first = 0;
        let places = classes.clone().map(|class| {
            let groups = (stored_pitch(rows(class)) / 4) as u32;
            let place = (first, groups);
            first += 4 * groups * groups;
            place
        });
        let most = gpu.panel_bytes();
        let panel = |at: u64| {
            let size = needed.saturating_sub(at * most).min(most);
            gpu.output("similarities", size.max(16))
        };
        Ok(Self {
            places: places.collect(),
            panels: (0..PANELS).map(panel).collect::<Result<_, _>>()?,
            classes,
        })
    }

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
    pub(super) fn size(&self) -> u64 {
        self.panels.iter().map(|panel| panel.size()).sum()
    }

    /// The rows of the classes.
    pub(super) fn rows(&self, ranges: &ClassRanges) -> Range<usize> {
        ranges.span(self.classes.clone())
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
