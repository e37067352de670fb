//! Each kernel on the CPU and on every adapter there is, side by side. Answers come first: no
//! wrong one is timed.
//!
//! ```text
//! cargo bench --bench kernels                      at the sizes of `coresift bench`
//! cargo test --bench kernels                       small, for the answers alone
//! ```

mod common;

use common::{pools, sizes};
use coresift::Pool;
use coresift_cli::bench::kernels::{Case, Group, groups};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn kernels(criterion: &mut Criterion) {
    for group in groups(&sizes()) {
        let features = group.features().expect("the features fit");
        let pools = pools(&features);
        for case in group.cases() {
            compare(criterion, &group, case, &pools);
        }
    }
}

/// Times one kernel on every device; the CPU's answer, the first, is the one to match.
fn compare(
    criterion: &mut Criterion,
    group: &Group,
    case: &Case,
    pools: &[(String, Box<dyn Pool + '_>)],
) {
    let prepare = |pool| case.prepare(group, pool).expect("what it works on fits");
    let want = prepare(&*pools[0].1)().expect("runs");
    let work = case.work(group);
    let mut benchmark = criterion.benchmark_group(case.name);
    benchmark
        .sample_size(10)
        .throughput(if work.operations > 0.0 {
            Throughput::Elements(work.operations as u64)
        } else {
            Throughput::Bytes(work.bytes as u64)
        });
    let size: Vec<String> = (work.size.iter())
        .map(|(name, size)| format!("{size} {name}"))
        .collect();
    for (device, pool) in pools {
        let mut run = prepare(&**pool);
        let answer = run().expect("runs");
        assert!(answer.agrees(&want), "{} on {device}", case.name);
        let id = BenchmarkId::new(device.as_str(), size.join(", "));
        benchmark.bench_function(id, |bencher| {
            bencher.iter(|| black_box(run().expect("runs")));
        });
    }
    benchmark.finish();
}

criterion_group!(benches, kernels);
criterion_main!(benches);
