//! A class's gains where there is no threshold.

/// Without a threshold a class's gains are linear: that of row z is ⟨z, w⟩ − ‖z‖².
pub(super) struct Weights {
    /// w = Σz − 2·Σz over labelled rows and picks. Integers, below 2⁵³.
    pub(super) w: Vec<f64>,
    /// The least and the largest ‖z‖.
    pub(super) lengths: (f64, f64),
}

impl Weights {
    /// Those of a class of which nothing is taken, by its total and its rows' squared lengths.
    pub(super) fn new(total: &[i64], squares: &[i32]) -> Self {
        let lengths = squares.iter().map(|&square| f64::from(square).sqrt());
        let both =
            |(least, largest): (f64, f64), length: f64| (least.min(length), largest.max(length));
        Self {
            w: total.iter().map(|&total| total as f64).collect(),
            lengths: lengths.fold((f64::INFINITY, 0.0), both),
        }
    }

    /// Takes rows into S, by their sum.
    pub(super) fn take(&mut self, sum: &[f64]) {
        for (w, sum) in self.w.iter_mut().zip(sum) {
            *w -= 2.0 * sum;
        }
    }
}
