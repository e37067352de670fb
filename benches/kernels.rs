//! Each kernel on the CPU and on every adapter there is, side by side. Answers come first: no
//! wrong one is timed.
//!
//! ```text
//! cargo bench --bench kernels                      50 000 x 512
//! cargo test --bench kernels                       small, for the answers alone
//! ```

mod common;

use common::{features, pools, shape};
use coresift::{
    Field, IntegerRows, Lp, MARKED, Nearest, Pool, Rate, Reach, Residuals, RowState, Similarities,
    Totals,
};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use criterion::{BenchmarkId, measurement::WallTime};
use std::hint::black_box;
use std::sync::OnceLock;

/// Directions that a selector projects out at a time.
const BLOCK: usize = 32;
/// Directions of the basis that a refresh projects out.
const BASIS: usize = 128;
/// Centres of a clustering.
const CENTRES: usize = 100;
/// Centres that the rows of a cluster are compared to.
const RIVALS: usize = 5;
/// Clusters that a fifth of the rows are in, and how many neighbours a row has.
const CLUSTERS: usize = 4;
const NEIGHBOURS: usize = 20;
/// Classes of integer rows, and what a product must be above to count.
const CLASSES: usize = 2;
const THRESHOLD: Option<i32> = Some(1 << 28);

/// A kernel ready to run: all that it works on is resident.
type Ready<'p, T> = Box<dyn FnMut() -> T + 'p>;

/// Times one kernel on every device. `prepare` is not timed; `same` compares an answer with the
/// CPU's.
fn compare<T>(
    criterion: &mut Criterion,
    (kernel, work): (&str, impl Fn(u64, u64) -> Throughput),
    prepare: impl for<'p> Fn(&'p dyn Pool) -> Ready<'p, T>,
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
        let answer = prepare(&**pool)();
        let want = of_cpu.get_or_insert_with(|| prepare(&**pool)());
        assert!(same(&answer, want), "{kernel} on {device}");
        let id = BenchmarkId::new(device.as_str(), format!("{rows}x{dim}"));
        group.bench_function(id, |bencher| {
            let mut run = prepare(&**pool);
            bencher.iter(|| black_box(run()));
        });
    }
    group.finish();
}

/// States of rows of which nothing has been projected out.
fn residuals(pool: &dyn Pool) -> Box<dyn Residuals + '_> {
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
    residuals
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
            |pool| Box::new(move || pool.row_norms(norm).expect("runs")),
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
        |pool| {
            let wanted: Vec<usize> = (0..pool.rows()).step_by(100).collect();
            Box::new(move || pool.gather_rows(&wanted).expect("runs"))
        },
        |a, b| a == b,
    );
}

fn due_rows(criterion: &mut Criterion) {
    compare(
        criterion,
        ("due_rows", |rows, _| Throughput::Elements(rows)),
        |pool| {
            let residuals = residuals(pool);
            Box::new(move || {
                let mut due = residuals.due_rows(1.4, Rate::new(1.0), 4096).expect("runs");
                due.rows.sort_unstable();
                due
            })
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
        |pool| {
            let (mut residuals, directions) = (residuals(pool), directions(pool, BLOCK));
            Box::new(move || {
                let (dt, rate) = ([1e-6; BLOCK], Rate::new(1.0));
                residuals.deflate(&directions, &dt, rate).expect("runs")
            })
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
        |pool| {
            let (mut residuals, basis) = (residuals(pool), directions(pool, BASIS));
            Box::new(move || {
                residuals
                    .refresh(&basis, -1.0, Rate::new(1.0))
                    .expect("runs")
            })
        },
        totals_near,
    );
}

fn nearest(criterion: &mut Criterion) {
    compare(
        criterion,
        ("nearest", |rows, dim| {
            Throughput::Elements(2 * rows * dim * CENTRES as u64)
        }),
        |pool| {
            let centres: Vec<usize> = (0..CENTRES).collect();
            let centres = pool.gather_rows(&centres).expect("runs");
            let half_sq = |v: &[f32]| v.iter().map(|v| v * v).sum::<f32>() / 2.0;
            let offsets: Vec<f32> = centres.chunks(pool.dim()).map(half_sq).collect();
            let lengths = vec![1.0; pool.rows()];
            Box::new(move || pool.nearest(&centres, &offsets, &lengths).expect("runs"))
        },
        |a, b| {
            let near = |(a, b): (&Nearest, &Nearest)| {
                (a.best - b.best).abs() < 1e-3 && (a.second - b.second).abs() < 1e-3
            };
            a.iter().zip(b).all(near)
        },
    );
}

/// On the CPU alone: a GPU has no answer.
fn leads(criterion: &mut Criterion) {
    compare(
        criterion,
        ("leads", |rows, dim| {
            Throughput::Elements(2 * rows * dim * RIVALS as u64)
        }),
        |pool| {
            let centres: Vec<usize> = (0..CENTRES).collect();
            let centres = pool.gather_rows(&centres).expect("runs");
            let (offsets, lengths) = (vec![0.0; CENTRES], vec![1.0; pool.rows()]);
            let rows = |own: usize| (own..pool.rows()).step_by(CENTRES).collect();
            let clusters: Vec<Vec<usize>> = (0..CENTRES).map(rows).collect();
            Box::new(move || {
                let field = |(own, rows)| Field {
                    rows,
                    vectors: (own..own + RIVALS).map(|v| (v % CENTRES) as u32).collect(),
                };
                let rows = clusters.iter().map(|rows| &rows[..]);
                let fields: Vec<Field<'_>> = rows.enumerate().map(field).collect();
                let found = pool.leads(&fields, &centres, &offsets, &lengths);
                let found = found.expect("runs").unwrap_or_default();
                let least = found.into_iter().flat_map(|leads| leads.least);
                least.collect::<Vec<f32>>()
            })
        },
        |a, b| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3),
    );
}

fn closest(criterion: &mut Criterion) {
    compare(
        criterion,
        ("closest", |rows, dim| {
            Throughput::Elements(2 * rows / 5 * dim * rows / 5 / CLUSTERS as u64)
        }),
        |pool| {
            let lengths = pool.row_norms(Lp::L2).expect("runs");
            let lengths: Vec<f32> = lengths.iter().map(|norm| norm.sqrt()).collect();
            let clusters: Vec<Vec<usize>> = (0..CLUSTERS)
                .map(|first| (first..pool.rows() / 5).step_by(CLUSTERS).collect())
                .collect();
            Box::new(move || {
                let clusters: Vec<&[usize]> = clusters.iter().map(|rows| &rows[..]).collect();
                let closest = pool.closest(&clusters, &lengths, NEIGHBOURS).expect("runs");
                closest.concat()
            })
        },
        |a, b| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5),
    );
}

/// A fifth of the features as integer rows, in classes.
fn integer_rows() -> &'static IntegerRows {
    static ROWS: OnceLock<IntegerRows> = OnceLock::new();
    ROWS.get_or_init(|| {
        let (rows, dim) = shape();
        let of_class = rows / 5 / CLASSES;
        let starts = (0..=CLASSES).map(|class| class * of_class).collect();
        let mut integers = IntegerRows::zeros(dim, starts);
        let pitch = integers.pitch();
        let x = features(of_class * CLASSES, dim);
        for (to, row) in integers.values_mut().chunks_mut(pitch).zip(x.chunks(dim)) {
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            for (to, v) in to.iter_mut().zip(row) {
                *to = (v / length * 32_760.0) as i16;
            }
        }
        integers
    })
}

fn similarities(pool: &dyn Pool, threshold: Option<i32>) -> Box<dyn Similarities + '_> {
    pool.similarities(integer_rows(), threshold)
        .expect("the rows fit")
}

/// Those of all classes, kept.
fn stored(pool: &dyn Pool) -> Box<dyn Similarities + '_> {
    let mut similarities = similarities(pool, THRESHOLD);
    similarities.store(0..CLASSES).expect("the matrices fit");
    similarities
}

/// Every `step`th integer row.
fn columns(step: usize) -> Vec<usize> {
    (0..integer_rows().rows()).step_by(step).collect()
}

/// A multiply and an add for every value of every pair of rows of a class, counted once.
fn pairs_of_rows(rows: u64, dim: u64) -> Throughput {
    let of_class = rows / 5 / CLASSES as u64;
    Throughput::Elements(CLASSES as u64 * of_class * (of_class + 1) * dim)
}

fn store_similarities(criterion: &mut Criterion) {
    compare(
        criterion,
        ("store_similarities", pairs_of_rows),
        |pool| {
            let mut similarities = similarities(pool, THRESHOLD);
            let columns = columns(100);
            Box::new(move || {
                similarities.store(0..CLASSES).expect("the matrices fit");
                similarities.sum_stored(&columns).expect("runs") // waits for the matrices
            })
        },
        |a, b| a == b,
    );
}

fn row_sums(criterion: &mut Criterion) {
    compare(
        criterion,
        ("row_sums", pairs_of_rows),
        |pool| {
            let similarities = similarities(pool, THRESHOLD);
            Box::new(move || similarities.row_sums().expect("runs"))
        },
        |a, b| a == b,
    );
}

fn sum_columns(criterion: &mut Criterion) {
    for (name, threshold) in [("thresholded", THRESHOLD), ("products", None)] {
        compare(
            criterion,
            (&format!("sum_columns {name}"), |rows, dim| {
                let columns = columns(100).len() as u64;
                Throughput::Elements(2 * rows / 5 * dim * columns / CLASSES as u64)
            }),
            |pool| {
                let (similarities, columns) = (similarities(pool, threshold), columns(100));
                Box::new(move || similarities.sum_columns(&columns).expect("runs"))
            },
            |a, b| a == b,
        );
    }
}

fn sum_stored(criterion: &mut Criterion) {
    compare(
        criterion,
        ("sum_stored", |rows, _| {
            let columns = columns(4).len() as u64;
            Throughput::Bytes(2 * rows / 5 * columns / CLASSES as u64)
        }),
        |pool| {
            let (similarities, columns) = (stored(pool), columns(4));
            Box::new(move || similarities.sum_stored(&columns).expect("runs"))
        },
        |a, b| a == b,
    );
}

fn greedy_rounds(criterion: &mut Criterion) {
    compare(
        criterion,
        ("greedy_rounds", |rows, _| {
            Throughput::Elements(rows / 5 / CLASSES as u64 * 4 / 5)
        }),
        |pool| {
            let mut similarities = stored(pool);
            let sums = similarities.row_sums().expect("runs");
            let counts = vec![integer_rows().class(0).len() * 4 / 5; CLASSES];
            Box::new(move || {
                let mut gains = sums.clone();
                similarities
                    .greedy_rounds(&mut gains, &counts, -2)
                    .expect("runs")
            })
        },
        |a, b| a == b,
    );
}

/// A tenth of the features in a pool of its own: every pair of rows is too many of all.
fn tenth() -> usize {
    (shape().0 / 10).max(1)
}

/// The kernels of neighbours, each of which has all pairs of rows, or of 32 and all rows.
fn neighbours(criterion: &mut Criterion) {
    let (rows, dim) = (tenth(), shape().1);
    let x = features(rows, dim);
    let mut of_cpu = None;
    for (device, pool) in &pools(&x, dim) {
        let neighbours = pool.neighbours().expect("the rows fit");
        let all: Vec<usize> = (0..rows).collect();
        let marked: Vec<usize> = (0..rows).step_by(rows.div_ceil(MARKED)).collect();
        let labels: Vec<u32> = (0..rows as u32).map(|row| row % 7).collect();
        let reach = Reach::of(0.9, dim);
        let count = || neighbours.count_within(reach.possible).expect("runs");
        let mark = || neighbours.mark_within(&marked, &all, reach).expect("runs");
        let other = || neighbours.nearest_other(&labels).expect("runs");
        let answers = (count(), mark(), other());
        let want = of_cpu.get_or_insert_with(|| answers.clone());
        assert!(answers == *want, "neighbours on {device}");
        let id = || BenchmarkId::new(device.as_str(), format!("{rows}x{dim}"));
        let pairs = (rows * (rows + 1) * dim) as u64;
        let few = (2 * rows * marked.len() * dim) as u64;
        let mut time = |kernel: &str, flops: u64, run: &dyn Fn()| {
            let mut group = criterion.benchmark_group(kernel);
            group
                .throughput(Throughput::Elements(flops))
                .sample_size(10);
            group.bench_function(id(), |bencher| bencher.iter(run));
            group.finish();
        };
        time("count_within", pairs, &|| drop(black_box(count())));
        time("mark_within", few, &|| drop(black_box(mark())));
        time("nearest_other", pairs, &|| drop(black_box(other())));
    }
}

criterion_group!(
    benches,
    row_norms,
    gather_rows,
    due_rows,
    deflate,
    refresh,
    nearest,
    leads,
    closest,
    store_similarities,
    row_sums,
    sum_columns,
    sum_stored,
    greedy_rounds,
    neighbours
);
criterion_main!(benches);
