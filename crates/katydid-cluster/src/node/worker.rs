//! A worker on its thread.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::inbox::Kept;
use super::shared::{Role, Shared, Wire};
use super::{Complaints, Node};
use crate::clock::Now;
use crate::event::{Level, WorkerEvent};
use crate::key::Key;
use crate::message::{ToMaster, decode_to_worker, encode_to_master};
use crate::transport::{Dialer, Incoming, Keep};
use crate::worker::{Settings, Worker, WorkerAction};

/// A worker that connects to its master.
pub type WorkerNode = Node<Obeying>;

/// The role of a worker.
#[derive(Default)]
pub struct Obeying {
    wants_heartbeats: AtomicBool,
}

/// What a worker wants of its connection.
pub enum Outgoing {
    /// To say this.
    Message(ToMaster),
    /// To have it anew.
    Reconnect,
}

impl Role for Obeying {
    type Machine = Worker;
    type Event = WorkerEvent;
    type Outgoing = Outgoing;

    fn carry_out(worker: &mut Worker, shared: &Shared<Self>) {
        for action in worker.take_actions() {
            match action {
                WorkerAction::Send(message) => shared.say(Outgoing::Message(message)),
                WorkerAction::Reconnect => shared.say(Outgoing::Reconnect),
                WorkerAction::Tell(event) => shared.tell(event),
            }
        }
    }

    fn tick(worker: &mut Worker, now: Now) {
        worker.tick(now);
    }

    fn due(_: &Worker) -> Option<Duration> {
        None
    }

    fn is_wanted(&self, event: &WorkerEvent) -> bool {
        !matches!(event, WorkerEvent::Heartbeat) || self.wants_heartbeats.load(Ordering::Relaxed)
    }

    fn kept(event: &WorkerEvent) -> Kept {
        let bytes = match event {
            WorkerEvent::Heartbeat => 0,
            WorkerEvent::Note(_, text) => text.len(),
            WorkerEvent::Custom { kind, data } => kind.len() + data.len(),
            _ => return Kept::Always,
        };
        Kept::WithinBudget(bytes)
    }

    fn note(level: Level, text: String) -> WorkerEvent {
        WorkerEvent::Note(level, text)
    }
}

impl WorkerNode {
    /// Connects to a master as `id`, and works from now on.
    ///
    /// # Errors
    /// The system refuses.
    pub fn start(host: &str, port: u16, id: &str, settings: Settings, key: Option<Key>) -> io::Result<Self> {
        let dialer = Dialer::try_new(host, port, id, key)?;
        let shared = Shared::try_new(Obeying::default(), Worker::new(settings), dialer.poller())?;
        let line = Line { dialer, id: id.to_owned(), place: format!("{host}:{port}") };
        Self::begin("katydid-worker", shared, line)
    }

    /// Is somebody interested in every heartbeat of the master's?
    pub fn want_heartbeats(&self, wanted: bool) {
        self.shared.role.wants_heartbeats.store(wanted, Ordering::Relaxed);
    }
}

/// The connection to the master, and who is on it.
struct Line {
    dialer: Dialer,
    id: String,
    place: String,
}

impl Wire for Line {
    type Role = Obeying;

    fn poll(&mut self, timeout: Duration, incoming: &mut Vec<Incoming>) -> io::Result<()> {
        self.dialer.poll(timeout, incoming)
    }

    fn send(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Reconnect => self.dialer.reconnect(),
            Outgoing::Message(message) => {
                self.dialer.send(encode_to_master(&message, &self.id), keep(&message));
            }
        }
    }

    fn take(&mut self, incoming: Incoming, shared: &Shared<Obeying>, complaints: &mut Complaints) {
        match incoming {
            Incoming::Message { bytes, .. } => match decode_to_worker(&bytes) {
                Ok(envelope) => shared.with(|worker, now| worker.receive(now, envelope.message)),
                Err(malformed) => {
                    if complaints.is_new(&malformed.to_string()) {
                        shared.with(|worker, _| worker.refuse(&malformed.to_string()));
                    }
                }
            },
            Incoming::Refused { reason, .. } => {
                let text = format!("the master at {} cannot be joined: {reason}", self.place);
                if complaints.is_new(&text) {
                    shared.tell(WorkerEvent::Refused { reason: text });
                }
            }
            Incoming::Opened { .. } | Incoming::Closed { .. } => {}
        }
    }

    /// A connection that is not there is not waited for.
    fn is_done(&mut self) -> bool {
        self.dialer.is_idle() || !self.dialer.is_open()
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
