//! What did the client send? The whole request, read within limits, as the users' thread gets it.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::FromRequest;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::http::{self, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::answer;
use crate::command::Request;
use crate::desk::Desk;
use crate::guard::pairs;
use crate::server::Peer;
use crate::settings::Limits;

/// A request with its body, and the room that the body takes.
pub(crate) struct Incoming(pub(crate) Request, pub(crate) Room);

/// The part of the memory for bodies that one of them takes, until this is dropped.
pub(crate) type Room = Option<OwnedSemaphorePermit>;

impl FromRequest<Desk> for Incoming {
    type Rejection = Response;

    async fn from_request(request: http::Request<Body>, desk: &Desk) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        let (body, room) = if desk.is_users_thread {
            // It sends none, and has no clock to wait with.
            (Bytes::new(), None)
        } else {
            read(&head, body, desk).await?
        };
        let request = Request {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: pairs(&head.headers),
            body,
            remote: head.extensions.get::<Peer>().map_or_else(String::new, |peer| peer.0.to_string()),
        };
        Ok(Self(request, room))
    }
}

async fn read(head: &Parts, body: Body, desk: &Desk) -> Result<(Bytes, Room), Response> {
    let limits = &desk.settings().limits;
    let announced = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limits.body_bytes) {
        return Err(too_large(limits));
    }
    let collected = collect(Limited::new(body, limits.body_bytes), &desk.shared.bodies);
    match tokio::time::timeout(limits.body_within, collected).await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(Broken::TooLarge)) => Err(too_large(limits)),
        Ok(Err(Broken::NoRoom)) => Err(answer::error(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many large bodies at once; try again later",
        )),
        Ok(Err(Broken::Off)) => Err(answer::error(StatusCode::BAD_REQUEST, "the body broke off")),
        Err(_) => Err(answer::error(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

/// Why a body was not read to its end.
enum Broken {
    TooLarge,
    NoRoom,
    Off,
}

/// Takes room for each part of a body as it comes: who only announces one takes none.
async fn collect(mut body: Limited<Body>, bodies: &Arc<Semaphore>) -> Result<(Bytes, Room), Broken> {
    let (mut collected, mut room) = (Vec::new(), Room::None);
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| if error.is::<LengthLimitError>() { Broken::TooLarge } else { Broken::Off })?;
        let Ok(data) = frame.into_data() else { continue };
        let size = u32::try_from(data.len()).map_err(|_| Broken::TooLarge)?;
        let more = Arc::clone(bodies).try_acquire_many_owned(size).map_err(|_| Broken::NoRoom)?;
        match &mut room {
            Some(room) => room.merge(more),
            None => room = Some(more),
        }
        collected.extend_from_slice(&data);
    }
    Ok((collected.into(), room))
}

fn too_large(limits: &Limits) -> Response {
    let message = format!("the body is longer than {} bytes", limits.body_bytes);
    answer::error(StatusCode::PAYLOAD_TOO_LARGE, &message)
}
