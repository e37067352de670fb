//! How well picks stand for their latent classes.

use super::classes::different;
use super::evaluation::{Evaluation, check_length};
use super::rows::{add, by_blocks};
use crate::error::Error;
use crate::kernels::similarities::Examples;
use crate::lp::Lp;
use crate::reduce;
use crate::select::Sas;
use crate::select::classes::Partition;
use crate::select::metric::Metric;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// Squared distances below this are found from differences: their products leave too little.
const CLOSE: f64 = 1e-6;

/// How well picks stand for latent classes, rows at length 1 and d_ij the distance of two (S. Joshi and B.
/// Mirzasoleiman, arXiv:2302.09195).
#[derive(Clone, Debug, PartialEq)]
pub struct Latent {
    /// The classes that have rows, ascending.
    pub classes: Vec<LatentClass>,
    /// ⟨μ_k^S, μ_l^S⟩ of two classes' centres of picks (theorem 4.3), for every pair k < l of classes that have picks.
    pub divergences: Vec<(u32, u32, f64)>,
}

/// A latent class, and how well its picks stand for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatentClass {
    /// The class's own number.
    pub class: u32,
    /// Rows of it.
    pub rows: usize,
    /// Picks of it.
    pub picks: usize,
    /// None where it has no picks.
    pub errors: Option<LatentErrors>,
}

/// What is lost of a class with its rows that are not picked. Smaller is better.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LatentErrors {
    /// ν_R = (1/n) Σ_i min_{j∈S} d_ij over the class's rows i and its picks S (eq. 15).
    pub alignment: f64,
    /// ν_μ = ‖μ − μ^S‖, between the means of its rows and of its picks (eq. 17).
    pub centre: f64,
    /// The mean of all d_ij, above which neither of the two can be.
    pub bound: f64,
}

/// What a block of rows has: their sum, the sums of their least and of all distances.
struct Sums {
    rows: Vec<f64>,
    least: f64,
    all: f64,
}

impl Evaluation<'_> {
    /// How well the picks stand for latent classes, one a row.
    ///
    /// One pass, of 2 · n · picks · dim flops for a class of n rows.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for classes that are not one a row; [`Error::ZeroRow`].
    pub fn latent(&self, classes: &[u32]) -> Result<Latent, Error> {
        let (partition, picks) = self.by_class(classes)?;
        let zero = self.pool.row_norms(Lp::L2)?;
        if let Some(row) = zero.iter().position(|&norm| norm == 0.0) {
            let need = "distances between directions";
            return Err(Error::ZeroRow { row, need });
        }
        let (mut of_classes, mut centres) = (Vec::new(), Vec::new());
        for (class, picks) in partition.classes.iter().zip(&picks) {
            let (number, mut errors) = (class.class as u32, None);
            if !picks.is_empty() {
                let (found, centre) = self.of_class(&class.rows, picks)?;
                errors = Some(found);
                centres.push((number, centre));
            }
            of_classes.push(LatentClass {
                class: number,
                rows: class.rows.len(),
                picks: picks.len(),
                errors,
            });
        }
        let mut divergences = Vec::new();
        for (at, (k, centre)) in centres.iter().enumerate() {
            let after = centres[at + 1..].iter();
            divergences.extend(after.map(|(l, other)| (*k, *l, reduce::dot(centre, other))));
        }
        Ok(Latent {
            classes: of_classes,
            divergences,
        })
    }

    /// F of every latent class that has rows, ascending: the graph cut Σ_{i∉S} Σ_{j∈S} s_ij that [`Sas`] maximises,
    /// with its own default similarities (eq. 20). It is the same to the bit as what SAS says of its own picks.
    ///
    /// # Errors
    ///
    /// As [`latent`](Self::latent).
    pub fn cut_values(&self, classes: &[u32]) -> Result<Vec<f64>, Error> {
        let partition = self.by_class(classes)?.0;
        let classes: Vec<&[usize]> = partition.classes.iter().map(|c| &*c.rows).collect();
        let examples = Examples::of_rows(&classes);
        let (ranges, order) = (examples.ranges(), classes.concat());
        let function = Sas::default().kernel_function();
        let similarities = self.pool.similarities(examples, &function)?;
        let places = 0..order.len();
        let (picked, others): (Vec<usize>, Vec<usize>) =
            places.partition(|&place| self.is_pick[order[place]]);
        let sums = similarities.sum_columns(&picked)?;
        let mut values = vec![0; classes.len()];
        for place in others {
            values[ranges.class_of(place)] += sums[place];
        }
        let unit = function.unit();
        Ok(values
            .into_iter()
            .map(|value| value as f64 * unit)
            .collect())
    }

    /// The classes that have rows, and the picks of each.
    fn by_class(&self, classes: &[u32]) -> Result<(Partition, Vec<Vec<usize>>), Error> {
        check_length("classes", classes, self.pool.rows())?;
        let numbers = different(classes.iter().copied());
        let mut picks = vec![Vec::new(); numbers.len()];
        for &pick in self.picks {
            picks[numbers.partition_point(|&number| number < classes[pick])].push(pick);
        }
        let classes: Vec<usize> = classes.iter().map(|&class| class as usize).collect();
        Ok((Partition::of(&classes), picks))
    }

    /// The errors of a class's picks, and their mean.
    fn of_class(&self, rows: &[usize], picks: &[usize]) -> Result<(LatentErrors, Vec<f64>), Error> {
        let (points, dim) = (self.points(Metric::Cosine), self.pool.dim());
        let chosen = points.some(picks)?;
        let squares = squares(&chosen, dim);
        let of_block = |_: usize, z: &[f64]| {
            let mut sums = Sums {
                rows: vec![0.0; dim],
                least: 0.0,
                all: 0.0,
            };
            let mut distances = products(z, &chosen, dim);
            let rows = z
                .chunks_exact(dim)
                .zip(distances.chunks_exact_mut(picks.len()));
            for (z, distances) in rows {
                add(&mut sums.rows, z);
                to_distances(z, &chosen, &squares, distances);
                sums.least += distances.iter().copied().fold(f64::INFINITY, f64::min);
                sums.all += distances.iter().sum::<f64>();
            }
            sums
        };
        let (mut sum, mut least, mut all) = (vec![0.0; dim], 0.0, 0.0);
        by_blocks(points, rows, of_block, |sums: Sums| {
            add(&mut sum, &sums.rows);
            least += sums.least;
            all += sums.all;
        })?;
        let (count, of_picks) = (rows.len() as f64, picks.len() as f64);
        let mut centre = vec![0.0; dim];
        chosen.chunks_exact(dim).for_each(|z| add(&mut centre, z));
        centre.iter_mut().for_each(|sum| *sum /= of_picks);
        let mean: Vec<f64> = sum.iter().map(|sum| sum / count).collect();
        let errors = LatentErrors {
            alignment: least / count,
            centre: reduce::distance_sq(&mean, &centre).sqrt(),
            bound: all / (count * of_picks),
        };
        Ok((errors, centre))
    }
}

/// ‖z‖² of some rows.
fn squares(z: &[f64], dim: usize) -> Vec<f64> {
    let rows = z.chunks_exact(dim);
    rows.map(|z| reduce::dot(z, z)).collect()
}

/// The products of rows with others.
fn products(z: &[f64], others: &[f64], dim: usize) -> Vec<f64> {
    let (rows, count) = (z.len() / dim, others.len() / dim);
    let mut products = vec![0.0; rows * count];
    matmul(
        MatMut::from_row_major_slice_mut(&mut products, rows, count),
        Accum::Replace,
        MatRef::from_row_major_slice(z, rows, dim),
        MatRef::from_row_major_slice(others, count, dim).transpose(),
        1.0,
        Par::Seq,
    );
    products
}

/// Makes a row's products with others, of these squared lengths, distances.
fn to_distances(z: &[f64], others: &[f64], squares: &[f64], products: &mut [f64]) {
    reduce::vectorised!({
        let own = reduce::dot(z, z);
        for (product, square) in products.iter_mut().zip(squares) {
            *product = own + square - 2.0 * *product;
        }
        for (at, squared) in products.iter_mut().enumerate() {
            if *squared < CLOSE {
                *squared = reduce::distance_sq(z, &others[at * z.len()..][..z.len()]);
            }
        }
        products.iter_mut().for_each(|v| *v = v.sqrt());
    });
}
