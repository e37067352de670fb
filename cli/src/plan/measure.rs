//! What a device takes to be ready, a file to be read, and kernels to be run.

use super::calibration::Calibration;
use crate::console::Console;
use crate::failure::Failure;
use coresift::{CpuPool, Device, Error, Features, Norm, Pool as _, Selector as _, Stop, calibrate};
use coresift_io::features::FeatureFile;
use coresift_io::reader::FeatureReader;
use coresift_io::source::{Kind, Raw};
use std::io;
use std::path::Path;
use std::slice;
use std::sync::Arc;
use std::time::Instant;

/// Values of the file that is read, more than caches hold, and how many a row has.
const VALUES: usize = 3 << 24;
const DIM: usize = 512;
/// How often it is read.
const RUNS: u32 = 2;

/// Measures all there is.
pub(super) fn device(
    device: &Device,
    name: String,
    version: String,
    console: Console,
) -> Result<Calibration, Failure> {
    let start = ready(device)?;
    let [load, again] = match file() {
        Err(Failure::File(why)) => {
            console.note(format_args!(
                "calibrating: {why}: files are taken to be read as fast as memory is copied"
            ));
            [copied(); 2]
        }
        measured => measured?,
    };
    let make = |features: Features<'static>| device.pool(features, u64::MAX, Stop::default());
    Ok(Calibration {
        device: name,
        version,
        start,
        load,
        again,
        rates: calibrate(&make)?,
    })
}

/// Seconds of a first selection, which has next to nothing to do.
fn ready(device: &Device) -> Result<f64, Error> {
    let began = Instant::now();
    let rows = Features::from_owner(vec![1.0; 64], 16, 4)?;
    let pool = device.pool(rows, u64::MAX, Stop::default())?;
    Norm::default().select(&*pool, 1)?;
    Ok(began.elapsed().as_secs_f64())
}

/// Seconds of a value that is read into memory, and of one that is read by a pass: of a file that the system
/// has in its cache.
fn file() -> Result<[f64; 2], Failure> {
    let place = tempfile::NamedTempFile::new();
    let written = place.and_then(|mut place| write(&mut place).map(|()| place));
    let place = written.map_err(|e| unwritten(&std::env::temp_dir(), e))?;
    let raw = Raw {
        kind: Kind::F32,
        dim: DIM,
    };
    let path = place.path().to_owned();
    let file = FeatureFile::open(slice::from_ref(&path), "calibrate", Some(raw))?;
    let file = Arc::new(file);
    // Memory is not always had as fast: what it takes on the average.
    let (mut load, mut again) = (0.0, f64::INFINITY);
    for _ in 0..RUNS {
        let began = Instant::now();
        drop(file.read(|_| {})?);
        load += began.elapsed().as_secs_f64() / f64::from(RUNS);
        let reader = FeatureReader::new(&file, None, |_| {})?;
        let began = Instant::now();
        let pool = CpuPool::new(Features::from_reader(reader)?);
        again = again.min(began.elapsed().as_secs_f64());
        debug_assert_eq!(pool.rows(), VALUES / DIM);
    }
    Ok([load / VALUES as f64, again / VALUES as f64])
}

/// Seconds of a value that is copied in memory.
fn copied() -> f64 {
    let values = vec![0.5f32; VALUES];
    let began = Instant::now();
    std::hint::black_box(values.clone());
    began.elapsed().as_secs_f64() / VALUES as f64
}

/// Rows whose values look rounded to nothing coarser: to see that of others takes longer.
fn write(place: &mut impl io::Write) -> io::Result<()> {
    let row: Vec<u8> = (0..DIM)
        .flat_map(|v| (v as f32 + 0.5).sqrt().to_le_bytes())
        .collect();
    let rows = row.repeat(64);
    (0..VALUES / DIM / 64).try_for_each(|_| place.write_all(&rows))
}

fn unwritten(folder: &Path, error: io::Error) -> Failure {
    let problem = "cannot write a file to measure how fast it is read";
    Failure::io(folder, "calibrate", problem, error)
}
