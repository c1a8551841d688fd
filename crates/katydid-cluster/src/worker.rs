//! What does a worker do about what its master says, and as time passes?
//!
//! A state machine without I/O, as the master's. Its owner is the process that runs the users: it is told which users
//! shall run, and says when they do.
//!
//! What a maintainer must not break: an order is obeyed only if it is newer than all before it, and a report is kept
//! until a master of katydid's has said that it is merged.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use katydid_stats::RunStats;

use crate::clock::Now;
use crate::event::{Level, WorkerEvent};
use crate::message::{Heartbeat, MasterId, SpawnOrder, Standing, ToMaster, ToWorker, UserCounts, Version};
use crate::pack::Packed;
use crate::report::{Mark, Report};
use crate::roster::NodeState;

/// What a worker is to know when it begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The version that it says it has.
    pub version: String,
    /// From one heartbeat to the next.
    pub heartbeat_interval: Duration,
    /// From one report to the next.
    pub report_interval: Duration,
    /// How long to wait for the master's first answer before asking again.
    pub connect_timeout: Duration,
    /// How often to ask.
    pub connect_tries: u32,
    /// Without a word from the master for so long it is lost.
    pub master_timeout: Duration,
}

impl Settings {
    /// Locust's numbers.
    pub fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            heartbeat_interval: Duration::from_secs(1),
            report_interval: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(5),
            connect_tries: 60,
            master_timeout: Duration::from_secs(60),
        }
    }
}

/// What is to be done for a worker.
#[derive(Clone, Debug)]
pub enum WorkerAction {
    /// Send a message to the master.
    Send(ToMaster),
    /// Close the connection and open it again.
    Reconnect,
    /// Tell the owner.
    Tell(WorkerEvent),
}

/// Reports that may be unmerged. Beyond, none is asked for: what is measured stays with the owner until there is room.
const MAX_PENDING: usize = 32;

/// A report that was not said to be merged is sent again after this time.
const RETRY: Duration = Duration::from_secs(3);

/// After so long without a word of the master another life of it is believed.
const MASTER_SILENCE: Duration = Duration::from_secs(4);

#[derive(Debug)]
struct Pending {
    number: u64,
    report: Arc<Report>,
    sent_at: Duration,
}

/// The state machine of a worker.
#[derive(Debug)]
pub struct Worker {
    settings: Settings,
    state: NodeState,
    users: UserCounts,
    cpu_percent: f64,
    memory_bytes: u64,
    /// How often the master was asked to know this worker, until it does.
    tries: u32,
    asked_at: Option<Duration>,
    has_joined: bool,
    master: Option<MasterId>,
    /// Timestamp of the newest order.
    order: f64,
    run: Option<(MasterId, u64)>,
    /// The run that the owner's statistics are of.
    measured_run: u64,
    /// The runs that the owner was told of and has not begun.
    told: VecDeque<(MasterId, u64)>,
    /// The owner is stopping users.
    is_stopping: bool,
    ready_at: Option<Duration>,
    heard_at: Duration,
    /// When the master that this worker obeys, and no other life of it, was heard of last.
    master_heard_at: Duration,
    is_lost: bool,
    heartbeat_at: Duration,
    report_at: Duration,
    has_quit: bool,
    number: u64,
    /// The number of the first report for the master that this worker obeys.
    first: u64,
    pending: VecDeque<Pending>,
    actions: Vec<WorkerAction>,
}

impl Worker {
    /// A worker that nobody knows yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: NodeState::Ready,
            users: UserCounts::new(),
            cpu_percent: 0.0,
            memory_bytes: 0,
            tries: 0,
            asked_at: None,
            has_joined: false,
            master: None,
            order: 0.0,
            run: None,
            measured_run: 0,
            told: VecDeque::new(),
            is_stopping: false,
            ready_at: None,
            heard_at: Duration::ZERO,
            master_heard_at: Duration::ZERO,
            is_lost: false,
            heartbeat_at: Duration::ZERO,
            report_at: Duration::ZERO,
            has_quit: false,
            number: 0,
            first: 1,
            pending: VecDeque::new(),
            actions: Vec::new(),
        }
    }

    /// `ready`, `spawning` or `running`.
    pub fn state(&self) -> NodeState {
        self.state
    }

    /// Does a master know this worker?
    pub fn has_joined(&self) -> bool {
        self.has_joined
    }

    /// Is the master one of katydid's?
    pub fn has_our_master(&self) -> bool {
        self.master.is_some()
    }

    /// Reports that the master has not said to be merged. Stock masters never say it, and none is kept for them.
    pub fn pending_reports(&self) -> usize {
        self.pending.len()
    }

    /// For adjustment while it works.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// What is to be done, in this order.
    pub fn take_actions(&mut self) -> Vec<WorkerAction> {
        std::mem::take(&mut self.actions)
    }

    fn send_out(&mut self, message: ToMaster) {
        self.actions.push(WorkerAction::Send(message));
    }

    fn tell(&mut self, event: WorkerEvent) {
        self.actions.push(WorkerAction::Tell(event));
    }

    /// Tells the owner a line for the log.
    pub fn note(&mut self, level: Level, text: impl Into<String>) {
        self.tell(WorkerEvent::Note(level, text.into()));
    }

    /// Introduces itself to the master, again and again until it answers.
    pub fn connect(&mut self, now: Now) {
        self.asked_at = Some(now.elapsed);
        self.tries += 1;
        self.introduce();
    }

    fn introduce(&mut self) {
        self.send_out(ToMaster::Ready { version: Version::Named(self.settings.version.clone()) });
    }

    /// Takes a message of the master's.
    pub fn receive(&mut self, now: Now, message: ToWorker) {
        self.heard_at = now.elapsed;
        match message {
            ToWorker::Ack { index, master } => self.take_ack(now, index, master),
            ToWorker::Heartbeat { merged } => {
                self.tell(WorkerEvent::Heartbeat);
                match merged {
                    Some((master, _)) if self.master.is_some_and(|known| known != master) => {
                        self.join_anew(now, master);
                    }
                    _ => self.forget_merged(now, merged),
                }
            }
            ToWorker::Spawn(order) => self.take_order(now, order),
            ToWorker::SpawningComplete { user_count } => {
                self.tell(WorkerEvent::SpawningComplete { user_count });
            }
            ToWorker::Stop { order } => self.take_stop(order),
            ToWorker::Quit => self.tell(WorkerEvent::Quit),
            ToWorker::Reconnect { master: None } => {
                self.note(Level::Warning, "the master asks for a new connection");
                self.actions.push(WorkerAction::Reconnect);
            }
            ToWorker::Reconnect { master: Some(master) } => self.join_anew(now, master),
            ToWorker::Custom { kind, data } => self.tell(WorkerEvent::Custom { kind, data }),
        }
    }

    /// Something of the master's could not be read.
    pub fn refuse(&mut self, reason: &str) {
        self.note(Level::Error, format!("a message of the master cannot be read: {reason}"));
    }

    fn take_ack(&mut self, now: Now, index: Option<u64>, master: Option<MasterId>) {
        if master != self.master {
            if self.is_master_alive(now) {
                return;
            }
            self.obey(master);
        }
        self.master_heard_at = now.elapsed;
        let is_first = !self.has_joined;
        self.joined(now);
        self.tell(WorkerEvent::Acknowledged { index, is_first });
    }

    fn joined(&mut self, now: Now) {
        self.asked_at = None;
        if !std::mem::replace(&mut self.has_joined, true) {
            self.heartbeat_at = now.elapsed;
            self.report_at = now.elapsed;
        }
    }

    /// Was the master that this worker obeys heard of lately? Then another life of it is an older one, whose words came
    /// late.
    fn is_master_alive(&self, now: Now) -> bool {
        self.master.is_some() && now.elapsed < self.master_heard_at + MASTER_SILENCE
    }

    /// Another master, or another life of it: what went for the one before is void.
    fn obey(&mut self, master: Option<MasterId>) {
        self.master = master;
        self.pending.clear();
        self.first = self.number + 1;
        (self.measured_run, self.order) = (0, 0.0);
    }

    fn take_order(&mut self, now: Now, order: SpawnOrder) {
        if let Some((master, _)) = order.run {
            match self.master {
                None => self.obey(Some(master)),
                Some(known) if known != master => return,
                Some(_) => {}
            }
            self.master_heard_at = now.elapsed;
        }
        self.joined(now);
        self.send_out(ToMaster::Spawning);
        if order.timestamp <= self.order {
            return self.note(Level::Debug, "an order to spawn came late: a newer one was carried out");
        }
        let was_idle = !self.state.is_active();
        let is_new_run = if order.run.is_some() { order.run != self.run } else { was_idle };
        self.order = order.timestamp;
        self.run = order.run;
        self.told.extend(order.run.filter(|_| is_new_run));
        self.state = NodeState::Spawning;
        (self.is_stopping, self.ready_at) = (false, None);
        self.tell(WorkerEvent::Spawn { order, is_new_run, was_idle });
    }

    fn take_stop(&mut self, order: Option<f64>) {
        if let Some(order) = order {
            if order <= self.order {
                return;
            }
            self.order = order;
            if !self.state.is_active() {
                return;
            }
        }
        self.begin_stop();
    }

    fn begin_stop(&mut self) {
        if !std::mem::replace(&mut self.is_stopping, true) {
            self.tell(WorkerEvent::Stop);
        }
    }

    /// The master does not know this worker. The same life of it forgot; another one never knew, and its predecessor's
    /// run is over.
    fn join_anew(&mut self, now: Now, master: MasterId) {
        if self.master == Some(master) {
            self.master_heard_at = now.elapsed;
            if !self.is_stopping && !self.has_quit {
                self.introduce();
            }
            return;
        }
        if self.has_quit || self.is_master_alive(now) {
            return;
        }
        self.note(Level::Warning, "the master was started anew: the run that it had ordered ends here");
        self.obey(Some(master));
        self.master_heard_at = now.elapsed;
        if self.state.is_active() { self.begin_stop() } else { self.introduce() }
    }

    fn forget_merged(&mut self, now: Now, merged: Option<(MasterId, u64)>) {
        let Some((_, number)) = merged.filter(|(master, _)| Some(*master) == self.master) else { return };
        self.master_heard_at = now.elapsed;
        self.pending.retain(|pending| pending.number > number);
        let mut again = Vec::new();
        for pending in self.pending.iter_mut().filter(|pending| now.elapsed >= pending.sent_at + RETRY) {
            pending.sent_at = now.elapsed;
            again.push(pending.report.clone());
        }
        again.into_iter().for_each(|report| self.send_out(ToMaster::Stats(report)));
    }

    /// Time passes. To be called at least every tenth of a second.
    pub fn tick(&mut self, now: Now) {
        self.ask_again(now);
        if self.ready_at.is_some_and(|at| now.elapsed >= at) {
            self.get_ready();
        }
        if !self.has_joined || self.has_quit {
            return;
        }
        if now.elapsed >= self.heartbeat_at {
            self.heartbeat_at = now.elapsed.saturating_add(self.settings.heartbeat_interval);
            self.beat();
        }
        if now.elapsed >= self.report_at && self.pending.len() < MAX_PENDING {
            // Asked again if no report comes: this question may be lost, or its answer fail.
            self.report_at = now.elapsed.saturating_add(self.settings.report_interval);
            self.tell(WorkerEvent::ReportDue);
        }
        if !self.is_lost && now.elapsed > self.heard_at.saturating_add(self.settings.master_timeout) {
            self.is_lost = true;
            self.tell(WorkerEvent::MasterLost);
        }
    }

    fn ask_again(&mut self, now: Now) {
        if self.asked_at.is_none_or(|at| now.elapsed < at.saturating_add(self.settings.connect_timeout)) {
            return;
        }
        if self.tries >= self.settings.connect_tries {
            self.asked_at = None;
            return self.tell(WorkerEvent::NotConnected);
        }
        let level = if self.tries * 5 < 30 { Level::Debug } else { Level::Info };
        let text =
            format!("the master does not answer, try {} of {}", self.tries, self.settings.connect_tries);
        self.note(level, text);
        self.connect(now);
    }

    fn beat(&mut self) {
        let standing =
            self.master.map(|master| Standing { master, order: self.order, users: self.users.clone() });
        self.send_out(ToMaster::Heartbeat(Heartbeat {
            state: self.state.name().to_owned(),
            cpu_percent: self.cpu_percent,
            memory_bytes: self.memory_bytes,
            standing,
        }));
    }

    /// The owner's statistics are empty and will be of this run from now on, which an order has told it of. That may be
    /// one of a master before this one, if the owner was busy: then they are of no run.
    pub fn begin_run(&mut self, run: u64) {
        let place = self.told.iter().position(|(_, told)| *told == run);
        let begun = place.and_then(|place| self.told.drain(..=place).next_back());
        self.measured_run =
            begun.filter(|(master, _)| Some(*master) == self.master).map_or(0, |(_, run)| run);
    }

    /// Asks for the locustfile, which comes as a message `locustfile`. A node that asks need not be a worker yet.
    pub fn ask_for_locustfile(&mut self, version: &str) {
        self.send_out(ToMaster::Locustfile { version: version.to_owned() });
    }

    /// The owner has carried out an order: these users run.
    pub fn applied(&mut self, timestamp: f64, users: UserCounts) {
        self.users = users;
        if timestamp < self.order || self.is_stopping {
            return;
        }
        self.state = NodeState::Running;
        self.send_out(ToMaster::SpawningComplete { users: self.users.clone() });
    }

    /// The owner has stopped all users. A stock master gets to hear that this worker is ready after `wait`, as it expects.
    pub fn stopped(&mut self, now: Now, wait: Duration) {
        if !std::mem::take(&mut self.is_stopping) {
            return;
        }
        self.users.clear();
        self.send_out(ToMaster::Stopped);
        match self.master {
            Some(_) => self.get_ready(),
            None => self.ready_at = Some(now.elapsed.saturating_add(wait)),
        }
    }

    fn get_ready(&mut self) {
        self.ready_at = None;
        self.state = NodeState::Ready;
        self.introduce();
    }

    /// How busy this process is.
    pub fn use_resources(&mut self, cpu_percent: f64, memory_bytes: u64) {
        (self.cpu_percent, self.memory_bytes) = (cpu_percent, memory_bytes);
    }

    /// The owner reports what was measured since the last time.
    pub fn report(&mut self, now: Now, stats: RunStats, users: UserCounts, others: Vec<(String, Packed)>) {
        self.report_at = now.elapsed.saturating_add(self.settings.report_interval);
        if !self.is_stopping {
            self.users.clone_from(&users);
        }
        let mark = self.master.map(|master| {
            self.number += 1;
            Mark { master, run: self.measured_run, number: self.number, first: self.first }
        });
        let report = Arc::new(Report { stats, users, others, mark, skipped: 0, raw: None });
        if mark.is_some() {
            let (number, report) = (self.number, report.clone());
            self.pending.push_back(Pending { number, report, sent_at: now.elapsed });
        }
        self.send_out(ToMaster::Stats(report));
    }

    /// Asks the master at once whether it has merged everything.
    pub fn flush(&mut self, now: Now) {
        if self.has_joined {
            self.heartbeat_at = now.elapsed.saturating_add(self.settings.heartbeat_interval);
            self.beat();
        }
    }

    /// A user's code raised.
    pub fn raise(&mut self, message: &str, traceback: &str) {
        self.send_out(ToMaster::Exception { message: message.to_owned(), traceback: traceback.to_owned() });
    }

    /// Sends this process' log: a map with `worker_id` and `logs`.
    pub fn log(&mut self, data: Packed) {
        self.send_out(ToMaster::Logs(data));
    }

    /// Sends a message of the suite's own.
    pub fn send(&mut self, kind: &str, data: &Packed) {
        self.send_out(ToMaster::Custom { kind: kind.to_owned(), data: data.clone() });
    }

    /// Says that this process ends. From now on it does nothing by itself.
    pub fn quit(&mut self) {
        self.has_quit = true;
        self.send_out(ToMaster::Quit);
    }
}
