//! What time is it? Monotonic nanoseconds, and the kernel's receive stamps brought onto the same scale.

/// A point on the monotonic clock, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);
