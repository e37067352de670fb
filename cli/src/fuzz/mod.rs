//! Everything that is read from outside, from inputs that are almost right: no panic, no waiting, no
//! memory that the input does not account for; and what is right, however it is dressed, is read right.
//!
//! A few thousand inputs a reader come with every `cargo test`. For many more:
//! `CORESIFT_FUZZ=1000000 cargo test -p coresift-cli fuzz`.

mod changes;
mod labels;
mod lists;
mod npy;
mod options;
mod reports;
mod sources;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use tempfile::TempDir;

/// Inputs a reader, unless `CORESIFT_FUZZ` says how many.
const INPUTS: u32 = 2_000;

/// Longer than any input takes, by far.
const PATIENCE: Duration = Duration::from_secs(60);

/// What reading may take whatever the size of the file: buffers, a title, a header as it is parsed.
const SLACK: u64 = 1 << 17;

/// Tries inputs of `strategy`, the same ones every time; `check` finds a folder of its own to write in.
fn fuzz<T: Debug + Send + 'static>(
    strategy: impl Strategy<Value = T> + Send + 'static,
    check: impl Fn(&Path, T) -> Result<(), TestCaseError> + Send + 'static,
) {
    let inputs = std::env::var("CORESIFT_FUZZ").map(|text| text.parse().expect("a number"));
    let config = Config {
        cases: inputs.unwrap_or(INPUTS),
        failure_persistence: None,
        ..Config::default()
    };
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_owned();
    let (alive, heard) = channel();
    let work = std::thread::spawn(move || {
        // Memory is counted in this thread alone: so it does all of the work.
        let alone = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .use_current_thread();
        let _alone = alone.build().unwrap();
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        TestRunner::new_with_rng(config, rng).run(&strategy, |input| {
            let _ = alive.send(());
            check(&path, input)
        })
    });
    loop {
        match heard.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("{:?} takes too long", folder.keep()),
        }
    }
    match work.join().expect("proptest catches panics") {
        Ok(()) => {}
        Err(TestError::Fail(why, input)) => {
            let start: String = format!("{input:?}").chars().take(2000).collect();
            panic!("{why}\n{start}");
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// What `read` gives, and the most memory it held at a time.
fn measured<T>(read: impl FnOnce() -> T) -> (T, u64) {
    let mut result = None;
    let memory = allocation_counter::measure(|| result = Some(read()));
    (result.expect("it was called"), memory.bytes_max)
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
