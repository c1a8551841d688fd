//! The plan as Python sees it: the dispatcher and the grammar of time spans.

use std::sync::{Mutex, MutexGuard, PoisonError};

use katydid_plan::{Dispatcher, Distribution, Step, UserClass, span};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A user class: name, weight, fixed count.
type ClassFields = (String, f64, u64);

fn classes(fields: &[ClassFields]) -> Vec<UserClass> {
    let class = |(name, weight, fixed_count): &ClassFields| UserClass {
        name: name.as_str().into(),
        weight: *weight,
        fixed_count: *fixed_count,
    };
    fields.iter().map(class).collect()
}

fn as_dict<'py>(py: Python<'py>, distribution: &Distribution) -> PyResult<Bound<'py, PyDict>> {
    let workers = PyDict::new(py);
    for (worker, counts) in distribution.iter() {
        let of_worker = PyDict::new(py);
        for (class, count) in counts {
            of_worker.set_item(class, count)?;
        }
        workers.set_item(worker, of_worker)?;
    }
    Ok(workers)
}

/// Lays out users over workers. `katydid.locust.dispatch.UsersDispatcher` gives this Locust's names and the pauses.
#[pyclass(frozen, module = "katydid._core", name = "Dispatcher")]
pub(crate) struct PyDispatcher(Mutex<Dispatcher>);

impl PyDispatcher {
    fn lock(&self) -> MutexGuard<'_, Dispatcher> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyDispatcher {
    /// A dispatcher over workers and classes, each a tuple of name, weight and fixed count.
    #[new]
    fn new(workers: Vec<String>, user_classes: Vec<ClassFields>) -> Self {
        let workers = workers.iter().map(String::as_str);
        Self(Mutex::new(Dispatcher::new(workers, &classes(&user_classes))))
    }

    fn aim_at(&self, users: u64, rate: f64) -> PyResult<()> {
        self.lock().aim_at(users, rate).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn change_classes(&self, user_classes: Vec<ClassFields>) {
        self.lock().change_classes(&classes(&user_classes));
    }

    /// The next user, after those chosen before, is of this class.
    fn choose(&self, user_class: &str) {
        self.lock().choose(user_class);
    }

    /// How many users the next batch adds of whom the class is not chosen yet.
    #[getter]
    fn unchosen(&self) -> u64 {
        self.lock().unchosen()
    }

    fn add_worker(&self, worker: &str) {
        self.lock().add_worker(worker);
    }

    fn remove_worker(&self, worker: &str) {
        self.lock().remove_worker(worker);
    }

    #[getter]
    fn is_in_progress(&self) -> bool {
        self.lock().is_in_progress()
    }

    #[getter]
    fn user_count(&self) -> u64 {
        self.lock().user_count()
    }

    /// What to do next: a distribution as a dict, a pause in seconds as a float, or None at the end.
    fn step<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let step = self.lock().next();
        match step {
            None => Ok(None),
            Some(Step::Pause(pause)) => Ok(Some(pause.as_secs_f64().into_pyobject(py)?.into_any())),
            Some(Step::Dispatch(distribution)) => Ok(Some(as_dict(py, &distribution)?.into_any())),
        }
    }
}

/// Seconds of a time span such as `1h30m`.
#[pyfunction]
fn parse_time_span(text: &str) -> PyResult<u64> {
    span::parse(text).map(|span| span.as_secs()).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Adds the class and the function of this module to `katydid._core`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyDispatcher>()?;
    module.add_function(wrap_pyfunction!(parse_time_span, module)?)
}
