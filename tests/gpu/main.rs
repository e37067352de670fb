//! What only a GPU can do: be chosen, be adopted, borrow a buffer, run out of memory, be lost.
#![cfg(feature = "gpu")]

mod adapters;
mod buffers;
#[path = "../common/mod.rs"]
mod common;
mod loss;
mod memory;
mod resident;

use common::devices::software;
use common::kernel_function;
use coresift::kernels::{Examples, Length, Similarities};
use coresift::wgpu::{self, BufferUsages};
use coresift::{Error, Gpu, GpuPool, Pool};

const USAGE: BufferUsages = BufferUsages::STORAGE.union(BufferUsages::COPY_SRC);

/// An application's device, and ours on it.
struct Application {
    device: wgpu::Device,
    queue: wgpu::Queue,
    gpu: Gpu,
}

impl Application {
    fn new(limits: wgpu::Limits) -> Self {
        let (device, queue) = software(limits);
        let gpu = Gpu::adopt(device.clone(), queue.clone()).expect("the limits suffice");
        Self { device, queue, gpu }
    }

    /// A buffer of the application's with `x` from `offset` on, and junk around it.
    fn buffer(&self, x: &[f32], offset: u64, usage: BufferUsages) -> wgpu::Buffer {
        let size = offset + size_of_val(x) as u64 + 256;
        let descriptor = wgpu::BufferDescriptor {
            label: None,
            size,
            usage: usage | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let buffer = self.device.create_buffer(&descriptor);
        self.queue
            .write_buffer(&buffer, 0, &vec![0xff; size as usize]);
        let bytes: Vec<u8> = x.iter().flat_map(|v| v.to_ne_bytes()).collect();
        self.queue.write_buffer(&buffer, offset, &bytes);
        buffer
    }

    fn borrow(&self, x: &[f32], dim: usize) -> Result<GpuPool<'static>, Error> {
        let buffer = self.buffer(x, 256, USAGE);
        self.gpu.pool_from_buffer(&buffer, 256, x.len() / dim, dim)
    }
}

/// The similarities of a pool's rows in classes of these sizes, each row the same over and over: `dim`
/// ones, where the pool has a row of ones.
fn of_ones<'p>(
    pool: &'p dyn Pool,
    sizes: &[usize],
    threshold: Option<i32>,
) -> Result<Box<dyn Similarities + 'p>, Error> {
    let classes: Vec<Vec<usize>> = sizes.iter().map(|&size| vec![0; size]).collect();
    let classes: Vec<&[usize]> = classes.iter().map(Vec::as_slice).collect();
    let examples = Examples {
        classes: &classes,
        views: 1,
        length: Length::Given(32_768.0 * f64::from(pool.scale())),
    };
    pool.similarities(examples, &kernel_function(threshold))
}
