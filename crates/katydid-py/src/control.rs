//! The page's server as Python sees it: settings in, commands out, documents and numbers up on the board.
//!
//! What a maintainer must not break: the server's threads never need the interpreter, so nothing here keeps it while it
//! waits for them.

use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use katydid_control::command::{Command, Piece, Reply, Request, Sent, Stream};
use katydid_control::settings::Limits;
use katydid_control::{Control, Error, Flask, Settings};
use katydid_net::signals;
use pyo3::exceptions::{PyBrokenPipeError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::archive::StoredRuns;
use crate::stats::RequestStats;

/// The server of the page and its programs. Listens from the moment it is made; with `host=None` it does not listen, and
/// is a board from which `answer` makes documents.
#[pyclass(frozen, module = "katydid._core", name = "Control")]
pub(crate) struct PyControl(Control);

#[pymethods]
impl PyControl {
    #[new]
    #[pyo3(signature = (
        *, host, port = 0, tls_cert = None, tls_key = None, base_path = String::new(), basic_auth = None,
        bearer_tokens = Vec::new(), login = false, allowed_hosts = Vec::new(), page = None, flask = "nothing",
        history_only = false,
    ))]
    #[expect(clippy::too_many_arguments, reason = "each is a keyword of the Python class")]
    fn new(
        py: Python<'_>,
        host: Option<String>,
        port: u16,
        tls_cert: Option<PathBuf>,
        tls_key: Option<PathBuf>,
        base_path: String,
        basic_auth: Option<String>,
        bearer_tokens: Vec<String>,
        login: bool,
        allowed_hosts: Vec<String>,
        page: Option<PathBuf>,
        flask: &str,
        history_only: bool,
    ) -> PyResult<Self> {
        let tls = match (tls_cert, tls_key) {
            (Some(chain), Some(key)) => Some((chain, key)),
            (None, None) => None,
            _ => return Err(PyValueError::new_err("a certificate and its key go together: give both")),
        };
        let listens = host.is_some();
        let host = host.unwrap_or_default();
        let is_login_on = login;
        let limits = Limits::default();
        let flask = scope_of(flask)?;
        let settings = Settings {
            host,
            port,
            tls,
            base_path,
            basic_auth,
            bearer_tokens,
            is_login_on,
            allowed_hosts,
            flask,
            page,
            is_history_only: history_only,
            limits,
        };
        let start = if listens { Control::start } else { Control::without_server };
        py.detach(|| signals::without(|| start(settings))).map(Self).map_err(|error| as_os_error(&error))
    }

    /// The port that it listens on; None when it does not listen.
    #[getter]
    fn port(&self) -> Option<u16> {
        self.0.address().map(|address| address.port())
    }

    /// The descriptor that is readable while commands wait.
    #[getter]
    fn descriptor(&self) -> i32 {
        self.0.descriptor().as_raw_fd()
    }

    /// The commands that wait, oldest first.
    fn take(&self) -> Vec<PyCommand> {
        self.0.take().into_iter().map(PyCommand::of).collect()
    }

    /// Puts the numbers of a run up.
    #[pyo3(signature = (stats, at = None))]
    fn publish_stats(&self, stats: &Bound<'_, RequestStats>, at: Option<f64>) {
        let at = at.unwrap_or_else(now);
        stats.get().read(|stats| self.0.publish_stats(stats, at));
    }

    /// Puts a document up.
    fn publish(&self, name: &str, json: &[u8]) -> PyResult<()> {
        self.0
            .publish(name, json)
            .map_err(|error| PyValueError::new_err(format!("{name}: not JSON: {error}")))
    }

    /// Notes that something happened to the run; `start` begins the history anew.
    #[pyo3(signature = (kind, text, at = None))]
    fn mark(&self, kind: &str, text: &str, at: Option<f64>) {
        self.0.mark(at.unwrap_or_else(now), kind, text);
    }

    /// Says what a Flask application answers: "nothing", "unknown" paths, "everything" of Locust, too, or all that and,
    /// as a "gate", who is let in to the rest.
    fn set_flask(&self, scope: &str) -> PyResult<()> {
        self.0.use_flask(scope_of(scope)?);
        Ok(())
    }

    /// Says that the users' thread has just spent so many seconds on publishing, and is to be left alone for a while.
    fn rest(&self, seconds: f64) {
        self.0.rest(Duration::try_from_secs_f64(seconds).unwrap_or_default());
    }

    /// Has the pages about stored runs made from a store: a path or a URL, None for the standard one.
    fn offer_store(&self, store: Option<String>) {
        self.0.offer_archive(Arc::new(StoredRuns::new(store)));
    }

    /// Says which file `/stats/requests_full_history/csv` sends.
    fn set_history_file(&self, path: Option<PathBuf>) {
        self.0.offer_history_file(path);
    }

    /// What a route that only reads answers from what is on the board now: status, headers, body.
    #[pyo3(signature = (target, method = "GET"))]
    fn answer<'py>(
        &self,
        py: Python<'py>,
        target: &str,
        method: &str,
    ) -> (u16, Vec<(String, String)>, Bound<'py, PyBytes>) {
        let (status, headers, body) = self.0.answer(method, target);
        (status, headers, PyBytes::new(py, &body))
    }

    /// Ends the server.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.0.stop());
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn scope_of(name: &str) -> PyResult<Flask> {
    match name {
        "nothing" => Ok(Flask::Nothing),
        "unknown" => Ok(Flask::Unknown),
        "everything" => Ok(Flask::Everything),
        "gate" => Ok(Flask::Gate),
        _ => Err(PyValueError::new_err(format!("no such scope: {name:?}"))),
    }
}

fn as_os_error(error: &Error) -> PyErr {
    match error.os_code() {
        Some(code) => PyOSError::new_err((code, error.to_string())),
        None => io::Error::other(error.to_string()).into(),
    }
}

/// One thing to do for the users' thread. Who drops it without a reply has answered that it failed.
#[pyclass(frozen, module = "katydid._core", name = "Command")]
pub(crate) struct PyCommand {
    kind: &'static str,
    command: Mutex<Option<Command>>,
    body: Vec<u8>,
    request: Option<Request>,
}

impl PyCommand {
    fn of(mut command: Command) -> Self {
        let request = command.request.take();
        Self {
            kind: command.kind.name(),
            body: command.body.to_vec(),
            request,
            command: Mutex::new(Some(command)),
        }
    }
}

#[pymethods]
impl PyCommand {
    /// What to do.
    #[getter]
    fn kind(&self) -> &'static str {
        self.kind
    }

    /// JSON or a form, as the kind says.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.body)
    }

    /// The HTTP request that it comes from; None for a wish to publish.
    #[getter]
    fn request(&self) -> Option<PyRequest> {
        self.request.clone().map(PyRequest)
    }

    /// Answers. A second answer is an error.
    #[pyo3(signature = (status = 200, headers = Vec::new(), body = Vec::new()))]
    fn reply(&self, status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> PyResult<()> {
        self.unanswered()?.reply(Reply { status, headers, body: body.into() });
        Ok(())
    }

    /// Answers with a body that comes in pieces.
    fn stream(&self, status: u16, headers: Vec<(String, String)>) -> PyResult<PyStream> {
        let stream = self.unanswered()?.stream(Reply { status, headers, ..Reply::default() });
        Ok(PyStream(Mutex::new(Some(stream))))
    }
}

impl PyCommand {
    fn unanswered(&self) -> PyResult<Command> {
        let command = self.command.lock().unwrap_or_else(PoisonError::into_inner).take();
        command.ok_or_else(|| PyRuntimeError::new_err("this command was answered already"))
    }
}

/// The body of an answer as it comes. Who closes or drops it before `end` has told the client that it broke off.
#[pyclass(frozen, module = "katydid._core", name = "ControlStream")]
pub(crate) struct PyStream(Mutex<Option<Stream>>);

#[pymethods]
impl PyStream {
    /// Sends a piece; False if the client has to read first. BrokenPipeError if it is gone.
    fn send(&self, piece: Vec<u8>) -> PyResult<bool> {
        self.hand_over(Piece::Data(piece.into()))
    }

    /// Says that there is no more, as `send` does.
    fn end(&self) -> PyResult<bool> {
        self.hand_over(Piece::End)
    }

    /// Sends no more, be it the end or not.
    fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl PyStream {
    fn hand_over(&self, piece: Piece) -> PyResult<bool> {
        let stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match stream.as_ref().map_or(Sent::Gone, |stream| stream.try_send(piece)) {
            Sent::Taken => Ok(true),
            Sent::Full => Ok(false),
            Sent::Gone => Err(PyBrokenPipeError::new_err("the client is gone")),
        }
    }
}

/// An HTTP request.
#[pyclass(frozen, module = "katydid._core", name = "ControlRequest")]
pub(crate) struct PyRequest(Request);

#[pymethods]
impl PyRequest {
    #[getter]
    fn method(&self) -> &str {
        &self.0.method
    }

    /// As it was sent: percent-encoded, with the base path.
    #[getter]
    fn path(&self) -> &str {
        &self.0.path
    }

    /// Without the question mark.
    #[getter]
    fn query(&self) -> &str {
        &self.0.query
    }

    /// Names in lower case; a character of a value stands for a byte, as in WSGI.
    #[getter]
    fn headers(&self) -> Vec<(String, String)> {
        let latin1 = |value: &[u8]| value.iter().copied().map(char::from).collect();
        self.0.headers.iter().map(|(name, value)| (name.clone(), latin1(value))).collect()
    }

    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.body)
    }

    /// Address and port of the client.
    #[getter]
    fn remote(&self) -> &str {
        &self.0.remote
    }
}

/// A document of the page that was built, such as `report.html`; None when it was not.
#[pyfunction]
fn page_document(name: &str) -> Option<String> {
    katydid_control::page::embedded(name).map(|content| String::from_utf8_lossy(&content).into_owned())
}

/// Adds the classes of this module to `katydid._core`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyControl>()?;
    module.add_class::<PyCommand>()?;
    module.add_class::<PyRequest>()?;
    module.add_class::<PyStream>()?;
    module.add_function(wrap_pyfunction!(page_document, module)?)
}
