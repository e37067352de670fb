//! The radial basis function of integer rows: a table, and whole numbers between its entries.

use std::sync::Arc;

/// Entries of the table.
const ENTRIES: usize = 1024;
/// In units of σ², half of a squared distance past which the exponential rounds to 0.
const CUT: f64 = 12.0;
/// Squared distances of 1 in units of halves of them.
const ONE: f64 = (1u64 << 30) as f64;
/// Largest number of bits that a half squared distance is shifted by to be an entry's.
const MOST_SHIFT: u32 = 21;
/// Largest half squared distance.
const FARTHEST: u32 = (1 << 31) - 1;

/// exp(−q/σ²) in 16 bits, q being half the squared distance of two integer rows.
///
/// Between entries of a table it is linear, in whole numbers, so that every device has the same bits: it never
/// grows with the distance, is 65535 for equal rows, and within 3.9 of 65535·exp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rbf {
    shift: u32,
    /// 18 bits of a value in quarters, and 14 of what it falls by up to the next entry. The last is 0, for all
    /// distances past the table.
    table: Arc<[u32; ENTRIES + 1]>,
}

impl Rbf {
    /// What equal rows are similar by.
    pub const MOST: u16 = 65_535;
    /// The least σ²: the unit in which rows are integers.
    pub const LEAST_SIGMA_SQ: f64 = 1.0 / ONE;

    /// Of this bandwidth σ, squared, of rows at length 1; at least [`LEAST_SIGMA_SQ`](Self::LEAST_SIGMA_SQ).
    #[must_use]
    pub fn new(sigma_sq: f64) -> Self {
        let sigma_sq = sigma_sq.max(Self::LEAST_SIGMA_SQ);
        let reaches = |shift: &u32| (ENTRIES << shift) as f64 >= CUT * sigma_sq * ONE;
        let shift = (0..MOST_SHIFT).find(reaches).unwrap_or(MOST_SHIFT);
        let step = f64::from(1u32 << shift) / (sigma_sq * ONE);
        // A chord lies above the curve by up to step²/8: half of that is taken off.
        let lowered = match shift {
            0 => 1.0,
            _ => 1.0 - step * step / 16.0,
        };
        let quarters = 4.0 * f64::from(Self::MOST);
        let value = |entry: usize| match entry {
            0 => quarters as u32,
            // In this order: another would round otherwise.
            _ => (quarters * lowered * libm::exp(-(entry as f64) * step)).round_ties_even() as u32,
        };
        let mut table = [0; ENTRIES + 1];
        for (entry, word) in table[..ENTRIES].iter_mut().enumerate() {
            let falls_by = match shift {
                0 => 0,
                _ => value(entry) - value(entry + 1),
            };
            *word = value(entry) << 14 | falls_by;
        }
        Self {
            shift,
            table: Arc::new(table),
        }
    }

    /// By how many bits half a squared distance is shifted to give an entry, and the entries: a value in
    /// quarters times 2¹⁴, and what it falls by up to the next one.
    #[must_use]
    pub fn table(&self) -> (u32, &[u32]) {
        (self.shift, &self.table[..ENTRIES])
    }

    /// That of a [`table`](Self::table); none where no function has such a one.
    #[cfg(feature = "remote")]
    pub(crate) fn of_table(shift: u32, entries: &[u32]) -> Option<Self> {
        let falls_no_lower = |word: &u32| word >> 14 >= word & 0x3fff;
        if shift > MOST_SHIFT || !entries.iter().all(falls_no_lower) {
            return None;
        }
        let entries: &[u32; ENTRIES] = entries.try_into().ok()?;
        let mut table = [0; ENTRIES + 1];
        table[..ENTRIES].copy_from_slice(entries);
        Some(Self {
            shift,
            table: Arc::new(table),
        })
    }

    /// Of a product, and of half the squared lengths of the two rows, added up.
    #[inline(always)]
    pub(crate) fn of(&self, product: i32, halves: i32) -> i32 {
        let q = half_distance(product, halves);
        let entry = (q >> self.shift).min(ENTRIES as u32);
        let word = self.table[entry as usize];
        let between = (q & ((1 << self.shift) - 1)) >> self.shift.saturating_sub(15);
        let falls_by = ((word & 0x3fff) * between) >> self.shift.min(15);
        (((word >> 14) - falls_by + 2) >> 2) as i32
    }
}

/// Half the squared distance of two rows, in units of 2⁻³⁰, of their product and of half their squared lengths,
/// added up. Those are rounded down, so that equal rows come to −1 at the least, and then to 0.
#[inline(always)]
#[must_use]
pub fn half_distance(product: i32, halves: i32) -> u32 {
    let one_more = halves.wrapping_sub(product).wrapping_add(1).cast_unsigned();
    (one_more.max(1) - 1).min(FARTHEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Near the exponential, never growing, and exact at either end.
    #[test]
    fn it_is_the_exponential() {
        for sigma_sq in [1e-12, 1e-7, 1e-3, 0.0866, 0.5, 4.0, 1000.0] {
            let rbf = Rbf::new(sigma_sq);
            let sigma_sq = sigma_sq.max(Rbf::LEAST_SIGMA_SQ);
            let mut last = i32::from(Rbf::MOST);
            let near = (0..4096).map(|q: i32| q);
            for q in near.chain((0..100_000).map(|at| 4096 + at * 21_474)) {
                let found = rbf.of(-q, 0);
                let exact = 65_535.0 * (-f64::from(q) / ONE / sigma_sq).exp();
                assert!(
                    (f64::from(found) - exact).abs() < 3.9,
                    "{sigma_sq} {q}: {found} {exact}"
                );
                assert!(found <= last, "{sigma_sq} {q}");
                last = found;
            }
            assert_eq!(rbf.of(0, 0), i32::from(Rbf::MOST));
        }
    }

    #[test]
    fn distances_stay_in_range() {
        assert_eq!(half_distance(1 << 30, (1 << 30) - 1), 0);
        assert_eq!(half_distance(-(1 << 30), 1 << 30), FARTHEST);
        assert_eq!(half_distance(-(1 << 30) - 9, (1 << 30) + 7), FARTHEST);
        assert_eq!(half_distance(5, 9), 4);
    }
}
