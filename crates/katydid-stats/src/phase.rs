//! Where did the time of an exchange go? Six phases that follow each other on one connection.

/// One part of an exchange, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Phase {
    /// Name resolution; absent where the address was known.
    Dns,
    /// TCP connect (all attempts), and the proxy's tunnel if there is one.
    Connect,
    /// TLS handshake.
    Tls,
    /// First byte written until last byte of the request handed to the kernel.
    Sent,
    /// Last byte sent until the kernel received the first byte of the answer.
    Waiting,
    /// First byte until last byte of the answer, by the kernel's receive times.
    Receiving,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Self; 6] =
        [Self::Dns, Self::Connect, Self::Tls, Self::Sent, Self::Waiting, Self::Receiving];

    /// The word used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Sent => "sent",
            Self::Waiting => "waiting",
            Self::Receiving => "receiving",
        }
    }
}

/// The durations of the phases of one exchange, in nanoseconds; an absent phase did not happen.
///
/// # Accuracy
/// `Waiting` and `Receiving` use the kernel's receive time where it has one, so a late reader does not lengthen
/// them. `Connect` and `Tls` end when the readiness was seen, so they contain the generator's own delay (the lag).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    ns: [u64; 6],
    present: u8,
}

impl Phases {
    /// The duration of `phase` in nanoseconds, `None` where it did not happen.
    pub fn ns(&self, phase: Phase) -> Option<u64> {
        (self.present & (1 << phase as u8) != 0).then(|| self.ns[phase as usize])
    }

    /// Notes that `phase` took `ns` nanoseconds; a phase noted twice (two hops of a redirect) adds up.
    pub fn add(&mut self, phase: Phase, ns: u64) {
        self.ns[phase as usize] = self.ns[phase as usize].saturating_add(ns);
        self.present |= 1 << phase as u8;
    }
}
