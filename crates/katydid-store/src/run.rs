//! What is known of a run, beside its measurements?

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Seconds without a word after which a run that has not ended counts as unfinished.
const SILENT_S: f64 = 45.0;

/// The number of a run in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What is known as a run begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// When it began, in Unix seconds.
    pub started_at: f64,
    /// The locustfile's name.
    pub locustfile: String,
    /// What is tested.
    pub host: String,
    /// The name of this kind of run.
    pub profile: String,
    /// The options, without secrets.
    pub options: Map<String, Value>,
    /// System, processors, interpreter.
    pub environment: Map<String, Value>,
    /// Revision, branch, and whether there were changes; empty outside of a repository.
    pub git: Map<String, Value>,
    /// Our version and those of what we build on.
    pub versions: Map<String, Value>,
}

/// What is known as a run ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct End {
    /// When, in Unix seconds.
    pub at: f64,
    /// The process's exit code, where the run decided it.
    pub exit_code: Option<i64>,
    /// Thresholds and comparisons, as JSON.
    pub verdict: Option<Value>,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It goes on.
    Running,
    /// It ended in order.
    Finished,
    /// Its process ended without a word: what it measured in its last stretch is missing.
    Unfinished,
}

impl State {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Unfinished => "unfinished",
        }
    }
}

/// One run in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Did it end in order? See [`Run::state`].
    pub is_finished: bool,
    /// When something was written last, in Unix seconds.
    pub seen_at: f64,
    /// When it ended.
    pub ended_at: Option<f64>,
    /// What was known as it began.
    pub about: About,
    /// Most users that ran at once.
    pub users: u64,
    /// Requests since the last reset, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// The process's exit code.
    pub exit_code: Option<i64>,
    /// Thresholds and comparisons.
    pub verdict: Option<Value>,
}

impl Run {
    /// How far it came, as of `now` in Unix seconds.
    pub fn state(&self, now: f64) -> State {
        match self.is_finished {
            true => State::Finished,
            false if now - self.seen_at < SILENT_S => State::Running,
            false => State::Unfinished,
        }
    }

    /// How long it took, or has taken.
    pub fn seconds(&self) -> f64 {
        (self.ended_at.unwrap_or(self.seen_at) - self.about.started_at).max(0.0)
    }
}

/// A load that was held for a while.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Level {
    /// Counted from one.
    pub number: u64,
    /// The scenario that it belongs to; empty where the run has none.
    pub scenario: String,
    /// For a reader.
    pub label: String,
    /// Users that it aimed at.
    pub users: u64,
    /// Its beginning, in Unix seconds.
    pub from: f64,
    /// Its end; `None` while it lasts.
    pub until: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_run_is_unfinished() {
        let run = Run {
            id: RunId(1),
            is_finished: false,
            seen_at: 1000.0,
            ended_at: None,
            about: About { started_at: 900.0, ..About::default() },
            users: 0,
            requests: 0,
            failures: 0,
            exit_code: None,
            verdict: None,
        };
        assert_eq!((run.state(1010.0), run.state(1060.0)), (State::Running, State::Unfinished));
        assert_eq!(run.seconds(), 100.0);
        assert_eq!(Run { is_finished: true, ..run }.state(9999.0), State::Finished);
    }
}
