//! The hot half of `FastHttpSession`: an ordinary request from its arguments to its response without Python code.
//!
//! What is not ordinary goes to the Python half: redirects, new cookies, odd URLs, query parameters, files, failures'
//! exceptions. Both halves put the same bytes on the wire.

use std::path::PathBuf;
use std::sync::Arc;

use katydid_net::coding;
use katydid_net::{Answer, Body, ExchangeId, Origin, Proxy, Request, Timeouts, Timing};
use katydid_stats::FailureKind;
use pyo3::exceptions::PyBaseException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::attached::Attached;
use crate::call::{Argument, Call, is_set, text};
use crate::head::{self, write_length, write_line};
use crate::hub::{self, Hub};
use crate::incoming::{self, Failed, Outgoing};
use crate::payload::{self, Payload, PayloadKind};
use crate::response::{Arrived, Kind, Response, Sent, Url, Wire};
use crate::session::{self, Dress, Inherited, Session};
use crate::site::{self, Site};
use crate::transport::{self, ConnectionPool, Fault};
use crate::verbs::Client;

const MODULE: &str = "katydid.locust.contrib.fasthttp";
const ACCEPT_ENCODING: &str = "gzip, deflate, br";

/// Native base of `FastHttpSession`.
#[pyclass(subclass, weakref, frozen, module = "katydid._core")]
pub(crate) struct FastHttpClient {
    session: Attached<Session>,
    inherited: Attached<Inherited>,
}

/// A request under way.
struct Flight {
    id: ExchangeId,
    sent: Sent,
    follows: bool,
    /// Whoever replaces the client's pool meanwhile must not end this request.
    _pool: Py<ConnectionPool>,
}

impl Client for FastHttpClient {
    #[inline]
    fn verb<'py>(slf: &Bound<'py, Self>, call: &Call<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if Inherited::holds(&slf.get().inherited, slf, &[intern!(py, "request")])? {
            return Self::call(slf, call);
        }
        let keywords = call.keywords()?;
        let (data, json) = (intern!(py, "data"), intern!(py, "json"));
        match text(call.method) {
            Some("POST") => call.fill_in(&keywords, &[data, json])?,
            Some("PUT" | "PATCH") => call.fill_in(&keywords, &[data])?,
            _ => {}
        }
        slf.call_method(intern!(py, "request"), (call.method, call.url), Some(&keywords))
    }
}

impl FastHttpClient {
    fn call<'py>(slf: &Bound<'py, Self>, call: &Call<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let hub = hub::current(py)?;
        let Some(flight) = Self::launch(slf, hub, call)? else { return Self::in_python(slf, call) };
        match transport::settle(py, hub, flight.id) {
            Ok(()) => Self::landed(slf, hub, call, flight),
            Err(error) => Self::interrupted(slf, hub, call, flight, error),
        }
    }

    /// A `gevent.Timeout` of the task's is a failure like any other; what else interrupts a request goes on.
    #[cold]
    #[inline(never)]
    fn interrupted<'py>(
        slf: &Bound<'py, Self>,
        hub: &'static Hub,
        call: &Call<'_, 'py>,
        flight: Flight,
        error: PyErr,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        static TIMEOUT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let timeout = error.value(py);
        if !timeout.is_instance(TIMEOUT.import(py, "gevent.timeout", "Timeout")?)? {
            return Err(error);
        }
        let timing = hub.with(|reactor| reactor.timing(flight.id)).unwrap_or_default();
        let fault = Fault { failure: FailureKind::Cancelled.into(), timing, has_head: false };
        Self::failed(slf, call, flight, Box::new(fault), Some(timeout))
    }

    #[inline(never)]
    fn landed<'py>(
        slf: &Bound<'py, Self>,
        hub: &'static Hub,
        call: &Call<'_, 'py>,
        flight: Flight,
    ) -> PyResult<Bound<'py, PyAny>> {
        match transport::answer(hub, flight.id) {
            Ok(answer) => Self::conclude(slf, call, flight, answer),
            Err(fault) => Self::failed(slf, call, flight, fault, None),
        }
    }

    #[cold]
    #[inline(never)]
    fn in_python<'py>(slf: &Bound<'py, Self>, call: &Call<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        slf.call_method(intern!(slf.py(), "_request"), (call.method, call.url), Some(&call.keywords()?))
    }

    /// Puts an ordinary request on the wire; `None` if it is not ordinary.
    #[inline(never)]
    fn launch(slf: &Bound<'_, Self>, hub: &'static Hub, call: &Call<'_, '_>) -> PyResult<Option<Flight>> {
        let py = slf.py();
        let this = slf.get();
        if call.has_rest() || call.auth.is_some() || call.params.is_some() || call.timeout.is_some() {
            return Ok(None);
        }
        if is_set(call.stream)? {
            return Ok(None);
        }
        let (Some(method), Some(url)) = (text(call.method), text(call.url)) else { return Ok(None) };
        if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(None);
        }
        let Some(outfit) = session::outfit(slf, &this.session, hub)? else { return Ok(None) };
        let Some((prefix, path)) = target(&outfit.dress.site, url) else { return Ok(None) };
        let Some(payload) = payload(call)? else { return Ok(None) };
        let Some(own) = head::own(call.headers) else { return Ok(None) };
        let Some(own_lines) = head::lines(&own).filter(|lines| lines.iter().all(|line| line.1.is_some()))
        else {
            return Ok(None);
        };
        if let Some(headers) = call.headers {
            add_to_callers(headers.cast()?, &outfit.dress, payload.as_ref())?;
        }
        let body = payload.as_ref().map(|payload| payload.content.bytes()).transpose()?;
        let root = match outfit.proxy {
            Some(_) if !outfit.dress.site.origin.tls => &*outfit.dress.site.root,
            _ => "",
        };
        let mut head = hub.take_buffer();
        let kind = payload.as_ref().map(|payload| payload.kind);
        let line = [method, " ", root, prefix, path];
        write_head(&mut head, &outfit.dress, &line, &own_lines, kind, body.map(<[u8]>::len));
        let id = transport::start(
            hub,
            outfit.pool,
            &Request {
                origin: &outfit.dress.site.origin,
                proxy: outfit.proxy.as_deref(),
                head: &head,
                body: body.map_or(Body::Empty, Body::Bytes),
                is_head: method == "HEAD",
                is_idempotent: !matches!(method, "POST" | "PATCH"),
                expects_continue: false,
                streams: false,
                timeouts: outfit.timeouts,
            },
        );
        hub.return_buffer(head);
        let payload = payload.map(|payload| payload.content.object(py));
        let sent = Self::sent(slf, call, payload, outfit.dress, kind)?;
        let follows = call.allow_redirects.map_or(Ok(true), PyAnyMethods::is_truthy)?;
        let pool = this.session.with(py, |session| session.pool.clone_ref(py));
        Ok(Some(Flight { id, sent, follows, _pool: pool }))
    }

    fn sent(
        slf: &Bound<'_, Self>,
        call: &Call<'_, '_>,
        payload: Option<Py<PyAny>>,
        dress: Dress,
        kind: Option<PayloadKind>,
    ) -> PyResult<Sent> {
        let py = slf.py();
        let session = &slf.get().session;
        let is_absolute = text(call.url).is_some_and(site::is_absolute);
        let (base, request_event) =
            session.with(py, |session| (session.base_url.clone_ref(py), session.request_event.clone_ref(py)));
        let url = call.url.clone().unbind();
        Ok(Sent {
            client: slf.clone().into_any().unbind(),
            request_event,
            method: call.method.clone().unbind(),
            name: call
                .name
                .filter(|name| name.is_truthy().unwrap_or(true))
                .unwrap_or(call.url)
                .clone()
                .unbind(),
            url: if is_absolute { Url::Whole(url) } else { Url::Joined(base, url) },
            final_url: None,
            headers: call.headers.map(|headers| headers.clone().unbind()),
            payload,
            content_type: kind.map(content_type),
            wire: Some(Wire::Ordinary { dress, kind, auth: None }),
            context: session::context(session, call.context, py)?,
        })
    }

    /// Makes the response of an answer and reports it.
    #[inline]
    fn conclude<'py>(
        slf: &Bound<'py, Self>,
        call: &Call<'_, 'py>,
        flight: Flight,
        answer: Answer,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let is_redirect =
            flight.follows && answer.has_location && matches!(answer.status, 301..=303 | 307 | 308);
        let has_cookies = answer.has_cookies;
        let (decoded, is_damaged) = decode(&answer);
        let catches = is_set(call.catch_response)?;
        let class = if catches {
            class(py, &CAUGHT, "ResponseContextManager")?
        } else {
            class(py, &PLAIN, "FastResponse")?
        };
        let timing = answer.timing;
        let arrived = Arrived {
            kind: Kind::Fast,
            answer: Some(answer),
            decoded,
            timing,
            sent: flight.sent,
            catches,
            error: None,
        };
        let response = Response::create(class, arrived)?;
        if is_redirect || has_cookies || is_damaged {
            slf.call_method1(intern!(py, "_settle"), (&response, is_redirect, is_damaged))?;
        }
        if !catches {
            Response::report_now(response.cast()?)?;
        }
        Ok(response)
    }

    #[cold]
    #[inline(never)]
    fn failed<'py>(
        slf: &Bound<'py, Self>,
        call: &Call<'_, 'py>,
        flight: Flight,
        fault: Box<Fault>,
        timeout: Option<&Bound<'py, PyBaseException>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let catches = is_set(call.catch_response)?;
        let class = if catches {
            class(py, &CAUGHT, "ResponseContextManager")?
        } else {
            class(py, &FAILED, "ErrorResponse")?
        };
        let arrived = Arrived {
            kind: Kind::Fast,
            answer: None,
            decoded: None,
            timing: fault.timing,
            sent: flight.sent,
            catches,
            error: None,
        };
        let response = Response::create(class, arrived)?;
        slf.call_method1(intern!(py, "_fail"), (&response, Failed::new(&fault), timeout))?;
        if !catches {
            Response::report_now(response.cast()?)?;
        }
        Ok(response)
    }
}

/// The parts of the request line that follow the method, if the URL is ordinary.
fn target<'a>(site: &'a Site, url: &'a str) -> Option<(&'a str, &'a str)> {
    let (prefix, path) = if url.starts_with('/') { (&*site.prefix, url) } else { ("", site.path_of(url)?) };
    (site::is_plain(path.as_bytes()) && !path.ends_with('?')).then_some((prefix, path))
}

/// The body of a call; the inner `None`: it has none. `None`: Python has to make it.
fn payload<'py>(call: &Call<'_, 'py>) -> PyResult<Option<Option<Payload<'py>>>> {
    if let Some(data) = call.data.filter(|data| data.is_truthy().unwrap_or(true)) {
        return Ok(payload::from_data(data, false).map(Some));
    }
    match call.json {
        Some(json) => Ok(payload::from_json(json, payload::encoder(call.py(), false)?)?.map(Some)),
        None => Ok(Some(None)),
    }
}

/// What geventhttpclient adds to the dictionary of headers that the caller gave, and callers have come to see there.
fn add_to_callers(headers: &Bound<'_, PyDict>, dress: &Dress, payload: Option<&Payload<'_>>) -> PyResult<()> {
    let add = |name: &str, value: &str| -> PyResult<()> {
        let is_there =
            headers.keys().iter().any(|key| text(&key).is_some_and(|key| key.eq_ignore_ascii_case(name)));
        if is_there { Ok(()) } else { headers.set_item(name, value) }
    };
    if !dress.block.has("Accept-Encoding") {
        add("Accept-Encoding", ACCEPT_ENCODING)?;
    }
    if payload.is_some_and(|payload| payload.kind == PayloadKind::Json) {
        add("Content-Type", "application/json")?;
        add("Accept", "application/json")?;
    }
    Ok(())
}

/// The header fields of an ordinary request once more, below an empty first line. They are not kept: most requests
/// succeed, and nobody looks. `None` where the call's headers are no longer what they were.
#[cold]
pub(crate) fn head_again(
    dress: &Dress,
    kind: Option<PayloadKind>,
    headers: Option<&Bound<'_, PyAny>>,
    payload: Option<&Bound<'_, PyAny>>,
) -> Option<Vec<u8>> {
    let own = head::own(headers)?;
    let own = head::lines(&own).filter(|lines| lines.iter().all(|line| line.1.is_some()))?;
    let mut head = Vec::new();
    write_head(&mut head, dress, &[], &own, kind, payload.and_then(payload::length_of));
    Some(head)
}

/// Writes the whole head, in geventhttpclient's order; `line` has the parts of its first line.
fn write_head(
    out: &mut Vec<u8>,
    dress: &Dress,
    line: &[&str],
    own: &[(&str, Option<&str>)],
    kind: Option<PayloadKind>,
    length: Option<usize>,
) {
    for part in line {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    dress.block.write(out, own);
    let has = |name: &str| head::has(own, name) || dress.block.has(name);
    if !has("Accept-Encoding") {
        write_line(out, "Accept-Encoding", ACCEPT_ENCODING);
    }
    if let Some(kind) = kind.filter(|_| !has("Content-Type")) {
        let name = if kind == PayloadKind::Json { "Content-Type" } else { "content-type" };
        write_line(out, name, content_type(kind));
    }
    if kind == Some(PayloadKind::Json) && !has("Accept") {
        write_line(out, "Accept", "application/json");
    }
    let length = length.filter(|_| !has("Content-Length"));
    let is_early = matches!(kind, Some(PayloadKind::Form | PayloadKind::Text));
    if let Some(length) = length.filter(|_| is_early) {
        write_length(out, "content-length", length);
    }
    if let Some(cookies) = dress.cookies.as_deref().filter(|_| !has("Cookie")) {
        write_line(out, "Cookie", cookies);
    }
    if !has("Host") {
        write_line(out, "Host", &dress.site.host);
    }
    if let Some(length) = length.filter(|_| !is_early) {
        write_length(out, "Content-Length", length);
    }
    out.extend_from_slice(b"\r\n");
}

/// The media type that geventhttpclient announces for a body.
fn content_type(kind: PayloadKind) -> &'static str {
    match kind {
        PayloadKind::Json => "application/json",
        PayloadKind::Form => "application/x-www-form-urlencoded; charset=utf-8",
        PayloadKind::Text => "text/plain; charset=utf-8",
        PayloadKind::Bytes => "application/octet-stream",
    }
}

/// The body without its content coding, and whether it could not be decoded.
#[inline]
pub(crate) fn decode(answer: &Answer) -> (Option<Vec<u8>>, bool) {
    let body = answer.body();
    if answer.coding.is_identity() || body.is_empty() {
        return (None, false);
    }
    match coding::decode(&answer.coding, body, coding::LIMIT_DEFAULT) {
        Ok(body) => (Some(body), false),
        Err(_) => (None, true),
    }
}

static PLAIN: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static CAUGHT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static FAILED: PyOnceLock<Py<PyType>> = PyOnceLock::new();

#[inline]
fn class<'py>(
    py: Python<'py>,
    known: &'static PyOnceLock<Py<PyType>>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyType>> {
    known.import(py, MODULE, name)
}

#[pymethods]
impl FastHttpClient {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(
        py: Python<'_>,
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let pool = Py::new(py, ConnectionPool::with_limits(10, 10))?;
        Ok(Self { session: Attached::new(Session::new(py, pool)), inherited: Attached::default() })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.session.for_collector().map_or(Ok(()), |session| session.traverse(&visit))
    }

    fn __clear__(&self, py: Python<'_>) {
        session::clear(&self.session, py);
    }

    /// The connections of this client.
    #[getter]
    fn _pool(&self, py: Python<'_>) -> Py<ConnectionPool> {
        self.session.with(py, |session| session.pool.clone_ref(py))
    }

    #[setter(_pool)]
    fn set_pool(&self, py: Python<'_>, pool: Py<ConnectionPool>) {
        drop(self.session.with(py, |session| std::mem::replace(&mut session.pool, pool)));
    }

    /// Send a request; `method` goes to the wire and into the statistics as it is.
    #[pyo3(signature = (
        method, url, name = None, data = None, catch_response = None, stream = None, headers = None, auth = None,
        json = None, allow_redirects = None, context = None, **kwargs
    ))]
    #[allow(clippy::too_many_arguments, reason = "each keyword of the Python method is an argument")]
    fn request<'py>(
        slf: &Bound<'py, Self>,
        method: &Bound<'py, PyAny>,
        url: &Bound<'py, PyAny>,
        name: Argument<'_, 'py>,
        data: Argument<'_, 'py>,
        catch_response: Argument<'_, 'py>,
        stream: Argument<'_, 'py>,
        headers: Argument<'_, 'py>,
        auth: Argument<'_, 'py>,
        json: Argument<'_, 'py>,
        allow_redirects: Argument<'_, 'py>,
        context: Argument<'_, 'py>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let call = Call {
            method,
            url,
            name,
            data,
            json,
            headers,
            auth,
            context,
            catch_response,
            stream,
            allow_redirects,
            params: None,
            timeout: None,
            is_verb: false,
            rest: kwargs,
        };
        Self::call(slf, &call)
    }

    #[getter]
    fn base_url(&self, py: Python<'_>) -> Py<PyAny> {
        self.session.with(py, |session| session.base_url.clone_ref(py))
    }

    #[setter]
    fn set_base_url(&self, value: &Bound<'_, PyAny>) {
        session::set_base_url(&self.session, value);
    }

    #[getter]
    fn request_event(&self, py: Python<'_>) -> Py<PyAny> {
        self.session.with(py, |session| session.request_event.clone_ref(py))
    }

    #[setter]
    fn set_request_event(&self, value: &Bound<'_, PyAny>) {
        session::set_request_event(&self.session, value);
    }

    #[getter]
    fn user(&self, py: Python<'_>) -> Py<PyAny> {
        self.session.with(py, |session| session.user.clone_ref(py))
    }

    #[setter]
    fn set_user(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        session::set_user(&self.session, value)
    }

    /// The cookies; changes are noticed if it derives from `Versioned`.
    #[getter]
    fn cookiejar(&self, py: Python<'_>) -> Py<PyAny> {
        session::cookies(&self.session, py)
    }

    #[setter]
    fn set_cookiejar(&self, value: &Bound<'_, PyAny>) {
        session::set_cookies(&self.session, value);
    }

    /// Headers sent with every request; changes are noticed if it derives from `Versioned`.
    #[getter]
    fn _default_headers(&self, py: Python<'_>) -> Py<PyAny> {
        session::headers(&self.session, py)
    }

    #[setter(_default_headers)]
    fn set_defaults(&self, value: &Bound<'_, PyAny>) {
        session::set_headers(&self.session, value);
    }

    /// Set time limits (seconds, `None` for none), trust as `requests` has it (`verify`, `cert`, and the authorities
    /// for `verify=True`) and proxy (host, port).
    #[pyo3(signature = (*, connect, network, verify, cert, bundle, proxy = None))]
    #[allow(clippy::too_many_arguments, reason = "each is a setting")]
    fn _configure(
        &self,
        py: Python<'_>,
        connect: Option<f64>,
        network: Option<f64>,
        verify: Option<&Bound<'_, PyAny>>,
        cert: Option<&Bound<'_, PyAny>>,
        bundle: PathBuf,
        proxy: Option<(String, u16)>,
    ) -> PyResult<()> {
        let tls = incoming::trust(verify, cert, Some(&bundle))?;
        let proxy = proxy.map(|(host, port)| {
            let origin = Origin { tls: false, host: host.into(), port };
            Arc::new(Proxy { origin, authorization: None })
        });
        self.session.with(py, |session| {
            session.timeouts =
                Timeouts { connect: session::limit(connect), network: session::limit(network) };
            session.tls = tls;
            session.proxy = proxy;
        });
        Ok(())
    }

    /// A response to be filled by `_take` or `_lose`, for a request that Python code prepares.
    #[pyo3(signature = (class, method, url, name, headers, payload, context, catch_response))]
    #[allow(clippy::too_many_arguments, reason = "each is a fact of the request")]
    fn _respond<'py>(
        slf: &Bound<'py, Self>,
        class: &Bound<'py, PyType>,
        method: Py<PyAny>,
        url: Py<PyAny>,
        name: Py<PyAny>,
        headers: Option<Py<PyAny>>,
        payload: Option<Py<PyAny>>,
        context: Argument<'_, 'py>,
        catch_response: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let session = &slf.get().session;
        let sent = Sent {
            client: slf.clone().into_any().unbind(),
            request_event: session.with(py, |session| session.request_event.clone_ref(py)),
            method,
            url: Url::Whole(url),
            final_url: None,
            headers,
            payload,
            content_type: None,
            wire: None,
            name,
            context: session::context(session, context, py)?,
        };
        let arrived = Arrived {
            kind: Kind::Fast,
            answer: None,
            decoded: None,
            timing: Timing::default(),
            sent,
            catches: catch_response,
            error: None,
        };
        Response::create(class, arrived)
    }

    /// One exchange: a finished head (and body) to an origin (TLS, host, port). Returns `Incoming` or `Failed`.
    #[pyo3(signature = (origin, method, head, body = None, *, chunked = false, stream = false))]
    #[allow(clippy::too_many_arguments, reason = "each is a fact of the exchange")]
    fn _exchange<'py>(
        &self,
        py: Python<'py>,
        origin: (bool, String, u16),
        method: &str,
        head: &[u8],
        body: Option<&Bound<'py, PyAny>>,
        chunked: bool,
        stream: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (pool, timeouts, tls, proxy) = self.session.with(py, |session| {
            (session.pool.clone_ref(py), session.timeouts, session.tls.clone(), session.proxy.clone())
        });
        let outgoing =
            Outgoing { origin, method, head, body, chunked, stream, timeouts, tls: Some(tls), proxy };
        incoming::exchange(py, &pool, &outgoing)
    }
}
