//! What do the pages about stored runs ask for? An archive that whoever composes this server provides.
//!
//! What a maintainer must not break: an archive is asked on threads that may wait, by few at a time, and never by the
//! users' thread. What it answers is sent as it is.

use std::fmt;
use std::sync::Arc;

use axum::extract::{self, FromRequestParts, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Query;
use crate::desk::Desk;
use crate::incoming::Incoming;
use crate::{answer, flask, page};

/// Questions that are answered at once: reading a long run takes a core for a while, and users need theirs.
pub(crate) const AT_ONCE: usize = 2;

/// Runs that are listed if nobody says how many.
const LISTED: u64 = 500;

/// Stored runs. Runs are called as users call them: by number, `last`, or the name of a baseline.
pub trait Archive: fmt::Debug + Send + Sync {
    /// The newest runs in short, and the baselines.
    fn runs(&self, limit: u64) -> Answer;
    /// Everything that the report of a run tells.
    fn run(&self, run: &str) -> Answer;
    /// A run held against another.
    fn comparison(&self, asked: &Comparison) -> Answer;
    /// Gives a run a name.
    fn set_baseline(&self, name: &str, run: &str) -> Answer;
    /// Takes a name from its run.
    fn remove_baseline(&self, name: &str) -> Answer;
    /// Forgets a run.
    fn remove(&self, run: &str) -> Answer;
}

/// JSON, or why there is none.
pub type Answer = Result<Value, Fault>;

/// Why an archive does not answer, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What was asked makes no sense.
    Wrong(String),
    /// There is no such run.
    Missing(String),
    /// The store cannot be read.
    Broken(String),
}

/// Which runs are compared, and what is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Comparison {
    /// The baseline.
    pub before: String,
    /// The run that is held against it.
    pub after: String,
    /// What the degradation may be, level by level: `50%,100%`.
    pub allow: Option<String>,
    /// By how much the share of failures may rise: `1%`.
    pub allow_errors: Option<String>,
}

async fn ask(desk: &Desk, question: impl FnOnce(&dyn Archive) -> Answer + Send + 'static) -> Response {
    match asked(desk, question).await {
        Ok(value) => fresh(answer::json(&value)),
        Err(response) => *response,
    }
}

async fn asked(
    desk: &Desk,
    question: impl FnOnce(&dyn Archive) -> Answer + Send + 'static,
) -> Result<Value, Box<Response>> {
    let refused = |status, message: &str| Box::new(answer::error(status, message));
    let Some(archive) = desk.shared.archive.get().map(Arc::clone) else {
        return Err(refused(StatusCode::NOT_FOUND, "runs are not kept here: see --store"));
    };
    if desk.is_users_thread {
        return Err(refused(StatusCode::SERVICE_UNAVAILABLE, "the users' thread does not read the store"));
    }
    let Ok(seat) = Arc::clone(&desk.shared.archivists).acquire_owned().await else {
        return Err(refused(StatusCode::SERVICE_UNAVAILABLE, "the server ends"));
    };
    let reading = tokio::task::spawn_blocking(move || {
        let answer = question(&*archive);
        drop(seat);
        answer
    });
    match reading.await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(fault)) => Err(Box::new(fault.response())),
        Err(_) => Err(refused(StatusCode::INTERNAL_SERVER_ERROR, "the run could not be read: see the log")),
    }
}

impl Fault {
    fn response(&self) -> Response {
        let (status, message) = match self {
            Self::Wrong(message) => (StatusCode::BAD_REQUEST, message),
            Self::Missing(message) => (StatusCode::NOT_FOUND, message),
            Self::Broken(message) => (StatusCode::INTERNAL_SERVER_ERROR, message),
        };
        answer::error(status, message)
    }
}

/// Runs come and go, so nothing is kept by who asked.
fn fresh(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn bad(message: &str) -> Response {
    answer::error(StatusCode::BAD_REQUEST, message)
}

/// A part of the path, without percent-encoding.
pub(crate) struct Named(String);

impl FromRequestParts<Desk> for Named {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Response> {
        match extract::Path::<String>::from_request_parts(parts, desk).await {
            Ok(path) => Ok(Self(path.0)),
            Err(fault) => Err(bad(&fault.body_text())),
        }
    }
}

/// `GET /history`: the page, which does the rest, unless a locustfile has its own there.
pub(crate) async fn page(State(desk): State<Desk>, incoming: Incoming) -> Response {
    match flask::own(&desk, incoming).await {
        Some(own) => own,
        None => {
            page::document(&desk, "history.html", &json!({ "has_run": !desk.settings().is_history_only }))
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Listed {
    limit: Option<u64>,
}

/// `GET /api/v1/runs`
pub(crate) async fn runs(State(desk): State<Desk>, Query(listed): Query<Listed>) -> Response {
    ask(&desk, move |archive| archive.runs(listed.limit.unwrap_or(LISTED))).await
}

/// `GET /api/v1/runs/{run}`
pub(crate) async fn run(State(desk): State<Desk>, Named(run): Named) -> Response {
    ask(&desk, move |archive| archive.run(&run)).await
}

/// `GET /api/v1/runs/{run}/report`: one file to keep.
pub(crate) async fn report(State(desk): State<Desk>, Named(run): Named) -> Response {
    match asked(&desk, move |archive| archive.run(&run)).await {
        Ok(data) => as_file(&desk, &data, &format!("run-{}.html", data["stored"]["run"])),
        Err(response) => *response,
    }
}

/// `DELETE /api/v1/runs/{run}`
pub(crate) async fn remove(State(desk): State<Desk>, Named(run): Named) -> Response {
    ask(&desk, move |archive| archive.remove(&run)).await
}

/// `GET /api/v1/comparison`
pub(crate) async fn comparison(State(desk): State<Desk>, Query(pair): Query<Comparison>) -> Response {
    ask(&desk, move |archive| archive.comparison(&pair)).await
}

/// `GET /api/v1/comparison/report`: one file to keep.
pub(crate) async fn comparison_report(State(desk): State<Desk>, Query(pair): Query<Comparison>) -> Response {
    match asked(&desk, move |archive| archive.comparison(&pair)).await {
        Ok(comparison) => {
            let number = |side: usize| comparison["runs"][side]["run"].to_string();
            let name = format!("run-{}-and-{}.html", number(0), number(1));
            as_file(&desk, &json!({ "comparison": comparison }), &name)
        }
        Err(response) => *response,
    }
}

fn as_file(desk: &Desk, data: &Value, name: &str) -> Response {
    let mut response = page::document(desk, "report.html", data);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment;filename={name}")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    response
}

/// `PUT /api/v1/baselines/{name}` with `{"run": 12}`
pub(crate) async fn set_baseline(
    State(desk): State<Desk>,
    Named(name): Named,
    Incoming(request, _room): Incoming,
) -> Response {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let run = match &body["run"] {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return bad("the body must be JSON such as {\"run\": 12}"),
    };
    ask(&desk, move |archive| archive.set_baseline(&name, &run)).await
}

/// `DELETE /api/v1/baselines/{name}`
pub(crate) async fn remove_baseline(State(desk): State<Desk>, Named(name): Named) -> Response {
    ask(&desk, move |archive| archive.remove_baseline(&name)).await
}
