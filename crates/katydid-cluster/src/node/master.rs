//! A master on its thread.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::inbox::Kept;
use super::shared::{Role, Shared, Wire};
use super::{Complaints, Ledger, Node};
use crate::clock::Now;
use crate::event::{Level, MasterEvent};
use crate::key::Key;
use crate::master::{Action, Master, Settings};
use crate::message::{ToMaster, ToWorker, decode_to_master, encode_to_worker};
use crate::pack::Packed;
use crate::roster::NodeId;
use crate::transport::{Incoming, Listener};

/// What a report takes, read, for each byte as it came.
const REPORT_FACTOR: usize = 4;

/// A master that listens.
pub type MasterNode = Node<Commanding>;

/// The role of a master.
pub struct Commanding {
    address: SocketAddr,
    ledger: Box<dyn Ledger>,
    wants_heartbeats: AtomicBool,
    wants_reports: AtomicBool,
}

impl Role for Commanding {
    type Machine = Master;
    type Event = MasterEvent;
    type Outgoing = (NodeId, ToWorker);

    fn carry_out(master: &mut Master, shared: &Shared<Self>) {
        for action in master.take_actions() {
            match action {
                Action::Send(to, message) => shared.say((to, message)),
                Action::Merge(report) => shared.role.ledger.merge(&report.stats),
                Action::Tell(event) => shared.tell(event),
            }
        }
    }

    fn tick(master: &mut Master, now: Now) {
        master.tick(now);
    }

    fn due(master: &Master) -> Option<Duration> {
        master.due()
    }

    fn is_wanted(&self, event: &MasterEvent) -> bool {
        match event {
            MasterEvent::Heartbeat { .. } => self.wants_heartbeats.load(Ordering::Relaxed),
            MasterEvent::Report { .. } => self.wants_reports.load(Ordering::Relaxed),
            _ => true,
        }
    }

    fn kept(event: &MasterEvent) -> Kept {
        let bytes = match event {
            MasterEvent::Heartbeat { .. } => 0,
            MasterEvent::Note(_, text) => text.len(),
            MasterEvent::Report { report, .. } => REPORT_FACTOR * report.raw.as_ref().map_or(0, Packed::len),
            MasterEvent::Exception { message, traceback, .. } => message.len() + traceback.len(),
            MasterEvent::Logs { data, .. } => data.len(),
            MasterEvent::Custom { kind, data, .. } => kind.len() + data.len(),
            _ => return Kept::Always,
        };
        Kept::WithinBudget(bytes)
    }

    fn note(level: Level, text: String) -> MasterEvent {
        MasterEvent::Note(level, text)
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
        let role = Commanding {
            address: listener.address()?,
            ledger,
            wants_heartbeats: AtomicBool::new(false),
            wants_reports: AtomicBool::new(false),
        };
        let shared = Shared::try_new(role, Master::new(settings), listener.poller())?;
        Self::begin("katydid-master", shared, listener)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.role.address
    }

    /// Is somebody interested in every heartbeat, in every report? Otherwise no events are made of them.
    pub fn want(&self, heartbeats: bool, reports: bool) {
        self.shared.role.wants_heartbeats.store(heartbeats, Ordering::Relaxed);
        self.shared.role.wants_reports.store(reports, Ordering::Relaxed);
    }
}

impl Wire for Listener {
    type Role = Commanding;

    fn poll(&mut self, timeout: Duration, incoming: &mut Vec<Incoming>) -> io::Result<()> {
        Self::poll(self, timeout, incoming)
    }

    fn send(&mut self, (to, message): (NodeId, ToWorker)) {
        Self::send(self, &to, &encode_to_worker(&message, &to));
    }

    fn take(&mut self, incoming: Incoming, shared: &Shared<Commanding>, complaints: &mut Complaints) {
        match incoming {
            Incoming::Message { peer, bytes } => match decode_to_master(&bytes) {
                Ok(envelope) => {
                    say_what_is_skipped(&peer, &envelope.message, shared, complaints);
                    shared.with(|master, now| master.receive(now, &peer, envelope.message));
                }
                Err(malformed) => {
                    if complaints.is_new(&format!("{} {malformed}", known(&peer, shared))) {
                        shared.with(|master, _| master.refuse(&peer, &malformed.to_string()));
                    }
                    if known(&peer, shared).is_empty() {
                        self.close(&peer);
                    }
                }
            },
            Incoming::Refused { address, reason } => {
                let who = address.map_or_else(|| "a node".to_owned(), |address| address.to_string());
                let text = format!("a connection from {who} is refused: {reason} (told once)");
                if complaints.is_new(&format!("{who} {:?}", std::mem::discriminant(&reason))) {
                    shared.tell(MasterEvent::Note(Level::Warning, text));
                }
            }
            Incoming::Opened { .. } | Incoming::Closed { .. } => {}
        }
    }

    fn is_done(&mut self) -> bool {
        self.is_idle()
    }
}

/// The id of a worker; empty for a stranger, who can call himself anything and is complained of as all of them are.
fn known<'a>(peer: &'a str, shared: &Shared<Commanding>) -> &'a str {
    if shared.lock().roster().node(peer).is_some() { peer } else { "" }
}

fn say_what_is_skipped(
    peer: &str,
    message: &ToMaster,
    shared: &Shared<Commanding>,
    complaints: &mut Complaints,
) {
    let ToMaster::Stats(report) = message else { return };
    if report.skipped > 0 && complaints.is_new(&format!("{} skipped", known(peer, shared))) {
        let skipped = report.skipped;
        let text =
            format!("{skipped} entries of a report of {peer} cannot be read and do not count (told once)");
        shared.tell(MasterEvent::Note(Level::Warning, text));
    }
}
