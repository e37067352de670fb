//! Running things on a device: errors caught, kernels compiled and dispatched, ends awaited.

use super::record::Kind;
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::selection::Selection;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;
use wgpu::{BufferUsages, ErrorFilter};

/// How long the device is waited for between two looks at what ends the work.
const PATIENCE: Duration = Duration::from_millis(20);

impl Gpu {
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
        let scope = (self.shared.device).push_error_scope(ErrorFilter::OutOfMemory);
        let probe = self.shared.device.create_buffer(&descriptor);
        let no_memory = pollster::block_on(scope.pop()).is_some();
        !no_memory && probe.get_mapped_range(..).is_err()
    }

    /// What writes alone would not tell: on a lost device they do nothing. Counted as one of them.
    pub(super) fn alive(&self) -> Result<(), Error> {
        self.counted(Kind::Upload, || {
            if self.is_lost() {
                Err(self.lost())
            } else {
                Ok(())
            }
        })
    }

    /// The device is lost: for the reason that the driver gave, where it came to us.
    pub(super) fn lost(&self) -> Error {
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

    /// Records and submits commands, unless the work is to end: the only way to the queue but for small
    /// writes.
    pub(super) fn submit(
        &self,
        what: &'static str,
        record: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex, Error> {
        self.stop.check()?;
        if self.stop.is_some() && self.is_software() {
            // Its queue takes nothing in before all is done, and that is better waited for here.
            self.idle()?;
        }
        self.caught(what, 0, || {
            let descriptor = wgpu::CommandEncoderDescriptor { label: Some(what) };
            let mut encoder = self.shared.device.create_command_encoder(&descriptor);
            record(&mut encoder);
            let _alone = self.alone();
            self.queue().submit([encoder.finish()])
        })
    }

    /// Runs one kernel: of its source and, by name, its overrides; `groups` workgroups, `bindings` from
    /// binding 0 on. Gives what to wait for.
    pub(super) fn dispatch(
        &self,
        what: &'static str,
        (source, constants): (&str, &[(&'static str, f64)]),
        bindings: &[wgpu::BindingResource<'_>],
        groups: u64,
    ) -> Result<wgpu::SubmissionIndex, Error> {
        let device = &self.shared.device;
        let pipeline = self.pipeline(what, source, constants)?;
        let entries: Vec<_> = (0..)
            .zip(bindings)
            .map(|(binding, resource)| wgpu::BindGroupEntry {
                binding,
                resource: resource.clone(),
            })
            .collect();
        let (x, y) = grid(groups, self.limits().max_compute_workgroups_per_dimension);
        self.submit_kernel(what, |encoder, timestamp_writes| {
            let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(what),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some(what),
                timestamp_writes,
            });
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &bind_group, &[]);
            pass.dispatch_workgroups(x, y, 1);
        })
    }

    /// A kernel compiled with these overrides, once for the device. One that does not compile is not kept.
    fn pipeline(
        &self,
        what: &'static str,
        source: &str,
        constants: &[(&'static str, f64)],
    ) -> Result<wgpu::ComputePipeline, Error> {
        let shared = &self.shared;
        let bits = constants
            .iter()
            .map(|&(name, value)| (name, value.to_bits()));
        let key = (what, bits.collect());
        let mut known = shared
            .pipelines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = known.get(&key) {
            return Ok(pipeline.clone());
        }
        let pipeline = self.caught(what, 0, || {
            compile(&shared.device, what, source, constants, shared.checked)
        })?;
        known.insert(key, pipeline.clone());
        Ok(pipeline)
    }

    /// Waits for a submission.
    pub(super) fn wait(&self, index: wgpu::SubmissionIndex) -> Result<(), Error> {
        self.wait_for(Some(index))
    }

    /// Waits for all that was submitted.
    pub(super) fn idle(&self) -> Result<(), Error> {
        self.wait_for(None)
    }

    /// Waits for a submission, or all, or until the work is to end: then the device ends by itself what it
    /// has begun.
    fn wait_for(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<(), Error> {
        while !self.is_done(submission.clone())? {
            self.stop.check()?;
        }
        Ok(())
    }

    /// Where waiting may time out: held while a thread waits or submits.
    fn alone(&self) -> Option<MutexGuard<'_, ()>> {
        let lock = || self.shared.waiting.lock();
        (self.stop.is_some()).then(|| lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a submission is done, or all of them, or comes to be within [`PATIENCE`].
    fn is_done(&self, submission_index: Option<wgpu::SubmissionIndex>) -> Result<bool, Error> {
        // wgpu 30 asserts of a wait that has timed out what does not hold where another thread has just
        // collected the same work: where nothing can end the work nothing times out, and else one thread
        // at a time waits or submits.
        let _alone = self.alone();
        let timeout = self.stop.is_some().then_some(PATIENCE);
        let wait = wgpu::PollType::Wait {
            submission_index,
            timeout,
        };
        // wgpu panics where the driver reports the loss of the device to a poll. A poll also runs
        // the application's callbacks, whose panics are not ours to stop.
        match catch_unwind(AssertUnwindSafe(|| self.shared.device.poll(wait))) {
            Ok(Ok(_)) => Ok(true),
            Ok(Err(wgpu::PollError::Timeout)) => Ok(false),
            Err(panic) if !self.is_lost() => resume_unwind(panic),
            Ok(Err(_)) | Err(_) => Err(self.lost()),
        }
    }
}

/// Compiles a kernel: its source and, by name, its overrides.
fn compile(
    device: &wgpu::Device,
    name: &str,
    source: &str,
    constants: &[(&str, f64)],
    checked: bool,
) -> wgpu::ComputePipeline {
    let descriptor = wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    };
    let module = if checked {
        device.create_shader_module(descriptor)
    } else {
        trusted(device, descriptor)
    };
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

/// A shader without the checks that wgpu adds: clamped indices, a count of every loop's rounds, tests
/// before every division. On an H100 they make row norms take 1.6 times as long, the f32 tile 1.2 to
/// 1.4 times, a greedy round 1.9 times.
#[allow(
    unsafe_code,
    reason = "the sources are ours alone, part of the crate, and keep what the call asks for"
)]
fn trusted(
    device: &wgpu::Device,
    descriptor: wgpu::ShaderModuleDescriptor<'_>,
) -> wgpu::ShaderModule {
    let checks = wgpu::ShaderRuntimeChecks::unchecked();
    // SAFETY: no caller's text comes here: a source is a constant of this crate. Each kernel tests a
    // row, a column and a place in a list against its uniform's sizes before it writes, and tests it or
    // brings it within them before it reads; its host binds buffers of those sizes. Indices into
    // workgroup memory are below its length for every thread of the workgroup that is declared. Every
    // loop counts up or down to a bound. Integers are divided by constants other than 0 and by the
    // values to a row, at least 1. Every test of a kernel runs with the checks too (`Gpu::checked`),
    // and there must say the same.
    unsafe { device.create_shader_module_trusted(descriptor, checks) }
}

/// Workgroups along x and y that make at least `groups`, neither axis past its limit.
fn grid(groups: u64, limit: u32) -> (u32, u32) {
    let y = groups.div_ceil(u64::from(limit)).max(1);
    let x = groups.div_ceil(y).max(1); // as few idle ones as can be
    (
        x as u32,
        u32::try_from(y).expect("most_groups has been minded"),
    )
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn grids_fold_past_one_axis() {
        assert_eq!(grid(1, 65_535), (1, 1));
        assert_eq!(grid(65_535, 65_535), (65_535, 1));
        assert_eq!(grid(65_536, 65_535), (32_768, 2));
        assert_eq!(grid(131_071, 65_535), (43_691, 3));
    }
}
