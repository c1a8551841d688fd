//! What is only passed on to the users' thread? Everything that changes the run, and what only it can make.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::answer;
use crate::command::Kind;
use crate::desk::Desk;
use crate::incoming::Incoming;

/// Passes a request on, with its body as it came.
pub(crate) async fn pass_on(desk: Desk, kind: Kind, Incoming(request, _room): Incoming) -> Response {
    desk.ask(kind, request.body.clone(), Some(request)).await
}

/// `POST /api/v1/run/reset`: as Locust's, and answers as our own routes do.
pub(crate) async fn reset_run(State(desk): State<Desk>, Incoming(request, _room): Incoming) -> Response {
    match desk.reply(Kind::Reset, request.body.clone(), Some(request)).await {
        Ok(reply) if reply.status == StatusCode::OK => {
            answer::json(&json!({ "success": true, "message": "statistics reset" }))
        }
        Ok(reply) => answer::of_reply(reply),
        Err(response) => *response,
    }
}
