//! What brings a worker messages.

use std::sync::mpsc::{Receiver, Sender};

/// What brings a worker messages, and takes its answers back.
pub trait Link {
    /// The next message; none once there will be no more.
    fn next(&mut self) -> Option<Vec<u8>>;

    /// Takes the answer to the last message.
    fn answer(&mut self, answer: Vec<u8>);
}

/// Messages from one channel and answers to another: a worker in a thread. A driver that is gone hears no more.
impl Link for (Receiver<Vec<u8>>, Sender<Vec<u8>>) {
    fn next(&mut self) -> Option<Vec<u8>> {
        self.0.recv().ok()
    }

    fn answer(&mut self, answer: Vec<u8>) {
        let _ = self.1.send(answer);
    }
}
