//! The GPU that a caller opens or lends.

use super::adapter::{self, Adapter, AdapterChoice};
use super::record::Clock;
use crate::control::Stop;
use crate::error::Error;
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, Weak};

/// A GPU that makes pools. Clones share the device.
///
/// Kernels need no optional feature and run within wgpu's default limits.
///
/// ```no_run
/// use coresift::{AdapterChoice, Features, Gpu};
///
/// let x = [3.0, 4.0, 0.0, 1.0];
/// let pool = Gpu::open(&AdapterChoice::Best)?.pool(Features::new(&x, 2, 2)?)?;
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gpu {
    pub(super) shared: Arc<Shared>,
    pub(super) memory_limit: u64,
    pub(super) stop: Stop,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    /// Whether kernels are compiled with wgpu's checks.
    pub(super) checked: bool,
    is_software: bool,
    /// Held while a thread waits or submits, where waiting may time out.
    pub(super) waiting: Mutex<()>,
    limits: wgpu::Limits,
    /// Compiled at first use: a run that only samples by norm never waits for the others.
    pub(super) pipelines: Pipelines,
    /// Bytes of the blocks that live.
    pub(super) in_use: AtomicU64,
    /// Most that `in_use` has been since the record was last taken.
    pub(super) peak: AtomicU64,
    /// What may give way where memory is needed.
    pub(super) transients: Mutex<Vec<Weak<dyn Transient>>>,
    /// Uses of it so far.
    pub(super) uses: AtomicU64,
    /// Bytes that came back to the host since then.
    pub(super) read_back: AtomicU64,
    /// Where a record is kept of what the device does.
    pub(super) clock: Option<Clock>,
    /// What the driver said when the device was lost, where we opened it.
    pub(super) lost: OnceLock<String>,
}

/// What may leave a device's memory and comes back when it is asked for.
pub(super) trait Transient: std::fmt::Debug + Send + Sync {
    /// Bytes that nobody uses at the moment.
    fn idle_bytes(&self) -> u64;

    /// When it was last used, as [`Gpu::tick`] counts.
    fn last_use(&self) -> u64;

    /// Frees a part of what nobody uses; gives its bytes, or none where there is no such part.
    fn give_way(&self) -> Option<u64>;
}

/// Refuses a device of which a limit is too small for the kernels.
fn check(limits: &wgpu::Limits) -> Result<(), Error> {
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
            16_384,
        ),
        (
            "max_compute_workgroups_per_dimension",
            limits.max_compute_workgroups_per_dimension,
            64,
        ),
        (
            "max_storage_buffers_per_shader_stage",
            limits.max_storage_buffers_per_shader_stage,
            8,
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
    Ok(())
}

/// Compiled kernels, by name and by what each override is set to, in bits.
type Pipelines = Mutex<HashMap<(&'static str, Vec<(&'static str, u64)>), wgpu::ComputePipeline>>;

impl Gpu {
    /// Opens the best hardware adapter, or any other by its number or name.
    ///
    /// # Errors
    ///
    /// [`Error::NoAdapter`] where the best is asked for and none is hardware; [`Error::DeviceNumber`],
    /// [`Error::UnknownDevice`] or [`Error::AmbiguousDevice`] where a number or name does not tell which;
    /// [`Error::Argument`] for a name too short to mean one; [`Error::Device`] where the driver refuses.
    pub fn open(asked: &AdapterChoice) -> Result<Self, Error> {
        let (device, queue) =
            adapter::request(&adapter::choose(asked)?.1, wgpu::Features::empty())?;
        Ok(Self::shared(device, queue, None)?.told_of_loss())
    }

    /// As [`open`](Self::open), and keeps a record of what the device does, for
    /// [`take_record`](Self::take_record).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_recorded(asked: &AdapterChoice) -> Result<Self, Error> {
        Self::recorded(&adapter::choose(asked)?.1)
    }

    /// Opens every adapter of this machine, software ones too, as
    /// [`open_recorded`](Self::open_recorded) does; the preferred first.
    #[must_use]
    pub fn open_all_recorded() -> Vec<(Adapter, Result<Self, Error>)> {
        let adapters = adapter::found().into_iter().enumerate();
        adapters
            .map(|(at, adapter)| (adapter::describe(at, &adapter), Self::recorded(&adapter)))
            .collect()
    }

    fn recorded(adapter: &wgpu::Adapter) -> Result<Self, Error> {
        // What a benchmark may use and kernels do without.
        let wanted = wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SHADER_F16;
        let (device, queue) = adapter::request(adapter, adapter.features() & wanted)?;
        let clock = Clock::new(&device, &queue);
        Ok(Self::shared(device, queue, Some(clock))?.told_of_loss())
    }

    /// A device of our own tells why it was lost.
    fn told_of_loss(self) -> Self {
        let shared = Arc::downgrade(&self.shared);
        self.shared
            .device
            .set_device_lost_callback(move |_, message| {
                if let Some(shared) = shared.upgrade() {
                    let _ = shared.lost.set(message);
                }
            });
        self
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
        Self::shared(device, queue, None)
    }

    /// As [`adopt`](Self::adopt), but kernels are compiled with the checks that wgpu adds to shaders
    /// that it does not trust. They take longer and must say the same: for tests.
    ///
    /// # Errors
    ///
    /// As [`adopt`](Self::adopt).
    #[doc(hidden)]
    pub fn checked(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self, Error> {
        let mut gpu = Self::adopt(device, queue)?;
        let shared = Arc::get_mut(&mut gpu.shared).expect("nobody else has it yet");
        shared.checked = true;
        Ok(gpu)
    }

    fn shared(
        device: wgpu::Device,
        queue: wgpu::Queue,
        clock: Option<Clock>,
    ) -> Result<Self, Error> {
        let limits = device.limits();
        check(&limits)?;
        let is_software = adapter::is_software(&device.adapter_info());
        let shared = Shared {
            device,
            queue,
            checked: false,
            is_software,
            waiting: Mutex::default(),
            limits,
            pipelines: Pipelines::default(),
            in_use: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            transients: Mutex::default(),
            uses: AtomicU64::new(0),
            read_back: AtomicU64::new(0),
            clock,
            lost: OnceLock::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            memory_limit: u64::MAX,
            stop: Stop::default(),
        })
    }

    /// The same device, holding no more than `bytes` of ours at any time. Rows that a pool is lent
    /// ([`pool`](Self::pool)) and integer rows come and go within it, a panel at a time; what is kept of every
    /// row, about 24 bytes, has to fit: else [`Error::OutOfMemory`] says what was needed and what was left.
    #[must_use]
    pub fn with_memory_limit(self, bytes: u64) -> Self {
        Self {
            memory_limit: bytes,
            ..self
        }
    }

    /// The same device, for pools that are worked on until this is stopped. What the device has begun by
    /// then it ends by itself.
    #[must_use]
    pub fn with_stop(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// Every adapter of this machine, in the order of their numbers: the preferred first.
    #[must_use]
    pub fn adapters() -> Vec<Adapter> {
        adapter::list()
    }

    /// The adapter's name and backend.
    #[must_use]
    pub fn name(&self) -> String {
        adapter::title(&self.shared.device.adapter_info())
    }

    /// The device that kernels run on, for work of the application's own beside them.
    #[must_use]
    pub fn device(&self) -> &wgpu::Device {
        &self.shared.device
    }

    /// Its queue.
    #[must_use]
    pub fn queue(&self) -> &wgpu::Queue {
        &self.shared.queue
    }

    pub(super) fn is_software(&self) -> bool {
        self.shared.is_software
    }

    pub(super) fn limits(&self) -> &wgpu::Limits {
        &self.shared.limits
    }

    /// Most bytes of one binding.
    pub(super) fn most_bound(&self) -> u64 {
        let limits = self.limits();
        (limits.max_storage_buffer_binding_size).min(limits.max_buffer_size)
    }

    /// Most workgroups of one dispatch: those that both axes of a grid count.
    pub(super) fn most_groups(&self) -> u64 {
        u64::from(self.limits().max_compute_workgroups_per_dimension).pow(2)
    }
}
