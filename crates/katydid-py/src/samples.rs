//! Who wants to see an answer that counts as a failure? One Python function, while a page or a report wants examples.
//!
//! It is called on the failing path only; nothing here runs while all goes well.

use std::sync::{Mutex, PoisonError};

use katydid_stats::Phase;
use pyo3::prelude::*;

use crate::recording;
use crate::response::Response;

static KEEPER: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

/// Has `keeper(response, exception)` called with every failed answer; `None` ends that.
#[pyfunction]
#[pyo3(signature = (keeper))]
fn keep_samples(keeper: Option<Py<PyAny>>) {
    // Dropped outside of the lock: dropping a Python object can run code.
    let former = std::mem::replace(&mut *KEEPER.lock().unwrap_or_else(PoisonError::into_inner), keeper);
    drop(former);
}

/// Shows a failed answer to whoever wants to see it. What goes wrong there is not the task's fault.
#[cold]
pub(crate) fn offer(response: &Bound<'_, Response>, exception: &Bound<'_, PyAny>) {
    let py = response.py();
    let keeper =
        KEEPER.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|keeper| keeper.clone_ref(py));
    if let Some(keeper) = keeper
        && let Err(error) = keeper.call1(py, (response, exception))
    {
        error.write_unraisable(py, Some(response.as_any()));
    }
}

/// Milliseconds of a request, and of each of its phases that took place.
#[pyfunction]
fn response_times(py: Python<'_>, response: &Bound<'_, Response>) -> (f64, Vec<(&'static str, f64)>) {
    let timing = response.get().timing(py);
    let phases = Phase::ALL.into_iter();
    let phases = phases.filter_map(|phase| Some((phase.name(), timing.phases.ns(phase)? as f64 / 1e6)));
    (recording::milliseconds(&timing), phases.collect())
}

/// Adds the functions of this module to `katydid._core`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(keep_samples, module)?)?;
    module.add_function(wrap_pyfunction!(response_times, module)?)
}
