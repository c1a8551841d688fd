//! Verdicts as Python sees them: the grammars of stages and thresholds, suite files, and the judge of a run.

use std::sync::{Mutex, MutexGuard, PoisonError};

use katydid_plan::suite::{self, Context, Scenario, Setting};
use katydid_plan::{Level, Threshold, stages, threshold};
use katydid_report::verdict::{
    self as judging, Finding, PlannedLevel, Reference, Verdict, console, junit, markdown,
};
use katydid_stats::RunStats;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::stats::RequestStats;

/// Raises ValueError, with the place and the fix, for text that is no list of levels.
#[pyfunction]
fn check_stages(text: &str) -> PyResult<()> {
    stages::parse(text).map(drop).map_err(refused)
}

/// Raises ValueError, with the place and the fix, for text that is no threshold.
#[pyfunction]
fn check_threshold(text: &str) -> PyResult<()> {
    threshold::parse(text).map(drop).map_err(refused)
}

fn refused(error: impl ToString) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A suite file with one of its profiles applied.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct Suite(suite::Suite);

/// The value of an option, as configuration files have it.
#[derive(IntoPyObject)]
enum Values {
    One(String),
    Many(Vec<String>),
}

#[pymethods]
impl Suite {
    /// Reads a file's text. Raises ValueError with line, column, key and fix.
    #[new]
    fn new(text: &str, profile: Option<&str>, options: Vec<String>) -> PyResult<Self> {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        suite::read(text, Context { profile, options: &options }).map(Self).map_err(refused)
    }

    /// Options of the command, called as there without the dashes.
    #[getter]
    fn options(&self) -> Vec<(String, Values)> {
        let value = |setting: &Setting| match setting {
            Setting::One(text) => Values::One(text.clone()),
            Setting::Many(texts) => Values::Many(texts.clone()),
        };
        self.0.options.iter().map(|(name, setting)| (name.clone(), value(setting))).collect()
    }

    /// The profile that was applied.
    #[getter]
    fn profile(&self) -> Option<&str> {
        self.0.profile.as_deref()
    }

    /// All profiles of the file.
    #[getter]
    fn profiles(&self) -> Vec<String> {
        self.0.profiles.clone()
    }
}

/// Judges one run. `katydid.verdict.watch` tells it when the run begins and ends.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct Judge {
    judge: Mutex<judging::Judge>,
    scenarios: Vec<Scenario>,
}

/// One level as Python gets it: title, users, rate, seconds, index and name of the scenario, its classes, its host.
type LevelFields = (String, u64, f64, f64, usize, String, Vec<String>, Option<String>);

impl Judge {
    fn lock(&self) -> MutexGuard<'_, judging::Judge> {
        self.judge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `act` with the judge and with the statistics of all requests and of the users' classes.
    fn with<R>(
        &self,
        stats: &Bound<'_, RequestStats>,
        users: &[Bound<'_, RequestStats>],
        act: impl FnOnce(&mut judging::Judge, &[&RunStats]) -> R,
    ) -> R {
        let of_users: Vec<RunStats> = users.iter().map(|stats| stats.get().read(Clone::clone)).collect();
        let mut judge = self.lock();
        stats.get().read(|all| {
            let sources: Vec<&RunStats> = [all].into_iter().chain(&of_users).collect();
            act(&mut judge, &sources)
        })
    }

    fn told<R>(&self, tell: impl FnOnce(&Verdict) -> R) -> Option<R> {
        self.lock().verdict().map(tell)
    }
}

#[pymethods]
impl Judge {
    /// A judge of what a suite file asks and of further thresholds; `stages` take the place of the file's load.
    #[new]
    fn new(
        suite: Option<&Bound<'_, Suite>>,
        stages: Option<&str>,
        thresholds: Vec<String>,
    ) -> PyResult<Self> {
        let suite = suite.map(|suite| suite.get().0.clone()).unwrap_or_default();
        let (mut asked, mut scenarios) = (suite.thresholds, suite.scenarios);
        if let Some(text) = stages {
            let levels: Vec<Level> = stages::parse(text).map_err(refused)?;
            scenarios = vec![Scenario { levels, ..Scenario::default() }];
            asked.retain(|threshold| !threshold.scope.is_of_levels());
        }
        for text in &thresholds {
            let threshold: Threshold = threshold::parse(text).map_err(refused)?;
            asked.push(threshold);
        }
        let judge = judging::Judge::try_new(asked, &scenarios).map_err(refused)?;
        Ok(Self { judge: Mutex::new(judge), scenarios })
    }

    /// All levels, in the order in which they run.
    #[getter]
    fn levels(&self) -> Vec<LevelFields> {
        let judge = self.lock();
        let mut titles = judge.levels().iter().map(PlannedLevel::title);
        let mut fields = Vec::new();
        for (index, scenario) in self.scenarios.iter().enumerate() {
            for level in &scenario.levels {
                let title = titles.next().unwrap_or_default();
                let seconds = level.length.as_secs_f64();
                let name = scenario.name.clone().unwrap_or_default();
                let (classes, host) = (scenario.classes.clone(), scenario.host.clone());
                fields.push((title, level.users, level.rate, seconds, index, name, classes, host));
            }
        }
        fields
    }

    /// The classes of users whose statistics are wanted beside those of all.
    #[getter]
    fn users(&self) -> Vec<String> {
        self.lock().users().to_vec()
    }

    /// Was anything asked of the run?
    #[getter]
    fn asks(&self) -> bool {
        self.lock().asks()
    }

    /// Does `tick` have to be called once a second?
    #[getter]
    fn needs_ticks(&self) -> bool {
        self.lock().needs_ticks()
    }

    /// Compares levels with those of a baseline in place of the first of their scenario: scenario, users, and 95th
    /// percentile in milliseconds of each.
    fn compare_with(&self, baseline: Vec<(String, u64, Option<f64>)>) {
        let reference = |(scenario, users, p95_ms)| Reference { scenario, users, p95_ms };
        self.lock().compare_with(&baseline.into_iter().map(reference).collect::<Vec<_>>());
    }

    /// The run begins.
    fn begin(&self, stats: &Bound<'_, RequestStats>, users: Vec<Bound<'_, RequestStats>>, now: f64) {
        self.with(stats, &users, |judge, sources| judge.begin(sources, now));
    }

    /// A level begins.
    fn begin_level(
        &self,
        index: usize,
        stats: &Bound<'_, RequestStats>,
        users: Vec<Bound<'_, RequestStats>>,
        now: f64,
    ) {
        self.with(stats, &users, |judge, sources| judge.begin_level(index, sources, now));
    }

    /// The level ends, complete.
    fn end_level(&self, stats: &Bound<'_, RequestStats>, users: Vec<Bound<'_, RequestStats>>, now: f64) {
        self.with(stats, &users, |judge, sources| judge.end_level(sources, now, true));
    }

    /// The load ends: users end what they began.
    fn stop(&self, now: f64) {
        self.lock().stop(now);
    }

    /// Looks at a run that goes on. Returns why it should end, if it should.
    fn tick(
        &self,
        stats: &Bound<'_, RequestStats>,
        users: Vec<Bound<'_, RequestStats>>,
        now: f64,
    ) -> Option<String> {
        self.with(stats, &users, |judge, sources| judge.tick(sources, now))
    }

    /// How things stand, as JSON, while the run goes on; the verdict, once it is over.
    fn standing(
        &self,
        stats: &Bound<'_, RequestStats>,
        users: Vec<Bound<'_, RequestStats>>,
        now: f64,
    ) -> String {
        self.with(stats, &users, |judge, sources| judge.standing(sources, now).json())
    }

    /// The run is over. Returns whether all that was asked was met.
    fn finish(&self, stats: &Bound<'_, RequestStats>, users: Vec<Bound<'_, RequestStats>>, now: f64) -> bool {
        self.with(stats, &users, |judge, sources| judge.finish(sources, now).passed)
    }

    /// Adds what else decided on a run that is over: `rule`, `tasks` or `baseline`, what was asked, what was found.
    fn add(&self, kind: String, name: String, said: String, passed: bool) {
        self.lock().add(Finding { kind, name, said, passed });
    }

    /// Does a threshold say how many requests of the run may fail?
    #[getter]
    fn judges_failures(&self) -> bool {
        self.told(|verdict| verdict.judges_failures).unwrap_or(false)
    }

    /// The verdict in one line; None before the end.
    fn line(&self) -> Option<String> {
        self.told(Verdict::line)
    }

    /// Levels, thresholds and verdict for the console; nothing before the end.
    fn lines(&self) -> Vec<String> {
        self.told(console::lines).unwrap_or_default()
    }

    /// The verdict as JSON; None before the end.
    fn json(&self) -> Option<String> {
        self.told(Verdict::json)
    }

    /// The verdict as Markdown; None before the end.
    fn markdown(&self, title: &str) -> Option<String> {
        self.told(|verdict| markdown::text(verdict, title))
    }

    /// The verdict as JUnit XML; None before the end.
    fn junit(&self, suite: &str) -> Option<String> {
        self.told(|verdict| junit::text(verdict, suite))
    }
}

/// Adds the classes and functions of this module to `katydid._core`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Suite>()?;
    module.add_class::<Judge>()?;
    module.add_function(wrap_pyfunction!(check_stages, module)?)?;
    module.add_function(wrap_pyfunction!(check_threshold, module)?)
}
