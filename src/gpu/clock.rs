//! What a device's time is spent on: kernels by its own clock, the rest by the host's.

use crate::error::Error;
use crate::gpu::device::Gpu;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wgpu::{BufferUsages, QUERY_SET_MAX_QUERIES, QUERY_SIZE};

/// Dispatches of which the times are read in one go: two queries each.
const MOST_STAMPED: usize = QUERY_SET_MAX_QUERIES as usize / 2;

/// What a device did since it was last asked; see [`Gpu::take_record`].
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
    queries: Option<Queries>,
    recorded: Mutex<Recorded>,
}

#[derive(Debug)]
struct Queries {
    set: wgpu::QuerySet,
    ticks: wgpu::Buffer,
    seconds_of_tick: f64,
}

#[derive(Debug, Default)]
struct Recorded {
    /// Kernels whose timestamps have not been read, in the order of their queries.
    stamped: Vec<&'static str>,
    parts: BTreeMap<&'static str, (u64, f64)>,
    /// Kernels stamped before the host waited for them, and how many seconds it did.
    waits: Vec<(usize, f64)>,
    /// What it has waited since.
    waited: f64,
}

impl Recorded {
    fn add(&mut self, name: &'static str, seconds: f64) {
        let part = self.parts.entry(name).or_default();
        part.0 += 1;
        part.1 += seconds;
    }

    /// What the host waited for beside the kernels, which took so many seconds each.
    fn add_waits(&mut self, kernels: &[f64]) {
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

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, name: &'static str, time: Duration) {
        self.recorded().add(name, time.as_secs_f64());
    }

    fn waited(&self, time: Duration) {
        let mut recorded = self.recorded();
        let stamped = recorded.stamped.len();
        let waited = std::mem::take(&mut recorded.waited) + time.as_secs_f64();
        recorded.waits.push((stamped, waited));
    }
}

impl Queries {
    fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
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
    fn around(&self, at: usize) -> wgpu::ComputePassTimestampWrites<'_> {
        let first = 2 * at as u32;
        wgpu::ComputePassTimestampWrites {
            query_set: &self.set,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        }
    }
}

impl Gpu {
    /// What the device did since it was opened or last asked; `None` unless it was opened to keep a
    /// record ([`open_recorded`](Self::open_recorded)).
    ///
    /// Kernels are timed by the device's timestamps. Where it has none, each is submitted alone and
    /// awaited by the host's clock, and everything takes longer. The host's clock also tells what is
    /// no part of a kernel's time: `memory`, the making of buffers; `upload`, until bytes are in
    /// staging memory, or have arrived in the case of features; `submit`, the recording of kernels;
    /// `wait`, for kernels to begin and for the host to notice their end; `read-back`, after that.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`].
    pub fn take_record(&self) -> Result<Option<DeviceRecord>, Error> {
        let Some(clock) = &self.shared.clock else {
            return Ok(None);
        };
        let mut recorded = clock.recorded();
        match &clock.queries {
            Some(queries) => self.read_stamps(queries, &mut recorded)?,
            None => recorded.add_waits(&[]),
        }
        let parts = std::mem::take(&mut recorded.parts);
        let part = |(name, (calls, seconds))| DevicePart {
            name,
            calls,
            seconds,
        };
        let in_use = self.shared.in_use.load(Ordering::Relaxed);
        Ok(Some(DeviceRecord {
            parts: parts.into_iter().map(part).collect(),
            peak_bytes: self.shared.peak.swap(in_use, Ordering::Relaxed),
            read_back_bytes: self.shared.read_back.swap(0, Ordering::Relaxed),
        }))
    }

    /// Whether kernels are timed by the device itself.
    #[must_use]
    pub fn has_timestamps(&self) -> bool {
        let clock = self.shared.clock.as_ref();
        clock.is_some_and(|clock| clock.queries.is_some())
    }

    /// Submits a kernel's pass, with what it is to be timed by.
    pub(super) fn submit_kernel(
        &self,
        what: &'static str,
        record: impl FnOnce(&mut wgpu::CommandEncoder, Option<wgpu::ComputePassTimestampWrites<'_>>),
    ) -> Result<wgpu::SubmissionIndex, Error> {
        let Some(clock) = &self.shared.clock else {
            return self.submit(what, |encoder| record(encoder, None));
        };
        let Some(queries) = &clock.queries else {
            self.idle()?;
            let began = Instant::now();
            let index = self.submit(what, |encoder| record(encoder, None))?;
            self.wait(index.clone())?;
            clock.add(what, began.elapsed());
            return Ok(index);
        };
        // Held until the pass is submitted: a query must not be read before it is written.
        let mut recorded = clock.recorded();
        if recorded.stamped.len() == MOST_STAMPED {
            self.read_stamps(queries, &mut recorded)?;
        }
        let writes = queries.around(recorded.stamped.len());
        let began = Instant::now();
        let index = self.submit(what, |encoder| record(encoder, Some(writes)))?;
        recorded.add(Kind::Submit.name(), began.elapsed().as_secs_f64());
        recorded.stamped.push(what);
        Ok(index)
    }

    /// Does something that the record counts beside the kernels; read-backs begin when these are
    /// done.
    pub(super) fn counted<T>(
        &self,
        kind: Kind,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(clock) = &self.shared.clock else {
            return work();
        };
        if kind == Kind::ReadBack {
            let began = Instant::now();
            self.idle()?;
            clock.waited(began.elapsed());
        }
        let began = Instant::now();
        let value = work()?;
        clock.add(kind.name(), began.elapsed());
        Ok(value)
    }

    /// Waits for kernels before the last: the record adds that to the wait for all of them.
    pub(super) fn wait_amid(&self, index: wgpu::SubmissionIndex) -> Result<(), Error> {
        let began = Instant::now();
        self.wait(index)?;
        if let Some(clock) = &self.shared.clock {
            clock.recorded().waited += began.elapsed().as_secs_f64();
        }
        Ok(())
    }

    /// Reads the timestamps that there are.
    fn read_stamps(&self, queries: &Queries, recorded: &mut Recorded) -> Result<(), Error> {
        let stamped = std::mem::take(&mut recorded.stamped);
        let count = 2 * stamped.len() as u32;
        let mut ticks = Vec::new();
        if count > 0 {
            self.submit("clock", |encoder| {
                encoder.resolve_query_set(&queries.set, 0..count, &queries.ticks, 0);
            })?;
            let bytes = 0..u64::from(count * QUERY_SIZE);
            ticks = self.fetch::<[u64; 2]>("clock", &queries.ticks, bytes)?;
        }
        let seconds =
            |[first, last]: [u64; 2]| last.saturating_sub(first) as f64 * queries.seconds_of_tick;
        let seconds: Vec<f64> = ticks.into_iter().map(seconds).collect();
        for (name, &seconds) in stamped.into_iter().zip(&seconds) {
            recorded.add(name, seconds);
        }
        recorded.add_waits(&seconds);
        Ok(())
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
    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Upload => "upload",
            Self::Submit => "submit",
            Self::ReadBack => "read-back",
            Self::Host => "host",
        }
    }
}
