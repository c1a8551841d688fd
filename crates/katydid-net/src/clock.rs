//! What time is it? Monotonic nanoseconds, and the kernel's receive stamps brought onto the same scale.
//!
//! What a maintainer must not break: a receive stamp is wall-clock time and may never be subtracted from a monotonic
//! reading directly; [`Clock::arrival`] converts with an offset measured in the same turn, so a step of the wall
//! clock can move at most the answers of one turn, and never beyond the moment of reading.

use std::time::Duration;

/// A point on the monotonic clock, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The moment that no deadline reaches.
    pub const NEVER: Self = Self(u64::MAX);

    /// The present.
    #[inline]
    pub fn now() -> Self {
        Self(read(libc::CLOCK_MONOTONIC))
    }

    /// This moment plus `span`, at most [`Moment::NEVER`].
    #[inline]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Nanoseconds from `earlier` until this moment; 0 if it is not earlier.
    #[inline]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Converts the kernel's wall-clock stamps to moments.
#[derive(Debug)]
pub(crate) struct Clock {
    /// Wall clock minus monotonic clock, in nanoseconds; below 2^63 until the year 2262.
    offset: u64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let mut clock = Self { offset: 0 };
        clock.refresh();
        clock
    }

    /// Measures the offset anew and returns the present.
    #[inline]
    pub(crate) fn refresh(&mut self) -> Moment {
        let now = Moment::now();
        self.offset = read(libc::CLOCK_REALTIME).wrapping_sub(now.0);
        now
    }

    /// When the bytes arrived that were read at `read`: the kernel's stamp if there is one, never later than the read.
    #[inline]
    pub(crate) fn arrival(&self, stamp: Option<u64>, read: Moment) -> Moment {
        stamp.map_or(read, |wall| Moment(wall.wrapping_sub(self.offset)).min(read))
    }
}

#[inline]
fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid, writable timespec and both clock ids used in this module exist on every Unix.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_from_before_the_read_is_the_arrival() {
        let clock = Clock { offset: 1_000_000 };
        assert_eq!(clock.arrival(Some(1_000_400), Moment(500)), Moment(400));
    }

    #[test]
    fn a_stamp_after_the_read_means_that_the_wall_clock_stepped() {
        let clock = Clock { offset: 1_000_000 };
        assert_eq!(clock.arrival(Some(9_000_000), Moment(500)), Moment(500));
    }

    #[test]
    fn without_a_stamp_the_read_is_the_arrival() {
        assert_eq!(Clock { offset: 7 }.arrival(None, Moment(500)), Moment(500));
    }

    #[test]
    fn moments_saturate() {
        assert_eq!(Moment(5).since(Moment(9)), 0);
        assert_eq!(Moment(5).after(Duration::MAX), Moment::NEVER);
    }
}
