//! What a matrix is refused for, and how its rows are handed out.

use super::{Features, LeftOut, ReadRows, Rows, Scratch, center, center_among};
use crate::error::Error;
use crate::lp::Lp;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[test]
fn faults_are_named() {
    let mut x = vec![1.0; 3 * 20];
    let found = |x: &[f32]| Features::new(x, 3, 20).unwrap_err().to_string();
    x[59] = f32::NAN;
    assert_eq!(
        found(&x),
        "features: NaN found at row 2, column 19, a finite value expected"
    );
    x[21] = f32::NEG_INFINITY;
    assert_eq!(
        found(&x),
        "features: -inf found at row 1, column 1, a finite value expected"
    );
    x[3] = 2e19;
    assert!(
        found(&x).starts_with("features: row 0 has length 1.99999999"),
        "{}",
        found(&x)
    );
    assert!(matches!(
        Features::new(&x, 2, 20),
        Err(Error::Shape { len: 60, .. })
    ));
    assert!(matches!(
        Features::new(&[], 0, 20),
        Err(Error::Empty { rows: 0, dim: 20 })
    ));
    assert!(matches!(
        Features::new(&[], usize::MAX, 2),
        Err(Error::Shape { .. })
    ));
}

/// What an owner gives, by turns of the values it once had and of others.
struct Fickle {
    values: Vec<Vec<f32>>,
    turn: AtomicUsize,
}

impl AsRef<[f32]> for Fickle {
    fn as_ref(&self) -> &[f32] {
        let turn = self.turn.fetch_add(1, Relaxed);
        &self.values[turn.min(self.values.len() - 1)]
    }
}

#[test]
fn an_owner_that_changes_its_length_is_told() {
    let x = vec![1.0, 2.0, 3.0, 4.0];
    for len in [0, 3, 5, 6] {
        let owner = Fickle {
            values: vec![x.clone(), x.clone(), x.clone(), vec![1.0; len]],
            turn: 0.into(),
        };
        let features = Features::from_owner(owner, 2, 2).unwrap();
        let mut scratch = Scratch::default();
        assert_eq!(features.block(1..2, &mut scratch).unwrap(), [3.0, 4.0]);
        let want = format!(
            "features: an owner of {len} values found, 2 rows of 2 expected, as it had before"
        );
        let errors = [
            features.block(0..1, &mut scratch).err(),
            features.spread(&[1], &mut scratch).err(),
            features.norms(Lp::L1).err(),
        ];
        for error in errors {
            assert_eq!(error.map(|e| e.to_string()), Some(want.clone()));
        }
    }
}

#[cfg(feature = "ndarray")]
#[test]
fn views_must_be_row_major() {
    let x = ndarray::array![[1.0f32, 2.0], [3.0, 4.0]];
    let features = Features::from_array(x.view()).unwrap();
    let mut scratch = Scratch::default();
    let rows = features.block(0..2, &mut scratch).unwrap();
    assert_eq!(rows, [1.0, 2.0, 3.0, 4.0]);
    let turned = Features::from_array(x.t());
    assert!(matches!(turned, Err(Error::Layout { .. })));
}

#[test]
fn scale_brings_the_longest_row_to_one() {
    for (x, scale) in [(3.0, 0.5), (1.0, 1.0), (1.999, 1.0), (0.3, 4.0), (0.0, 1.0)] {
        assert_eq!(
            Features::new(&[x, 0.0], 1, 2).unwrap().scale(),
            scale,
            "{x}"
        );
    }
    let smallest = f32::from_bits(1);
    assert_eq!(
        Features::new(&[smallest], 1, 1).unwrap().scale(),
        126f32.exp2()
    );
}

/// Row i is i in all its values; row 13 cannot be read.
struct Counted {
    dim: usize,
    reads: AtomicUsize,
}

impl ReadRows for Counted {
    fn rows(&self) -> usize {
        4000
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
        self.reads.fetch_add(1, Relaxed);
        for (row, out) in (first..).zip(out.chunks_mut(self.dim)) {
            if row == 13 {
                return Err("row 13".to_owned());
            }
            out.fill(row as f32);
        }
        Ok(())
    }
}

/// Rows with little between them are read in one go, but what may lie there is never asked for.
#[test]
fn rows_near_each_other_are_read_together() {
    for (dim, wanted, reads) in [
        (100, vec![23, 25, 26, 36, 3000, 3010], 2),
        (100, vec![3, 14, 25], 3),
        (100, vec![9, 4, 5, 5], 3),
        (100, vec![10, 12, 14], 1 + 3),
        (2000, vec![3, 4, 5, 7], 2),
        (1, (0..1 << 10).map(|at| 20 + 3 * at).collect(), 1),
    ] {
        let reader = Arc::new(Counted {
            dim,
            reads: 0.into(),
        });
        let left_out = LeftOut {
            rows: vec![13],
            ..LeftOut::default()
        };
        let features = Features::without(Rows::Reader(reader.clone()), [4000, dim], &left_out);
        let features = features.unwrap();
        let numbers = features.numbers().unwrap();
        let places: Vec<usize> = (wanted.iter())
            .map(|row| numbers.binary_search(row).unwrap())
            .collect();
        reader.reads.store(0, Relaxed);
        let mut scratch = Scratch::default();
        let found = features.spread(&places, &mut scratch).unwrap();
        for (x, &row) in found.iter().zip(&wanted) {
            assert_eq!(x, vec![row as f32; dim]);
        }
        assert_eq!(reader.reads.load(Relaxed), reads, "{dim}: {wanted:?}");
    }
}

/// As of a matrix of those rows alone, to the bit.
#[test]
fn some_rows_alone_may_have_the_mean() {
    let (rows, dim) = (3000, 3);
    let mut x: Vec<f32> = (0..rows * dim).map(|at| (at % 1013) as f32 / 7.0).collect();
    let among: Vec<usize> = (0..rows).filter(|row| row % 9 != 4).collect();
    let mut cut: Vec<f32> = (among.iter())
        .flat_map(|row| x[row * dim..][..dim].to_vec())
        .collect();
    x[4 * dim] = f32::NAN;
    let want = center(&mut cut, among.len(), dim).unwrap();
    assert_eq!(center_among(&mut x, rows, dim, &among).unwrap(), want);
    for (row, cut) in among.iter().zip(cut.chunks(dim)) {
        assert_eq!(&x[row * dim..][..dim], cut);
    }
    let mut refused = |among: &[usize]| {
        let error = center_among(&mut x, rows, dim, among).unwrap_err();
        error.to_string()
    };
    let expected = "found, ascending rows below 3000, at least one expected";
    assert_eq!(refused(&[]), format!("among: no rows {expected}"));
    assert_eq!(refused(&[1, 3000]), format!("among: row 3000 {expected}"));
    assert_eq!(
        refused(&[2, 2]),
        format!("among: rows out of order {expected}")
    );
}
