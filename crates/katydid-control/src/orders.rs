//! What is only passed on to the users' thread? Everything that changes the run.

use axum::extract::State;
use axum::response::Response;

use crate::command::Kind;
use crate::desk::Desk;
use crate::incoming::Incoming;

/// Passes a request on, with its body as it came.
async fn pass_on(desk: &Desk, kind: Kind, Incoming(request): Incoming) -> Response {
    desk.ask(kind, request.body.clone(), Some(request)).await
}

/// `POST /swarm`
pub(crate) async fn swarm(State(desk): State<Desk>, incoming: Incoming) -> Response {
    pass_on(&desk, Kind::Swarm, incoming).await
}

/// `GET /stop`
pub(crate) async fn stop(State(desk): State<Desk>, incoming: Incoming) -> Response {
    pass_on(&desk, Kind::Stop, incoming).await
}
