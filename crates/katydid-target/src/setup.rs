//! What is a server built from? The seed, the tokens and the laws that replace its own.

use crate::{Error, Kind, Law, Rule, chance};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the options say to one server.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    pub(crate) seed: u64,
    pub(crate) tokens: Vec<String>,
    pub(crate) laws: Vec<Rule<Law>>,
}

impl Setup {
    /// The law that the options give under a name, or else the server's own, ready to be waited for.
    pub(crate) fn timer(&self, name: &str, own: Law) -> Timer {
        let given = self.laws.iter().rev().find(|rule| rule.place.name() == Some(name));
        Timer::new(given.map_or(own, |rule| rule.what.clone()), self.seed ^ chance::of_text(name))
    }

    /// Complains of a name that none of the servers knows.
    pub(crate) fn check(&self, servers: &[Kind]) -> Result<(), Error> {
        let known: Vec<_> = servers.iter().flat_map(|kind| kind.law_names()).copied().collect();
        match self.laws.iter().filter_map(|rule| rule.place.name()).find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) if known.is_empty() => {
                Err(Error::usage(format!("this server has no law named '{name}'")))
            }
            Some(name) => {
                Err(Error::usage(format!("no law is named '{name}'; there are {}", known.join(", "))))
            }
        }
    }
}

/// A law in use: counts the answers it has delayed.
#[derive(Debug)]
pub(crate) struct Timer {
    law: Law,
    seed: u64,
    count: AtomicU64,
}

impl Timer {
    pub(crate) fn new(law: Law, seed: u64) -> Self {
        Self { law, seed, count: AtomicU64::new(0) }
    }

    /// The delay of the next answer.
    pub(crate) fn draw(&self) -> Duration {
        self.law.delay(self.seed, self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// Waits for as long as the law says, and returns how long that was.
    pub(crate) async fn wait(&self) -> Duration {
        let delay = self.draw();
        pause(delay).await;
        delay
    }
}

/// Sleeps, but not for nothing: a zero sleep would still cost a timer.
pub(crate) async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(rules: &[&str]) -> Setup {
        Setup { laws: rules.iter().map(|rule| rule.parse().expect("a rule")).collect(), ..Setup::default() }
    }

    #[test]
    fn the_last_law_of_a_name_replaces_the_servers_own() {
        let own = || Law::Fixed(Duration::from_millis(1));
        let setup = setup(&["fixed:9ms", "model-a=fixed:2ms", "model-a=fixed:3ms"]);
        assert_eq!(setup.timer("model-a", own()).draw(), Duration::from_millis(3));
        assert_eq!(setup.timer("model-b", own()).draw(), Duration::from_millis(1));
    }

    #[test]
    fn an_unknown_name_is_refused() {
        assert!(setup(&["model-a=fixed:2ms", "/x=fixed:1ms"]).check(&[Kind::Agent]).is_ok());
        let error = setup(&["model-c=fixed:2ms"]).check(&[Kind::Agent]).expect_err("unknown");
        assert_eq!(error.to_string(), "no law is named 'model-c'; there are model-a, model-b");
        assert!(setup(&["model-a=fixed:2ms"]).check(&[Kind::Shop]).is_err());
    }
}
