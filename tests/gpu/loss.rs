//! Devices that go, and the application's handlers, which stay.

use crate::common::devices::tiny;
use crate::common::{fractions, whole_numbers};
use crate::{Application, USAGE, of_ones};
use coresift::kernels::{ClusterRows, Pass, Rate, RowState, Update};
use coresift::wgpu::{self, BufferUsages};
use coresift::{Error, Features, Lp, Pool};

fn is_lost<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::DeviceLost { reason, partial })
        if !reason.is_empty() && partial.picks.is_empty())
}

const STATE: RowState = RowState {
    residual_sq: 1.0,
    left: 1.0,
    guard: 0.0,
    norm_sq: 1.0,
};

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
    let assigner = pool.assigner(vec![1.0; rows]).unwrap();
    let states = vec![STATE; rows];
    residuals.load(&states).unwrap();
    let direction = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let rate = Rate::new(1.0);
    residuals.deflate(&direction, &[0.5], rate).unwrap();
    pool.row_norms(Lp::L2).unwrap();

    let mut similarities = of_ones(&pool, &[100, 200], Some(0)).unwrap();
    similarities.store(0..2, &Pass::unheard()).unwrap();
    let mut gains = vec![0; 300];

    application.device.destroy();
    for _ in 0..2 {
        assert!(is_lost(similarities.row_sums(&Pass::unheard())));
        assert!(is_lost(similarities.sum_columns(&[1, 200])));
        assert!(is_lost(similarities.sum_stored(&[1, 200])));
        let rounds = similarities.greedy_rounds(&mut gains, &[2, 3], Update::Cut { step: -2 });
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
        assert!(is_lost(assigner.assign(&direction, &[1.0])));
        let cluster = ClusterRows {
            rows: &[0, 1],
            lengths: &[1.0; 2],
            centre: &vec![0.0; pool.dim()],
            halves: &[0.5; 2],
        };
        assert!(is_lost(pool.k_nearest(&[cluster], 1, &Pass::unheard())));
        assert!(is_lost(fresh.assigner(vec![1.0; rows]).map(|_| ())));
        assert!(is_lost(fresh.residuals().map(|_| ())));
        assert!(is_lost(application.gpu.upload(&features)));
        assert!(is_lost(
            application.gpu.pool_from_buffer(&buffer, 256, rows, dim)
        ));
    }
    assert!(is_lost(similarities.store(0..1, &Pass::unheard())));
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
