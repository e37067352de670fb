//! Half the squared lengths of the rows of a tile, for the functions that look at them.

use crate::kernels::function::{KernelFunction, half_square};
use crate::products::{Columns, TILE, product};
use crate::quantise::IntegerRows;
use crate::reduce;

/// By place in a tile; zeros where the function does not look.
pub(super) type Halves = [i32; TILE];

/// Those of some rows. They take a 64th of a tile's products, and less than to keep them for all rows would.
pub(super) fn halves(
    rows: &IntegerRows,
    places: impl Iterator<Item = usize>,
    function: &KernelFunction,
) -> Halves {
    let mut halves = [0; TILE];
    if function.needs_halves() {
        for (half, place) in halves.iter_mut().zip(places) {
            let z = rows.row(place);
            *half = half_square(reduce::vectorised!(product(z, z)));
        }
    }
    halves
}

/// Columns of a tile, and half their squared lengths.
pub(super) struct Packed {
    pub(super) columns: Columns,
    pub(super) halves: Halves,
}

impl Packed {
    /// At most [`TILE`] rows.
    pub(super) fn of(rows: &IntegerRows, places: &[usize], function: &KernelFunction) -> Self {
        Self {
            columns: Columns::of(rows, places),
            halves: halves(rows, places.iter().copied(), function),
        }
    }

    /// Some rows, tile by tile.
    pub(super) fn all<'r>(
        rows: &'r IntegerRows,
        places: &'r [usize],
        function: &'r KernelFunction,
    ) -> impl Iterator<Item = Self> + 'r {
        let tiles = places.chunks(TILE);
        tiles.map(move |some| Self::of(rows, some, function))
    }
}
