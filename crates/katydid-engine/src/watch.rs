//! Who looks on? The engine's only way out: what a run looks like now, and what the onlooker wants.

use std::time::Duration;

use katydid_plan::Target;
use katydid_stats::RunStats;

use crate::fault::Fault;
use crate::runner::State;

/// An onlooker of a run. It is called on the thread that runs the users, so it must be quick: it copies what it needs
/// and leaves printing to others.
pub trait Watch {
    /// Called about ten times a second and whenever the state changes.
    fn watch(&mut self, progress: &Progress<'_>) -> Command;
}

/// A run as it stands.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Where the run stands.
    pub state: State,
    /// The target has just been reached.
    pub spawning_complete: bool,
    /// Time since the start.
    pub run_time: Duration,
    /// Users that are there.
    pub users: u64,
    /// Users of each scenario that were not asked to leave, in the order of [`Engine::classes`](crate::Engine::classes).
    pub counts: &'a [u64],
    /// What users should be there.
    pub target: Option<Target>,
    /// What was measured.
    pub stats: &'a RunStats,
    /// What scenarios panicked with; at the last call, when the state is [`State::Stopped`], all of it.
    pub faults: &'a [Fault],
    /// Unix time in seconds, on the scale of the samples.
    pub now: f64,
}

/// What an onlooker wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Go on.
    Continue,
    /// Ask everybody to leave, and end.
    Stop,
    /// End now, whoever is there.
    Abandon,
    /// Another number of users from now on.
    Aim(Target),
}
