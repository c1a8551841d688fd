//! A master, its workers, those who own them, and what is done to them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use katydid_cluster::master::{self, Action, Master, State, Target};
use katydid_cluster::message::{Setup, SpawnOrder};
use katydid_cluster::worker::{self, Worker, WorkerAction};
use katydid_cluster::{Now, Packed, ToWorker, UserCounts, WorkerEvent};
use katydid_plan::UserClass;
use katydid_stats::{RunStats, Sample};

use crate::network::{Chance, Faults, Network, Packet};

const TURN_MS: u64 = 50;
const FAULTS_MS: u64 = 25_000;
/// So long after the last fault everything is as it was ordered.
const RECOVERY_MS: u64 = 10_000;
const STOP_MS: u64 = 15_000;

/// A worker with the process around it.
struct Process {
    id: String,
    worker: Worker,
    users: UserCounts,
    stats: RunStats,
    /// What it measured since the run of this order began.
    measured: u64,
    run: Option<(u64, u64)>,
    /// The order that was carried out last, with its master.
    order: Option<(u64, f64)>,
    events: VecDeque<(u64, WorkerEvent)>,
    sample_at: u64,
    /// Until then the process stands still, and what comes waits.
    stopped_until: u64,
    waiting: Vec<ToWorker>,
}

impl Process {
    fn new(id: String, now: Now) -> Self {
        let mut worker = Worker::new(worker::Settings::new("2.46.3"));
        worker.connect(now);
        let (users, stats) = (UserCounts::new(), RunStats::new(0.0));
        Self {
            id,
            worker,
            users,
            stats,
            measured: 0,
            run: None,
            order: None,
            events: VecDeque::new(),
            sample_at: 0,
            stopped_until: 0,
            waiting: Vec::new(),
        }
    }

    fn user_count(&self) -> u64 {
        self.users.values().sum()
    }

    fn carry_out(&mut self, now: Now, order: &SpawnOrder, is_new_run: bool) {
        let newest = order.run.map(|(master, _)| (master, order.timestamp));
        let is_late = self.order.zip(newest).is_some_and(|(old, new)| old.0 == new.0 && new.1 <= old.1);
        assert!(!is_late, "{} carries out an order after a newer one", self.id);
        self.order = newest;
        if is_new_run {
            self.stats = RunStats::new(now.unix_s);
            (self.measured, self.run) = (0, order.run);
            self.worker.begin_run(order.run.map_or(0, |(_, run)| run));
        }
        self.users = order.users.clone();
        self.worker.applied(order.timestamp, self.users.clone());
    }

    fn own(&mut self, now: Now, event: WorkerEvent) {
        match event {
            WorkerEvent::Spawn { order, is_new_run, .. } => self.carry_out(now, &order, is_new_run),
            WorkerEvent::Stop => {
                self.users.clear();
                self.worker.stopped(now, Duration::ZERO);
            }
            WorkerEvent::ReportDue => {
                let stats = self.stats.take(now.unix_s);
                self.worker.report(now, stats, self.users.clone(), Vec::new());
            }
            _ => {}
        }
    }

    fn measure(&mut self, now: Now) {
        let users = self.user_count();
        if users == 0 {
            return;
        }
        let id = self.stats.entry("GET", &self.id);
        for _ in 0..users {
            self.stats.record(id, &Sample::new(now.unix_s, Some(5.0), 10));
        }
        self.measured += users;
    }
}

pub(crate) struct World {
    chance: Chance,
    network: Network,
    now_ms: u64,
    lives: u64,
    master: Master,
    /// By worker, what the statistics of the run have.
    merged: HashMap<String, u64>,
    processes: Vec<Process>,
    born: u64,
    /// By worker that has died, what it measured in the run, if that is still on.
    dead: HashMap<String, (u64, Option<(u64, u64)>)>,
    target: u64,
}

fn classes() -> Vec<UserClass> {
    vec![UserClass::weighted("A", 1.0), UserClass::weighted("B", 3.0), UserClass::fixed("F", 2)]
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let faults = Faults {
            loss_percent: [0, 2, 10, 30][chance.below(4) as usize],
            repeat_percent: [0, 5, 30][chance.below(3) as usize],
            longest_delay_ms: [5, 200, 3000][chance.below(3) as usize],
        };
        let is_wired = chance.percent(10);
        let mut world = Self {
            network: Network::new(faults, is_wired),
            chance,
            now_ms: 0,
            lives: 1,
            master: Master::new(master::Settings::new(1, "2.46.3")),
            merged: HashMap::new(),
            processes: Vec::new(),
            born: 0,
            dead: HashMap::new(),
            target: 0,
        };
        for _ in 0..1 + world.chance.below(5) {
            world.bear();
        }
        world
    }

    pub(crate) fn history(&self) -> u64 {
        self.network.sent()
    }

    fn now(&self) -> Now {
        let elapsed = Duration::from_millis(self.now_ms);
        Now { elapsed, unix_s: 1_700_000_000.0 + elapsed.as_secs_f64() }
    }

    fn bear(&mut self) {
        self.born += 1;
        let id = format!("h{}_{}", self.born % 2, self.born);
        self.processes.push(Process::new(id, self.now()));
    }

    /// Everything from the first message to the last law.
    pub(crate) fn live(&mut self) {
        while self.now_ms < FAULTS_MS {
            self.strike();
            self.turn();
        }
        self.calm_down();
        self.wait(RECOVERY_MS);
        if self.master.state().is_active() {
            self.check_users();
        } else {
            self.check_idle();
        }
        for target in [20 + self.born, 3 + self.born] {
            assert!(self.go_for(target, 50.0), "no worker is there at {} ms", self.now_ms);
            self.wait(5000);
            self.check_users();
        }
        let run = (self.lives, self.master.run());
        self.master.stop(self.now());
        self.wait(STOP_MS);
        self.check_end(run);
    }

    fn wait(&mut self, span_ms: u64) {
        let until = self.now_ms + span_ms;
        while self.now_ms < until {
            self.turn();
        }
    }

    /// Perhaps something happens.
    fn strike(&mut self) {
        match self.chance.below(400) {
            0 => self.bear(),
            1 | 2 if !self.processes.is_empty() => self.kill(),
            3..8 => self.part_or_heal(),
            8..16 => {
                let (users, rate) = (self.chance.below(60), 10.0 + self.chance.below(80) as f64);
                self.go_for(users, rate);
            }
            16..19 => self.master.stop(self.now()),
            19 => self.restart_master(),
            20..24 => self.stop_process(),
            _ => {}
        }
    }

    fn kill(&mut self) {
        let index = self.chance.below(self.processes.len() as u64) as usize;
        let process = self.processes.swap_remove(index);
        self.dead.insert(process.id, (process.measured, process.run));
    }

    fn stop_process(&mut self) {
        let index = self.chance.below(self.processes.len().max(1) as u64) as usize;
        let until = self.now_ms + self.chance.below(8000);
        if let Some(process) = self.processes.get_mut(index) {
            process.stopped_until = until;
        }
    }

    fn part_or_heal(&mut self) {
        if self.processes.is_empty() {
            return;
        }
        let index = self.chance.below(self.processes.len() as u64) as usize;
        let id = self.processes[index].id.clone();
        if !self.network.parted.remove(&id) {
            self.network.parted.insert(id);
        }
    }

    /// Is there anybody to run users?
    fn go_for(&mut self, users: u64, rate: f64) -> bool {
        let now = self.now();
        if !self.master.state().is_active() {
            self.master.begin();
            self.merged.clear();
        }
        let setup = Setup { host: None, stop_timeout_s: 0.0, parsed_options: Packed::nil() };
        let target = Target { users, rate, classes: classes() };
        let is_started = self.master.start(now, target, Arc::new(setup)).is_ok();
        if is_started {
            self.target = users;
        }
        is_started
    }

    fn restart_master(&mut self) {
        self.lives += 1;
        self.master = Master::new(master::Settings::new(self.lives, "2.46.3"));
        self.merged.clear();
        self.target = 0;
    }

    fn calm_down(&mut self) {
        self.network.faults = Faults { longest_delay_ms: 20, ..Faults::default() };
        self.network.parted.clear();
        self.processes.iter_mut().for_each(|process| process.stopped_until = 0);
        if self.processes.is_empty() {
            self.bear();
        }
    }

    fn turn(&mut self) {
        self.now_ms += TURN_MS;
        let now = self.now();
        for packet in self.network.arrived(self.now_ms) {
            match packet {
                Packet::Up(from, message) => self.master.receive(now, &from, message),
                Packet::Down(to, message) => {
                    if let Some(process) = self.processes.iter_mut().find(|process| process.id == to) {
                        process.waiting.push(message);
                    }
                }
            }
        }
        self.master.tick(now);
        self.turn_processes(now);
        self.act();
        self.check_always();
    }

    fn turn_processes(&mut self, now: Now) {
        for process in self.processes.iter_mut().filter(|process| process.stopped_until <= self.now_ms) {
            process.waiting.drain(..).for_each(|message| process.worker.receive(now, message));
            process.worker.tick(now);
            while process.events.front().is_some_and(|(at, _)| *at <= self.now_ms) {
                let (_, event) = process.events.pop_front().expect("there is one");
                process.own(now, event);
            }
            if self.now_ms >= process.sample_at {
                process.sample_at = self.now_ms + 500;
                process.measure(now);
            }
        }
    }

    /// Does what the state machines want done.
    fn act(&mut self) {
        for action in self.master.take_actions() {
            match action {
                Action::Send(to, message) => {
                    let packet = Packet::Down(to.to_string(), message);
                    self.network.send(self.now_ms, packet, &mut self.chance);
                }
                Action::Merge(report) => {
                    for entry in report.stats.entries() {
                        *self.merged.entry(entry.name.to_string()).or_default() += entry.requests;
                    }
                }
                Action::Tell(_) => {}
            }
        }
        for process in &mut self.processes {
            for action in process.worker.take_actions() {
                match action {
                    WorkerAction::Send(message) => {
                        let packet = Packet::Up(process.id.clone(), message);
                        self.network.send(self.now_ms, packet, &mut self.chance);
                    }
                    WorkerAction::Tell(event) => {
                        // Whoever owns the worker may be busy.
                        let after = process.events.back().map_or(0, |(at, _)| *at).max(self.now_ms);
                        let busy = if self.chance.percent(5) { self.chance.below(800) } else { 0 };
                        process.events.push_back((after + busy, event));
                    }
                    WorkerAction::Reconnect => {}
                }
            }
        }
    }

    /// What a worker measured in the present run.
    fn measured(&self, id: &str) -> u64 {
        let run = Some((self.lives, self.master.run()));
        let living = self.processes.iter().find(|process| process.id == id);
        let (measured, of) = living.map_or_else(
            || self.dead.get(id).copied().unwrap_or_default(),
            |process| (process.measured, process.run),
        );
        if of == run { measured } else { 0 }
    }

    fn check_always(&self) {
        for (id, merged) in &self.merged {
            let measured = self.measured(id);
            assert!(*merged <= measured, "{id} measured {measured}, and {merged} are merged");
        }
    }

    fn check_users(&self) {
        assert_eq!(self.master.state(), State::Running, "at {} ms", self.now_ms);
        let running: BTreeMap<&str, u64> =
            self.processes.iter().map(|process| (process.id.as_str(), process.user_count())).collect();
        assert_eq!(running.values().sum::<u64>(), self.target, "users that run: {running:?}");
        for node in self.master.roster().present() {
            let runs = running.get(&*node.id).copied();
            assert_eq!(Some(node.user_count()), runs, "what the master knows of {}", node.id);
        }
        let fixed = self.master.roster().users().get("F").copied().unwrap_or(0);
        assert_eq!(fixed, self.target.min(2), "fixed users");
    }

    /// Nobody runs users when no run is on.
    fn check_idle(&self) {
        for process in &self.processes {
            assert_eq!(process.user_count(), 0, "users of {} at {} ms", process.id, self.now_ms);
        }
    }

    fn check_end(&self, run: (u64, u64)) {
        assert_eq!(self.master.state(), State::Stopped);
        self.check_idle();
        for process in &self.processes {
            let merged = self.merged.get(&process.id).copied().unwrap_or(0);
            assert_eq!(process.run, Some(run), "{} took part", process.id);
            assert_eq!(merged, process.measured, "of what {} measured", process.id);
            assert!(process.measured > 0, "{} measured nothing", process.id);
        }
    }
}
