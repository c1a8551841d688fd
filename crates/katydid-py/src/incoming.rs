//! One exchange for Python code: a finished head goes out, an answer or a failure comes back as a value.
//!
//! The ordinary request does not come this way; redirects, uploads in pieces, streamed answers and everything that
//! `requests` itself prepares do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use katydid_net::tls::{TlsSettings, Verify};
use katydid_net::{Answer, Body, ExchangeId, Origin, Proxy, Request, Timeouts, Timing, h1};
use katydid_stats::{Failure, FailureKind};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyList, PyString, PyTuple};

use crate::attached::Attached;
use crate::hub::{self, Hub};
use crate::response;
use crate::session::limit;
use crate::transport::{self, ConnectionPool, Fault};

/// Why an exchange has no answer.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct Failed {
    kind: FailureKind,
    label: Option<String>,
    timing: Timing,
    has_body: bool,
}

impl Failed {
    pub(crate) fn new(fault: &Fault) -> Self {
        let label = fault.failure.label.as_deref().map(str::to_owned);
        Self { kind: fault.failure.kind, label, timing: fault.timing, has_body: fault.has_head }
    }

    fn plain(failure: &Failure) -> Self {
        let label = failure.label.as_deref().map(str::to_owned);
        Self { kind: failure.kind, label, timing: Timing::default(), has_body: true }
    }

    pub(crate) fn timing(&self) -> Timing {
        self.timing
    }
}

#[pymethods]
impl Failed {
    /// The name of the failure's kind.
    #[getter]
    fn kind(&self) -> &'static str {
        match self.kind {
            FailureKind::Dns(_) => "dns",
            FailureKind::Connect(_) => "connect",
            FailureKind::ConnectTimeout => "connect timeout",
            FailureKind::Tls => "tls",
            FailureKind::Certificate => "certificate",
            FailureKind::Proxy(_) => "proxy",
            FailureKind::Io(_) => "io",
            FailureKind::ReadTimeout => "read timeout",
            FailureKind::ClosedBeforeAnswer => "closed before answer",
            FailureKind::ClosedInHead => "closed in head",
            FailureKind::ClosedInBody { .. } => "closed in body",
            FailureKind::BadStatusLine => "bad status line",
            FailureKind::BadHeader => "bad header",
            FailureKind::HeadTooLong => "head too long",
            FailureKind::TooManyHeaders => "too many headers",
            FailureKind::BadChunk => "bad chunk",
            FailureKind::BadEncoding => "bad encoding",
            FailureKind::TooManyRedirects => "too many redirects",
            FailureKind::Cancelled => "cancelled",
        }
    }

    /// The system's error number, the resolver's code or the proxy's status, where there is one.
    #[getter]
    fn number(&self) -> Option<i32> {
        match self.kind {
            FailureKind::Dns(number) | FailureKind::Connect(number) | FailureKind::Io(number) => Some(number),
            FailureKind::Proxy(status) => Some(i32::from(status)),
            _ => None,
        }
    }

    /// Body bytes that arrived, and those that were announced and did not.
    #[getter]
    fn body(&self) -> Option<(u64, Option<u64>)> {
        match self.kind {
            FailureKind::ClosedInBody { received, missing } => Some((received, missing)),
            _ => None,
        }
    }

    /// Words for a reader: the bad line, the certificate's complaint.
    #[getter]
    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// Whether any byte of the answer had arrived.
    #[getter]
    fn has_head(&self) -> bool {
        self.timing.phases.ns(katydid_stats::Phase::Receiving).is_some()
    }

    /// Whether the head of the answer was complete.
    #[getter]
    fn has_body(&self) -> bool {
        self.has_body
    }

    /// Whether the connection stood, without its TLS handshake.
    #[getter]
    fn is_connected(&self) -> bool {
        self.timing.phases.ns(katydid_stats::Phase::Connect).is_some()
    }

    fn __repr__(&self) -> String {
        format!("<Failed: {}>", self.kind())
    }
}

/// An answer, complete or with its body still to come.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct Incoming {
    state: Attached<State>,
}

struct State {
    hub: &'static Hub,
    answer: Answer,
    /// The exchange whose body is still to come.
    open: Option<ExchangeId>,
    /// How much of the body was handed out.
    taken: usize,
    /// Whoever replaces the session's pool meanwhile must not end a body that is still to come.
    _pool: Option<Py<ConnectionPool>>,
}

// SAFETY: the hub is only used after a comparison with the calling thread's hub, see `Incoming::hub`.
unsafe impl Send for State {}

impl Incoming {
    fn new(hub: &'static Hub, answer: Answer, open: Option<(ExchangeId, Py<ConnectionPool>)>) -> Self {
        let (open, pool) = open.unzip();
        Self { state: Attached::new(State { hub, answer, open, taken: 0, _pool: pool }) }
    }

    /// Takes a complete answer out, for a response to keep.
    pub(crate) fn take(&self, py: Python<'_>) -> Answer {
        self.state.with(py, |state| {
            let bytes = std::mem::take(&mut state.answer.bytes);
            let taken = Answer { bytes, ..state.answer.clone() };
            state.answer.head_len = 0;
            taken
        })
    }

    /// Status, head and marks of a streamed answer.
    pub(crate) fn marks(&self, py: Python<'_>) -> Answer {
        self.state.with(py, |state| {
            let bytes = state.answer.head().to_vec();
            Answer { bytes, ..state.answer.clone() }
        })
    }

    pub(crate) fn timing(&self, py: Python<'_>) -> Timing {
        self.state.with(py, |state| state.answer.timing)
    }

    fn hub(&self, py: Python<'_>) -> PyResult<&'static Hub> {
        let own = self.state.with(py, |state| state.hub);
        if hub::existing().is_some_and(|hub| std::ptr::eq(hub, own)) {
            Ok(own)
        } else {
            Err(PyTypeError::new_err("a streamed answer can only be read in the thread that asked for it"))
        }
    }

    /// Waits for more bytes; false at the end.
    fn fetch(&self, py: Python<'_>) -> PyResult<Result<bool, Failure>> {
        let Some(id) = self.state.with(py, |state| state.open) else { return Ok(Ok(false)) };
        let hub = self.hub(py)?;
        let mut fresh = Vec::new();
        let outcome = transport::more(py, hub, id, &mut fresh);
        let timing = hub.with(|reactor| reactor.timing(id));
        self.state.with(py, |state| {
            let head_len = state.answer.head_len;
            state.answer.bytes.drain(head_len..head_len + state.taken);
            state.taken = 0;
            state.answer.bytes.append(&mut fresh);
            if let Some(timing) = timing {
                state.answer.timing = timing;
            }
            if !matches!(outcome, Ok(Ok(false))) {
                state.open = None;
            }
        });
        Ok(outcome?.map(|is_end| !is_end))
    }

    fn pending(&self, py: Python<'_>) -> usize {
        self.state.with(py, |state| state.answer.body().len() - state.taken)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let is_own = hub::existing().is_some_and(|hub| std::ptr::eq(hub, self.hub));
        if let Some(id) = self.open.take().filter(|_| is_own) {
            self.hub.cancel(id);
        }
    }
}

#[pymethods]
impl Incoming {
    #[getter]
    fn status(&self, py: Python<'_>) -> u16 {
        self.state.with(py, |state| state.answer.status)
    }

    /// 10 or 11.
    #[getter]
    fn version(&self, py: Python<'_>) -> u8 {
        self.state.with(py, |state| if state.answer.head().starts_with(b"HTTP/1.0") { 10 } else { 11 })
    }

    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let reason = self.state.with(py, |state| h1::reason(state.answer.head()).to_vec());
        response::latin1(py, &reason)
    }

    /// Header fields: names and values in the order received.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let head = self.state.with(py, |state| state.answer.head().to_vec());
        response::fields(py, &head)
    }

    /// Whether the body was read to its end, or given up.
    #[getter]
    fn is_complete(&self, py: Python<'_>) -> bool {
        self.state.with(py, |state| state.open.is_none() && state.taken == state.answer.body().len())
    }

    /// Seconds from the start of the exchange until the arrival of what was received last.
    #[getter]
    fn seconds(&self, py: Python<'_>) -> f64 {
        self.state.with(py, |state| state.answer.timing.latency_ns() as f64 / 1e9)
    }

    /// At least one and at most `amount` bytes of the body (transfer coding removed, content coding untouched), less
    /// at its end; a negative amount: all that is left. A [`Failed`] in place of bytes that will not come.
    #[pyo3(signature = (amount = -1))]
    fn read<'py>(&self, py: Python<'py>, amount: isize) -> PyResult<Bound<'py, PyAny>> {
        let wanted = usize::try_from(amount).unwrap_or(usize::MAX);
        while self.pending(py) < wanted.min(if amount < 0 { usize::MAX } else { 1 }) {
            match self.fetch(py)? {
                Ok(true) => {}
                Ok(false) => break,
                Err(failure) => return Ok(Bound::new(py, Failed::plain(&failure))?.into_any()),
            }
        }
        let bytes = self.state.with(py, |state| {
            let start = state.answer.head_len + state.taken;
            let length = wanted.min(state.answer.bytes.len() - start);
            state.taken += length;
            PyBytes::new(py, &state.answer.bytes[start..start + length])
        });
        Ok(bytes.into_any())
    }

    /// Gives the rest of the body up and closes its connection.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let Some(id) = self.state.with(py, |state| state.open.take()) else { return Ok(()) };
        self.hub(py)?.cancel(id);
        Ok(())
    }
}

/// Everything that an exchange of Python code says.
pub(crate) struct Outgoing<'a, 'py> {
    pub(crate) origin: (bool, String, u16),
    pub(crate) method: &'a str,
    pub(crate) head: &'a [u8],
    pub(crate) body: Option<&'a Bound<'py, PyAny>>,
    pub(crate) chunked: bool,
    pub(crate) stream: bool,
    pub(crate) timeouts: Timeouts,
    /// How to trust the server.
    pub(crate) tls: Option<TlsSettings>,
    pub(crate) proxy: Option<Arc<Proxy>>,
}

/// Does one exchange over a pool. Its failures come back as [`Failed`].
pub(crate) fn exchange<'py>(
    py: Python<'py>,
    pool: &Py<ConnectionPool>,
    outgoing: &Outgoing<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let hub = hub::current(py)?;
    let (tls, host, port) = outgoing.origin.clone();
    let origin = Origin { tls, host: host.into(), port };
    let trust = outgoing.tls.as_ref().filter(|_| tls);
    let connections = pool.get().transport.with(py, |transport| transport.pool(hub, trust))?;
    let whole = match outgoing.body {
        None => Some(Body::Empty),
        Some(body) => body.cast::<PyBytes>().ok().map(|bytes| Body::Bytes(bytes.as_bytes())),
    };
    let is_whole = whole.is_some();
    let request = Request {
        origin: &origin,
        proxy: outgoing.proxy.as_deref(),
        head: outgoing.head,
        body: whole.unwrap_or(Body::Pieces { chunked: outgoing.chunked }),
        is_head: outgoing.method == "HEAD",
        is_idempotent: is_whole && !matches!(outgoing.method, "POST" | "PATCH"),
        expects_continue: false,
        streams: outgoing.stream,
        timeouts: outgoing.timeouts,
    };
    let id = transport::start(hub, connections, &request);
    if let Some(body) = outgoing.body.filter(|_| !is_whole) {
        upload(py, hub, id, body)?;
    }
    transport::settle(py, hub, id).inspect_err(|error| leave_word(py, hub, id, error))?;
    match transport::answer(hub, id) {
        Ok(answer) => {
            let open = outgoing.stream.then(|| (id, pool.clone_ref(py)));
            Ok(Bound::new(py, Incoming::new(hub, answer, open))?.into_any())
        }
        Err(fault) => Ok(Bound::new(py, Failed::new(&fault))?.into_any()),
    }
}

/// Tells what had become of an exchange by the time that an exception from outside ended it: the exception's attribute
/// `exchange`, for those who record such an end.
fn leave_word(py: Python<'_>, hub: &'static Hub, id: ExchangeId, error: &PyErr) {
    let timing = hub.with(|reactor| reactor.timing(id)).unwrap_or_default();
    let failed = Failed { kind: FailureKind::Cancelled, label: None, timing, has_body: false };
    // An exception that takes no attributes is none that anybody records.
    let _ = error.value(py).setattr(pyo3::intern!(py, "exchange"), failed);
}

#[pymethods]
impl ConnectionPool {
    /// One exchange: a finished head (and body) to an origin (TLS, host, port), with limits in seconds and the trust
    /// that `verify` and `cert` of `requests` ask for; `bundle` holds the authorities for `verify=True`, `proxy` is host,
    /// port and `Proxy-Authorization` of the proxy on the way. Returns `Incoming` or `Failed`.
    #[pyo3(signature = (
        origin, method, head, body = None, *, chunked = false, stream = false, connect = None, network = None,
        verify = None, cert = None, bundle = None, proxy = None
    ))]
    #[allow(clippy::too_many_arguments, reason = "each is a fact of the exchange")]
    fn exchange<'py>(
        slf: &Bound<'py, Self>,
        origin: (bool, String, u16),
        method: &str,
        head: &[u8],
        body: Option<&Bound<'py, PyAny>>,
        chunked: bool,
        stream: bool,
        connect: Option<f64>,
        network: Option<f64>,
        verify: Option<&Bound<'py, PyAny>>,
        cert: Option<&Bound<'py, PyAny>>,
        bundle: Option<PathBuf>,
        proxy: Option<(String, u16, Option<String>)>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let tls = if origin.0 { Some(trust(verify, cert, bundle.as_deref())?) } else { None };
        let timeouts = Timeouts { connect: limit(connect), network: limit(network) };
        let proxy = proxy.map(|(host, port, authorization)| {
            let origin = Origin { tls: false, host: host.into(), port };
            Arc::new(Proxy { origin, authorization: authorization.map(Into::into) })
        });
        let outgoing = Outgoing { origin, method, head, body, chunked, stream, timeouts, tls, proxy };
        self::exchange(slf.py(), slf.as_unbound(), &outgoing)
    }
}

/// The trust settings that `verify` and `cert` of `requests` stand for.
pub(crate) fn trust(
    verify: Option<&Bound<'_, PyAny>>,
    cert: Option<&Bound<'_, PyAny>>,
    bundle: Option<&Path>,
) -> PyResult<TlsSettings> {
    let authorities = || bundle.map_or(Verify::System, |bundle| Verify::File(bundle.to_owned()));
    let verify = match verify.map(|verify| (verify, verify.cast::<PyBool>())) {
        None => authorities(),
        Some((_, Ok(flag))) if flag.is_true() => authorities(),
        Some((_, Ok(_))) => Verify::None,
        Some((path, Err(_))) => Verify::File(path.extract()?),
    };
    let client_cert = match cert.filter(|cert| !cert.is_none()) {
        None => None,
        Some(cert) => match cert.cast::<PyTuple>() {
            Ok(pair) if pair.len() == 2 => {
                Some((pair.get_item(0)?.extract()?, Some(pair.get_item(1)?.extract()?)))
            }
            Ok(_) => return Err(PyValueError::new_err("cert is a path, or a path and the path of its key")),
            Err(_) => Some((cert.extract()?, None)),
        },
    };
    Ok(TlsSettings { verify, client_cert })
}

/// Sends the pieces that `body` yields. If the iterator fails, the exchange is given up and the exception goes on.
fn upload(py: Python<'_>, hub: &'static Hub, id: ExchangeId, body: &Bound<'_, PyAny>) -> PyResult<()> {
    let sent = pieces(py, hub, id, body);
    if sent.is_err() {
        hub.cancel(id);
    }
    sent
}

fn pieces(py: Python<'_>, hub: &'static Hub, id: ExchangeId, body: &Bound<'_, PyAny>) -> PyResult<()> {
    for piece in body.try_iter()? {
        let piece = piece?;
        let bytes = match piece.cast::<PyString>() {
            Ok(text) => text.encode_utf8()?,
            Err(_) => {
                piece.cast_into::<PyBytes>().map_err(|_| PyTypeError::new_err("a body consists of bytes"))?
            }
        };
        if transport::push(py, hub, id, bytes.as_bytes())?.is_err() {
            // The answer's own outcome tells the failure.
            return Ok(());
        }
    }
    hub.with(|reactor| reactor.finish_body(id));
    Ok(())
}
