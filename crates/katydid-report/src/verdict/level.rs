//! What a level measured, as a row of a table.

use katydid_stats::{Entry, RunStats};
use serde::Serialize;

use super::PlannedLevel;

/// What was recorded between the ends of a level.
#[derive(Clone, Debug)]
pub(super) struct Results {
    pub(super) index: usize,
    pub(super) stats: RunStats,
    pub(super) seconds: f64,
    pub(super) is_complete: bool,
}

impl Results {
    /// All of its requests together.
    pub(super) fn sum(&self) -> Sum<'_> {
        let state = LevelState::Over { is_complete: self.is_complete };
        Sum { index: self.index, total: self.stats.total(), seconds: self.seconds, state }
    }
}

/// How far a level is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LevelState {
    Coming,
    Running,
    Over { is_complete: bool },
}

/// The requests of a level that is over, runs, or comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum<'a> {
    pub(super) index: usize,
    pub(super) total: &'a Entry,
    pub(super) seconds: f64,
    pub(super) state: LevelState,
}

/// The numbers of one level.
///
/// # Accuracy
/// A level lasts from before its users are started until the next one begins, so its numbers contain the ramp. Requests
/// belong to the level in which they ended. Rates are per second of that time. Where the statistics are reset when all users
/// run, a level begins then.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LevelRow {
    /// The scenario's name.
    pub scenario: Option<String>,
    /// Its number within the scenario, from 1.
    pub number: usize,
    /// What it is called.
    pub title: String,
    /// Users that it asked for.
    pub users: u64,
    /// How fast they were started.
    pub spawn_rate: f64,
    /// How far it is: `coming`, `running` or `over`.
    pub state: &'static str,
    /// How long it lasted.
    pub seconds: f64,
    /// Did it last as long as it should?
    pub is_complete: bool,
    /// Requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Failed requests per request.
    pub fail_ratio: f64,
    /// Requests per second.
    pub rps: f64,
    /// Mean response time.
    pub avg_ms: Option<f64>,
    /// Response times at these quantiles.
    pub p50_ms: Option<f64>,
    /// See `p50_ms`.
    pub p95_ms: Option<f64>,
    /// See `p50_ms`.
    pub p99_ms: Option<f64>,
    /// The longest response time.
    pub max_ms: Option<f64>,
    /// By which share the 95th percentile is above that of the reference; none for the reference itself.
    pub degradation: Option<f64>,
    /// What it is compared with.
    pub reference: String,
    /// What the degradation may be.
    pub allowance: Option<f64>,
    /// The thresholds that it broke.
    pub broken: Vec<String>,
    /// Was anything asked of it?
    pub is_asked: bool,
    /// Did it meet what was asked of it?
    pub passed: bool,
}

impl LevelRow {
    pub(super) fn new(
        planned: &PlannedLevel,
        sum: &Sum<'_>,
        degradation: Option<f64>,
        reference: String,
        broken: Vec<String>,
        is_asked: bool,
    ) -> Self {
        let Sum { total, seconds, state, .. } = *sum;
        let [p50_ms, p95_ms, p99_ms] = [0.5, 0.95, 0.99].map(|quantile| total.percentile(quantile));
        let timed = |ms: f64| (total.timed_requests() > 0).then_some(ms);
        let mut row = Self {
            scenario: planned.scenario.clone(),
            number: planned.number,
            title: planned.title(),
            users: planned.level.users,
            spawn_rate: planned.level.rate,
            state: match state {
                LevelState::Coming => "coming",
                LevelState::Running => "running",
                LevelState::Over { .. } => "over",
            },
            seconds,
            is_complete: state == LevelState::Over { is_complete: true },
            requests: total.requests,
            failures: total.failures,
            fail_ratio: total.fail_ratio(),
            rps: if seconds > 0.0 { total.requests as f64 / seconds } else { 0.0 },
            avg_ms: timed(total.average_ms()),
            p50_ms,
            p95_ms,
            p99_ms,
            max_ms: timed(total.max_ms),
            degradation,
            reference,
            allowance: planned.level.allowance,
            broken,
            is_asked,
            passed: false,
        };
        row.passed = row.broken.is_empty() && (row.is_allowed() || state == LevelState::Coming);
        row
    }

    /// Did it run, if only for a while?
    pub fn has_begun(&self) -> bool {
        self.state != "coming"
    }

    /// Is the degradation within its allowance? A level in which nothing was measured is not.
    pub fn is_allowed(&self) -> bool {
        self.allowance.is_none_or(|allowance| match self.degradation {
            Some(degradation) => degradation <= allowance,
            None => self.title == self.reference && self.p95_ms.is_some(),
        })
    }

    /// Why it did not pass, in words; empty if it did.
    pub fn reasons(&self) -> Vec<String> {
        let slower =
            self.allowance.filter(|_| !self.passed && !self.is_allowed()).map(|allowance| {
                match self.degradation {
                    Some(degradation) => format!(
                        "95th percentile {:+.0} % against {}, {:.0} % allowed",
                        degradation * 100.0,
                        self.reference,
                        allowance * 100.0
                    ),
                    None if !self.has_begun() => "the level was not reached".into(),
                    None => format!("nothing to compare with {}", self.reference),
                }
            });
        slower.into_iter().chain(self.broken.iter().map(|text| format!("{text} is broken"))).collect()
    }
}
