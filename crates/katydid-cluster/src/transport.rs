//! How do bytes get from node to node? One thread's sockets: those of a master ([`Listener`]) or of a worker
//! ([`Dialer`]).
//!
//! The only place with sockets. What a maintainer must not break: nothing here blocks but the look-up of a name, and a
//! peer that does not read makes us hold [`MAX_QUEUED`] bytes and no more; all that have not ended their messages make us
//! hold eight of the longest together.

mod dialer;
mod link;
mod listener;

use std::net::IpAddr;

pub use dialer::{Dialer, Keep};
pub use listener::Listener;

use crate::zmtp::Refusal;

/// Bytes that wait for one peer. Beyond, messages to it are dropped, as ZeroMQ does.
pub const MAX_QUEUED: usize = 64 << 20;

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A message of a peer.
    Message {
        /// The id that it gave when it connected; empty from a master.
        peer: String,
        /// The message.
        bytes: Vec<u8>,
    },
    /// A peer is connected.
    Opened {
        /// Its id; empty for a master.
        peer: String,
    },
    /// A peer is not connected any more.
    Closed {
        /// Its id; empty for a master.
        peer: String,
    },
    /// Somebody is not listened to.
    Refused {
        /// Who.
        address: Option<IpAddr>,
        /// Why.
        reason: Refusal,
    },
}
