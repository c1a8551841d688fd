//! Who learns of a finished request? The native recorder alone if nobody else listens, otherwise every listener of
//! the event, with Locust's keyword arguments.

use std::time::{SystemTime, UNIX_EPOCH};

use katydid_net::{Moment, Timing};
use katydid_stats::{Phase, Sample};
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::attached::Attached;
use crate::session::Inherited;
use crate::stats::{Recorder, as_text};

/// What the recorder needs to know.
pub(crate) struct Report {
    pub(crate) method: Py<PyAny>,
    pub(crate) name: Py<PyAny>,
    pub(crate) length: u64,
    pub(crate) timing: Timing,
    /// HTTP status; `None` without an answer.
    pub(crate) status: Option<u16>,
}

/// Whether `fire` of the last kind of event is Locust's own.
static FIRE: Attached<Inherited> = Attached::new(Inherited::unknown());

/// The listeners of `event` in their order, unless somebody has put another way of firing in place.
#[inline]
pub(crate) fn listeners<'py>(event: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyList>>> {
    if !Inherited::holds(&FIRE, event, &[intern!(event.py(), "fire")])? {
        return Ok(None);
    }
    let Some(handlers) = event.getattr_opt(intern!(event.py(), "_handlers"))? else { return Ok(None) };
    Ok(handlers.cast_into_exact::<PyList>().ok())
}

/// The recorder, if nobody else listens.
#[inline]
pub(crate) fn only_recorder<'py>(listeners: &Bound<'py, PyList>) -> PyResult<Option<Bound<'py, Recorder>>> {
    if listeners.len() != 1 {
        return Ok(None);
    }
    Ok(listeners.get_item(0)?.cast_into_exact::<Recorder>().ok())
}

/// Does what `fire` of the event does, without its Python code: calls every listener, also those that come meanwhile.
/// The recorder gets its report natively.
pub(crate) fn tell_all(
    listeners: &Bound<'_, PyList>,
    report: &Report,
    exception: Option<&Bound<'_, PyAny>>,
    meta: &Bound<'_, PyDict>,
) -> PyResult<()> {
    let mut index = 0;
    while index < listeners.len() {
        let listener = listeners.get_item(index)?;
        index += 1;
        match listener.cast_exact::<Recorder>() {
            Ok(recorder) => record(recorder, report, exception)?,
            Err(_) => {
                if let Err(fault) = listener.call((), Some(meta)) {
                    tell_of_fault(&listener, fault)?;
                }
            }
        }
    }
    Ok(())
}

/// A fault of a listener is logged, unless it is meant to steer the user or to end something.
#[cold]
fn tell_of_fault(listener: &Bound<'_, PyAny>, fault: PyErr) -> PyResult<()> {
    let py = listener.py();
    let event = py.import("katydid.locust.event")?;
    let is_ordinary = fault.is_instance_of::<PyException>(py);
    if !is_ordinary || fault.value(py).is_instance(&event.getattr("STEERING")?)? {
        return Err(fault);
    }
    event.call_method1("report_fault", (listener, fault.value(py))).map(drop)
}

/// Records a request natively. What goes wrong with it is told as the event tells what went wrong in a listener.
pub(crate) fn record(
    recorder: &Bound<'_, Recorder>,
    report: &Report,
    exception: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    try_record(recorder, report, exception).or_else(|fault| tell_of_fault(recorder, fault))
}

#[inline]
fn try_record(
    recorder: &Bound<'_, Recorder>,
    report: &Report,
    exception: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let py = recorder.py();
    let (method, name) = (as_text(report.method.bind(py))?, as_text(report.name.bind(py))?);
    let (method, name) = (method.to_string_lossy(), name.to_string_lossy());
    let sample = Sample { status: report.status, ..sample(&report.timing, report.length) };
    let recorder = recorder.get();
    recorder.record(&method, &name, &sample);
    exception.map_or(Ok(()), |exception| recorder.record_failure(&method, &name, exception))
}

/// The record of one exchange, or of several that followed each other (redirects).
pub(crate) fn sample(timing: &Timing, length: u64) -> Sample {
    Sample {
        response_time_ms: Some(milliseconds(timing)),
        length,
        phases: timing.phases,
        lag_ns: timing.kernel_time.then_some(timing.lag_ns),
        start_lag_ns: None,
        status: None,
        at: now_seconds(),
    }
}

/// Gives the recorder among the listeners what the keyword arguments do not carry: lag and phases.
fn record_marks(event: &Bound<'_, PyAny>, meta: &Bound<'_, PyDict>, timing: &Timing) -> PyResult<()> {
    let py = event.py();
    let Some(handlers) = event.getattr_opt(intern!(py, "_handlers"))? else { return Ok(()) };
    let Ok(handlers) = handlers.cast_exact::<PyList>() else { return Ok(()) };
    let (method, name) = (meta.get_item(intern!(py, "request_type"))?, meta.get_item(intern!(py, "name"))?);
    let (Some(method), Some(name)) = (method, name) else { return Ok(()) };
    let (method, name) = (as_text(&method)?, as_text(&name)?);
    let (method, name) = (method.to_string_lossy(), name.to_string_lossy());
    for handler in handlers.iter() {
        if let Ok(recorder) = handler.cast_exact::<Recorder>() {
            recorder.get().record_marks(&method, &name, &sample(timing, 0));
        }
    }
    Ok(())
}

/// Calls every listener. The recorder gets lag and phases when it has recorded the request, also if a listener ends the
/// user then.
pub(crate) fn fire(event: &Bound<'_, PyAny>, meta: &Bound<'_, PyDict>, timing: &Timing) -> PyResult<()> {
    let fired = event.call_method(intern!(event.py(), "fire"), (), Some(meta)).map(drop);
    record_marks(event, meta, timing)?;
    fired
}

/// Response time in milliseconds.
#[inline]
pub(crate) fn milliseconds(timing: &Timing) -> f64 {
    timing.latency_ns() as f64 / 1e6
}

/// Seconds from the start until the first byte of the answer.
pub(crate) fn seconds_to_first_byte(timing: &Timing) -> f64 {
    let receiving = timing.phases.ns(Phase::Receiving).unwrap_or(0);
    timing.latency_ns().saturating_sub(receiving) as f64 / 1e9
}

/// A moment as Unix time.
pub(crate) fn wall_seconds(moment: Moment) -> f64 {
    now_seconds() - Moment::now().since(moment) as f64 / 1e9
}

/// The timing of something that ended just now after `seconds`, of which nothing else is known.
pub(crate) fn ended_now(seconds: f64) -> Timing {
    let received = Moment::now();
    let span_ns = (seconds * 1e9) as u64;
    Timing { started: Moment(received.0.saturating_sub(span_ns)), received, ..Timing::default() }
}

fn now_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
