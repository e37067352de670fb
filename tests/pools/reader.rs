//! Rows that are read when they are asked for, and may cease to be there.

use crate::common::devices::{self, SOFTWARE};
use crate::common::{fractions, npy};
use crate::selectors::{assert_same, selectors};
use crate::table::reader;
use coresift::{
    CpuPool, Error, Features, Gpu, LeftOut, Norm, Pool, ReadRows, Rows, Selector, Shards,
};
use std::sync::Arc;

#[test]
fn every_selector_picks_alike_from_rows_that_are_read() {
    for stored in npy::small_pools() {
        let (rows, dim, values) = (stored.rows, stored.dim, Arc::new(stored.values));
        let lent = CpuPool::new(Features::new(&values, rows, dim).unwrap());
        let read = Features::from_reader(reader(&values, dim, usize::MAX)).unwrap();
        assert_eq!(read.precision(), lent.precision());
        let cut = rows / 3;
        let parts = [0..cut, cut..rows]
            .map(|part| -> Box<dyn Pool> { Box::new(CpuPool::new(read.part(part))) });
        let shards = Shards::new(parts.into()).unwrap();
        let cpu = CpuPool::new(read.clone());
        let gpu = Gpu::open(&SOFTWARE.parse().unwrap())
            .unwrap()
            .pool(read.clone())
            .unwrap();
        let tiny = devices::cut().pool(read).unwrap();
        let pools: [(&str, &dyn Pool); 4] = [
            ("cpu", &cpu),
            ("shards", &shards),
            ("gpu", &gpu),
            ("cut", &tiny),
        ];
        for (name, selector, budget) in selectors(rows) {
            let want = selector.select(&lent, budget).unwrap();
            for (place, pool) in pools {
                let at = format!("{name} of {} on {place}", stored.name);
                if place != "cut" || rows <= 200 {
                    assert_same(&selector.select(pool, budget).unwrap(), &want, &at);
                }
            }
        }
    }
}

/// Whenever rows cannot be read any more the run ends with what the reader said, and the picks made are
/// the first of all.
#[test]
fn rows_that_cannot_be_read_end_a_run() {
    let (rows, dim) = (300, 8);
    let values = Arc::new(fractions(3, rows * dim));
    let lent = CpuPool::new(Features::new(&values, rows, dim).unwrap());
    for (name, selector, budget) in selectors(rows) {
        let budget = budget.min(40);
        let all = selector.select(&lent, budget).unwrap();
        let (mut ended, mut most) = (0, 0);
        for times in [2, 3, 5, 9, 20, 50, 120, 300, usize::MAX] {
            let read = Features::from_reader(reader(&values, dim, times)).unwrap();
            match selector.select(&CpuPool::new(read), budget) {
                Ok(found) => assert_eq!(found.picks, all.picks, "{name}, {times} times"),
                Err(error @ Error::Unreadable { .. }) => {
                    let said = error.to_string();
                    assert!(said.starts_with("rows.bin: gone"), "{name}: {said}");
                    let Error::Unreadable { partial, .. } = error else {
                        unreachable!()
                    };
                    let is_by_class = name.starts_with("sas");
                    let first = &all.picks[..partial.picks.len()];
                    assert!(
                        is_by_class || partial.picks == first,
                        "{name}, {times} times"
                    );
                    (ended, most) = (ended + 1, most.max(partial.picks.len()));
                }
                Err(other) => panic!("{name}, {times} times: {other}"),
            }
        }
        assert!(ended > 0 || name == "uniform", "{name}");
        println!("{name}: ended {ended} times, with up to {most} picks");
    }
}

#[test]
fn what_is_wrong_with_rows_that_are_read_is_told() {
    let told = |values: Vec<f32>, dim: usize, times: usize| {
        let read = Features::from_reader(reader(&Arc::new(values), dim, times));
        read.unwrap_err().to_string()
    };
    let mut values = fractions(3, 700 * 2);
    assert_eq!(told(values.clone(), 2, 1), "rows.bin: gone");
    values[1301] = f32::NAN;
    assert_eq!(
        told(values, 2, usize::MAX),
        "features: NaN found at row 650, column 1, a finite value expected"
    );
    let rows = Rows::Reader(Arc::new(reader(&Arc::new(vec![1.0; 6]), 3, 9)));
    let found = Features::without(rows, [3, 2], &LeftOut::default());
    assert_eq!(
        found.unwrap_err().to_string(),
        "features: 6 values found, 3 rows of 2 expected"
    );
    assert_eq!(
        told(Vec::new(), 3, 1),
        "features: shape 0 x 3 found, at least one row and one column expected"
    );
}

/// No more than some blocks are held: what is read at a time is far less than all.
#[test]
fn rows_are_read_in_small_pieces() {
    struct Large;
    impl ReadRows for Large {
        fn rows(&self) -> usize {
            200_000
        }

        fn dim(&self) -> usize {
            16
        }

        fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
            for (row, out) in (first..).zip(out.chunks_mut(16)) {
                out.fill(1.0 + (row % 1000) as f32);
            }
            assert!(out.len() <= 1 << 16, "{} values", out.len());
            Ok(())
        }
    }
    let pool = CpuPool::new(Features::from_reader(Large).unwrap());
    let got = Norm::default().select(&pool, 100).unwrap();
    assert_eq!(got.picks.len(), 100);
}
