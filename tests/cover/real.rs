//! Real pools: every device and storage alike, and against greedy picks by unrounded similarities.

use crate::common::{npy, with_features_lent};
use coresift::{
    Bandwidth, Coverage, CpuPool, Details, FacilityLocation, Features, Herding, Kernel, Refinement,
    Selection, Selector, Storage,
};

fn digits() -> npy::Stored {
    npy::read(&npy::repository("examples/data/digits.npy"), usize::MAX)
}

fn sigma(selection: &Selection) -> f64 {
    match &selection.details {
        Details::Cover(covers) => covers[0].sigma.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn devices_and_storages_pick_alike() {
    let pools = [
        digits(),
        npy::read(
            &npy::repository("examples/data/fmnist_simclr_2000.npy"),
            700,
        ),
    ];
    for stored in pools {
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let cpu = CpuPool::new(features.clone());
        let cover = |storage| FacilityLocation {
            storage,
            labelled: vec![7, 3],
            ..FacilityLocation::default()
        };
        let swap = Coverage {
            refine: Refinement::Swap,
            ..Coverage::default()
        };
        let cosine = Herding {
            kernel: Kernel::Cosine,
            ..Herding::default()
        };
        let selectors: Vec<Box<dyn Selector>> = vec![
            Box::new(cover(Storage::Auto)),
            Box::new(cover(Storage::OnTheFly)),
            Box::new(Coverage::default()),
            Box::new(swap),
            Box::new(Herding::default()),
            Box::new(cosine),
        ];
        let wanted: Vec<Selection> = selectors
            .iter()
            .map(|s| s.select(&cpu, 60).unwrap())
            .collect();
        assert_eq!(wanted[0].picks, wanted[1].picks, "{}", stored.name);
        with_features_lent(features, |device, pool| {
            for (selector, want) in selectors.iter().zip(&wanted) {
                let got = selector.select(pool, 60).unwrap();
                assert_eq!(got.picks, want.picks, "{} on {device}", stored.name);
                assert_eq!(got.scores, want.scores, "{} on {device}", stored.name);
            }
        });
    }
}

/// exp(-d²/2σ²) of unit rows in f64.
fn unrounded(x: &[f32], dim: usize, sigma: f64) -> Vec<Vec<f64>> {
    let unit = |x: &[f32]| -> Vec<f64> {
        let x: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
        let length = x.iter().map(|v| v * v).sum::<f64>().sqrt();
        x.iter().map(|v| v / length).collect()
    };
    let units: Vec<Vec<f64>> = x.chunks(dim).map(unit).collect();
    let similarity = |a: &[f64], b: &[f64]| {
        let distance_sq: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
        (-distance_sq / (2.0 * sigma * sigma)).exp()
    };
    let row = |a: &Vec<f64>| units.iter().map(|b| similarity(a, b)).collect();
    units.iter().map(row).collect()
}

/// Greedy picks by these similarities, and the objective that they come to.
fn greedy(similarities: &[Vec<f64>], budget: usize) -> Vec<usize> {
    let rows = similarities.len();
    let (mut best, mut picks) = (vec![0.0; rows], Vec::new());
    for _ in 0..budget {
        let gain = |j: usize| -> f64 {
            let rise = similarities[j]
                .iter()
                .zip(&best)
                .map(|(s, best)| (s - best).max(0.0));
            rise.sum()
        };
        let gains: Vec<f64> = (0..rows).map(gain).collect();
        let pick = (0..rows).max_by(|&a, &b| gains[a].total_cmp(&gains[b]).then(b.cmp(&a)));
        let pick = pick.unwrap();
        let raised = best.iter_mut().zip(&similarities[pick]);
        raised.for_each(|(best, &similarity): (&mut f64, &f64)| *best = best.max(similarity));
        picks.push(pick);
    }
    picks
}

/// F by similarities that are not rounded is within 10⁻⁴ of that of their own greedy picks, which are the same
/// but for a few.
#[test]
fn rounding_costs_next_to_nothing() {
    let stored = digits();
    let pool = CpuPool::new(Features::new(&stored.values, stored.rows, stored.dim).unwrap());
    let got = FacilityLocation::default().select(&pool, 100).unwrap();
    let similarities = unrounded(&stored.values, stored.dim, sigma(&got));
    let want = greedy(&similarities, 100);
    let value = |set: &[usize]| -> f64 {
        let best = |row: &Vec<f64>| set.iter().map(|&j| row[j]).fold(0.0, f64::max);
        similarities.iter().map(best).sum()
    };
    let ratio = value(&got.picks) / value(&want);
    assert!(ratio >= 0.9999, "{ratio}");
    let common = got.picks.iter().filter(|pick| want.contains(pick)).count();
    assert!(common >= 97, "{common} of 100");
}

/// A smaller budget's picks come first where the bandwidth does not go by it.
#[test]
fn picks_of_a_smaller_budget_come_first() {
    let stored = digits();
    let pool = CpuPool::new(Features::new(&stored.values, stored.rows, stored.dim).unwrap());
    let selector = FacilityLocation {
        sigma: Bandwidth::Neighbours(20),
        ..FacilityLocation::default()
    };
    let many = selector.select(&pool, 80).unwrap();
    let few = selector.select(&pool, 30).unwrap();
    assert_eq!(many.picks[..30], few.picks);
    assert_eq!(many.scores[..30], few.scores);
}
