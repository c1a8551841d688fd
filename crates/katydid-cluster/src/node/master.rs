//! A master on its thread.

use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use polling::Poller;

use super::inbox::Inbox;
use super::{Clock, Complaints, LINGER, Ledger, TURN};
use crate::clock::Now;
use crate::event::{Level, MasterEvent};
use crate::key::Key;
use crate::master::{Action, Master, Settings};
use crate::message::{ToMaster, ToWorker, decode_to_master, encode_to_worker};
use crate::roster::NodeId;
use crate::transport::{Incoming, Listener};

/// A master that listens.
pub struct MasterNode {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    master: Mutex<Master>,
    outbox: Mutex<Vec<(NodeId, ToWorker)>>,
    inbox: Inbox<MasterEvent>,
    ledger: Box<dyn Ledger>,
    poller: Arc<Poller>,
    clock: Clock,
    is_ending: AtomicBool,
    wants_heartbeats: AtomicBool,
    wants_reports: AtomicBool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Master> {
        self.master.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `act` on the state machine and does what it wants done.
    fn with<R>(&self, act: impl FnOnce(&mut Master, Now) -> R) -> R {
        let mut master = self.lock();
        let result = act(&mut master, self.clock.now());
        for action in master.take_actions() {
            match action {
                Action::Send(to, message) => self.outbox().push((to, message)),
                Action::Merge(report) => self.ledger.merge(&report.stats),
                Action::Tell(event) => self.tell(event),
            }
        }
        result
    }

    fn outbox(&self) -> MutexGuard<'_, Vec<(NodeId, ToWorker)>> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: MasterEvent) {
        let is_wanted = match &event {
            MasterEvent::Heartbeat { .. } => self.wants_heartbeats.load(Ordering::Relaxed),
            MasterEvent::Report { .. } => self.wants_reports.load(Ordering::Relaxed),
            _ => true,
        };
        if is_wanted {
            self.inbox.put(event);
        }
    }
}

impl MasterNode {
    /// Listens at `host` and `port`, and works from now on.
    ///
    /// # Errors
    /// The system refuses.
    pub fn start(
        host: &str,
        port: u16,
        settings: Settings,
        key: Option<Key>,
        ledger: Box<dyn Ledger>,
    ) -> io::Result<Self> {
        let listener = Listener::bind(host, port, key)?;
        let address = listener.address()?;
        let shared = Arc::new(Shared {
            master: Mutex::new(Master::new(settings)),
            outbox: Mutex::default(),
            inbox: Inbox::try_new()?,
            ledger,
            poller: listener.poller(),
            clock: Clock::new(),
            is_ending: AtomicBool::new(false),
            wants_heartbeats: AtomicBool::new(false),
            wants_reports: AtomicBool::new(false),
        });
        let runner = Runner { shared: shared.clone(), listener, complaints: Complaints::default() };
        let thread =
            std::thread::Builder::new().name("katydid-master".to_owned()).spawn(move || runner.run())?;
        Ok(Self { shared, address, thread: Mutex::new(Some(thread)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The descriptor that is readable while events wait.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.shared.inbox.descriptor()
    }

    /// At most `limit` events, oldest first.
    pub fn take_events(&self, limit: usize) -> Vec<MasterEvent> {
        self.shared.inbox.take(limit)
    }

    /// Events that wait.
    pub fn waiting_events(&self) -> usize {
        self.shared.inbox.len()
    }

    /// Is somebody interested in every heartbeat, in every report? Otherwise no events are made of them.
    pub fn want(&self, heartbeats: bool, reports: bool) {
        self.shared.wants_heartbeats.store(heartbeats, Ordering::Relaxed);
        self.shared.wants_reports.store(reports, Ordering::Relaxed);
    }

    /// Calls a command of the state machine.
    pub fn command<R>(&self, act: impl FnOnce(&mut Master, Now) -> R) -> R {
        let result = self.shared.with(act);
        // Failure means that nobody waits, and then what is to be sent is found anyway.
        let _ = self.shared.poller.notify();
        result
    }

    /// Looks at the state machine.
    pub fn look<R>(&self, look: impl FnOnce(&Master) -> R) -> R {
        look(&self.shared.lock())
    }

    /// Ends: what is left to say is said, the port is free again.
    pub fn close(&self) {
        self.shared.is_ending.store(true, Ordering::Release);
        let _ = self.shared.poller.notify();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for MasterNode {
    fn drop(&mut self) {
        self.close();
    }
}

struct Runner {
    shared: Arc<Shared>,
    listener: Listener,
    complaints: Complaints,
}

impl Runner {
    fn run(mut self) {
        while !self.shared.is_ending.load(Ordering::Acquire) {
            self.turn();
        }
        let until = Instant::now() + LINGER;
        while Instant::now() < until && !(self.shared.outbox().is_empty() && self.listener.is_idle()) {
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.send_all();
        let due = self.shared.lock().due();
        let now = self.shared.clock.now().elapsed;
        let timeout = due.map_or(TURN, |due| due.saturating_sub(now)).min(TURN);
        let mut incoming = Vec::new();
        if let Err(error) = self.listener.poll(timeout, &mut incoming) {
            let text = format!("the system does not tell which connections are ready: {error}");
            if self.complaints.is_new(&text) {
                self.shared.tell(MasterEvent::Note(Level::Error, text));
            }
            std::thread::sleep(TURN);
        }
        incoming.into_iter().for_each(|incoming| self.take(incoming));
        self.shared.with(|master, now| master.tick(now));
    }

    fn send_all(&mut self) {
        let outbox = std::mem::take(&mut *self.shared.outbox());
        for (to, message) in outbox {
            self.listener.send(&to, &encode_to_worker(&message, &to));
        }
    }

    fn take(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Message { peer, bytes } => self.take_message(&peer, &bytes),
            Incoming::Refused { address, reason } => {
                let who = address.map_or_else(|| "a node".to_owned(), |address| address.to_string());
                let text = format!("a connection from {who} is refused: {reason} (told once)");
                if self.complaints.is_new(&text) {
                    self.shared.tell(MasterEvent::Note(Level::Warning, text));
                }
            }
            Incoming::Opened { .. } | Incoming::Closed { .. } => {}
        }
    }

    fn take_message(&mut self, peer: &str, bytes: &[u8]) {
        match decode_to_master(bytes) {
            Ok(envelope) => {
                self.say_what_was_skipped(peer, &envelope.message);
                self.shared.with(|master, now| master.receive(now, peer, envelope.message));
            }
            Err(malformed) => {
                let is_known = self.shared.lock().roster().node(peer).is_some();
                if self.complaints.is_new(&format!("{peer} {malformed}")) {
                    self.shared.with(|master, _| master.refuse(peer, &malformed.to_string()));
                }
                if !is_known {
                    self.listener.close(peer);
                }
            }
        }
    }

    fn say_what_was_skipped(&mut self, peer: &str, message: &ToMaster) {
        let ToMaster::Stats(report) = message else { return };
        if report.skipped > 0 && self.complaints.is_new(&format!("{peer} skipped")) {
            let text = format!(
                "{} entries of a report of {peer} cannot be read and are not counted (told once)",
                report.skipped
            );
            self.shared.tell(MasterEvent::Note(Level::Warning, text));
        }
    }
}
