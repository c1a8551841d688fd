//! How does the target change with time? One question that a steady load, stages and a user's own law all answer.

use std::fmt;
use std::time::Duration;

use katydid_plan::{Stages, Target};

/// A target that may change with the time since the start of the run. Asked about once a second.
pub trait Shape: fmt::Debug {
    /// What holds after `run_time`; `None` ends the run.
    fn target_at(&mut self, run_time: Duration) -> Option<Target>;
}

/// The same target from beginning to end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steady(pub Target);

impl Steady {
    /// No users at all.
    pub(crate) const NOBODY: Self = Self(Target { users: 0, rate: 1.0 });
}

impl Shape for Steady {
    fn target_at(&mut self, _run_time: Duration) -> Option<Target> {
        Some(self.0)
    }
}

impl Shape for Stages {
    fn target_at(&mut self, run_time: Duration) -> Option<Target> {
        Stages::target_at(self, run_time)
    }
}
