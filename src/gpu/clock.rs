//! What a device's time is spent on: kernels by its own clock, the rest by the host's.

use super::record::{DevicePart, DeviceRecord, Kind, Queries, Recorded};
use crate::error::Error;
use crate::gpu::device::Gpu;
use std::sync::atomic::Ordering;
use std::time::Instant;
use wgpu::{QUERY_SET_MAX_QUERIES, QUERY_SIZE};

/// Dispatches of which the times are read in one go: two queries each.
const MOST_STAMPED: usize = QUERY_SET_MAX_QUERIES as usize / 2;

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
