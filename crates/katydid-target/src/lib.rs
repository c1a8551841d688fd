//! The practice servers of `katydid target`: small, fast APIs with a known behaviour to run a suite against.
//!
//! This crate is not a mock framework and knows nothing of the generator: it shares no code with what it is used to test.
//!
//! Map, in reading order:
//! - [`Args`] and [`run`]: the options and the door; `server` binds, serves and stops.
//! - [`Law`]: how long an answer takes; [`Fault`]: what goes wrong. Both are values without a clock: the answer to
//!   "what happens to request `n` under this seed?" is always the same.
//! - [`Place`] and [`Rule`]: where a law or a fault applies; `rules` puts them in front of a server.
//! - `wire`: the accepted connection, which a fault may break.
//! - `shop`, `agent`, `gateway`, `mcp`, `llm`: one server each, a function from [`Setup`] to a router.
//!
//! ```
//! use katydid_target::Law;
//! use std::time::Duration;
//!
//! let law: Law = "spikes:20ms,every 10,80ms".parse()?;
//! assert_eq!(law.delay(1, 9), Duration::from_millis(80)); // the tenth request, whatever the seed
//! # Ok::<(), katydid_target::Error>(())
//! ```
//!
//! Invariants: memory stays bounded whatever is sent; a server without laws and faults has no middleware; nothing
//! listens beyond the loopback interface unless told to.

mod agent;
mod args;
mod chance;
mod error;
mod fault;
mod gateway;
mod law;
mod llm;
mod mcp;
mod open_files;
mod payload;
mod place;
mod quantity;
mod rules;
mod server;
mod setup;
mod shop;
mod wire;

pub use args::{Args, Kind, command};
pub use error::Error;
pub use fault::{Damage, Fault, Share};
pub use law::Law;
pub use place::{Place, Rule};
pub use server::run;
pub use setup::Setup;
