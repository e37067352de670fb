//! Products of all pairs of integer rows by the oracle.

#[cfg(feature = "gpu")]
use crate::common::devices;
use crate::common::{on_every_device, whole_numbers};
use crate::features;
use coresift::Pool;
use coresift::kernels::{NearMasks, Neighbours, Pass, Thresholds};

/// Rows of 1, 4, 16 … values of one magnitude and either sign, the rest zeros, so that they come to
/// length 2^15 without rounding; every seventh is a copy of the first, every eleventh is zeros.
fn rows_of_even_length(seed: u32, rows: usize, dim: usize) -> (Vec<f32>, Vec<Vec<i64>>) {
    let numbers = whole_numbers(seed, 2 * rows * dim + rows);
    let mut number = numbers.iter().map(|&v| v.abs() as usize).cycle();
    let (mut x, mut whole) = (vec![0.0; rows * dim], Vec::new());
    for (row, x) in x.chunks_exact_mut(dim).enumerate() {
        let mut integers = vec![0; dim];
        let most = dim.ilog2() / 2;
        let used = 4usize.pow(number.next().unwrap() as u32 % (most + 1));
        let scale = (number.next().unwrap() as f32 - 6.0).exp2();
        let first = number.next().unwrap() % dim;
        for k in (0..used).filter(|_| row % 11 != 10) {
            let sign = if number.next().unwrap() % 3 == 0 {
                -1
            } else {
                1
            };
            let at = (first + k) % dim;
            x[at] = sign as f32 * scale;
            let value = sign * (32_768.0 / (used as f64).sqrt()) as i64;
            integers[at] = value.clamp(-32_767, 32_767);
        }
        whole.push(integers);
    }
    for row in (7..rows).step_by(7).filter(|row| row % 11 != 10) {
        x.copy_within(..dim, row * dim);
        whole[row] = whole[0].clone();
    }
    (x, whole)
}

/// Integer products of all pairs, and what the kernels are to say of them.
pub(super) struct Pairs {
    x: Vec<f32>,
    dim: usize,
    pub(super) products: Vec<Vec<i64>>,
}

impl Pairs {
    pub(super) fn new(seed: u32, rows: usize, dim: usize) -> Self {
        let (x, whole) = rows_of_even_length(seed, rows, dim);
        let dot = |a: &[i64], b: &[i64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>();
        let of_row = |a: &Vec<i64>| whole.iter().map(|b| dot(a, b)).collect();
        let products = whole.iter().map(of_row).collect();
        Self { x, dim, products }
    }

    /// On every device, and on one whose bindings hold 32 rows.
    pub(super) fn on_every_device(&self, check: impl Fn(&str, &dyn Neighbours)) {
        let place = format!("{} x {}", self.products.len(), self.dim);
        let features = features(&self.x, self.dim);
        let check = |device: &str, pool: &dyn Pool| {
            check(&format!("{device} {place}"), &*pool.neighbours().unwrap());
        };
        on_every_device(features.clone(), check);
        #[cfg(feature = "gpu")]
        if self.products.len() <= 200 {
            check("cut", &devices::cut().pool(features).unwrap());
        }
    }

    pub(super) fn check_counts(&self, least: i32) {
        let near = |products: &Vec<i64>| {
            let near = products.iter().filter(|&&p| p > i64::from(least));
            near.count() as u32
        };
        let want: Vec<u32> = self.products.iter().map(near).collect();
        self.on_every_device(|place, neighbours| {
            let pass = Pass::unheard();
            let got = neighbours.count_within(least, &pass).unwrap();
            assert_eq!(pass.count(), (want.len() as u64).pow(2), "{place}");
            assert!(got == want, "{place} {least}: {got:?}, {want:?}");
        });
    }

    pub(super) fn check_marks(&self, marked: &[usize], thresholds: Thresholds) {
        let bits = |products: &Vec<i64>, least: i32| {
            let near = |&(_, &row): &(usize, &usize)| products[row] > i64::from(least);
            let marked = marked.iter().enumerate().filter(near);
            marked.fold(0, |bits, (bit, _)| bits | 1 << bit)
        };
        let of_row = |&row: &usize| NearMasks {
            certain: bits(&self.products[row], thresholds.certain),
            possible: bits(&self.products[row], thresholds.possible),
        };
        let rows = self.products.len();
        let all: Vec<usize> = (0..rows).collect();
        let some: Vec<usize> = (0..rows).rev().step_by(3).collect();
        self.on_every_device(|place, neighbours| {
            for among in [&all[..], &some, &[]] {
                let want: Vec<NearMasks> = among.iter().map(of_row).collect();
                let got = neighbours.mark_within(marked, among, thresholds).unwrap();
                assert!(
                    got == want,
                    "{place} {thresholds:?} {marked:?} {}",
                    among.len()
                );
            }
        });
    }

    pub(super) fn check_nearest_other(&self, labels: &[u32]) {
        let largest = |(products, label): (&Vec<i64>, &u32)| {
            let others = products
                .iter()
                .zip(labels)
                .filter(|(_, other)| *other != label);
            others.map(|(&p, _)| p as i32).max().unwrap_or(i32::MIN)
        };
        let want: Vec<i32> = self.products.iter().zip(labels).map(largest).collect();
        self.on_every_device(|place, neighbours| {
            let pass = Pass::unheard();
            let got = neighbours.nearest_other_label(labels, &pass).unwrap();
            assert_eq!(pass.count(), (want.len() as u64).pow(2), "{place}");
            assert!(got == want, "{place}: {got:?}, {want:?}");
        });
    }
}
