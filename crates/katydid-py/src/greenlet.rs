//! How does native code switch greenlets? Through the table of functions that greenlet publishes for extensions.
//!
//! What a maintainer must not break: nothing native may be borrowed across [`Api::switch`]. Between the call and its
//! return any other greenlet may run, and it may never return at all.

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Positions in greenlet's table (`greenlet.h`, unchanged since greenlet 0.4 by its own promise).
const GET_CURRENT: usize = 4;
const SWITCH: usize = 6;

type GetCurrent = unsafe extern "C" fn() -> *mut ffi::PyObject;
type Switch =
    unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject;

/// greenlet's functions.
#[derive(Clone, Copy)]
pub(crate) struct Api {
    get_current: GetCurrent,
    switch: Switch,
}

impl Api {
    /// Imports greenlet and takes its functions.
    pub(crate) fn import(py: Python<'_>) -> PyResult<Self> {
        // SAFETY: attached to the interpreter (`py`), and the name is a C string.
        let table = unsafe { ffi::PyCapsule_Import(c"greenlet._C_API".as_ptr(), 0) } as *const *const ();
        if table.is_null() {
            return Err(PyErr::fetch(py));
        }
        // SAFETY: the capsule holds greenlet's table of twelve pointers, which lives as long as the process.
        let (get_current, switch) = unsafe { (*table.add(GET_CURRENT), *table.add(SWITCH)) };
        if get_current.is_null() || switch.is_null() {
            return Err(PyImportError::new_err("this greenlet does not publish its C interface"));
        }
        // SAFETY: `greenlet.h` declares these two entries with exactly these signatures.
        unsafe {
            Ok(Self {
                get_current: std::mem::transmute::<*const (), GetCurrent>(get_current),
                switch: std::mem::transmute::<*const (), Switch>(switch),
            })
        }
    }

    /// The greenlet that runs now.
    #[inline]
    pub(crate) fn current<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: attached to the interpreter; the function returns a new reference, or null with an error set.
        unsafe { Bound::from_owned_ptr_or_err(py, (self.get_current)()) }
    }

    /// Runs `greenlet` until something switches back to the caller. An exception that was thrown into the caller
    /// meanwhile, or that ended a child of the caller, is the error.
    #[inline]
    pub(crate) fn switch(&self, greenlet: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = greenlet.py();
        // SAFETY: attached to the interpreter; `greenlet` came from `current` or is gevent's hub, so it is a
        // greenlet; null arguments mean none.
        let result = unsafe { (self.switch)(greenlet.as_ptr(), std::ptr::null_mut(), std::ptr::null_mut()) };
        if result.is_null() {
            return Err(PyErr::fetch(py));
        }
        // SAFETY: a non-null result is a new reference that nobody else owns.
        unsafe { ffi::Py_DECREF(result) };
        Ok(())
    }
}

/// The current thread's gevent hub.
pub(crate) fn gevent_hub(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let hub = py.import("gevent")?.call_method0("get_hub")?;
    let greenlet = py.import("greenlet")?.getattr("greenlet")?;
    if !hub.is_instance(&greenlet)? {
        return Err(PyImportError::new_err(format!(
            "gevent's hub is a {}, not a greenlet",
            hub.get_type().qualname()?
        )));
    }
    Ok(hub)
}

/// The error for waiting where nothing may wait: in the hub itself.
pub(crate) fn blocking_in_hub(py: Python<'_>) -> PyErr {
    let raised =
        py.import("gevent.exceptions").and_then(|module| module.getattr("BlockingSwitchOutError")).and_then(
            |class| class.call1(("a callback of the event loop must not wait; spawn a greenlet for it",)),
        );
    match raised {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}
