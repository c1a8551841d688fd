//! What nodes tell, as dicts.

use katydid_cluster::message::SpawnOrder;
use katydid_cluster::{Level, MasterEvent, Packed, WorkerEvent};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::ClusterEvent;
use crate::packing::unpack;

/// An event in the making.
struct Draft<'py> {
    kind: &'static str,
    data: Bound<'py, PyDict>,
}

impl<'py> Draft<'py> {
    fn new(py: Python<'py>, kind: &'static str) -> Self {
        Self { kind, data: PyDict::new(py) }
    }

    fn with(self, key: &str, value: impl IntoPyObject<'py>) -> PyResult<Self> {
        self.data.set_item(key, value)?;
        Ok(self)
    }

    fn done(self) -> PyResult<ClusterEvent> {
        Ok(ClusterEvent { kind: self.kind, data: self.data.unbind() })
    }

    /// What a message carries. What Python cannot hold is told as a remark, and the message is lost.
    fn with_packed(self, packed: &Packed) -> PyResult<Self> {
        let py = self.data.py();
        match unpack(py, packed) {
            Ok(value) => self.with("data", value),
            Err(error) => {
                let text = format!("a message cannot be made into values of Python: {error}");
                note(py, Level::Error, &text)
            }
        }
    }
}

fn note<'py>(py: Python<'py>, level: Level, text: &str) -> PyResult<Draft<'py>> {
    Draft::new(py, "note").with("level", level.name())?.with("text", text)
}

fn of_worker_with_id<'py>(py: Python<'py>, kind: &'static str, id: &str) -> PyResult<Draft<'py>> {
    Draft::new(py, kind).with("client_id", id)
}

/// `note` level text · `connected` client_id index was_there · `heartbeat`, `busy`, `missing`, `stopped`, `quit`
/// client_id · `none_left` has_quit · `report` client_id data · `exception` client_id msg traceback · `logs` client_id
/// data · `locustfile_wanted` client_id version · `custom` client_id type data · `spawning_complete` user_count
/// is_reported is_takeover · `run_stopped` is_late.
pub(super) fn of_master(py: Python<'_>, event: MasterEvent) -> PyResult<ClusterEvent> {
    match event {
        MasterEvent::Note(level, text) => note(py, level, &text)?,
        MasterEvent::Connected { id, index, was_there } => {
            of_worker_with_id(py, "connected", &id)?.with("index", index)?.with("was_there", was_there)?
        }
        MasterEvent::Heartbeat { id } => of_worker_with_id(py, "heartbeat", &id)?,
        MasterEvent::Busy { id } => of_worker_with_id(py, "busy", &id)?,
        MasterEvent::Missing { id } => of_worker_with_id(py, "missing", &id)?,
        MasterEvent::Stopped { id } => of_worker_with_id(py, "stopped", &id)?,
        MasterEvent::Quit { id } => of_worker_with_id(py, "quit", &id)?,
        MasterEvent::NoneLeft { has_quit } => Draft::new(py, "none_left").with("has_quit", has_quit)?,
        MasterEvent::Report { from, report } => {
            let draft = of_worker_with_id(py, "report", &from)?;
            match &report.raw {
                Some(raw) => draft.with_packed(raw)?,
                None => draft,
            }
        }
        MasterEvent::Exception { from, message, traceback } => {
            of_worker_with_id(py, "exception", &from)?.with("msg", message)?.with("traceback", traceback)?
        }
        MasterEvent::Logs { from, data } => of_worker_with_id(py, "logs", &from)?.with_packed(&data)?,
        MasterEvent::LocustfileWanted { from, version } => {
            of_worker_with_id(py, "locustfile_wanted", &from)?.with("version", version)?
        }
        MasterEvent::Custom { from, kind, data } => {
            of_worker_with_id(py, "custom", &from)?.with("type", kind)?.with_packed(&data)?
        }
        MasterEvent::SpawningComplete { user_count, is_reported, is_takeover } => {
            let draft = Draft::new(py, "spawning_complete").with("user_count", user_count)?;
            draft.with("is_reported", is_reported)?.with("is_takeover", is_takeover)?
        }
        MasterEvent::RunStopped { is_late } => Draft::new(py, "run_stopped").with("is_late", is_late)?,
    }
    .done()
}

/// `note` level text · `acknowledged` index is_first · `not_connected` · `refused` reason · `spawn` timestamp users host
/// stop_timeout parsed_options run is_new_run was_idle · `spawning_complete` user_count · `stop` · `quit` · `heartbeat` ·
/// `report_due` · `master_lost` · `custom` type data.
pub(super) fn of_worker(py: Python<'_>, event: WorkerEvent) -> PyResult<ClusterEvent> {
    match event {
        WorkerEvent::Note(level, text) => note(py, level, &text)?,
        WorkerEvent::Acknowledged { index, is_first } => {
            Draft::new(py, "acknowledged").with("index", index)?.with("is_first", is_first)?
        }
        WorkerEvent::NotConnected => Draft::new(py, "not_connected"),
        WorkerEvent::Refused { reason } => Draft::new(py, "refused").with("reason", reason)?,
        WorkerEvent::Spawn { order, is_new_run, was_idle } => {
            spawn(py, order)?.with("is_new_run", is_new_run)?.with("was_idle", was_idle)?
        }
        WorkerEvent::SpawningComplete { user_count } => {
            Draft::new(py, "spawning_complete").with("user_count", user_count)?
        }
        WorkerEvent::Stop => Draft::new(py, "stop"),
        WorkerEvent::Quit => Draft::new(py, "quit"),
        WorkerEvent::Heartbeat => Draft::new(py, "heartbeat"),
        WorkerEvent::ReportDue => Draft::new(py, "report_due"),
        WorkerEvent::MasterLost => Draft::new(py, "master_lost"),
        WorkerEvent::Custom { kind, data } => {
            Draft::new(py, "custom").with("type", kind)?.with_packed(&data)?
        }
    }
    .done()
}

fn spawn(py: Python<'_>, order: SpawnOrder) -> PyResult<Draft<'_>> {
    let run = order.run.map_or(0, |(_, run)| run);
    Draft::new(py, "spawn")
        .with("timestamp", order.timestamp)?
        .with("users", order.users)?
        .with("host", order.setup.host.as_deref())?
        .with("stop_timeout", order.setup.stop_timeout_s)?
        .with("parsed_options", unpack(py, &order.setup.parsed_options)?)?
        .with("run", run)
}
