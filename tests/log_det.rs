//! Picks with a ridge against their definition: determinants and inverses anew for every pick, in f64.

mod common;

use common::{fractions, npy, on_every_device, oracle, with_features_lent};
use coresift::{
    CpuPool, Details, Determinant, Features, GramSchmidt, LogDet, Selection, Selector,
    ShortfallReason,
};

/// Rows in f64, and what is asked of them.
struct Rows {
    rows: Vec<Vec<f64>>,
}

impl Rows {
    fn new(x: &[f32], dim: usize) -> Self {
        let row = |x: &[f32]| x.iter().map(|&v| f64::from(v)).collect();
        Self {
            rows: x.chunks(dim).map(row).collect(),
        }
    }

    fn lambda(&self, ridge: f64) -> f64 {
        let squares: f64 = self.rows.iter().map(|row| dot(row, row)).sum();
        ridge * squares / self.rows.len() as f64
    }

    /// log det(λI + F_S F_Sᵀ).
    fn log_det(&self, set: &[usize], lambda: f64) -> f64 {
        let entry = |i: usize, j: usize| {
            let product = dot(&self.rows[set[i]], &self.rows[set[j]]);
            product + if i == j { lambda } else { 0.0 }
        };
        let pivots = cholesky(set.len(), entry);
        (0..set.len()).map(|i| 2.0 * pivots[i][i].ln()).sum()
    }

    /// F_i (I + F_Sᵀ F_S / λ)⁻¹ F_iᵀ of every row.
    fn residuals_sq(&self, set: &[usize], lambda: f64) -> Vec<f64> {
        let dim = self.rows[0].len();
        let entry = |i: usize, j: usize| {
            let products = set.iter().map(|&row| self.rows[row][i] * self.rows[row][j]);
            products.sum::<f64>() / lambda + f64::from(u8::from(i == j))
        };
        let factor = cholesky(dim, entry);
        let residual_sq = |row: &Vec<f64>| {
            // ‖L⁻¹f‖², by substitution.
            let mut solved: Vec<f64> = Vec::with_capacity(dim);
            for (i, value) in row.iter().enumerate() {
                let rest = value - dot(&factor[i][..i], &solved);
                solved.push(rest / factor[i][i]);
            }
            dot(&solved, &solved)
        };
        self.rows.iter().map(residual_sq).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The lower factor of a positive definite matrix.
fn cholesky(size: usize, entry: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
    let mut factor = vec![vec![0.0; size]; size];
    for i in 0..size {
        for j in 0..=i {
            let rest = entry(i, j) - dot(&factor[i][..j], &factor[j][..j]);
            factor[i][j] = if i == j {
                rest.sqrt()
            } else {
                rest / factor[j][j]
            };
        }
    }
    factor
}

fn determinant(selection: &Selection) -> Determinant {
    match &selection.details {
        Details::Determinant(classes) if classes.len() == 1 => classes[0],
        other => panic!("{other:?}"),
    }
}

fn log_det(ridge: f64, labelled: &[usize]) -> LogDet {
    LogDet {
        ridge,
        labelled: labelled.to_vec(),
        ..LogDet::default()
    }
}

fn drawn(ridge: f64, power: f64, seed: u64) -> GramSchmidt {
    GramSchmidt {
        ridge: Some(ridge),
        power,
        seed,
        ..GramSchmidt::default()
    }
}

/// Small pools, to four times past the rank: each pick adds most to the determinant of all sets of that size
/// that hold those before.
#[test]
fn each_pick_adds_most_to_the_determinant() {
    for (seed, dim) in (0..).zip([1, 2, 3, 5, 30]) {
        let count = 12;
        let x = fractions(seed, count * dim);
        let rows = Rows::new(&x, dim);
        on_every_device(Features::new(&x, count, dim).unwrap(), |device, pool| {
            for (ridge, labelled) in [(1e-3, &[][..]), (0.1, &[7, 1]), (10.0, &[])] {
                let at = format!("{dim} columns, ridge {ridge}, {device}");
                let able = count - labelled.len();
                let got = log_det(ridge, labelled).select(pool, able).unwrap();
                let lambda = rows.lambda(ridge);
                let (mut set, of_labelled) = (labelled.to_vec(), rows.log_det(labelled, lambda));
                for (&pick, score) in got.picks.iter().zip(&got.scores) {
                    let gain = |row: usize| {
                        let with = [&set[..], &[row]].concat();
                        rows.log_det(&with, lambda) - rows.log_det(&set, lambda)
                    };
                    let rest = (0..count).filter(|row| !set.contains(row));
                    let most = rest.map(gain).fold(f64::NEG_INFINITY, f64::max);
                    assert!(gain(pick) > most - 1e-9, "{at}: {pick}");
                    let told = (lambda + score * score).ln();
                    assert!((gain(pick) - told).abs() < 1e-6, "{at}: {told}");
                    set.push(pick);
                }
                let (told, added) = (determinant(&got), rows.log_det(&set, lambda) - of_labelled);
                assert!((told.lambda - lambda).abs() <= 1e-12 * lambda, "{at}");
                assert!(
                    (told.log_det - added).abs() < 1e-8,
                    "{at}: {told:?}, {added}"
                );
            }
        });
    }
}

/// Greedy picks far past the rank, by an inverse for each.
#[test]
fn greedy_takes_the_largest_residual_each_time() {
    let (count, dim) = (400, 9);
    let x = fractions(11, count * dim);
    let rows = Rows::new(&x, dim);
    for (ridge, labelled) in [(1e-4, &[][..]), (1e-2, &[3, 300]), (1.0, &[])] {
        let lambda = rows.lambda(ridge);
        let (mut set, mut want) = (labelled.to_vec(), Vec::new());
        for _ in 0..120 {
            let residuals_sq = rows.residuals_sq(&set, lambda);
            let rest = (0..count).filter(|row| !set.contains(row));
            let next = rest.max_by(|&a, &b| residuals_sq[a].total_cmp(&residuals_sq[b]));
            set.extend(next);
            want.extend(next);
        }
        on_every_device(Features::new(&x, count, dim).unwrap(), |device, pool| {
            let got = log_det(ridge, labelled).select(pool, 120).unwrap();
            assert_eq!(got.picks, want, "ridge {ridge} on {device}");
        });
    }
}

/// The race with residuals by an inverse for each pick.
#[test]
fn draws_are_those_of_the_definition() {
    let (count, dim) = (300, 7);
    let x = fractions(12, count * dim);
    let rows = Rows::new(&x, dim);
    for (ridge, power, seed) in [(1e-4, 1.0, 1), (0.1, 2.0, 2), (3.0, 0.7, 3)] {
        let lambda = rows.lambda(ridge);
        let mut left = oracle::exponentials(seed, 0, count);
        let mut want: Vec<usize> = Vec::new();
        for _ in 0..100 {
            let residuals_sq = rows.residuals_sq(&want, lambda);
            let hazard = |row: usize| residuals_sq[row].sqrt().powf(power);
            let wait = |row: usize| left[row] / hazard(row);
            let rest = (0..count).filter(|row| !want.contains(row));
            let next = rest.min_by(|&a, &b| wait(a).total_cmp(&wait(b))).unwrap();
            let dt = wait(next);
            (0..count).for_each(|row| left[row] -= dt * hazard(row));
            want.push(next);
        }
        on_every_device(Features::new(&x, count, dim).unwrap(), |device, pool| {
            for block in [1, 48] {
                let selector = GramSchmidt {
                    block,
                    ..drawn(ridge, power, seed)
                };
                let got = selector.select(pool, 100).unwrap();
                assert_eq!(got.picks, want, "ridge {ridge} block {block} on {device}");
            }
        });
    }
}

/// What a ridge tends to: the plain form up to the rank where it is small, the order of lengths where it is
/// large.
#[test]
fn the_ends_of_the_range() {
    let (count, dim) = (500, 24);
    let x = fractions(13, count * dim);
    let pool = CpuPool::new(Features::new(&x, count, dim).unwrap());
    for greedy in [false, true] {
        let by = |ridge| GramSchmidt {
            greedy,
            ridge,
            ..GramSchmidt::default()
        };
        let plain = by(None).select(&pool, dim).unwrap();
        let small = by(Some(1e-6)).select(&pool, dim).unwrap();
        assert_eq!(small.picks, plain.picks, "greedy {greedy}");
    }
    let lengths = coresift::Norm {
        greedy: true,
        ..coresift::Norm::default()
    };
    let want = lengths.select(&pool, 100).unwrap().picks;
    assert_eq!(log_det(1e6, &[]).select(&pool, 100).unwrap().picks, want);
}

/// Equal rows keep r² λ / (λ + k r²) after k of them, and the lower comes first.
#[test]
fn equal_rows_and_one_column() {
    let (count, ridge) = (300, 1e-3);
    let equal = [0.3, -0.1, 0.2].repeat(count);
    let column = fractions(14, count);
    let descending = {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| column[b].abs().total_cmp(&column[a].abs()));
        order
    };
    for (x, dim, want) in [(&equal, 3, (0..count).collect()), (&column, 1, descending)] {
        let rows = Rows::new(x, dim);
        let lambda = rows.lambda(ridge);
        on_every_device(Features::new(x, count, dim).unwrap(), |device, pool| {
            let got = log_det(ridge, &[]).select(pool, count).unwrap();
            assert_eq!(got.picks, want, "{dim} columns on {device}");
            let mut before = 0.0;
            for (&pick, score) in got.picks.iter().zip(&got.scores) {
                let square = dot(&rows.rows[pick], &rows.rows[pick]);
                let want = (square * lambda / (lambda + before)).sqrt();
                assert!(
                    (score - want).abs() < 1e-6 * want,
                    "{dim} columns on {device}: {score}"
                );
                before += square;
            }
            let all = drawn(ridge, 1.0, 5).select(pool, count).unwrap();
            assert_eq!((all.picks.len(), &all.restarts[..]), (count, &[0][..]));
        });
    }
}

/// Of rows alike one at a time is looked at, also of such as are labelled; the picks are the definition's.
#[test]
fn many_rows_alike() {
    let (count, dim, budget) = (6000usize, 5, 40);
    let distinct = fractions(21, 3 * dim);
    let x = distinct.repeat(count / 3);
    let rows = Rows::new(&x, dim);
    let labelled = [14, 3];
    for ridge in [1e-3, 1.0, 50.0] {
        let lambda = rows.lambda(ridge);
        let mut want = labelled.to_vec();
        for _ in 0..budget {
            let left = rows.residuals_sq(&want, lambda);
            // Rows alike have the same bits here too.
            let able = (0..count).filter(|row| !want.contains(row));
            let best = able.reduce(|best, row| if left[row] > left[best] { row } else { best });
            want.extend(best);
        }
        on_every_device(Features::new(&x, count, dim).unwrap(), |device, pool| {
            let got = log_det(ridge, &labelled).select(pool, budget).unwrap();
            assert_eq!(got.picks, want[2..], "{ridge} on {device}");
        });
    }
}

/// Of rows that hardly differ nothing but rounding is left, and all are picked all the same.
#[test]
fn rounding_rules_no_row_out() {
    let (count, dim) = (260, 4);
    let noise = fractions(15, count * dim);
    let x: Vec<f32> = (0..count * dim)
        .map(|at| {
            if at / dim % 2 == 0 {
                3e6
            } else {
                1e-3 * noise[at]
            }
        })
        .collect();
    on_every_device(Features::new(&x, count, dim).unwrap(), |device, pool| {
        for selector in [
            &drawn(1e-6, 1.0, 1) as &dyn Selector,
            &drawn(1e-6, 2.0, 1),
            &log_det(1e-6, &[]),
        ] {
            let got = selector.select(pool, count).unwrap();
            assert_eq!((got.picks.len(), got.shortfall), (count, None), "{device}");
            assert!(got.scores.iter().all(|&score| score > 0.0), "{device}");
        }
    });
}

/// Real pools, past the rank: the same picks and the same determinant on every device.
#[test]
fn real_pools_alike_on_every_device() {
    for stored in npy::small_pools() {
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let cpu = CpuPool::new(features.clone());
        for selector in [
            &drawn(1e-3, 1.0, 7) as &dyn Selector,
            &log_det(1e-3, &[4]),
            &LogDet::default(),
        ] {
            let want = selector.select(&cpu, 150).unwrap();
            with_features_lent(features.clone(), |device, pool| {
                let got = selector.select(pool, 150).unwrap();
                assert_eq!(got.picks, want.picks, "{} on {device}", stored.name);
                assert_eq!(got.details, want.details, "{} on {device}", stored.name);
            });
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let x = [1.0, 0.0, 0.0, 0.0, 2.0, 1.0];
    let pool = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    let said = |selector: &dyn Selector| selector.select(&pool, 1).unwrap_err().to_string();
    for (ridge, found) in [
        (0.0, "0"),
        (-1.0, "-1"),
        (2e6, "2000000"),
        (f64::NAN, "NaN"),
    ] {
        let want = format!("ridge: {found} found, a number from 1e-6 to 1e6 expected");
        assert_eq!(said(&log_det(ridge, &[])), want);
        assert_eq!(said(&drawn(ridge, 1.0, 0)), want);
    }
    let beside = |change: fn(&mut GramSchmidt)| {
        let mut selector = drawn(1.0, 1.0, 0);
        change(&mut selector);
        said(&selector)
    };
    let no_rank = "none beside a ridge, which leaves something of every row expected";
    assert_eq!(
        beside(|s| s.norm = coresift::Lp::L1),
        "norm: l1 found, l2 beside a ridge expected"
    );
    assert_eq!(
        beside(|s| s.rank_tol = Some(0.5)),
        format!("rank_tol: 0.5 found, {no_rank}")
    );
    assert_eq!(
        beside(|s| s.on_exhaustion = coresift::OnExhaustion::Stop),
        format!("on_exhaustion: stop found, {no_rank}")
    );
    let short = log_det(1.0, &[]).select(&pool, 3).unwrap();
    assert_eq!(short.picks, [2, 0]);
    assert_eq!(short.shortfall.unwrap().reason, ShortfallReason::ZeroWeight);
}
