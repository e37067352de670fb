//! Each kernel on the CPU and on every adapter there is, side by side. Answers come first: no
//! wrong one is timed.
//!
//! ```text
//! cargo bench --bench kernels                      50 000 x 512
//! cargo test --bench kernels                       small, for the answers alone
//! ```

use coresift::{CpuPool, Features, Lp, Pool, Rate, Residuals, RowState, Totals};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use criterion::{BenchmarkId, measurement::WallTime};
#[cfg(feature = "gpu")]
use std::collections::BTreeSet;
use std::hint::black_box;

/// Directions that a selector projects out at a time.
const BLOCK: usize = 32;
/// Directions of the basis that a refresh projects out.
const BASIS: usize = 128;

/// Cargo says `--bench` when it wants times.
fn shape() -> (usize, usize) {
    if std::env::args().any(|argument| argument == "--bench") {
        (50_000, 512)
    } else {
        (500, 64)
    }
}

fn features(rows: usize, dim: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 % 1013) as f32 / 1013.0 - 0.3).max(0.0);
    (0..rows * dim).map(value).collect()
}

/// A pool on every device.
fn pools(x: &[f32], dim: usize) -> Vec<(String, Box<dyn Pool + '_>)> {
    let features = Features::new(x, x.len() / dim, dim).expect("finite");
    let cpu: (String, Box<dyn Pool>) = ("cpu".to_owned(), Box::new(CpuPool::new(features)));
    std::iter::once(cpu).chain(on_gpus(features)).collect()
}

/// A pool on every adapter. One name may stand for several backends: `open` takes the first.
#[cfg(feature = "gpu")]
fn on_gpus(features: Features<'_>) -> Vec<(String, Box<dyn Pool>)> {
    let adapters = coresift::Gpu::adapters().into_iter();
    let names: BTreeSet<String> = adapters.map(|adapter| adapter.name).collect();
    let pool = |name: String| -> (String, Box<dyn Pool>) {
        let gpu = coresift::Gpu::open(Some(&name)).expect("an adapter that is listed");
        (name, Box::new(gpu.pool(features).expect("the pool fits")))
    };
    names.into_iter().map(pool).collect()
}

#[cfg(not(feature = "gpu"))]
fn on_gpus(_: Features<'_>) -> Vec<(String, Box<dyn Pool>)> {
    Vec::new()
}

/// Times one kernel on every device. `prepare` is not timed; `same` compares an answer with the
/// CPU's.
fn compare<S, T>(
    criterion: &mut Criterion,
    (kernel, work): (&str, impl Fn(u64, u64) -> Throughput),
    prepare: impl for<'p> Fn(&'p dyn Pool) -> Prepared<'p, S>,
    run: impl Fn(&mut Prepared<'_, S>) -> T,
    same: impl Fn(&T, &T) -> bool,
) {
    let (rows, dim) = shape();
    let x = features(rows, dim);
    let mut group: BenchmarkGroup<'_, WallTime> = criterion.benchmark_group(kernel);
    group
        .throughput(work(rows as u64, dim as u64))
        .sample_size(10);
    let mut of_cpu = None;
    for (device, pool) in &pools(&x, dim) {
        let answer = run(&mut prepare(&**pool));
        let want = of_cpu.get_or_insert_with(|| run(&mut prepare(&**pool)));
        assert!(same(&answer, want), "{kernel} on {device}");
        let id = BenchmarkId::new(device.as_str(), format!("{rows}x{dim}"));
        group.bench_function(id, |bencher| {
            let mut prepared = prepare(&**pool);
            bencher.iter(|| black_box(run(&mut prepared)));
        });
    }
    group.finish();
}

/// A pool, its states, and whatever else a kernel takes.
struct Prepared<'p, S> {
    pool: &'p dyn Pool,
    residuals: Box<dyn Residuals + 'p>,
    with: S,
}

/// States of rows of which nothing has been projected out.
fn prepared<S>(pool: &dyn Pool, with: S) -> Prepared<'_, S> {
    let norms = pool.row_norms(Lp::L2).expect("runs");
    let state = |(row, &norm_sq): (usize, &f32)| RowState {
        residual_sq: norm_sq,
        left: 1.0 + (row % 64) as f32,
        guard: 0.0,
        norm_sq,
    };
    let states: Vec<RowState> = norms.iter().enumerate().map(state).collect();
    let mut residuals = pool.residuals().expect("the states fit");
    residuals.load(&states).expect("loads");
    Prepared {
        pool,
        residuals,
        with,
    }
}

/// The first `count` unit vectors.
fn directions(pool: &dyn Pool, count: usize) -> Vec<f32> {
    let dim = pool.dim();
    let mut directions = vec![0.0; count.min(dim) * dim];
    directions
        .iter_mut()
        .step_by(dim + 1)
        .for_each(|v| *v = 1.0);
    directions
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * b.abs() + 1e-9
}

fn totals_near(a: &Totals, b: &Totals) -> bool {
    near(a.rate, b.rate) && near(a.residual_sq, b.residual_sq)
}

fn features_read(rows: u64, dim: u64) -> Throughput {
    Throughput::Bytes(rows * dim * 4)
}

fn row_norms(criterion: &mut Criterion) {
    for (name, norm) in [("l1", Lp::L1), ("l2", Lp::L2), ("linf", Lp::LInf)] {
        compare(
            criterion,
            (&format!("row_norms {name}"), features_read),
            |pool| prepared(pool, ()),
            |p| p.pool.row_norms(norm).expect("runs"),
            |a, b| a.iter().zip(b).all(|(&a, &b)| near(a.into(), b.into())),
        );
    }
}

fn gather_rows(criterion: &mut Criterion) {
    compare(
        criterion,
        ("gather_rows", |rows, dim| {
            Throughput::Bytes(rows.div_ceil(100) * dim * 4)
        }),
        |pool| prepared(pool, (0..pool.rows()).step_by(100).collect::<Vec<_>>()),
        |p| p.pool.gather_rows(&p.with).expect("runs"),
        |a, b| a == b,
    );
}

fn due_rows(criterion: &mut Criterion) {
    compare(
        criterion,
        ("due_rows", |rows, _| Throughput::Elements(rows)),
        |pool| prepared(pool, ()),
        |p| {
            let mut due = p
                .residuals
                .due_rows(1.4, Rate::new(1.0), 4096)
                .expect("runs");
            due.rows.sort_unstable();
            due
        },
        |a, b| a.count == b.count && (a.rows == b.rows || a.count > 4096),
    );
}

fn deflate(criterion: &mut Criterion) {
    compare(
        criterion,
        // A multiply and an add for every feature and direction.
        ("deflate", |rows, dim| {
            Throughput::Elements(2 * rows * dim * BLOCK as u64)
        }),
        |pool| prepared(pool, directions(pool, BLOCK)),
        |p| {
            p.residuals
                .deflate(&p.with, &[1e-6; BLOCK], Rate::new(1.0))
                .expect("runs")
        },
        totals_near,
    );
}

fn refresh(criterion: &mut Criterion) {
    compare(
        criterion,
        // Two projections, each of two products.
        ("refresh", |rows, dim| {
            Throughput::Elements(8 * rows * dim * dim.min(BASIS as u64))
        }),
        |pool| prepared(pool, directions(pool, BASIS)),
        |p| {
            p.residuals
                .refresh(&p.with, -1.0, Rate::new(1.0))
                .expect("runs")
        },
        totals_near,
    );
}

criterion_group!(benches, row_norms, gather_rows, due_rows, deflate, refresh);
criterion_main!(benches);
