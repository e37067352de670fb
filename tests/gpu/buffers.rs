//! Rows in an application's own buffer.

use crate::common::devices::tiny;
use crate::common::{fractions, whole_numbers};
use crate::{Application, USAGE};
use coresift::kernels::{
    Assignment, ClusterRows, Examples, KernelFunction, Length, Pass, Rate, RowState,
};
use coresift::wgpu::{self, BufferUsages};
use coresift::{CpuPool, Error, Features, Lp, Pool};

/// What a pool answers, in the caller's unit where there is one.
#[derive(PartialEq)]
struct Answers {
    norms: [Vec<f32>; 3],
    gathered: Vec<f32>,
    nearest: Vec<Assignment>,
    closest: Vec<Vec<f32>>,
    deflated: Vec<RowState>,
    refreshed: Vec<RowState>,
}

fn answers(pool: &dyn Pool, dim: usize) -> Answers {
    let norms = [Lp::L1, Lp::L2, Lp::LInf].map(|norm| pool.row_norms(norm).unwrap());
    let rows = pool.rows();
    let gathered = pool.gather_rows(&[rows - 1, 0, rows / 2]).unwrap();
    let vectors = fractions(7, 3 * dim);
    let assigner = pool.assigner(norms[1].clone()).unwrap();
    let nearest = assigner.assign(&vectors, &[0.5, 0.25, -0.5]);
    let cluster: Vec<usize> = (0..rows).step_by(rows / 100 + 1).collect();
    let cluster = ClusterRows {
        rows: &cluster,
        lengths: &vec![0.3; cluster.len()],
        centre: &vec![0.125; dim],
        halves: &vec![0.5; cluster.len()],
    };
    let clusters: &[ClusterRows<'_>] = if rows > 2 { &[cluster] } else { &[] };
    let closest = pool.k_nearest(clusters, 2, &Pass::unheard());
    let states: Vec<RowState> = norms[1]
        .iter()
        .map(|&sq| RowState {
            residual_sq: sq,
            left: 5.0,
            guard: 1e-4 * sq,
            norm_sq: sq,
        })
        .collect();
    let mut residuals = pool.residuals().unwrap();
    residuals.load(&states).unwrap();
    let mut direction = vec![0.0; dim];
    direction[dim / 2] = 1.0;
    residuals
        .deflate(&direction, &[0.25], Rate::new(1.0))
        .unwrap();
    let deflated = residuals.read().unwrap();
    residuals.refresh(&direction, -1.0, Rate::new(1.0)).unwrap();
    Answers {
        norms,
        gathered,
        nearest: nearest.unwrap(),
        closest: closest.unwrap(),
        deflated,
        refreshed: residuals.read().unwrap(),
    }
}

/// A borrowed buffer answers as an uploaded copy of it, to the bit: the scale is exact.
#[test]
fn a_borrowed_buffer_is_as_good_as_a_copy() {
    for limits in [wgpu::Limits::default(), tiny()] {
        let application = Application::new(limits);
        for (rows, dim) in [(1, 1), (5, 3), (300, 65), (70_001, 7), (600, 1000)] {
            for unit in [1.0, 1e-15, 1e15] {
                let x: Vec<f32> = whole_numbers(5, rows * dim)
                    .iter()
                    .map(|v| v * unit)
                    .collect();
                if rows * dim > 100_000 && unit != 1e15 {
                    continue;
                }
                let copied = application
                    .gpu
                    .upload(&Features::new(&x, rows, dim).unwrap())
                    .unwrap();
                let borrowed = application.borrow(&x, dim).unwrap();
                assert_eq!((borrowed.rows(), borrowed.dim()), (rows, dim));
                assert_eq!(
                    borrowed.scale(),
                    copied.scale(),
                    "{rows} x {dim} unit {unit:e}"
                );
                assert!(
                    answers(&borrowed, dim) == answers(&copied, dim),
                    "{rows} x {dim} unit {unit:e}"
                );
            }
        }
    }
}

#[test]
fn a_borrowed_buffer_of_zeros_is_a_pool() {
    let application = Application::new(wgpu::Limits::default());
    let pool = application.borrow(&[0.0, -0.0, 0.0, 0.0], 2).unwrap();
    assert_eq!(pool.scale(), 1.0);
    assert_eq!(pool.row_norms(Lp::L2).unwrap(), [0.0, 0.0]);
}

#[test]
fn values_of_a_borrowed_buffer_are_checked() {
    let application = Application::new(tiny());
    let (rows, dim) = (70_000, 5);
    let mut x = fractions(1, rows * dim);
    let error = |x: &[f32]| application.borrow(x, dim).unwrap_err().to_string();
    x[69_999 * dim + 4] = f32::NAN;
    let found = error(&x);
    assert!(
        found.starts_with("features: NaN found at row 69999, column 4"),
        "{found}"
    );
    x[400 * dim + 1] = f32::NEG_INFINITY;
    x[400 * dim + 2] = -f32::NAN;
    let found = error(&x);
    assert!(
        found.starts_with("features: -inf found at row 400, column 1"),
        "{found}"
    );
    x.truncate(400 * dim);
    x[3] = 2e19;
    let found = error(&x);
    assert!(found.starts_with("features: row 0 has length"), "{found}");
    // A length whose square just fits, beside one that just does not.
    x[3] = 0.0;
    x[..2].copy_from_slice(&[1.304_381_7e19, 1.304_381_7e19]);
    application.borrow(&x, dim).unwrap();
    x[..2].copy_from_slice(&[1.304_381_9e19, 1.304_381_9e19]);
    assert!(Features::new(&x, 400, dim).is_err());
    assert!(error(&x).starts_with("features: row 0 has length"));
    let short = error(&[1e-25; 10]);
    assert!(
        short.starts_with("buffer: a longest row of length 2.2"),
        "{short}"
    );
}

#[test]
fn buffers_that_cannot_serve_are_refused() {
    let application = Application::new(wgpu::Limits::default());
    let x = whole_numbers(2, 600);
    let buffer = application.buffer(&x, 256, USAGE);
    let borrow = |buffer: &wgpu::Buffer, offset, rows| {
        application
            .gpu
            .pool_from_buffer(buffer, offset, rows, 6)
            .map(|_| ())
            .unwrap_err()
    };
    assert!(matches!(
        borrow(&buffer, 256, 0),
        Error::Empty { rows: 0, dim: 6 }
    ));
    let message = |buffer: &wgpu::Buffer, offset, rows| borrow(buffer, offset, rows).to_string();
    let found = message(&buffer, 4, 100);
    assert_eq!(found, "buffer: offset 4 found, a multiple of 256 expected");
    let found = message(&buffer, 512, 101);
    assert!(
        found.starts_with("buffer: size 2912 found, at least 2936"),
        "{found}"
    );
    assert!(message(&buffer, 256, usize::MAX).starts_with("buffer: size 2912 found"));
    for usage in [BufferUsages::STORAGE, BufferUsages::COPY_SRC] {
        let buffer = application.buffer(&x, 256, usage);
        let found = message(&buffer, 256, 100);
        assert!(found.starts_with("buffer: usage"), "{found}");
    }
}

/// Rows so short that their values are subnormal in the application's buffer, and are none in pool unit.
#[test]
fn short_rows_of_a_buffer_are_made_whole() {
    let application = Application::new(wgpu::Limits::default());
    let (rows, dim) = (60, 20);
    let mut x = fractions(3, rows * dim);
    for (row, x) in x.chunks_exact_mut(dim).enumerate() {
        let scale = [-60.0f32, -100.0, -110.0, -120.0][row % 4].exp2();
        for (at, v) in x.iter_mut().enumerate() {
            *v *= if at % 3 == 1 { scale * 1e-4 } else { scale };
        }
    }
    assert!(x.iter().any(|v| v.is_subnormal()));
    let buffer = application.buffer(&x, 0, USAGE);
    let borrowed = application
        .gpu
        .pool_from_buffer(&buffer, 0, rows, dim)
        .unwrap();
    let cpu = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let labels: Vec<u32> = (0..rows as u32).collect();
    let products = |pool: &dyn Pool| {
        pool.neighbours()
            .unwrap()
            .nearest_other_label(&labels, &Pass::unheard())
            .unwrap()
    };
    assert_eq!(products(&borrowed), products(&cpu));
    let places: Vec<usize> = (0..rows).collect();
    for length in [Length::Own, Length::Given(2.0)] {
        let rows = |pool: &dyn Pool| {
            let examples = Examples {
                classes: &[&places],
                views: 1,
                length,
            };
            let similarities = pool
                .similarities(examples, &KernelFunction::Thresholded(0))
                .unwrap();
            (
                similarities.rows(&places).unwrap(),
                similarities.squares().unwrap(),
            )
        };
        assert_eq!(rows(&borrowed), rows(&cpu), "{length:?}");
    }
}
