//! Which scenarios run, and by which settings? What a program fills in before a run.

use std::fmt;
use std::time::Duration;

use katydid_plan::UserClass;
use katydid_stats::RunStats;

use crate::cast::{Cast, Role};
use crate::error::Error;
use crate::run::Run;
use crate::scenario::Scenario;
use crate::shape::Shape;
use crate::watch::Watch;

/// What a run is to do.
#[derive(Debug)]
pub struct RunSettings {
    /// The base URL of every client.
    pub host: Option<String>,
    /// How many users, when.
    pub shape: Box<dyn Shape>,
    /// The end, counted from the start of the ramp; `None`: the shape decides.
    pub run_time: Option<Duration>,
    /// How long a user that is asked to stop may take to finish its task.
    pub stop_timeout: Duration,
    /// Forget what was measured while the first target was being reached.
    pub reset_stats: bool,
    /// Seed of the users' randomness.
    pub seed: u64,
}

impl RunSettings {
    /// A run of `shape` without a host, a time limit or patience; the rest is for the caller to change.
    pub fn new(shape: impl Shape + 'static) -> Self {
        Self {
            host: None,
            shape: Box::new(shape),
            run_time: None,
            stop_timeout: Duration::ZERO,
            reset_stats: false,
            seed: 0,
        }
    }
}

/// Scenarios and the loop that runs their users.
#[derive(Default)]
pub struct Engine {
    roles: Vec<Box<dyn Role>>,
}

impl Engine {
    /// An engine without scenarios.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind of user.
    pub fn add<S: Scenario>(&mut self, scenario: S) -> &mut Self {
        self.roles.push(Box::new(Cast::new(scenario)));
        self
    }

    /// Adds a kind of user.
    #[must_use]
    pub fn with<S: Scenario>(mut self, scenario: S) -> Self {
        self.add(scenario);
        self
    }

    /// The scenarios as the plan sees them.
    pub fn classes(&self) -> Vec<UserClass> {
        self.roles.iter().map(|role| role.class()).collect()
    }

    /// Keeps the scenarios whose names are in `names`.
    ///
    /// # Errors
    /// A name that no scenario has.
    pub fn choose(&mut self, names: &[String]) -> Result<(), Error> {
        if let Some(unknown) =
            names.iter().find(|name| !self.roles.iter().any(|role| *role.class().name == **name))
        {
            return Err(Error::unknown_scenario(unknown));
        }
        self.roles.retain(|role| names.iter().any(|name| *role.class().name == **name));
        Ok(())
    }

    /// Runs until the shape, the run time or `watch` ends it and the last user has left; what was measured comes back.
    /// What scenarios panicked with is told to `watch`.
    ///
    /// # Errors
    /// No scenario, two of the same name, a host that is no URL, a spawn rate that is not above zero, or a system
    /// that gives no poller.
    pub fn run(&self, settings: RunSettings, watch: &mut dyn Watch) -> Result<RunStats, Error> {
        self.check_names()?;
        Run::try_new(&self.roles, settings)?.play(watch)
    }

    fn check_names(&self) -> Result<(), Error> {
        let classes = self.classes();
        let twice =
            (1..classes.len()).find(|&at| classes[..at].iter().any(|class| class.name == classes[at].name));
        match twice {
            Some(at) => Err(Error::same_name(&classes[at].name)),
            None if classes.is_empty() => Err(Error::no_scenario()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Engine").field("classes", &self.classes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use katydid_plan::Target;

    use super::*;
    use crate::shape::Steady;
    use crate::user::User;
    use crate::watch::{Command, Progress};

    struct Named(&'static str);

    impl Scenario for Named {
        fn name(&self) -> &str {
            self.0
        }

        async fn run_user(&self, _user: &User) {}
    }

    struct Blind;

    impl Watch for Blind {
        fn watch(&mut self, _progress: &Progress<'_>) -> Command {
            Command::Continue
        }
    }

    fn settings() -> RunSettings {
        RunSettings {
            run_time: Some(Duration::ZERO),
            ..RunSettings::new(Steady(Target { users: 1, rate: 1.0 }))
        }
    }

    #[test]
    fn chooses_scenarios_by_name() {
        let mut engine = Engine::new().with(Named("A")).with(Named("B"));
        engine.choose(&["B".into()]).expect("B exists");
        assert_eq!(engine.classes(), [UserClass::weighted("B", 1.0)]);
        assert!(engine.choose(&["A".into()]).is_err(), "A is gone");
    }

    #[test]
    fn refuses_runs_that_cannot_be_told_apart_or_have_nobody() {
        let twins = Engine::new().with(Named("A")).with(Named("A"));
        assert!(twins.run(settings(), &mut Blind).is_err_and(|error| error.is_usage()));
        assert!(Engine::new().run(settings(), &mut Blind).is_err_and(|error| error.is_usage()));
    }

    #[test]
    fn refuses_a_host_that_is_no_url() {
        let engine = Engine::new().with(Named("A"));
        let result = engine.run(RunSettings { host: Some("shop.example".into()), ..settings() }, &mut Blind);
        assert!(result.is_err_and(|error| error.is_usage() && error.to_string().contains("shop.example")));
    }
}
