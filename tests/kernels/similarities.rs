//! Similarities of integer rows: their sums, those that are kept, and greedy rounds.

use crate::common::kernel_function;
use crate::integers::Integers;
use coresift::kernels::{
    ClassRanges, IntegerRows, KernelFunction, Pass, Rbf, Update, is_masked, stored_bytes,
};

/// In the unit of products, none but negative products cut, half of the greatest product; all of either sign;
/// and bandwidths for which the table has an entry for each distance, some for one, and none for the largest.
fn functions() -> Vec<KernelFunction> {
    let rbf = [1e-7, 0.01, 0.3, 100.0].map(|sigma_sq| KernelFunction::Rbf(Rbf::new(sigma_sq)));
    let mut functions = [Some(0), Some(1 << 29), None].map(kernel_function).to_vec();
    functions.extend(rbf);
    functions
}

/// Around the group, the tile and its workgroup, two tiles, and the panels of the smallest
/// bindings, with classes of nothing and of one row among them.
const CLASSES: [&[usize]; 9] = [
    &[1],
    &[0, 2, 0, 0, 3],
    &[63],
    &[64, 1],
    &[65, 0],
    &[5, 127],
    &[128, 4],
    &[30, 30, 30, 31, 1, 30, 29],
    &[129, 0, 1, 300, 2],
];

/// Classes beside dims, around the step and far from it, and beside functions.
fn integers(each: impl Fn(Integers)) {
    let dims = [1, 15, 16, 17, 63, 64, 65, 33, 100];
    let functions = functions();
    for (at, classes) in CLASSES.into_iter().enumerate() {
        for k in 0..4 {
            let function = &functions[(3 * at + 2 * k) % functions.len()];
            let dim = dims[(at + k * (at + 2 * k)) % dims.len()];
            let seed = (10 * at + k) as u32;
            each(Integers::random(seed, dim, classes, function.clone()));
        }
    }
}

#[test]
fn sums_of_similarities_are_exact() {
    integers(|integers| integers.check_sums());
}

#[test]
fn similarities_kept_are_exact() {
    integers(|integers| {
        if !integers.function.is_linear() {
            let classes = integers.ranges.classes();
            integers.check_kept(&(0..classes));
            integers.check_kept(&(classes / 2..classes));
            integers.check_kept(&(0..1));
            integers.check_kept(&(0..0));
        }
    });
}

/// A row is more than 4 KiB: three panels on a device of tiny bindings, and a class in all of them.
#[test]
fn similarities_cross_panels() {
    let integers = Integers::random(5, 2040, &[3, 230, 1, 20], kernel_function(Some(1 << 27)));
    integers.check_sums();
    integers.check_kept(&(1..4));
}

/// So many rows that the large tile is taken, and that sums do not fit 24 bits.
#[test]
fn similarities_of_a_large_class() {
    let integers = Integers::random(6, 2, &[7, 1421], kernel_function(Some(0)));
    integers.check_sums();
    integers.check_kept(&(1..2));
}

/// Without a threshold, totals and sums that take both words, of either sign, in several runs of rows.
#[test]
fn linear_sums_past_32_bits() {
    let (rows, dim) = (150_000, 2);
    let ranges = ClassRanges::new([70_000, 0, 1, rows - 70_001]);
    let mut integers = IntegerRows::zeros(dim, rows);
    let pitch = integers.pitch();
    for (row, z) in integers.values_mut().chunks_exact_mut(pitch).enumerate() {
        z[0] = if row < 70_000 { 32_767 } else { -32_767 };
        z[1] = (row % 5) as i16 - 3;
    }
    let want: Vec<(Vec<i64>, Vec<i64>)> = (0..4)
        .map(|class| {
            let places = ranges.class(class);
            let value = |place: usize, at: usize| i64::from(integers.row(place)[at]);
            let sum = |at: usize| places.clone().map(|place| value(place, at)).sum();
            let total: Vec<i64> = (0..pitch).map(sum).collect();
            let product = |place| (0..pitch).map(|at| value(place, at) * total[at]).sum();
            let sums = places.clone().map(product).collect();
            (total, sums)
        })
        .collect();
    let integers = Integers {
        similarities: Vec::new(),
        function: KernelFunction::Linear,
        place: String::new(),
        rows: integers,
        ranges,
    };
    integers.on_every_device(|place, similarities| {
        for (class, (total, _)) in want.iter().enumerate() {
            assert_eq!(&similarities.total(class).unwrap(), total, "{place}");
        }
        let sums: Vec<i64> = want.iter().flat_map(|(_, sums)| sums.clone()).collect();
        assert!(
            similarities.row_sums(&Pass::unheard()).unwrap() == sums,
            "{place}"
        );
    });
}

/// Many values to a row: several words a lane, and classes whose totals do not fit one binding.
#[test]
fn linear_sums_of_long_rows() {
    Integers::random(7, 2040, &[3, 230, 1, 20], KernelFunction::Linear).check_sums();
    let one_by_one = vec![1; 60];
    Integers::random(8, 1000, &one_by_one, KernelFunction::Linear).check_sums();
}

/// The greatest products of either sign; the last pair is past 2^30 by rounding.
#[test]
fn similarities_at_the_ends_of_their_range() {
    let values: [[i16; 2]; 8] = [
        [32_767, 0],
        [-32_767, 0],
        [0, 32_767],
        [0, -32_767],
        [32_767, 256],
        [-32_767, -256],
        [1, -1],
        [23_170, -23_170],
    ];
    let thresholds = [Some(0), Some(1), Some((1 << 30) - 1), Some(1 << 30), None];
    let rbf = [1e-9, 0.2, 1000.0].map(|sigma_sq| KernelFunction::Rbf(Rbf::new(sigma_sq)));
    for function in thresholds.map(kernel_function).into_iter().chain(rbf) {
        let mut rows = IntegerRows::zeros(18, 160);
        let pitch = rows.pitch();
        for (row, values) in values.iter().cycle().take(160).enumerate() {
            let at = row * pitch + 2 * (row / 80);
            rows.values_mut()[at..at + 2].copy_from_slice(values);
        }
        let integers = Integers::new(rows, ClassRanges::new([80, 80]), function);
        integers.check_sums();
        if !integers.function.is_linear() {
            integers.check_kept(&(0..2));
        }
    }
}

/// What is above the threshold and what is at it; halves are rounded up.
#[test]
fn similarities_round_and_are_cut() {
    let mut rows = IntegerRows::zeros(2, 6);
    let pitch = rows.pitch();
    // Products with the first row: 2^13 - 1, 2^13, 2^13 + 1, 3 * 2^13, -2^13.
    for (row, value) in [1, 8191, 8192, 8193, 24_576, -8192].into_iter().enumerate() {
        rows.values_mut()[row * pitch] = value;
    }
    for threshold in [0, 1, 8191, 8192, 8193] {
        let integers = Integers::new(
            rows.clone(),
            ClassRanges::new([6]),
            kernel_function(Some(threshold)),
        );
        integers.check_sums();
        integers.check_kept(&(0..1));
    }
}

#[test]
fn similarities_of_no_rows() {
    for classes in [0, 2] {
        let ranges = ClassRanges::new(vec![0; classes]);
        let integers = Integers::new(IntegerRows::zeros(3, 0), ranges, kernel_function(Some(0)));
        integers.check_sums();
        integers.check_kept(&(0..classes));
    }
}

/// Rounds that take several dispatches, in classes of very different numbers.
#[test]
fn greedy_rounds_by_the_thousand() {
    // Every row is its own only neighbour but for a few: gains in the order of rows, then ties.
    let integers = Integers {
        similarities: Vec::new(),
        function: kernel_function(Some(0)),
        place: String::new(),
        rows: IntegerRows::zeros(1, 7_300),
        ranges: ClassRanges::new([7_200, 1, 99]),
    };
    integers.on_every_device(|place, similarities| {
        let needed = stored_bytes(7_200);
        if needed > similarities.room() {
            return;
        }
        similarities.store(0..3, &Pass::unheard()).unwrap();
        let mut gains: Vec<i64> = (0..7_300).map(|row: i64| row * 7 % 7_200 / 2).collect();
        let mut order: Vec<usize> = (0..7_200).collect();
        order.sort_by_key(|&row| (std::cmp::Reverse(gains[row]), row));
        let got = similarities
            .greedy_rounds(&mut gains, &[7_200, 1, 0], Update::Cut { step: -2 })
            .unwrap();
        let picks: Vec<usize> = got[0].iter().map(|round| round.row).collect();
        assert!(picks == order, "{place}");
        assert_eq!((got[1].len(), got[2].len()), (1, 0), "{place}");
        assert!(
            gains[..7_201].iter().all(|&gain| is_masked(gain)),
            "{place}"
        );
    });
}
