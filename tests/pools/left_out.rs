//! Matrices of which rows are left out.

use crate::common::devices::SOFTWARE;
use crate::common::{fractions, npy, with};
use crate::selectors::{assert_same, selectors};
use coresift::{
    CpuPool, Features, Gpu, GramSchmidt, LeftOut, Norm, Pool, Rows, Selector, Shards, Uniform,
};

/// The values with rows of NaN and of zeros put in, and what leaves these and every 7th row out.
fn spoilt(values: &[f32], dim: usize) -> (Vec<f32>, LeftOut) {
    let (mut x, mut excluded) = (Vec::new(), Vec::new());
    for (at, row) in values.chunks(dim).enumerate() {
        if at % 5 == 0 {
            excluded.push(x.len() / dim);
            x.extend(std::iter::repeat_n(f32::INFINITY, dim));
        }
        if at % 11 == 3 {
            let odd = if at % 2 == 0 { 0.0 } else { f32::NAN };
            x.extend(std::iter::repeat_n(odd, dim));
        }
        x.extend(row);
    }
    let left_out = LeftOut {
        rows: excluded,
        invalid: true,
        zeros: true,
    };
    (x, left_out)
}

/// On every kind of pool the picks are those on the processor; of selectors that draw nothing, those of a
/// pool of the other rows alone.
#[test]
fn every_selector_picks_among_the_others() {
    for stored in npy::small_pools() {
        let (rows, dim) = (stored.rows, stored.dim);
        let (x, left_out) = spoilt(&stored.values, dim);
        let shape = [x.len() / dim, dim];
        let features = Features::without(Rows::Slice(&x), shape, &left_out).unwrap();
        assert_eq!(features.rows(), rows);
        let others = CpuPool::new(Features::new(&stored.values, rows, dim).unwrap());
        assert_eq!(features.precision(), others.precision());
        let numbers = features.numbers().unwrap();
        for (at, &number) in numbers.iter().enumerate() {
            assert_eq!(x[number * dim..][..dim], stored.values[at * dim..][..dim]);
        }
        let cut = rows / 3;
        let parts = [0..cut, cut..rows]
            .map(|part| -> Box<dyn Pool> { Box::new(CpuPool::new(features.part(part))) });
        let gpu = Gpu::open(&SOFTWARE.parse().unwrap()).unwrap();
        let cpu = CpuPool::new(features.clone());
        let pools: [(&str, Box<dyn Pool>); 3] = [
            ("shards", Box::new(Shards::new(parts.into()).unwrap())),
            ("lent", Box::new(gpu.pool(features.clone()).unwrap())),
            ("uploaded", Box::new(gpu.upload(&features).unwrap())),
        ];
        for (name, selector, budget) in selectors(rows) {
            let want = selector.select(&cpu, budget).unwrap();
            for (place, pool) in &pools {
                let at = format!("{name} of {} {place}", stored.name);
                assert_same(&selector.select(&**pool, budget).unwrap(), &want, &at);
            }
            let draws_nothing = name.starts_with("greedy")
                || name == "prob_cover of a distance"
                || name.starts_with("sas") && name != "sas of clusters";
            if draws_nothing {
                let of_others = selector.select(&others, budget).unwrap();
                assert_same(&want, &of_others, name);
            }
        }
    }
}

/// A row's random numbers are its own: to leave out what is not drawn changes nothing.
#[test]
fn draws_go_by_the_numbers_of_all_rows() {
    let (rows, dim, budget) = (900, 6, 40);
    let x = fractions(8, rows * dim);
    let all = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let selectors: [(&str, Box<dyn Selector>); 3] = [
        ("uniform", with(|s: &mut Uniform| s.seed = 4)),
        ("norm", with(|s: &mut Norm| s.seed = 4)),
        ("gram-schmidt", with(|s: &mut GramSchmidt| s.seed = 4)),
    ];
    for (name, selector) in selectors {
        let want = selector.select(&all, budget).unwrap();
        let mut left_out = LeftOut::default();
        let unpicked = (0..rows).filter(|row| row % 3 > 0 && !want.picks.contains(row));
        left_out.rows = unpicked.collect();
        let features = Features::without(Rows::Slice(&x), [rows, dim], &left_out).unwrap();
        let numbers = features.numbers().unwrap().to_vec();
        let got = selector.select(&CpuPool::new(features), budget).unwrap();
        let picks: Vec<usize> = got.picks.iter().map(|&row| numbers[row]).collect();
        assert_eq!(picks, want.picks, "{name}");
    }
}

#[test]
fn what_cannot_be_left_out_is_told() {
    let x = [0.0, 0.0, f32::NAN, 1.0, 1e30, 0.0];
    let told = |rows: &[usize], invalid: bool, zeros: bool| {
        let left_out = LeftOut {
            rows: rows.to_vec(),
            invalid,
            zeros,
        };
        match Features::without(Rows::Slice(&x), [3, 2], &left_out) {
            Ok(features) => format!("{:?}", features.numbers()),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(
        told(&[3], true, true),
        "exclude: row 3 found, indices below 3 expected"
    );
    let none = "features: none of 3 rows that is not left out found, at least one expected";
    assert_eq!(told(&[0, 1, 2, 1], false, false), none);
    assert_eq!(told(&[], true, true), none);
    assert_eq!(told(&[2], true, false), "Some([0])");
    assert_eq!(
        told(&[0], false, false),
        "features: NaN found at row 1, column 0, a finite value expected"
    );
    assert!(told(&[1], false, true).starts_with("features: row 2 has length 1.0"));
    assert!(Features::new(&x[4..], 1, 2).is_err());
    assert_eq!(Features::new(&x[..2], 1, 2).unwrap().numbers(), None);
}
