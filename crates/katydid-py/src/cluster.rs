//! A cluster's nodes as Python sees them: [`ClusterMaster`] and [`ClusterWorker`]. The contract:
//!
//! - **Where it runs.** Each node has a thread of its own for sockets, heartbeats, the pace of spawning, and the decoding
//!   and merging of reports. It never needs the interpreter. A call from Python goes to the state machine at once and
//!   holds when it returns; none of them waits for the network.
//! - **What happened** comes as events: `descriptor` is readable while `take()` has some (an io watcher of gevent's loop,
//!   level-triggered; take until the list is empty). An event has a `kind` and a dict `data`. Every line for the log is an
//!   event `note` with `level` and `text`; no other line is needed for what the node does itself.
//! - **A master** merges reports into the statistics that it was given, before the event `report` comes (which comes only
//!   if asked for by `want`). To start: if `state` is neither spawning nor running, `begin()`, then empty the statistics
//!   and fire `test_start`; then `start(…)`, which returns at once. The ramp's end is the event `spawning_complete`, which
//!   the workers are told, too. `stop()` returns at once; the event `run_stopped` says that all workers have stopped.
//!   `assign()` is for owners with a dispatcher of their own. A `none_left` leaves it to the owner to stop.
//! - **A worker**'s owner answers events: `spawn` (if `is_new_run`: empty the statistics, then `begin(run)`; if `was_idle`:
//!   fire `test_start`; start and stop users; `applied(timestamp, users)`), `stop` (stop users; `stopped(wait)`),
//!   `report_due` (fire `report_to_master` with an empty dict; `report(stats, users, what listeners added)`, which takes
//!   the statistics out), `quit`, `master_lost`, `not_connected`, `refused`. Before it ends: `report(…)`, `quit()`,
//!   `flush()`, perhaps wait until `pending_reports` is 0, `close()`.
//!
//! What a maintainer must not break: no Python object is dropped and no Python code run under a lock of a node's, and who
//! waits for such a lock has let go of the interpreter.

mod events;

use std::collections::{BTreeMap, HashMap};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use katydid_cluster::clock::duration_of;
use katydid_cluster::master::{self, Refused, Target};
use katydid_cluster::message::{Setup, UserCounts};
use katydid_cluster::node::{Ledger, MasterNode, WorkerNode};
use katydid_cluster::pack::Writer;
use katydid_cluster::report::{stats_of_bytes, stats_to_bytes};
use katydid_cluster::roster::Node;
use katydid_cluster::worker;
use katydid_cluster::{Key, Level};
use katydid_net::signals;
use katydid_plan::UserClass;
use katydid_stats::RunStats;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::packing::{pack, pack_what_can_be, unpack};
use crate::stats::{RequestStats, Shared};

/// Events that one call hands over.
const EVENTS_AT_ONCE: usize = 1000;

/// The key of a cluster, from a text or a file; none without both.
fn key_of(secret: Option<&str>, file: Option<PathBuf>) -> PyResult<Option<Key>> {
    let bad = |error: katydid_cluster::key::BadKey| PyValueError::new_err(error.to_string());
    match (secret, file) {
        (None, None) => Ok(None),
        (Some(secret), None) => Key::try_of_secret(secret).map(Some).map_err(bad),
        (None, Some(path)) => {
            let content = std::fs::read_to_string(&path)?;
            Key::try_of_file(&content).map(Some).map_err(bad)
        }
        (Some(_), Some(_)) => {
            Err(PyValueError::new_err("a cluster key and a file with one: give one of them"))
        }
    }
}

/// Where a master's reports go; Python may put other statistics in place.
#[derive(Clone)]
struct Books(Arc<Mutex<Shared>>);

impl Ledger for Books {
    fn merge(&self, delta: &RunStats) {
        let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        shared.merge(delta);
    }
}

/// A master that listens. See the module for the contract.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct ClusterMaster {
    node: MasterNode,
    books: Books,
}

#[pymethods]
impl ClusterMaster {
    #[new]
    #[pyo3(signature = (*, host, port, version, stats, key = None, key_file = None))]
    fn new(
        py: Python<'_>,
        host: &str,
        port: u16,
        version: &str,
        stats: &Bound<'_, RequestStats>,
        key: Option<&str>,
        key_file: Option<PathBuf>,
    ) -> PyResult<Self> {
        let books = Books(Arc::new(Mutex::new(stats.get().shared())));
        let settings = master::Settings::new(life(), version);
        let ledger = Box::new(books.clone());
        let node = py.detach(|| -> PyResult<MasterNode> {
            let key = key_of(key, key_file)?;
            Ok(signals::without(|| MasterNode::start(host, port, settings, key, ledger))?)
        })?;
        Ok(Self { node, books })
    }

    /// The port that it listens on.
    #[getter]
    fn port(&self) -> u16 {
        self.node.address().port()
    }

    /// The descriptor that is readable while events wait.
    #[getter]
    fn descriptor(&self) -> i32 {
        self.node.descriptor().as_raw_fd()
    }

    /// The events that wait, oldest first: a thousand at most.
    fn take(&self, py: Python<'_>) -> PyResult<Vec<ClusterEvent>> {
        let taken = py.detach(|| self.node.take_events(EVENTS_AT_ONCE));
        taken.into_iter().map(|event| events::of_master(py, event)).collect()
    }

    /// Says whether every heartbeat and every report is to be an event.
    #[pyo3(signature = (*, heartbeats = false, reports = false))]
    fn want(&self, heartbeats: bool, reports: bool) {
        self.node.want(heartbeats, reports);
    }

    /// Reports are merged into these statistics from now on.
    fn set_stats(&self, stats: &Bound<'_, RequestStats>) {
        *self.books.0.lock().unwrap_or_else(PoisonError::into_inner) = stats.get().shared();
    }

    /// `ready`, `spawning`, `running`, `stopping` or `stopped`.
    #[getter]
    fn state(&self, py: Python<'_>) -> &'static str {
        py.detach(|| self.node.look(|master| master.state().name()))
    }

    /// The number of the present run, counted from one.
    #[getter]
    fn run(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.node.look(master::Master::run))
    }

    /// A run begins: reports of the one before are not merged any more. Returns its number.
    fn begin(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.node.command(|master, _| master.begin()))
    }

    /// Goes for so many users at so many per second. Classes are tuples of name, weight and fixed count.
    #[pyo3(signature = (users, rate, user_classes, *, host = None, stop_timeout = 0.0, parsed_options = None))]
    #[expect(clippy::too_many_arguments, reason = "each is a keyword of the Python method")]
    fn start(
        &self,
        py: Python<'_>,
        users: u64,
        rate: f64,
        user_classes: Vec<(String, f64, u64)>,
        host: Option<String>,
        stop_timeout: f64,
        parsed_options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let setup = setup(host, stop_timeout, parsed_options)?;
        let classes = user_classes
            .into_iter()
            .map(|(name, weight, fixed_count)| UserClass { name: name.into(), weight, fixed_count })
            .collect();
        let target = Target { users, rate, classes };
        let started = py.detach(|| self.node.command(|master, now| master.start(now, target, setup)));
        started.map_err(|refused| match refused {
            Refused::NoWorkers => PyRuntimeError::new_err(refused.to_string()),
            Refused::BadTarget(_) => PyValueError::new_err(refused.to_string()),
        })
    }

    /// Orders exactly these users: by worker, by class. `finish_assignment` says that the target is reached.
    #[pyo3(signature = (users, *, host = None, stop_timeout = 0.0, parsed_options = None))]
    fn assign(
        &self,
        py: Python<'_>,
        users: BTreeMap<String, UserCounts>,
        host: Option<String>,
        stop_timeout: f64,
        parsed_options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let setup = setup(host, stop_timeout, parsed_options)?;
        py.detach(|| self.node.command(|master, now| master.assign(now, &users, setup)));
        Ok(())
    }

    /// What was assigned is the target: workers and the owner get to hear it.
    fn finish_assignment(&self, py: Python<'_>) {
        py.detach(|| self.node.command(|master, _| master.finish_assignment()));
    }

    /// All users shall stop.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.node.command(master::Master::stop));
    }

    /// All workers shall end.
    fn quit(&self, py: Python<'_>) {
        py.detach(|| self.node.command(master::Master::quit));
    }

    /// Sends a message to one worker or to all: the suite's own, `locustfile` or `update_user_class`.
    #[pyo3(signature = (kind, data = None, client_id = None))]
    fn send(
        &self,
        py: Python<'_>,
        kind: &str,
        data: Option<&Bound<'_, PyAny>>,
        client_id: Option<&str>,
    ) -> PyResult<()> {
        let data = data.map_or_else(|| Ok(katydid_cluster::Packed::nil()), pack)?;
        py.detach(|| self.node.command(|master, _| master.send(kind, &data, client_id)));
        Ok(())
    }

    /// The workers: id, index, state, users by class, percent of a core, bytes of memory, is it katydid's.
    fn workers(&self, py: Python<'_>) -> Vec<WorkerFields> {
        py.detach(|| self.node.look(|master| master.roster().iter().map(fields).collect()))
    }

    /// The numbers of all workers that ever were here.
    fn indexes(&self, py: Python<'_>) -> HashMap<String, u64> {
        let collect = |master: &master::Master| {
            master.roster().indexes().map(|(id, index)| (id.to_string(), index)).collect()
        };
        py.detach(|| self.node.look(collect))
    }

    /// The users of all workers that are there, by class, as they reported.
    fn reported_users(&self, py: Python<'_>) -> UserCounts {
        py.detach(|| self.node.look(|master| master.roster().users()))
    }

    /// The users that there will be when all orders are carried out, by class.
    fn ordered_users(&self, py: Python<'_>) -> UserCounts {
        py.detach(|| self.node.look(master::Master::ordered_users))
    }

    /// Changes times, in seconds, and whether the users of a missing worker are given to the others at once.
    #[pyo3(signature = (
        *, heartbeat_interval = None, liveness = None, forgotten_after = None, report_wait = None, takes_over = None,
    ))]
    fn adjust(
        &self,
        py: Python<'_>,
        heartbeat_interval: Option<f64>,
        liveness: Option<u32>,
        forgotten_after: Option<f64>,
        report_wait: Option<f64>,
        takes_over: Option<bool>,
    ) {
        let change = |master: &mut master::Master, _| {
            let settings = master.settings_mut();
            settings.heartbeat_interval = heartbeat_interval.map_or(settings.heartbeat_interval, duration_of);
            settings.liveness = liveness.unwrap_or(settings.liveness);
            settings.forgotten_after = forgotten_after.map_or(settings.forgotten_after, duration_of);
            settings.report_wait = report_wait.map_or(settings.report_wait, duration_of);
            settings.takes_over = takes_over.unwrap_or(settings.takes_over);
        };
        py.detach(|| self.node.command(change));
    }

    /// Ends: what is left to say is said, within two seconds, and the port is free again.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.node.close());
    }
}

/// Id, index, state, users by class, percent of a core, bytes of memory, is it katydid's.
type WorkerFields = (String, u64, &'static str, UserCounts, f64, u64, bool);

fn fields(node: &Node) -> WorkerFields {
    let users = node.users.clone();
    let state = node.state.name();
    (node.id.to_string(), node.index, state, users, node.cpu_percent, node.memory_bytes, node.is_ours)
}

fn setup(
    host: Option<String>,
    stop_timeout_s: f64,
    parsed_options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Arc<Setup>> {
    let parsed_options = match parsed_options {
        Some(options) => pack_what_can_be(options)?,
        None => katydid_cluster::Packed::try_new(&[0x80])
            .map_err(|error| PyValueError::new_err(error.to_string()))?,
    };
    Ok(Arc::new(Setup { host, stop_timeout_s, parsed_options }))
}

/// A number that no other life of a master has: later ones have higher ones.
fn life() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_micros() as u64)
}

/// What listeners added to a report, and why something of it cannot be sent.
fn packed_pairs(added: &Bound<'_, PyDict>) -> (Vec<(String, katydid_cluster::Packed)>, Vec<String>) {
    let (mut pairs, mut skipped) = (Vec::new(), Vec::new());
    for (key, value) in added.iter() {
        let name = key.extract::<String>();
        match name.and_then(|name| Ok((name, pack(&value)?))) {
            Ok(pair) => pairs.push(pair),
            Err(error) => skipped.push(format!("{key:?}: {error}")),
        }
    }
    (pairs, skipped)
}

/// A worker that connects to its master. See the module for the contract.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct ClusterWorker {
    node: WorkerNode,
    id: String,
}

#[pymethods]
impl ClusterWorker {
    #[new]
    #[pyo3(signature = (*, host, port, client_id, version, key = None, key_file = None))]
    fn new(
        py: Python<'_>,
        host: &str,
        port: u16,
        client_id: String,
        version: &str,
        key: Option<&str>,
        key_file: Option<PathBuf>,
    ) -> PyResult<Self> {
        if client_id.is_empty() || client_id.len() > 255 {
            return Err(PyValueError::new_err("a worker's id has 1 to 255 bytes"));
        }
        let settings = worker::Settings::new(version);
        let node = py.detach(|| -> PyResult<WorkerNode> {
            let key = key_of(key, key_file)?;
            Ok(signals::without(|| WorkerNode::start(host, port, &client_id, settings, key))?)
        })?;
        Ok(Self { node, id: client_id })
    }

    /// The worker's id.
    #[getter]
    fn client_id(&self) -> &str {
        &self.id
    }

    /// The descriptor that is readable while events wait.
    #[getter]
    fn descriptor(&self) -> i32 {
        self.node.descriptor().as_raw_fd()
    }

    /// The events that wait, oldest first: a thousand at most.
    fn take(&self, py: Python<'_>) -> PyResult<Vec<ClusterEvent>> {
        let taken = py.detach(|| self.node.take_events(EVENTS_AT_ONCE));
        taken.into_iter().map(|event| events::of_worker(py, event)).collect()
    }

    /// Says whether every heartbeat of the master's is to be an event.
    #[pyo3(signature = (*, heartbeats = false))]
    fn want(&self, heartbeats: bool) {
        self.node.want_heartbeats(heartbeats);
    }

    /// Introduces this worker to the master, again and again until it answers.
    fn connect(&self, py: Python<'_>) {
        py.detach(|| self.node.command(worker::Worker::connect));
    }

    /// Asks the master for the locustfile: it comes as a message `locustfile`.
    fn ask_for_locustfile(&self, py: Python<'_>, version: &str) {
        py.detach(|| self.node.command(|worker, _| worker.ask_for_locustfile(version)));
    }

    /// Does a master know this worker?
    #[getter]
    fn has_joined(&self, py: Python<'_>) -> bool {
        py.detach(|| self.node.look(worker::Worker::has_joined))
    }

    /// Is the master one of katydid's?
    #[getter]
    fn has_katydid_master(&self, py: Python<'_>) -> bool {
        py.detach(|| self.node.look(worker::Worker::has_our_master))
    }

    /// `ready`, `spawning` or `running`.
    #[getter]
    fn state(&self, py: Python<'_>) -> &'static str {
        py.detach(|| self.node.look(|worker| worker.state().name()))
    }

    /// Reports that a master of katydid's has not merged yet.
    #[getter]
    fn pending_reports(&self, py: Python<'_>) -> usize {
        py.detach(|| self.node.look(worker::Worker::pending_reports))
    }

    /// The statistics are empty, and will be of this run, as the event `spawn` numbers it.
    fn begin(&self, py: Python<'_>, run: u64) {
        py.detach(|| self.node.command(|worker, _| worker.begin_run(run)));
    }

    /// The order with this timestamp is carried out: these users run.
    fn applied(&self, py: Python<'_>, timestamp: f64, users: UserCounts) {
        py.detach(|| self.node.command(|worker, _| worker.applied(timestamp, users)));
    }

    /// All users are stopped. A stock master hears after `wait` seconds that this worker is ready again.
    #[pyo3(signature = (wait = 0.0))]
    fn stopped(&self, py: Python<'_>, wait: f64) {
        py.detach(|| self.node.command(|worker, now| worker.stopped(now, duration_of(wait))));
    }

    /// How busy this process is.
    fn use_resources(&self, py: Python<'_>, cpu_percent: f64, memory_bytes: u64) {
        py.detach(|| self.node.command(|worker, _| worker.use_resources(cpu_percent, memory_bytes)));
    }

    /// Takes out what was measured and reports it, with the users that run and what listeners added.
    #[pyo3(signature = (stats, users, added = None))]
    fn report(
        &self,
        py: Python<'_>,
        stats: &Bound<'_, RequestStats>,
        users: UserCounts,
        added: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let (added, skipped) = added.map(packed_pairs).unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let taken = stats.get().shared().take(now);
        py.detach(|| {
            self.node.command(|worker, now| {
                for reason in skipped {
                    worker.note(Level::Error, format!("left out of the report to the master: {reason}"));
                }
                worker.report(now, taken, users, added);
            });
        });
        Ok(())
    }

    /// A user's code raised.
    fn exception(&self, py: Python<'_>, message: &str, traceback: &str) {
        py.detach(|| self.node.command(|worker, _| worker.raise(message, traceback)));
    }

    /// Sends this process' log.
    fn logs(&self, py: Python<'_>, lines: Vec<String>) -> PyResult<()> {
        let mut writer = Writer::new();
        writer.map(2).text("worker_id").text(&self.id).text("logs").array(lines.len());
        for line in &lines {
            writer.text(line);
        }
        let data = katydid_cluster::Packed::try_new(&writer.into_bytes());
        let data = data.map_err(|error| PyValueError::new_err(error.to_string()))?;
        py.detach(|| self.node.command(|worker, _| worker.log(data)));
        Ok(())
    }

    /// Sends a message of the suite's own.
    #[pyo3(signature = (kind, data = None))]
    fn send(&self, py: Python<'_>, kind: &str, data: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let data = data.map_or_else(|| Ok(katydid_cluster::Packed::nil()), pack)?;
        py.detach(|| self.node.command(|worker, _| worker.send(kind, &data)));
        Ok(())
    }

    /// Says that this process ends.
    fn quit(&self, py: Python<'_>) {
        py.detach(|| self.node.command(|worker, _| worker.quit()));
    }

    /// Asks the master at once whether it has merged everything.
    fn flush(&self, py: Python<'_>) {
        py.detach(|| self.node.command(worker::Worker::flush));
    }

    /// Changes times, in seconds.
    #[pyo3(signature = (
        *, heartbeat_interval = None, report_interval = None, connect_timeout = None, connect_tries = None,
        master_timeout = None,
    ))]
    fn adjust(
        &self,
        py: Python<'_>,
        heartbeat_interval: Option<f64>,
        report_interval: Option<f64>,
        connect_timeout: Option<f64>,
        connect_tries: Option<u32>,
        master_timeout: Option<f64>,
    ) {
        let change = |worker: &mut worker::Worker, _| {
            let settings = worker.settings_mut();
            settings.heartbeat_interval = heartbeat_interval.map_or(settings.heartbeat_interval, duration_of);
            settings.report_interval = report_interval.map_or(settings.report_interval, duration_of);
            settings.connect_timeout = connect_timeout.map_or(settings.connect_timeout, duration_of);
            settings.connect_tries = connect_tries.unwrap_or(settings.connect_tries);
            settings.master_timeout = master_timeout.map_or(settings.master_timeout, duration_of);
        };
        py.detach(|| self.node.command(change));
    }

    /// Ends: what is left to say is said, within two seconds, if the master listens.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.node.close());
    }
}

/// Something that a node tells its owner.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct ClusterEvent {
    kind: &'static str,
    data: Py<PyDict>,
}

#[pymethods]
impl ClusterEvent {
    /// What happened.
    #[getter]
    fn kind(&self) -> &'static str {
        self.kind
    }

    /// What there is to know of it.
    #[getter]
    fn data(&self, py: Python<'_>) -> Py<PyDict> {
        self.data.clone_ref(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<ClusterEvent {} {}>", self.kind, self.data.bind(py).repr()?))
    }
}

/// A value as nodes send it.
#[pyfunction]
fn cluster_pack<'py>(py: Python<'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, pack(value)?.as_bytes()))
}

/// The value that a node has sent.
#[pyfunction]
fn cluster_unpack<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let packed = katydid_cluster::Packed::try_new(data);
    unpack(py, &packed.map_err(|error| PyValueError::new_err(error.to_string()))?)
}

/// Takes statistics out, whole, as bytes that a listener can add to a report.
#[pyfunction]
fn cluster_take_stats<'py>(py: Python<'py>, stats: &Bound<'py, RequestStats>) -> Bound<'py, PyBytes> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    PyBytes::new(py, &stats_to_bytes(stats.get().shared().take(now)))
}

/// Adds statistics that were taken out elsewhere.
#[pyfunction]
fn cluster_merge_stats(stats: &Bound<'_, RequestStats>, data: &[u8]) -> PyResult<()> {
    let taken = stats_of_bytes(data).map_err(|error| PyValueError::new_err(error.to_string()))?;
    stats.get().shared().merge(&taken);
    Ok(())
}

/// A new cluster key as the contents of two files, the master's and the workers'.
#[pyfunction]
fn cluster_key_files() -> (String, String) {
    let [master, worker] = Key::generate().to_files();
    (master, worker)
}

/// Adds the classes and functions of this module to `katydid._core`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ClusterMaster>()?;
    module.add_class::<ClusterWorker>()?;
    module.add_class::<ClusterEvent>()?;
    module.add_function(wrap_pyfunction!(cluster_pack, module)?)?;
    module.add_function(wrap_pyfunction!(cluster_take_stats, module)?)?;
    module.add_function(wrap_pyfunction!(cluster_merge_stats, module)?)?;
    module.add_function(wrap_pyfunction!(cluster_unpack, module)?)?;
    module.add_function(wrap_pyfunction!(cluster_key_files, module)?)
}
