//! The data plane: one single-threaded reactor, and HTTP/1.1 over it.
//!
//! A [`Reactor`] owns sockets, timers and exchanges. Callers hand it a finished request head and a body and get an
//! [`ExchangeId`]; when something happened that they wait for, their *waiter* (any value: a greenlet, a `Waker`)
//! comes back from [`Reactor::pop_woken`]. The reactor never calls anybody, so nothing is borrowed when user code
//! runs.
//!
//! In reading order: [`exchange`] (what goes in and comes out), `reactor` (the door), `flight` (one exchange under
//! way), `pool` (whose connection), `dial` (from a name to a connection), `transfer` (bytes in and out), [`h1`] (the
//! codec, without I/O), `intake` (an answer under construction).
//!
//! Not here: users, scheduling, Python, statistics other than the vocabulary of phases and failures.

pub mod client;
pub mod clock;
pub mod coding;
pub mod connect;
mod connection;
pub mod cookies;
mod dial;
pub mod exchange;
mod flight;
pub mod h1;
mod intake;
pub mod multipart;
mod pool;
pub mod proxy;
mod reactor;
mod receive;
pub mod redirect;
pub mod resolve;
pub mod signals;
pub mod sse;
mod timer;
pub mod tls;
mod transfer;

pub use clock::Moment;
pub use exchange::{Answer, Body, Origin, PoolSettings, Proxy, Request, Timeouts, Timing};
pub use flight::ExchangeId;
pub use reactor::{PoolId, Reactor, SleepId, Woken};
