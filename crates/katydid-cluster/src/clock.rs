//! What time is it? Told by whoever runs a state machine: neither of them has a clock.

use std::time::Duration;

/// A moment, by two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Now {
    /// Since some fixed moment, never going back.
    pub elapsed: Duration,
    /// Unix seconds by the system's clock, which may leap.
    pub unix_s: f64,
}
