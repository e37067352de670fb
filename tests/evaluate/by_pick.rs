//! What grows pick by pick, and rows in the plane: worked out on paper, and against the definition.

use crate::{Reference, assert_near, picks, pool};
use coresift::evaluate::{Evaluation, principal_plane};
use coresift::{CpuPool, Error, Metric, Pool};

/// After every number of picks it is what `energy_kept` says of those alone.
#[test]
fn energy_is_that_of_the_first_picks() {
    for reference in Reference::all() {
        let [train, _] = reference.parts();
        let pool = CpuPool::new(train);
        let picks = picks(&reference.cases()[0]);
        let found = Evaluation::new(&pool, &picks).unwrap();
        let found = found.energy_by_pick().unwrap();
        let kept = |number: usize| {
            let evaluation = Evaluation::new(&pool, &picks[..number]).unwrap();
            evaluation.energy_kept().unwrap()
        };
        let want: Vec<f64> = (1..=picks.len()).map(kept).collect();
        for (number, (found, want)) in found.iter().zip(&want).enumerate() {
            assert!((found - want).abs() < 1e-12, "{number}: {found}, {want}");
        }
        assert_eq!(found.len(), want.len());
    }
}

/// A pick that adds no direction keeps nothing more.
#[test]
fn energy_of_picks_that_are_alike() {
    let x = [3.0, 0.0, 6.0, 0.0, 0.0, 2.0];
    let pool_of = pool(&x, 2);
    let energy = |picks: &[usize]| {
        let evaluation = Evaluation::new(&pool_of, picks).unwrap();
        evaluation.energy_by_pick().unwrap()
    };
    let of_first = 45.0 / 49.0;
    assert_eq!(energy(&[0, 1, 2]), [of_first, of_first, 1.0]);
    let zeros = pool(&[0.0; 4], 2);
    let refused = Evaluation::new(&zeros, &[1]).unwrap().energy_by_pick();
    assert!(matches!(
        refused,
        Err(Error::Argument {
            argument: "features",
            ..
        })
    ));
}

#[test]
fn distances_to_the_nearest_of_the_first_picks() {
    for reference in Reference::all() {
        let [train, _] = reference.parts();
        let (values, dim) = (&reference.stored.values, train.dim());
        let pool = CpuPool::new(train);
        let picks = picks(&reference.cases()[1]);
        let evaluation = Evaluation::new(&pool, &picks).unwrap();
        let rows: Vec<usize> = (0..pool.rows()).step_by(7).collect();
        let numbers = [1, 2, picks.len() / 2, picks.len()];
        for metric in [Metric::Euclidean, Metric::Cosine] {
            let point = |row: usize| -> Vec<f64> {
                let x = values[row * dim..][..dim].iter().map(|&v| f64::from(v));
                let length = x.clone().map(|v| v * v).sum::<f64>().sqrt();
                let over = if metric == Metric::Cosine {
                    length
                } else {
                    1.0
                };
                x.map(|v| v / over).collect()
            };
            let apart = |a: &[f64], b: &[f64]| {
                let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
                squares.sum::<f64>().sqrt()
            };
            let found = evaluation
                .distances_by_pick(&rows, &numbers, metric)
                .unwrap();
            for (&number, found) in numbers.iter().zip(&found) {
                let nearest = |&row: &usize| {
                    let of = |&pick: &usize| apart(&point(row), &point(pick));
                    picks[..number].iter().map(of).fold(f64::INFINITY, f64::min)
                };
                let want: Vec<f64> = rows.iter().map(nearest).collect();
                assert_near(found, &want, &format!("{metric} {number}"));
            }
        }
    }
}

#[test]
fn numbers_of_picks_ascend() {
    let pool = pool(&[1.0, 2.0, 3.0], 1);
    let evaluation = Evaluation::new(&pool, &[0, 2]).unwrap();
    let found = |numbers: &[usize], rows: &[usize]| {
        let found = evaluation.distances_by_pick(rows, numbers, Metric::Euclidean);
        found.map_err(|error| error.to_string())
    };
    assert_eq!(found(&[1, 2], &[1, 2]).unwrap(), [[1.0, 2.0], [1.0, 0.0]]);
    for (numbers, said) in [
        (&[0, 1][..], "0 after 0"),
        (&[2, 2], "2 after 2"),
        (&[1, 3], "3 after 1"),
    ] {
        let error = found(numbers, &[0]).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    assert!(found(&[1], &[3]).unwrap_err().contains("row 3"));
}

/// Rows on a line of slope 3/4, and one beside it.
#[test]
fn a_plane_on_paper() {
    let x = [1.0, 5.0, 5.0, 8.0, -3.0, 2.0];
    let found = principal_plane(&pool(&x, 2)).unwrap();
    for (found, want) in found.coordinates.iter().zip([0.0, 5.0, -5.0]) {
        assert!((found[0] - want).abs() < 1e-14, "{found:?} {want}");
        assert_eq!(found[1], 0.0);
    }
    assert_eq!((found.shares, found.found_from), ([1.0, 0.0], 3));
    // Variances 8/3 and 2/3 over two columns, and none in the third.
    let x = [2.0, 0.0, 7.0, -2.0, 0.0, 7.0, 0.0, 1.0, 7.0, 0.0, -1.0, 7.0];
    let found = principal_plane(&pool(&x, 3)).unwrap();
    let want = [[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
    for (found, want) in found
        .coordinates
        .as_flattened()
        .iter()
        .zip(want.as_flattened())
    {
        assert!((found - want).abs() < 1e-14, "{found} {want}");
    }
    assert!((found.shares[0] - 0.8).abs() < 1e-14 && (found.shares[1] - 0.2).abs() < 1e-14);
    for (x, dim) in [(&[4.0, 2.0][..], 2), (&[3.0, 3.0, 3.0], 1)] {
        let found = principal_plane(&pool(x, dim)).unwrap();
        assert!(found.coordinates.as_flattened().iter().all(|&v| v == 0.0));
        assert_eq!(found.shares, [0.0; 2]);
    }
}

/// Between columns of zeros rows lie in the same plane, though its components are found from products of rows.
#[test]
fn a_plane_of_many_columns() {
    let reference = &Reference::all()[0];
    let (dim, rows, many) = (reference.stored.dim, 300, 2100);
    let narrow = &reference.stored.values[..rows * dim];
    let mut wide = vec![0.0; rows * many];
    for (wide, x) in wide.chunks_exact_mut(many).zip(narrow.chunks_exact(dim)) {
        wide[many - dim..].copy_from_slice(x);
    }
    let want = principal_plane(&pool(narrow, dim)).unwrap();
    let found = principal_plane(&pool(&wide, many)).unwrap();
    let near = |found: f64, want: f64| (found - want).abs() < 1e-9 * (1.0 + want.abs());
    for (found, want) in found.shares.iter().zip(want.shares) {
        assert!(near(*found, want), "{found} {want}");
    }
    let pairs = found.coordinates.iter().zip(&want.coordinates);
    for (row, (found, want)) in pairs.enumerate() {
        assert!(
            (0..2).all(|at| near(found[at], want[at])),
            "{row}: {found:?} {want:?}"
        );
    }
    assert_eq!((found.found_from, found.coordinates.len()), (rows, rows));
}
