//! Workers in threads, with messages for all that crosses.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its own part"
)]

use coresift::remote::{Lost, RemotePool, Transport};
use coresift::worker::serve;
use coresift::{CpuPool, Features, Pool, Shards, Stop};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

type Ends = (Sender<Vec<u8>>, Receiver<Vec<u8>>);

/// Workers, each with a part of the rows: those of odd numbers on the software adapter, where there is one.
pub struct Workers {
    parts: Vec<Features<'static>>,
    ends: Vec<Mutex<Option<Ends>>>,
    /// How many calls a worker answers before it is lost, each entry once.
    lives: Vec<Mutex<Vec<u64>>>,
    revived: Mutex<Vec<usize>>,
    comes_back: bool,
    /// Bytes that workers may take which are on no adapter.
    memory: u64,
    /// All messages, with their workers.
    heard: Mutex<Vec<(usize, Vec<u8>)>>,
}

impl Workers {
    /// Workers of consecutive rows, in parts of these sizes.
    pub fn new(features: &Features<'_>, sizes: &[usize]) -> Self {
        let all: Vec<usize> = (0..features.rows()).collect();
        let values = CpuPool::new(features.clone()).given_rows(&all).unwrap();
        let owned = Features::from_owner(values, features.rows(), features.dim()).unwrap();
        let mut first = 0;
        let part = |size: &usize| {
            first += size;
            owned.part(first - size..first)
        };
        let parts: Vec<Features<'static>> = sizes.iter().map(part).collect();
        Self {
            ends: parts.iter().map(|_| Mutex::new(None)).collect(),
            lives: parts.iter().map(|_| Mutex::default()).collect(),
            parts,
            revived: Mutex::default(),
            comes_back: true,
            memory: u64::MAX,
            heard: Mutex::default(),
        }
    }

    /// Has a worker lost after so many calls, and the one in its place after the next number.
    pub fn lose(self, worker: usize, mut lives: Vec<u64>) -> Self {
        lives.reverse();
        *self.lives[worker].lock().unwrap() = lives;
        self
    }

    /// No worker that is lost comes back.
    pub fn for_good(self) -> Self {
        Self {
            comes_back: false,
            ..self
        }
    }

    /// Workers that are on no adapter may take so many bytes.
    pub fn with_memory(self, memory: u64) -> Self {
        Self { memory, ..self }
    }

    /// Which workers have been brought back.
    pub fn revived(&self) -> Vec<usize> {
        self.revived.lock().unwrap().clone()
    }

    /// How many messages a worker has had.
    pub fn calls(&self, worker: usize) -> u64 {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|heard| heard.0 == worker).count() as u64
    }

    /// All messages that a worker has had.
    pub fn messages(&self, worker: usize) -> Vec<Vec<u8>> {
        let heard = self.heard.lock().unwrap();
        let own = heard.iter().filter(|heard| heard.0 == worker);
        own.map(|heard| heard.1.clone()).collect()
    }

    fn start(&self, worker: usize) {
        let (to, messages) = channel();
        let (answers, from) = channel();
        let (part, memory) = (self.parts[worker].clone(), self.memory);
        std::thread::spawn(move || {
            let mut link = (messages, answers);
            #[cfg(feature = "gpu")]
            if worker % 2 == 1 {
                let gpu = crate::common::devices::a_gpu();
                return serve(&gpu.upload(&part).expect("the shard fits"), &mut link);
            }
            serve(&CpuPool::new(part).with_memory_limit(memory), &mut link);
        });
        *self.lock(worker) = Some((to, from));
    }

    fn lock(&self, worker: usize) -> std::sync::MutexGuard<'_, Option<Ends>> {
        self.ends[worker]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the worker is lost at this call.
    fn dies(&self, worker: usize) -> bool {
        let mut lives = self.lives[worker].lock().unwrap();
        match lives.last_mut() {
            Some(0) => {
                lives.pop();
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }
}

impl Transport for Workers {
    fn call(&self, worker: usize, message: &[u8]) -> Result<Vec<u8>, Lost> {
        let mut ends = self.lock(worker);
        if self.dies(worker) {
            *ends = None;
        }
        let lost = || Lost(format!("worker {worker} is gone"));
        self.heard.lock().unwrap().push((worker, message.to_vec()));
        let (to, from) = ends.as_ref().ok_or_else(lost)?;
        to.send(message.to_vec()).map_err(|_| lost())?;
        from.recv().map_err(|_| lost())
    }

    fn revive(&self, worker: usize) -> Result<(), Lost> {
        if !self.comes_back {
            return Err(Lost("none is left".to_owned()));
        }
        self.revived.lock().unwrap().push(worker);
        self.start(worker);
        Ok(())
    }
}

/// The pools of all workers, as one.
pub fn pool_of(workers: &Arc<Workers>, stop: &Stop) -> Shards<'static> {
    let remote = |worker: usize| -> Box<dyn Pool> {
        workers.start(worker);
        let transport = Arc::clone(workers) as Arc<dyn Transport>;
        Box::new(RemotePool::new(transport, worker, stop.clone()).expect("the worker answers"))
    };
    let pools = (0..workers.parts.len()).map(remote).collect();
    Shards::new(pools).expect("parts of one matrix")
}

/// The features in so many workers' parts, as [`shards`](crate::common::devices::shards) cuts them.
pub fn workers(features: &Features<'_>, count: usize) -> Shards<'static> {
    let sizes = crate::common::devices::sizes(features.rows(), count);
    pool_of(&Arc::new(Workers::new(features, &sizes)), &Stop::default())
}
