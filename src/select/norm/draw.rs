//! Successive draws by weight, or the largest weights: keys bounded by the kernel's norms, and settled
//! where those leave their order open.

use super::exact::exact_norms;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::rounding::norm_bounds;
use crate::lp::Lp;
use crate::rank;
use crate::select::settled::Settled;
use rayon::prelude::*;

/// Successive draws by weight: every row's key is a decreasing function of its weight, and the
/// smallest keys win.
pub(in crate::select) struct Draw {
    pub(in crate::select) norm: Lp,
    pub(in crate::select) power: f64,
    /// What norms are divided by.
    pub(in crate::select) inputs: Option<Inputs>,
    /// Anti-norm weights: the largest norm, in pool unit, divided if norms are.
    pub(in crate::select) largest: Option<f64>,
    /// Row i's exponential number; without them the largest weights win.
    pub(in crate::select) numbers: Option<Vec<f64>>,
    /// What has been settled by this draw.
    pub(in crate::select) settled: Settled,
}

/// Input norms by which norms are divided.
pub(in crate::select) struct Inputs {
    norms: Vec<f64>,
    /// What they have been multiplied by: the power of two that brings the smallest into [1, 2), so
    /// that no power of a quotient overflows.
    scale: f64,
}

impl Inputs {
    pub(super) fn new(norms: &[f64]) -> Self {
        let smallest = norms.iter().copied().fold(f64::MAX, f64::min);
        let exponent = -libm::ilogb(smallest);
        let scale = f64::exp2(f64::from(exponent.clamp(-1022, 1022)));
        Self {
            norms: norms.iter().map(|norm| norm * scale).collect(),
            scale,
        }
    }
}

impl Draw {
    /// Up to `count` picks out of `rows` and their scores, given the pool's answer on norms.
    pub(in crate::select) fn take(
        &self,
        pool: &dyn Pool,
        norms: &[f32],
        rows: &[usize],
        count: usize,
    ) -> Result<(Vec<usize>, Vec<f64>), Error> {
        let dim = pool.dim();
        let mut keys: Vec<Interval> = rows
            .par_iter()
            .map(|&row| {
                let (low, high) = norm_bounds(self.norm, norms[row], dim);
                self.interval(row, low, high)
            })
            .collect();
        settle(&mut keys, count, |rows| {
            self.settled.add(rows.len() * dim);
            exact_norms(pool, self.norm, rows).map(|norms| {
                rows.iter()
                    .zip(norms)
                    .map(|(&row, norm)| self.interval(row, norm, norm))
                    .collect()
            })
        })?;
        let picks: Vec<_> = keys.iter().map(|key| key.row).collect();
        let norms = exact_norms(pool, self.norm, &picks)?;
        let unit = self.inputs.as_ref().map_or(1.0, |inputs| inputs.scale);
        let scores = (picks.iter().zip(norms))
            .map(|(&row, norm)| in_unit(pool, self.base(row, norm) * unit))
            .collect();
        Ok((picks, scores))
    }

    /// The interval of a row's key, given that of its norm.
    fn interval(&self, row: usize, low: f64, high: f64) -> Interval {
        let (a, b) = (self.key(row, low), self.key(row, high));
        Interval {
            row,
            low: a.min(b),
            high: a.max(b),
        }
    }

    /// A row's norm over that of its input, where there are inputs. Rounded, it still rises with
    /// the norm, so that bounds stay bounds.
    pub(super) fn relative(&self, row: usize, norm: f64) -> f64 {
        self.inputs
            .as_ref()
            .map_or(norm, |inputs| norm / inputs.norms[row])
    }

    /// The weight before the power, given the norm.
    fn base(&self, row: usize, norm: f64) -> f64 {
        let norm = self.relative(row, norm);
        self.largest
            .map_or(norm, |largest| (largest - norm).max(0.0))
    }

    /// E/w, or −w without random numbers; infinite for weight 0.
    fn key(&self, row: usize, norm: f64) -> f64 {
        let weight = power(self.base(row, norm), self.power);
        match &self.numbers {
            _ if weight <= 0.0 => f64::INFINITY,
            Some(numbers) => numbers[row] / weight,
            None => -weight,
        }
    }
}

/// A score in the caller's unit, rounded to f32: the digits below are the road's, not the row's.
pub(in crate::select) fn in_unit(pool: &dyn Pool, score: f64) -> f64 {
    f64::from((score / f64::from(pool.scale())) as f32)
}

/// x^power, by `libm` so that it is the same on every system.
pub(in crate::select) fn power(x: f64, power: f64) -> f64 {
    if power == 1.0 {
        x
    } else if power == 2.0 {
        x * x
    } else {
        libm::pow(x, power)
    }
}

/// A row and what is known of its key.
struct Interval {
    row: usize,
    low: f64,
    high: f64,
}

/// Leaves the `count` smallest keys in order, ties to the lower row; infinite keys are dropped.
///
/// A key whose interval meets no other's has its place already; the rest are replaced by
/// `exact`. Whatever lies past the cut-off, the `count`-th smallest upper end, cannot win.
fn settle(
    keys: &mut Vec<Interval>,
    count: usize,
    exact: impl Fn(&[usize]) -> Result<Vec<Interval>, Error>,
) -> Result<(), Error> {
    if count == 0 {
        keys.clear();
        return Ok(());
    }
    if count < keys.len() {
        let highs: Vec<f64> = keys.par_iter().map(|key| key.high).collect();
        let cutoff = rank::nth_smallest(highs, count - 1);
        keys.retain(|key| key.low <= cutoff);
    }
    keys.retain(|key| key.low < f64::INFINITY);
    rank::sort_by_key(keys, |key| (key.low, key.row));
    let open = meeting(keys);
    let rows: Vec<usize> = open.iter().map(|&place| keys[place].row).collect();
    for (place, key) in open.into_iter().zip(exact(&rows)?) {
        keys[place] = key;
    }
    keys.retain(|key| key.low < f64::INFINITY);
    rank::sort_by_key(keys, |key| (key.low, key.row));
    keys.truncate(count);
    Ok(())
}

/// Places, in a list sorted by `low`, of the keys whose interval meets a neighbour's, or is
/// unbounded.
fn meeting(keys: &[Interval]) -> Vec<usize> {
    let mut highest = f64::NEG_INFINITY;
    let mut open = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        let next = keys.get(place + 1).map_or(f64::INFINITY, |next| next.low);
        // Two exact keys that are equal meet too, and then the tie rule settles them.
        if key.low < key.high && (key.low <= highest || next <= key.high)
            || key.high == f64::INFINITY
        {
            open.push(place);
        }
        highest = highest.max(key.high);
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that overlap in a chain, one that stands alone, one past the cut-off.
    #[test]
    fn only_open_places_are_settled() {
        let key = |row, low, high| Interval { row, low, high };
        let mut keys = vec![
            key(0, 9.0, 9.5),
            key(1, 1.0, 2.0),
            key(2, 1.5, 3.0),
            key(3, 5.0, 6.0),
            key(4, 2.5, 2.6),
        ];
        let exact = [f64::NAN, 1.9, 1.8, f64::NAN, 2.55];
        settle(&mut keys, 4, |rows| {
            assert_eq!(rows, [1, 2, 4]);
            Ok(rows
                .iter()
                .map(|&row| key(row, exact[row], exact[row]))
                .collect())
        })
        .unwrap();
        assert_eq!(
            keys.iter().map(|key| key.row).collect::<Vec<_>>(),
            [2, 1, 4, 3]
        );
    }
}
