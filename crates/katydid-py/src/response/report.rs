//! How does a request become known? Once it is decided whether it failed, natively where nobody listens but the
//! statistics, and as Locust's event otherwise.
//!
//! What a maintainer must not break: what listeners are told is built when there are some.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::Response;
use crate::recording::{self, Report};
use crate::{rules, samples};

impl Response {
    /// Reports the request with `exception` as its failure, or as a success that somebody said it is.
    pub(super) fn report(slf: &Bound<'_, Self>, exception: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        Self::report_as(slf, exception, true)
    }

    /// The same; what nobody said anything about (`!is_said`) keeps the failure that a task put into `request_meta`.
    fn report_as(slf: &Bound<'_, Self>, exception: Option<&Bound<'_, PyAny>>, is_said: bool) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let (meta, event) = this.state.with(py, |state| {
            let meta = state.meta.as_ref().map(|meta| meta.clone_ref(py));
            (meta, state.sent.as_ref().map(|sent| sent.request_event.clone_ref(py)))
        });
        let Some(event) = event else { return Ok(()) };
        let event = event.bind(py);
        let is_to_be_judged = match exception {
            Some(_) => rules::of(event)?.is_some(),
            None => rules::judge_successes() && Self::fails_by_rule(slf, event)?,
        };
        if let Some(exception) = exception.filter(|_| !is_to_be_judged) {
            samples::offer(slf, exception);
        }
        let is_native = meta.is_none() && !is_to_be_judged;
        let listeners = if is_native { recording::listeners(event)? } else { None };
        if let Some(listeners) = listeners {
            return Self::report_natively(slf, &listeners, exception);
        }
        let meta = match meta {
            Some(meta) => meta.into_bound(py),
            None => Self::build_meta(slf)?,
        };
        if is_said || exception.is_some() {
            meta.set_item(intern!(py, "exception"), exception)?;
        }
        let timing = this.state.with(py, |state| state.timing);
        recording::fire(event, &meta, &timing)
    }

    /// Is this success a failure by a rule? Then the event's listeners learn of it, as of any failure.
    #[cold]
    fn fails_by_rule(slf: &Bound<'_, Self>, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = slf.py();
        let Some(rules) = rules::of(event)? else { return Ok(false) };
        let request = slf.get().state.with(py, |state| {
            let sent = state.sent.as_ref()?;
            Some((sent.method.clone_ref(py), sent.name.clone_ref(py), state.status))
        });
        let Some((method, name, status)) = request else { return Ok(false) };
        let (method, name) = (method.bind(py).str()?, name.bind(py).str()?);
        let status = (status != 0).then_some(status);
        Ok(rules.get().fails(&method.to_string_lossy(), &name.to_string_lossy(), status))
    }

    #[inline]
    fn report_natively(
        slf: &Bound<'_, Self>,
        listeners: &Bound<'_, PyList>,
        exception: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        let report = slf.get().state.with(py, |state| {
            let sent = state.sent.as_ref()?;
            Some(Report {
                method: sent.method.clone_ref(py),
                name: sent.name.clone_ref(py),
                length: state.length,
                timing: state.timing,
                status: (state.status != 0).then_some(state.status),
            })
        });
        let Some(report) = report else { return Ok(()) };
        if let Some(recorder) = recording::only_recorder(listeners)? {
            return recording::record(&recorder, &report, exception);
        }
        let meta = Self::build_meta(slf)?;
        if exception.is_some() {
            meta.set_item(intern!(py, "exception"), exception)?;
        }
        recording::tell_all(listeners, &report, exception, &meta)
    }

    /// Reports a request that nobody examines.
    #[inline]
    pub(crate) fn report_now(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let exception = Self::automatic(slf)?;
        Self::report_as(slf, exception.as_ref().map(|error| error.bind(py)), false)
    }

    /// The failure that the answer itself amounts to.
    pub(super) fn automatic(slf: &Bound<'_, Self>) -> PyResult<Option<Py<PyAny>>> {
        let py = slf.py();
        let is_success = slf.get().state.with(py, |state| {
            state.error.is_none() && state.reply.is_some() && state.kind.is_success(state.status)
        });
        if is_success {
            return Ok(None);
        }
        let outcome = slf.call_method0(intern!(py, "_outcome"))?;
        Ok((!outcome.is_none()).then(|| outcome.unbind()))
    }

    pub(super) fn build_meta<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        let meta = PyDict::new(py);
        let (timing, length, parts) = slf.get().state.with(py, |state| {
            let parts = state.sent.as_ref().map(|sent| {
                let context = sent.context.as_ref().map(|context| context.clone_ref(py));
                (sent.method.clone_ref(py), sent.name.clone_ref(py), sent.url.clone_ref(py), context)
            });
            (state.timing, state.length, parts)
        });
        if let Some((method, name, url, context)) = parts {
            meta.set_item(intern!(py, "request_type"), method)?;
            meta.set_item(intern!(py, "name"), name)?;
            meta.set_item(intern!(py, "url"), url.text(py)?)?;
            match context {
                Some(context) => meta.set_item(intern!(py, "context"), context)?,
                None => meta.set_item(intern!(py, "context"), PyDict::new(py))?,
            }
        }
        meta.set_item(intern!(py, "response_time"), recording::milliseconds(&timing))?;
        meta.set_item(intern!(py, "response"), slf)?;
        meta.set_item(intern!(py, "exception"), py.None())?;
        meta.set_item(intern!(py, "start_time"), recording::wall_seconds(timing.started))?;
        meta.set_item(intern!(py, "response_length"), length)?;
        Ok(meta)
    }
}
