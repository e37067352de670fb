//! Sweeps by their bounds against sweeps that look at all rows and centres.

use super::KMeans;
use super::bounds::Bounds;
use super::clusters::{Clusters, Moved};
use super::lloyd::lloyd;
use super::members::Members;
use crate::course::Course;
use crate::cpu::CpuPool;
use crate::features::Features;
use crate::progress::unheard;
use crate::select::apart::Part;
use crate::select::unit_rows::{Rivals, UnitRows};
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

/// All rows in one part.
fn clusters_at<'a>(rows: &'a UnitRows<'a>, starts: &[usize]) -> Clusters<Members<'a>> {
    let members = Box::new(Members::new(rows, Vec::new()));
    let part = Part::whole(rows.len(), members);
    Clusters::of(vec![part], rows, Vec::new(), rows.rows(starts).unwrap())
}

fn inertia(clusters: &mut Clusters<Members<'_>>) -> f64 {
    clusters.distances_sq().unwrap().iter().sum()
}

#[test]
fn inertia_never_rises() {
    let x = clusters();
    let pool = CpuPool::new(Features::new(&x, 90, 6).unwrap());
    let rows = UnitRows::new(&pool).unwrap();
    for starts in [&[0, 1, 2, 3, 4][..], &[0, 5, 10], &[3, 3, 3, 8]] {
        let mut clusters = clusters_at(&rows, starts);
        let mut before = f64::INFINITY;
        let mut sweeps = 1;
        while clusters.sweep().unwrap() != Moved::None {
            let after = inertia(&mut clusters);
            assert!(after < before + 1e-9, "{starts:?}: {before} to {after}");
            (before, sweeps) = (after, sweeps + 1);
        }
        assert!((3..50).contains(&sweeps), "{starts:?}: {sweeps} sweeps");
    }
}

/// Asserts that the bounds hold of all rows; gives the share of centres that are ruled out.
fn assert_bounds(clusters: &Clusters<Members<'_>>, bounds: &Bounds, z: &[f64]) -> f64 {
    let labels = &clusters.parts[0].handle.labels;
    let (dim, mut ruled_out) = (z.len() / labels.len(), 0);
    let count = clusters.centres.len() / dim;
    for (z, &own) in z.chunks_exact(dim).zip(labels) {
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
    ruled_out as f64 / (labels.len() * count) as f64
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
            let [mut bounded, mut plain] = [starts; 2].map(|starts| clusters_at(&rows, starts));
            for sweep in 1.. {
                let moved = bounded.sweep().unwrap();
                assert_eq!(moved, plain.sweep().unwrap(), "sweep {sweep}");
                assert_eq!(
                    bounded.labels().unwrap(),
                    plain.labels().unwrap(),
                    "sweep {sweep}"
                );
                assert_eq!(bounded.centres, plain.centres, "sweep {sweep}");
                let tries = |clusters: &mut Clusters<Members<'_>>, at| {
                    clusters.parts[0].handle.try_at = at;
                };
                tries(&mut bounded, count); // always
                tries(&mut plain, 0); // never
                if bounded.parts[0].handle.bounds.is_some() {
                    bounded.parts[0].handle.begin(&bounded.centres); // bounds follow the centres
                }
                if let Some(bounds) = &bounded.parts[0].handle.bounds {
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
        assert_nearest(pool, &x, dim);
    }
}

/// Sweeps until few rows move, each of which gives every row to the nearest centre.
fn assert_nearest(pool: usize, x: &[f32], dim: usize) {
    let count = x.len() / dim;
    let cpu = CpuPool::new(Features::new(x, count, dim).unwrap());
    let rows = UnitRows::new(&cpu).unwrap();
    let z = rows.rows(&(0..count).collect::<Vec<_>>()).unwrap();
    let (mut unheard, k_means) = (unheard, KMeans::new(12, 1));
    let course = &mut Course::new(&mut unheard);
    let starts = k_means.starts_at_most(&rows, course).unwrap();
    let mut clusters = clusters_at(&rows, &starts);
    let mut sweeps = 0;
    let before = rows.settled().total();
    loop {
        let rivals = Rivals::of_points(dim, clusters.centres.clone());
        let want: Vec<usize> = z.chunks_exact(dim).map(|z| rivals.nearest(z)).collect();
        let moved = clusters.sweep().unwrap();
        sweeps += 1;
        let is_taken = |cluster| want.contains(&cluster);
        if (0..starts.len()).all(is_taken) {
            assert_eq!(
                clusters.labels().unwrap(),
                want,
                "pool {pool} sweep {sweeps}"
            );
        }
        if moved != Moved::Far {
            break;
        }
    }
    if pool < 2 {
        let settled = (rows.settled().total() - before) as usize / dim;
        // Pair by pair all of them would be.
        let all = sweeps * count * starts.len();
        assert!(settled < all / 8, "pool {pool}: {settled} of {all}");
    }
    let starts = rows.rows(&starts).unwrap();
    let fitted = lloyd(&rows, starts, k_means.convergence, course).unwrap();
    assert!(fitted.sweeps < 60, "pool {pool}: {} sweeps", fitted.sweeps);
}
