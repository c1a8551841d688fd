//! What becomes of a path that is not in the table? The Flask application gets it, if there is one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::answer;
use crate::command::Kind;
use crate::desk::{Desk, Flask};
use crate::incoming::Incoming;

/// Marks an answer that a locustfile made: it may load what it likes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfLocustfile;

/// What our own views of the Flask application mark their answers with. It is not sent.
const OURS: &str = "x-katydid-view";

/// The answer to a path that is not in the table.
pub(crate) async fn unknown(State(desk): State<Desk>, incoming: Incoming) -> Response {
    match desk.shared.flask() {
        Flask::Nothing => not_found(),
        Flask::Unknown | Flask::Everything | Flask::Gate => answered(&desk, incoming).await,
    }
}

/// What the Flask application answers.
pub(crate) async fn answered(desk: &Desk, Incoming(request, _room): Incoming) -> Response {
    let mut response = desk.ask(Kind::Flask, request.body.clone(), Some(request)).await;
    if response.headers_mut().remove(OURS).is_none() {
        response.extensions_mut().insert(OfLocustfile);
    }
    response
}

/// What a locustfile's own route answers at a path that is ours as well; `None` where it has none.
pub(crate) async fn own(desk: &Desk, incoming: Incoming) -> Option<Response> {
    if desk.shared.flask() == Flask::Nothing {
        return None;
    }
    Some(answered(desk, incoming).await).filter(|own| own.status() != StatusCode::NOT_FOUND)
}

/// The same for the users' thread, which is the Flask application.
pub(crate) async fn nowhere() -> Response {
    not_found()
}

/// There is nothing at this path.
pub(crate) fn not_found() -> Response {
    let message = "There is nothing at this path; <code>/api/v1/openapi.json</code> lists what there is.";
    answer::error_page(StatusCode::NOT_FOUND, message)
}
