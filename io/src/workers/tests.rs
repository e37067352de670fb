//! Workers of this process.

use super::share::Setup;
use super::{Share, Workers, work};
use crate::features::FeatureFile;
use coresift::remote::{Lost, Transport};
use coresift::{Device, DeviceChoice, LeftOut, Norm, Rows, Selector, Stop};
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

type Ends = (Sender<Vec<u8>>, Receiver<Vec<u8>>);

/// Workers in threads, of which one is lost with its n-th message.
struct Threads {
    ends: Vec<Mutex<Ends>>,
    loses: Mutex<Option<(usize, usize)>>,
}

impl Threads {
    fn new(count: usize, loses: Option<(usize, usize)>) -> Self {
        Self {
            ends: (0..count).map(|_| Mutex::new(started())).collect(),
            loses: Mutex::new(loses),
        }
    }
}

fn started() -> Ends {
    let ((to, messages), (answers, from)) = (channel(), channel());
    std::thread::spawn(|| {
        work(&mut (messages, answers), Stop::new(), |_| {
            let opened = Device::open(&DeviceChoice::Cpu, None);
            opened
                .map(|(device, _)| device)
                .map_err(|error| error.to_string())
        });
    });
    (to, from)
}

impl Transport for Threads {
    fn call(&self, worker: usize, message: &[u8]) -> Result<Vec<u8>, Lost> {
        if let Some((of, left)) = &mut *self.loses.lock().unwrap()
            && *of == worker
        {
            if *left == 0 {
                return Err(Lost("gone".to_owned()));
            }
            *left -= 1;
        }
        let ends = self.ends[worker].lock().unwrap();
        let ended = || Lost("ended".to_owned());
        ends.0.send(message.to_vec()).map_err(|_| ended())?;
        ends.1.recv().map_err(|_| ended())
    }

    fn revive(&self, worker: usize) -> Result<(), Lost> {
        *self.loses.lock().unwrap() = None;
        *self.ends[worker].lock().unwrap() = started();
        Ok(())
    }
}

const DIM: usize = 3;

/// Rows of which sums tell in which order they were added up.
fn value(at: usize) -> f64 {
    let fraction = (at * 7919 % 10007) as f64 / 10007.0 - 0.3;
    fraction * 10f64.powi((at * 31 % 9) as i32)
}

fn share(path: &Path, raw: &str, rows: [u64; 2]) -> Share {
    Share {
        features: vec![path.to_owned()],
        raw: Some(raw.to_owned()),
        rows,
        exclude: vec![0, 7, 1024, 1503, 3000],
        skip: [true, true],
        center: true,
        device: "cpu".to_owned(),
        memory: None,
        device_memory: None,
        threads: None,
    }
}

/// The mean is that of one process to the bit, whatever parts it is of, and so are the rows less it; a worker that is
/// brought back subtracts it as well.
#[test]
fn parts_are_centered_as_the_whole() {
    const ROWS: usize = 5000;
    for raw in ["f32,3", "f64,3"] {
        let mut stored = tempfile::NamedTempFile::new().unwrap();
        for at in 0..ROWS * DIM {
            let bytes = match raw {
                "f32,3" => (value(at) as f32).to_le_bytes().to_vec(),
                _ => value(at).to_le_bytes().to_vec(),
            };
            stored.write_all(&bytes).unwrap();
        }
        stored.flush().unwrap();
        let of = share(stored.path(), raw, [0, 0]);
        let file = FeatureFile::open(&of.features, "features", Some(raw.parse().unwrap()));
        let file = Arc::new(file.unwrap());
        let left_out = LeftOut {
            rows: of.exclude.iter().map(|&row| row as usize).collect(),
            ..LeftOut::default()
        };
        let others = coresift::Others::of_list(ROWS, &left_out).unwrap();
        let mut values = file.read(|_| {}).unwrap();
        let mean = file
            .center(&mut values, Some(others.numbers()), |_| {})
            .unwrap();
        let features =
            coresift::Features::without(Rows::Slice(&values), [ROWS, DIM], &left_out).unwrap();
        let pool = coresift::CpuPool::new(features);
        let want = Norm::default().select(&pool, 50).unwrap();
        for cuts in [
            &[0, 5000][..],
            &[0, 10, 1500, 1510, 5000],
            &[0, 1030, 4995, 5000],
        ] {
            let shares: Vec<Share> = cuts
                .windows(2)
                .map(|cut| share(stored.path(), raw, [cut[0], cut[1]]))
                .collect();
            let transport = Arc::new(Threads::new(cuts.len() - 1, None));
            check_lost_before_work(&shares, &mean);
            let mut workers = Workers::load(Arc::clone(&transport) as _, shares).unwrap();
            assert_eq!(workers.mean(), Some(&mean[..]), "{raw}, {cuts:?}");
            for lost in [None, Some((cuts.len() - 2, 2))] {
                *transport.loses.lock().unwrap() = lost;
                let pool = workers.pool(Stop::default()).unwrap();
                let found = Norm::default().select(&*pool, 50).unwrap();
                assert_eq!(found.scores, want.scores, "{raw}, {cuts:?}");
                assert_eq!(found.picks, want.picks, "{raw}, {cuts:?}");
            }
        }
    }
}

/// The last worker lost over any message before the work begins: it loads, sums, adds to a sum of another's rows,
/// subtracts the mean, begins.
fn check_lost_before_work(shares: &[Share], mean: &[f64]) {
    let last = shares.len() - 1;
    for over in 0..if last == 0 { 4 } else { 5 } {
        let transport = Arc::new(Threads::new(shares.len(), Some((last, over))));
        let workers = Workers::load(Arc::clone(&transport) as _, shares.to_vec()).unwrap();
        assert_eq!(workers.mean(), Some(mean), "{shares:?}, lost over {over}");
        let was_lost = transport.loses.lock().unwrap().is_none();
        assert!(was_lost, "{shares:?}, {over}");
    }
}

/// Threads are made as a share says before any reads rows.
#[test]
fn what_works_on_rows_is_there_before_they_are() {
    let (to, messages) = channel();
    let (answers, _from) = channel();
    let mut nowhere = share(Path::new("nowhere.npy"), "f32,3", [0, 1]);
    nowhere.threads = Some(3);
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let load = postcard::to_stdvec(&Setup::Load(version, nowhere)).unwrap();
    to.send(load).unwrap();
    drop(to);
    let asked = std::cell::Cell::new(None);
    work(&mut (messages, answers), Stop::new(), |share| {
        asked.set(share.threads);
        let opened = Device::open(&DeviceChoice::Cpu, None);
        opened
            .map(|(device, _)| device)
            .map_err(|error| error.to_string())
    });
    assert_eq!(asked.get(), Some(3));
}
