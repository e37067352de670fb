//! What only a GPU can do: be chosen, be adopted, borrow a buffer, run out of memory, be lost.
#![cfg(feature = "gpu")]

mod common;

use common::devices::{SOFTWARE, software, tiny};
use common::{fractions, whole_numbers};
use coresift::kernels::{
    Bunch, Examples, Length, Nearest, Rate, RowState, Similarities, stored_bytes,
};
use coresift::wgpu::{self, BufferUsages};
use coresift::{
    AdapterChoice, Classes, CpuPool, Error, Features, Gpu, GpuPool, Lp, Pool, Sas, Selector,
    Storage,
};

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

#[test]
fn adapters_are_chosen_by_rank_or_name() {
    let adapters = Gpu::adapters();
    assert!(
        adapters
            .iter()
            .any(|a| a.name.contains(SOFTWARE) && a.software),
        "{adapters:?}"
    );
    assert!(adapters.iter().skip(1).all(|a| !a.chosen), "{adapters:?}");
    for (number, adapter) in adapters.iter().enumerate() {
        assert_eq!(adapter.number, number);
    }
    match Gpu::open(&AdapterChoice::Best) {
        Ok(gpu) => assert!(gpu.name().starts_with(&adapters[0].name) && adapters[0].chosen),
        Err(Error::NoAdapter) => {
            assert!(
                adapters.iter().all(|a| a.software && !a.chosen),
                "{adapters:?}"
            );
        }
        Err(other) => panic!("{other}"),
    }
    let name = |name: &str| AdapterChoice::Named(name.to_owned());
    let named = Gpu::open(&name(&SOFTWARE.to_uppercase())).expect("either case will do");
    assert!(named.name().contains(SOFTWARE) && named.name().ends_with("(Vulkan)"));
    let software = adapters.iter().find(|a| a.name.contains(SOFTWARE)).unwrap();
    let numbered = Gpu::open(&AdapterChoice::Number(software.number)).expect("it is listed");
    assert!(numbered.name().starts_with(&software.name));
    match Gpu::open(&name("no such thing")) {
        Err(Error::UnknownDevice { name, available }) => {
            assert_eq!(name, "no such thing");
            let listed: Vec<_> = adapters.iter().map(ToString::to_string).collect();
            assert_eq!(available, listed);
        }
        other => panic!("{other:?}"),
    }
    match Gpu::open(&AdapterChoice::Number(adapters.len())) {
        Err(Error::DeviceNumber { number, available }) => {
            assert_eq!((number, available.len()), (adapters.len(), number));
        }
        other => panic!("{other:?}"),
    }
    for short in ["", "ll"] {
        let refused = Gpu::open(&name(short));
        assert!(
            matches!(refused, Err(Error::Argument { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn limits_too_small_are_refused() {
    let limits = wgpu::Limits {
        max_compute_invocations_per_workgroup: 128,
        ..wgpu::Limits::default()
    };
    let (device, queue) = software(limits);
    let refused = Gpu::adopt(device, queue).unwrap_err().to_string();
    assert!(
        refused.contains("max_compute_invocations_per_workgroup is 128"),
        "{refused}"
    );
}

#[test]
fn a_row_past_one_binding_is_refused() {
    let application = Application::new(tiny());
    let x = vec![1.0; (1 << 18) + 1];
    let refused = application.gpu.pool(Features::new(&x, 1, x.len()).unwrap());
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
    let refused = application.borrow(&x, x.len());
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
}

/// What a pool answers, in the caller's unit where there is one.
#[derive(PartialEq)]
struct Answers {
    norms: [Vec<f32>; 3],
    gathered: Vec<f32>,
    nearest: Vec<Nearest>,
    closest: Vec<Vec<f32>>,
    deflated: Vec<RowState>,
    refreshed: Vec<RowState>,
}

fn answers(pool: &dyn Pool, dim: usize) -> Answers {
    let norms = [Lp::L1, Lp::L2, Lp::LInf].map(|norm| pool.row_norms(norm).unwrap());
    let rows = pool.rows();
    let gathered = pool.gather_rows(&[rows - 1, 0, rows / 2]).unwrap();
    let vectors = fractions(7, 3 * dim);
    let nearest = pool.nearest(&vectors, &[0.5, 0.25, -0.5], &norms[1]);
    let cluster: Vec<usize> = (0..rows).step_by(rows / 100 + 1).collect();
    let bunch = Bunch {
        rows: &cluster,
        lengths: &vec![0.3; cluster.len()],
        centre: &vec![0.125; dim],
        halves: &vec![0.5; cluster.len()],
    };
    let bunches: &[Bunch<'_>] = if rows > 2 { &[bunch] } else { &[] };
    let closest = pool.closest(bunches, 2);
    let states: Vec<RowState> = norms[1]
        .iter()
        .map(|&sq| RowState {
            residual_sq: sq,
            left: 5.0,
            guard: 1e-4 * sq,
            norm_sq: sq,
        })
        .collect();
    let mut residuals = pool.residuals().unwrap();
    residuals.load(&states).unwrap();
    let mut direction = vec![0.0; dim];
    direction[dim / 2] = 1.0;
    residuals
        .deflate(&direction, &[0.25], Rate::new(1.0))
        .unwrap();
    let deflated = residuals.read().unwrap();
    residuals.refresh(&direction, -1.0, Rate::new(1.0)).unwrap();
    Answers {
        norms,
        gathered,
        nearest: nearest.unwrap(),
        closest: closest.unwrap(),
        deflated,
        refreshed: residuals.read().unwrap(),
    }
}

/// A borrowed buffer answers as an uploaded copy of it, to the bit: the scale is exact.
#[test]
fn a_borrowed_buffer_is_as_good_as_a_copy() {
    for limits in [wgpu::Limits::default(), tiny()] {
        let application = Application::new(limits);
        for (rows, dim) in [(1, 1), (5, 3), (300, 65), (70_001, 7), (600, 1000)] {
            for unit in [1.0, 1e-15, 1e15] {
                let x: Vec<f32> = whole_numbers(5, rows * dim)
                    .iter()
                    .map(|v| v * unit)
                    .collect();
                if rows * dim > 100_000 && unit != 1e15 {
                    continue;
                }
                let copied = application
                    .gpu
                    .upload(&Features::new(&x, rows, dim).unwrap())
                    .unwrap();
                let borrowed = application.borrow(&x, dim).unwrap();
                assert_eq!((borrowed.rows(), borrowed.dim()), (rows, dim));
                assert_eq!(
                    borrowed.scale(),
                    copied.scale(),
                    "{rows} x {dim} unit {unit:e}"
                );
                assert!(
                    answers(&borrowed, dim) == answers(&copied, dim),
                    "{rows} x {dim} unit {unit:e}"
                );
            }
        }
    }
}

#[test]
fn a_borrowed_buffer_of_zeros_is_a_pool() {
    let application = Application::new(wgpu::Limits::default());
    let pool = application.borrow(&[0.0, -0.0, 0.0, 0.0], 2).unwrap();
    assert_eq!(pool.scale(), 1.0);
    assert_eq!(pool.row_norms(Lp::L2).unwrap(), [0.0, 0.0]);
}

#[test]
fn values_of_a_borrowed_buffer_are_checked() {
    let application = Application::new(tiny());
    let (rows, dim) = (70_000, 5);
    let mut x = fractions(1, rows * dim);
    let error = |x: &[f32]| application.borrow(x, dim).unwrap_err().to_string();
    x[69_999 * dim + 4] = f32::NAN;
    let found = error(&x);
    assert!(
        found.starts_with("features: NaN found at row 69999, column 4"),
        "{found}"
    );
    x[400 * dim + 1] = f32::NEG_INFINITY;
    x[400 * dim + 2] = -f32::NAN;
    let found = error(&x);
    assert!(
        found.starts_with("features: -inf found at row 400, column 1"),
        "{found}"
    );
    x.truncate(400 * dim);
    x[3] = 2e19;
    let found = error(&x);
    assert!(found.starts_with("features: row 0 has length"), "{found}");
    // A length whose square just fits, beside one that just does not.
    x[3] = 0.0;
    x[..2].copy_from_slice(&[1.304_381_7e19, 1.304_381_7e19]);
    application.borrow(&x, dim).unwrap();
    x[..2].copy_from_slice(&[1.304_381_9e19, 1.304_381_9e19]);
    assert!(Features::new(&x, 400, dim).is_err());
    assert!(error(&x).starts_with("features: row 0 has length"));
    let short = error(&[1e-25; 10]);
    assert!(
        short.starts_with("buffer: a longest row of length 2.2"),
        "{short}"
    );
}

#[test]
fn buffers_that_cannot_serve_are_refused() {
    let application = Application::new(wgpu::Limits::default());
    let x = whole_numbers(2, 600);
    let buffer = application.buffer(&x, 256, USAGE);
    let borrow = |buffer: &wgpu::Buffer, offset, rows| {
        application
            .gpu
            .pool_from_buffer(buffer, offset, rows, 6)
            .map(|_| ())
            .unwrap_err()
    };
    assert!(matches!(
        borrow(&buffer, 256, 0),
        Error::Empty { rows: 0, dim: 6 }
    ));
    let message = |buffer: &wgpu::Buffer, offset, rows| borrow(buffer, offset, rows).to_string();
    let found = message(&buffer, 4, 100);
    assert_eq!(found, "buffer: offset 4 found, a multiple of 256 expected");
    let found = message(&buffer, 512, 101);
    assert!(
        found.starts_with("buffer: size 2912 found, at least 2936"),
        "{found}"
    );
    assert!(message(&buffer, 256, usize::MAX).starts_with("buffer: size 2912 found"));
    for usage in [BufferUsages::STORAGE, BufferUsages::COPY_SRC] {
        let buffer = application.buffer(&x, 256, usage);
        let found = message(&buffer, 256, 100);
        assert!(found.starts_with("buffer: usage"), "{found}");
    }
}

#[test]
fn memory_limits_hold() {
    let gpu = Application::new(wgpu::Limits::default()).gpu;
    let x = whole_numbers(3, 1000 * 64);
    let features = Features::new(&x, 1000, 64).unwrap();
    let less = gpu.clone().with_memory_limit(255_999);
    let lent = less.pool(features.clone()).unwrap();
    match less.upload(&features) {
        Err(Error::OutOfMemory {
            needed: 256_000,
            available: Some(255_999),
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(lent.gather_rows(&[7]).unwrap().len(), 64);
    // Room for the pool, not for its states; and what a pool held is free when it is dropped.
    let gpu = gpu.with_memory_limit(256_000 + 15_999);
    for _ in 0..3 {
        let pool = gpu.upload(&features).unwrap();
        match pool.residuals().map(|_| ()) {
            Err(Error::OutOfMemory {
                needed: 16_000,
                available: Some(15_999),
                ..
            }) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A cluster is worked on in such pieces as the memory that is left has room for.
#[test]
fn closest_keeps_to_the_memory_limit() {
    let gpu = Application::new(wgpu::Limits::default()).gpu;
    let x = whole_numbers(3, 1000 * 64);
    let features = Features::new(&x, 1000, 64).unwrap();
    let cluster: Vec<usize> = (0..1000).collect();
    let closest = |gpu: Gpu| {
        let pool = gpu.upload(&features).unwrap();
        let bunch = Bunch {
            rows: &cluster,
            lengths: &[1.0; 1000],
            centre: &[0.0; 64],
            halves: &[0.5; 1000],
        };
        pool.closest(&[bunch], 20).unwrap()
    };
    let want = closest(gpu.clone());
    assert!(closest(gpu.with_memory_limit(256_000 + 100_000)) == want);
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
    pool.similarities(examples, threshold)
}

#[test]
fn similarities_keep_to_the_memory_limit() {
    let gpu = Application::new(wgpu::Limits::default()).gpu;
    let x = [1.0; 16];
    let features = Features::new(&x, 1, 16).unwrap();
    let unlimited = gpu.pool(features.clone()).unwrap();
    let similarities = of_ones(&unlimited, &[1000, 1000], Some(0)).unwrap();
    assert_eq!(similarities.room(), 5 * (128 << 20)); // five bindings
    drop(similarities);
    drop(unlimited);

    // The features, the rows, one class's matrix of 2 MB, and what the kernels need beside: a list takes a
    // 64th of all.
    let beside = 64 + 64_000 + 24 * 2000 + (1 << 17) + 5 * 16;
    let limit: u64 = 2_300_000;
    let room = limit - beside - limit / 64;
    assert!((2_000_000..4_000_000).contains(&room));
    let pool = gpu.with_memory_limit(limit).upload(&features).unwrap();
    let mut similarities = of_ones(&pool, &[1000, 1000], Some(0)).unwrap();
    assert_eq!(similarities.room(), room);
    for class in [0, 1, 0] {
        similarities.store(class..class + 1).unwrap();
        assert_eq!(similarities.room(), room);
        let sums = similarities.row_sums().unwrap();
        assert_eq!(sums, [0; 2000], "16 is under half of a unit");
        let (mut gains, every) = (vec![0; 1000], [1000]);
        similarities.greedy_rounds(&mut gains, &every, -2).unwrap();
    }
    match similarities.store(0..2) {
        Err(Error::OutOfMemory {
            what: "similarities",
            needed: 4_000_000,
            available: Some(available),
        }) if available == room => {}
        other => panic!("{other:?}"),
    }
    drop(similarities);
    // Rows that do not fit come and go: 2.56 MB of them. Their sums have to fit.
    let many = of_ones(&pool, &[80_000], None).unwrap();
    assert_eq!(many.sum_columns(&[7, 79_999]).unwrap(), [32; 80_000]);
    let more = of_ones(&pool, &[200_000], None).unwrap();
    assert!(more.sum_columns(&[7]).is_err());
}

#[test]
fn integer_rows_past_one_binding_are_refused() {
    let gpu = common::devices::cut();
    let pool = |dim: usize| {
        let features = Features::new(&[1.0; 257][..dim], 1, dim).unwrap();
        gpu.pool(features).unwrap()
    };
    // Four rows of 256 values fill a binding of 2 KiB, and so do the sums of 256 rows.
    assert!(of_ones(&pool(256), &[5], None).is_ok());
    let refused = of_ones(&pool(257), &[5], None).map(|_| ());
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
    let pool = pool(1);
    let similarities = of_ones(&pool, &[257], Some(0)).unwrap();
    let refused = similarities.row_sums();
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
    let refused = similarities.sum_columns(&[3]);
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
}

fn is_lost<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::DeviceLost { reason, partial })
        if !reason.is_empty() && partial.picks.is_empty())
}

/// An application may destroy its device under us: every call says so, none panics.
#[test]
fn a_lost_device_is_an_error_everywhere() {
    let application = Application::new(tiny());
    let (rows, dim) = (70_000, 8);
    let x = whole_numbers(1, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let buffer = application.buffer(&x, 256, USAGE);
    let pool = application.gpu.upload(&features).unwrap();
    let fresh = application.gpu.pool(features.clone()).unwrap();
    let mut residuals = pool.residuals().unwrap();
    let states = vec![
        RowState {
            residual_sq: 1.0,
            left: 1.0,
            guard: 0.0,
            norm_sq: 1.0
        };
        rows
    ];
    residuals.load(&states).unwrap();
    let direction = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let rate = Rate::new(1.0);
    residuals.deflate(&direction, &[0.5], rate).unwrap();
    pool.row_norms(Lp::L2).unwrap();

    let mut similarities = of_ones(&pool, &[100, 200], Some(0)).unwrap();
    similarities.store(0..2).unwrap();
    let mut gains = vec![0; 300];

    application.device.destroy();
    for _ in 0..2 {
        assert!(is_lost(similarities.row_sums()));
        assert!(is_lost(similarities.sum_columns(&[1, 200])));
        assert!(is_lost(similarities.stored(1)));
        assert!(is_lost(similarities.sum_stored(&[1, 200])));
        let rounds = similarities.greedy_rounds(&mut gains, &[2, 3], -2);
        assert!(is_lost(rounds));
        assert!(is_lost(of_ones(&pool, &[3], None).map(|_| ())));
        assert!(is_lost(residuals.deflate(&direction, &[0.5], rate)));
        assert!(is_lost(residuals.refresh(&direction, -1.0, rate)));
        assert!(is_lost(residuals.due_rows(1.0, rate, 10)));
        assert!(is_lost(residuals.read()));
        assert!(is_lost(residuals.load(&states)));
        assert!(is_lost(residuals.write(&[3], &states[..1])));
        assert!(is_lost(pool.row_norms(Lp::L2)));
        assert!(is_lost(pool.gather_rows(&[1, 2])));
        assert!(is_lost(pool.nearest(&direction, &[1.0], &vec![1.0; rows])));
        let bunch = Bunch {
            rows: &[0, 1],
            lengths: &[1.0; 2],
            centre: &vec![0.0; pool.dim()],
            halves: &[0.5; 2],
        };
        assert!(is_lost(pool.closest(&[bunch], 1)));
        assert!(is_lost(fresh.nearest(&direction, &[1.0], &vec![1.0; rows])));
        assert!(is_lost(fresh.residuals().map(|_| ())));
        assert!(is_lost(application.gpu.upload(&features)));
        assert!(is_lost(
            application.gpu.pool_from_buffer(&buffer, 256, rows, dim)
        ));
    }
    assert!(is_lost(similarities.store(0..1)));
}

/// The device goes while kernels run, at a moment that nobody chose.
#[test]
fn a_device_lost_in_the_middle_is_an_error() {
    for delay in [0, 3, 10, 30] {
        let application = Application::new(wgpu::Limits::default());
        let (rows, dim) = (3000, 64);
        let x = fractions(4, rows * dim);
        let pool = application
            .gpu
            .upload(&Features::new(&x, rows, dim).unwrap())
            .unwrap();
        let device = application.device.clone();
        let destroyer = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(delay));
            device.destroy();
        });
        let run = || {
            let mut residuals = pool.residuals()?;
            loop {
                residuals.deflate(&x[..dim], &[0.5], Rate::new(1.0))?;
                residuals.refresh(&x[..dim], -1.0, Rate::new(1.0))?;
                pool.gather_rows(&[5])?;
                residuals.due_rows(1.0, Rate::new(1.0), 5)?;
            }
        };
        let result: Result<(), Error> = run();
        assert!(is_lost(result), "after {delay} ms");
        destroyer.join().unwrap();
    }
}

/// The application's own error handling is left alone: its handler, its scopes.
#[test]
fn the_applications_handlers_stay() {
    let application = Application::new(wgpu::Limits::default());
    let (sender, receiver) = std::sync::mpsc::channel();
    application
        .device
        .on_uncaptured_error(std::sync::Arc::new(move |error: wgpu::Error| {
            sender.send(error.to_string()).expect("the test listens");
        }));
    let scope = application
        .device
        .push_error_scope(wgpu::ErrorFilter::Validation);
    let pool = application.borrow(&[1.0, 2.0], 2).unwrap();
    pool.row_norms(Lp::L1).unwrap();
    drop(pool);
    assert!(pollster::block_on(scope.pop()).is_none());
    assert!(receiver.try_recv().is_err());
    let wrong = wgpu::BufferDescriptor {
        label: None,
        size: 4,
        usage: BufferUsages::MAP_READ | BufferUsages::STORAGE,
        mapped_at_creation: false,
    };
    let _ = application.device.create_buffer(&wrong);
    assert!(receiver.try_recv().is_ok());
}

/// SAS takes for each row its features in f32 and in 16 bits, what its plan says of matrices, and no
/// more than 24 bytes beside; a list of 1 MiB where there are very many classes, whose rows are
/// filled up to four.
#[test]
fn sas_keeps_to_24_bytes_a_row() {
    let gpu = Gpu::open_recorded(&SOFTWARE.parse().unwrap()).unwrap();
    let (rows, dim) = (44_000, 96);
    let x: Vec<f32> = fractions(5, rows * dim).iter().map(|x| x.abs()).collect();
    let features = Features::new(&x, rows, dim).unwrap();
    let most = |each: usize, storage: Storage| {
        let sas = Sas {
            classes: Classes::Given((0..rows).map(|row| row / each).collect()),
            storage,
            ..Sas::default()
        };
        gpu.take_record().unwrap();
        let pool = gpu.upload(&features).unwrap();
        sas.select(&pool, rows / 5 * 4).unwrap();
        let peak = gpu.take_record().unwrap().unwrap().peak_bytes;
        let matrices = match storage {
            Storage::Dense => (rows / each) as u64 * stored_bytes(each),
            _ => 0,
        };
        (peak - matrices - 6 * (rows * dim) as u64) as f64 / rows as f64
    };
    let list = f64::from(1 << 20) / rows as f64;
    for (each, storage, list) in [
        (1, Storage::Dense, list),
        (44, Storage::Dense, 0.0),
        (44, Storage::OnTheFly, 0.0),
    ] {
        let beside = most(each, storage) - list;
        assert!(
            beside <= 24.0,
            "classes of {each}, {storage:?}: {beside} bytes"
        );
    }
}

/// Rows so short that their values are subnormal in the application's buffer, and are none in pool unit.
#[test]
fn short_rows_of_a_buffer_are_made_whole() {
    let application = Application::new(wgpu::Limits::default());
    let (rows, dim) = (60, 20);
    let mut x = fractions(3, rows * dim);
    for (row, x) in x.chunks_exact_mut(dim).enumerate() {
        let scale = [-60.0f32, -100.0, -110.0, -120.0][row % 4].exp2();
        for (at, v) in x.iter_mut().enumerate() {
            *v *= if at % 3 == 1 { scale * 1e-4 } else { scale };
        }
    }
    assert!(x.iter().any(|v| v.is_subnormal()));
    let buffer = application.buffer(&x, 0, USAGE);
    let borrowed = application
        .gpu
        .pool_from_buffer(&buffer, 0, rows, dim)
        .unwrap();
    let cpu = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let labels: Vec<u32> = (0..rows as u32).collect();
    let products = |pool: &dyn Pool| pool.neighbours().unwrap().nearest_other(&labels).unwrap();
    assert_eq!(products(&borrowed), products(&cpu));
    let places: Vec<usize> = (0..rows).collect();
    for length in [Length::Own, Length::Given(2.0)] {
        let rows = |pool: &dyn Pool| {
            let examples = Examples {
                classes: &[&places],
                views: 1,
                length,
            };
            let similarities = pool.similarities(examples, Some(0)).unwrap();
            (
                similarities.rows(&places).unwrap(),
                similarities.squares().unwrap(),
            )
        };
        assert_eq!(rows(&borrowed), rows(&cpu), "{length:?}");
    }
}

/// Rows that live on the device are made whole there: what comes back is a few bytes a row, and the rows
/// of candidates where similarities are not kept. The rows themselves are 1 KiB each.
#[test]
fn rows_on_the_device_do_not_travel() {
    let (rows, dim, picks) = (3000, 256, 12);
    let x = fractions(9, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let gpu = Gpu::open_recorded(&SOFTWARE.parse().unwrap()).unwrap();
    let pool = gpu.upload(&features).unwrap();
    let read_back = || gpu.take_record().unwrap().unwrap().read_back_bytes as usize;
    read_back();

    let all: Vec<usize> = (0..rows).collect();
    let examples = Examples {
        classes: &[&all],
        views: 1,
        length: Length::Own,
    };
    drop(pool.similarities(examples, Some(0)).unwrap());
    let bytes = read_back();
    assert!((1..=64 * rows).contains(&bytes), "similarities: {bytes}");
    drop(pool.neighbours().unwrap());
    let bytes = read_back();
    assert!((1..=64 * rows).contains(&bytes), "neighbours: {bytes}");

    for storage in [Storage::Dense, Storage::OnTheFly] {
        let sas = Sas {
            storage,
            block: 64,
            ..Sas::default()
        };
        let want = sas.select(&CpuPool::new(features.clone()), picks).unwrap();
        read_back();
        assert_eq!(sas.select(&pool, picks).unwrap().picks, want.picks);
        let bytes = read_back();
        let most = 64 * rows + (64 << 10) * picks;
        assert!(bytes <= most, "{storage:?}: {bytes} of at most {most}");
        assert!(most < rows * dim * 4 / 3, "less than the rows are");
    }
}
