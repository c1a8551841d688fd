//! The run's statistics as Python sees them: [`RequestStats`], its [`StatsEntry`]s and the [`Recorder`].
//!
//! Everything lives in one [`RunStats`] behind a lock. What a maintainer must not break: the lock is never held across a
//! call into Python, which includes the drop of a Python object.

mod entry;
mod recorder;
mod tables;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use katydid_stats::locust::{error_key, without_address};
use katydid_stats::reclassified::Kind;
use katydid_stats::{ErrorId, ErrorStat, RunStats, Sample};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyString;

pub(crate) use entry::StatsEntry;
pub(crate) use recorder::{Recorder, as_text};

/// Seconds in the window of current percentiles until Python says otherwise.
const WINDOW_SECONDS: usize = 10;

/// What the classes of this module share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<State>>);

struct State {
    stats: RunStats,
    /// The first exception of each error of the table, in the same order.
    causes: Vec<Py<PyAny>>,
}

impl Shared {
    fn new(started_at: f64, keeps_window: bool) -> Self {
        let mut stats = RunStats::new(started_at);
        if keeps_window {
            stats.keep_windows(WINDOW_SECONDS, false);
        }
        Self(Arc::new(Mutex::new(State { stats, causes: Vec::new() })))
    }

    /// Numbers stay usable after a panic elsewhere: a sample is then half recorded at worst.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, method: &str, name: &str, sample: &Sample) {
        let mut state = self.lock();
        let id = state.stats.entry_at(method, name, sample.at);
        state.stats.record(id, sample);
    }

    fn record_marks(&self, method: &str, name: &str, sample: &Sample) {
        let mut state = self.lock();
        // What nobody recorded, because somebody has put another way of firing in place, has no marks either.
        if let Some(id) = state.stats.find(method, name) {
            state.stats.record_marks(id, sample);
        }
    }

    fn record_failure(&self, method: &str, name: &str, error: &Bound<'_, PyAny>, at: f64) -> PyResult<()> {
        let text = error_text(error)?;
        let mut state = self.lock();
        let id = state.stats.entry_at(method, name, at);
        if let Some(id) = state.stats.record_failure(id, &text, at) {
            state.remember_cause(id, error);
        }
        Ok(())
    }

    /// Adds what was measured elsewhere.
    pub(crate) fn merge(&self, delta: &RunStats) {
        self.lock().stats.merge(delta);
    }

    /// Takes out everything that was measured; entries that Python holds are found again by their names.
    pub(crate) fn take(&self, now: f64) -> RunStats {
        let mut state = self.lock();
        let taken = state.stats.take(now);
        let causes = std::mem::take(&mut state.causes);
        drop(state);
        drop(causes);
        taken
    }

    /// Runs `change` and drops the exceptions that were remembered, once the lock is free.
    fn forget_causes(&self, change: impl FnOnce(&mut RunStats)) {
        let mut state = self.lock();
        change(&mut state.stats);
        let causes = std::mem::take(&mut state.causes);
        drop(state);
        drop(causes);
    }
}

impl State {
    fn remember_cause(&mut self, id: ErrorId, error: &Bound<'_, PyAny>) {
        if id.index() == self.causes.len() {
            self.causes.push(error.clone().unbind());
        }
    }
}

/// A string as it is, anything else as its `repr`, without memory addresses.
fn error_text(error: &Bound<'_, PyAny>) -> PyResult<String> {
    let text = match error.cast::<PyString>() {
        Ok(text) => text.clone(),
        Err(_) => error.repr()?,
    };
    Ok(without_address(&text.to_string_lossy()).into_owned())
}

/// One failure as Python gets it: method, name, text, cause, occurrences, first seen, last seen.
type ErrorFields = (String, String, String, Py<PyAny>, u64, f64, f64);

/// One kind of reclassified request as Python gets it.
type ReclassifiedFields = (String, String, String, String, String, u64, f64, f64);

/// The statistics of a run. `katydid.locust.stats.RequestStats` gives this Locust's names.
#[pyclass(frozen, subclass, module = "katydid._core")]
pub(crate) struct RequestStats {
    shared: Shared,
}

impl RequestStats {
    /// The statistics, for who records or merges on another thread.
    pub(crate) fn shared(&self) -> Shared {
        self.shared.clone()
    }

    /// Calls `look` with the statistics. It must not run Python code.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&RunStats) -> R) -> R {
        look(&self.shared.lock().stats)
    }
}

#[pymethods]
impl RequestStats {
    #[new]
    #[pyo3(signature = (use_response_times_cache = true, *, started_at = None))]
    fn new(use_response_times_cache: bool, started_at: Option<f64>) -> Self {
        Self { shared: Shared::new(started_at.unwrap_or_else(recorder::now), use_response_times_cache) }
    }

    /// Records one request that ended `at`.
    fn _record(&self, method: &str, name: &str, response_time: Option<f64>, length: u64, at: f64) {
        self.shared.record(method, name, &Sample::new(at, response_time, length));
    }

    /// Records that a request failed `at`.
    fn _record_failure(&self, method: &str, name: &str, error: &Bound<'_, PyAny>, at: f64) -> PyResult<()> {
        self.shared.record_failure(method, name, error, at)
    }

    /// Keeps windows of so many seconds, for the total or for every entry too.
    fn _keep_windows(&self, seconds: usize, also_entries: bool) {
        self.shared.lock().stats.keep_windows(seconds, also_entries);
    }

    /// Name and method of each entry, in the order in which they were made.
    fn _keys(&self) -> Vec<(String, String)> {
        let state = self.shared.lock();
        state.stats.entries().iter().map(|entry| (entry.name.to_string(), entry.method.to_string())).collect()
    }

    /// The distributions of all names, for pictures, as JSON.
    fn _distributions(&self) -> String {
        katydid_report::overlay::distributions(&self.shared.lock().stats).to_string()
    }

    fn _has(&self, name: &str, method: &str) -> bool {
        self.shared.lock().stats.find(method, name).is_some()
    }

    /// Makes the entry if there is none; returns its name and method, which are others when there are too many.
    fn _make(&self, name: &str, method: &str, now: f64) -> (String, String) {
        let mut state = self.shared.lock();
        let id = state.stats.entry_at(method, name, now);
        let entry = state.stats.entry_of(id);
        entry.map_or_else(Default::default, |entry| (entry.name.to_string(), entry.method.to_string()))
    }

    fn _remove(&self, name: &str, method: &str) {
        let mut state = self.shared.lock();
        if let Some(id) = state.stats.find(method, name) {
            state.stats.remove(id);
        }
    }

    fn _reset(&self, now: f64) {
        self.shared.forget_causes(|stats| stats.reset(now));
    }

    fn _clear(&self, now: f64) {
        self.shared.forget_causes(|stats| stats.clear(now));
    }

    fn _error_count(&self) -> usize {
        self.shared.lock().stats.errors().as_slice().len()
    }

    fn _error(&self, py: Python<'_>, index: usize) -> PyResult<ErrorFields> {
        let state = self.shared.lock();
        let error = state.error(index)?;
        let cause = state.causes.get(index).map_or_else(|| py.None(), |cause| cause.clone_ref(py));
        let [method, name, text] = [&error.method, &error.name, &error.text].map(|field| field.to_string());
        Ok((method, name, text, cause, error.occurrences, error.first_seen, error.last_seen))
    }

    fn _error_key(&self, index: usize) -> PyResult<String> {
        Ok(error_key(self.shared.lock().error(index)?))
    }

    /// Assigns the numbers of a failure.
    fn _set_error(&self, index: usize, occurrences: u64, first_seen: f64, last_seen: f64) -> PyResult<()> {
        let mut state = self.shared.lock();
        let error = state.stats.errors_mut().at_mut(index).ok_or_else(no_such_error)?;
        (error.occurrences, error.first_seen, error.last_seen) = (occurrences, first_seen, last_seen);
        Ok(())
    }

    /// Adds failures that were counted elsewhere; neither entries nor the total change.
    fn _add_errors(
        &self,
        method: &str,
        name: &str,
        error: &Bound<'_, PyAny>,
        occurrences: u64,
        seen: (f64, f64),
    ) -> PyResult<()> {
        let text = error_text(error)?;
        let mut state = self.shared.lock();
        let id = state.stats.errors_mut().add(method, name, &text, occurrences, seen);
        state.remember_cause(id, error);
        Ok(())
    }

    /// Records that a rule judged a request otherwise than it was.
    #[pyo3(signature = (rule, verdict, method, name, from_, at, count = 1))]
    #[allow(clippy::too_many_arguments, reason = "each is a fact of the request")]
    fn _record_reclassified(
        &self,
        rule: &str,
        verdict: &str,
        method: &str,
        name: &str,
        from_: &str,
        at: f64,
        count: u64,
    ) {
        let kind = Kind { rule, verdict, method, name, from: from_ };
        self.shared.lock().stats.reclassified_mut().add(kind, count, (at, at));
    }

    /// The requests that rules judged otherwise than they were, oldest first: rule, verdict, method, name, what they were,
    /// occurrences, first seen, last seen.
    fn _reclassified(&self) -> Vec<ReclassifiedFields> {
        let state = self.shared.lock();
        let rows = state.stats.reclassified().as_slice().iter();
        rows.map(|row| {
            let [rule, verdict, method, name, from] =
                [&row.rule, &row.verdict, &row.method, &row.name, &row.from].map(|field| field.to_string());
            (rule, verdict, method, name, from, row.occurrences, row.first_seen, row.last_seen)
        })
        .collect()
    }

    fn _clear_errors(&self) {
        self.shared.forget_causes(|stats| stats.errors_mut().clear());
    }
}

impl State {
    fn error(&self, index: usize) -> PyResult<&ErrorStat> {
        self.stats.errors().as_slice().get(index).ok_or_else(no_such_error)
    }
}

fn no_such_error() -> PyErr {
    PyIndexError::new_err("no such error: the statistics were cleared")
}

/// The key under which files and protocol know an error with this text.
#[pyfunction]
fn stats_error_key(method: &str, name: &str, text: &str) -> String {
    let (method, name, text) = (method.into(), name.into(), text.into());
    error_key(&ErrorStat { method, name, text, occurrences: 0, first_seen: 0.0, last_seen: 0.0 })
}

/// The text of an error: a string as it is, anything else as its `repr`, without memory addresses.
#[pyfunction]
fn stats_error_text(error: &Bound<'_, PyAny>) -> PyResult<String> {
    error_text(error)
}

/// Adds the classes and functions of this module to `katydid._core`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RequestStats>()?;
    module.add_class::<StatsEntry>()?;
    module.add_class::<Recorder>()?;
    module.add_function(wrap_pyfunction!(stats_error_key, module)?)?;
    module.add_function(wrap_pyfunction!(stats_error_text, module)?)?;
    tables::register(module)
}
