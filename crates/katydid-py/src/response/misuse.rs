//! What does a task hear that uses a response in a way that cannot work? Locust's exceptions, with a text that helps.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// How a response was used in a way that cannot work.
pub(super) enum Misuse {
    Enter,
    Decide,
    Outside,
}

#[cold]
pub(super) fn misuse(py: Python<'_>, misuse: Misuse) -> PyErr {
    let text = match misuse {
        Misuse::Enter => "a with-block around a response needs catch_response=True in the call",
        Misuse::Decide => {
            "success() and failure() need catch_response=True in the call and a with-block around it"
        }
        Misuse::Outside => {
            "success() and failure() only count inside the with-block: \
             with self.client.get(..., catch_response=True) as response: response.success()"
        }
    };
    let raised = exception_class(py, &LOCUST_ERROR, "LocustError").and_then(|class| class.call1((text,)));
    match raised {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}

static LOCUST_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static RESPONSE_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static CATCH_RESPONSE_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();

fn exception_class<'py>(
    py: Python<'py>,
    known: &'static PyOnceLock<Py<PyType>>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyType>> {
    known.import(py, "katydid.locust.exception", name)
}

pub(super) fn response_error(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    exception_class(py, &RESPONSE_ERROR, "ResponseError")
}

pub(super) fn catch_response_error(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    exception_class(py, &CATCH_RESPONSE_ERROR, "CatchResponseError")
}
