//! Did a run meet what was asked of it? Thresholds and levels, judged on statistics while they grow.
//!
//! A [`Judge`] is told when the run and its levels begin and end, and looks at the statistics once a second if a threshold
//! needs that; it has no clock. What it finds is a [`Verdict`], which [`console`], [`markdown`] and [`junit`] tell.
//!
//! What a maintainer must not break: what was not measured is not met.

pub mod console;
pub mod junit;
mod level;
pub mod markdown;
mod measure;
mod outcome;
mod standing;
mod watch;

use katydid_plan::suite::Scenario;
use katydid_plan::threshold::Metric;
use katydid_plan::{Level, Threshold};
use katydid_stats::{Entry, RunStats};

pub use level::LevelRow;
pub use outcome::{Finding, Outcome, State, Verdict, shown};

use crate::compare::ALLOWED_BY_LEVEL;
use crate::compare::pairing::{Load, partners};
use level::{Results, Sum};
use watch::{Reading, Watch};

/// The statistics to judge: those of all requests, then those of each class in [`Judge::users`].
pub type Sources<'a> = [&'a RunStats];

/// A level with its place in the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedLevel {
    /// The scenario's name.
    pub scenario: Option<String>,
    /// Its number within the scenario, from 1.
    pub number: usize,
    /// What it is.
    pub level: Level,
}

impl PlannedLevel {
    /// What it is called: `level 2`, `calm`, `api: level 2`.
    pub fn title(&self) -> String {
        let own = match &self.level.name {
            Some(name) => name.clone(),
            None => format!("level {}", self.number),
        };
        self.scenario.as_ref().map_or(own.clone(), |scenario| format!("{scenario}: {own}"))
    }

    fn load(&self) -> Load<'_> {
        Load { scenario: self.scenario.as_deref().unwrap_or_default(), users: self.level.users }
    }
}

/// A level of a baseline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// Its scenario; empty where there was none.
    pub scenario: String,
    /// Users that it aimed at.
    pub users: u64,
    /// Its 95th percentile; `None` if nothing was measured.
    pub p95_ms: Option<f64>,
}

impl Reference {
    fn load(&self) -> Load<'_> {
        Load { scenario: &self.scenario, users: self.users }
    }
}

/// Watches one run.
///
/// # Accuracy
/// Rates are per second of the time that was judged. The rest is as exact as the statistics; of a level or a window, that
/// is as their differences are ([`Entry::since`]). Windows move once a second, those above a minute by a sixtieth of their
/// length.
#[derive(Clone, Debug)]
pub struct Judge {
    watches: Vec<Watch>,
    levels: Vec<PlannedLevel>,
    users: Vec<String>,
    /// What each level is held against in place of the first of its scenario.
    baseline: Option<Vec<Option<f64>>>,
    results: Vec<Results>,
    current: Option<Current>,
    begun_at: Option<f64>,
    /// When its users were told to end.
    stopped_at: Option<f64>,
    aborted: Option<String>,
    verdict: Option<Verdict>,
}

#[derive(Clone, Debug)]
struct Current {
    index: usize,
    begun_at: f64,
    before: RunStats,
}

impl Judge {
    /// A judge of these thresholds and of the levels of these scenarios.
    ///
    /// # Errors
    /// A threshold of a level that there is not: one line.
    pub fn try_new(thresholds: Vec<Threshold>, scenarios: &[Scenario]) -> Result<Self, String> {
        let levels: Vec<PlannedLevel> = scenarios.iter().flat_map(planned).collect();
        for threshold in &thresholds {
            refuse_unknown_level(threshold, &levels)?;
        }
        let mut users: Vec<String> = Vec::new();
        for user in thresholds.iter().filter_map(|threshold| threshold.scope.user.as_ref()) {
            if !users.contains(user) {
                users.push(user.clone());
            }
        }
        let source = |threshold: &Threshold| match &threshold.scope.user {
            Some(user) => users.iter().position(|known| known == user).map_or(0, |index| index + 1),
            None => 0,
        };
        let watches =
            thresholds.into_iter().map(|threshold| Watch::new(source(&threshold), threshold)).collect();
        Ok(Self {
            watches,
            levels,
            users,
            baseline: None,
            results: Vec::new(),
            current: None,
            begun_at: None,
            stopped_at: None,
            aborted: None,
            verdict: None,
        })
    }

    /// The classes of users whose statistics are wanted beside those of all.
    pub fn users(&self) -> &[String] {
        &self.users
    }

    /// All levels, in the order in which they run.
    pub fn levels(&self) -> &[PlannedLevel] {
        &self.levels
    }

    /// Was anything asked of the run?
    pub fn asks(&self) -> bool {
        !self.watches.is_empty() || self.levels.iter().any(|planned| planned.level.allowance.is_some())
    }

    /// Does [`Self::tick`] have to be called?
    pub fn needs_ticks(&self) -> bool {
        self.watches.iter().any(Watch::needs_ticks)
    }

    /// Compares levels with those of a baseline in place of the first of their scenario; see
    /// [`pairing`](crate::compare::pairing) for which belongs to which. A level that is held against another load, and that
    /// nobody gave an allowance, gets that of [`ALLOWED_BY_LEVEL`].
    pub fn compare_with(&mut self, baseline: &[Reference]) {
        let before: Vec<Load<'_>> = baseline.iter().map(Reference::load).collect();
        let after: Vec<Load<'_>> = self.levels.iter().map(PlannedLevel::load).collect();
        let partners = partners(&before, &after);
        for (planned, partner) in self.levels.iter_mut().zip(&partners) {
            let Some(partner) = partner.filter(|partner| !partner.is_alike) else { continue };
            let allowed = ALLOWED_BY_LEVEL[partner.place.min(ALLOWED_BY_LEVEL.len() - 1)];
            planned.level.allowance.get_or_insert(allowed);
        }
        let p95_ms = |at: usize| baseline[at].p95_ms.filter(|p95| *p95 > 0.0);
        self.baseline =
            Some(partners.iter().map(|partner| partner.and_then(|partner| p95_ms(partner.at))).collect());
    }

    /// The run begins at `now`, in Unix seconds; what was known of an earlier one is forgotten.
    pub fn begin(&mut self, sources: &Sources<'_>, now: f64) {
        self.results.clear();
        (self.current, self.aborted, self.verdict) = (None, None, None);
        (self.begun_at, self.stopped_at) = (Some(now), None);
        for watch in &mut self.watches {
            watch.forget();
            if !watch.threshold.scope.is_of_levels() {
                watch.begin(sources, None, now);
            }
        }
    }

    /// A level begins, and the one before it ends.
    pub fn begin_level(&mut self, index: usize, sources: &Sources<'_>, now: f64) {
        self.end_level(sources, now, true);
        let (Some(all), Some(planned)) = (sources.first(), self.levels.get(index)) else { return };
        self.current = Some(Current { index, begun_at: now, before: (*all).clone() });
        for watch in self.watches.iter_mut().filter(|watch| has_level(watch, planned)) {
            watch.begin(sources, Some(index), now);
        }
    }

    /// The level ends, complete or cut short.
    pub fn end_level(&mut self, sources: &Sources<'_>, now: f64, is_complete: bool) {
        let Some(current) = self.current.take() else { return };
        let Some(all) = sources.first() else { return };
        let stats = all.since(&current.before);
        let reset_at = Some(all.total().started_at).filter(|at| *at != current.before.total().started_at);
        let seconds = now - reset_at.map_or(current.begun_at, |at| at.max(current.begun_at));
        let results = Results { index: current.index, stats, seconds, is_complete };
        let degradation = self.degradation(results.index, results.stats.total());
        let is_reference = self.is_reference(current.index);
        self.results.push(results);
        for watch in self.watches.iter_mut().filter(|watch| watch.level == Some(current.index)) {
            match watch.threshold.metric {
                Metric::Degradation if is_reference => watch.skip(),
                Metric::Degradation => watch.note(degradation, now),
                _ => watch.end(sources, now),
            }
        }
    }

    /// The load ends at `now`: what users began they end, and its requests still count, but the time that follows is no
    /// part of rates, windows and levels.
    pub fn stop(&mut self, now: f64) {
        self.stopped_at.get_or_insert(now);
    }

    /// Looks at what has to be looked at while the run goes on. Returns why the run should end, if it should.
    pub fn tick(&mut self, sources: &Sources<'_>, now: f64) -> Option<String> {
        if self.stopped_at.is_some() {
            return None;
        }
        let mut reason = None;
        for watch in &mut self.watches {
            if let Some(value) = watch.tick(sources, now) {
                let shown = shown(value, watch.threshold.metric.unit());
                reason.get_or_insert_with(|| format!("{} is broken: {shown}", watch.threshold.text));
            }
        }
        self.aborted = self.aborted.take().or_else(|| reason.clone());
        reason
    }

    /// The run is over. Says the same again when it is asked again.
    pub fn finish(&mut self, sources: &Sources<'_>, now: f64) -> &Verdict {
        let now = self.stopped_at.unwrap_or(now);
        if self.verdict.is_none() {
            self.end_level(sources, now, false);
            for watch in &mut self.watches {
                if !watch.threshold.scope.is_of_levels() {
                    watch.end(sources, now);
                }
            }
        }
        let verdict = self.verdict.take().unwrap_or_else(|| self.judged(sources, now));
        self.verdict.insert(verdict)
    }

    /// Adds what else decided on a run that is over.
    pub fn add(&mut self, finding: Finding) {
        if let Some(verdict) = &mut self.verdict {
            verdict.passed &= finding.passed;
            verdict.findings.push(finding);
        }
    }

    /// The verdict, once the run is over.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// The results of the levels that have ended, by the index of the level.
    pub fn level_stats(&self) -> impl Iterator<Item = (usize, &RunStats)> {
        self.results.iter().map(|results| (results.index, &results.stats))
    }

    fn judged(&self, sources: &Sources<'_>, now: f64) -> Verdict {
        let thresholds: Vec<Outcome> = self.watches.iter().map(|watch| self.outcome(watch)).collect();
        let mut levels = self.rows(None);
        levels.retain(|level| level.has_begun() || level.allowance.is_some());
        for level in levels.iter_mut().filter(|level| !level.has_begun()) {
            level.passed = false;
        }
        let passed =
            thresholds.iter().all(|outcome| outcome.passed) && levels.iter().all(|level| level.is_allowed());
        Verdict { passed, ..self.framed(sources, now, thresholds, levels) }
    }

    /// A verdict that passed, of these thresholds and levels.
    fn framed(
        &self,
        sources: &Sources<'_>,
        now: f64,
        thresholds: Vec<Outcome>,
        levels: Vec<LevelRow>,
    ) -> Verdict {
        let total = sources.first().map(|stats| stats.total());
        Verdict {
            is_over: true,
            is_asked: self.asks(),
            passed: true,
            aborted: self.aborted.clone(),
            judges_failures: self.watches.iter().any(|watch| watch.threshold.judges_failures()),
            requests: total.map_or(0, |total| total.requests),
            failures: total.map_or(0, |total| total.failures),
            seconds: self.begun_at.map_or(0.0, |begun_at| (now - begun_at).max(0.0)),
            thresholds,
            levels,
            findings: Vec::new(),
        }
    }

    /// One threshold: the worst that was seen, and every level that should have been seen.
    fn outcome(&self, watch: &Watch) -> Outcome {
        let missed = self.levels.iter().enumerate().find(|(index, planned)| {
            has_level(watch, planned) && self.results.iter().all(|results| results.index != *index)
        });
        let title = |index: usize| self.levels.get(index).map(PlannedLevel::title);
        match missed.filter(|_| watch.threshold.scope.is_of_levels()) {
            Some((index, _)) => Outcome::not_reached(&watch.threshold, title(index)),
            None => Outcome::of(
                &watch.threshold,
                watch.worst(),
                watch.worst().and_then(|worst| title(worst.level?)),
                self.begun_at,
            ),
        }
    }

    fn row(&self, sum: &Sum<'_>) -> LevelRow {
        let planned = &self.levels[sum.index];
        let reference =
            if self.baseline.is_some() { "the baseline".into() } else { self.first_of(planned).title() };
        let of_level = |watch: &&Watch| watch.readings.iter().any(|reading| is_broken_in(reading, sum.index));
        let broken = self.watches.iter().filter(of_level).map(|watch| watch.threshold.text.clone()).collect();
        let is_asked =
            planned.level.allowance.is_some() || self.watches.iter().any(|watch| has_level(watch, planned));
        let degradation = self.degradation(sum.index, sum.total);
        LevelRow::new(planned, sum, degradation, reference, broken, is_asked)
    }

    /// By which share the 95th percentile is above that of the first level of its scenario, or the baseline's.
    fn degradation(&self, level: usize, total: &Entry) -> Option<f64> {
        let planned = self.levels.get(level)?;
        let first = self.first_of(planned);
        let of_first = || {
            let first = self.results.iter().find(|other| self.levels[other.index] == *first)?;
            (first.index != level).then(|| p95_ms(first.stats.total())).flatten()
        };
        let reference = match &self.baseline {
            Some(baseline) => baseline.get(level).copied().flatten()?,
            None => of_first()?,
        };
        Some((p95_ms(total)? - reference) / reference).filter(|share| share.is_finite())
    }

    /// Is a level what the others of its scenario are compared with?
    fn is_reference(&self, index: usize) -> bool {
        let is_first = self.levels.get(index).is_some_and(|planned| self.first_of(planned) == planned);
        is_first && self.baseline.is_none()
    }

    fn first_of<'s>(&'s self, planned: &'s PlannedLevel) -> &'s PlannedLevel {
        self.levels.iter().find(|other| other.scenario == planned.scenario).unwrap_or(planned)
    }
}

fn planned(scenario: &Scenario) -> impl Iterator<Item = PlannedLevel> + '_ {
    let levels = scenario.levels.iter().enumerate();
    levels.map(|(index, level)| PlannedLevel {
        scenario: scenario.name.clone(),
        number: index + 1,
        level: level.clone(),
    })
}

fn p95_ms(entry: &Entry) -> Option<f64> {
    entry.percentile(0.95)
}

fn has_level(watch: &Watch, planned: &PlannedLevel) -> bool {
    let scope = &watch.threshold.scope;
    let name = planned.level.name.as_deref();
    scope.is_of_levels() && scope.has_level(planned.scenario.as_deref(), planned.number, name)
}

fn is_broken_in(reading: &Reading, level: usize) -> bool {
    reading.level == Some(level) && !reading.is_met
}

fn refuse_unknown_level(threshold: &Threshold, levels: &[PlannedLevel]) -> Result<(), String> {
    let scope = &threshold.scope;
    let exists = |planned: &PlannedLevel| {
        scope.has_level(planned.scenario.as_deref(), planned.number, planned.level.name.as_deref())
    };
    if !scope.is_of_levels() || levels.iter().any(exists) {
        return Ok(());
    }
    let known: Vec<String> = levels.iter().map(PlannedLevel::title).collect();
    let fix =
        if known.is_empty() { "give --stages".into() } else { format!("there are {}", known.join(", ")) };
    Err(format!("the threshold {} is of a level that there is not: {fix}", threshold.text))
}

#[cfg(test)]
mod tests;
