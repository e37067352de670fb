//! Selection inside another wgpu program: on its device, from a buffer that its own shader
//! filled, without a copy.
//!
//! ```text
//! cargo run --release --example embed
//! ```

use coresift::wgpu::{self, BufferUsages};
use coresift::{Gpu, GramSchmidt, Selector};

const ROWS: u32 = 4096;
const DIM: u32 = 64;

/// The program's own work: row i holds the cosines and sines of a point on a spiral at growing
/// frequencies.
const FILL: &str = "
@group(0) @binding(0) var<storage, read_write> features: array<f32>;

@compute @workgroup_size(64)
fn fill(@builtin(workgroup_id) row: vec3<u32>, @builtin(local_invocation_index) column: u32) {
    let t = f32(row.x) / 4096.0;
    let angle = 40.0 * t * f32(column / 2u + 1u);
    features[row.x * 64u + column] = t * select(cos(angle), sin(angle), column % 2u == 1u);
}
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Any wgpu program has these two already.
    let (device, queue) = pollster::block_on(open())?;
    let features = filled(&device, &queue);

    let gpu = Gpu::adopt(device, queue)?;
    let pool = gpu.pool_from_buffer(&features, 0, ROWS as usize, DIM as usize)?;
    let selector = GramSchmidt {
        seed: 1,
        ..GramSchmidt::default()
    };
    let chosen = selector.select(&pool, 32)?;

    println!("{} chose {:?}", gpu.name(), chosen.picks);
    println!("passes over {ROWS} rows of {DIM}: {}", chosen.passes);
    Ok(())
}

async fn open() -> Result<(wgpu::Device, wgpu::Queue), Box<dyn std::error::Error>> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = instance
        .request_adapter(&wgpu::RequestAdapterOptions::default())
        .await?;
    Ok(adapter
        .request_device(&wgpu::DeviceDescriptor::default())
        .await?)
}

/// A buffer of features, written by the shader above.
fn filled(device: &wgpu::Device, queue: &wgpu::Queue) -> wgpu::Buffer {
    let features = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("features"),
        size: u64::from(ROWS * DIM * 4),
        // What a pool asks of a buffer.
        usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("fill"),
        source: wgpu::ShaderSource::Wgsl(FILL.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some("fill"),
        layout: None,
        module: &module,
        entry_point: Some("fill"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("fill"),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[wgpu::BindGroupEntry {
            binding: 0,
            resource: features.as_entire_binding(),
        }],
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &bindings, &[]);
    pass.dispatch_workgroups(ROWS, 1, 1);
    drop(pass);
    queue.submit([encoder.finish()]);
    features
}
