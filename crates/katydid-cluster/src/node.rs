//! Who runs a state machine? A thread of its own, with the sockets: a [`MasterNode`] or a [`WorkerNode`].
//!
//! The owner calls from its own thread: commands go to the state machine at once, under its lock, so that what they say
//! holds when they return. What it is to hear waits in a bounded queue, whose descriptor is readable while something is
//! in it. What a maintainer must not break: the lock is held for no longer than one message takes, and never while
//! anything outside is called but the [`Ledger`].

mod inbox;
mod master;
mod worker;

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use katydid_stats::RunStats;

use crate::clock::Now;

pub use master::MasterNode;
pub use worker::WorkerNode;

/// Where a master's reports go: the statistics of the run.
pub trait Ledger: Send + Sync {
    /// Adds what a worker measured. Called on the node's thread.
    fn merge(&self, delta: &RunStats);
}

/// Longest time between two looks at the clock.
const TURN: Duration = Duration::from_millis(50);

/// How long what is left to say may take at the end.
const LINGER: Duration = Duration::from_secs(2);

/// The clocks that a state machine is told.
#[derive(Clone, Copy, Debug)]
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn now(&self) -> Now {
        let unix_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        Now { elapsed: self.0.elapsed(), unix_s }
    }
}

/// What was complained about once is not complained about again.
#[derive(Debug, Default)]
struct Complaints(HashSet<String>);

/// Distinct complaints that are remembered; beyond, nothing is said any more.
const MAX_COMPLAINTS: usize = 1000;

impl Complaints {
    fn is_new(&mut self, complaint: &str) -> bool {
        self.0.len() < MAX_COMPLAINTS && self.0.insert(complaint.to_owned())
    }
}
