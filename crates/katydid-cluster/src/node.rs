//! Who runs a state machine? A thread of its own, with the sockets: a [`MasterNode`] or a [`WorkerNode`].
//!
//! The owner calls from its own thread: commands go to the state machine at once, under its lock, so that what they say
//! holds when they return. What it is to hear waits in a bounded queue, whose descriptor is readable while something is
//! in it. What a maintainer must not break: the lock is held for no longer than one message takes, and never while
//! anything outside is called but the [`Ledger`].

mod inbox;
mod master;
mod runner;
mod shared;
mod worker;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use katydid_stats::RunStats;
use shared::{Role, Shared, Wire};

use crate::clock::Now;

pub use master::MasterNode;
pub use worker::WorkerNode;

/// Where a master's reports go: the statistics of the run.
pub trait Ledger: Send + Sync {
    /// Adds what a worker measured. Called on the node's thread.
    fn merge(&self, delta: &RunStats);
}

/// A state machine on its thread, as its owner sees it: a [`MasterNode`] or a [`WorkerNode`].
pub struct Node<R: Role> {
    shared: Arc<Shared<R>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<R: Role> Node<R> {
    fn begin<W: Wire<Role = R>>(thread: &str, shared: Shared<R>, wire: W) -> io::Result<Self> {
        let shared = Arc::new(shared);
        let thread = runner::spawn(thread, shared.clone(), wire)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// The descriptor that is readable while events wait.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.shared.inbox.descriptor()
    }

    /// At most `limit` events, oldest first.
    pub fn take_events(&self, limit: usize) -> Vec<R::Event> {
        self.shared.inbox.take(limit)
    }

    /// Events that wait.
    pub fn waiting_events(&self) -> usize {
        self.shared.inbox.len()
    }

    /// Calls a command of the state machine.
    pub fn command<T>(&self, act: impl FnOnce(&mut R::Machine, Now) -> T) -> T {
        let result = self.shared.with(act);
        self.shared.wake();
        result
    }

    /// Looks at the state machine.
    pub fn look<T>(&self, look: impl FnOnce(&R::Machine) -> T) -> T {
        look(&self.shared.lock())
    }

    /// Ends: what is left to say is said to who listens, and a master's port is free again.
    pub fn close(&self) {
        self.shared.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            thread.thread().unpark();
            // A panic of the thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

impl<R: Role> Drop for Node<R> {
    fn drop(&mut self) {
        self.close();
    }
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

/// What was complained about once is not complained about again, as long as it is remembered.
#[derive(Debug, Default)]
struct Complaints {
    known: HashSet<Arc<str>>,
    oldest_first: VecDeque<Arc<str>>,
}

/// Distinct complaints that are remembered.
const MAX_COMPLAINTS: usize = 1000;

impl Complaints {
    fn is_new(&mut self, complaint: &str) -> bool {
        if self.known.contains(complaint) {
            return false;
        }
        if self.known.len() >= MAX_COMPLAINTS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.known.remove(&oldest);
        }
        let complaint: Arc<str> = complaint.into();
        self.known.insert(complaint.clone());
        self.oldest_first.push_back(complaint);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a thousand complaints nothing had been said any more.
    #[test]
    fn the_oldest_complaint_is_forgotten_for_the_newest() {
        let mut complaints = Complaints::default();
        let all: Vec<String> = (0..=MAX_COMPLAINTS).map(|number| number.to_string()).collect();
        assert!(all.iter().all(|complaint| complaints.is_new(complaint)));
        assert!(!complaints.is_new(&all[MAX_COMPLAINTS]) && !complaints.is_new(&all[1]));
        assert!(complaints.is_new(&all[0]));
        assert_eq!((complaints.known.len(), complaints.oldest_first.len()), (MAX_COMPLAINTS, MAX_COMPLAINTS));
    }
}
