//! Every device that a test can run on.

use coresift::{CpuPool, Features, Pool, Shards};

/// Runs `check` on the features in a pool of every device, by name: the CPU; a software Vulkan
/// adapter; the same adapter with 384 KiB bindings and short grid axes, so that small inputs cross
/// panels and fold grids, and with shaders checked as wgpu checks those that it does not trust; and
/// with the feature `gles` OpenGL. `CORESIFT_TEST_DEVICES` may name more adapters, separated by commas,
/// and `CORESIFT_TEST_ADAPTER` one to take instead of the software adapter, for a machine that has a
/// GPU and no Mesa. A GPU has all features from the start, so that nothing is left to the host.
///
/// Shards come besides: one of a single row, then the CPU and the software adapter by turns.
///
/// Panics where there is no such adapter: a test that did not run has not passed.
pub fn on_every_device(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    check("cpu", &CpuPool::new(features.clone()));
    check("3 shards", &shards(&features, 3));
    #[cfg(feature = "gpu")]
    on_every_gpu(|name, gpu| check(name, &gpu.upload(&features).expect("the pool fits")));
}

/// For whole selections on real pools: as [`on_every_device`], but GPUs are lent the features, as
/// users have it, and OpenGL is left out. There it is the same software adapter once more, one thread
/// at a time, for a third of all the time that tests take; kernels, reference cases and laws run on it
/// as on the others.
pub fn with_features_lent(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    check("cpu", &CpuPool::new(features.clone()));
    #[cfg(feature = "gpu")]
    on_every_gpu_but_gl(|name, gpu| {
        check(name, &gpu.pool(features.clone()).expect("the pool fits"));
    });
}

/// The features in so many pools of uneven sizes, or in as many as there are rows: the first has a single
/// row, the others are by turns on the software adapter, where there is one, and on the CPU.
pub fn shards<'a>(features: &Features<'a>, count: usize) -> Shards<'a> {
    let mut first = 0;
    let part = |(shard, size): (usize, &usize)| -> Box<dyn Pool + 'a> {
        let part = features.part(first..first + size);
        first += size;
        #[cfg(feature = "gpu")]
        if shard % 2 == 1 {
            return Box::new(a_gpu().upload(&part).expect("the shard fits"));
        }
        let _ = shard;
        Box::new(CpuPool::new(part))
    };
    let sizes = sizes(features.rows(), count);
    let pools = sizes.iter().enumerate().map(part).collect();
    Shards::new(pools).expect("parts of one matrix")
}

/// So many rows in so many parts of uneven sizes, the first of a single row, or in as many as there are rows.
pub fn sizes(rows: usize, count: usize) -> Vec<usize> {
    let count = count.min(rows);
    // 0, 1, and then ever larger steps.
    let cut = |shard: usize| match shard {
        0 => 0,
        _ => 1 + (rows - 1) * (shard - 1).pow(2) / (count - 1).max(1).pow(2),
    };
    let mut starts: Vec<usize> = (0..count).map(cut).collect();
    starts.dedup();
    starts.push(rows);
    starts.dedup();
    starts.windows(2).map(|cut| cut[1] - cut[0]).collect()
}

#[cfg(feature = "gpu")]
pub use gpus::{SOFTWARE, a_gpu, cut, on_every_gpu, on_every_gpu_but_gl, software, tiny};

#[cfg(feature = "gpu")]
mod gpus {
    use coresift::{Gpu, wgpu};
    use std::sync::{Mutex, OnceLock, PoisonError};

    /// Part of the name of the software adapter that every test runs on, unless told otherwise.
    pub const SOFTWARE: &str = "llvmpipe";

    fn adapter_name() -> String {
        std::env::var("CORESIFT_TEST_ADAPTER").unwrap_or_else(|_| SOFTWARE.to_owned())
    }

    /// The one that a thread has to have to itself.
    const GL: &str = "GL";

    fn gpus() -> &'static [(String, Gpu)] {
        static GPUS: OnceLock<Vec<(String, Gpu)>> = OnceLock::new();
        GPUS.get_or_init(every_gpu)
    }

    /// The software adapter.
    pub fn a_gpu() -> &'static Gpu {
        &gpus()[0].1
    }

    /// As [`on_every_gpu`], but not through OpenGL.
    pub fn on_every_gpu_but_gl(check: impl Fn(&str, &Gpu)) {
        for (name, gpu) in gpus().iter().filter(|(name, _)| name != GL) {
            check(name, gpu);
        }
    }

    /// Runs `check` on every GPU of the tests; one device each for a whole test binary.
    pub fn on_every_gpu(check: impl Fn(&str, &Gpu)) {
        // wgpu takes it for a deadlock where a thread waits 6 s for OpenGL's only context, which on
        // a busy machine may well be the time that another thread's kernel takes.
        static IN_GL: Mutex<()> = Mutex::new(());
        for (name, gpu) in gpus() {
            let _alone = (name == GL).then(|| IN_GL.lock().unwrap_or_else(PoisonError::into_inner));
            check(name, gpu);
        }
    }

    fn every_gpu() -> Vec<(String, Gpu)> {
        let (device, queue) = software(tiny());
        let tiny = Gpu::checked(device, queue).expect("the least limits suffice");
        let mut gpus = vec![
            ("software".to_owned(), open(&adapter_name())),
            ("tiny bindings".to_owned(), tiny),
        ];
        #[cfg(feature = "gles")]
        {
            let (device, queue) = application(wgpu::Backends::GL, wgpu::Limits::default());
            let gl = Gpu::adopt(device, queue).expect("the default limits suffice");
            gpus.push((GL.to_owned(), gl));
        }
        let more = std::env::var("CORESIFT_TEST_DEVICES").unwrap_or_default();
        for name in more.split(',').filter(|name| !name.is_empty()) {
            gpus.push((name.to_owned(), open(name)));
        }
        gpus
    }

    fn open(name: &str) -> Gpu {
        let opened = name.parse().and_then(|asked| Gpu::open(&asked));
        opened.unwrap_or_else(|e| panic!("{e} (Debian: mesa-vulkan-drivers)"))
    }

    /// The software adapter with 2 KiB bindings: the least that hold a block of directions of 16
    /// values, and so little that 48 rows of 12 cross panels.
    pub fn cut() -> &'static Gpu {
        static CUT: OnceLock<Gpu> = OnceLock::new();
        CUT.get_or_init(|| {
            let (device, queue) = software(wgpu::Limits {
                max_storage_buffer_binding_size: 2 << 10,
                ..tiny()
            });
            Gpu::adopt(device, queue).expect("bindings may be small")
        })
    }

    /// Limits under which a thousand rows cross panels and grids fold.
    pub fn tiny() -> wgpu::Limits {
        wgpu::Limits {
            max_storage_buffer_binding_size: 384 << 10,
            max_compute_workgroups_per_dimension: 64,
            ..wgpu::Limits::default()
        }
    }

    /// An application's own device on the adapter of the tests.
    pub fn software(limits: wgpu::Limits) -> (wgpu::Device, wgpu::Queue) {
        application(wgpu::Backends::VULKAN, limits)
    }

    fn application(
        backends: wgpu::Backends,
        required_limits: wgpu::Limits,
    ) -> (wgpu::Device, wgpu::Queue) {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapters = pollster::block_on(instance.enumerate_adapters(backends));
        let name = adapter_name();
        let adapter = adapters
            .into_iter()
            .find(|adapter| adapter.get_info().name.contains(&name))
            .expect(
                "a software adapter (Debian: mesa-vulkan-drivers; for GL libegl1 libgl1-mesa-dri)",
            );
        let descriptor = wgpu::DeviceDescriptor {
            required_limits,
            ..wgpu::DeviceDescriptor::default()
        };
        pollster::block_on(adapter.request_device(&descriptor)).expect("the adapter opens")
    }
}
