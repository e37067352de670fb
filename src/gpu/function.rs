//! A kernel function on a device: `shaders/kernel_function.wgsl`.

use super::memory::Block;
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::function::KernelFunction;
use wgpu::BufferUsages;

/// Words of `Function` in the shader: four, and a table that is filled up to whole vectors.
const WORDS: usize = 4 + 4 * 257;

/// A kernel function, its numbers and its table in a uniform.
pub(super) struct Function {
    /// The override by which it is compiled.
    pub(super) constant: (&'static str, f64),
    pub(super) block: Block,
}

impl Function {
    pub(super) fn new(gpu: &Gpu, function: &KernelFunction) -> Result<Self, Error> {
        let (number, words) = words(function);
        Ok(Self {
            constant: ("FUNCTION", number),
            block: gpu.filled("kernel function", &words, BufferUsages::UNIFORM)?,
        })
    }
}

/// Its number, and what the shader reads.
fn words(function: &KernelFunction) -> (f64, Vec<u32>) {
    let mut words = vec![0; WORDS];
    match function {
        KernelFunction::Linear => (0.0, words),
        KernelFunction::Thresholded(least) => {
            words[0] = least.cast_unsigned();
            (1.0, words)
        }
        KernelFunction::Rbf(rbf) => {
            let (shift, table) = rbf.table();
            words[1..4].copy_from_slice(&[shift, shift.saturating_sub(15), shift.min(15)]);
            words[4..4 + table.len()].copy_from_slice(table);
            (2.0, words)
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::layout::assert_struct;

    /// Asserts that the shader's `Function` is ours.
    pub(in super::super) fn assert_function(wgsl: &str) {
        let members = [
            ("threshold", 0),
            ("shift", 4),
            ("dropped", 8),
            ("kept", 12),
            ("table", 16),
        ];
        assert_struct(wgsl, "Function", &members, 4 * super::WORDS);
    }
}
