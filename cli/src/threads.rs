//! How many threads share the work.

use super::args::Threads;
use super::console::Console;
use std::num::NonZeroUsize;

/// Makes the threads that are asked for, by option or else by rayon's own variable; of either at most as
/// many as there are cores, since more would only stand in each other's way. Picks do not depend on it.
///
/// This thread becomes one of them: it would else hand over every small job and sleep until it is done,
/// which takes longer than the job.
pub(crate) fn start(asked: Option<Threads>, console: Console) {
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let of_rayon = || {
        let text = std::env::var("RAYON_NUM_THREADS").ok()?;
        Some(("RAYON_NUM_THREADS", text.parse().ok()?))
    };
    let asked = asked
        .map(|threads| ("threads", threads.0))
        .or_else(of_rayon);
    let threads = asked.map_or(cores, |(_, threads)| threads.min(cores));
    if let Some((argument, found)) = asked.filter(|&(_, found)| found > cores) {
        console.note(format_args!(
            "{argument}: {found} found, lowered to {cores}, as many as there are cores"
        ));
    }
    make(threads.get());
}

/// Makes the threads that a worker is given.
pub(crate) fn share(threads: Option<usize>) {
    make(threads.unwrap_or(0));
}

fn make(threads: usize) {
    // Where that fails the threads are made as they are needed, this one not among them.
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .use_current_thread()
        .build_global();
}
