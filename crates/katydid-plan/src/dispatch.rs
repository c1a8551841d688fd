//! Which worker runs how many users of which class, from one moment to the next?
//!
//! A [`Dispatcher`] answers with a sequence of [`Step`]s: a distribution to put in force, a pause, the next distribution.
//! The order is Locust's, user by user: fixed classes first, then the [`Mix`]; workers round robin with neighbours on
//! different hosts; on the way down the newest user leaves first. When a worker comes or goes, everything is laid out
//! anew as if from zero, so that the result does not depend on history.
//!
//! What a maintainer must not break: the sequences in `tests/data`, which were recorded from stock Locust.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::{Error, Mix, SpawnPace, UserClass};

/// What to do next on the way to the target.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Put this distribution in force: it is absolute, not a difference.
    Dispatch(Distribution),
    /// Let this much time pass since the last dispatch.
    Pause(Duration),
}

/// How many users of each class run on each worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    workers: Arc<[Arc<str>]>,
    classes: Arc<[Arc<str>]>,
    /// One row for each worker, one column for each class.
    counts: Vec<u64>,
}

impl Distribution {
    /// Worker by worker, in the order in which they are given users: the worker and its count for every class, zeros
    /// included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = (&str, u64)>)> {
        self.workers.iter().enumerate().map(|(row, worker)| {
            let counts = self.classes.iter().zip(self.row(row));
            (&**worker, counts.map(|(class, count)| (&**class, *count)))
        })
    }

    /// The users of `class` on `worker`; zero where one of them is unknown.
    pub fn count(&self, worker: &str, class: &str) -> u64 {
        let row = self.workers.iter().position(|known| **known == *worker);
        let column = self.classes.iter().position(|known| **known == *class);
        row.zip(column).map_or(0, |(row, column)| self.row(row)[column])
    }

    /// All users.
    pub fn user_count(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn row(&self, row: usize) -> &[u64] {
        let width = self.classes.len();
        &self.counts[row * width..(row + 1) * width]
    }

    fn empty(workers: Arc<[Arc<str>]>, classes: Arc<[Arc<str>]>) -> Self {
        let counts = vec![0; workers.len() * classes.len()];
        Self { workers, classes, counts }
    }

    fn count_mut(&mut self, place: Place) -> &mut u64 {
        &mut self.counts[place.worker * self.classes.len() + place.class]
    }

    fn class_count(&self, class: usize) -> u64 {
        self.counts.iter().skip(class).step_by(self.classes.len()).sum()
    }
}

/// Where a user runs: indices into the distribution's workers and classes.
#[derive(Clone, Copy, Debug)]
struct Place {
    worker: usize,
    class: usize,
}

/// Where in its cycle a dispatcher is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// A new target, nothing said about it yet.
    Opening,
    /// A batch was handed out.
    Dispatched,
    /// The pause after a batch is over, or none was due.
    Ready,
    /// The target is reached, or cannot be.
    Done,
}

/// Lays out users over workers, batch by batch. An iterator of [`Step`]s that ends at each target and goes on after the
/// next [`Dispatcher::aim_at`].
///
/// A target that only fixed classes could fill, and do not, ends early.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    workers: Vec<Arc<str>>,
    /// The classes that take part now, sorted by name.
    mix: Vec<UserClass>,
    supply: Supply,
    /// Columns of the classes that were chosen elsewhere for the next users.
    chosen: VecDeque<usize>,
    next_worker: usize,
    running: Distribution,
    /// Everybody who runs, oldest first.
    placed: Vec<Place>,
    target: u64,
    pace: SpawnPace,
    phase: Phase,
    is_moved: bool,
    is_exhausted: bool,
}

impl Dispatcher {
    /// A dispatcher with nobody running. The part of a worker's name before the first `_` is its host.
    pub fn new<'a>(workers: impl IntoIterator<Item = &'a str>, classes: &[UserClass]) -> Self {
        let mut workers: Vec<Arc<str>> = workers.into_iter().map(Arc::from).collect();
        spread_over_hosts(&mut workers);
        let mix = sorted(classes);
        let names = mix.iter().map(|class| class.name.clone()).collect();
        Self {
            running: Distribution::empty(workers.as_slice().into(), names),
            supply: Supply::new(&mix, |index| index),
            workers,
            mix,
            chosen: VecDeque::new(),
            next_worker: 0,
            placed: Vec::new(),
            target: 0,
            pace: SpawnPace { batch: 1, pause: Duration::ZERO },
            phase: Phase::Done,
            is_moved: false,
            is_exhausted: false,
        }
    }

    /// Starts the way to `users` users, `rate` of them per second; what runs now is where it starts from.
    ///
    /// # Errors
    /// A rate that is not above zero.
    pub fn aim_at(&mut self, users: u64, rate: f64) -> Result<(), Error> {
        self.pace = SpawnPace::try_new(rate)?;
        self.target = users;
        self.phase = Phase::Opening;
        Ok(())
    }

    /// From now on only these classes are spawned, in an order that begins anew unless they are the present ones. Users of
    /// other classes stay until the load goes down.
    pub fn change_classes(&mut self, classes: &[UserClass]) {
        let mix = sorted(classes);
        if mix == self.mix {
            return;
        }
        self.mix = mix;
        self.know_all_classes();
        self.supply = self.fresh_supply();
    }

    /// The next user, after those chosen before, is of this class, whatever the mix says. Unknown classes are ignored.
    pub fn choose(&mut self, class: &str) {
        let column = self.running.classes.iter().position(|known| **known == *class);
        self.chosen.extend(column);
    }

    /// How many users the next batch adds of whom the class is not chosen yet.
    pub fn unchosen(&self) -> u64 {
        let batch = self.pace.batch.min(self.target.saturating_sub(self.user_count()));
        batch.saturating_sub(self.chosen.len() as u64)
    }

    /// A worker joins: everybody is laid out anew, which the next step says.
    pub fn add_worker(&mut self, worker: &str) {
        self.change_workers(|_| true, [worker]);
    }

    /// A worker is gone: its users move to the others, which the next step says. Without any worker left, nothing
    /// changes until one joins.
    pub fn remove_worker(&mut self, worker: &str) {
        self.change_workers(|known| known != worker, []);
    }

    /// Workers go and others join, and everybody is laid out anew once, which the next step says. Without any worker
    /// left, nothing changes until one joins.
    pub fn change_workers<'a>(
        &mut self,
        stays: impl Fn(&str) -> bool,
        joining: impl IntoIterator<Item = &'a str>,
    ) {
        self.workers.retain(|known| stays(known));
        let left = self.workers.len();
        self.workers.extend(joining.into_iter().map(Arc::from));
        if self.workers.len() > left {
            spread_over_hosts(&mut self.workers);
        }
        if !self.workers.is_empty() {
            self.lay_out_anew();
        }
    }

    /// Is the target neither reached nor given up?
    pub fn is_in_progress(&self) -> bool {
        self.phase != Phase::Done
    }

    /// Users that run after the last step.
    pub fn user_count(&self) -> u64 {
        self.placed.len() as u64
    }

    /// The distribution after the last step.
    pub fn distribution(&self) -> &Distribution {
        &self.running
    }

    /// The workers in the order in which they are given users.
    pub fn workers(&self) -> impl Iterator<Item = &str> {
        self.workers.iter().map(|worker| &**worker)
    }

    fn dispatch(&mut self, phase: Phase) -> Option<Step> {
        self.phase = phase;
        Some(Step::Dispatch(self.running.clone()))
    }

    fn open(&mut self) -> Option<Step> {
        let is_there = self.user_count() == self.target;
        if std::mem::take(&mut self.is_moved) || is_there {
            return self.dispatch(if is_there { Phase::Done } else { Phase::Ready });
        }
        self.advance()
    }

    fn after_dispatch(&mut self) -> Option<Step> {
        if std::mem::take(&mut self.is_moved) {
            return self.dispatch(Phase::Dispatched);
        }
        if std::mem::take(&mut self.is_exhausted) || self.user_count() == self.target {
            self.phase = Phase::Done;
            return None;
        }
        self.phase = Phase::Ready;
        Some(Step::Pause(self.pace.pause))
    }

    fn advance(&mut self) -> Option<Step> {
        let count = self.user_count();
        if count < self.target {
            self.spawn(self.pace.batch.min(self.target - count));
        } else if count > self.target {
            self.stop(self.pace.batch.min(count - self.target));
        } else {
            self.phase = Phase::Done;
            return None;
        }
        self.dispatch(Phase::Dispatched)
    }

    fn spawn(&mut self, users: u64) {
        for _ in 0..users {
            let chosen = self.chosen.pop_front();
            let Some(class) = chosen.or_else(|| self.supply.next(&self.running)) else {
                self.is_exhausted = true;
                return;
            };
            let worker = self.next_worker;
            if self.running.workers.is_empty() {
                self.is_exhausted = true;
                return;
            }
            self.next_worker = (worker + 1) % self.running.workers.len();
            *self.running.count_mut(Place { worker, class }) += 1;
            self.placed.push(Place { worker, class });
        }
    }

    fn stop(&mut self, users: u64) {
        for _ in 0..users {
            let Some(place) = self.placed.pop() else { return };
            *self.running.count_mut(place) -= 1;
            self.supply.is_fixed_first = true;
        }
    }

    fn lay_out_anew(&mut self) {
        let users = self.user_count();
        self.running = Distribution::empty(self.workers.as_slice().into(), self.running.classes.clone());
        self.placed.clear();
        self.next_worker = 0;
        self.supply = Supply { is_fixed_first: true, ..self.fresh_supply() };
        self.spawn_for_layout(users);
        self.is_moved = true;
    }

    /// Like [`Self::spawn`], but fixed users are counted as if nobody ran, and running out of users is no news.
    fn spawn_for_layout(&mut self, users: u64) {
        let was_exhausted = self.is_exhausted;
        self.spawn(users);
        self.is_exhausted = was_exhausted;
    }

    fn fresh_supply(&self) -> Supply {
        let columns = self.columns();
        let is_fixed_first = self.supply.is_fixed_first;
        Supply { is_fixed_first, ..Supply::new(&self.mix, |index| columns[index]) }
    }

    fn columns(&self) -> Vec<usize> {
        let column: BTreeMap<&str, usize> =
            self.running.classes.iter().enumerate().map(|(column, name)| (&**name, column)).collect();
        self.mix.iter().filter_map(|class| column.get(&*class.name).copied()).collect()
    }

    /// Widens the distribution by the classes that it does not know yet.
    fn know_all_classes(&mut self) {
        let unknown = self.mix.iter().filter(|class| !self.running.classes.contains(&class.name));
        let unknown: Vec<Arc<str>> = unknown.map(|class| class.name.clone()).collect();
        if unknown.is_empty() {
            return;
        }
        let classes: Arc<[Arc<str>]> = self.running.classes.iter().cloned().chain(unknown).collect();
        let mut wider = Distribution::empty(self.running.workers.clone(), classes);
        for place in &self.placed {
            *wider.count_mut(*place) += 1;
        }
        self.running = wider;
    }
}

impl Iterator for Dispatcher {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        match self.phase {
            Phase::Opening => self.open(),
            Phase::Dispatched => self.after_dispatch(),
            Phase::Ready => self.advance(),
            Phase::Done => None,
        }
    }
}

/// Where the next user's class comes from: fixed classes that miss users first, then the mix.
#[derive(Clone, Debug)]
struct Supply {
    /// Column, name and number of users of each fixed class.
    fixed: Vec<(usize, Arc<str>, u64)>,
    weighted: Mix<(Arc<str>, usize)>,
    /// The fixed users that were found missing and are not placed yet.
    missing: Mix<(Arc<str>, usize)>,
    missing_count: u64,
    is_fixed_first: bool,
}

impl Supply {
    fn new(mix: &[UserClass], column: impl Fn(usize) -> usize) -> Self {
        let (fixed, weighted): (Vec<_>, Vec<_>) =
            mix.iter().enumerate().partition(|(_, class)| class.is_fixed());
        let fixed = fixed.into_iter();
        let weighted = weighted.into_iter();
        Self {
            fixed: fixed
                .map(|(index, class)| (column(index), class.name.clone(), class.fixed_count))
                .collect(),
            weighted: Mix::new(
                weighted.map(|(index, class)| ((class.name.clone(), column(index)), class.weight)),
            ),
            missing: Mix::new([]),
            missing_count: 0,
            is_fixed_first: true,
        }
    }

    fn next(&mut self, running: &Distribution) -> Option<usize> {
        if self.missing_count == 0 && std::mem::take(&mut self.is_fixed_first) {
            self.look_for_missing(running);
        }
        if self.missing_count > 0 {
            self.missing_count -= 1;
            return self.missing.next().map(|(_, column)| column);
        }
        self.weighted.next().map(|(_, column)| column)
    }

    fn look_for_missing(&mut self, running: &Distribution) {
        let missing: Vec<_> = self
            .fixed
            .iter()
            .map(|(column, name, wanted)| {
                ((name.clone(), *column), wanted.saturating_sub(running.class_count(*column)))
            })
            .collect();
        self.missing_count = missing.iter().map(|(_, count)| count).sum();
        self.missing = Mix::new(missing.into_iter().map(|(item, count)| (item, count as f64)));
    }
}

fn sorted(classes: &[UserClass]) -> Vec<UserClass> {
    let mut classes = classes.to_vec();
    classes.sort_by(|a, b| a.name.cmp(&b.name));
    classes
}

/// Sorts workers by their place among the workers of their host, so that neighbours are on different hosts.
fn spread_over_hosts(workers: &mut Vec<Arc<str>>) {
    workers.sort();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut places: Vec<(usize, Arc<str>)> = Vec::with_capacity(workers.len());
    for worker in workers.drain(..) {
        let host = worker.split('_').next().unwrap_or_default().to_owned();
        let index = seen.entry(host).or_default();
        places.push((*index, worker));
        *index += 1;
    }
    places.sort();
    workers.extend(places.into_iter().map(|(_, worker)| worker));
}
