//! Who sends? A thread that puts the copies it gets together and tells the collector what the run amounts to.
//!
//! What a maintainer must not break: nobody waits for the thread before the end of a run, and then for one request at
//! most.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender as Channel, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use katydid_net::signals;
use katydid_report::otlp;
use katydid_stats::RunStats;
use katydid_stats::part::Parts;

use crate::sender::Sender;
use crate::settings::{Error, Settings};

/// A copy of what changed, of [`Changes::take`](katydid_stats::part::Changes::take).
struct State {
    stats: Box<RunStats>,
    now: f64,
    users: u64,
}

/// The thread that tells a collector of one run.
pub struct Exporter {
    states: Channel<State>,
    status: Arc<Status>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Status {
    is_busy: AtomicBool,
    complaint: Mutex<Option<Error>>,
}

impl Exporter {
    /// Looks whether anything can be sent there, without sending anything.
    ///
    /// # Errors
    /// An address that is none.
    pub fn check(settings: &Settings) -> Result<(), Error> {
        Sender::try_new(settings).map(drop)
    }

    /// Begins a thread for a run that began at `started_at`, in Unix seconds.
    ///
    /// # Errors
    /// An address that is none; the system gives no thread.
    pub fn begin(settings: Settings, started_at: f64) -> Result<Self, Error> {
        Self::check(&settings)?;
        let (states, received) = channel();
        let status = Arc::new(Status::default());
        let told = Arc::clone(&status);
        let thread = signals::spawn("katydid-otlp", move || export(&settings, started_at, &received, &told));
        let thread = thread.map_err(|error| Error(format!("no thread for OTLP: {error}")))?;
        Ok(Self { states, status, thread })
    }

    /// Is the last state still being sent? Whoever looks meanwhile looks later, and sees more.
    pub fn is_busy(&self) -> bool {
        self.status.is_busy.load(Ordering::Relaxed)
    }

    /// Sends what a run amounts to by `now`.
    pub fn observe(&self, stats: RunStats, now: f64, users: u64) {
        self.status.is_busy.store(true, Ordering::Relaxed);
        // The thread ends when this is dropped, or by a bug of ours.
        let _ = self.states.send(State { stats: Box::new(stats), now, users });
    }

    /// What went wrong first, told once.
    pub fn complaint(&self) -> Option<Error> {
        self.status.complaint.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until the last state is sent, or was not taken. Returns what nobody was told of yet.
    pub fn finish(self) -> Option<Error> {
        let Self { states, status, thread } = self;
        drop(states);
        if thread.join().is_err() {
            return Some(Error("the thread for OTLP ended by a bug of katydid".into()));
        }
        status.complaint.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn export(settings: &Settings, started_at: f64, states: &Receiver<State>, status: &Status) {
    let mut has_complained = false;
    let mut complain = |error: Error| {
        if !std::mem::replace(&mut has_complained, true) {
            *status.complaint.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    };
    let sender = match Sender::try_new(settings) {
        Ok(sender) => sender,
        Err(error) => return complain(error),
    };
    let mut parts = Parts::new(started_at);
    while let Ok(mut state) = states.recv() {
        // Of several states that wait only the newest is sent; all of them count.
        loop {
            parts.next(&state.stats, state.now, state.users);
            match states.try_recv() {
                Ok(newer) => state = newer,
                Err(_) => break,
            }
        }
        let request = otlp::request(&settings.resource, parts.stats(), state.now, state.users);
        if let Err(error) = sender.send(request) {
            complain(error);
        }
        status.is_busy.store(false, Ordering::Relaxed);
    }
}
