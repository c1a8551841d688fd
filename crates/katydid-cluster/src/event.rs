//! What does a state machine tell the process that it belongs to?

use std::sync::Arc;

use crate::message::SpawnOrder;
use crate::pack::Packed;
use crate::report::Report;
use crate::roster::NodeId;

/// How important a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For who looks for a fault.
    Debug,
    /// The course of things.
    Info,
    /// Something may go wrong.
    Warning,
    /// Something went wrong.
    Error,
}

impl Level {
    /// Its name in Python's `logging`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// What a master tells.
#[derive(Clone, Debug)]
pub enum MasterEvent {
    /// A line for the log.
    Note(Level, String),
    /// A worker has introduced itself.
    Connected {
        /// Who.
        id: NodeId,
        /// Its number.
        index: u64,
        /// Was it there before?
        was_there: bool,
    },
    /// A heartbeat was answered.
    Heartbeat {
        /// Whose.
        id: NodeId,
    },
    /// A worker is short of CPU, for the first time.
    Busy {
        /// Who.
        id: NodeId,
    },
    /// A worker was not heard of for too long.
    Missing {
        /// Who.
        id: NodeId,
    },
    /// A worker has stopped its users; it comes back.
    Stopped {
        /// Who.
        id: NodeId,
    },
    /// A worker has ended.
    Quit {
        /// Who.
        id: NodeId,
    },
    /// No worker is left: all have quit, or the last one is missing.
    NoneLeft {
        /// Had the last one quit?
        has_quit: bool,
    },
    /// A worker has reported; what is to be merged is merged.
    Report {
        /// Who.
        from: NodeId,
        /// What.
        report: Arc<Report>,
    },
    /// A user's code raised.
    Exception {
        /// Where.
        from: NodeId,
        /// The exception as text.
        message: String,
        /// Where it was raised.
        traceback: String,
    },
    /// A worker's log.
    Logs {
        /// Whose.
        from: NodeId,
        /// A map with `worker_id` and `logs`.
        data: Packed,
    },
    /// A worker wants the locustfile: to be answered by a message `locustfile`.
    LocustfileWanted {
        /// Who.
        from: NodeId,
        /// The version that it has.
        version: String,
    },
    /// A message of the suite's own.
    Custom {
        /// From whom.
        from: NodeId,
        /// Its type.
        kind: String,
        /// What it carries.
        data: Packed,
    },
    /// The target is reached, and the workers know.
    SpawningComplete {
        /// All users.
        user_count: u64,
        /// Had all workers told their numbers in time?
        is_reported: bool,
        /// Were users only moved from one worker to another?
        is_takeover: bool,
    },
    /// All workers have stopped, or time is up.
    RunStopped {
        /// Did some worker not say so in time?
        is_late: bool,
    },
}

/// What a worker tells.
#[derive(Clone, Debug)]
pub enum WorkerEvent {
    /// A line for the log.
    Note(Level, String),
    /// The master knows this worker.
    Acknowledged {
        /// This worker's number; an old master gives none.
        index: Option<u64>,
        /// Is it the first time?
        is_first: bool,
    },
    /// The master and this node do not fit together; it goes on trying.
    Refused {
        /// Why, as a line for the user.
        reason: String,
    },
    /// Nobody has answered for too long.
    NotConnected,
    /// These users shall run. To be answered by `applied`.
    Spawn {
        /// The order.
        order: SpawnOrder,
        /// Does a run begin with it? Then what was measured before is void.
        is_new_run: bool,
        /// Were no users meant to run before it?
        was_idle: bool,
    },
    /// All users of the run are there.
    SpawningComplete {
        /// How many.
        user_count: u64,
    },
    /// No users shall run. To be answered by `stopped`.
    Stop,
    /// This process shall end.
    Quit,
    /// The master has answered a heartbeat.
    Heartbeat,
    /// It is time for a report. To be answered by `report`.
    ReportDue,
    /// The master was not heard of for too long.
    MasterLost,
    /// A message of the suite's own, or a change of a user class.
    Custom {
        /// Its type.
        kind: String,
        /// What it carries.
        data: Packed,
    },
}
