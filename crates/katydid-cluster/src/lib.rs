//! Locust's master and worker, as state machines, and the wire between them.
//!
//! Not here: users and how they run, statistics of a run (they are `katydid-stats`'), the terminal. Sockets are in
//! [`transport`] alone.
//!
//! Reading order: [`pack`] (msgpack, read without trust), [`message`] and [`report`] (what is said), [`roster`],
//! [`master`] and [`worker`] (who says what when), [`event`] (what their owners hear), [`zmtp`] (ZeroMQ's protocol,
//! without I/O), [`key`] (who may take part), [`transport`] (sockets), [`node`] (a state machine with its transport on
//! a thread of its own).
//!
//! ```
//! use katydid_cluster::master::{Action, Master, Settings};
//! use katydid_cluster::{Now, ToMaster, ToWorker, Version};
//!
//! let mut master = Master::new(Settings::new(1, "2.46.3"));
//! let version = Version::Named("2.46.3".to_owned());
//! master.receive(Now::default(), "host_1", ToMaster::Ready { version });
//! let acknowledged = |action: &Action| matches!(action, Action::Send(_, ToWorker::Ack { index: Some(0), .. }));
//! assert!(master.take_actions().iter().any(acknowledged));
//! ```
//!
//! Invariants: no message of a stranger makes a panic; none takes more memory than a small multiple of its length, and
//! for each entry of a report some hundred bytes; the state machines have no clock and no randomness, so a sequence of
//! inputs can be replayed.

mod cells;
pub mod clock;
pub mod event;
pub mod key;
pub mod master;
pub mod message;
pub mod node;
pub mod pack;
pub mod report;
pub mod roster;
pub mod transport;
pub mod worker;
pub mod zmtp;

pub use clock::Now;
pub use event::{Level, MasterEvent, WorkerEvent};
pub use key::Key;
pub use message::{ToMaster, ToWorker, UserCounts, Version};
pub use pack::Packed;
pub use report::Report;
