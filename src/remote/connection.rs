//! The way to one worker: messages out, answers back, and what makes a worker that was lost what it was.

use super::answer::Failure;
use super::log::{Effect, Log};
use super::message::{Ask, Message};
use super::transport::{Lost, Traffic, Transport};
use super::wire::{self, Array};
use crate::control::{Stop, interrupted};
use crate::error::{Error, MissingRows};
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Times that a worker is brought back for one message. A message that ends every worker is not sent on and on.
const ATTEMPTS: usize = 3;

/// The way to one worker, for its pool and all handles. One message is under way at a time.
pub(super) struct Connection {
    transport: Arc<dyn Transport>,
    worker: usize,
    /// How many rows the worker has; 0 until it has said so.
    rows: AtomicUsize,
    pub(super) stop: Stop,
    pub(super) traffic: Traffic,
    numbers: AtomicU32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What is done with, and of which the worker has not heard.
    closed: Vec<u32>,
    waiting: Vec<Waiting>,
    log: Log,
}

/// A message that waits for the next that is to be answered.
struct Waiting {
    handle: Option<u32>,
    effect: Option<Effect>,
    message: Vec<u8>,
}

impl Connection {
    pub(super) fn new(transport: Arc<dyn Transport>, worker: usize, stop: Stop) -> Self {
        Self {
            transport,
            worker,
            rows: AtomicUsize::default(),
            stop,
            traffic: Traffic::default(),
            numbers: AtomicU32::new(1),
            state: Mutex::default(),
        }
    }

    /// What the worker has said.
    pub(super) fn has_rows(&self, rows: usize) {
        self.rows.store(rows, Relaxed);
    }

    /// A number for a new handle or pool.
    pub(super) fn number(&self) -> u32 {
        self.numbers.fetch_add(1, Relaxed)
    }

    /// What is asked, answered. What changes the worker is kept, to be done again by one in its place.
    pub(super) fn ask<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Error> {
        self.stop.check()?;
        let mut state = self.state();
        let effect = Effect::of(&ask);
        let closed = std::mem::take(&mut state.closed);
        let waiting = std::mem::take(&mut state.waiting);
        let before = waiting.iter().map(|one| Array::from(&one.message[..]));
        let asked = Message {
            closed,
            before: before.collect(),
            ask,
        };
        let message = wire::encode(&asked);
        let is_alone = asked.closed.is_empty() && asked.before.is_empty();
        // What came with it is kept by itself.
        let alone = (effect.is_some() && !is_alone).then(|| wire::encode(&Message::of(asked.ask)));
        for one in waiting {
            if let Some(effect) = one.effect {
                state.log.push(effect, one.message);
            }
        }
        let answer = self.deliver(&mut state.log, &message)?;
        let answer: Result<T, Failure> = wire::decode(&answer)?;
        let answer = answer.map_err(Failure::error)?;
        if let Some(effect) = effect {
            state.log.push(effect, alone.unwrap_or(message));
        }
        Ok(answer)
    }

    /// Has something done before the next question is answered, which fails where this does: for what has no answer, and
    /// comes to the same where it is done twice.
    pub(super) fn tell(&self, ask: Ask<'_>) -> Result<(), Error> {
        self.stop.check()?;
        let (handle, effect) = (ask.handle(), Effect::of(&ask));
        let message = wire::encode(&Message::of(ask));
        self.state().waiting.push(Waiting {
            handle,
            effect,
            message,
        });
        Ok(())
    }

    /// Is done with a handle or a pool: the worker hears of it with the next message.
    pub(super) fn close(&self, number: u32) {
        let mut state = self.state();
        state.log.close(number);
        state
            .waiting
            .retain(|waiting| waiting.handle != Some(number));
        state.closed.push(number);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a message, by whichever worker gives it.
    fn deliver(&self, log: &mut Log, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut lost = match self.call(message) {
            Ok(answer) => return Ok(answer),
            Err(lost) => lost,
        };
        for _ in 0..ATTEMPTS {
            if self.stop.is_stopped() {
                return Err(interrupted());
            }
            let revived = self.transport.revive(self.worker);
            let again = revived.and_then(|()| log.replay(|message| self.call(message)));
            match again.and_then(|()| self.call(message)) {
                Ok(answer) => return Ok(answer),
                Err(again) => lost = again,
            }
        }
        if self.stop.is_stopped() {
            return Err(interrupted());
        }
        Err(Error::Interrupted {
            missing: Some(MissingRows {
                rows: 0..self.rows.load(Relaxed),
                reason: format!("worker {} is lost for good: {}", self.worker, lost.0),
            }),
            partial: Box::default(),
        })
    }

    fn call(&self, message: &[u8]) -> Result<Vec<u8>, Lost> {
        let answer = self.transport.call(self.worker, message)?;
        self.traffic.count([message.len(), answer.len()]);
        Ok(answer)
    }
}
