//! Lengths of rows.

use crate::common::{fractions, on_every_device, oracle, whole_numbers};
use crate::{features, shapes};
use coresift::Lp;
use coresift::kernels::rounding::norm_bounds;

const NORMS: [Lp; 3] = [Lp::L1, Lp::L2, Lp::LInf];

#[test]
fn row_norms_exact() {
    for (seed, rows, dim) in shapes(130_000) {
        let x = whole_numbers(seed, rows * dim);
        on_every_device(features(&x, dim), |device, pool| {
            let scale = f64::from(pool.scale());
            for (p, norm) in NORMS.into_iter().enumerate() {
                let unit = if norm == Lp::L2 { scale * scale } else { scale };
                let want: Vec<f32> = x
                    .chunks(dim)
                    .map(|row| (oracle::norms(row)[p] * unit) as f32)
                    .collect();
                let got = pool.row_norms(norm).unwrap();
                assert_eq!(got, want, "{device} {norm:?} {rows} x {dim} seed {seed}");
            }
        });
    }
}

/// A pool of one column has the most rows: grids fold, panels are crossed.
#[test]
fn row_norms_of_many_rows() {
    let x = whole_numbers(3, 600_001);
    on_every_device(features(&x, 1), |device, pool| {
        let scale = pool.scale();
        let want: Vec<f32> = x.iter().map(|v| v.abs() * scale).collect();
        assert!(pool.row_norms(Lp::LInf).unwrap() == want, "{device}");
    });
}

/// Σ over any order of non-negative terms: `norm_bounds` says how far it may be off. From 1e-30
/// to 1e15: the scale keeps squares in range.
#[test]
fn row_norms_rounding() {
    let (rows, dim) = (33, 1000);
    for unit in [1e-30, 1e-3, 1.0, 1e15] {
        let x: Vec<f32> = fractions(9, rows * dim).iter().map(|v| v * unit).collect();
        on_every_device(features(&x, dim), |device, pool| {
            let scale = f64::from(pool.scale());
            for (p, norm) in NORMS.into_iter().enumerate() {
                for (row, got) in x.chunks(dim).zip(pool.row_norms(norm).unwrap()) {
                    let want = oracle::norms(row)[p];
                    let want = scale * if norm == Lp::L2 { want.sqrt() } else { want };
                    let (low, high) = norm_bounds(norm, got, dim);
                    let ulp = 1e-15 * want;
                    assert!(
                        low - ulp <= want && want <= high + ulp,
                        "{device} {norm:?} unit {unit:e}: {got:e} gives [{low:e}, {high:e}], {want:e}"
                    );
                }
            }
        });
    }
}

/// The smallest numbers beside the largest: nothing but zero has length zero.
#[test]
fn row_norms_of_subnormals() {
    let tiny = f32::from_bits(1);
    let x = [
        1.0, 0.0, 0.0, //
        tiny, 0.0, -tiny, //
        0.0, -0.0, 0.0, //
        1e-30, 1e-30, 1e-38,
    ];
    on_every_device(features(&x, 3), |device, pool| {
        for norm in NORMS {
            let got = pool.row_norms(norm).unwrap();
            assert_eq!(got[0], 1.0, "{device} {norm:?}");
            assert!(
                got[1] > 0.0 && got[1] <= 2.4e-38,
                "{device} {norm:?} {:e}",
                got[1]
            );
            assert_eq!(got[2], 0.0, "{device} {norm:?}");
            assert!(got[3] > 0.0, "{device} {norm:?}");
        }
        assert_eq!(
            pool.row_norms(Lp::LInf).unwrap()[1],
            f32::MIN_POSITIVE,
            "{device}"
        );
    });
    // All subnormal: the scale brings them to where numbers are.
    let x: Vec<f32> = (1..=6).map(|bits| f32::from_bits(bits * 1000)).collect();
    on_every_device(features(&x, 2), |device, pool| {
        let scale = f64::from(pool.scale());
        for (row, got) in x.chunks(2).zip(pool.row_norms(Lp::L2).unwrap()) {
            let want = oracle::norms(row)[1].sqrt() * scale;
            let (low, high) = norm_bounds(Lp::L2, got, 2);
            assert!(
                low <= want && want <= high,
                "{device}: {got:e} for {want:e}"
            );
        }
    });
}
