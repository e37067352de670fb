//! Limits of memory and of bindings.

use crate::common::devices::cut;
use crate::common::whole_numbers;
use crate::{Application, of_ones};
use coresift::kernels::{ClusterRows, Pass, Update};
use coresift::wgpu;
use coresift::{Error, Features, Gpu, Pool};

#[test]
fn memory_limits_hold() {
    let gpu = Application::new(wgpu::Limits::default()).gpu;
    let x = whole_numbers(3, 1000 * 64);
    let features = Features::new(&x, 1000, 64).unwrap();
    let less = gpu.clone().with_memory_limit(255_999);
    let lent = less.pool(features.clone()).unwrap();
    match less.upload(&features) {
        Err(Error::OutOfMemory {
            needed: 256_000,
            available: Some(255_999),
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(lent.gather_rows(&[7]).unwrap().len(), 64);
    // Room for the pool, not for its states; and what a pool held is free when it is dropped.
    let gpu = gpu.with_memory_limit(256_000 + 15_999);
    for _ in 0..3 {
        let pool = gpu.upload(&features).unwrap();
        match pool.residuals().map(|_| ()) {
            Err(Error::OutOfMemory {
                needed: 16_000,
                available: Some(15_999),
                ..
            }) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A cluster is worked on in such pieces as the memory that is left has room for.
#[test]
fn k_nearest_keeps_to_the_memory_limit() {
    let gpu = Application::new(wgpu::Limits::default()).gpu;
    let x = whole_numbers(3, 1000 * 64);
    let features = Features::new(&x, 1000, 64).unwrap();
    let cluster: Vec<usize> = (0..1000).collect();
    let closest = |gpu: Gpu| {
        let pool = gpu.upload(&features).unwrap();
        let cluster = ClusterRows {
            rows: &cluster,
            lengths: &[1.0; 1000],
            centre: &[0.0; 64],
            halves: &[0.5; 1000],
        };
        pool.k_nearest(&[cluster], 20, &Pass::unheard()).unwrap()
    };
    let want = closest(gpu.clone());
    assert!(closest(gpu.with_memory_limit(256_000 + 100_000)) == want);
}

#[test]
fn similarities_keep_to_the_memory_limit() {
    let gpu = Application::new(wgpu::Limits::default()).gpu;
    let x = [1.0; 16];
    let features = Features::new(&x, 1, 16).unwrap();
    let unlimited = gpu.pool(features.clone()).unwrap();
    let similarities = of_ones(&unlimited, &[1000, 1000], Some(0)).unwrap();
    assert_eq!(similarities.room(), 5 * (128 << 20)); // five bindings
    drop(similarities);
    drop(unlimited);

    // The features, the rows, one class's matrix of 2 MB, and what the kernels need beside: a list takes a
    // 64th of all, and a kernel function with its table 4128 bytes.
    let beside = 4128 + 64 + 64_000 + 24 * 2000 + (1 << 17) + 5 * 16;
    let limit: u64 = 2_300_000;
    let room = limit - beside - limit / 64;
    assert!((2_000_000..4_000_000).contains(&room));
    let pool = gpu.with_memory_limit(limit).upload(&features).unwrap();
    let mut similarities = of_ones(&pool, &[1000, 1000], Some(0)).unwrap();
    assert_eq!(similarities.room(), room);
    for class in [0, 1, 0] {
        similarities
            .store(class..class + 1, &Pass::unheard())
            .unwrap();
        assert_eq!(similarities.room(), room);
        let sums = similarities.row_sums(&Pass::unheard()).unwrap();
        assert_eq!(sums, [0; 2000], "16 is under half of a unit");
        let (mut gains, every) = (vec![0; 1000], [1000]);
        similarities
            .greedy_rounds(&mut gains, &every, Update::Cut { step: -2 })
            .unwrap();
    }
    match similarities.store(0..2, &Pass::unheard()) {
        Err(Error::OutOfMemory {
            what: "similarities",
            needed: 4_000_000,
            available: Some(available),
        }) if available == room => {}
        other => panic!("{other:?}"),
    }
    drop(similarities);
    // Rows that do not fit come and go: 2.56 MB of them. Their sums have to fit.
    let many = of_ones(&pool, &[80_000], None).unwrap();
    assert_eq!(many.sum_columns(&[7, 79_999]).unwrap(), [32; 80_000]);
    let more = of_ones(&pool, &[200_000], None).unwrap();
    assert!(more.sum_columns(&[7]).is_err());
}

#[test]
fn integer_rows_past_one_binding_are_refused() {
    let gpu = cut();
    let pool = |dim: usize| {
        let features = Features::new(&[1.0; 257][..dim], 1, dim).unwrap();
        gpu.pool(features).unwrap()
    };
    // Four rows of 256 values fill a binding of 2 KiB, and so do the sums of 256 rows.
    assert!(of_ones(&pool(256), &[5], None).is_ok());
    let refused = of_ones(&pool(257), &[5], None).map(|_| ());
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
    let pool = pool(1);
    let similarities = of_ones(&pool, &[257], Some(0)).unwrap();
    let refused = similarities.row_sums(&Pass::unheard());
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
    let refused = similarities.sum_columns(&[3]);
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
}
