//! Which connections does a session use? One pool per thread and way of trusting servers, opened when it is first
//! needed.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use katydid_net::tls::{TlsConfig, TlsSettings};
use katydid_net::{Answer, ExchangeId, PoolId, PoolSettings, Request, Timing};
use katydid_stats::Failure;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::attached::Attached;
use crate::hub::Hub;

/// An exchange that ended without an answer.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) failure: Failure,
    /// What is known about the exchange up to its end.
    pub(crate) timing: Timing,
    /// The head of the answer was complete.
    pub(crate) has_head: bool,
}

/// The pools of one session: one for each thread that uses it and each way of trusting servers. A thread of the
/// user's own has a hub and connections of its own, for a greenlet cannot wait for another thread's.
#[derive(Debug)]
pub(crate) struct Transport {
    /// Most connections to one origin at a time.
    size: usize,
    /// Most idle connections to one origin.
    keep: usize,
    pools: Vec<Open>,
    /// Those of threads that have ended, without their connections.
    orphans: Vec<Open>,
}

/// A pool in some thread's reactor.
#[derive(Debug)]
struct Open {
    owner: Owner,
    tls: Option<TlsSettings>,
    pool: PoolId,
}

/// A thread's hub, and whether the thread still runs.
#[derive(Clone)]
struct Owner {
    hub: &'static Hub,
    is_over: Arc<AtomicBool>,
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Owner")
    }
}

// SAFETY: a transport is used and dropped only inside its Python object, by threads that are attached to the
// interpreter, and so is every hub. A hub's reactor is borrowed for sections that run no Python code and so never
// give the interpreter's lock away (the module is declared with `gil_used`): two threads cannot be inside one.
unsafe impl Send for Owner {}

/// Tells the transports that its thread has ended.
struct Farewell(Arc<AtomicBool>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

thread_local! {
    static FAREWELL: Farewell = Farewell(Arc::new(AtomicBool::new(false)));
}

impl Transport {
    pub(crate) fn new(size: usize, keep: usize) -> Self {
        Self { size, keep, pools: Vec::new(), orphans: Vec::new() }
    }

    /// The pool of this thread, whose hub is `hub`, with connections that trust as `tls` says (`None`: plain `http`
    /// only).
    #[inline]
    pub(crate) fn pool(&mut self, hub: &'static Hub, tls: Option<&TlsSettings>) -> PyResult<PoolId> {
        let is_it = |open: &&Open| std::ptr::eq(open.owner.hub, hub) && open.tls.as_ref() == tls;
        match self.pools.iter().find(is_it) {
            Some(open) => Ok(open.pool),
            None => self.open(hub, tls),
        }
    }

    #[cold]
    fn open(&mut self, hub: &'static Hub, tls: Option<&TlsSettings>) -> PyResult<PoolId> {
        self.close_orphans();
        let config =
            tls.map(TlsConfig::try_new).transpose().map_err(|error| PyOSError::new_err(error.to_string()))?;
        let settings = PoolSettings { size: self.size, keep: self.keep, tls: config.map(Rc::new) };
        let pool = hub.with(|reactor| reactor.open_pool(settings));
        let is_over = FAREWELL.try_with(|farewell| farewell.0.clone()).unwrap_or_default();
        self.pools.push(Open { owner: Owner { hub, is_over }, tls: tls.cloned(), pool });
        Ok(pool)
    }

    /// Closes the connections of threads that have ended. The pools themselves go with the session: to close one may
    /// release a greenlet, which must not happen while somebody looks at the transport.
    fn close_orphans(&mut self) {
        let (orphans, pools): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pools)
            .into_iter()
            .partition(|open| open.owner.is_over.load(Ordering::Acquire));
        self.pools = pools;
        orphans.iter().for_each(Open::close_idle);
        self.orphans.extend(orphans);
    }

    /// Closes the connections that no exchange uses; the next request opens a new one.
    pub(crate) fn close_idle(&self) {
        self.pools.iter().for_each(Open::close_idle);
    }
}

impl Open {
    fn close_idle(&self) {
        if self.owner.hub.is_ours() {
            self.owner.hub.with(|reactor| reactor.close_idle(self.pool));
        }
    }

    fn close(&self) {
        if self.owner.hub.is_ours() {
            self.owner.hub.with(|reactor| reactor.close_pool(self.pool));
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.pools.iter().chain(&self.orphans).for_each(Open::close);
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
