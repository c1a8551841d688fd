//! ZeroMQ's wire protocol (ZMTP 3.0, RFC 23; CURVE, RFC 26) without I/O: bytes go in and come out.
//!
//! Only what Locust's nodes use: a ROUTER on the master's side and a DEALER on the worker's, messages of one part, no
//! authentication or CURVE. What a maintainer must not break: before a peer has shown that it has the key, it can make us
//! hold a kilobyte and no more.

mod curve;
mod frame;
mod session;

pub use session::{Refusal, Session, Side};

/// The longest message that is taken.
pub const MAX_MESSAGE: usize = 64 << 20;
