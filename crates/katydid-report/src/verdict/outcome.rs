//! What is said of a run in the end.

use katydid_plan::Threshold;
use katydid_plan::threshold::Unit;
use serde::Serialize;

use super::LevelRow;
use super::watch::Reading;

/// Whether a run met what was asked of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Is the run over? Otherwise this is how things stand.
    pub is_over: bool,
    /// Was anything asked?
    pub is_asked: bool,
    /// Was all of it met?
    pub passed: bool,
    /// Why the run ended early.
    pub aborted: Option<String>,
    /// Did a threshold say how many requests of the run may fail?
    pub judges_failures: bool,
    /// Requests of the run, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// How long it lasted.
    pub seconds: f64,
    /// Each threshold.
    pub thresholds: Vec<Outcome>,
    /// Each level that began, and each that should have and has an allowance.
    pub levels: Vec<LevelRow>,
    /// What else decided, once the run is over.
    pub findings: Vec<Finding>,
}

/// Something beside thresholds and levels that decides on a run: a rule, exceptions of tasks, a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// One word: `rule`, `tasks`, `baseline`.
    pub kind: String,
    /// What was asked.
    pub name: String,
    /// What was found: one line, and below it one for each thing to name.
    pub said: String,
    /// Is it as it should be?
    pub passed: bool,
}

impl Verdict {
    /// All of it, for programs.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "null".into())
    }

    /// All in one line.
    pub fn line(&self) -> String {
        if !self.is_asked && self.passed {
            return "nothing was asked".into();
        }
        let broken = self.thresholds.iter().filter(|outcome| !outcome.passed).count();
        let missed = self.levels.iter().filter(|level| !level.has_begun()).count();
        let slow = self.levels.iter().filter(|level| level.has_begun() && !level.is_allowed()).count();
        let mut parts = Vec::new();
        if broken > 0 {
            parts.push(format!("{broken} of {} thresholds broken", self.thresholds.len()));
        }
        if slow > 0 {
            parts.push(format!("{slow} of {} levels slower than allowed", self.levels.len()));
        }
        if missed > 0 {
            parts.push(format!("{missed} of {} levels not reached", self.levels.len()));
        }
        parts.extend(self.findings.iter().filter(|finding| !finding.passed).map(Finding::text));
        if self.aborted.is_some() {
            parts.push("the run was ended early".into());
        }
        match (self.passed, parts.is_empty()) {
            (true, true) => "passed".into(),
            (true, false) => format!("passed ({})", parts.join(", ")),
            (false, _) => format!("failed ({})", parts.join(", ")),
        }
    }
}

impl Finding {
    /// Name and finding in one line.
    pub fn text(&self) -> String {
        format!("{}: {}", self.name, self.said.lines().next().unwrap_or_default())
    }
}

/// How a threshold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is nothing to judge yet.
    Waiting,
    /// It is met, or was until now.
    Met,
    /// It is not met. What is judged from the beginning on can still get better.
    Broken,
}

/// What became of one threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The threshold.
    pub text: String,
    /// Was it met? While the run goes on: is it not broken?
    pub passed: bool,
    /// The same with what is not known yet.
    pub state: State,
    /// The worst that was measured, in `unit`; none where nothing was.
    pub value: Option<f64>,
    /// The limit, in `unit`.
    pub limit: f64,
    /// The limit, for readers.
    pub limit_shown: String,
    /// What is measured at the moment, in `unit`; none once the run is over.
    pub now: Option<f64>,
    /// The same, for readers.
    pub now_shown: Option<String>,
    /// `ms`, `share` (of one), `count` or `per_s`.
    pub unit: &'static str,
    /// The worst, for readers.
    pub shown: String,
    /// Which level and name it was measured at; empty for the whole of what it is about.
    pub place: String,
    /// When it was measured, in seconds since the beginning of the run.
    pub at_s: Option<f64>,
}

impl Outcome {
    pub(super) fn of(
        threshold: &Threshold,
        worst: Option<&Reading>,
        level: Option<String>,
        begun_at: Option<f64>,
    ) -> Self {
        let unit = threshold.metric.unit();
        let value = worst.and_then(|worst| worst.value);
        let name = worst.map(|worst| worst.name.clone()).filter(|name| !name.is_empty());
        let passed = worst.is_some_and(|worst| worst.is_met);
        Self {
            text: threshold.text.clone(),
            passed,
            state: if passed { State::Met } else { State::Broken },
            value,
            limit: threshold.limit,
            limit_shown: shown(threshold.limit, unit),
            now: None,
            now_shown: None,
            unit: unit_name(unit),
            shown: value.map_or_else(|| "nothing was measured".into(), |value| shown(value, unit)),
            place: level.into_iter().chain(name).collect::<Vec<_>>().join(", "),
            at_s: worst.and_then(|worst| Some(worst.at - begun_at?)),
        }
    }

    pub(super) fn not_reached(threshold: &Threshold, level: Option<String>) -> Self {
        let shown = "the level was not reached".into();
        Self { passed: false, shown, ..Self::of(threshold, None, level, None) }
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Milliseconds => "ms",
        Unit::Share => "share",
        Unit::Count => "count",
        Unit::PerSecond => "per_s",
    }
}

/// A number in a unit, for readers.
pub fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Milliseconds if value >= 1000.0 => format!("{:.3} s", value / 1000.0),
        Unit::Milliseconds if value >= 100.0 => format!("{value:.1} ms"),
        Unit::Milliseconds => format!("{value:.2} ms"),
        Unit::Share => format!("{:.2} %", value * 100.0),
        Unit::Count => format!("{value:.0}"),
        Unit::PerSecond => format!("{value:.2}/s"),
    }
}
