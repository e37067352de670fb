//! A device that makes pools: memory, error scopes, dispatch and read-back.

use super::adapter::{self, Adapter};
use crate::{Error, Features, GpuPool, Selection};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use wgpu::{BufferUsages, ErrorFilter};

/// Bytes sent or fetched at a time, so that host memory is never needed twice over.
pub(super) const PIECE_BYTES: u64 = 32 << 20;

/// A GPU that makes pools. Clones share the device.
///
/// Kernels need no optional feature and run within wgpu's default limits.
///
/// ```no_run
/// use coresift::{Features, Gpu};
///
/// let x = [3.0, 4.0, 0.0, 1.0];
/// let pool = Gpu::open(None)?.pool(Features::new(&x, 2, 2)?)?;
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gpu {
    shared: Arc<Shared>,
    memory_limit: u64,
}

#[derive(Debug)]
struct Shared {
    device: wgpu::Device,
    queue: wgpu::Queue,
    limits: wgpu::Limits,
    pipelines: Pipelines,
    /// Bytes of the blocks that live.
    in_use: AtomicU64,
    /// What the driver said when the device was lost, where we opened it.
    lost: OnceLock<String>,
}

/// Compiled at first use: a run that only samples by norm never waits for the others.
#[derive(Debug, Default)]
pub(super) struct Pipelines {
    pub(super) row_norms: [OnceLock<wgpu::ComputePipeline>; 3],
    pub(super) gather_rows: OnceLock<wgpu::ComputePipeline>,
    pub(super) due_rows: OnceLock<wgpu::ComputePipeline>,
    pub(super) deflate: OnceLock<wgpu::ComputePipeline>,
    pub(super) refresh: OnceLock<wgpu::ComputePipeline>,
}

impl Gpu {
    /// Opens the best hardware adapter, or by name any adapter, also a software one.
    ///
    /// Without a name, a discrete GPU is preferred to an integrated and that to a virtual one.
    /// A name is any part of an adapter's, in either case; of several that fit the first of
    /// Vulkan, Metal, DX12 and GL is taken.
    ///
    /// # Errors
    ///
    /// [`Error::NoAdapter`], [`Error::UnknownDevice`], or [`Error::Device`] where the driver
    /// refuses.
    pub fn open(name: Option<&str>) -> Result<Self, Error> {
        let (device, queue) = adapter::request(&adapter::choose(name)?)?;
        let gpu = Self::adopt(device, queue)?;
        let shared = Arc::downgrade(&gpu.shared);
        gpu.shared
            .device
            .set_device_lost_callback(move |_, message| {
                if let Some(shared) = shared.upgrade() {
                    let _ = shared.lost.set(message);
                }
            });
        Ok(gpu)
    }

    /// Works on an application's own device. No handler or callback of the device is touched.
    ///
    /// wgpu's default limits suffice; larger `max_storage_buffer_binding_size` and
    /// `max_buffer_size` make for fewer, larger panels.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where a limit of the device is too small for the kernels.
    pub fn adopt(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self, Error> {
        let limits = device.limits();
        let needs = [
            (
                "max_compute_invocations_per_workgroup",
                limits.max_compute_invocations_per_workgroup,
                256,
            ),
            (
                "max_compute_workgroup_size_x",
                limits.max_compute_workgroup_size_x,
                256,
            ),
            (
                "max_compute_workgroup_storage_size",
                limits.max_compute_workgroup_storage_size,
                10_752,
            ),
            (
                "max_compute_workgroups_per_dimension",
                limits.max_compute_workgroups_per_dimension,
                64,
            ),
            (
                "max_storage_buffers_per_shader_stage",
                limits.max_storage_buffers_per_shader_stage,
                5,
            ),
            (
                "max_uniform_buffers_per_shader_stage",
                limits.max_uniform_buffers_per_shader_stage,
                1,
            ),
        ];
        for (limit, has, need) in needs {
            if has < need {
                return Err(Error::Device(format!(
                    "{limit} is {has}, at least {need} expected"
                )));
            }
        }
        let shared = Shared {
            device,
            queue,
            limits,
            pipelines: Pipelines::default(),
            in_use: AtomicU64::new(0),
            lost: OnceLock::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            memory_limit: u64::MAX,
        })
    }

    /// The same device, refusing to hold more than `bytes` of ours at any time.
    #[must_use]
    pub fn with_memory_limit(self, bytes: u64) -> Self {
        Self {
            memory_limit: bytes,
            ..self
        }
    }

    /// Every adapter of this machine, the preferred first.
    #[must_use]
    pub fn adapters() -> Vec<Adapter> {
        adapter::list()
    }

    /// The adapter's name and backend.
    #[must_use]
    pub fn name(&self) -> String {
        adapter::title(&self.shared.device.adapter_info())
    }

    /// Copies the features to the device.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`], or [`Error::Device`] where a row does not
    /// fit one binding.
    pub fn pool(&self, features: Features<'_>) -> Result<GpuPool, Error> {
        GpuPool::upload(self, features)
    }

    /// Borrows `rows` x `dim` values, row-major `f32`, which begin `offset` bytes into an
    /// application's own buffer. Nothing is copied; the values are checked on the device.
    ///
    /// The buffer must be of the device that was adopted, and must not change while the pool
    /// lives: both are the caller's to see to.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`]; [`Error::Buffer`] where its usage lacks `STORAGE | COPY_SRC`, its size
    /// does not hold the rows, `offset` is no multiple of the device's
    /// `min_storage_buffer_offset_alignment`, or every row is shorter than 2⁻⁶³, where a device
    /// may take values for zero; [`Error::NotFinite`] and [`Error::RowOverflow`]; else as
    /// [`pool`](Self::pool).
    pub fn pool_from_buffer(
        &self,
        buffer: &wgpu::Buffer,
        offset: u64,
        rows: usize,
        dim: usize,
    ) -> Result<GpuPool, Error> {
        GpuPool::borrow(self, buffer, offset, rows, dim)
    }

    pub(super) fn is_software(&self) -> bool {
        adapter::is_software(&self.shared.device.adapter_info())
    }

    pub(super) fn limits(&self) -> &wgpu::Limits {
        &self.shared.limits
    }

    /// Most workgroups of one dispatch: those that both axes of a grid count.
    pub(super) fn most_groups(&self) -> u64 {
        u64::from(self.limits().max_compute_workgroups_per_dimension).pow(2)
    }

    pub(super) fn pipelines(&self) -> &Pipelines {
        &self.shared.pipelines
    }

    pub(super) fn queue(&self) -> &wgpu::Queue {
        &self.shared.queue
    }

    /// Runs `work` with its errors caught: wgpu reports them by the side, not in a result.
    ///
    /// # Panics
    ///
    /// On a validation error of a device that lives: that is a bug of ours.
    pub(super) fn caught<T>(
        &self,
        what: &'static str,
        needed: u64,
        work: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        let filters = [
            ErrorFilter::Validation,
            ErrorFilter::OutOfMemory,
            ErrorFilter::Internal,
        ];
        let scopes = filters.map(|filter| self.shared.device.push_error_scope(filter));
        let value = work();
        let mut error = None;
        for scope in scopes.into_iter().rev() {
            error = pollster::block_on(scope.pop()).or(error);
        }
        match error {
            None => Ok(value),
            Some(_) if self.is_lost() => Err(self.lost()),
            Some(wgpu::Error::OutOfMemory { .. }) => Err(Error::OutOfMemory {
                what,
                needed,
                available: None,
            }),
            Some(wgpu::Error::Internal { description, .. }) => Err(Error::Device(description)),
            Some(wgpu::Error::Validation { description, .. }) => panic!("{what}: {description}"),
        }
    }

    /// Whether the device is lost. wgpu tells that to a callback, which is the application's;
    /// but on a lost device no buffer comes mapped.
    fn is_lost(&self) -> bool {
        let descriptor = wgpu::BufferDescriptor {
            label: Some("coresift probe"),
            size: 4,
            usage: BufferUsages::COPY_SRC,
            mapped_at_creation: true,
        };
        let probe = self.shared.device.create_buffer(&descriptor);
        probe.get_mapped_range(..).is_err()
    }

    /// What writes alone would not tell: on a lost device they do nothing.
    pub(super) fn alive(&self) -> Result<(), Error> {
        if self.is_lost() {
            Err(self.lost())
        } else {
            Ok(())
        }
    }

    /// The device is lost: for the reason that the driver gave, where it came to us.
    fn lost(&self) -> Error {
        let reason = self.shared.lost.get().filter(|reason| !reason.is_empty());
        let reason = reason.map_or(
            "destroyed by its owner or reset by its driver",
            String::as_str,
        );
        Error::DeviceLost {
            reason: reason.to_owned(),
            partial: Box::new(Selection::default()),
        }
    }

    /// Device memory of ours that is counted; one block for each of `sizes`, in bytes.
    pub(super) fn blocks(
        &self,
        what: &'static str,
        sizes: &[u64],
        usage: BufferUsages,
    ) -> Result<Vec<Block>, Error> {
        let needed = sizes.iter().sum();
        let available = self
            .memory_limit
            .saturating_sub(self.shared.in_use.load(Ordering::Relaxed));
        if needed > available {
            return Err(Error::OutOfMemory {
                what,
                needed,
                available: Some(available),
            });
        }
        let create = |&size: &u64| {
            self.shared.in_use.fetch_add(size, Ordering::Relaxed);
            let label = Some(what);
            let descriptor = wgpu::BufferDescriptor {
                label,
                size,
                usage,
                mapped_at_creation: false,
            };
            let buffer = self.shared.device.create_buffer(&descriptor);
            Block {
                buffer,
                shared: self.shared.clone(),
            }
        };
        self.caught(what, needed, || sizes.iter().map(create).collect())
    }

    /// One block of device memory.
    pub(super) fn block(
        &self,
        what: &'static str,
        size: u64,
        usage: BufferUsages,
    ) -> Result<Block, Error> {
        let mut blocks = self.blocks(what, &[size], usage)?;
        Ok(blocks.remove(0))
    }

    /// A block for a kernel to write. In debug builds it is full of NaN before, so that a value
    /// left unwritten is seen: wgpu's zeros could pass for an answer.
    pub(super) fn output(&self, what: &'static str, size: u64) -> Result<Block, Error> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let block = self.block(what, size, usage)?;
        if cfg!(debug_assertions) {
            self.write(what, &block, &vec![u32::MAX; size as usize / 4])?;
        }
        Ok(block)
    }

    /// A block that holds `values`.
    pub(super) fn filled<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        values: &[T],
        usage: BufferUsages,
    ) -> Result<Block, Error> {
        let size = size_of_val(values) as u64;
        let block = self.block(what, size, usage | BufferUsages::COPY_DST)?;
        self.write(what, &block, values)?;
        Ok(block)
    }

    /// A kernel's uniform.
    pub(super) fn uniform<T: bytemuck::Pod>(&self, shape: T) -> Result<Block, Error> {
        self.filled("shape", &[shape], BufferUsages::UNIFORM)
    }

    /// Writes `values` at the start of a buffer.
    pub(super) fn write<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
        values: &[T],
    ) -> Result<(), Error> {
        let piece = PIECE_BYTES as usize;
        let mut offset = 0;
        for bytes in bytemuck::cast_slice::<T, u8>(values).chunks(piece) {
            self.caught(what, bytes.len() as u64, || {
                self.queue().write_buffer(buffer, offset, bytes);
            })?;
            offset += bytes.len() as u64;
            if bytes.len() == piece {
                self.submit(what, |_| {})?; // frees the staging memory of the pieces before
            }
        }
        Ok(())
    }

    /// Records and submits commands.
    pub(super) fn submit(
        &self,
        what: &'static str,
        record: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex, Error> {
        self.caught(what, 0, || {
            let descriptor = wgpu::CommandEncoderDescriptor { label: Some(what) };
            let mut encoder = self.shared.device.create_command_encoder(&descriptor);
            record(&mut encoder);
            self.queue().submit([encoder.finish()])
        })
    }

    /// Runs one kernel: `groups` workgroups, `bindings` from binding 0 on.
    pub(super) fn dispatch(
        &self,
        what: &'static str,
        pipeline: impl FnOnce(&wgpu::Device) -> wgpu::ComputePipeline,
        slot: &OnceLock<wgpu::ComputePipeline>,
        bindings: &[wgpu::BindingResource<'_>],
        groups: u64,
    ) -> Result<(), Error> {
        let device = &self.shared.device;
        let pipeline = self.caught(what, 0, || slot.get_or_init(|| pipeline(device)))?;
        let entries: Vec<_> = (0..)
            .zip(bindings)
            .map(|(binding, resource)| wgpu::BindGroupEntry {
                binding,
                resource: resource.clone(),
            })
            .collect();
        let (x, y) = grid(groups, self.limits().max_compute_workgroups_per_dimension);
        self.submit(what, |encoder| {
            let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(what),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some(what),
                timestamp_writes: None,
            });
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &bind_group, &[]);
            pass.dispatch_workgroups(x, y, 1);
        })?;
        Ok(())
    }

    /// Waits for a submission.
    pub(super) fn wait(&self, index: wgpu::SubmissionIndex) -> Result<(), Error> {
        let wait = wgpu::PollType::Wait {
            submission_index: Some(index),
            timeout: None,
        };
        // wgpu panics where the driver reports the loss of the device to a poll.
        let polled = catch_unwind(AssertUnwindSafe(|| self.shared.device.poll(wait)));
        if matches!(polled, Ok(Ok(_))) {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    /// The whole of a buffer.
    pub(super) fn read<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
    ) -> Result<Vec<T>, Error> {
        let mut values = Vec::with_capacity(buffer.size() as usize / size_of::<T>());
        let staging = self.block(
            what,
            buffer.size().min(PIECE_BYTES),
            BufferUsages::MAP_READ | BufferUsages::COPY_DST,
        )?;
        for offset in (0..buffer.size()).step_by(PIECE_BYTES as usize) {
            let size = (buffer.size() - offset).min(PIECE_BYTES);
            let index = self.submit(what, |encoder| {
                encoder.copy_buffer_to_buffer(buffer, offset, &staging, 0, size);
            })?;
            values.extend(self.read_staging::<T>(what, index, &staging, size)?);
        }
        Ok(values)
    }

    /// The first `size` bytes of a staging buffer, when the submission that fills it is done.
    fn read_staging<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        filled: wgpu::SubmissionIndex,
        staging: &wgpu::Buffer,
        size: u64,
    ) -> Result<Vec<T>, Error> {
        let (sender, receiver) = mpsc::channel();
        self.caught(what, 0, || {
            staging.map_async(wgpu::MapMode::Read, 0..size, move |result| {
                let _ = sender.send(result.is_ok());
            });
        })?;
        // The mapping is told by whichever thread's poll comes upon it: maybe not by ours, and
        // then a little later.
        let mapped = loop {
            self.wait(filled.clone())?;
            match receiver.recv_timeout(Duration::from_millis(100)) {
                Ok(mapped) => break mapped,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break false,
            }
        };
        if !mapped {
            return Err(self.lost());
        }
        let Ok(view) = staging.get_mapped_range(0..size) else {
            return Err(self.lost());
        };
        let values = bytemuck::pod_collect_to_vec(&view[..]);
        drop(view);
        staging.unmap();
        Ok(values)
    }
}

/// Compiles a kernel: its source and, by name, its overrides.
pub(super) fn compile(
    device: &wgpu::Device,
    name: &str,
    source: &str,
    constants: &[(&str, f64)],
) -> wgpu::ComputePipeline {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: None,
        module: &module,
        entry_point: Some(name),
        compilation_options: wgpu::PipelineCompilationOptions {
            constants,
            zero_initialize_workgroup_memory: false, // every word is written before it is read
        },
        cache: None,
    })
}

/// Workgroups along x and y that make at least `groups`, neither axis past its limit.
fn grid(groups: u64, limit: u32) -> (u32, u32) {
    let x = groups.clamp(1, u64::from(limit));
    let y = groups.div_ceil(x).max(1);
    (
        x as u32,
        u32::try_from(y).expect("most_groups has been minded"),
    )
}

/// Device memory of ours; freed, and no longer counted, when dropped.
#[derive(Debug)]
pub(super) struct Block {
    buffer: wgpu::Buffer,
    shared: Arc<Shared>,
}

impl std::ops::Deref for Block {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.buffer
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.shared
            .in_use
            .fetch_sub(self.buffer.size(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn grids_fold_past_one_axis() {
        assert_eq!(grid(1, 65_535), (1, 1));
        assert_eq!(grid(65_535, 65_535), (65_535, 1));
        assert_eq!(grid(65_536, 65_535), (65_535, 2));
        assert_eq!(grid(131_071, 65_535), (65_535, 3));
    }
}
