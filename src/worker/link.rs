//! What brings a worker messages.

/// What brings a worker messages, and takes its answers back.
pub trait Link {
    /// The next message; none once there will be no more.
    fn next(&mut self) -> Option<Vec<u8>>;

    /// Takes the answer to the last message.
    fn answer(&mut self, answer: Vec<u8>);
}
