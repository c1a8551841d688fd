//! The hot half of `HttpSession`: an ordinary request from its arguments to its response without Python code.
//!
//! The session is a real `requests.Session` and everything that it can do stays possible: whatever is not ordinary
//! (adapters, hooks, proxies, files, generators, foreign cookie jars, methods that a subclass overrides) is done by
//! `requests` itself, over the same connections. What a maintainer must not break: bytes on the wire, names in the
//! statistics and attributes of the response do not depend on which way a request went.

mod wire;

use std::path::PathBuf;

use katydid_net::tls::TlsSettings;
use katydid_net::{Body, ExchangeId, PoolId, Request, Timeouts, Timing};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyList, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::attached::Attached;
use crate::call::{Argument, Call, is_set, text};
use crate::fast::decode;
use crate::head;
use crate::hub::{self, Hub};
use crate::incoming::{self, Failed};
use crate::payload::Payload;
use crate::response::{Arrived, Kind, Response, Sent, Url, Wire};
use crate::session::{self, Inherited, Outfit, Session};
use crate::transport::{self, ConnectionPool, Fault};
use crate::verbs::Client;
pub(crate) use wire::head_again;
use wire::{Target, content_type, is_usual, payload, target, write_fields, write_start};

const MODULE: &str = "katydid.locust.clients";

/// Native base of `HttpSession`.
#[pyclass(subclass, weakref, frozen, module = "katydid._core")]
pub(crate) struct HttpClient {
    session: Attached<Session>,
    settings: Attached<Settings>,
    /// Whether `request` is ours.
    inherited: Attached<Inherited>,
    /// Whether the steps of a request are those of `requests`.
    steps: Attached<Inherited>,
}

/// The attributes of a `requests.Session` that must be as they were born for a request to be ordinary.
#[derive(Debug, Default)]
struct Settings {
    auth: Option<Py<PyAny>>,
    /// The `Authorization` that `auth` amounts to.
    auth_line: Option<String>,
    proxies: Option<Py<PyAny>>,
    hooks: Option<Py<PyAny>>,
    params: Option<Py<PyAny>>,
    verify: Option<Py<PyAny>>,
    cert: Option<Py<PyAny>>,
    request_name: Option<Py<PyAny>>,
    streams: bool,
    trusts_environment: bool,
    /// An adapter was mounted, or something else makes every request extraordinary.
    is_odd: bool,
}

/// A request under way.
struct Flight {
    id: ExchangeId,
    sent: Sent,
    follows: bool,
}

impl Client for HttpClient {
    #[inline]
    fn verb<'py>(slf: &Bound<'py, Self>, call: &Call<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if Inherited::holds(&slf.get().inherited, slf, &[intern!(py, "request")])? {
            return Self::call(slf, call);
        }
        let keywords = Self::keywords(call)?;
        call.fill_in(&keywords, &[intern!(py, "data"), intern!(py, "json")])?;
        if call.allow_redirects.is_none() && matches!(text(call.method), Some("GET" | "OPTIONS")) {
            keywords.set_item(intern!(py, "allow_redirects"), true)?;
        }
        slf.call_method(intern!(py, "request"), (call.method, call.url), Some(&keywords))
    }
}

impl HttpClient {
    /// Has Python code send a request.
    #[cold]
    #[inline(never)]
    fn in_python<'py>(slf: &Bound<'py, Self>, call: &Call<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let keywords = Self::keywords(call)?;
        slf.call_method(intern!(slf.py(), "_request"), (call.method, call.url), Some(&keywords))
    }

    #[cold]
    fn keywords<'py>(call: &Call<'_, 'py>) -> PyResult<Bound<'py, PyDict>> {
        let keywords = call.keywords()?;
        if call.is_verb && call.method.eq("HEAD")? && call.allow_redirects.is_none() {
            keywords.set_item("allow_redirects", false)?;
        }
        Ok(keywords)
    }

    fn call<'py>(slf: &Bound<'py, Self>, call: &Call<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let hub = hub::current(py)?;
        let steps = [
            intern!(py, "send"),
            intern!(py, "prepare_request"),
            intern!(py, "get_adapter"),
            intern!(py, "resolve_redirects"),
            intern!(py, "_build_url"),
        ];
        let is_own = Inherited::holds(&slf.get().steps, slf, &steps)?;
        let flight = if is_own { Self::launch(slf, hub, call)? } else { None };
        let Some(flight) = flight else { return Self::in_python(slf, call) };
        transport::settle(py, hub, flight.id)?;
        Self::landed(slf, hub, call, flight)
    }

    #[inline(never)]
    fn landed<'py>(
        slf: &Bound<'py, Self>,
        hub: &'static Hub,
        call: &Call<'_, 'py>,
        flight: Flight,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match transport::answer(hub, flight.id) {
            Ok(answer) => {
                let is_redirect =
                    flight.follows && answer.has_location && matches!(answer.status, 301..=303 | 307 | 308);
                let has_cookies = answer.has_cookies;
                let (decoded, is_damaged) = decode(&answer);
                let timing = answer.timing;
                let catches = is_set(call.catch_response)?;
                let arrived = Arrived {
                    kind: Kind::Http,
                    answer: Some(answer),
                    decoded,
                    timing,
                    sent: flight.sent,
                    catches,
                    error: None,
                };
                let response = Response::create(response_class(py)?, arrived)?;
                if is_redirect || has_cookies || is_damaged {
                    let how = (&response, is_redirect, has_cookies, is_damaged, call.timeout);
                    slf.call_method1(intern!(py, "_settle"), how)?;
                }
                if !catches {
                    Response::report_now(response.cast()?)?;
                }
                Ok(response)
            }
            Err(fault) => Self::failed(slf, call, flight, fault),
        }
    }

    #[cold]
    #[inline(never)]
    fn failed<'py>(
        slf: &Bound<'py, Self>,
        call: &Call<'_, 'py>,
        flight: Flight,
        fault: Box<Fault>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let catches = is_set(call.catch_response)?;
        let timing = fault.timing;
        let arrived = Arrived {
            kind: Kind::Http,
            answer: None,
            decoded: None,
            timing,
            sent: flight.sent,
            catches,
            error: None,
        };
        let response = Response::create(response_class(py)?, arrived)?;
        slf.call_method1(intern!(py, "_fail"), (&response, Failed::new(&fault), call.timeout))?;
        if !catches {
            Response::report_now(response.cast()?)?;
        }
        Ok(response)
    }

    /// Puts an ordinary request on the wire; `None` if it is not ordinary.
    #[inline(never)]
    fn launch(slf: &Bound<'_, Self>, hub: &'static Hub, call: &Call<'_, '_>) -> PyResult<Option<Flight>> {
        let py = slf.py();
        let this = slf.get();
        if call.auth.is_some() || is_set(call.stream)? || !this.is_plain(py)? {
            return Ok(None);
        }
        let (Some(method), Some(url)) = (text(call.method), text(call.url)) else { return Ok(None) };
        if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(None);
        }
        let Some(mut outfit) = session::outfit(slf, &this.session, hub)? else { return Ok(None) };
        if call.has_rest() {
            let Some(pool) = Self::other_trust(slf, hub, call, &outfit)? else { return Ok(None) };
            outfit.pool = pool;
        }
        let Some(target) = target(&outfit.dress.site, url, call.params) else { return Ok(None) };
        let Some(payload) = payload(call) else { return Ok(None) };
        let Some(own) = head::own(call.headers) else { return Ok(None) };
        let Some(own) = head::lines(&own).filter(|own| is_usual(&outfit, own)) else { return Ok(None) };
        let timeouts = match call.timeout {
            None => Timeouts::default(),
            Some(timeout) => match session::timeouts(timeout) {
                Some(timeouts) if !timeout.is_instance_of::<PyBool>() => timeouts,
                _ => return Ok(None),
            },
        };
        let auth = this.settings.with(py, |settings| settings.auth_line.clone());
        if auth.is_some() && (head::has(&own, "Authorization") || outfit.dress.block.has("Authorization")) {
            return Ok(None);
        }
        let body = payload.as_ref().map(|payload| payload.content.bytes()).transpose()?;
        let mut head = hub.take_buffer();
        let kind = payload.as_ref().map(|payload| payload.kind);
        let length = body.map(<[u8]>::len);
        write_start(&mut head, method, &target);
        write_fields(&mut head, &outfit.dress, method, &own, kind, length, auth.as_deref());
        let id = transport::start(
            hub,
            outfit.pool,
            &Request {
                origin: &outfit.dress.site.origin,
                proxy: None,
                head: &head,
                body: body.map_or(Body::Empty, Body::Bytes),
                is_head: method == "HEAD",
                is_idempotent: !matches!(method, "POST" | "PATCH"),
                expects_continue: false,
                streams: false,
                timeouts,
            },
        );
        hub.return_buffer(head);
        let mut sent = Self::sent(slf, call, &outfit, &target, payload.as_ref())?;
        sent.wire = Some(Wire::Ordinary { dress: outfit.dress, kind, auth });
        let follows = match call.allow_redirects {
            Some(follows) => follows.is_truthy()?,
            None => method != "HEAD" || !call.is_verb,
        };
        Ok(Some(Flight { id, sent, follows }))
    }

    /// The pool for a call whose only unusual argument says how to trust the server.
    fn other_trust(
        slf: &Bound<'_, Self>,
        hub: &'static Hub,
        call: &Call<'_, '_>,
        outfit: &Outfit,
    ) -> PyResult<Option<PoolId>> {
        let py = slf.py();
        let Some(rest) = call.rest else { return Ok(None) };
        for (name, value) in rest.iter() {
            if !value.is_none() && !name.eq("verify")? {
                return Ok(None);
            }
        }
        let verify = rest.get_item(intern!(py, "verify"))?.filter(|verify| !verify.is_none());
        let Some(verify) = verify.filter(|_| outfit.dress.site.origin.tls) else {
            return Ok(Some(outfit.pool));
        };
        let cert =
            slf.get().settings.with(py, |settings| settings.cert.as_ref().map(|cert| cert.clone_ref(py)));
        let trust = trust(slf, Some(&verify), cert.as_ref().map(|cert| cert.bind(py)))?;
        let pool = slf.get().session.with(py, |session| session.pool.clone_ref(py));
        // A file that is missing: `requests` says so in known words.
        Ok(pool.get().transport.with(py, |transport| transport.pool(hub, Some(&trust))).ok())
    }

    /// Whether nothing about the session asks for `requests` itself.
    #[inline]
    fn is_plain(&self, py: Python<'_>) -> PyResult<bool> {
        let (looks_plain, hooks) = self.settings.with(py, |settings| {
            let is_empty = |value: &Option<Py<PyAny>>| {
                value.as_ref().is_some_and(|value| {
                    value.bind(py).cast_exact::<PyDict>().is_ok_and(|dict| dict.is_empty())
                })
            };
            let looks_plain = !settings.is_odd
                && !settings.streams
                && !settings.trusts_environment
                && settings.auth.is_some() == settings.auth_line.is_some()
                && is_empty(&settings.proxies)
                && is_empty(&settings.params);
            (looks_plain, settings.hooks.as_ref().map(|hooks| hooks.clone_ref(py)))
        });
        let Some(hooks) = hooks.filter(|_| looks_plain) else { return Ok(false) };
        let Ok(hooks) = hooks.into_bound(py).cast_into_exact::<PyDict>() else { return Ok(false) };
        let listeners = hooks.get_item(intern!(py, "response"))?;
        let is_idle =
            listeners.is_none_or(|list| list.cast_exact::<PyList>().is_ok_and(|list| list.is_empty()));
        Ok(hooks.len() <= 1 && is_idle)
    }

    fn sent(
        slf: &Bound<'_, Self>,
        call: &Call<'_, '_>,
        outfit: &Outfit,
        target: &Target<'_>,
        payload: Option<&Payload<'_>>,
    ) -> PyResult<Sent> {
        let py = slf.py();
        let this = slf.get();
        let (base, request_event) = this
            .session
            .with(py, |session| (session.base_url.clone_ref(py), session.request_event.clone_ref(py)));
        let given = match call.name.filter(|name| name.is_truthy().unwrap_or(true)) {
            Some(name) => Some(name.clone().unbind()),
            None => this
                .settings
                .with(py, |settings| settings.request_name.as_ref().map(|name| name.clone_ref(py))),
        };
        let is_joined = target.query.is_none() && text(call.url).is_some_and(|url| url.starts_with('/'));
        let url = if is_joined {
            Url::Joined(base, call.url.clone().unbind())
        } else {
            Url::Whole(
                PyString::new(py, &format!("{}{}", outfit.dress.site.root, target.text()))
                    .into_any()
                    .unbind(),
            )
        };
        let name = match given {
            Some(name) => name,
            None if is_joined && target.prefix.is_empty() => call.url.clone().unbind(),
            None => PyString::new(py, &target.text()).into_any().unbind(),
        };
        Ok(Sent {
            client: slf.clone().into_any().unbind(),
            request_event,
            method: call.method.clone().unbind(),
            name,
            url,
            final_url: None,
            headers: call.headers.map(|headers| headers.clone().unbind()),
            payload: payload.map(|payload| payload.content.object(py)),
            content_type: payload.and_then(|payload| content_type(payload.kind)),
            wire: None,
            context: session::context(&this.session, call.context, py)?,
        })
    }
}

#[inline]
fn response_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, MODULE, "ResponseContextManager")
}

/// The trust settings for `verify` and `cert`, with the authorities that `requests` brings along.
fn trust(
    client: &Bound<'_, PyAny>,
    verify: Option<&Bound<'_, PyAny>>,
    cert: Option<&Bound<'_, PyAny>>,
) -> PyResult<TlsSettings> {
    let bundle: PathBuf = client.getattr(intern!(client.py(), "_ca_bundle"))?.extract()?;
    incoming::trust(verify, cert, Some(&bundle))
}

#[pymethods]
impl HttpClient {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(
        py: Python<'_>,
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let pool = Py::new(py, ConnectionPool::with_limits(usize::MAX, 10))?;
        Ok(Self {
            session: Attached::new(Session::new(py, pool)),
            settings: Attached::default(),
            inherited: Attached::default(),
            steps: Attached::default(),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(session) = self.session.for_collector() {
            session.traverse(&visit)?;
        }
        let Some(settings) = self.settings.for_collector() else { return Ok(()) };
        visit.call(&settings.auth)?;
        visit.call(&settings.proxies)?;
        visit.call(&settings.hooks)?;
        visit.call(&settings.params)
    }

    fn __clear__(&self, py: Python<'_>) {
        session::clear(&self.session, py);
        let settings = self.settings.with(py, std::mem::take);
        drop(settings);
    }

    /// Send a request; `method` goes into the statistics as it is.
    #[pyo3(signature = (
        method, url, name = None, catch_response = None, context = None, *, data = None, json = None, headers = None,
        auth = None, stream = None, allow_redirects = None, params = None, timeout = None, **kwargs
    ))]
    #[allow(clippy::too_many_arguments, reason = "each keyword of the Python method is an argument")]
    fn request<'py>(
        slf: &Bound<'py, Self>,
        method: &Bound<'py, PyAny>,
        url: &Bound<'py, PyAny>,
        name: Argument<'_, 'py>,
        catch_response: Argument<'_, 'py>,
        context: Argument<'_, 'py>,
        data: Argument<'_, 'py>,
        json: Argument<'_, 'py>,
        headers: Argument<'_, 'py>,
        auth: Argument<'_, 'py>,
        stream: Argument<'_, 'py>,
        allow_redirects: Argument<'_, 'py>,
        params: Argument<'_, 'py>,
        timeout: Argument<'_, 'py>,
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
            params,
            timeout,
            is_verb: false,
            rest: kwargs,
        };
        Self::call(slf, &call)
    }

    /// The connections of this session.
    #[getter]
    fn _pool(&self, py: Python<'_>) -> Py<ConnectionPool> {
        self.session.with(py, |session| session.pool.clone_ref(py))
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

    /// Headers sent with every request; changes are noticed if it derives from `Versioned`.
    #[getter]
    fn headers(&self, py: Python<'_>) -> Py<PyAny> {
        session::headers(&self.session, py)
    }

    #[setter]
    fn set_headers(&self, value: &Bound<'_, PyAny>) {
        session::set_headers(&self.session, value);
    }

    /// The cookies; changes are noticed if it derives from `Versioned`.
    #[getter]
    fn cookies(&self, py: Python<'_>) -> Py<PyAny> {
        session::cookies(&self.session, py)
    }

    #[setter]
    fn set_cookies(&self, value: &Bound<'_, PyAny>) {
        session::set_cookies(&self.session, value);
    }

    /// The name of the requests to come.
    #[getter]
    fn request_name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.setting(py, |settings| &settings.request_name)
    }

    #[setter]
    fn set_request_name(&self, value: &Bound<'_, PyAny>) {
        self.set(value, |settings| &mut settings.request_name);
    }

    /// Credentials for every request.
    #[getter]
    fn auth(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.setting(py, |settings| &settings.auth)
    }

    #[setter]
    fn set_auth(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = slf.py();
        let line: Option<String> = slf.call_method1(intern!(py, "_authorization"), (value,))?.extract()?;
        slf.get().settings.with(py, |settings| settings.auth_line = line);
        slf.get().set(value, |settings| &mut settings.auth);
        Ok(())
    }

    /// Proxies by scheme.
    #[getter]
    fn proxies(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.setting(py, |settings| &settings.proxies)
    }

    #[setter]
    fn set_proxies(&self, value: &Bound<'_, PyAny>) {
        self.set(value, |settings| &mut settings.proxies);
    }

    /// Functions that see every response.
    #[getter]
    fn hooks(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.setting(py, |settings| &settings.hooks)
    }

    #[setter]
    fn set_hooks(&self, value: &Bound<'_, PyAny>) {
        self.set(value, |settings| &mut settings.hooks);
    }

    /// Parameters of every request.
    #[getter]
    fn params(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.setting(py, |settings| &settings.params)
    }

    #[setter]
    fn set_params(&self, value: &Bound<'_, PyAny>) {
        self.set(value, |settings| &mut settings.params);
    }

    /// How to check certificates: true, false or a file of authorities.
    #[getter]
    fn verify(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.setting(py, |settings| &settings.verify)
    }

    #[setter]
    fn set_verify(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) {
        slf.get().set(value, |settings| &mut settings.verify);
        Self::renew_trust(slf);
    }

    /// The client's certificate.
    #[getter]
    fn cert(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.setting(py, |settings| &settings.cert)
    }

    #[setter]
    fn set_cert(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) {
        slf.get().set(value, |settings| &mut settings.cert);
        Self::renew_trust(slf);
    }

    /// Whether answers are streamed unless a call says otherwise.
    #[getter]
    fn stream(&self, py: Python<'_>) -> bool {
        self.settings.with(py, |settings| settings.streams)
    }

    #[setter]
    fn set_stream(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let streams = value.is_truthy()?;
        self.settings.with(value.py(), |settings| settings.streams = streams);
        Ok(())
    }

    /// Whether proxies, credentials and authorities may come from the environment.
    #[getter]
    fn trust_env(&self, py: Python<'_>) -> bool {
        self.settings.with(py, |settings| settings.trusts_environment)
    }

    #[setter]
    fn set_trust_env(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let trusts = value.is_truthy()?;
        self.settings.with(value.py(), |settings| settings.trusts_environment = trusts);
        Ok(())
    }

    /// Whether every request has to take the way through `requests`.
    #[getter]
    fn _is_odd(&self, py: Python<'_>) -> bool {
        self.settings.with(py, |settings| settings.is_odd)
    }

    #[setter(_is_odd)]
    fn set_odd(&self, py: Python<'_>, is_odd: bool) {
        self.settings.with(py, |settings| settings.is_odd = is_odd);
    }

    /// A response to be filled by `_take`, `_adopt` or `_lose`, for a request that `requests` prepares.
    #[pyo3(signature = (class, method, context, catch_response))]
    fn _respond<'py>(
        slf: &Bound<'py, Self>,
        class: &Bound<'py, PyType>,
        method: Py<PyAny>,
        context: Argument<'_, 'py>,
        catch_response: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let session = &slf.get().session;
        let sent = Sent {
            client: slf.clone().into_any().unbind(),
            request_event: session.with(py, |session| session.request_event.clone_ref(py)),
            method,
            url: Url::Whole(py.None()),
            final_url: None,
            headers: None,
            payload: None,
            content_type: None,
            wire: None,
            name: py.None(),
            context: session::context(session, context, py)?,
        };
        let arrived = Arrived {
            kind: Kind::Http,
            answer: None,
            decoded: None,
            timing: Timing::default(),
            sent,
            catches: catch_response,
            error: None,
        };
        Response::create(class, arrived)
    }
}

impl HttpClient {
    fn setting(&self, py: Python<'_>, which: impl Fn(&Settings) -> &Option<Py<PyAny>>) -> Option<Py<PyAny>> {
        self.settings.with(py, |settings| which(settings).as_ref().map(|value| value.clone_ref(py)))
    }

    fn set(&self, value: &Bound<'_, PyAny>, which: impl Fn(&mut Settings) -> &mut Option<Py<PyAny>>) {
        let fresh = (!value.is_none()).then(|| value.clone().unbind());
        drop(self.settings.with(value.py(), |settings| std::mem::replace(which(settings), fresh)));
    }

    /// Brings the session's own trust up to date; what cannot be read makes every request extraordinary, and
    /// `requests` tells what is wrong.
    fn renew_trust(slf: &Bound<'_, Self>) {
        let py = slf.py();
        let this = slf.get();
        let (verify, cert) = (this.verify(py), this.cert(py));
        let fresh = trust(
            slf,
            verify.as_ref().map(|value| value.bind(py)),
            cert.as_ref().map(|value| value.bind(py)),
        );
        match fresh {
            Ok(trust) => drop(this.session.with(py, |session| std::mem::replace(&mut session.tls, trust))),
            Err(_) => this.settings.with(py, |settings| settings.is_odd = true),
        }
    }
}
