//! What does a master do about what it hears, and as time passes?
//!
//! A state machine without I/O. In go messages of workers, the time, and the owner's commands; out come [`Action`]s:
//! messages to send, reports to merge, things to tell the owner.
//!
//! With stock workers it speaks as Locust's master does. Workers of katydid's tell in each heartbeat what they were last
//! ordered; an order that has not arrived is sent again, so that a lost message delays a run and never spoils it.
//!
//! What a maintainer must not break: an order says absolute numbers under a timestamp that is higher than all before, so
//! any message may be lost, repeated or late; and a report with a mark is merged once.

mod run;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use katydid_plan::Dispatcher;

use crate::clock::Now;
use crate::event::{Level, MasterEvent};
use crate::message::{Heartbeat, MasterId, Setup, ToMaster, ToWorker, UserCounts, Version};
use crate::pack::Packed;
use crate::report::Report;
use crate::roster::{Node, NodeId, NodeState, Roster};

pub use run::{Refused, Target};

/// What a master is to know when it begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which life of a master this is: any number that no other has.
    pub id: MasterId,
    /// The version that workers should have.
    pub version: String,
    /// From one heartbeat to the next.
    pub heartbeat_interval: Duration,
    /// Heartbeats that may be missed.
    pub liveness: u32,
    /// How long a missing worker is remembered.
    pub forgotten_after: Duration,
    /// How long, after the last user was ordered, to wait for the workers' numbers.
    pub report_wait: Duration,
    /// Are the users of a missing worker given to the others at once?
    pub takes_over: bool,
}

impl Settings {
    /// Locust's numbers.
    pub fn new(id: MasterId, version: &str) -> Self {
        Self {
            id,
            version: version.to_owned(),
            heartbeat_interval: Duration::from_secs(1),
            liveness: 3,
            forgotten_after: Duration::from_secs(60),
            report_wait: Duration::from_secs(1),
            takes_over: true,
        }
    }
}

/// What the whole test does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was started yet.
    Ready,
    /// Users are started or stopped.
    Spawning,
    /// The target is reached.
    Running,
    /// Users are stopped.
    Stopping,
    /// No users run.
    Stopped,
}

impl State {
    /// Locust's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Spawning => "spawning",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// Are users meant to run?
    pub fn is_active(self) -> bool {
        matches!(self, Self::Spawning | Self::Running)
    }
}

/// What is to be done for a master.
#[derive(Clone, Debug)]
pub enum Action {
    /// Send a message to a worker.
    Send(NodeId, ToWorker),
    /// Add a report to the statistics of the run.
    Merge(Arc<Report>),
    /// Tell the owner.
    Tell(MasterEvent),
}

/// An order that was not heard of is sent again after this time.
const RETRY: Duration = Duration::from_millis(1500);

/// A stock worker, which cannot tell whether an order has arrived, gets it so often at most.
const TRIES_WITH_STOCK: u32 = 4;

/// A stock worker that is not known, or runs users when no run is on, is told to stop so often at most.
const ASKING_PAUSE: Duration = Duration::from_secs(2);

/// All workers are looked at so often at most: a master of thousands ticks more often.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// Above this a worker is short of CPU.
const BUSY_PERCENT: f64 = 90.0;

/// The state machine of a master.
#[derive(Debug)]
pub struct Master {
    settings: Settings,
    state: State,
    roster: Roster,
    dispatcher: Option<Dispatcher>,
    target: Option<Target>,
    setup: Option<Arc<Setup>>,
    /// When the next step of the dispatcher is due.
    step_at: Option<Duration>,
    /// Until when to wait for workers' numbers after a ramp.
    settling_until: Option<Duration>,
    /// Since when workers have come or gone for whom nothing is laid out yet.
    stale_since: Option<Duration>,
    /// Is this ramp only a new layout of users who were there?
    is_takeover: bool,
    /// Workers that have not said that they stopped, and until when that is awaited.
    stopping: BTreeSet<NodeId>,
    stopping_until: Duration,
    is_quitting: bool,
    /// Counts runs; reports of another one are void.
    run: u64,
    has_begun: bool,
    last_timestamp: f64,
    asked: HashMap<NodeId, Duration>,
    /// When to look for missing workers again.
    look_at: Duration,
    /// Workers that have stopped and not come back yet.
    resting: BTreeMap<NodeId, Duration>,
    actions: Vec<Action>,
}

impl Master {
    /// A master without workers.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: State::Ready,
            roster: Roster::default(),
            dispatcher: None,
            target: None,
            setup: None,
            step_at: None,
            settling_until: None,
            stale_since: None,
            is_takeover: false,
            stopping: BTreeSet::new(),
            stopping_until: Duration::ZERO,
            is_quitting: false,
            run: 0,
            has_begun: false,
            last_timestamp: 0.0,
            asked: HashMap::new(),
            look_at: Duration::ZERO,
            resting: BTreeMap::new(),
            actions: Vec::new(),
        }
    }

    /// What the whole test does.
    pub fn state(&self) -> State {
        self.state
    }

    /// The workers.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The number of the present run, counted from one.
    pub fn run(&self) -> u64 {
        self.run
    }

    /// For adjustment while it works.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// What is to be done, in this order.
    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    fn tell(&mut self, event: MasterEvent) {
        self.actions.push(Action::Tell(event));
    }

    fn note(&mut self, level: Level, text: impl Into<String>) {
        self.tell(MasterEvent::Note(level, text.into()));
    }

    fn send_to(&mut self, id: &NodeId, message: ToWorker) {
        self.actions.push(Action::Send(id.clone(), message));
    }

    /// Takes a message of the worker `from`.
    pub fn receive(&mut self, now: Now, from: &str, message: ToMaster) {
        if let Some(node) = self.roster.node_mut(from) {
            node.seen_at = now.elapsed;
        }
        match message {
            ToMaster::Ready { version } => self.welcome(now, from, &version),
            ToMaster::Locustfile { version } => {
                self.tell(MasterEvent::LocustfileWanted { from: from.into(), version });
            }
            ToMaster::Heartbeat(heartbeat) => self.hear(now, from, heartbeat),
            ToMaster::Spawning => self.note_spawning(from),
            ToMaster::SpawningComplete { users } => self.note_spawned(from, users),
            ToMaster::Stats(report) => self.take_report(from, report),
            ToMaster::Exception { message, traceback } => {
                self.tell(MasterEvent::Exception { from: from.into(), message, traceback });
            }
            ToMaster::Logs(data) => self.tell(MasterEvent::Logs { from: from.into(), data }),
            ToMaster::Stopped => self.note_stopped(now, from),
            ToMaster::Quit => self.note_quit(now, from),
            ToMaster::Custom { kind, data } => {
                self.tell(MasterEvent::Custom { from: from.into(), kind, data });
            }
        }
    }

    /// Something of a worker's could not be read.
    pub fn refuse(&mut self, from: &str, reason: &str) {
        self.note(Level::Error, format!("a message of {from} cannot be read: {reason}"));
        if let Some(id) = self.roster.node(from).map(|node| node.id.clone()) {
            self.send_to(&id, ToWorker::Reconnect { master: Some(self.settings.id) });
        }
    }

    fn welcome(&mut self, now: Now, from: &str, version: &Version) {
        let ours = &self.settings.version;
        match version {
            Version::Missing => {
                self.note(
                    Level::Error,
                    format!("{from} is a worker from before Locust 2.0: it cannot take part"),
                );
                return;
            }
            Version::Named(theirs) if !is_alike(theirs, ours) => {
                let text = format!("{from} has version {theirs}, this master has {ours}: update one of them");
                self.note(Level::Warning, text);
            }
            Version::Named(theirs) if theirs != ours => {
                let text = format!("{from} has version {theirs}, this master has {ours}");
                self.note(Level::Debug, text);
            }
            _ => {}
        }
        let (id, index, was_there) = self.roster.join(from, now.elapsed);
        self.asked.remove(&id);
        self.resting.remove(&id);
        self.send_to(&id, ToWorker::Ack { index: Some(index), master: Some(self.settings.id) });
        let count = self.roster.present().count();
        self.tell(MasterEvent::Connected { id: id.clone(), index, was_there });
        let level = if was_there { Level::Debug } else { Level::Info };
        self.note(level, format!("worker {id} (index {index}) is ready; {count} workers are connected"));
        if self.is_quitting {
            self.send_to(&id, ToWorker::Quit);
        }
        self.lay_out_soon(now);
    }

    fn hear(&mut self, now: Now, from: &str, heartbeat: Heartbeat) {
        let Some(node) = self.roster.node_mut(from) else {
            return self.ask_stranger(now, from, &heartbeat);
        };
        let id = node.id.clone();
        let was_missing = node.state == NodeState::Missing;
        let is_back = NodeState::of_name(&heartbeat.state);
        node.state = is_back.unwrap_or(node.state);
        node.cpu_percent = heartbeat.cpu_percent;
        node.memory_bytes = heartbeat.memory_bytes;
        let got_busy = !node.was_busy && heartbeat.cpu_percent > BUSY_PERCENT;
        node.was_busy |= got_busy;
        node.is_stock = heartbeat.standing.is_none();
        if let Some(standing) = heartbeat.standing {
            node.is_ours = true;
            node.users = standing.users;
            if let Some(order) = &mut node.order {
                // Whatever a word before it, from a node that was not known yet, may have seemed to say.
                order.has_arrived = standing.master == self.settings.id && standing.order >= order.timestamp;
            }
        }
        let merged = node.is_ours.then(|| (self.settings.id, self.roster.merged_up_to(from)));
        self.send_to(&id, ToWorker::Heartbeat { merged });
        self.tell(MasterEvent::Heartbeat { id: id.clone() });
        if got_busy {
            self.tell(MasterEvent::Busy { id: id.clone() });
        }
        if was_missing && is_back.is_some() {
            self.note(Level::Info, format!("worker {id} is back, and {}", heartbeat.state));
            self.lay_out_soon(now);
        }
        self.notice_stopped(&id);
        self.keep_in_line(now, &id);
    }

    /// A worker that is not known is alive. Perhaps it obeyed a master that was here before.
    fn ask_stranger(&mut self, now: Now, from: &str, heartbeat: &Heartbeat) {
        let from: NodeId = from.into();
        let merged = heartbeat.standing.as_ref().map(|_| (self.settings.id, self.roster.merged_up_to(&from)));
        self.send_to(&from, ToWorker::Heartbeat { merged });
        if heartbeat.standing.is_some() {
            self.send_to(&from, ToWorker::Reconnect { master: Some(self.settings.id) });
        } else if self.may_ask(now, &from) && !self.resting.contains_key(&from) {
            self.note(
                Level::Info,
                format!("worker {from} is not known here: it is asked to stop and to join anew"),
            );
            self.send_to(&from, ToWorker::Stop { order: None });
        }
    }

    fn may_ask(&mut self, now: Now, id: &NodeId) -> bool {
        self.asked.retain(|_, at| now.elapsed < *at + ASKING_PAUSE);
        let is_first = !self.asked.contains_key(id);
        if is_first {
            self.asked.insert(id.clone(), now.elapsed);
        }
        is_first
    }

    fn note_spawning(&mut self, from: &str) {
        let Some(node) = self.roster.node_mut(from) else {
            // Its next heartbeat says more.
            return;
        };
        if node.is_there() {
            node.state = NodeState::Spawning;
        }
        if let Some(order) = node.order.as_mut().filter(|_| !node.is_ours) {
            order.has_arrived |= matches!(order.message, ToWorker::Spawn(_));
        }
    }

    fn note_spawned(&mut self, from: &str, users: UserCounts) {
        if let Some(node) = self.roster.node_mut(from)
            && node.is_there()
        {
            node.state = NodeState::Running;
            node.users = users;
            if let Some(order) = node.order.as_mut().filter(|_| !node.is_ours) {
                order.has_arrived |= matches!(order.message, ToWorker::Spawn(_));
            }
        }
    }

    fn take_report(&mut self, from: &str, report: Arc<Report>) {
        if let Some(node) = self.roster.node_mut(from) {
            node.is_ours |= report.mark.is_some();
            if node.is_there() {
                node.users.clone_from(&report.users);
            }
        } else {
            self.note(Level::Debug, format!("a report of {from}, which is not known here"));
        }
        if !self.is_new(from, &report) {
            return;
        }
        // Run zero is none: what a worker has of a master before this one, or from before its first order.
        if report.mark.is_none_or(|mark| mark.run == self.run && mark.run > 0) {
            self.actions.push(Action::Merge(report.clone()));
        }
        self.tell(MasterEvent::Report { from: from.into(), report });
    }

    /// Is it for this master, and no copy of one that was here?
    fn is_new(&mut self, from: &str, report: &Report) -> bool {
        let Some(mark) = report.mark else { return true };
        mark.master == self.settings.id && self.roster.note_report(from, mark) == Ok(true)
    }

    fn note_stopped(&mut self, now: Now, from: &str) {
        let Some(node) = self.roster.leave(from) else {
            return self.note(Level::Debug, format!("{from}, which is not known here, has stopped"));
        };
        self.note(Level::Info, format!("worker {} (index {}) has stopped", node.id, node.index));
        if !node.is_ours {
            self.resting.insert(node.id.clone(), now.elapsed);
        }
        self.tell(MasterEvent::Stopped { id: node.id.clone() });
        self.lay_out_soon(now);
        self.stopping.remove(&node.id);
        self.end_stop_if_done(now);
    }

    fn note_quit(&mut self, now: Now, from: &str) {
        self.resting.remove(from);
        let Some(node) = self.roster.leave(from) else { return };
        let left = self.roster.present().count();
        self.note(
            Level::Info,
            format!("worker {} (index {}) has quit; {left} workers are left", node.id, node.index),
        );
        self.tell(MasterEvent::Quit { id: node.id.clone() });
        self.lay_out_soon(now);
        self.stopping.remove(&node.id);
        self.end_stop_if_done(now);
        if left == 0 {
            self.tell(MasterEvent::NoneLeft { has_quit: true });
        }
    }

    /// Time passes. To be called at least every tenth of a second, and when [`Self::due`] says so.
    pub fn tick(&mut self, now: Now) {
        if now.elapsed >= self.look_at {
            self.excuse_standstill(now);
            self.look_at = now.elapsed + LOOK_PAUSE;
            self.look_for_missing(now);
            self.resting.retain(|_, since| now.elapsed < *since + Duration::from_secs(600));
        }
        self.lay_out_if_due(now);
        self.step(now);
        self.settle(now);
        self.end_stop_if_done(now);
    }

    /// While a master stood still, or had more to read than it could, it heard nobody: that is not their fault.
    fn excuse_standstill(&mut self, now: Now) {
        let stood_still = now.elapsed.saturating_sub(self.look_at);
        if stood_still > self.settings.heartbeat_interval {
            for node in self.roster.iter_mut() {
                node.seen_at = (node.seen_at + stood_still).min(now.elapsed);
            }
        }
    }

    fn look_for_missing(&mut self, now: Now) {
        let missed = self.settings.liveness.saturating_add(1);
        let patience = self.settings.heartbeat_interval.saturating_mul(missed);
        let late: Vec<NodeId> = self
            .roster
            .present()
            .filter(|node| now.elapsed > node.seen_at.saturating_add(patience))
            .map(|node| node.id.clone())
            .collect();
        for id in late {
            self.note(Level::Warning, format!("worker {id} sends no heartbeats: it counts as missing"));
            if let Some(node) = self.roster.node_mut(&id) {
                node.state = NodeState::Missing;
                node.users.clear();
                // Whatever it was ordered, it is ordered anew when it comes back.
                (node.order, node.ordered_users) = (None, None);
            }
            self.tell(MasterEvent::Missing { id: id.clone() });
            self.stopping.remove(&id);
            self.miss(now);
            if self.roster.present().next().is_none() {
                self.tell(MasterEvent::NoneLeft { has_quit: false });
            }
        }
        self.forget_missing(now);
    }

    fn forget_missing(&mut self, now: Now) {
        let limit = self.settings.forgotten_after;
        let is_gone = |node: &Node| !node.is_there() && now.elapsed > node.seen_at.saturating_add(limit);
        let gone: Vec<NodeId> =
            self.roster.iter().filter(|node| is_gone(node)).map(|node| node.id.clone()).collect();
        for id in gone {
            self.roster.leave(&id);
            self.lay_out_soon(now);
            self.note(
                Level::Info,
                format!("worker {id} was missing for {} s: it is given up", limit.as_secs()),
            );
        }
    }

    /// Sends a message of the suite's own to one worker, known or not, or to all.
    pub fn send(&mut self, kind: &str, data: &Packed, to: Option<&str>) {
        let message = ToWorker::Custom { kind: kind.to_owned(), data: data.clone() };
        match to {
            Some(id) => self.send_to(&id.into(), message),
            None => self.broadcast(&message),
        }
    }

    fn broadcast(&mut self, message: &ToWorker) {
        let ids: Vec<NodeId> = self.roster.iter().map(|node| node.id.clone()).collect();
        ids.iter().for_each(|id| self.send_to(id, message.clone()));
    }
}

/// The same release, but for its last number.
fn is_alike(theirs: &str, ours: &str) -> bool {
    theirs.as_bytes().get(..4) == ours.as_bytes().get(..4)
}
