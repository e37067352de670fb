//! Each selector from pool to picks, on the CPU and on every adapter there is. Answers come
//! first: no wrong one is timed.
//!
//! ```text
//! cargo bench --bench selectors                    50 000 x 512, 200 picks
//! cargo test --bench selectors                     small, for the answers alone
//! ```

mod common;

use common::{features, pools, shape};
use coresift::{Classes, GramSchmidt, Norm, Sas, Selector, TypiClust, Uniform};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn selectors(criterion: &mut Criterion) {
    let (rows, dim) = shape();
    let x = features(rows, dim);
    let budget = 200.min(rows / 4);
    let greedy = GramSchmidt {
        greedy: true,
        ..GramSchmidt::default()
    };
    let sas = Sas {
        classes: Classes::Given((0..rows).map(|row| row % 20).collect()),
        ..Sas::default()
    };
    let typiclust = TypiClust {
        clusters: Some((0..rows).map(|row| row % 20).collect()),
        ..TypiClust::default()
    };
    let selectors: [(&str, &dyn Selector); 6] = [
        ("uniform", &Uniform::default()),
        ("norm", &Norm::default()),
        ("gram_schmidt", &GramSchmidt::default()),
        ("gram_schmidt greedy", &greedy),
        ("sas", &sas),
        ("typiclust", &typiclust),
    ];
    let pools = pools(&x, dim);
    for (name, selector) in selectors {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        let want = selector.select(&*pools[0].1, budget).expect("picks");
        for (device, pool) in &pools {
            let got = selector.select(&**pool, budget).expect("picks");
            assert_eq!(got.picks, want.picks, "{name} on {device}");
            let id = BenchmarkId::new(device.as_str(), format!("{rows}x{dim}, {budget}"));
            group.bench_function(id, |bencher| {
                bencher.iter(|| black_box(selector.select(&**pool, budget)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, selectors);
criterion_main!(benches);
