//! What came back: the native half of both clients' responses.
//!
//! A response keeps the answer's bytes as they arrived and builds what a task reads from them (content, text, JSON,
//! headers) when it first asks. It also is the context manager of `catch_response=True`: the decision table that
//! says whether, when and with which exception the request is reported is [`Response::__exit__`].
//!
//! What a maintainer must not break: nothing is decoded or built that nobody reads.

mod misuse;
mod report;
mod wire;

use katydid_net::h1;
use katydid_net::{Answer, Moment, Timing};
use katydid_stats::Phase;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::attached::Attached;
use crate::fast::decode;
use crate::incoming::{Failed, Incoming};
use crate::recording;
use misuse::{Misuse, catch_response_error, misuse, response_error};
pub(crate) use wire::Wire;

/// Whose rules a response follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `HttpSession`: everything below 400 is a success.
    #[default]
    Http,
    /// `FastHttpSession`: a fixed set of codes is.
    Fast,
}

impl Kind {
    /// Whether `status` is a success without further questions.
    #[inline]
    pub(crate) fn is_success(self, status: u16) -> bool {
        match self {
            Self::Http => status < 400,
            Self::Fast => matches!(status, 200..=208 | 226 | 301..=304 | 307 | 308),
        }
    }
}

/// The bytes of an answer.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    head_len: usize,
    /// The body without its content coding; `None` where it has none.
    decoded: Option<Vec<u8>>,
}

impl Reply {
    #[inline]
    pub(crate) fn body(&self) -> &[u8] {
        self.decoded.as_deref().unwrap_or(&self.bytes[self.head_len..])
    }

    fn head(&self) -> &[u8] {
        &self.bytes[..self.head_len]
    }

    fn header(&self, name: &[u8]) -> Option<&[u8]> {
        h1::headers(self.head()).find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The URL of a request: as it was put together, or its parts as long as nobody asks.
#[derive(Debug)]
pub(crate) enum Url {
    Joined(Py<PyAny>, Py<PyAny>),
    Whole(Py<PyAny>),
}

impl Url {
    fn text<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Joined(base, path) => base.bind(py).add(path),
            Self::Whole(text) => Ok(text.bind(py).clone()),
        }
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Joined(base, path) => Self::Joined(base.clone_ref(py), path.clone_ref(py)),
            Self::Whole(text) => Self::Whole(text.clone_ref(py)),
        }
    }
}

/// What was asked: enough to show the request when somebody wants to see it, and to report it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) client: Py<PyAny>,
    pub(crate) request_event: Py<PyAny>,
    pub(crate) method: Py<PyAny>,
    pub(crate) url: Url,
    /// After redirects: where the answer came from.
    pub(crate) final_url: Option<Py<PyAny>>,
    pub(crate) headers: Option<Py<PyAny>>,
    pub(crate) payload: Option<Py<PyAny>>,
    pub(crate) content_type: Option<&'static str>,
    /// `None` where `requests` keeps it, or where nothing was sent yet.
    pub(crate) wire: Option<Wire>,
    pub(crate) name: Py<PyAny>,
    pub(crate) context: Option<Py<PyAny>>,
}

impl Sent {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        let copy = |value: &Option<Py<PyAny>>| value.as_ref().map(|value| value.clone_ref(py));
        Self {
            client: self.client.clone_ref(py),
            request_event: self.request_event.clone_ref(py),
            method: self.method.clone_ref(py),
            url: self.url.clone_ref(py),
            final_url: copy(&self.final_url),
            headers: copy(&self.headers),
            payload: copy(&self.payload),
            content_type: self.content_type,
            wire: self.wire.as_ref().map(|wire| wire.clone_ref(py)),
            name: self.name.clone_ref(py),
            context: copy(&self.context),
        }
    }
}

/// What the user's code said about a response.
#[derive(Debug, Default)]
enum Verdict {
    #[default]
    Open,
    Success,
    Failure(Py<PyAny>),
}

#[derive(Debug, Default)]
struct State {
    kind: Kind,
    status: u16,
    reply: Option<Reply>,
    timing: Timing,
    length: u64,
    sent: Option<Sent>,
    error: Option<Py<PyAny>>,
    content: Option<Py<PyAny>>,
    meta: Option<Py<PyDict>>,
    catches: bool,
    is_entered: bool,
    verdict: Verdict,
}

/// Native base of `HttpSession`'s and `FastHttpSession`'s responses.
#[pyclass(subclass, weakref, frozen, module = "katydid._core")]
#[derive(Default)]
pub(crate) struct Response {
    state: Attached<State>,
}

/// Everything that a new response knows.
pub(crate) struct Arrived {
    pub(crate) kind: Kind,
    pub(crate) answer: Option<Answer>,
    pub(crate) decoded: Option<Vec<u8>>,
    pub(crate) timing: Timing,
    pub(crate) sent: Sent,
    pub(crate) catches: bool,
    pub(crate) error: Option<Py<PyAny>>,
}

impl Response {
    /// A response of the Python class `class`, without running its `__init__`.
    #[inline]
    pub(crate) fn create<'py>(class: &Bound<'py, PyType>, arrived: Arrived) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        let object = allocate(class)?;
        let response = object.cast::<Self>()?.get();
        let (status, reply) = match arrived.answer {
            Some(answer) => {
                let reply =
                    Reply { bytes: answer.bytes, head_len: answer.head_len, decoded: arrived.decoded };
                (answer.status, Some(reply))
            }
            None => (0, None),
        };
        let length = reply.as_ref().map_or(0, |reply| reply.body().len() as u64);
        response.state.with(py, |state| {
            state.kind = arrived.kind;
            state.status = status;
            state.reply = reply;
            state.timing = arrived.timing;
            state.length = length;
            state.sent = Some(arrived.sent);
            state.error = arrived.error;
            state.catches = arrived.catches;
        });
        Ok(object)
    }

    fn has_answer(&self, py: Python<'_>) -> bool {
        self.state.with(py, |state| state.reply.is_some())
    }

    /// The HTTP status; `None` where no answer came.
    pub(crate) fn answered_status(&self, py: Python<'_>) -> Option<u16> {
        self.state.with(py, |state| (state.status != 0).then_some(state.status))
    }

    /// When the request began, what it was busy with, and when it ended.
    pub(crate) fn timing(&self, py: Python<'_>) -> Timing {
        self.state.with(py, |state| state.timing)
    }

    /// The body as a task sees it, where it is known natively.
    fn native_content<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let (known, fresh) = self.state.with(py, |state| match &state.content {
            Some(content) => (Some(content.clone_ref(py)), None),
            None => (None, state.reply.as_ref().map(|reply| PyBytes::new(py, reply.body()).into_any())),
        });
        if let Some(fresh) = fresh {
            let kept = fresh.clone().unbind();
            drop(self.state.with(py, |state| state.content.replace(kept)));
            return Some(fresh);
        }
        known.map(|content| content.into_bound(py))
    }
}

/// An instance of `class`, made by `__new__` alone.
#[inline]
fn allocate<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    // SAFETY: `class` is a valid type object for as long as it is borrowed.
    let Some(make) = (unsafe { (*class.as_type_ptr()).tp_new }) else {
        return Err(PyTypeError::new_err("a response class must be constructible"));
    };
    // SAFETY: a type's `tp_new` takes the type itself, a tuple and a dictionary or null, and returns a new
    // reference or null with an error set.
    unsafe {
        let object = make(class.as_type_ptr(), PyTuple::empty(py).as_ptr(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, object)
    }
}

#[pymethods]
impl Response {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(state) = self.state.for_collector() else { return Ok(()) };
        visit.call(&state.error)?;
        visit.call(&state.content)?;
        visit.call(&state.meta)?;
        if let Verdict::Failure(error) = &state.verdict {
            visit.call(error)?;
        }
        let Some(sent) = &state.sent else { return Ok(()) };
        visit.call(&sent.client)?;
        visit.call(&sent.request_event)?;
        visit.call(&sent.headers)?;
        visit.call(&sent.payload)?;
        visit.call(&sent.context)
    }

    fn __clear__(&self, py: Python<'_>) {
        let state = self.state.with(py, std::mem::take);
        drop(state);
    }

    /// HTTP status code; 0 where no answer came.
    #[getter]
    fn status_code(&self, py: Python<'_>) -> u16 {
        self.state.with(py, |state| state.status)
    }

    #[setter]
    fn set_status_code(&self, py: Python<'_>, status: u16) {
        self.state.with(py, |state| state.status = status);
    }

    /// The exception that stands for what went wrong, if something did.
    #[getter]
    fn error(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.state.with(py, |state| state.error.as_ref().map(|error| error.clone_ref(py)))
    }

    #[setter]
    fn set_error(&self, py: Python<'_>, error: Option<Py<PyAny>>) {
        drop(self.state.with(py, |state| std::mem::replace(&mut state.error, error)));
    }

    /// Whether the native half holds the answer.
    #[getter]
    fn _is_native(&self, py: Python<'_>) -> bool {
        self.has_answer(py)
    }

    /// The body without its content coding; `None` where the native half has none.
    fn _body<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.native_content(py)
    }

    /// The header fields as received: names and values, order, case and repetitions kept.
    fn _fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let head = self.state.with(py, |state| state.reply.as_ref().map(|reply| reply.head().to_vec()));
        fields(py, &head.unwrap_or_default())
    }

    /// The version of HTTP that the answer has, as `urllib3` counts them: 10 or 11.
    #[getter]
    fn _version(&self, py: Python<'_>) -> u8 {
        self.state.with(py, |state| {
            let is_old = state.reply.as_ref().is_some_and(|reply| reply.head().starts_with(b"HTTP/1.0"));
            if is_old { 10 } else { 11 }
        })
    }

    /// The reason phrase.
    fn _reason<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let reason =
            self.state.with(py, |state| state.reply.as_ref().map(|reply| h1::reason(reply.head()).to_vec()));
        latin1(py, &reason.unwrap_or_default())
    }

    /// The value of one header field.
    fn _header<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self.state.with(py, |state| {
            state.reply.as_ref().and_then(|reply| reply.header(name.as_bytes()).map(<[u8]>::to_vec))
        });
        value.map(|value| latin1(py, &value)).transpose()
    }

    /// What was asked: client, method, URL, the call's headers and its body.
    fn _sent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let parts = self.state.with(py, |state| {
            state.sent.as_ref().map(|sent| {
                let copy = |value: &Option<Py<PyAny>>| value.as_ref().map(|value| value.clone_ref(py));
                let url = sent.url.clone_ref(py);
                (
                    sent.client.clone_ref(py),
                    sent.method.clone_ref(py),
                    url,
                    copy(&sent.headers),
                    copy(&sent.payload),
                )
            })
        });
        let Some((client, method, url, headers, payload)) = parts else {
            return Err(PyTypeError::new_err("this response belongs to no request"));
        };
        (client, method, url.text(py)?, headers, payload).into_pyobject(py)
    }

    /// The head that the last request for this answer is sent with, and its URL: kept for those who look at it.
    fn _keep_wire(&self, py: Python<'_>, url: Py<PyAny>, head: Py<PyBytes>) {
        let old = self
            .state
            .with(py, |state| state.sent.as_mut().map(|sent| sent.wire.replace(Wire::Written { url, head })));
        drop(old);
    }

    /// URL and header fields of the last request for this answer, as they went over the wire; `None` where that is not
    /// known here.
    fn _on_wire<'py>(&self, py: Python<'py>) -> PyResult<Option<wire::Seen<'py>>> {
        let (client, sent) =
            self.state.with(py, |state| (state.kind, state.sent.as_ref().map(|sent| sent.clone_ref(py))));
        let Some(sent) = sent else { return Ok(None) };
        wire::seen(py, client, &sent)
    }

    /// The media type that goes with the body of the request, unless the caller gave one.
    #[getter]
    fn _content_type(&self, py: Python<'_>) -> Option<&'static str> {
        self.state.with(py, |state| state.sent.as_ref().and_then(|sent| sent.content_type))
    }

    /// The name under which the request is recorded.
    #[getter]
    fn _stats_name(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let (meta, name) = self.state.with(py, |state| {
            let meta = state.meta.as_ref().map(|meta| meta.clone_ref(py));
            (meta, state.sent.as_ref().map(|sent| sent.name.clone_ref(py)))
        });
        match meta {
            Some(meta) => Ok(meta.bind(py).get_item(intern!(py, "name"))?.map(Bound::unbind)),
            None => Ok(name),
        }
    }

    /// Seconds from the start of the request until the first byte of its answer.
    #[getter]
    fn _first_byte_seconds(&self, py: Python<'_>) -> f64 {
        self.state.with(py, |state| recording::seconds_to_first_byte(&state.timing))
    }

    /// The body as JSON where the fast parser takes it; `None` where the standard library has to judge.
    fn _json<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let content = self.native_content(py)?;
        crate::json::parse(py, content.cast::<PyBytes>().ok()?.as_bytes())
    }

    /// What the request event is told; changes to it before the end of the `with` block count.
    #[getter]
    fn request_meta<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        if let Some(meta) =
            slf.get().state.with(py, |state| state.meta.as_ref().map(|meta| meta.clone_ref(py)))
        {
            return Ok(meta.into_bound(py));
        }
        let meta = Self::build_meta(slf)?;
        let kept = meta.clone().unbind();
        drop(slf.get().state.with(py, |state| state.meta.replace(kept)));
        Ok(meta)
    }

    #[setter]
    fn set_request_meta(&self, py: Python<'_>, meta: Bound<'_, PyDict>) {
        drop(self.state.with(py, |state| state.meta.replace(meta.unbind())));
    }

    #[getter]
    fn _catches(&self, py: Python<'_>) -> bool {
        self.state.with(py, |state| state.catches)
    }

    /// Take the place of the answer so far: the next hop of a redirect, or the answer to an unusual request. The time
    /// runs on from the first start. Says whether there are new cookies, another redirect, an undecodable body.
    #[pyo3(signature = (incoming, url, *, is_open = false))]
    fn _take(
        &self,
        py: Python<'_>,
        incoming: &Bound<'_, Incoming>,
        url: Option<Py<PyAny>>,
        is_open: bool,
    ) -> (bool, bool, bool) {
        let answer = if is_open { incoming.get().marks(py) } else { incoming.get().take(py) };
        let marks = (answer.has_cookies, answer.has_location);
        let (decoded, is_damaged) = decode(&answer);
        let reply = Reply { bytes: answer.bytes, head_len: answer.head_len, decoded };
        let announced =
            reply.header(b"content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        let length = if is_open { announced.unwrap_or(0) } else { reply.body().len() as u64 };
        let old = self.state.with(py, |state| {
            state.status = answer.status;
            state.length = length;
            state.continue_timing(answer.timing);
            let url = state.sent.as_mut().map(|sent| std::mem::replace(&mut sent.final_url, url));
            (state.reply.replace(reply), state.content.take(), url)
        });
        drop(old);
        (marks.0, marks.1, is_damaged)
    }

    /// There is no answer, or no longer: the exchange failed.
    fn _lose(&self, py: Python<'_>, failed: Option<&Bound<'_, Failed>>) {
        let timing = failed.map(|failed| failed.get().timing());
        let old = self.state.with(py, |state| {
            state.status = 0;
            state.length = 0;
            if let Some(timing) = timing {
                state.continue_timing(timing);
            }
            (state.reply.take(), state.content.take())
        });
        drop(old);
    }

    /// The facts of the request, once they are known: name in the statistics and URL.
    fn _set_request(&self, py: Python<'_>, name: Py<PyAny>, url: Py<PyAny>) {
        let old = self.state.with(py, |state| {
            let sent = state.sent.as_mut()?;
            let url = std::mem::replace(&mut sent.url, Url::Whole(url));
            Some((std::mem::replace(&mut sent.name, name), url, sent.final_url.take()))
        });
        drop(old);
    }

    /// Take status and length of an answer that Python code keeps, and the timing of its exchange where there is one
    /// of ours.
    #[pyo3(signature = (status, length, incoming = None, seconds = 0.0))]
    fn _adopt(
        &self,
        py: Python<'_>,
        status: u16,
        length: u64,
        incoming: Option<&Bound<'_, PyAny>>,
        seconds: f64,
    ) -> PyResult<()> {
        let timing = match incoming {
            Some(incoming) => match incoming.cast::<Incoming>() {
                Ok(incoming) => incoming.get().timing(py),
                Err(_) => incoming.cast::<Failed>()?.get().timing(),
            },
            None => recording::ended_now(seconds),
        };
        let old = self.state.with(py, |state| {
            state.status = status;
            state.length = length;
            state.continue_timing(timing);
            let wire = state.sent.as_mut().and_then(|sent| sent.wire.take());
            (state.reply.take(), state.content.take(), wire)
        });
        drop(old);
        Ok(())
    }

    /// Copies answer, timing and request into `other`, a response to the same request.
    fn _copy_to(&self, py: Python<'_>, other: &Bound<'_, Self>) {
        let copy = self.state.with(py, |state| {
            let reply = state.reply.as_ref().map(|reply| Reply {
                bytes: reply.bytes.clone(),
                head_len: reply.head_len,
                decoded: reply.decoded.clone(),
            });
            State {
                kind: state.kind,
                status: state.status,
                reply,
                timing: state.timing,
                length: state.length,
                sent: state.sent.as_ref().map(|sent| sent.clone_ref(py)),
                error: state.error.as_ref().map(|error| error.clone_ref(py)),
                ..State::default()
            }
        });
        drop(other.get().state.with(py, |state| std::mem::replace(state, copy)));
    }

    /// Set the decoded body, where the native decoder could not.
    fn _set_body(&self, py: Python<'_>, body: &[u8]) {
        let old = self.state.with(py, |state| {
            state.length = body.len() as u64;
            if let Some(reply) = &mut state.reply {
                reply.decoded = Some(body.to_vec());
            }
            state.content.take()
        });
        drop(old);
    }

    /// The URL of the last hop.
    #[getter]
    fn _final_url<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let url = self.state.with(py, |state| {
            state.sent.as_ref().map(|sent| match &sent.final_url {
                Some(url) => Url::Whole(url.clone_ref(py)),
                None => sent.url.clone_ref(py),
            })
        });
        url.map(|url| url.text(py)).transpose()
    }

    /// What the user said: `None` (nothing), `True` (a success) or the exception of a failure.
    #[getter]
    fn _manual_result(&self, py: Python<'_>) -> Py<PyAny> {
        let failure = self.state.with(py, |state| match &state.verdict {
            Verdict::Open => Some(None),
            Verdict::Success => None,
            Verdict::Failure(error) => Some(Some(error.clone_ref(py))),
        });
        match failure {
            None => pyo3::types::PyBool::new(py, true).to_owned().into_any().unbind(),
            Some(None) => py.None(),
            Some(Some(error)) => error,
        }
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        let is_allowed = slf.get().state.with(py, |state| {
            state.is_entered |= state.catches;
            state.catches || state.kind == Kind::Fast
        });
        if is_allowed { Ok(slf.clone()) } else { Err(misuse(py, Misuse::Enter)) }
    }

    /// Decides what is reported. True swallows the exception of the block.
    fn __exit__(
        slf: &Bound<'_, Self>,
        class: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let py = slf.py();
        let (catches, verdict) = slf.get().state.with(py, |state| {
            let verdict = match &state.verdict {
                Verdict::Open => None,
                Verdict::Success => Some(None),
                Verdict::Failure(failure) => Some(Some(failure.clone_ref(py))),
            };
            (state.catches, verdict)
        });
        if !catches {
            return Ok(false);
        }
        if let Some(failure) = verdict {
            Self::report(slf, failure.as_ref().map(|failure| failure.bind(py)))?;
            return Ok(class.is_none());
        }
        if class.is_none() {
            Self::report_now(slf)?;
            return Ok(true);
        }
        if error.is_instance(response_error(py)?)? {
            Self::report(slf, Some(error))?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Mark the request as a success, whatever its status code.
    fn success(&self, py: Python<'_>) -> PyResult<()> {
        self.decide(py, Verdict::Success)
    }

    /// Mark the request as failed. `exc` is the reason: an exception, or anything that `CatchResponseError` is to
    /// carry.
    fn failure(&self, exc: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = exc.py();
        if self.state.with(py, |state| !state.is_entered) {
            return self.decide(py, Verdict::Open);
        }
        let exception = if exc.is_instance_of::<pyo3::exceptions::PyException>() {
            exc.clone()
        } else {
            catch_response_error(py)?.call1((exc,))?
        };
        self.decide(py, Verdict::Failure(exception.unbind()))
    }

    /// Report the request now; for calls without `catch_response`.
    fn _report(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::report_now(slf)
    }
}

impl State {
    /// Goes on with the timing of a later exchange of the same request.
    fn continue_timing(&mut self, next: Timing) {
        let first = self.timing;
        self.timing = next;
        if first.started != Moment::default() {
            self.timing.started = first.started;
            for phase in Phase::ALL {
                if let Some(ns) = first.phases.ns(phase) {
                    self.timing.phases.add(phase, ns);
                }
            }
        }
    }
}

impl Response {
    fn decide(&self, py: Python<'_>, verdict: Verdict) -> PyResult<()> {
        let (catches, is_entered) = self.state.with(py, |state| (state.catches, state.is_entered));
        if !is_entered {
            return Err(misuse(py, if catches { Misuse::Outside } else { Misuse::Decide }));
        }
        drop(self.state.with(py, |state| std::mem::replace(&mut state.verdict, verdict)));
        Ok(())
    }
}

/// Header fields as Python sees them: text in Latin-1, as HTTP/1 has it.
pub(crate) fn fields<'py>(py: Python<'py>, head: &[u8]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (name, value) in h1::headers(head) {
        list.append((latin1(py, name)?, latin1(py, value)?))?;
    }
    Ok(list)
}

/// A string of the characters U+0000 to U+00FF that the bytes stand for.
pub(crate) fn latin1<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the pointer and length describe `bytes`, and a null error handler means "strict", which Latin-1
    // never needs.
    unsafe {
        let text = ffi::PyUnicode_DecodeLatin1(
            bytes.as_ptr().cast(),
            bytes.len() as ffi::Py_ssize_t,
            std::ptr::null(),
        );
        Bound::from_owned_ptr_or_err(py, text)
    }
}
