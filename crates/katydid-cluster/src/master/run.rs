//! The run: who gets which users and when, how a run ends.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use katydid_plan::{Dispatcher, Distribution, SpawnPace, Step, UserClass};

use super::{Master, RETRY, State, TRIES_WITH_STOCK};
use crate::clock::{Now, duration_of};
use crate::event::{Level, MasterEvent};
use crate::message::{Setup, SpawnOrder, ToWorker, UserCounts};
use crate::roster::{NodeId, NodeState, Order};

/// What a run is to reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// All users.
    pub users: u64,
    /// Users per second.
    pub rate: f64,
    /// The classes that take part.
    pub classes: Vec<UserClass>,
}

/// Why a run is not started.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// There is no worker.
    NoWorkers,
    /// The target makes no sense.
    BadTarget(katydid_plan::Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWorkers => f.write_str("no worker is connected: start one with --worker and try again"),
            Self::BadTarget(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

/// Workers that come or go within so long are laid out for together: each layout orders every worker.
const LAYOUT_PAUSE: Duration = Duration::from_millis(100);

/// How long workers get beyond the time that users may take to stop.
const STOP_GRACE: Duration = Duration::from_secs(60);

impl Master {
    /// A run begins: what workers measured in another one is not merged any more. To be called before the statistics are
    /// emptied; [`Self::start`] does it otherwise. Returns the run's number.
    pub fn begin(&mut self) -> u64 {
        self.run += 1;
        self.has_begun = true;
        self.run
    }

    /// Goes for a target, from nothing or from what runs now.
    ///
    /// # Errors
    /// Nobody is there to run users, or the rate is not above zero.
    pub fn start(&mut self, now: Now, target: Target, setup: Arc<Setup>) -> Result<(), Refused> {
        let workers: Vec<NodeId> = self.roster.present().map(|node| node.id.clone()).collect();
        if workers.is_empty() {
            return Err(Refused::NoWorkers);
        }
        // A refused start changes nothing.
        SpawnPace::try_new(target.rate).map_err(Refused::BadTarget)?;
        self.take_stock_of_workers();
        let workers = workers.iter().map(|id| &**id);
        let dispatcher = self.dispatcher.get_or_insert_with(|| Dispatcher::new(workers, &target.classes));
        dispatcher.change_classes(&target.classes);
        dispatcher.aim_at(target.users, target.rate).map_err(Refused::BadTarget)?;
        self.enter_run();
        (self.target, self.setup) = (Some(target), Some(setup));
        self.is_takeover = false;
        self.ramp(now);
        Ok(())
    }

    /// Orders exactly these users, without a dispatcher of its own: for owners that distribute themselves. Workers that
    /// are not named keep what they have.
    pub fn assign(&mut self, now: Now, users: &BTreeMap<String, UserCounts>, setup: Arc<Setup>) {
        self.enter_run();
        (self.dispatcher, self.target) = (None, None);
        (self.step_at, self.settling_until, self.stale_since) = (None, None, None);
        self.setup = Some(setup);
        self.state = State::Spawning;
        let timestamp = self.timestamp(now);
        for (id, users) in users {
            self.order_users(now, timestamp, id, users.clone());
        }
    }

    /// The owner, who distributes himself, says that the target is reached.
    pub fn finish_assignment(&mut self) {
        if self.state == State::Spawning && self.dispatcher.is_none() {
            self.complete(true);
        }
    }

    fn enter_run(&mut self) {
        if !self.state.is_active() && !self.has_begun {
            self.begin();
        }
        if !self.state.is_active() {
            self.roster.iter_mut().for_each(|node| node.ordered_users = None);
        }
        self.has_begun = false;
        self.stopping.clear();
    }

    fn ramp(&mut self, now: Now) {
        self.state = State::Spawning;
        self.step_at = Some(now.elapsed);
        self.settling_until = None;
        self.step(now);
    }

    /// When [`Self::tick`] has something to do, if that is known.
    pub fn due(&self) -> Option<Duration> {
        self.step_at
    }

    /// Does what the dispatcher says is due.
    pub(super) fn step(&mut self, now: Now) {
        while let Some(at) = self.step_at.filter(|at| *at <= now.elapsed) {
            match self.dispatcher.as_mut().and_then(Iterator::next) {
                Some(Step::Dispatch(distribution)) => self.order_all(now, &distribution),
                // After a standstill one step is made up for at most.
                Some(Step::Pause(pause)) => {
                    self.step_at = Some(at.saturating_add(pause).max(now.elapsed.saturating_sub(pause)));
                }
                None => {
                    self.step_at = None;
                    self.settling_until = Some(now.elapsed.saturating_add(self.settings.report_wait));
                }
            }
        }
    }

    fn order_all(&mut self, now: Now, distribution: &Distribution) {
        let timestamp = self.timestamp(now);
        for (worker, counts) in distribution.iter() {
            let users = counts.map(|(class, count)| (class.to_owned(), count)).collect();
            self.order_users(now, timestamp, worker, users);
        }
    }

    /// Each order is later than all before it, whatever the clock does.
    fn timestamp(&mut self, now: Now) -> f64 {
        self.last_timestamp = now.unix_s.max(self.last_timestamp + 0.001);
        self.last_timestamp
    }

    /// Tells a worker its users, unless it was told just the same.
    fn order_users(&mut self, now: Now, timestamp: f64, worker: &str, users: UserCounts) {
        let (Some(setup), run) = (self.setup.clone(), (self.settings.id, self.run)) else { return };
        let Some(node) = self.roster.node_mut(worker).filter(|node| node.is_there()) else { return };
        if node.ordered_users.as_ref() == Some(&users) {
            return;
        }
        node.ordered_users = Some(users.clone());
        let order = SpawnOrder { timestamp, users, setup, run: Some(run) };
        self.give_order(now, worker, timestamp, ToWorker::Spawn(order));
    }

    fn give_order(&mut self, now: Now, worker: &str, timestamp: f64, message: ToWorker) {
        let Some(node) = self.roster.node_mut(worker) else { return };
        let id = node.id.clone();
        node.order = Some(Order {
            timestamp,
            message: message.clone(),
            sent_at: now.elapsed,
            tries: 1,
            has_arrived: false,
        });
        self.send_to(&id, message);
    }

    /// Once workers have told their numbers, or time is up, everybody hears that the target is reached.
    pub(super) fn settle(&mut self, now: Now) {
        let Some(until) = self.settling_until else { return };
        let wanted = self.dispatcher.as_ref().map_or(0, Dispatcher::user_count);
        let is_reported = self.roster.users().values().sum::<u64>() == wanted;
        if is_reported || now.elapsed >= until {
            self.settling_until = None;
            self.complete(is_reported);
        }
    }

    fn complete(&mut self, is_reported: bool) {
        self.state = State::Running;
        let wanted = self.dispatcher.as_ref().map(Dispatcher::user_count);
        let user_count = wanted.unwrap_or_else(|| self.roster.users().values().sum());
        self.broadcast(&ToWorker::SpawningComplete { user_count });
        let is_takeover = std::mem::take(&mut self.is_takeover);
        self.tell(MasterEvent::SpawningComplete { user_count, is_reported, is_takeover });
    }

    /// How many users of each class there will be when all orders are carried out.
    pub fn ordered_users(&self) -> UserCounts {
        let mut users = UserCounts::new();
        let ordered = self.roster.present().filter_map(|node| node.ordered_users.as_ref());
        for (class, count) in ordered.flatten() {
            *users.entry(class.clone()).or_default() += count;
        }
        users
    }

    /// Workers have come or gone: soon everybody's users are laid out anew.
    pub(super) fn lay_out_soon(&mut self, now: Now) {
        if self.dispatcher.is_some() && self.state.is_active() {
            self.stale_since.get_or_insert(now.elapsed);
        }
    }

    /// A worker is missing. Without takeovers its users wait for it, unless more are on their way anyhow.
    pub(super) fn miss(&mut self, now: Now) {
        if self.settings.takes_over || self.step_at.is_some() {
            self.lay_out_soon(now);
        }
    }

    /// Once no more workers are likely to come or go with those that did.
    pub(super) fn lay_out_if_due(&mut self, now: Now) {
        let is_due = self.stale_since.is_some_and(|since| now.elapsed >= since + LAYOUT_PAUSE);
        if !is_due || self.roster.present().next().is_none() {
            return;
        }
        self.stale_since = None;
        let is_other = self.take_stock_of_workers();
        let (Some(dispatcher), Some(target)) = (self.dispatcher.as_mut(), self.target.as_ref()) else {
            return;
        };
        if !is_other || self.step_at.is_some() {
            // One introduced itself anew, so that what it was told is void. Or it is amid a ramp: those who run are moved
            // now, the next ones come when they are due.
            let distribution = dispatcher.distribution().clone();
            return self.order_all(now, &distribution);
        }
        if dispatcher.aim_at(target.users, target.rate).is_ok() {
            self.is_takeover |= self.state == State::Running;
            self.ramp(now);
        }
    }

    /// Lays out for the workers that are there now; are they others than before?
    fn take_stock_of_workers(&mut self) -> bool {
        let Some(dispatcher) = self.dispatcher.as_mut() else { return false };
        let present: HashSet<&str> = self.roster.present().map(|node| &*node.id).collect();
        let known: HashSet<&str> = dispatcher.workers().collect();
        if present == known {
            return false;
        }
        let joining: Vec<&str> =
            self.roster.present().map(|node| &*node.id).filter(|id| !known.contains(id)).collect();
        dispatcher.change_workers(|known| present.contains(known), joining);
        true
    }

    /// Has a worker what it was last told? If not for a while, it is told again; and nobody runs users when no run is on.
    pub(super) fn keep_in_line(&mut self, now: Now, id: &NodeId) {
        if self.is_quitting {
            return self.send_to(id, ToWorker::Quit);
        }
        let is_run_on = self.state.is_active();
        let Some(node) = self.roster.node_mut(id) else { return };
        let is_ours = node.is_ours;
        if let Some(order) = node.order.as_mut() {
            let is_stop = matches!(order.message, ToWorker::Stop { .. });
            let may_repeat = is_ours || (!is_stop && order.tries < TRIES_WITH_STOCK);
            if may_repeat && !order.has_arrived && now.elapsed >= order.sent_at + RETRY {
                order.sent_at = now.elapsed;
                order.tries += 1;
                let message = order.message.clone();
                self.send_to(id, message);
            }
            return;
        }
        if !is_run_on && node.state.is_active() && self.may_ask(now, id) {
            self.stop_worker(now, id);
        }
    }

    /// Ends the run: all users shall stop.
    pub fn stop(&mut self, now: Now) {
        if !self.state.is_active() {
            return;
        }
        self.end_ramp();
        self.state = State::Stopping;
        let timeout = self.setup.as_ref().map_or(0.0, |setup| setup.stop_timeout_s);
        let timeout = duration_of(timeout);
        self.stopping_until = now.elapsed.saturating_add(timeout).saturating_add(STOP_GRACE);
        self.stopping = self.roster.present().map(|node| node.id.clone()).collect();
        let all: Vec<NodeId> = self.roster.iter().map(|node| node.id.clone()).collect();
        all.iter().for_each(|id| self.stop_worker(now, id));
        self.end_stop_if_done(now);
    }

    fn stop_worker(&mut self, now: Now, id: &NodeId) {
        let timestamp = self.timestamp(now);
        let is_stock = self.roster.node(id).is_none_or(|node| node.is_stock);
        if let Some(node) = self.roster.node_mut(id) {
            node.ordered_users = None;
        }
        self.give_order(now, id, timestamp, ToWorker::Stop { order: (!is_stock).then_some(timestamp) });
    }

    fn end_ramp(&mut self) {
        (self.step_at, self.settling_until, self.stale_since) = (None, None, None);
        (self.dispatcher, self.target) = (None, None);
        self.is_takeover = false;
        self.has_begun = false;
    }

    /// A heartbeat may tell that a worker has stopped, although its word on it was lost.
    pub(super) fn notice_stopped(&mut self, id: &NodeId) {
        if !self.stopping.contains(id) {
            return;
        }
        let has_stopped = self.roster.node(id).is_some_and(|node| {
            let is_told = node.order.as_ref().is_some_and(|order| order.has_arrived);
            node.is_ours && is_told && node.state == NodeState::Ready
        });
        if has_stopped {
            self.stopping.remove(id);
        }
    }

    pub(super) fn end_stop_if_done(&mut self, now: Now) {
        if self.state != State::Stopping {
            return;
        }
        let is_late = !self.stopping.is_empty();
        if is_late && now.elapsed < self.stopping_until {
            return;
        }
        if is_late {
            let names: Vec<&str> = self.stopping.iter().map(|id| &**id).collect();
            let text = format!("these workers have not stopped in time: {}", names.join(", "));
            self.note(Level::Error, text);
        }
        self.stopping.clear();
        self.state = State::Stopped;
        self.tell(MasterEvent::RunStopped { is_late });
    }

    /// Ends the cluster: all workers shall end.
    pub fn quit(&mut self, now: Now) {
        if self.state.is_active() {
            self.end_ramp();
            self.state = State::Stopping;
            self.stopping_until = now.elapsed + STOP_GRACE;
            self.stopping = self.roster.present().map(|node| node.id.clone()).collect();
        }
        self.is_quitting = true;
        self.broadcast(&ToWorker::Quit);
        self.end_stop_if_done(now);
    }
}
