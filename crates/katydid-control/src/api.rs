//! What does `/api/v1` answer?

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::answer;
use crate::desk::Desk;

/// `GET /api/v1/run`
pub(crate) async fn run(State(desk): State<Desk>) -> Response {
    desk.refresh(&["run", "stats"]).await;
    match desk.board().document("run") {
        Some(run) => answer::json(&*run),
        None => answer::json(&json!({ "state": "missing" })),
    }
}
