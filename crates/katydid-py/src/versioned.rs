//! Has a dictionary of the user's changed since its native copy was made?

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// Counts the changes of a Python object that derives from it. At 0 it was never touched.
#[pyclass(subclass, weakref, frozen, module = "katydid._core")]
pub(crate) struct Versioned {
    version: AtomicU64,
}

#[pymethods]
impl Versioned {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { version: AtomicU64::new(0) }
    }

    /// Note that the object has changed.
    fn _bump(&self) {
        self.version.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the object has changed.
    #[getter]
    fn _version(&self) -> u64 {
        self.version()
    }
}

impl Versioned {
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }
}
