//! Which classes keep their similarities, and which go together.

use super::Sas;
use crate::kernels::similarities::stored_bytes;
use crate::selection::Storage;
use std::ops::Range;

/// What similarities may take.
pub(super) struct Room {
    /// Bytes of similarities kept at most.
    pub(super) most: u64,
    /// Bytes of classes that are worked on together, at most.
    pub(super) together: u64,
}

impl Sas {
    /// Consecutive classes of these sizes that are worked on together, all of one storage. `beside` says which
    /// classes have their integer rows at the same time as one.
    pub(super) fn groups(
        &self,
        sizes: &[usize],
        room: &Room,
        beside: impl Fn(usize) -> Range<usize>,
    ) -> Vec<(Range<usize>, Storage)> {
        let mut groups: Vec<(Range<usize>, Storage)> = Vec::new();
        let mut used = 0;
        for (class, &size) in sizes.iter().enumerate() {
            let bytes = stored_bytes(size);
            let storage = match self.storage {
                _ if self.threshold.is_none() => Storage::OnTheFly,
                Storage::Auto if bytes <= room.most => Storage::Dense,
                Storage::Auto => Storage::OnTheFly,
                asked => asked,
            };
            let fits = |first: usize| match storage {
                Storage::Dense => used + bytes <= room.together,
                _ => beside(first).contains(&class),
            };
            match groups.last_mut() {
                Some((classes, alike)) if *alike == storage && fits(classes.start) => {
                    classes.end = class + 1;
                    used += bytes;
                }
                _ => {
                    groups.push((class..class + 1, storage));
                    used = bytes;
                }
            }
        }
        groups
    }
}
