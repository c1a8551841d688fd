//! What is recorded about one exchange?

use crate::Phases;

/// The record of one exchange.
///
/// # Accuracy
/// What the sender measured, unchanged. For exchanges of our own network code the response time runs from the moment
/// before the first write until the kernel received the last byte, so it does not contain the [`lag_ns`](Self::lag_ns)
/// of the generator. For samples that a locustfile reports itself it is whatever the locustfile says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Milliseconds; `None` for an event without a duration, which is counted and nothing more.
    pub response_time_ms: Option<f64>,
    /// Bytes of the answer's body.
    pub length: u64,
    /// Where the time went.
    pub phases: Phases,
    /// Kernel arrival of the last byte until we read it; `None` where the kernel gave no time.
    pub lag_ns: Option<u64>,
    /// Intended until actual start; `None` where nothing intended a moment.
    pub start_lag_ns: Option<u64>,
    /// The answer's HTTP status; `None` without an answer, or without HTTP.
    pub status: Option<u16>,
    /// When the exchange ended, in Unix seconds.
    pub at: f64,
}

impl Sample {
    /// A sample that knows its time and length and nothing else.
    pub fn new(at: f64, response_time_ms: Option<f64>, length: u64) -> Self {
        Self { response_time_ms, length, at, ..Self::default() }
    }
}
