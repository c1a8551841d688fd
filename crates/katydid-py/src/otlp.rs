//! The exporter of a run's numbers as Python sees it.

use std::sync::{Mutex, PoisonError};

use katydid_otlp::{Exporter, Settings};
use katydid_stats::part::Changes;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::stats::RequestStats;

fn settings(given: &str) -> PyResult<Settings> {
    let settings = Settings::read(given, |name| std::env::var(name).ok());
    settings.map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Sends a run's numbers to an OpenTelemetry collector, on a thread of its own.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct OtlpExporter {
    interval_s: f64,
    exporter: Mutex<Option<Exporter>>,
    changes: Mutex<Changes>,
}

impl OtlpExporter {
    fn with<R>(&self, use_it: impl FnOnce(&Exporter) -> R) -> Option<R> {
        self.exporter.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(use_it)
    }
}

#[pymethods]
impl OtlpExporter {
    /// Begins for a run. Raises ValueError for an address or a variable that cannot be used.
    #[new]
    fn new(given: &str, started_at: f64) -> PyResult<Self> {
        let settings = settings(given)?;
        let interval_s = settings.interval.as_secs_f64();
        let exporter = Exporter::begin(settings, started_at)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self { interval_s, exporter: Mutex::new(Some(exporter)), changes: Mutex::default() })
    }

    /// Raises ValueError for an address or a variable that cannot be used; sends nothing.
    #[staticmethod]
    fn check(given: &str) -> PyResult<()> {
        let settings = settings(given)?;
        Exporter::check(&settings).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// How often to observe, in seconds.
    #[getter]
    fn interval_s(&self) -> f64 {
        self.interval_s
    }

    /// Sends what the run amounts to at `at`, unless the last request is still on its way.
    #[pyo3(signature = (stats, at, users, must = false))]
    fn observe(&self, stats: &Bound<'_, RequestStats>, at: f64, users: u64, must: bool) {
        if !must && self.with(Exporter::is_busy).unwrap_or(true) {
            return;
        }
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = stats.get().read(|stats| changes.take(stats));
        self.with(|exporter| exporter.observe(copy, at, users));
    }

    /// What went wrong first; told once.
    fn complaint(&self) -> Option<String> {
        self.with(Exporter::complaint).flatten().map(|error| error.to_string())
    }

    /// Waits for the last request. Returns what was not told yet; a second call does nothing.
    fn finish(&self, py: Python<'_>) -> Option<String> {
        let exporter = self.exporter.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        py.detach(|| exporter.finish()).map(|error| error.to_string())
    }
}

/// Adds the class of this module to `katydid._core`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<OtlpExporter>()
}
