//! How does a run stand that is not over? What its verdict would be, with what is not known yet.
//!
//! What a maintainer must not break: nothing here changes what the judge will find in the end, and the statistics of
//! all names are not copied for it.

use katydid_plan::threshold::Metric;
use katydid_stats::Entry;

use super::level::{LevelState, Sum};
use super::outcome::State;
use super::watch::Watch;
use super::{Judge, LevelRow, Outcome, PlannedLevel, Sources, Verdict, shown};

/// The level that runs, as far as it got.
pub(super) struct Running {
    index: usize,
    total: Entry,
    seconds: f64,
}

impl Judge {
    /// How things stand at `now`; the verdict, once the run is over.
    pub fn standing(&self, sources: &Sources<'_>, now: f64) -> Verdict {
        if let Some(verdict) = &self.verdict {
            return verdict.clone();
        }
        let now = self.stopped_at.unwrap_or(now);
        let running = self.running(sources, now);
        let thresholds: Vec<Outcome> = self
            .watches
            .iter()
            .map(|watch| self.outcome_so_far(watch, running.as_ref(), sources, now))
            .collect();
        let levels = self.rows(running.as_ref());
        let is_fine =
            thresholds.iter().all(|outcome| outcome.passed) && levels.iter().all(|level| level.passed);
        Verdict { is_over: false, passed: is_fine, ..self.framed(sources, now, thresholds, levels) }
    }

    fn running(&self, sources: &Sources<'_>, now: f64) -> Option<Running> {
        let (current, all) = (self.current.as_ref()?, sources.first()?.total());
        let before = current.before.total();
        let is_reset = all.started_at != before.started_at;
        let fresh = Entry::new("", "", all.started_at, 1);
        let total = all.since(if is_reset { &fresh } else { before }, all.started_at);
        let begun_at = if is_reset { current.begun_at.max(all.started_at) } else { current.begun_at };
        Some(Running { index: current.index, total, seconds: now - begun_at })
    }

    /// The levels that are over, the one that runs, and those that come.
    pub(super) fn rows(&self, running: Option<&Running>) -> Vec<LevelRow> {
        let nothing = Entry::new("", "", 0.0, 1);
        let row = |(index, _): (usize, &PlannedLevel)| {
            if let Some(results) = self.results.iter().find(|results| results.index == index) {
                return self.row(&results.sum());
            }
            let coming = Sum { index, total: &nothing, seconds: 0.0, state: LevelState::Coming };
            let running = running.filter(|running| running.index == index);
            self.row(&running.map_or(coming, Running::sum))
        };
        self.levels.iter().enumerate().map(row).collect()
    }

    fn outcome_so_far(
        &self,
        watch: &Watch,
        running: Option<&Running>,
        sources: &Sources<'_>,
        now: f64,
    ) -> Outcome {
        let reading = match (watch.threshold.metric, running) {
            (Metric::Degradation, Some(running)) if watch.level == Some(running.index) => {
                let degradation = self.degradation(running.index, &running.total);
                degradation.map(|share| watch.reading(String::new(), Some(share), now))
            }
            (Metric::Degradation, _) => None,
            _ => watch.now(sources, now),
        };
        let worst = watch.worst_with(reading.as_ref());
        let title = worst.and_then(|worst| self.levels.get(worst.level?)).map(PlannedLevel::title);
        let outcome = Outcome::of(&watch.threshold, worst, title, self.begun_at);
        let state = worst.map_or(State::Waiting, |_| outcome.state);
        let value = reading.and_then(|reading| reading.value);
        Outcome {
            passed: state != State::Broken,
            state,
            now: value,
            now_shown: value.map(|value| shown(value, watch.threshold.metric.unit())),
            ..outcome
        }
    }
}

impl Running {
    fn sum(&self) -> Sum<'_> {
        Sum { index: self.index, total: &self.total, seconds: self.seconds, state: LevelState::Running }
    }
}
