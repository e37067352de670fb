//! Rows that stay where they are, visited by others.

#[cfg(feature = "gpu")]
use crate::common::devices;
use crate::common::{fractions, on_every_device, oracle};
use crate::features;
use coresift::kernels::{
    Cover, Digits, Examples, IntegerRows, KernelFunction, Length, Pass, Rbf, Visited,
    half_distance, half_square,
};
use coresift::{CpuPool, Pool};

/// Rows, and values of each: around the tile and its workgroup, one tile's columns, several bands and panels.
const POOLS: [(usize, usize); 6] = [(3, 1), (64, 16), (65, 33), (130, 17), (300, 64), (700, 5)];

/// Rows of which some are visited by some, and what the oracle says of all.
struct Meeting {
    x: Vec<f32>,
    dim: usize,
    integers: IntegerRows,
    similarities: Vec<Vec<i64>>,
    own: Vec<usize>,
    function: KernelFunction,
}

impl Meeting {
    fn new(seed: u32, (rows, dim): (usize, usize), function: KernelFunction) -> Self {
        let x = fractions(seed, rows * dim);
        let all: Vec<usize> = (0..rows).collect();
        let pool = CpuPool::new(features(&x, dim));
        let examples = Examples {
            classes: &[&all],
            views: 1,
            length: Length::Own,
        };
        let integers = pool.integer_rows(examples).unwrap();
        let wide = |row: usize| integers.row(row).iter().map(|&v| i64::from(v)).collect();
        let wide: Vec<Vec<i64>> = (0..rows).map(wide).collect();
        Self {
            similarities: oracle::similarities(&wide, &[rows], &function),
            own: all.into_iter().filter(|row| row % 3 != 1).collect(),
            integers,
            x,
            dim,
            function,
        }
    }

    /// On every device, on one whose bindings hold few rows, and with memory for few.
    fn on_every_device(&self, check: impl Fn(&str, &mut dyn Visited)) {
        let all = features(&self.x, self.dim);
        let check = |name: &str, pool: &dyn Pool| {
            let place = format!("{name}, {} rows of {}", pool.rows(), self.dim);
            check(
                &place,
                &mut *pool.visited(&self.own, &self.function).unwrap(),
            );
        };
        on_every_device(all.clone(), check);
        check("limited", &CpuPool::new(all.clone()).with_memory_limit(1));
        #[cfg(feature = "gpu")]
        if self.own.len() <= 200 {
            check("cut", &devices::cut().pool(all).unwrap());
        }
    }

    /// Nobody, one, and some in no order, among them rows that are visited.
    fn visitors(&self) -> [Vec<usize>; 3] {
        let rows = self.integers.rows();
        let some = (0..rows).rev().step_by(2).chain(1..2).collect();
        [Vec::new(), vec![rows - 1], some]
    }

    fn sum(&self, row: usize, others: &[usize]) -> i64 {
        others
            .iter()
            .map(|&other| self.similarities[row][other])
            .sum()
    }
}

/// By cosines, and by bandwidths for which the table has some entries for one distance and one for many.
fn functions() -> [KernelFunction; 3] {
    let rbf = |sigma_sq| KernelFunction::Rbf(Rbf::new(sigma_sq));
    [KernelFunction::COSINE, rbf(0.01), rbf(3.0)]
}

fn meetings(each: impl Fn(&Meeting)) {
    for (at, shape) in POOLS.into_iter().enumerate() {
        for (seed, function) in (at as u32 * 3 + 50..).zip(functions()) {
            each(&Meeting::new(seed, shape, function));
        }
    }
}

#[test]
fn sums_over_visitors_are_exact() {
    meetings(|meeting| {
        meeting.on_every_device(|place, visited| {
            let own = &meeting.own;
            assert!(
                visited.rows(&[0]).unwrap() == meeting.integers.some(&own[..1]),
                "{place}"
            );
            let pass = Pass::unheard();
            let want: Vec<i64> = own.iter().map(|&row| meeting.sum(row, own)).collect();
            assert_eq!(visited.row_sums(&pass).unwrap(), want, "{place}");
            assert_eq!(pass.count(), (own.len() as u64).pow(2), "{place}");
            for visitors in meeting.visitors() {
                visited.visit(&meeting.integers.some(&visitors)).unwrap();
                let pass = Pass::unheard();
                let others = meeting.integers.some(&visitors);
                let [of_rows, of_visitors] = visited.sums(&others, &pass).unwrap();
                let want = own.iter().map(|&row| meeting.sum(row, &visitors));
                assert_eq!(of_rows, want.collect::<Vec<i64>>(), "{place}");
                let want = visitors.iter().map(|&row| meeting.sum(row, own));
                assert_eq!(of_visitors, want.collect::<Vec<i64>>(), "{place}");
                assert_eq!(
                    pass.count(),
                    2 * (own.len() * visitors.len()) as u64,
                    "{place}"
                );
                let some = visitors.len() / 3..visitors.len();
                let row = |&row: &usize| {
                    let of = visitors[some.clone()].iter();
                    of.map(move |&other| meeting.similarities[row][other] as i32)
                };
                let want: Vec<i32> = own.iter().flat_map(row).collect();
                assert!(visited.columns(some.clone()).unwrap() == want, "{place}");
            }
        });
    });
}

#[test]
fn gains_of_visitors_are_exact() {
    meetings(|meeting| {
        let own = &meeting.own;
        let heavy: Vec<u16> = own.iter().map(|row| [65_535, 0, 1][row % 3]).collect();
        let ones = vec![1; own.len()];
        meeting.on_every_device(|place, visited| {
            for weights in [None, Some(&heavy[..])] {
                let mut best: Vec<u16> =
                    own.iter().map(|row| (row * 9973 % 60_000) as u16).collect();
                let cover = Cover {
                    best: &best,
                    weights,
                };
                visited.set_cover(cover).unwrap();
                for visitors in meeting.visitors() {
                    visited.visit(&meeting.integers.some(&visitors)).unwrap();
                    // Twice: of those who stay similarities are kept.
                    for chosen in [&visitors[..visitors.len().min(2)], &[1, 0]] {
                        let column = |visitor: usize| -> Vec<i64> {
                            own.iter()
                                .map(|&row| meeting.similarities[visitor][row])
                                .collect()
                        };
                        let weights = weights.unwrap_or(&ones);
                        let gain =
                            |&visitor: &usize| oracle::cover_gain(&column(visitor), &best, weights);
                        let want: Vec<i64> = visitors.iter().map(gain).collect();
                        assert_eq!(visited.gains().unwrap(), want, "{place}");
                        visited.raise(&meeting.integers.some(chosen)).unwrap();
                        for &row in chosen {
                            oracle::raise(&mut best, &column(row));
                        }
                        assert!(visited.covered().unwrap() == best, "{place}");
                    }
                }
            }
        });
    });
}

/// Digit by digit, of those before them alone.
#[test]
fn distances_are_counted_exactly() {
    for (at, shape) in POOLS.into_iter().enumerate() {
        let meeting = Meeting::new(at as u32 + 90, shape, KernelFunction::Linear);
        let half = |row: usize| half_square(meeting.similarities[row][row] as i32);
        let distance = |a: usize, b: usize| {
            half_distance(meeting.similarities[a][b] as i32, half(a) + half(b))
        };
        meeting.on_every_device(|place, visited| {
            for visitors in meeting.visitors() {
                visited.visit(&meeting.integers.some(&visitors)).unwrap();
                let halves: Vec<i32> = visitors.iter().map(|&row| half(row)).collect();
                for (shift, bits) in [(20, 11), (24, 3), (0, 9)] {
                    // Those of the distance to the first row.
                    let before: Vec<u32> = (visitors.iter())
                        .map(|&row| distance(row, meeting.own[0]) >> (shift + bits))
                        .collect();
                    let mut want = vec![0; visitors.len() << bits];
                    for (at, &visitor) in visitors.iter().enumerate() {
                        for &row in &meeting.own {
                            let digits = distance(row, visitor) >> shift;
                            if digits >> bits == before[at] {
                                want[(at << bits) + (digits & ((1 << bits) - 1)) as usize] += 1;
                            }
                        }
                    }
                    let digits = Digits {
                        halves: &halves,
                        before: &before,
                        shift,
                        bits,
                    };
                    assert!(visited.count_distances(&digits).unwrap() == want, "{place}");
                }
            }
        });
    }
}
