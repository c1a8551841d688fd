//! How do greenlets wait for the reactor? One watcher and one timer of gevent's loop call [`turn`], and whoever is
//! woken is switched to directly.
//!
//! What a maintainer must not break: the reactor is borrowed in short sections that neither switch nor run Python
//! code, and every wait that ends with an exception (`GreenletExit`, `gevent.Timeout`, a test's own) cancels what it
//! waited for before the exception goes on.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use katydid_net::{ExchangeId, Moment, Reactor};
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::greenlet::{self, Api};

/// Most greenlets resumed before gevent's own watchers (signals, timers, other sockets) get a turn.
const BATCH: usize = 256;
/// libev's bit for "readable".
const READABLE: u8 = 1;
/// Longest timer that is handed to gevent; later deadlines are looked at again then.
const LONGEST_TIMER_NS: u64 = 3_600_000_000_000;

/// A greenlet that waits. Dropping one inside the reactor must not run Python code (a greenlet that loses its last
/// reference is resumed with `GreenletExit`), so the reference is put aside and released later.
#[derive(Debug)]
pub(crate) struct Waiter(Option<Py<PyAny>>);

impl Waiter {
    fn into_greenlet(mut self) -> Option<Py<PyAny>> {
        self.0.take()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if let Some(greenlet) = self.0.take() {
            // Without the thread's storage the process is ending; a leaked reference is all that is left to do.
            let _ = RELEASED.try_with(|released| released.borrow_mut().push(greenlet));
        }
    }
}

/// The meeting point of one thread's gevent hub and its reactor. Lives as long as the process.
pub(crate) struct Hub {
    /// [`PROCESS`] as of the hub's birth.
    process: u32,
    api: Api,
    hub: Py<PyAny>,
    reactor: RefCell<Reactor<Waiter>>,
    watcher: Py<PyAny>,
    timer: RefCell<Option<Py<PyAny>>>,
    /// What the timer is set to; [`Moment::NEVER`] when it is not.
    armed: Cell<Moment>,
    /// [`turn_queued`] as Python sees it.
    queued: Py<PyAny>,
    /// [`turn_due`] as Python sees it.
    due: Py<PyAny>,
    /// A callback is queued because greenlets are ready without any descriptor being so.
    is_queued: Cell<bool>,
    /// Where heads are written; used again and again.
    buffer: Cell<Vec<u8>>,
    /// How many greenlets wait; the watcher keeps gevent's loop alive only while there are some.
    waiting: Cell<usize>,
    is_kept_alive: Cell<bool>,
    /// The hub runs [`Hub::turn`], at whose end it arms the timer for everybody who waits by then.
    is_turning: Cell<bool>,
    /// How many more greenlets this turn may resume; 0 outside of a turn.
    left: Cell<usize>,
    /// Counts the resumptions of greenlets by this hub.
    resumed: Cell<u64>,
    /// `resumed` as of the last [`yield_if_unswitched`].
    seen: Cell<u64>,
}

/// Counts the forks between the first process and this one.
static PROCESS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static HUB: Cell<Option<&'static Hub>> = const { Cell::new(None) };
    static RELEASED: RefCell<Vec<Py<PyAny>>> = const { RefCell::new(Vec::new()) };
}

/// This thread's hub; the first call joins the reactor to gevent's loop.
#[inline]
pub(crate) fn current(py: Python<'_>) -> PyResult<&'static Hub> {
    match HUB.get() {
        Some(hub) => Ok(hub),
        None => join(py),
    }
}

/// This thread's hub if it has one already.
pub(crate) fn existing() -> Option<&'static Hub> {
    HUB.try_with(Cell::get).ok().flatten()
}

/// Drops the greenlets that the reactor has let go of.
#[inline]
fn release() {
    RELEASED.with(|released| {
        if !released.borrow().is_empty() {
            drop(released.take());
        }
    });
}

#[cold]
#[inline(never)]
fn join(py: Python<'_>) -> PyResult<&'static Hub> {
    watch_for_forks(py)?;
    let reactor = Reactor::try_new()?;
    let hub = greenlet::gevent_hub(py)?;
    let gevent_loop = hub.getattr("loop")?;
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&reactor.descriptor());
    let watcher = gevent_loop.call_method1("io", (descriptor, READABLE))?;
    watcher.setattr("ref", false)?;
    watcher.call_method1("start", (wrap_pyfunction!(turn, py)?,))?;
    let joined: &'static Hub = Box::leak(Box::new(Hub {
        process: PROCESS.load(Ordering::Relaxed),
        api: Api::import(py)?,
        hub: hub.unbind(),
        reactor: RefCell::new(reactor),
        watcher: watcher.unbind(),
        timer: RefCell::new(None),
        armed: Cell::new(Moment::NEVER),
        queued: wrap_pyfunction!(turn_queued, py)?.into_any().unbind(),
        due: wrap_pyfunction!(turn_due, py)?.into_any().unbind(),
        is_queued: Cell::new(false),
        buffer: Cell::default(),
        waiting: Cell::new(0),
        is_kept_alive: Cell::new(false),
        is_turning: Cell::new(false),
        left: Cell::new(0),
        resumed: Cell::new(0),
        seen: Cell::new(u64::MAX),
    }));
    HUB.set(Some(joined));
    Ok(joined)
}

/// Has [`leave_parents`] called in every child of this process that is a copy of it.
fn watch_for_forks(py: Python<'_>) -> PyResult<()> {
    static WATCHES: PyOnceLock<()> = PyOnceLock::new();
    let watch = || {
        let hooks = pyo3::types::PyDict::new(py);
        hooks.set_item("after_in_child", wrap_pyfunction!(leave_parents, py)?)?;
        py.import("os")?.call_method("register_at_fork", (), Some(&hooks))?;
        PyResult::Ok(())
    };
    WATCHES.get_or_try_init(py, watch).map(drop)
}

/// In a child of a fork: the poller and the connections are the parent's. They are left as they are, and whoever uses
/// a client here gets a hub and connections of its own.
#[pyfunction]
fn leave_parents(py: Python<'_>) -> PyResult<()> {
    PROCESS.fetch_add(1, Ordering::Relaxed);
    let Some(hub) = HUB.take() else { return Ok(()) };
    hub.watcher.bind(py).call_method0(intern!(py, "stop"))?;
    hub.stop_timer(py)
}

impl Hub {
    /// Whether this process made the hub. That of a parent must not be touched: its poller is shared with the parent.
    pub(crate) fn is_ours(&self) -> bool {
        self.process == PROCESS.load(Ordering::Relaxed)
    }

    /// Calls `use_it` with the reactor, which it must not keep; neither may it run Python code.
    #[inline]
    pub(crate) fn with<T>(&self, use_it: impl FnOnce(&mut Reactor<Waiter>) -> T) -> T {
        let result = use_it(&mut self.reactor.borrow_mut());
        release();
        result
    }

    /// Waits for the outcome that `ask` looks for, which belongs to exchange `id`; gives the exchange up if the
    /// waiting greenlet is interrupted.
    #[inline]
    pub(crate) fn outcome<T>(
        &self,
        py: Python<'_>,
        id: ExchangeId,
        mut ask: impl FnMut(&mut Reactor<Waiter>) -> Poll<T>,
    ) -> PyResult<T> {
        loop {
            if let Poll::Ready(outcome) = self.with(&mut ask) {
                return Ok(outcome);
            }
            self.wait(py, id)?;
        }
    }

    /// Waits until exchange `id` may have made progress.
    #[inline(never)]
    pub(crate) fn wait(&self, py: Python<'_>, id: ExchangeId) -> PyResult<()> {
        let waiter = match self.waiter(py) {
            Ok(waiter) => waiter,
            Err(error) => {
                self.cancel(id);
                return Err(error);
            }
        };
        self.with(|reactor| reactor.wait(id, waiter));
        let switched = self.switch_away(py);
        if switched.is_err() {
            self.cancel(id);
        }
        switched
    }

    /// An empty buffer for the head of a request; give it back afterwards.
    #[inline]
    pub(crate) fn take_buffer(&self) -> Vec<u8> {
        let mut buffer = self.buffer.take();
        buffer.clear();
        buffer
    }

    /// Gives a buffer back.
    #[inline]
    pub(crate) fn return_buffer(&self, buffer: Vec<u8>) {
        self.buffer.set(buffer);
    }

    /// Gives an exchange up.
    pub(crate) fn cancel(&self, id: ExchangeId) {
        self.with(|reactor| reactor.cancel(id));
    }

    /// Waits until `until`; `None`: until everybody else who is ready had a turn.
    fn sleep(&self, py: Python<'_>, until: Option<Moment>) -> PyResult<()> {
        let waiter = self.waiter(py)?;
        let id = self.with(|reactor| match until {
            Some(until) => reactor.sleep(until, waiter),
            None => reactor.yield_now(waiter),
        });
        let switched = self.switch_away(py);
        // After an ordinary end the id is stale and nothing happens. After an exception, or a switch by somebody
        // else's hand, the sleep must not wake this greenlet out of a later wait.
        self.with(|reactor| reactor.cancel_sleep(id));
        switched
    }

    /// The greenlet that is about to wait.
    fn waiter(&self, py: Python<'_>) -> PyResult<Waiter> {
        let waiter = self.api.current(py)?;
        if waiter.as_ptr() == self.hub.as_ptr() {
            return Err(greenlet::blocking_in_hub(py));
        }
        Ok(Waiter(Some(waiter.unbind())))
    }

    /// Lets others run until somebody switches back. Inside a turn the next greenlet that was woken gets the thread
    /// directly, which saves the way through the hub; the last one goes back there.
    fn switch_away(&self, py: Python<'_>) -> PyResult<()> {
        let next = self.next_woken(py);
        if next.is_none() {
            self.prepare_to_idle(py)?;
        }
        self.waiting.set(self.waiting.get() + 1);
        let switched = match next {
            Some(next) => {
                // The reference is given up only when this greenlet runs again: that is soon enough.
                self.api.switch(next.bind(py))
            }
            None => self.api.switch(self.hub.bind(py)),
        };
        self.waiting.set(self.waiting.get() - 1);
        switched
    }

    /// The next greenlet to resume in this turn, if its batch is not over.
    #[inline]
    fn next_woken(&self, _attached: Python<'_>) -> Option<Py<PyAny>> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        loop {
            let woken = self.with(Reactor::pop_woken)?;
            if let Some(late_ns) = woken.late_ns {
                crate::meter::note_start_lag(late_ns);
            }
            if let Some(greenlet) = woken.waiter.into_greenlet() {
                self.resumed.set(self.resumed.get() + 1);
                return Some(greenlet);
            }
        }
    }

    /// Outside of a turn nobody else sees to it that the next one comes.
    #[inline]
    fn prepare_to_idle(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_turning.get() {
            return Ok(());
        }
        if !self.is_kept_alive.get() {
            self.keep_alive(py, true)?;
        }
        let deadline = self.with(|reactor| reactor.next_deadline());
        self.arm(py, deadline)
    }

    #[cold]
    fn keep_alive(&self, py: Python<'_>, keep: bool) -> PyResult<()> {
        self.is_kept_alive.set(keep);
        self.watcher.bind(py).setattr(intern!(py, "ref"), keep)
    }

    /// Makes sure that a turn begins no later than `deadline`.
    #[inline]
    fn arm(&self, py: Python<'_>, deadline: Option<Moment>) -> PyResult<()> {
        match deadline {
            Some(Moment(0)) if self.is_queued.get() => Ok(()),
            Some(Moment(0)) => self.queue(py),
            Some(at) if at < self.armed.get() => self.start_timer(py, at),
            _ => Ok(()),
        }
    }

    #[inline(never)]
    fn queue(&self, py: Python<'_>) -> PyResult<()> {
        self.is_queued.set(true);
        let gevent_loop = self.hub.bind(py).getattr(intern!(py, "loop"))?;
        gevent_loop.call_method1(intern!(py, "run_callback"), (&self.queued,))?;
        Ok(())
    }

    #[inline(never)]
    fn start_timer(&self, py: Python<'_>, at: Moment) -> PyResult<()> {
        self.stop_timer(py)?;
        let now = Moment::now();
        let span_ns = at.since(now).min(LONGEST_TIMER_NS);
        let seconds = Duration::from_nanos(span_ns).as_secs_f64();
        let timer =
            self.hub.bind(py).getattr(intern!(py, "loop"))?.call_method1(intern!(py, "timer"), (seconds,))?;
        timer.setattr(intern!(py, "ref"), false)?;
        // The loop's idea of the present may be old after a long task: have it read the clock.
        let refresh = pyo3::types::PyDict::new(py);
        refresh.set_item(intern!(py, "update"), true)?;
        timer.call_method(intern!(py, "start"), (&self.due,), Some(&refresh))?;
        self.armed.set(now.after(Duration::from_nanos(span_ns)));
        self.timer.replace(Some(timer.unbind()));
        Ok(())
    }

    fn stop_timer(&self, py: Python<'_>) -> PyResult<()> {
        self.armed.set(Moment::NEVER);
        let timer = self.timer.take();
        if let Some(timer) = timer {
            let timer = timer.bind(py);
            timer.call_method0(intern!(py, "stop"))?;
            timer.call_method0(intern!(py, "close"))?;
        }
        Ok(())
    }

    /// One turn of the reactor, then the greenlets that it woke, at most [`BATCH`] of them.
    fn turn(&self, py: Python<'_>) -> PyResult<()> {
        self.with(|reactor| reactor.turn(Some(Duration::ZERO)))?;
        self.left.set(BATCH);
        self.is_turning.set(true);
        let resumed = self.resume_woken(py);
        self.is_turning.set(false);
        self.left.set(0);
        let waits = self.waiting.get() > 0;
        if waits != self.is_kept_alive.get() {
            self.keep_alive(py, waits)?;
        }
        let deadline = self.with(|reactor| reactor.next_deadline());
        self.arm(py, deadline)?;
        // Only now: those who are still to be resumed get their turn whatever ended this one.
        resumed
    }

    /// Runs the woken greenlets; each hands over to the next. An exception that ended one is reported as gevent
    /// reports those of its callbacks; the others who are ready must not suffer.
    fn resume_woken(&self, py: Python<'_>) -> PyResult<()> {
        while let Some(greenlet) = self.next_woken(py) {
            if let Err(error) = self.api.switch(greenlet.bind(py)) {
                self.report(greenlet.bind(py), &error)?;
            }
        }
        Ok(())
    }

    #[cold]
    fn report(&self, context: &Bound<'_, PyAny>, error: &PyErr) -> PyResult<()> {
        let py = context.py();
        let details = (context, error.get_type(py), error.value(py), error.traceback(py));
        self.hub.bind(py).call_method1(intern!(py, "handle_error"), details).map(drop)
    }
}

/// Joins the reactor to this thread's gevent loop. Everything else does so by itself when it is first used.
#[pyfunction]
pub(crate) fn install(py: Python<'_>) -> PyResult<()> {
    current(py).map(drop)
}

/// Lets other greenlets run for `seconds`; 0 or less: until everybody who is ready had a turn.
#[pyfunction]
pub(crate) fn sleep(py: Python<'_>, seconds: f64) -> PyResult<()> {
    let hub = current(py)?;
    if seconds > 0.0 {
        let span = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        hub.sleep(py, Some(Moment::now().after(span)))
    } else {
        hub.sleep(py, None)
    }
}

/// Lets other greenlets run, unless this one was resumed by the reactor since its last call (then they had their
/// turn): a loop without any wait cannot starve them, and a loop of requests pays nothing.
#[pyfunction]
pub(crate) fn yield_if_unswitched(py: Python<'_>) -> PyResult<()> {
    let hub = current(py)?;
    // Whoever has run since this greenlet's last call was resumed by the hub or by gevent. If the count stands still,
    // at most gevent resumed somebody, and one switch too many does no harm.
    if hub.resumed.get() == hub.seen.get() {
        hub.sleep(py, None)?;
    }
    hub.seen.set(hub.resumed.get());
    Ok(())
}

/// gevent's loop found the reactor's descriptor readable.
#[pyfunction]
fn turn(py: Python<'_>) -> PyResult<()> {
    joined()?.turn(py)
}

/// gevent's loop runs the callback that greenlets queued which are ready already.
#[pyfunction]
fn turn_queued(py: Python<'_>) -> PyResult<()> {
    let hub = joined()?;
    hub.is_queued.set(false);
    hub.turn(py)
}

/// The timer ran out.
#[pyfunction]
fn turn_due(py: Python<'_>) -> PyResult<()> {
    let hub = joined()?;
    hub.stop_timer(py)?;
    hub.turn(py)
}

fn joined() -> PyResult<&'static Hub> {
    HUB.get().ok_or_else(|| {
        PyRuntimeError::new_err("the reactor's callbacks belong to the thread that started it")
    })
}
