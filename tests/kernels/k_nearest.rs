//! The closest rows of every row within its cluster.

#[cfg(feature = "gpu")]
use crate::common::devices;
use crate::common::{fractions, on_every_device, oracle, whole_numbers};
use crate::{features, shapes, shuffled};
use coresift::Pool;
use coresift::kernels::rounding::k_nearest_error;
use coresift::kernels::{ClusterRows, Pass};

/// Every device, and one of 2 KiB bindings where a block of 32 rows fits them.
fn on_every_device_and_cut(x: &[f32], dim: usize, check: impl Fn(&str, &dyn Pool)) {
    #[cfg(feature = "gpu")]
    if dim <= 16 && x.len() / dim <= 300 {
        let pool = devices::cut().pool(features(x, dim)).unwrap();
        check("cut", &pool);
    }
    on_every_device(features(x, dim), check);
}

/// Some rows and what is told of them, in their order.
struct Told {
    lengths: Vec<f64>,
    centre: Vec<f64>,
    halves: Vec<f32>,
}

impl Told {
    fn cluster<'a>(&'a self, rows: &'a [usize]) -> ClusterRows<'a> {
        ClusterRows {
            rows,
            lengths: &self.lengths,
            centre: &self.centre,
            halves: &self.halves,
        }
    }

    /// The rows over their lengths and less the centre.
    fn about(&self, rows: &[Vec<f64>], cluster: &[usize]) -> Vec<Vec<f64>> {
        let about = |(&row, length): (&usize, &f64)| {
            let values = rows[row].iter().zip(&self.centre);
            values.map(|(v, centre)| v / length - centre).collect()
        };
        cluster.iter().zip(&self.lengths).map(about).collect()
    }

    /// The products of the row at a place with the others, less halves, and where those are; the
    /// largest first.
    fn sorted(&self, about: &[Vec<f64>], own: usize) -> Vec<(f64, usize)> {
        let others = (0..about.len()).filter(|&other| other != own);
        let answer = |other: usize| {
            let product = oracle::dot(&about[own], &about[other]);
            (product - f64::from(self.halves[other]), other)
        };
        let mut answers: Vec<(f64, usize)> = others.map(answer).collect();
        answers.sort_by(|a, b| b.0.total_cmp(&a.0));
        answers
    }
}

/// Answers that f32 holds exactly: the same everywhere.
fn check_k_nearest_exact(x: &[f32], dim: usize, clusters: &[&[usize]], k: usize) {
    on_every_device_and_cut(x, dim, |device, pool| {
        let rows: Vec<Vec<f64>> = x.chunks(dim).map(oracle::wide).collect();
        let told = |cluster: &&[usize]| Told {
            lengths: cluster.iter().map(|row| [1.0, 0.5, 2.0][row % 3]).collect(),
            centre: (0..dim).map(|at| (at % 5) as f64).collect(),
            halves: cluster.iter().map(|row| (row % 7) as f32).collect(),
        };
        let told: Vec<Told> = clusters.iter().map(told).collect();
        let clusters = told
            .iter()
            .zip(clusters)
            .map(|(told, rows)| told.cluster(rows));
        let clusters: Vec<ClusterRows<'_>> = clusters.collect();
        let pass = Pass::unheard();
        let got = pool.k_nearest(&clusters, k, &pass).unwrap();
        let pairs = |cluster: &ClusterRows<'_>| (cluster.rows.len() as u64).pow(2);
        assert_eq!(pass.count(), clusters.iter().map(pairs).sum::<u64>());
        assert_eq!(got.len(), clusters.len());
        for ((got, cluster), told) in got.iter().zip(&clusters).zip(&told) {
            assert_eq!(got.len(), cluster.rows.len() * k);
            let about = told.about(&rows, cluster.rows);
            for (own, got) in got.chunks(k).enumerate() {
                let want = told.sorted(&about, own);
                let want: Vec<f32> = want[..k].iter().map(|&(v, _)| v as f32).collect();
                let shape = format!("{} of {} x {dim}", cluster.rows.len(), rows.len());
                assert_eq!(
                    got, want,
                    "{device}: {shape}, {k} closest, row {}",
                    cluster.rows[own]
                );
            }
        }
    });
}

/// One cluster of all rows; then some of k + 1 rows, and one of the rest.
#[test]
fn k_nearest_exact() {
    for (seed, rows, dim) in shapes(20_000).filter(|&(_, rows, _)| rows > 1) {
        let x = whole_numbers(seed, rows * dim);
        let k = [1, 2, 5, 20, 64][seed as usize % 5].min(rows - 1);
        let order = shuffled(seed, rows);
        check_k_nearest_exact(&x, dim, &[&order], k);
        let few = k.min(3);
        let (small, rest) = order.split_at(rows / 3 / (few + 1) * (few + 1));
        let mut clusters: Vec<&[usize]> = small.chunks(few + 1).collect();
        clusters.push(rest);
        check_k_nearest_exact(&x, dim, &clusters, few);
        check_k_nearest_exact(&x, dim, &clusters[clusters.len() - 1..], few);
    }
    check_k_nearest_exact(&whole_numbers(1, 6), 3, &[], 1);
}

/// Values that a device's own unit has no room for: their rows are made on the host.
#[test]
fn k_nearest_of_rows_far_longer_than_their_lengths() {
    let x: Vec<f32> = whole_numbers(4, 200 * 3).iter().map(|v| 64.0 * v).collect();
    check_k_nearest_exact(&x, 3, &[&shuffled(4, 200)], 5);
}

/// Lists that every product enters at the front, more often than one dispatch may take, and lists
/// of equal products: rows in ascending and in descending order, and the same rows over and over.
#[test]
fn k_nearest_in_order_and_in_duplicate() {
    let rows = 1000;
    let ascending: Vec<f32> = (0..rows).map(|row| row as f32).collect();
    let repeated: Vec<f32> = (0..rows).map(|row| (row % 3) as f32 - 1.0).collect();
    let order: Vec<usize> = (0..rows).collect();
    let backwards: Vec<usize> = (0..rows).rev().collect();
    for x in [&ascending, &repeated] {
        for cluster in [&order, &backwards] {
            check_k_nearest_exact(x, 1, &[cluster], 64);
        }
    }
}

/// Rows in many panels, of long lists and of long rows, and vectors by many dispatches.
#[test]
fn k_nearest_of_many_and_of_long_rows() {
    let x = whole_numbers(1, 3_001);
    check_k_nearest_exact(&x, 1, &[&shuffled(1, 3_001)], 64);
    let x = whole_numbers(2, 290 * 1000);
    check_k_nearest_exact(&x, 1000, &[&shuffled(2, 290)], 64);
}

/// No answer is further off than `k_nearest_error` says, in whatever unit the caller's numbers are and
/// whatever the rows' lengths; and about their middle, rows that are nearly alike are told apart.
#[test]
fn k_nearest_rounding() {
    let (rows, dim, k) = (150, 100, 20);
    for (unit, spread) in [(1e-30f32, 1.0), (1.0, 1.0), (1e15, 1.0), (1.0, 1e-4)] {
        let near_alike = fractions(51, rows * dim).into_iter();
        let mut x: Vec<f32> = near_alike
            .map(|v| (1.0 - spread + spread * v) * unit)
            .collect();
        for (row, x) in x.chunks_mut(dim).enumerate() {
            let shorter = (-0.1 * row as f32).exp2();
            x.iter_mut().for_each(|v| *v *= shorter);
        }
        let order = shuffled(51, rows);
        let clusters = [&order[..90], &order[90..]];
        on_every_device(features(&x, dim), |device, pool| {
            let z: Vec<Vec<f64>> = x.chunks(dim).map(oracle::wide).collect();
            let length = |v: &[f64]| oracle::dot(v, v).sqrt();
            let told = clusters.map(|cluster| {
                let lengths: Vec<f64> = cluster.iter().map(|&row| length(&z[row])).collect();
                let first = z[cluster[0]].iter().map(|v| v / lengths[0]);
                let mut told = Told {
                    centre: first.collect(),
                    halves: Vec::new(),
                    lengths,
                };
                let about = told.about(&z, cluster);
                let halves = about.iter().map(|w| 0.5 * oracle::dot(w, w) as f32);
                told.halves = halves.collect();
                told
            });
            let clusters = [told[0].cluster(clusters[0]), told[1].cluster(clusters[1])];
            let got = pool.k_nearest(&clusters, k, &Pass::unheard()).unwrap();
            for ((got, cluster), told) in got.iter().zip(&clusters).zip(&told) {
                let about = told.about(&z, cluster.rows);
                for (own, got) in got.chunks(k).enumerate() {
                    let want = told.sorted(&about, own);
                    for (place, (&got, (want, other))) in got.iter().zip(want).enumerate() {
                        let (a, b) = (length(&about[own]), length(&about[other]));
                        // Which of two stands at a place may turn on what either is off by.
                        let error = k_nearest_error(dim, a, 1.5 * b, f64::from(told.halves[other]));
                        let off = (f64::from(got) - want).abs();
                        let at = format!("{device} unit {unit:e} row {own} place {place}");
                        assert!(
                            off <= error,
                            "{at}: {got:e} for {want:e}, {error:e} {a:e} {b:e}"
                        );
                        let coarse = f64::from(2.0 * spread * spread) * 1e-4;
                        assert!(error < coarse, "{at}: {error:e} of {coarse:e}");
                    }
                }
            }
        });
    }
}
