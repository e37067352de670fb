//! Pools that are gathered in several pieces, against some of their rows: all are there many times.

use crate::{assert_near, common, pool};
use coresift::evaluate::{Evaluation, norms};

const ROWS: usize = 500;
const DIM: usize = 32;
const TIMES: usize = 100;

#[test]
fn rows_that_are_there_many_times() {
    let few = common::fractions(11, ROWS * DIM);
    let many: Vec<f32> = few
        .iter()
        .copied()
        .cycle()
        .take(TIMES * few.len())
        .collect();
    let (few, many) = (pool(&few, DIM), pool(&many, DIM));
    let labels: Vec<u32> = (0..(TIMES * ROWS) as u32)
        .map(|row| row % 500 % 3)
        .collect();
    let picks: Vec<usize> = (0..20).map(|at| at * 23).collect();
    let [of_few, of_many] = [&few, &many].map(|pool| Evaluation::new(pool, &picks).unwrap());
    for delta in [0.5, 1.0, 1.2] {
        let share = of_few.cover(delta).unwrap();
        assert_eq!(of_many.cover(delta).unwrap(), share, "{delta}");
    }
    let energy = [&of_many, &of_few].map(|of| of.energy_kept().unwrap());
    assert_near(&energy[..1], &energy[1..], "energy");
    let [many_latent, few_latent] = [(&of_many, &labels[..]), (&of_few, &labels[..ROWS])]
        .map(|(of, labels)| of.latent(labels).unwrap());
    for (found, want) in many_latent.classes.iter().zip(&few_latent.classes) {
        let numbers = |of: coresift::evaluate::LatentErrors| [of.alignment, of.centre, of.bound];
        let [found, want] = [found, want].map(|class| numbers(class.errors.unwrap()));
        assert_near(&found, &want, "latent");
    }
    let probe = of_few.probe(&labels[..ROWS]).unwrap();
    let [of_all, of_some] = [&many, &few].map(|pool| {
        let all: Vec<usize> = (0..norms(pool).unwrap().len()).collect();
        probe.guess(pool, &all).unwrap()
    });
    assert_eq!(of_all, of_some.repeat(TIMES));
}

/// Rows along each axis in turn: of n rows the covariance is n/(n − 1) · (I/32 − 1/32²), whose eigenvalues are n/(n − 1)/32
/// and, once, 0; and all means are the same.
#[test]
fn frechet_of_axes() {
    let rows = 1280 * DIM;
    let entry = |at: usize| f32::from(at % DIM == at / DIM % DIM);
    let x: Vec<f32> = (0..rows * DIM).map(entry).collect();
    let pool = pool(&x, DIM);
    let picks: Vec<usize> = (0..2 * DIM).collect();
    let found = Evaluation::new(&pool, &picks)
        .unwrap()
        .frechet(0.0)
        .unwrap();
    let deviation = |rows: f64| (rows / (rows - 1.0)).sqrt();
    let apart = deviation(64.0) - deviation(rows as f64 - 64.0);
    let want = 31.0 / 32.0 * apart * apart;
    assert!((found.distance - want).abs() < 1e-14, "{found:?}, {want}");
    assert_eq!(found.rank, 31);
}

/// What ProbCover says that it covers.
#[test]
fn cover_is_prob_covers() {
    use coresift::{Delta, Details, ProbCover, Selector};
    for stored in common::npy::small_pools() {
        let pool = pool(&stored.values, stored.dim);
        let prob_cover = ProbCover {
            delta: Delta::Fixed(0.3),
            ..ProbCover::default()
        };
        let chosen = prob_cover.select(&pool, 30).unwrap();
        let found = Evaluation::new(&pool, &chosen.picks).unwrap().cover(0.3);
        let Details::ProbCover(covered) = &chosen.details else {
            panic!("{:?}", chosen.details)
        };
        let want = covered.covered as f64 / stored.rows as f64;
        assert_eq!(found.unwrap(), want, "{}", stored.name);
    }
}
