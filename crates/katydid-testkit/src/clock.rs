//! What time is it in this test? Whatever the test says.

use std::cell::Cell;
use std::time::Duration;

/// A clock that stands until it is moved.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use katydid_testkit::FakeClock;
///
/// let clock = FakeClock::default();
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(clock.now_ns(), 3_000_000_000);
/// ```
#[derive(Debug, Default)]
pub struct FakeClock {
    now: Cell<Duration>,
}

impl FakeClock {
    /// Time since the clock's beginning.
    pub fn now(&self) -> Duration {
        self.now.get()
    }

    /// Time since the clock's beginning in nanoseconds.
    ///
    /// # Panics
    /// The clock was moved by more than 584 years.
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.now.get().as_nanos()).expect("a time below 2^64 ns")
    }

    /// Moves the clock on.
    pub fn advance(&self, span: Duration) {
        self.now.set(self.now.get() + span);
    }
}
