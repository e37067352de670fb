//! Sweeps by their bounds against sweeps that look at all rows and centres.

use super::KMeans;
use super::bounds::Bounds;
use super::clusters::{Clusters, Moved, distances_sq};
use super::lloyd::lloyd;
use crate::course::Course;
use crate::cpu::CpuPool;
use crate::features::Features;
use crate::progress::unheard;
use crate::select::unit_rows::UnitRows;
use crate::{random, reduce};

/// 90 rows in five loose clusters of six dimensions; every tenth row is zeros.
pub(super) fn clusters() -> Vec<f32> {
    let mut x: Vec<f32> = random::exponentials(1, 0, 90 * 6)
        .iter()
        .map(|&e| e as f32 - 1.0)
        .collect();
    for (row, x) in x.chunks_exact_mut(6).enumerate() {
        x[row % 5] += 4.0;
        if row % 10 == 9 {
            x.fill(0.0);
        }
    }
    x
}

fn inertia(clusters: &Clusters<'_>) -> f64 {
    let distances = distances_sq(clusters.rows, &clusters.labels, &clusters.centres);
    distances.unwrap().iter().sum()
}

#[test]
fn inertia_never_rises() {
    let x = clusters();
    let pool = CpuPool::new(Features::new(&x, 90, 6).unwrap());
    let rows = UnitRows::new(&pool).unwrap();
    for starts in [&[0, 1, 2, 3, 4][..], &[0, 5, 10], &[3, 3, 3, 8]] {
        let mut clusters = Clusters::new(&rows, rows.rows(starts).unwrap());
        let mut before = f64::INFINITY;
        let mut sweeps = 1;
        while clusters.sweep().unwrap() != Moved::None {
            let after = inertia(&clusters);
            assert!(after < before + 1e-9, "{starts:?}: {before} to {after}");
            (before, sweeps) = (after, sweeps + 1);
        }
        assert!((3..50).contains(&sweeps), "{starts:?}: {sweeps} sweeps");
    }
}

/// Asserts that the bounds hold of all rows; gives the share of centres that are ruled out.
fn assert_bounds(clusters: &Clusters<'_>, bounds: &Bounds, z: &[f64]) -> f64 {
    let (dim, mut ruled_out) = (clusters.rows.dim(), 0);
    let count = clusters.centres.len() / dim;
    for (z, &own) in z.chunks_exact(dim).zip(&clusters.labels) {
        let score = |centre: usize| {
            let centre = &clusters.centres[centre * dim..][..dim];
            0.5 * reduce::dot(centre, centre) - reduce::dot(z, centre)
        };
        let distance = reduce::distance_sq(z, &clusters.centres[own * dim..][..dim]).sqrt();
        for centre in (0..count).filter(|&centre| centre != own) {
            let (least, radius) = bounds.of(own, centre);
            let margin = score(centre) - score(own);
            assert!(
                f64::from(least) <= margin + 1e-12,
                "{own} {centre}: {least}, {margin}"
            );
            assert!(distance <= radius + 1e-12, "{own}: {distance}, {radius}");
            ruled_out += usize::from(least > 1e-9);
        }
    }
    ruled_out as f64 / (clusters.labels.len() * count) as f64
}

/// After every sweep labels and centres are those of sweeps that look at all rows and centres:
/// of loose clusters, of near ties without end, of duplicates, and with clusters that run empty.
#[test]
fn bounds_change_nothing() {
    let numbers = random::exponentials(3, 0, 2000 * 12);
    let loose: Vec<f32> = (0..2000 * 12)
        .map(|i| numbers[i] as f32 + if i / 12 % 12 == i % 12 { 2.0 } else { -1.0 })
        .collect();
    let grid: Vec<f32> = (0..900 * 6).map(|i| (i * i / 7 % 3) as f32 - 1.0).collect();
    let most_ruled_out = [(clusters(), 6), (loose, 12), (grid, 6)].map(|(x, dim)| {
        let count = x.len() / dim;
        let pool = CpuPool::new(Features::new(&x, count, dim).unwrap());
        let rows = UnitRows::new(&pool).unwrap();
        let z = rows.rows(&(0..count).collect::<Vec<_>>()).unwrap();
        let mut most = 0.0;
        let spread: Vec<usize> = (0..18).map(|i| i * count / 18).collect();
        for starts in [&spread[..], &[0, 0, 0, 1, 2, 3], &[5, 6]] {
            let mut bounded = Clusters::new(&rows, rows.rows(starts).unwrap());
            let mut plain = Clusters::new(&rows, rows.rows(starts).unwrap());
            bounded.try_at = count;
            for sweep in 1.. {
                let moved = bounded.sweep().unwrap();
                assert_eq!(moved, plain.sweep().unwrap(), "sweep {sweep}");
                assert_eq!(bounded.labels, plain.labels, "sweep {sweep}");
                assert_eq!(bounded.centres, plain.centres, "sweep {sweep}");
                (bounded.try_at, plain.try_at) = (count, 0); // always, never
                if let Some(bounds) = &bounded.bounds {
                    most = assert_bounds(&bounded, bounds, &z).max(most);
                }
                if moved == Moved::None {
                    break;
                }
            }
        }
        most
    });
    assert!(
        most_ruled_out.iter().all(|&most| most > 0.2),
        "{most_ruled_out:?}"
    );
}

/// Rows at 1000 + noise; a ball and a few rows far from it; multiples of one row, that differ by
/// rounding alone; and rows of one column: whatever bounds spare, every row goes to the nearest centre.
/// Of the first two few are settled row by row, and multiples of one row do not keep the loop going.
#[test]
fn rows_that_are_nearly_alike_go_to_the_nearest() {
    let (count, dim) = (1500, 16);
    let noise: Vec<f32> = random::exponentials(6, 0, count * dim)
        .iter()
        .map(|&e| e as f32 - 1.0)
        .collect();
    let of = |dim: usize, value: &dyn Fn(usize, usize) -> f32| -> (Vec<f32>, usize) {
        let all = (0..count * dim).map(|at| value(at / dim, at % dim));
        (all.collect(), dim)
    };
    let at = |row: usize, column: usize| noise[row * dim + column];
    let ball = |row, column| {
        let far = row % 100 == 0;
        if far {
            at(row, column)
        } else {
            1.0 + 1e-3 * at(row, column)
        }
    };
    let pools = [
        of(dim, &|row, column| 1000.0 + at(row, column)),
        of(dim, &ball),
        of(dim, &|row, column| at(row, 0) * at(0, column)),
        of(1, &at),
    ];
    for (pool, (x, dim)) in pools.into_iter().enumerate() {
        let cpu = CpuPool::new(Features::new(&x, count, dim).unwrap());
        let rows = UnitRows::new(&cpu).unwrap();
        let z = rows.rows(&(0..count).collect::<Vec<_>>()).unwrap();
        let (mut unheard, k_means) = (unheard, KMeans::new(12, 1));
        let course = &mut Course::new(&mut unheard);
        let starts = k_means.starts_at_most(&rows, course).unwrap();
        let mut clusters = Clusters::new(&rows, rows.rows(&starts).unwrap());
        let mut sweeps = 0;
        let before = rows.settled().total();
        loop {
            let rivals = clusters.rivals();
            let found = clusters.assign(&rivals).unwrap();
            let want: Vec<usize> = z.chunks_exact(dim).map(|z| rivals.nearest(z)).collect();
            assert_eq!(found, want, "pool {pool} sweep {sweeps}");
            sweeps += 1;
            if clusters.sweep().unwrap() != Moved::Far {
                break;
            }
        }
        if pool < 2 {
            let settled = (rows.settled().total() - before) as usize / dim;
            // Each sweep asks twice here. Pair by pair all of them would be.
            let all = 2 * sweeps * count * starts.len();
            assert!(settled < all / 8, "pool {pool}: {settled} of {all}");
        }
        let starts = rows.rows(&starts).unwrap();
        let fitted = lloyd(&rows, starts, k_means.convergence, course).unwrap();
        assert!(fitted.sweeps < 60, "pool {pool}: {} sweeps", fitted.sweeps);
    }
}

/// Three centres at one place: the first takes all rows, the others the farthest two.
#[test]
fn empty_clusters_take_the_farthest_rows() {
    let x = [1.0, 0.0, 1.0, 0.1, 0.0, 1.0, 1.0, 0.2, 0.0, 7.0, -1.0, 0.1];
    let pool = CpuPool::new(Features::new(&x, 6, 2).unwrap());
    let rows = UnitRows::new(&pool).unwrap();
    let mut clusters = Clusters::new(&rows, rows.rows(&[0, 0, 0]).unwrap());
    assert_eq!(clusters.sweep().unwrap(), Moved::Far);
    assert_eq!(clusters.labels, [0, 0, 2, 0, 0, 1]);
    assert_eq!(clusters.sweep().unwrap(), Moved::Far);
    assert_eq!(clusters.labels, [0, 0, 2, 0, 2, 1]);
    assert_eq!(clusters.sweep().unwrap(), Moved::None);
}
