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

/// Longer than anything here runs: thirty years.
const FOREVER_S: f64 = 1e9;

/// Seconds as an owner says them: for ever is long, and nonsense is nothing.
pub fn duration_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(if seconds > FOREVER_S { FOREVER_S } else { seconds }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_ever_is_long_and_nonsense_is_nothing() {
        for (seconds, whole) in
            [(2.0, 2), (0.0, 0), (5e18, 1_000_000_000), (f64::INFINITY, 1_000_000_000), (-1.0, 0)]
        {
            assert_eq!(duration_of(seconds), Duration::from_secs(whole), "{seconds}");
        }
        assert_eq!(duration_of(f64::NAN), Duration::ZERO);
    }
}
