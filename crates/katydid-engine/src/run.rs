//! How does a run go round? One loop: run who is ready, turn the reactor, wake who was waited for.
//!
//! What a maintainer must not break: this is the only place that runs users, nothing in it blocks but the reactor's
//! turn, and the reactor is not borrowed while a user runs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use async_executor::LocalExecutor;
use katydid_net::Reactor;
use katydid_net::client::{Client, ClientSettings, Handle};
use katydid_net::clock::Moment;
use katydid_plan::UserClass;
use katydid_stats::RunStats;

use crate::cast::{Departures, Role};
use crate::chance::Chance;
use crate::engine::RunSettings;
use crate::error::Error;
use crate::life::{Leash, Wish};
use crate::record::Recorder;
use crate::roster::{Change, Roster, UserId};
use crate::runner::{Order, Runner, State};
use crate::shape::Steady;
use crate::user::User;
use crate::watch::{Command, Progress, Watch};

/// How often the watch is asked, and the longest that a turn waits.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);
/// Most users that run between two looks at the sockets: a crowd that is spawned at once does not keep those waiting
/// whose connection stands already.
const USERS_PER_TURN: usize = 32;

/// One run under way.
pub(crate) struct Run<'e> {
    /// First, because dropping it drops the users, who then let go of the reactor.
    executor: LocalExecutor<'static>,
    reactor: Handle,
    /// Each role with a client that its users' clients are made after.
    roles: Vec<(&'e dyn Role, Client)>,
    classes: Vec<UserClass>,
    runner: Runner,
    roster: Roster,
    leashes: HashMap<UserId, Rc<Leash>>,
    departures: Departures,
    recorder: Rc<Recorder>,
    settings: RunSettings,
    /// What [`Runner`] and [`Roster`] count time from.
    origin: Moment,
    watch_due: Moment,
    seen: State,
}

impl<'e> Run<'e> {
    pub(crate) fn try_new(roles: &'e [Box<dyn Role>], mut settings: RunSettings) -> Result<Self, Error> {
        let reactor: Handle = Rc::new(RefCell::new(Reactor::try_new()?));
        let classes: Vec<UserClass> = roles.iter().map(|role| role.class()).collect();
        let shape = std::mem::replace(&mut settings.shape, Box::new(Steady::NOBODY));
        let dressed = roles.iter().map(|role| Ok((&**role, client_for(&**role, &reactor, &settings)?)));
        let roles = dressed.collect::<Result<_, Error>>()?;
        // Preparing takes time (certificates are read) that is not the run's.
        let now = Moment::now();
        Ok(Self {
            executor: LocalExecutor::new(),
            roles,
            reactor,
            runner: Runner::new(&classes, shape, settings.run_time),
            roster: Roster::new(classes.len()),
            classes,
            leashes: HashMap::new(),
            departures: Departures::default(),
            recorder: Rc::new(Recorder::new(now)),
            settings,
            origin: now,
            watch_due: now,
            seen: State::Ready,
        })
    }

    /// Runs to the end.
    pub(crate) fn play(mut self, watch: &mut dyn Watch) -> Result<RunStats, Error> {
        self.runner.start(Duration::ZERO);
        loop {
            self.bury();
            let spawning_complete = self.direct()?;
            let may_wait = self.run_users();
            if self.is_watch_due() || spawning_complete {
                let command = self.ask(watch, spawning_complete);
                self.obey(command);
                if command == Command::Abandon || self.runner.state() == State::Stopped {
                    return Ok(self.recorder.take());
                }
            }
            self.turn(may_wait)?;
        }
    }

    /// Does what the runner orders; true if the target has just been reached.
    fn direct(&mut self) -> Result<bool, Error> {
        let now = self.now();
        let mut is_complete = false;
        while let Some(order) = self.runner.next_order(now, self.roster.alive())? {
            match order {
                Order::Hold(counts) => self.hold(&counts, now),
                Order::SpawningComplete => {
                    is_complete = true;
                    if self.settings.reset_stats {
                        self.recorder.reset();
                    }
                }
                Order::Finished => {}
            }
        }
        while let Some(user) = self.roster.next_overdue(now) {
            self.tell(user, Wish::LeaveNow);
        }
        Ok(is_complete)
    }

    fn hold(&mut self, counts: &[u64], now: Duration) {
        for change in self.roster.hold(counts, now, self.settings.stop_timeout) {
            match change {
                Change::Spawn { user, class } => self.spawn(user, class),
                Change::Leave(user) => self.tell(user, Wish::Leave),
            }
        }
    }

    fn spawn(&mut self, id: UserId, class: usize) {
        let (role, model) = &self.roles[class];
        let leash = Rc::<Leash>::default();
        self.leashes.insert(id, leash.clone());
        let chance = Chance::new(self.settings.seed, id);
        let user = User::new(id, model.sibling(), self.recorder.clone(), leash, role.wait(), chance);
        role.spawn(&self.executor, user, self.departures.clone());
    }

    fn tell(&self, user: UserId, wish: Wish) {
        if let Some(leash) = self.leashes.get(&user) {
            leash.tell(wish);
        }
    }

    /// Strikes those who have ended off the roster.
    fn bury(&mut self) {
        if self.departures.borrow().is_empty() {
            return;
        }
        for (user, faults) in self.departures.take() {
            let class = self.roster.remove(user);
            self.leashes.remove(&user);
            let scenario = class.map_or_else(|| "".into(), |class| self.classes[class].name.clone());
            faults.iter().for_each(|fault| self.recorder.fault(&scenario, fault));
        }
    }

    /// Runs who is ready; true if nobody is left who could run at once.
    fn run_users(&self) -> bool {
        !(0..USERS_PER_TURN).all(|_| self.executor.try_tick())
    }

    /// One turn of the reactor; then whoever it woke is ready.
    fn turn(&self, may_wait: bool) -> Result<(), Error> {
        let timeout = if may_wait { self.patience() } else { Duration::ZERO };
        self.reactor.borrow_mut().turn(Some(timeout))?;
        loop {
            let woken = self.reactor.borrow_mut().pop_woken();
            let Some(woken) = woken else { return Ok(()) };
            woken.waiter.wake();
        }
    }

    /// How long a turn may wait for sockets.
    fn patience(&self) -> Duration {
        if !self.departures.borrow().is_empty() {
            return Duration::ZERO;
        }
        let now = self.now();
        let dues = [self.runner.due(), self.roster.due(), Some(self.since_origin(self.watch_due))];
        dues.into_iter().flatten().min().map_or(WATCH_INTERVAL, |due| due.saturating_sub(now))
    }

    fn is_watch_due(&mut self) -> bool {
        let now = Moment::now();
        let has_changed = self.seen != self.runner.state();
        if now < self.watch_due && !has_changed {
            return false;
        }
        self.watch_due = now.after(WATCH_INTERVAL);
        self.seen = self.runner.state();
        true
    }

    fn ask(&self, watch: &mut dyn Watch, spawning_complete: bool) -> Command {
        let counts: Vec<u64> = self.roster.counts().collect();
        let now = Moment::now();
        watch.watch(&Progress {
            state: self.runner.state(),
            spawning_complete,
            run_time: self.runner.run_time(self.since_origin(now)),
            users: self.roster.alive(),
            counts: &counts,
            target: self.runner.target(),
            stats: &self.recorder.stats(),
            faults: &self.recorder.faults(),
            now: self.recorder.unix(now),
        })
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Continue => {}
            Command::Stop | Command::Abandon => self.runner.stop(),
            Command::Aim(target) => self.runner.follow(Box::new(Steady(target)), self.now()),
        }
    }

    fn now(&self) -> Duration {
        self.since_origin(Moment::now())
    }

    fn since_origin(&self, moment: Moment) -> Duration {
        Duration::from_nanos(moment.since(self.origin))
    }
}

/// The client that the clients of a role's users are made after.
fn client_for(role: &dyn Role, reactor: &Handle, settings: &RunSettings) -> Result<Client, Error> {
    let mut client = ClientSettings { base_url: settings.host.clone(), ..ClientSettings::default() };
    role.configure(&mut client);
    Ok(Client::try_new(reactor, client)?)
}
