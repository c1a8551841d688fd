//! What should happen now? The state of a run, as a value that is driven by the time it is told.
//!
//! The runner decides how many users of each class there should be and when that changes; it neither has users nor a
//! clock. Whoever has both asks [`Runner::next_order`] until it answers `None`, and again at [`Runner::due`] at the
//! latest.
//!
//! What a maintainer must not break: batches are due at multiples of the pause from the first one, however late the
//! caller comes, so that a stall delays users but does not lower the spawn rate.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use katydid_plan::{Dispatcher, Error, Step, Target, UserClass};

use crate::shape::Shape;

/// How often a shape is asked for its target.
const SHAPE_INTERVAL: Duration = Duration::from_secs(1);
/// The only worker of a run in one process.
const LOCAL: &str = "local";

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not started.
    Ready,
    /// On the way to a target.
    Spawning,
    /// At the target.
    Running,
    /// Waiting for the last users to leave.
    Stopping,
    /// Over.
    Stopped,
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ready => "ready",
            Self::Spawning => "spawning",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        })
    }
}

/// What the runner wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Let exactly so many users of each class run: one count for each class, in the order the runner was given them.
    Hold(Vec<u64>),
    /// The target is reached (or cannot be): nothing to do but to tell.
    SpawningComplete,
    /// The last user has left.
    Finished,
}

/// A run's state machine.
#[derive(Debug)]
pub struct Runner {
    state: State,
    classes: Vec<Arc<str>>,
    dispatcher: Dispatcher,
    shape: Box<dyn Shape>,
    run_time: Option<Duration>,
    started: Duration,
    /// When the dispatcher is asked next; `None` while the target is reached.
    step_due: Option<Duration>,
    shape_due: Duration,
    target: Option<Target>,
    /// Everybody was told to leave.
    is_cleared: bool,
}

impl Runner {
    /// A run of `classes` that follows `shape` and ends with it, or after `run_time`.
    pub fn new(classes: &[UserClass], shape: Box<dyn Shape>, run_time: Option<Duration>) -> Self {
        Self {
            state: State::Ready,
            classes: classes.iter().map(|class| class.name.clone()).collect(),
            dispatcher: Dispatcher::new([LOCAL], classes),
            shape,
            run_time,
            started: Duration::ZERO,
            step_due: None,
            shape_due: Duration::ZERO,
            target: None,
            is_cleared: false,
        }
    }

    /// Where the run stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The target that the run is at or on its way to.
    pub fn target(&self) -> Option<Target> {
        self.target
    }

    /// Time since the start; zero before it.
    pub fn run_time(&self, now: Duration) -> Duration {
        if self.state == State::Ready { Duration::ZERO } else { now.saturating_sub(self.started) }
    }

    /// Begins the run. Only a run that is ready can begin.
    pub fn start(&mut self, now: Duration) {
        if self.state == State::Ready {
            self.state = State::Spawning;
            self.started = now;
            self.shape_due = now;
        }
    }

    /// Follows another shape from now on, counted from the start of the run.
    pub fn follow(&mut self, shape: Box<dyn Shape>, now: Duration) {
        self.shape = shape;
        self.shape_due = now;
    }

    /// Begins the end: everybody leaves.
    pub fn stop(&mut self) {
        self.state = match self.state {
            State::Ready | State::Stopped => State::Stopped,
            State::Spawning | State::Running | State::Stopping => State::Stopping,
        };
        self.step_due = None;
    }

    /// When [`Runner::next_order`] is to be asked again if nothing else happens.
    pub fn due(&self) -> Option<Duration> {
        match self.state {
            State::Ready | State::Stopping | State::Stopped => None,
            State::Spawning | State::Running => {
                let end = self.run_time.map(|span| self.started + span);
                [Some(self.shape_due), self.step_due, end].into_iter().flatten().min()
            }
        }
    }

    /// The next thing to do at `now`, while `alive` users run.
    ///
    /// # Errors
    /// The shape asked for a rate that is not above zero.
    pub fn next_order(&mut self, now: Duration, alive: u64) -> Result<Option<Order>, Error> {
        if matches!(self.state, State::Spawning | State::Running) {
            self.ask_shape(now)?;
        }
        Ok(match self.state {
            State::Ready | State::Stopped => None,
            State::Spawning | State::Running => self.ask_dispatcher(now),
            State::Stopping if !self.is_cleared => {
                self.is_cleared = true;
                Some(Order::Hold(vec![0; self.classes.len()]))
            }
            State::Stopping if alive == 0 => {
                self.state = State::Stopped;
                Some(Order::Finished)
            }
            State::Stopping => None,
        })
    }

    /// Takes a new target from the shape, or ends the run.
    fn ask_shape(&mut self, now: Duration) -> Result<(), Error> {
        let run_time = now.saturating_sub(self.started);
        if self.run_time.is_some_and(|limit| run_time >= limit) {
            self.stop();
            return Ok(());
        }
        if now < self.shape_due {
            return Ok(());
        }
        self.shape_due = now + SHAPE_INTERVAL;
        match self.shape.target_at(run_time) {
            None => self.stop(),
            Some(target) if self.target != Some(target) => {
                self.dispatcher.aim_at(target.users, target.rate)?;
                self.target = Some(target);
                self.state = State::Spawning;
                self.step_due = Some(now);
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn ask_dispatcher(&mut self, now: Duration) -> Option<Order> {
        let due = self.step_due.filter(|due| *due <= now)?;
        match self.dispatcher.next() {
            Some(Step::Dispatch(distribution)) => {
                Some(Order::Hold(self.classes.iter().map(|class| distribution.count(LOCAL, class)).collect()))
            }
            Some(Step::Pause(pause)) => {
                self.step_due = Some(due + pause);
                self.ask_dispatcher(now)
            }
            None => {
                self.step_due = None;
                self.state = State::Running;
                Some(Order::SpawningComplete)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use katydid_plan::{Stage, Stages};

    use super::*;
    use crate::shape::Steady;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn steady(users: u64, rate: f64) -> Box<dyn Shape> {
        Box::new(Steady(Target { users, rate }))
    }

    fn classes() -> [UserClass; 2] {
        [UserClass::weighted("Visitor", 3.0), UserClass::weighted("Buyer", 1.0)]
    }

    /// Obeys at once: who is held is alive.
    #[derive(Default)]
    struct World {
        alive: Vec<u64>,
    }

    impl World {
        /// Everything that is ordered at `now`.
        fn obey(&mut self, runner: &mut Runner, now: Duration) -> Vec<Order> {
            let mut orders = Vec::new();
            while let Some(order) =
                runner.next_order(now, self.alive.iter().sum()).expect("the shape's rates are above zero")
            {
                if let Order::Hold(counts) = &order {
                    self.alive.clone_from(counts);
                }
                orders.push(order);
            }
            orders
        }
    }

    #[test]
    fn spawns_batches_at_the_rate_and_says_when_it_is_there() {
        let mut runner = Runner::new(&classes(), steady(4, 2.0), None);
        let mut world = World::default();
        assert_eq!(world.obey(&mut runner, seconds(9.0)), [], "a run that has not begun orders nothing");
        runner.start(seconds(10.0));
        assert_eq!(world.obey(&mut runner, seconds(10.0)), [Order::Hold(vec![1, 1])]);
        assert_eq!((runner.state(), runner.due()), (State::Spawning, Some(seconds(11.0))));
        assert_eq!(world.obey(&mut runner, seconds(10.9)), []);
        assert_eq!(
            world.obey(&mut runner, seconds(11.0)),
            [Order::Hold(vec![3, 1]), Order::SpawningComplete]
        );
        assert_eq!(runner.state(), State::Running);
    }

    #[test]
    fn catches_up_after_a_stall() {
        let mut runner = Runner::new(&classes(), steady(100, 10.0), None);
        let mut world = World::default();
        runner.start(seconds(0.0));
        world.obey(&mut runner, seconds(0.0));
        world.obey(&mut runner, seconds(3.5));
        assert_eq!(world.alive.iter().sum::<u64>(), 40, "the batches of 0, 1, 2 and 3 s");
        assert_eq!(runner.due(), Some(seconds(4.0)), "the next batch keeps its place");
    }

    #[test]
    fn ends_at_the_run_time_counted_from_the_start_of_the_ramp() {
        let mut runner = Runner::new(&classes(), steady(8, 1.0), Some(seconds(3.0)));
        let mut world = World::default();
        runner.start(seconds(5.0));
        world.obey(&mut runner, seconds(7.9));
        assert_eq!(runner.due(), Some(seconds(8.0)));
        let orders = world.obey(&mut runner, seconds(8.0));
        assert_eq!(orders, [Order::Hold(vec![0, 0]), Order::Finished]);
        assert_eq!((runner.state(), runner.due()), (State::Stopped, None));
    }

    #[test]
    fn waits_for_the_last_user_before_it_is_stopped() {
        let mut runner = Runner::new(&classes(), steady(2, 2.0), None);
        runner.start(seconds(0.0));
        World::default().obey(&mut runner, seconds(0.0));
        runner.stop();
        let mut next = |alive| runner.next_order(seconds(1.0), alive).expect("a rate above zero");
        assert_eq!(next(2), Some(Order::Hold(vec![0, 0])));
        assert_eq!(next(2), None);
        assert_eq!(next(1), None);
        assert_eq!(next(0), Some(Order::Finished));
        assert_eq!(next(0), None);
    }

    #[test]
    fn follows_stages_up_and_down_and_ends_with_them() {
        let stage = |until, users| Stage { until: seconds(until), target: Target { users, rate: 100.0 } };
        let stages = Stages::new([stage(10.0, 4), stage(20.0, 1)]);
        let mut runner = Runner::new(&classes(), Box::new(stages), None);
        let mut world = World::default();
        runner.start(seconds(0.0));
        world.obey(&mut runner, seconds(0.0));
        assert_eq!(world.alive, [3, 1]);
        world.obey(&mut runner, seconds(9.5));
        assert_eq!(world.alive, [3, 1]);
        world.obey(&mut runner, seconds(10.5));
        assert_eq!(world.alive, [1, 0], "the newest leave first: Visitor, Buyer, Visitor, Visitor came");
        let orders = world.obey(&mut runner, seconds(20.5));
        assert_eq!(orders.last(), Some(&Order::Finished));
    }

    #[test]
    fn a_new_target_interrupts_the_way_to_the_old_one() {
        let mut runner = Runner::new(&classes(), steady(100, 1.0), None);
        let mut world = World::default();
        runner.start(seconds(0.0));
        world.obey(&mut runner, seconds(1.0));
        runner.follow(steady(5, 100.0), seconds(1.5));
        let orders = world.obey(&mut runner, seconds(1.5));
        assert_eq!(orders.last(), Some(&Order::SpawningComplete));
        assert_eq!(world.alive.iter().sum::<u64>(), 5);
    }

    #[test]
    fn a_bad_rate_is_an_error_that_says_so() {
        let mut runner = Runner::new(&classes(), steady(1, 0.0), None);
        runner.start(seconds(0.0));
        assert!(runner.next_order(seconds(0.0), 0).is_err_and(|error| error.is_rate()));
    }

    #[test]
    fn stopping_before_the_start_is_the_end() {
        let mut runner = Runner::new(&classes(), steady(1, 1.0), None);
        runner.stop();
        runner.start(seconds(1.0));
        assert_eq!(runner.state(), State::Stopped);
        assert_eq!(World::default().obey(&mut runner, seconds(2.0)), []);
    }
}
