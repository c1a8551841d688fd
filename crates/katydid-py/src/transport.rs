//! Which connections does a session use? One pool per way of trusting servers, opened when it is first needed.

use std::rc::Rc;
use std::task::Poll;

use katydid_net::tls::{TlsConfig, TlsSettings};
use katydid_net::{Answer, ExchangeId, PoolId, PoolSettings, Request, Timing};
use katydid_stats::Failure;
use pyo3::exceptions::{PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::attached::Attached;
use crate::hub::{self, Hub};

/// An exchange that ended without an answer.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) failure: Failure,
    /// What is known about the exchange up to its end.
    pub(crate) timing: Timing,
    /// The head of the answer was complete.
    pub(crate) has_head: bool,
}

/// The pools of one session.
#[derive(Debug)]
pub(crate) struct Transport {
    hub: Option<HubRef>,
    /// Most connections to one origin at a time.
    size: usize,
    /// Most idle connections to one origin.
    keep: usize,
    pools: Vec<(Option<TlsSettings>, PoolId)>,
}

#[derive(Clone, Copy)]
struct HubRef(&'static Hub);

impl std::fmt::Debug for HubRef {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Hub")
    }
}

// SAFETY: a transport moves between threads only inside its Python object, and every use of the hub compares it
// with the hub of the calling thread first.
unsafe impl Send for HubRef {}

impl Transport {
    pub(crate) fn new(size: usize, keep: usize) -> Self {
        Self { hub: None, size, keep, pools: Vec::new() }
    }

    /// The pool whose connections trust as `tls` says (`None`: plain `http` only).
    pub(crate) fn pool(&mut self, hub: &'static Hub, tls: Option<&TlsSettings>) -> PyResult<PoolId> {
        let owner = self.hub.get_or_insert(HubRef(hub)).0;
        if !std::ptr::eq(owner, hub) {
            return Err(PyRuntimeError::new_err(
                "this session sent its first request from another thread and belongs to that thread's gevent hub; \
                 create a session in the thread that uses it",
            ));
        }
        if let Some((_, pool)) = self.pools.iter().find(|(known, _)| known.as_ref() == tls) {
            return Ok(*pool);
        }
        let config =
            tls.map(TlsConfig::try_new).transpose().map_err(|error| PyOSError::new_err(error.to_string()))?;
        let settings = PoolSettings { size: self.size, keep: self.keep, tls: config.map(Rc::new) };
        let pool = hub.with(|reactor| reactor.open_pool(settings));
        self.pools.push((tls.cloned(), pool));
        Ok(pool)
    }

    /// Closes the connections that no exchange uses; the next request opens a new one.
    pub(crate) fn close_idle(&self) {
        if let Some(hub) = self.own_hub() {
            hub.with(|reactor| self.pools.iter().for_each(|(_, pool)| reactor.close_idle(*pool)));
        }
    }

    fn own_hub(&self) -> Option<&'static Hub> {
        let owner = self.hub?.0;
        hub::existing().filter(|hub| std::ptr::eq(*hub, owner))
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        if let Some(hub) = self.own_hub() {
            hub.with(|reactor| self.pools.iter().for_each(|(_, pool)| reactor.close_pool(*pool)));
        }
    }
}

/// A pool of connections; usually of one session, but several may share one.
#[pyclass(subclass, weakref, frozen, module = "katydid._core")]
pub(crate) struct ConnectionPool {
    pub(crate) transport: Attached<Transport>,
}

impl ConnectionPool {
    pub(crate) fn with_limits(size: usize, keep: usize) -> Self {
        Self { transport: Attached::new(Transport::new(size, keep)) }
    }
}

#[pymethods]
impl ConnectionPool {
    /// A pool with at most `size` connections to one origin, of which at most `keep` stay open while idle.
    #[new]
    #[pyo3(signature = (size = 10, keep = None, **_kwargs))]
    fn new(size: usize, keep: Option<usize>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::with_limits(size.max(1), keep.unwrap_or(size))
    }

    /// Close the connections that no request uses; the next request opens a new one.
    fn close(&self, py: Python<'_>) {
        self.transport.with(py, |transport| transport.close_idle());
    }
}

/// Starts an exchange; the request is written in the same call.
#[inline]
pub(crate) fn start(hub: &'static Hub, pool: PoolId, request: &Request<'_>) -> ExchangeId {
    hub.with(|reactor| reactor.start(pool, request))
}

/// Waits until the answer of an exchange, or the head of a streamed one, is there for [`answer`]. Apart from it,
/// because what lies on the stack while a greenlet waits is copied at every switch.
#[inline]
pub(crate) fn settle(py: Python<'_>, hub: &'static Hub, id: ExchangeId) -> PyResult<()> {
    while !hub.with(|reactor| reactor.is_ready(id)) {
        hub.wait(py, id)?;
    }
    Ok(())
}

/// The answer of an exchange that has settled.
pub(crate) fn answer(hub: &'static Hub, id: ExchangeId) -> Result<Answer, Box<Fault>> {
    hub.with(|reactor| {
        // A failed exchange is gone once it was polled.
        let (timing, has_head) = (reactor.timing(id), reactor.has_head(id));
        match reactor.poll(id) {
            Poll::Ready(Ok(answer)) => Ok(answer),
            Poll::Ready(Err(failure)) => {
                Err(Box::new(Fault { failure, timing: timing.unwrap_or_default(), has_head }))
            }
            Poll::Pending => unreachable!("a settled exchange has an outcome"),
        }
    })
}

/// Waits for more of a streamed body. `Ok(true)`: that was the end.
pub(crate) fn more(
    py: Python<'_>,
    hub: &'static Hub,
    id: ExchangeId,
    out: &mut Vec<u8>,
) -> PyResult<Result<bool, Failure>> {
    hub.outcome(py, id, |reactor| reactor.poll_body(id, out))
}

/// Sends one piece of a request's body, waiting while too much of it is under way.
pub(crate) fn push(
    py: Python<'_>,
    hub: &'static Hub,
    id: ExchangeId,
    piece: &[u8],
) -> PyResult<Result<(), Failure>> {
    hub.outcome(py, id, |reactor| reactor.push_body(id, piece))
}
