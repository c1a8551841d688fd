//! What did the client send? The whole request, read within limits, as the users' thread gets it.

use axum::body::{Body, Bytes};
use axum::extract::FromRequest;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::http::{self, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::answer;
use crate::command::Request;
use crate::desk::Desk;
use crate::guard::pairs;
use crate::server::Peer;
use crate::settings::Limits;

/// A request with its body.
pub(crate) struct Incoming(pub(crate) Request);

impl FromRequest<Desk> for Incoming {
    type Rejection = Response;

    async fn from_request(request: http::Request<Body>, desk: &Desk) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        let body = if desk.is_users_thread {
            // It sends none, and has no clock to wait with.
            Bytes::new()
        } else {
            read(&head, body, &desk.settings().limits).await?
        };
        Ok(Self(Request {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: pairs(&head.headers),
            body,
            remote: head.extensions.get::<Peer>().map_or_else(String::new, |peer| peer.0.to_string()),
        }))
    }
}

async fn read(head: &Parts, body: Body, limits: &Limits) -> Result<Bytes, Response> {
    let announced = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limits.body_bytes) {
        return Err(too_large(limits));
    }
    match tokio::time::timeout(limits.body_within, Limited::new(body, limits.body_bytes).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limits)),
        Ok(Err(_)) => Err(answer::error(StatusCode::BAD_REQUEST, "the body broke off")),
        Err(_) => Err(answer::error(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

fn too_large(limits: &Limits) -> Response {
    let message = format!("the body is longer than {} bytes", limits.body_bytes);
    answer::error(StatusCode::PAYLOAD_TOO_LARGE, &message)
}
