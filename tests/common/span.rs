//! Residuals by the definition, in f64: slow, obvious, shares no code with `src`.

/// All rows, with the directions of some projected out.
pub struct Span {
    residuals: Vec<Vec<f64>>,
}

impl Span {
    pub fn new(x: &[f32], dim: usize) -> Self {
        let row = |x: &[f32]| x.iter().map(|&v| f64::from(v)).collect();
        Self {
            residuals: x.chunks(dim).map(row).collect(),
        }
    }

    /// The residual of a row.
    pub fn residual(&self, row: usize) -> &[f64] {
        &self.residuals[row]
    }

    /// The length of a row's residual.
    pub fn norm(&self, row: usize) -> f64 {
        self.residuals[row]
            .iter()
            .map(|v| v * v)
            .sum::<f64>()
            .sqrt()
    }

    /// Projects a row's residual out of all, twice.
    pub fn project_out(&mut self, row: usize) {
        let norm = self.norm(row);
        if norm == 0.0 {
            return;
        }
        let direction: Vec<f64> = self.residuals[row].iter().map(|v| v / norm).collect();
        for _ in 0..2 {
            for residual in &mut self.residuals {
                let c: f64 = residual.iter().zip(&direction).map(|(r, q)| r * q).sum();
                for (r, q) in residual.iter_mut().zip(&direction) {
                    *r -= c * q;
                }
            }
        }
        self.residuals[row].fill(0.0);
    }
}
