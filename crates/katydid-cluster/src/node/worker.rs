//! A worker on its thread.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use polling::Poller;

use super::inbox::Inbox;
use super::{Clock, Complaints, LINGER, TURN};
use crate::clock::Now;
use crate::event::{Level, WorkerEvent};
use crate::key::Key;
use crate::message::{ToMaster, decode_to_worker, encode_to_master};
use crate::transport::{Dialer, Incoming, Keep};
use crate::worker::{Settings, Worker, WorkerAction};

/// A worker that connects to its master.
pub struct WorkerNode {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    worker: Mutex<Worker>,
    outbox: Mutex<Vec<Outgoing>>,
    inbox: Inbox<WorkerEvent>,
    poller: Arc<Poller>,
    clock: Clock,
    is_ending: AtomicBool,
    wants_heartbeats: AtomicBool,
}

enum Outgoing {
    Message(ToMaster),
    Reconnect,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Worker> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<R>(&self, act: impl FnOnce(&mut Worker, Now) -> R) -> R {
        let mut worker = self.lock();
        let result = act(&mut worker, self.clock.now());
        for action in worker.take_actions() {
            match action {
                WorkerAction::Send(message) => self.outbox().push(Outgoing::Message(message)),
                WorkerAction::Reconnect => self.outbox().push(Outgoing::Reconnect),
                WorkerAction::Tell(event) => self.tell(event),
            }
        }
        result
    }

    fn outbox(&self) -> MutexGuard<'_, Vec<Outgoing>> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: WorkerEvent) {
        if !matches!(event, WorkerEvent::Heartbeat) || self.wants_heartbeats.load(Ordering::Relaxed) {
            self.inbox.put(event);
        }
    }
}

impl WorkerNode {
    /// Connects to a master as `id`, and works from now on.
    ///
    /// # Errors
    /// The system refuses.
    pub fn start(host: &str, port: u16, id: &str, settings: Settings, key: Option<Key>) -> io::Result<Self> {
        let dialer = Dialer::try_new(host, port, id, key)?;
        let shared = Arc::new(Shared {
            worker: Mutex::new(Worker::new(settings)),
            outbox: Mutex::default(),
            inbox: Inbox::try_new()?,
            poller: dialer.poller(),
            clock: Clock::new(),
            is_ending: AtomicBool::new(false),
            wants_heartbeats: AtomicBool::new(false),
        });
        let place = format!("{host}:{port}");
        let (id, complaints) = (id.to_owned(), Complaints::default());
        let runner = Runner { shared: shared.clone(), dialer, id, place, complaints };
        let thread =
            std::thread::Builder::new().name("katydid-worker".to_owned()).spawn(move || runner.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// The descriptor that is readable while events wait.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.shared.inbox.descriptor()
    }

    /// At most `limit` events, oldest first.
    pub fn take_events(&self, limit: usize) -> Vec<WorkerEvent> {
        self.shared.inbox.take(limit)
    }

    /// Is somebody interested in every heartbeat of the master's?
    pub fn want_heartbeats(&self, wanted: bool) {
        self.shared.wants_heartbeats.store(wanted, Ordering::Relaxed);
    }

    /// Calls a command of the state machine.
    pub fn command<R>(&self, act: impl FnOnce(&mut Worker, Now) -> R) -> R {
        let result = self.shared.with(act);
        // Failure means that nobody waits, and then what is to be sent is found anyway.
        let _ = self.shared.poller.notify();
        result
    }

    /// Looks at the state machine.
    pub fn look<R>(&self, look: impl FnOnce(&Worker) -> R) -> R {
        look(&self.shared.lock())
    }

    /// Ends: what is left to say is said if the master listens.
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

impl Drop for WorkerNode {
    fn drop(&mut self) {
        self.close();
    }
}

struct Runner {
    shared: Arc<Shared>,
    dialer: Dialer,
    id: String,
    place: String,
    complaints: Complaints,
}

impl Runner {
    fn run(mut self) {
        while !self.shared.is_ending.load(Ordering::Acquire) {
            self.turn(true);
        }
        let until = Instant::now() + LINGER;
        let is_done = |runner: &mut Self| {
            runner.shared.outbox().is_empty() && (runner.dialer.is_idle() || !runner.dialer.is_open())
        };
        while Instant::now() < until && !is_done(&mut self) {
            self.turn(false);
        }
    }

    fn turn(&mut self, is_working: bool) {
        self.send_all();
        let mut incoming = Vec::new();
        if let Err(error) = self.dialer.poll(TURN, &mut incoming) {
            self.complain(&format!(
                "the system does not tell whether the master has said something: {error}"
            ));
            std::thread::sleep(TURN);
        }
        incoming.into_iter().for_each(|incoming| self.take(incoming));
        if is_working {
            self.shared.with(|worker, now| worker.tick(now));
        }
    }

    fn send_all(&mut self) {
        let outbox = std::mem::take(&mut *self.shared.outbox());
        for outgoing in outbox {
            match outgoing {
                Outgoing::Reconnect => self.dialer.reconnect(),
                Outgoing::Message(message) => {
                    self.dialer.send(encode_to_master(&message, &self.id), keep(&message));
                }
            }
        }
    }

    fn take(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Message { bytes, .. } => match decode_to_worker(&bytes) {
                Ok(envelope) => self.shared.with(|worker, now| worker.receive(now, envelope.message)),
                Err(malformed) => {
                    if self.complaints.is_new(&malformed.to_string()) {
                        self.shared.with(|worker, _| worker.refuse(&malformed.to_string()));
                    }
                }
            },
            Incoming::Refused { reason, .. } => {
                let text = format!("the master at {} cannot be joined: {reason}", self.place);
                if self.complaints.is_new(&text) {
                    self.shared.tell(WorkerEvent::Refused { reason: text });
                }
            }
            Incoming::Opened { .. } | Incoming::Closed { .. } => {}
        }
    }

    fn complain(&mut self, text: &str) {
        if self.complaints.is_new(text) {
            self.shared.tell(WorkerEvent::Note(Level::Error, text.to_owned()));
        }
    }
}

/// What is worth waiting for a connection?
fn keep(message: &ToMaster) -> Keep {
    match message {
        ToMaster::Heartbeat(_) => Keep::Never,
        // A report with a mark is sent again until it is merged.
        ToMaster::Stats(report) if report.mark.is_some() => Keep::Never,
        ToMaster::Ready { .. } | ToMaster::Locustfile { .. } => Keep::Once,
        _ => Keep::Always,
    }
}
