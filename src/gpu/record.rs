//! The record of what a device does, and its clock's queries.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wgpu::{BufferUsages, QUERY_SET_MAX_QUERIES, QUERY_SIZE};

/// What a device did since it was last asked; see [`Gpu::take_record`](crate::Gpu::take_record).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceRecord {
    /// Kernels, and `memory`, `upload`, `submit`, `wait`, `read-back` and `host` (rows and lengths taken
    /// from the caller's memory, and rows made as kernels read them), by name. `overlap` is to be taken
    /// off: kernels that ran while the host was at something else.
    pub parts: Vec<DevicePart>,
    /// Most bytes of device memory that this crate held at a time.
    pub peak_bytes: u64,
    /// Bytes of answers and rows that came back to the host.
    pub read_back_bytes: u64,
}

/// One kernel, or one of what takes time beside them, in a [`DeviceRecord`].
#[derive(Clone, Debug, PartialEq)]
pub struct DevicePart {
    /// Its name.
    pub name: &'static str,
    /// Dispatches, or whatever else.
    pub calls: u64,
    /// Seconds of all of them.
    pub seconds: f64,
}

/// The record of a device that keeps one.
#[derive(Debug)]
pub(super) struct Clock {
    /// None where the device has no timestamps.
    pub(super) queries: Option<Queries>,
    recorded: Mutex<Recorded>,
}

#[derive(Debug)]
pub(super) struct Queries {
    pub(super) set: wgpu::QuerySet,
    pub(super) ticks: wgpu::Buffer,
    pub(super) seconds_of_tick: f64,
}

#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// Kernels whose timestamps have not been read, in the order of their queries.
    pub(super) stamped: Vec<&'static str>,
    pub(super) parts: BTreeMap<&'static str, (u64, f64)>,
    /// Kernels stamped before the host waited for them, and how many seconds it did.
    waits: Vec<(usize, f64)>,
    /// What it has waited since.
    pub(super) waited: f64,
}

impl Recorded {
    pub(super) fn add(&mut self, name: &'static str, seconds: f64) {
        let part = self.parts.entry(name).or_default();
        part.0 += 1;
        part.1 += seconds;
    }

    /// What the host waited for beside the kernels, which took so many seconds each.
    pub(super) fn add_waits(&mut self, kernels: &[f64]) {
        let mut before = 0;
        for (stamped, waited) in std::mem::take(&mut self.waits) {
            let run: f64 = kernels[before..stamped].iter().sum();
            // Kernels that ran while the host still prepared took none of its waiting.
            self.add("wait", (waited - run).max(0.0));
            if run > waited {
                self.add("overlap", run - waited);
            }
            before = stamped;
        }
    }
}

impl Clock {
    /// By timestamps, if the device was opened with them.
    pub(super) fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let has_timestamps = device.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        Self {
            queries: has_timestamps.then(|| Queries::new(device, queue)),
            recorded: Mutex::default(),
        }
    }

    pub(super) fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, name: &'static str, time: Duration) {
        self.recorded().add(name, time.as_secs_f64());
    }

    pub(super) fn waited(&self, time: Duration) {
        let mut recorded = self.recorded();
        let stamped = recorded.stamped.len();
        let waited = std::mem::take(&mut recorded.waited) + time.as_secs_f64();
        recorded.waits.push((stamped, waited));
    }
}

impl Queries {
    pub(super) fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let label = Some("coresift clock");
        Self {
            set: device.create_query_set(&wgpu::QuerySetDescriptor {
                label,
                ty: wgpu::QueryType::Timestamp,
                count: QUERY_SET_MAX_QUERIES,
            }),
            ticks: device.create_buffer(&wgpu::BufferDescriptor {
                label,
                size: u64::from(QUERY_SET_MAX_QUERIES * QUERY_SIZE),
                usage: BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
            seconds_of_tick: f64::from(queue.get_timestamp_period()) * 1e-9,
        }
    }

    /// The two queries around a pass.
    pub(super) fn around(&self, at: usize) -> wgpu::ComputePassTimestampWrites<'_> {
        let first = 2 * at as u32;
        wgpu::ComputePassTimestampWrites {
            query_set: &self.set,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        }
    }
}

/// What takes time beside kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Memory taken.
    Memory,
    /// Bytes moved to the device.
    Upload,
    /// Kernels recorded and handed to the driver.
    Submit,
    /// Bytes moved to the host.
    ReadBack,
    /// Rows and lengths taken from the caller's memory, and rows made as kernels read them.
    Host,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Upload => "upload",
            Self::Submit => "submit",
            Self::ReadBack => "read-back",
            Self::Host => "host",
        }
    }
}
