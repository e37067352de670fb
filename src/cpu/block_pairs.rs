//! All pairs of rows of which memory holds some at a time.

use crate::error::Error;
use crate::products::TILE;
use std::ops::Range;

/// Of the rows that memory holds one in so many passes by the others.
const PASSING: usize = 8;

/// Rows that stand together, and their places among those that were made.
pub(super) struct Part {
    pub(super) positions: Range<usize>,
    pub(super) places: Range<usize>,
}

/// Consecutive positions, whose rows are at consecutive places.
pub(super) fn part(positions: Range<usize>, place: usize) -> Part {
    Part {
        places: place..place + positions.len(),
        positions,
    }
}

impl Part {
    pub(super) fn len(&self) -> usize {
        self.positions.len()
    }

    /// Parts of so many rows, the last perhaps of fewer.
    pub(super) fn cut(&self, rows: usize) -> impl Iterator<Item = Self> {
        let (first, place) = (self.positions.start, self.places.start);
        let len = self.len();
        (0..len).step_by(rows).map(move |at| {
            let end = len.min(at + rows);
            part(first + at..first + end, place + at)
        })
    }
}

/// Has each of `rows` rows `meet` all, of which memory holds `most` at a time: parts with themselves and with
/// those after them. All parts but the last are of whole tiles.
///
/// Most of what memory holds stays while the rows after it pass by: so all are read about half as often as
/// memory would have to be filled to hold them once.
pub(super) fn each_pair_of_blocks<R>(
    (rows, most): (usize, usize),
    room_for: impl Fn(usize) -> R,
    make: impl Fn(&Part, &mut R) -> Result<(), Error>,
    mut meet: impl FnMut(&R, [&Part; 2]) -> Result<(), Error>,
) -> Result<(), Error> {
    let passing = (most / PASSING).max(1).next_multiple_of(TILE);
    let blocks = rows.div_ceil(most.saturating_sub(passing).max(TILE));
    let staying = rows.div_ceil(blocks).next_multiple_of(TILE);
    let mut made = room_for(staying + passing);
    for block in part(0..rows, 0).cut(staying) {
        let block = part(block.positions, 0);
        make(&block, &mut made)?;
        meet(&made, [&block; 2])?;
        for others in part(block.positions.end..rows, 0).cut(passing) {
            let others = part(others.positions, staying);
            make(&others, &mut made)?;
            meet(&made, [&block, &others])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantise::IntegerRows;
    use std::cell::Cell;

    /// Every pair once, of no more rows than memory holds, all of them read a few times.
    #[test]
    fn every_pair_meets_once() {
        for (rows, most, times) in [(1000, 512, 2), (1000, 200, 5), (10, 512, 1), (300, 1, 3)] {
            let mut met = vec![0; rows * rows];
            let read = Cell::new(0);
            each_pair_of_blocks(
                (rows, most),
                |rows| {
                    assert!(rows <= most.max(2 * TILE) + TILE);
                    IntegerRows::zeros(1, rows)
                },
                |part, made| {
                    read.set(read.get() + part.len());
                    let places = part.places.clone().zip(part.positions.clone());
                    let pitch = made.pitch();
                    places.for_each(|(place, at)| made.values_mut()[place * pitch] = at as i16);
                    Ok(())
                },
                |made, [a, b]| {
                    for i in a.places.clone().map(|place| made.row(place)[0] as usize) {
                        for j in b.places.clone().map(|place| made.row(place)[0] as usize) {
                            met[i * rows + j] += 1;
                        }
                    }
                    Ok(())
                },
            )
            .unwrap();
            for (i, j) in (0..rows).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                let mirrored = if i == j { 0 } else { met[j * rows + i] };
                let in_one_block = met[i * rows + j] == 1 && mirrored == 1;
                assert!(in_one_block || met[i * rows + j] + mirrored == 1);
            }
            assert!(read.get() <= times * rows, "{rows} {most}: {}", read.get());
        }
    }
}
