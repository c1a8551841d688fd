//! What does a handler work with? The board, the way to the users' thread, and how long it is worth waiting for it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::{Semaphore, watch};

use crate::api::rendered::Latest;
use crate::archive::{AT_ONCE, Archive};
use crate::board::Board;
use crate::command::{Answered, Commands, Kind, Reply, Request};
use crate::{Settings, answer};

/// How long a reader waits for fresh numbers before it takes those of the last second.
pub(crate) const FRESH_WITHIN: Duration = Duration::from_millis(30);

/// How long a command may take. Ending a run waits for tasks, which may be long.
fn patience(kind: Kind) -> Duration {
    match kind {
        Kind::Stop => Duration::from_secs(3600),
        Kind::Flask | Kind::Report => Duration::from_secs(300),
        _ => Duration::from_secs(60),
    }
}

/// What the Flask application answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Flask {
    /// Nothing: there is none.
    #[default]
    Nothing,
    /// Paths that nobody else knows.
    Unknown,
    /// Those, and the routes of Locust: `after_request`, `view_functions` and its login apply to them.
    Everything,
    /// All of that, and it decides who is let in to our own routes: a hook before requests may refuse.
    Gate,
}

impl Flask {
    fn of(number: u8) -> Self {
        match number {
            0 => Self::Nothing,
            1 => Self::Unknown,
            2 => Self::Everything,
            _ => Self::Gate,
        }
    }
}

/// What server, users' thread and handlers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) board: Board,
    pub(crate) commands: Commands,
    pub(crate) history_file: Mutex<Option<PathBuf>>,
    /// The stored runs, where there are any.
    pub(crate) archive: OnceLock<Arc<dyn Archive>>,
    /// Seats for those who read in it.
    pub(crate) archivists: Arc<Semaphore>,
    /// Seats for event streams.
    pub(crate) streams: Arc<Semaphore>,
    /// What event streams send alike.
    pub(crate) rendered: Latest,
    /// Bytes for bodies of requests.
    pub(crate) bodies: Arc<Semaphore>,
    /// True from the moment at which the server ends.
    pub(crate) closing: watch::Sender<bool>,
    flask: AtomicU8,
}

impl Shared {
    pub(crate) fn try_new(settings: Settings) -> Result<Self, crate::Error> {
        let settings = settings.checked()?;
        Ok(Self {
            archive: OnceLock::new(),
            archivists: Arc::new(Semaphore::new(AT_ONCE)),
            streams: Arc::new(Semaphore::new(settings.limits.streams)),
            rendered: Latest::default(),
            bodies: Arc::new(Semaphore::new(settings.limits.bodies_bytes)),
            flask: AtomicU8::new(settings.flask as u8),
            settings,
            board: Board::default(),
            commands: Commands::try_new()?,
            history_file: Mutex::default(),
            closing: watch::Sender::new(false),
        })
    }

    pub(crate) fn flask(&self) -> Flask {
        Flask::of(self.flask.load(Ordering::Relaxed))
    }

    pub(crate) fn use_flask(&self, flask: Flask) {
        self.flask.store(flask as u8, Ordering::Relaxed);
    }

    pub(crate) fn history_file(&self) -> Option<PathBuf> {
        self.history_file.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Handed to every handler.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) shared: Arc<Shared>,
    /// Does the users' thread itself ask? Then nobody waits for it.
    pub(crate) is_users_thread: bool,
}

impl Desk {
    pub(crate) fn board(&self) -> &Board {
        &self.shared.board
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Has the named documents published now, as far as the users' thread gets round to it.
    pub(crate) async fn refresh(&self, names: &[&'static str]) {
        if self.is_users_thread || !self.board().has_rested() {
            return;
        }
        let done = self.shared.commands.refresh(names);
        if !self.shared.commands.is_unheard_for(FRESH_WITHIN) {
            let _ = tokio::time::timeout(FRESH_WITHIN, done).await;
        }
    }

    /// Has the users' thread do something, and makes its answer ours.
    pub(crate) async fn ask(&self, kind: Kind, body: Bytes, request: Option<Request>) -> Response {
        match self.answered(kind, body, request).await {
            Ok(Answered { reply, pieces: None }) => answer::of_reply(reply),
            Ok(Answered { reply, pieces: Some(pieces) }) => answer::of_stream(reply, pieces),
            Err(response) => *response,
        }
    }

    /// Has the users' thread do something that it answers at once.
    ///
    /// # Errors
    /// The response that says why there is no reply.
    pub(crate) async fn reply(
        &self,
        kind: Kind,
        body: Bytes,
        request: Option<Request>,
    ) -> Result<Reply, Box<Response>> {
        Ok(self.answered(kind, body, request).await?.reply)
    }

    async fn answered(
        &self,
        kind: Kind,
        body: Bytes,
        request: Option<Request>,
    ) -> Result<Answered, Box<Response>> {
        if self.is_users_thread {
            return Err(unavailable("the users' thread cannot ask itself"));
        }
        let Ok(reply) = self.shared.commands.ask(kind, body, request) else {
            return Err(unavailable("too many commands wait for the users' thread; try again later"));
        };
        match tokio::time::timeout(patience(kind), reply).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(_)) => Err(unavailable("the command was not answered; the log says why")),
            Err(_) => Err(unavailable("the users' thread is busy and did not answer in time")),
        }
    }
}

fn unavailable(message: &str) -> Box<Response> {
    Box::new(answer::error(StatusCode::SERVICE_UNAVAILABLE, message))
}
