//! The listener of `events.request` that keeps the statistics.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use katydid_stats::Sample;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::{RequestStats, Shared};
use crate::meter;
use crate::response::Response;

/// Records requests: called by the event like any listener, or directly by native clients.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct Recorder {
    shared: Shared,
    /// While it is there, and the statistics are, the listener to the lag stays.
    hearing: Mutex<Option<Arc<()>>>,
}

impl Recorder {
    /// Records one sample under a method and name.
    pub(crate) fn record(&self, method: &str, name: &str, sample: &Sample) {
        self.shared.record(method, name, sample);
    }

    fn hearing(&self) -> MutexGuard<'_, Option<Arc<()>>> {
        self.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen_to_lag(&self) -> Arc<()> {
        let hearing = Arc::new(());
        let (statistics, heard) = (Arc::downgrade(&self.shared.0), Arc::downgrade(&hearing));
        meter::listen_to_start_lag(Box::new(move |ns| {
            let Some(state) = statistics.upgrade().filter(|_| heard.strong_count() > 0) else { return false };
            Shared(state).lock().stats.record_start_lag(ns);
            true
        }));
        hearing
    }

    /// Records lag and phases of a sample that the event itself reported under a method and name.
    pub(crate) fn record_marks(&self, method: &str, name: &str, sample: &Sample) {
        self.shared.record_marks(method, name, sample);
    }

    /// Records that a request failed just now; the sample itself is recorded on its own.
    ///
    /// # Errors
    /// The error's own `repr` raised.
    pub(crate) fn record_failure(&self, method: &str, name: &str, error: &Bound<'_, PyAny>) -> PyResult<()> {
        self.shared.record_failure(method, name, error, now())
    }
}

#[pymethods]
impl Recorder {
    /// The recorder into these statistics.
    #[new]
    fn new(stats: &Bound<'_, RequestStats>) -> Self {
        let shared = stats.get().shared.clone();
        Self { shared, hearing: Mutex::default() }
    }

    /// Is the time that sleeps end too late recorded, too? Of several runs in one process, those that are on want it.
    #[getter]
    fn hears_lag(&self) -> bool {
        self.hearing().is_some()
    }

    #[setter]
    fn set_hears_lag(&self, value: bool) {
        let mut hearing = self.hearing();
        match (value, &*hearing) {
            (true, None) => *hearing = Some(self.listen_to_lag()),
            (false, Some(_)) => *hearing = None,
            _ => {}
        }
    }

    #[pyo3(signature = (*, request_type, name, response_time, response_length, exception = None, **rest))]
    fn __call__(
        &self,
        request_type: &Bound<'_, PyAny>,
        name: &Bound<'_, PyAny>,
        response_time: Option<f64>,
        response_length: Option<f64>,
        exception: Option<&Bound<'_, PyAny>>,
        rest: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let (method, name) = (as_text(request_type)?, as_text(name)?);
        let (method, name) = (method.to_string_lossy(), name.to_string_lossy());
        // A cast of a float saturates: a negative length counts as none.
        let length = response_length.unwrap_or(0.0) as u64;
        let sample = Sample { status: status(rest)?, ..Sample::new(now(), response_time, length) };
        self.record(&method, &name, &sample);
        match exception {
            Some(exception) if exception.is_truthy()? => self.record_failure(&method, &name, exception),
            _ => Ok(()),
        }
    }
}

/// The HTTP status of the answer, if it is one of our clients'. What others report may be anything, and is not asked.
fn status(rest: Option<&Bound<'_, PyDict>>) -> PyResult<Option<u16>> {
    let Some(response) = rest.map(|rest| rest.get_item("response")).transpose()?.flatten() else {
        return Ok(None);
    };
    Ok(response.cast::<Response>().ok().and_then(|response| response.get().answered_status(response.py())))
}

/// A string as it is, anything else that a locustfile may use for a name as text.
pub(crate) fn as_text<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(text.clone()),
        Err(_) => value.str(),
    }
}

/// Now, in Unix seconds.
pub(super) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
