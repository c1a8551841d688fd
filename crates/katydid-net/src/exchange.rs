//! What is sent and what comes back: the values at the reactor's door.

use std::rc::Rc;
use std::time::Duration;

use katydid_stats::Phases;

use crate::clock::Moment;
use crate::h1::Coding;

/// Where a request goes. Connections are pooled per origin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether the connection is TLS (`https`).
    pub tls: bool,
    /// Host name or address literal, without brackets.
    pub host: Box<str>,
    /// TCP port.
    pub port: u16,
}

/// A proxy between us and the origin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// The proxy's own address.
    pub origin: Origin,
    /// Value of `Proxy-Authorization`, sent with `CONNECT`.
    pub authorization: Option<Box<str>>,
}

/// How a pool opens and keeps connections. One pool belongs to one user.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// At most this many connections per origin at a time; further exchanges queue. `usize::MAX` never queues.
    pub size: usize,
    /// At most this many idle connections per origin are kept.
    pub keep: usize,
    /// TLS of this pool's connections; `None` refuses `https`.
    pub tls: Option<Rc<crate::tls::TlsConfig>>,
}

/// The time limits of one exchange; `None` waits for ever.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeouts {
    /// From the first step towards a connection until it stands, tunnel and TLS included; not the time in the
    /// pool's queue.
    pub connect: Option<Duration>,
    /// Longest silence while the request is written or the answer is read.
    pub network: Option<Duration>,
}

/// A request's body.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    /// No body.
    Empty,
    /// Bytes that are complete; the head carries their `Content-Length`.
    Bytes(&'a [u8]),
    /// Pieces that the caller pushes with `Reactor::push_body`; the head says `Transfer-Encoding: chunked`
    /// (`chunked` true) or carries a `Content-Length` (false).
    Pieces {
        /// Whether each piece is framed as a chunk.
        chunked: bool,
    },
}

/// One request, ready for the wire.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Where the connection leads.
    pub origin: &'a Origin,
    /// The way there. For plain `http` through a proxy, the head's target is the absolute URL.
    pub proxy: Option<&'a Proxy>,
    /// Request line and header lines up to and including the empty line.
    pub head: &'a [u8],
    /// The body.
    pub body: Body<'a>,
    /// The answer to this request has no body whatever its headers say (RFC 9112 6.3: `HEAD`).
    pub is_head: bool,
    /// Sending twice does no harm (RFC 9110 9.2.2): allows one transparent retry on a connection that died idle.
    pub is_idempotent: bool,
    /// Wait for `100 Continue` (at most a second) before the body.
    pub expects_continue: bool,
    /// Hand out the answer when its head is there and keep the body for `Reactor::read_body`.
    pub streams: bool,
    /// Time limits.
    pub timeouts: Timeouts,
}

/// When the parts of one exchange happened.
///
/// # Accuracy
/// `received` is the kernel's receive time of the last byte where the system gives one (`kernel_time` true), else
/// the time of the read. `latency_ns` excludes the time that the bytes lay unread; that is `lag_ns`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// The moment before the first step of the exchange (resolve, connect or write).
    pub started: Moment,
    /// Arrival of the last byte (of the head alone for a streamed answer until its body ends), or the moment of
    /// failure: for a timeout the end of its limit, for bytes that are wrong their arrival, otherwise when it was
    /// seen.
    pub received: Moment,
    /// From the arrival of the last byte until we read it.
    pub lag_ns: u64,
    /// Durations of the phases.
    pub phases: Phases,
    /// Whether `received` is the kernel's time.
    pub kernel_time: bool,
    /// Whether the connection had served an exchange before.
    pub reused: bool,
}

impl Timing {
    /// Response time in nanoseconds: `received - started`.
    pub fn latency_ns(&self) -> u64 {
        self.received.0.saturating_sub(self.started.0)
    }
}

/// A complete answer (or, for a streamed one, its head).
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Head as received, then the body with transfer coding removed and content coding untouched.
    pub bytes: Vec<u8>,
    /// Length of the head inside `bytes`, empty line included.
    pub head_len: usize,
    /// The content coding that the body still carries.
    pub coding: Coding,
    /// The answer has at least one `Set-Cookie`.
    pub has_cookies: bool,
    /// The answer has a `Location`.
    pub has_location: bool,
    /// Marks.
    pub timing: Timing,
}

impl Answer {
    /// Status line and header lines as received, empty line included.
    pub fn head(&self) -> &[u8] {
        &self.bytes[..self.head_len]
    }

    /// The body, content coding untouched.
    pub fn body(&self) -> &[u8] {
        &self.bytes[self.head_len..]
    }
}
