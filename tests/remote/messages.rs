//! What a worker makes of messages that no driver of its own has sent.

use crate::common::fractions;
use crate::common::ways::{by_similarity, selectors};
use crate::workers::{Workers, pool_of};
use coresift::worker::{Link, serve};
use coresift::{CpuPool, Features, Selector, Stop};
use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use std::sync::Arc;

/// Messages one after another, and all answers to them.
struct Script(std::vec::IntoIter<Vec<u8>>, Vec<Vec<u8>>);

impl Link for Script {
    fn next(&mut self) -> Option<Vec<u8>> {
        self.0.next()
    }

    fn answer(&mut self, answer: Vec<u8>) {
        self.1.push(answer);
    }
}

fn answers(pool: &CpuPool<'_>, messages: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut script = Script(messages.into_iter(), Vec::new());
    serve(pool, &mut script);
    script.1
}

/// Messages with some bytes changed, taken out or put in are refused or answered, each once: never does a
/// worker end over one, or take memory that it was not sent.
#[test]
fn spoilt_messages_do_no_harm() {
    let (rows, dim) = (60, 5);
    let x = fractions(4, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    for (at, (name, selector)) in selectors(rows, dim).into_iter().enumerate() {
        let workers = Workers::new(&features, &[rows]);
        let messages = messages(workers, &*selector);
        check_spoilt(name, &features, &messages, at as u64);
    }
    // Those of a class that has rows of other workers as well, which visit.
    for (at, (name, selector)) in by_similarity().into_iter().enumerate() {
        let workers = Workers::new(&features, &[40, rows - 40]).with_memory(2);
        let messages = messages(workers, &*selector);
        check_spoilt(name, &features.part(0..40), &messages, 100 + at as u64);
    }
}

/// What the first worker has been asked by a selection.
fn messages(workers: Workers, selector: &dyn Selector) -> Vec<Vec<u8>> {
    let workers = Arc::new(workers);
    let pool = pool_of(&workers, &Stop::default());
    selector.select(&pool, 8).unwrap();
    workers.messages(0)
}

/// Sound messages to a worker of these rows, and what becomes of them.
fn check_spoilt(name: &str, features: &Features<'_>, sound: &[Vec<u8>], seed: u64) {
    let pool = CpuPool::new(features.clone());
    assert_eq!(answers(&pool, sound.to_vec()).len(), sound.len(), "{name}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..20 {
        let spoilt: Vec<Vec<u8>> = sound
            .iter()
            .map(|message| spoil(message, &mut rng))
            .collect();
        let count = spoilt.len();
        let answers = answers(&pool, spoilt);
        let panicked = answers
            .iter()
            .any(|answer| answer.windows(8).any(|said| said == b"panicked"));
        assert!(!panicked, "{name}");
        assert!(answers.len() <= count, "{name}");
    }
}

/// Changes a byte or some, now and then; so do lengths and numbers.
fn spoil(message: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut message = message.to_vec();
    for _ in 0..rng.random_range(0..3) {
        let at = rng.random_range(0..message.len());
        match rng.random_range(0..4) {
            0 => message[at] = rng.next_u32() as u8,
            1 => drop(message.remove(at)),
            2 => message.insert(at, rng.next_u32() as u8),
            _ => message[at] ^= 1 << rng.random_range(0..8),
        }
        if message.is_empty() {
            break;
        }
    }
    message
}
