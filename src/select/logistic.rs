//! Multinomial logistic regression on labelled rows.
//!
//! Written out here rather than taken from a crate: linfa-logistic brings 26 packages, a second
//! ndarray and two more rands among them, and sums by kernels that differ between processors. Its
//! optimum would be as good, but not the same everywhere to the last bit.

use crate::control::Stop;
use crate::error::Error;
use crate::reduce;
use rayon::prelude::*;
use std::collections::VecDeque;

/// Pairs of steps and gradients that L-BFGS remembers.
const MEMORY: usize = 10;
/// Steps after which it stops anyhow.
const STEPS: usize = 1000;
/// It stops when no part of the gradient is above this, for every labelled row.
const TOLERANCE: f64 = 1e-9;
/// Trials of a step's length.
const TRIALS: usize = 50;

/// Labelled rows, and the objective
///
/// ```text
/// Σᵢ [ln Σₖ exp(⟨wₖ, zᵢ⟩ + bₖ) − ⟨w_yᵢ, zᵢ⟩ − b_yᵢ] + λ/2 Σₖ ‖wₖ‖²
/// ```
///
/// with biases that are not penalised: scikit-learn's `LogisticRegression(C=1/λ)`, of more than two classes.
pub(crate) struct Logistic {
    /// Labelled rows, each with a 1 after it: what the bias multiplies.
    rows: Vec<f64>,
    /// Each row's class, below `classes`.
    labels: Vec<usize>,
    classes: usize,
    /// Values a row, the 1 included.
    width: usize,
    /// λ.
    penalty: f64,
}

impl Logistic {
    /// `z` is `labels.len()` x `dim`, row-major.
    pub(crate) fn new(
        z: &[f64],
        dim: usize,
        labels: Vec<usize>,
        classes: usize,
        penalty: f64,
    ) -> Self {
        let with_one = |z: &[f64]| z.iter().copied().chain([1.0]).collect::<Vec<_>>();
        Self {
            rows: z.chunks_exact(dim).flat_map(with_one).collect(),
            labels,
            classes,
            width: dim + 1,
            penalty,
        }
    }

    /// The weights of least objective, `classes` x `dim`, and the biases, by L-BFGS from zero
    /// (J. Nocedal and S. Wright, *Numerical Optimization*, 2006, algorithm 7.4). It stops when
    /// the gradient is small, or when no step lowers the objective any more.
    ///
    /// # Errors
    ///
    /// Once it is stopped.
    pub(crate) fn fit(&self, stop: &Stop) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let mut at = self.at(vec![0.0; self.classes * self.width], stop)?;
        let mut memory = VecDeque::with_capacity(MEMORY);
        for _ in 0..STEPS {
            let largest = at
                .gradient
                .iter()
                .fold(0.0, |most: f64, g| most.max(g.abs()));
            if largest <= TOLERANCE * self.labels.len() as f64 {
                break;
            }
            let Some(next) = self.step(&at, &descent(&at.gradient, &memory), stop)? else {
                break;
            };
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back(Pair::between(&at, &next));
            at = next;
        }
        let classes = at.parameters.chunks_exact(self.width);
        let (weights, biases): (Vec<&[f64]>, Vec<f64>) = classes
            .map(|p| (&p[..self.width - 1], p[self.width - 1]))
            .unzip();
        Ok((weights.concat(), biases))
    }

    /// A point along `direction` that meets the weak Wolfe conditions, by doubling and bisection.
    fn step(&self, from: &Point, direction: &[f64], stop: &Stop) -> Result<Option<Point>, Error> {
        let slope = reduce::dot(direction, &from.gradient);
        let (mut low, mut high, mut length) = (0.0, f64::INFINITY, 1.0);
        for _ in 0..TRIALS {
            let mut parameters = from.parameters.clone();
            reduce::subtract(&mut parameters, -length, direction);
            let to = self.at(parameters, stop)?;
            if to.objective > from.objective + 1e-4 * length * slope {
                high = length;
            } else if reduce::dot(direction, &to.gradient) < 0.9 * slope {
                low = length;
            } else {
                return Ok((to.objective < from.objective).then_some(to));
            }
            length = if high < f64::INFINITY {
                0.5 * (low + high)
            } else {
                2.0 * low
            };
        }
        Ok(None)
    }

    /// Objective and gradient. Every sum is one thread's, over rows in order.
    fn at(&self, parameters: Vec<f64>, stop: &Stop) -> Result<Point, Error> {
        let (classes, dim) = (|| parameters.chunks_exact(self.width), self.width - 1);
        let rows = self.rows.par_chunks_exact(self.width);
        let of_row = |row: Result<(&[f64], &usize), Error>| {
            let (z, &label) = row?;
            Ok(errors(
                classes().map(|p| reduce::dot(p, z)).collect(),
                label,
            ))
        };
        let of_rows = stop.over(rows.zip(&self.labels)).map(of_row);
        let of_rows: Vec<(Vec<f64>, f64)> = of_rows.collect::<Result<_, Error>>()?;
        let (errors, losses): (Vec<Vec<f64>>, Vec<f64>) = of_rows.into_iter().unzip();
        let penalty: f64 = classes().map(|p| reduce::dot(&p[..dim], &p[..dim])).sum();
        let mut gradient = vec![0.0; parameters.len()];
        let of_classes = gradient
            .par_chunks_exact_mut(self.width)
            .zip(parameters.par_chunks_exact(self.width))
            .enumerate();
        stop.over(of_classes).try_for_each(|of_class| {
            let (class, (gradient, p)) = of_class?;
            for (z, errors) in self.rows.chunks_exact(self.width).zip(&errors) {
                reduce::subtract(gradient, -errors[class], z);
            }
            reduce::subtract(&mut gradient[..dim], -self.penalty, &p[..dim]);
            Ok(())
        })?;
        Ok(Point {
            objective: losses.iter().sum::<f64>() + 0.5 * self.penalty * penalty,
            parameters,
            gradient,
        })
    }
}

/// Probabilities less the truth, and −ln of the truth's probability, given the scores of the
/// classes. By `libm`, so that they are the same on every system.
fn errors(scores: Vec<f64>, label: usize) -> (Vec<f64>, f64) {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut errors: Vec<f64> = scores.iter().map(|s| libm::exp(s - largest)).collect();
    let sum: f64 = errors.iter().sum();
    errors.iter_mut().for_each(|e| *e /= sum);
    errors[label] -= 1.0;
    (errors, libm::log(sum) + largest - scores[label])
}

/// The objective at some parameters: `classes` x `width`, weights and bias of each class.
struct Point {
    parameters: Vec<f64>,
    objective: f64,
    gradient: Vec<f64>,
}

/// A step, and what it did to the gradient.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    product: f64,
}

impl Pair {
    fn between(from: &Point, to: &Point) -> Self {
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
        let step = less(&to.parameters, &from.parameters);
        let change = less(&to.gradient, &from.gradient);
        let product = reduce::dot(&step, &change);
        Self {
            step,
            change,
            product,
        }
    }
}

/// The direction −H·gradient, H being what the pairs say of the inverse Hessian.
fn descent(gradient: &[f64], memory: &VecDeque<Pair>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let Some(last) = memory.back() else {
        return direction;
    };
    let mut shares = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let share = reduce::dot(&pair.step, &direction) / pair.product;
        reduce::subtract(&mut direction, share, &pair.change);
        shares.push(share);
    }
    let size = last.product / reduce::dot(&last.change, &last.change);
    direction.iter_mut().for_each(|d| *d *= size);
    for (pair, share) in memory.iter().zip(shares.into_iter().rev()) {
        let other = reduce::dot(&pair.change, &direction) / pair.product;
        reduce::subtract(&mut direction, other - share, &pair.step);
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [f64; 12] = [
        1.0, 0.0, 0.8, 0.6, 0.0, 1.0, -0.6, 0.8, -1.0, 0.0, 0.6, -0.8,
    ];

    fn problem() -> Logistic {
        Logistic::new(&ROWS, 2, vec![0, 0, 1, 1, 2, 2], 3, 1e-2)
    }

    #[test]
    fn the_gradient_is_the_slope() {
        let (problem, step, stop) = (problem(), 1e-5, Stop::new());
        let parameters: Vec<f64> = (0..9).map(|i| 0.7 - 0.3 * i as f64).collect();
        let gradient = problem.at(parameters.clone(), &stop).unwrap().gradient;
        for (i, slope) in gradient.into_iter().enumerate() {
            let moved = |step: f64| {
                let mut parameters = parameters.clone();
                parameters[i] += step;
                problem.at(parameters, &stop).unwrap().objective
            };
            let estimate = (moved(step) - moved(-step)) / (2.0 * step);
            assert!((slope - estimate).abs() < 1e-8, "{i}: {slope} {estimate}");
        }
    }

    /// `LogisticRegression(C=100, tol=1e-14, solver="newton-cg")` of scikit-learn 1.9.
    #[test]
    fn the_optimum_is_scikit_learns() {
        let want = (
            [
                4.412192837107559,
                0.7938044305521768,
                -2.0122721578227987,
                4.006036928017354,
                -2.3999206792847647,
                -4.799841358569524,
            ],
            [-1.0497477951946952, -1.049747795194693, 2.0994955903894184],
        );
        let (weights, biases) = problem().fit(&Stop::new()).unwrap();
        let off = |a: &[f64], b: &[f64]| {
            let off = a.iter().zip(b).map(|(a, b)| (a - b).abs());
            off.fold(0.0, f64::max)
        };
        assert!(off(&weights, &want.0) < 1e-6, "{weights:?}");
        assert!(off(&biases, &want.1) < 1e-6, "{biases:?}");
    }
}
