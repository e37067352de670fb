//! Each selector from pool to picks, on the CPU and on every adapter there is. Answers come
//! first: no wrong one is timed.
//!
//! ```text
//! cargo bench --bench selectors                    at the sizes of `coresift bench`
//! cargo test --bench selectors                     small, for the answers alone
//! ```

mod common;

use common::{pools, sizes};
use coresift_cli::bench::selectors::groups;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn selectors(criterion: &mut Criterion) {
    for group in groups(&sizes()) {
        let job = group.job();
        let features = group.features().expect("the features fit");
        let pools = pools(&features);
        let size = format!("{}x{}, {}", job.shape.rows, job.shape.dim, job.budget);
        for case in group.cases() {
            let select = |pool| case.selector.select(pool, job.budget).expect("picks");
            let want = select(&*pools[0].1);
            let mut benchmark = criterion.benchmark_group(case.name);
            benchmark.sample_size(10);
            for (device, pool) in &pools {
                let got = select(&**pool);
                assert_eq!(got.picks, want.picks, "{} on {device}", case.name);
                benchmark.bench_function(BenchmarkId::new(device.as_str(), &size), |bencher| {
                    bencher.iter(|| black_box(select(&**pool)));
                });
            }
            benchmark.finish();
        }
    }
}

criterion_group!(benches, selectors);
criterion_main!(benches);
