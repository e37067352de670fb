//! What rows on the device take there, and what comes back.

use crate::common::devices::SOFTWARE;
use crate::common::fractions;
use coresift::kernels::{Examples, KernelFunction, Length, stored_bytes};
use coresift::{Classes, CpuPool, Features, Gpu, Pool, Sas, Selector, Storage};

/// SAS takes for each row its features in f32 and in 16 bits, what its plan says of matrices, and no
/// more than 24 bytes beside; a list of 1 MiB where there are very many classes, whose rows are
/// filled up to four.
#[test]
fn sas_keeps_to_24_bytes_a_row() {
    let gpu = Gpu::open_recorded(&SOFTWARE.parse().unwrap()).unwrap();
    let (rows, dim) = (44_000, 96);
    let x: Vec<f32> = fractions(5, rows * dim).iter().map(|x| x.abs()).collect();
    let features = Features::new(&x, rows, dim).unwrap();
    let most = |each: usize, storage: Storage| {
        let sas = Sas {
            classes: Classes::Given((0..rows).map(|row| row / each).collect()),
            storage,
            ..Sas::default()
        };
        gpu.take_record().unwrap();
        let pool = gpu.upload(&features).unwrap();
        sas.select(&pool, rows / 5 * 4).unwrap();
        let peak = gpu.take_record().unwrap().unwrap().peak_bytes;
        let matrices = match storage {
            Storage::Dense => (rows / each) as u64 * stored_bytes(each),
            _ => 0,
        };
        (peak - matrices - 6 * (rows * dim) as u64) as f64 / rows as f64
    };
    let list = f64::from(1 << 20) / rows as f64;
    for (each, storage, list) in [
        (1, Storage::Dense, list),
        (44, Storage::Dense, 0.0),
        (44, Storage::OnTheFly, 0.0),
    ] {
        let beside = most(each, storage) - list;
        assert!(
            beside <= 24.0,
            "classes of {each}, {storage:?}: {beside} bytes"
        );
    }
}

/// Rows that live on the device are quantised there: what comes back is a few bytes a row, and the rows
/// of candidates where similarities are not kept. The rows themselves are 1 KiB each.
#[test]
fn rows_on_the_device_do_not_travel() {
    let (rows, dim, picks) = (3000, 256, 12);
    let x = fractions(9, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let gpu = Gpu::open_recorded(&SOFTWARE.parse().unwrap()).unwrap();
    let pool = gpu.upload(&features).unwrap();
    let read_back = || gpu.take_record().unwrap().unwrap().read_back_bytes as usize;
    read_back();

    let all: Vec<usize> = (0..rows).collect();
    let examples = Examples {
        classes: &[&all],
        views: 1,
        length: Length::Own,
    };
    drop(
        pool.similarities(examples, &KernelFunction::Thresholded(0))
            .unwrap(),
    );
    let bytes = read_back();
    assert!((1..=64 * rows).contains(&bytes), "similarities: {bytes}");
    drop(pool.neighbours().unwrap());
    let bytes = read_back();
    assert!((1..=64 * rows).contains(&bytes), "neighbours: {bytes}");

    for storage in [Storage::Dense, Storage::OnTheFly] {
        let sas = Sas {
            storage,
            block: 64,
            ..Sas::default()
        };
        let want = sas.select(&CpuPool::new(features.clone()), picks).unwrap();
        read_back();
        assert_eq!(sas.select(&pool, picks).unwrap().picks, want.picks);
        let bytes = read_back();
        let most = 64 * rows + (64 << 10) * picks;
        assert!(bytes <= most, "{storage:?}: {bytes} of at most {most}");
        assert!(most < rows * dim * 4 / 3, "less than the rows are");
    }
}
