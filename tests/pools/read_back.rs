//! Rows that are a device's stay there: what comes back is answers, and the rows that a selector asks for.

use crate::common::devices::SOFTWARE;
use crate::common::fractions;
use crate::selectors::selectors;
use coresift::kernels::{Assignment, Call, ClusterRows, Watched, Watcher};
use coresift::{Error, Features, Gpu, Pool as _};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const ROWS: usize = 3000;
const DIM: usize = 512;
const PICKS: usize = 5;

/// Bytes of answers, at most: a twelfth of the matrix.
const MOST: u64 = 64 * ROWS as u64 + (64 << 10) * PICKS as u64;

/// Bytes that a selector asks for: of rows, in floats and in integers, and of answers whose number is
/// its own to say, those of k-means, by sweeps, and of the nearest of every row.
#[derive(Default)]
struct Asked(AtomicU64);

impl Asked {
    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Relaxed);
    }
}

impl Watcher for &Asked {
    fn around<T>(&self, call: Call, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        match call.name {
            // Rows that move between sums are gathered where no pool knows better.
            "gather_rows" | "sum_units" => self.add(size_of::<f32>() * call.work),
            "integer_rows" => self.add(size_of::<i16>() * call.work),
            _ => {}
        }
        run()
    }

    fn assign(&self, found: &mut [Assignment]) {
        self.add(size_of_val(found));
    }

    fn k_nearest(&self, _: &[ClusterRows<'_>], found: &mut [Vec<f32>]) {
        found
            .iter()
            .for_each(|lists| self.add(size_of_val(&lists[..])));
    }
}

fn read_back(gpu: &Gpu) -> u64 {
    gpu.take_record().unwrap().unwrap().read_back_bytes
}

#[test]
fn no_selector_reads_rows_back_that_it_has_not_asked_for() {
    let x = fractions(9, ROWS * DIM);
    let features = Features::new(&x, ROWS, DIM).unwrap();
    let gpu = Gpu::open_recorded(&SOFTWARE.parse().unwrap()).unwrap();
    let pool = gpu.upload(&features).unwrap();
    for (name, selector, _) in selectors(ROWS) {
        read_back(&gpu);
        let asked = Asked::default();
        let watched = Watched::new(&pool, &asked);
        selector.select(&watched, PICKS).unwrap();
        let (read, asked) = (read_back(&gpu), asked.0.into_inner());
        assert!(
            read <= asked + MOST,
            "{name}: {read} bytes, {asked} and at most {MOST} expected"
        );
    }
    // Whoever reads all rows is seen.
    pool.gather_rows(&(0..ROWS).collect::<Vec<_>>()).unwrap();
    assert!(read_back(&gpu) > 10 * MOST);
}
