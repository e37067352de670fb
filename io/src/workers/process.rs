//! Workers as processes of this machine, with messages in pipes: no port is open.

use super::frame;
use coresift::Stop;
use coresift::remote::{Lost, Transport};
use std::io::{BufReader, BufWriter};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

/// How often it is looked whether a run has been stopped.
const EVERY: Duration = Duration::from_millis(20);

/// Processes, each a worker. They end with this.
pub struct Processes(Arc<Shared>);

struct Shared {
    command: Box<dyn Fn() -> Command + Send + Sync>,
    workers: Vec<Worker>,
}

/// A process, to be killed by whoever comes; and its pipes, which one call at a time has.
#[derive(Default)]
struct Worker {
    child: Mutex<Option<Child>>,
    pipes: Mutex<Option<(BufWriter<ChildStdin>, BufReader<ChildStdout>)>>,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Processes {
    /// So many, each by this command, which is to [`work`](super::work) on its standard input and output.
    ///
    /// # Errors
    ///
    /// [`Lost`] where a process cannot be started.
    pub fn start(
        count: usize,
        command: impl Fn() -> Command + Send + Sync + 'static,
    ) -> Result<Self, Lost> {
        let shared = Arc::new(Shared {
            command: Box::new(command),
            workers: (0..count).map(|_| Worker::default()).collect(),
        });
        (0..count).try_for_each(|worker| shared.start(worker))?;
        Ok(Self(shared))
    }

    /// Kills all of them once this is stopped: whoever waits for an answer is told at once.
    pub fn end_with(&self, stop: Stop) {
        let shared = Arc::downgrade(&self.0);
        std::thread::spawn(move || {
            while let Some(shared) = shared.upgrade() {
                if stop.is_stopped() {
                    return shared.kill();
                }
                drop(shared);
                sleep(EVERY);
            }
        });
    }
}

impl Shared {
    fn start(&self, worker: usize) -> Result<(), Lost> {
        let lost = |what: String| Lost(format!("worker {worker} cannot be started: {what}"));
        let mut child = (self.command)()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| lost(error.to_string()))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (to, from) = pipes.ok_or_else(|| lost("it has no pipes".to_owned()))?;
        let worker = &self.workers[worker];
        *locked(&worker.pipes) = Some((BufWriter::new(to), BufReader::new(from)));
        if let Some(mut old) = locked(&worker.child).replace(child) {
            end(&mut old);
        }
        Ok(())
    }

    fn kill(&self) {
        for worker in &self.workers {
            if let Some(mut child) = locked(&worker.child).take() {
                end(&mut child);
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills a process, and waits until it is gone.
fn end(child: &mut Child) {
    // One that is gone already is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

impl Transport for Processes {
    fn call(&self, worker: usize, message: &[u8]) -> Result<Vec<u8>, Lost> {
        let lost = |what: String| Lost(format!("worker {worker} is gone ({what})"));
        let mut pipes = locked(&self.0.workers[worker].pipes);
        let (to, from) = pipes
            .as_mut()
            .ok_or_else(|| lost("it never was".to_owned()))?;
        frame::write(to, message).map_err(|error| lost(error.to_string()))?;
        match frame::read(from) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(lost("it has ended".to_owned())),
            Err(error) => Err(lost(error.to_string())),
        }
    }

    fn revive(&self, worker: usize) -> Result<(), Lost> {
        self.0.start(worker)
    }
}
