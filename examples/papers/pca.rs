//! Principal components of few long rows.

use coresift::Error;
use faer::{Mat, MatRef, Side};

/// The inner products of all rows.
///
/// Row i of the centred rows X has the coordinate √λ_k u_ik along the k-th principal component, X Xᵀ = U Λ Uᵀ: so of
/// rows that are longer than there are many, inner products are all that it takes, and those of all images serve every
/// split.
pub(crate) struct Products(Mat<f64>);

impl Products {
    /// Of rows of `dim` values.
    pub(crate) fn of(values: &[f32], dim: usize) -> Self {
        let rows = values.len() / dim;
        let values: Vec<f64> = values.iter().copied().map(f64::from).collect();
        let x = MatRef::from_row_major_slice(&values, rows, dim);
        Self(x * x.transpose())
    }

    /// The coordinates of `train`, and of `test` in the same components: so many of the largest, row-major, in the
    /// order of the rows named. Both are centred by the mean of `train`.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] where `train` has fewer components.
    pub(crate) fn components(
        &self,
        [train, test]: [&[usize]; 2],
        count: usize,
    ) -> Result<[Vec<f32>; 2], Error> {
        let size = train.len() as f64;
        // ⟨x_i, μ⟩ and ⟨μ, μ⟩, μ the mean of `train`.
        let with_mean = |i: usize| train.iter().map(|&j| self.0[(i, j)]).sum::<f64>() / size;
        let of_train: Vec<f64> = train.iter().map(|&j| with_mean(j)).collect();
        let of_mean = of_train.iter().sum::<f64>() / size;
        // ⟨x_i − μ, x_j − μ⟩ of some rows with those of `train`.
        let centred = |rows: &[usize]| {
            let means: Vec<f64> = rows.iter().map(|&i| with_mean(i)).collect();
            Mat::from_fn(rows.len(), train.len(), |i, j| {
                self.0[(rows[i], train[j])] - means[i] - of_train[j] + of_mean
            })
        };
        let products = centred(train);
        let found = products.self_adjoint_eigen(Side::Lower);
        let found = found.map_err(|_| refused("products that have no eigenvalues", count))?;
        // They ascend.
        let values: Vec<f64> = found.S().column_vector().iter().copied().collect();
        let last = train.len();
        let least = values[last - 1] * f64::EPSILON * size;
        if count > last || values[last - count] <= least {
            let rank = values.iter().filter(|&&value| value > least).count();
            return Err(refused(&format!("{rank} components"), count));
        }
        // Coordinates are ⟨x_i − μ, v_k⟩, v_k = Xᵀ u_k / √λ_k.
        let directions = Mat::from_fn(last, count, |j, k| {
            found.U()[(j, last - 1 - k)] / values[last - 1 - k].sqrt()
        });
        let coordinates = |products: &Mat<f64>| {
            let found = products * &directions;
            let row = |i: usize| (0..count).map(move |k| (i, k));
            let all = (0..found.nrows()).flat_map(row);
            all.map(|at| found[at] as f32).collect()
        };
        Ok([coordinates(&products), coordinates(&centred(test))])
    }
}

fn refused(found: &str, count: usize) -> Error {
    Error::Argument {
        argument: "components",
        found: found.to_owned(),
        expected: format!("at least {count}"),
    }
}
