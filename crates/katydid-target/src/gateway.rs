//! The API gateway: health, cached resources, actions, a paged list, server-sent events, a WebSocket echo, metrics.

mod cache;
mod counters;
mod events;

use crate::Law;
use crate::payload::{Payload, Problem, Ready};
use crate::setup::{Setup, Timer};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use cache::Cache;
use counters::Counters;
use serde::Deserialize;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Resources are numbered from 1 to this.
const RESOURCES: u32 = 100_000;

const LARGEST_PAGE: u32 = 100;

/// Bytes of a WebSocket message; a larger one ends the connection.
const LARGEST_MESSAGE: usize = 1024 * 1024;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

pub(crate) fn router(setup: &Setup) -> Router {
    let gateway = Gateway {
        cache: Cache::default(),
        counters: Counters::default(),
        miss: setup.timer("cache-miss", Law::Fixed(Duration::from_millis(25))),
        beat: setup.timer("event", Law::Fixed(Duration::from_millis(50))),
    };
    Router::new()
        .route("/health/ready", get(async || Ready::of_text(r#"{"status":"ready"}"#)))
        .route("/api/v1/health", get(health))
        .route("/api/v1/resource/{id}", get(resource))
        .route("/api/v1/resources", get(resources))
        .route("/api/v1/action", post(action))
        .route("/api/v1/events/stream", get(events::stream))
        .route("/ws", get(echo))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(gateway))
}

struct Gateway {
    cache: Cache,
    counters: Counters,
    /// What a resource costs that is not in the cache.
    miss: Timer,
    /// The time between two events of a stream.
    beat: Timer,
}

async fn health(State(gateway): State<Arc<Gateway>>) -> Ready {
    gateway.counters.health.add();
    Ready::of_text(r#"{"status":"healthy","service":"gateway"}"#)
}

/// The first access is slow and a miss; later ones are fast hits, or 304 for who has the current version already.
async fn resource(
    State(gateway): State<Arc<Gateway>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = id.parse().ok().filter(|number| (1..=RESOURCES).contains(number));
    let number = known.ok_or_else(|| Problem::not_found(format_args!("resource {id}")))?;
    let hit = gateway.cache.contains(number);
    if !hit {
        gateway.miss.wait().await;
        gateway.cache.insert(number);
    }
    gateway.counters.resource(hit);
    let revision = gateway.cache.revision(number);
    let tag = format!("\"{number}-{revision}\"");
    let caching = [
        (X_CACHE, if hit { "HIT" } else { "MISS" }),
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, "max-age=60"),
    ];
    let wanted = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if wanted.is_some_and(|tags| tags.trim() == "*" || tags.split(',').any(|known| known.trim() == tag)) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    Ok((caching, Json(item(number, revision))).into_response())
}

fn item(number: u32, revision: u64) -> Value {
    json!({ "id": number, "name": format!("resource {number}"), "revision": revision })
}

#[derive(Deserialize)]
struct Page {
    #[serde(default = "first_page")]
    page: u32,
    #[serde(default = "usual_size")]
    size: u32,
}

fn first_page() -> u32 {
    1
}

fn usual_size() -> u32 {
    20
}

impl Page {
    /// The numbers on this page; beyond the last page there are none.
    fn numbers(&self) -> Range<u32> {
        let start = self.page.saturating_sub(1).saturating_mul(self.size).min(RESOURCES);
        start + 1..start.saturating_add(self.size).min(RESOURCES) + 1
    }
}

async fn resources(
    State(gateway): State<Arc<Gateway>>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Problem> {
    gateway.counters.resources.add();
    if page.page == 0 || !(1..=LARGEST_PAGE).contains(&page.size) {
        return Err(Problem::unprocessable(format!("page counts from 1, and size is 1 to {LARGEST_PAGE}")));
    }
    let items: Vec<_> = page.numbers().map(|number| item(number, gateway.cache.revision(number))).collect();
    let pages = RESOURCES.div_ceil(page.size);
    Ok(Json(
        json!({ "items": items, "page": page.page, "size": page.size, "pages": pages, "total": RESOURCES }),
    ))
}

#[derive(Deserialize)]
struct Action {
    action: String,
    resource_id: Option<u32>,
}

/// Accepts any named action; one on a resource changes it, so that its next access is a miss with another ETag.
async fn action(
    State(gateway): State<Arc<Gateway>>,
    Payload(wanted): Payload<Action>,
) -> Result<Json<Value>, Problem> {
    if wanted.action.trim().is_empty() {
        return Err(Problem::unprocessable("action must not be empty"));
    }
    let number = gateway.counters.action.add();
    if let Some(resource) = wanted.resource_id {
        gateway.cache.invalidate(resource);
    }
    Ok(Json(json!({ "id": number, "action": wanted.action, "status": "accepted" })))
}

async fn metrics(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], gateway.counters.exposition())
}

async fn echo(State(gateway): State<Arc<Gateway>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(LARGEST_MESSAGE).on_upgrade(move |socket| answer_in_kind(gateway, socket))
}

/// Sends every text and binary message back until the peer closes. Pings are answered by the library.
async fn answer_in_kind(gateway: Arc<Gateway>, mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let said = matches!(message, Message::Text(_) | Message::Binary(_));
        if said {
            gateway.counters.echo.add();
            if socket.send(message).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cut_the_resources_without_gap_or_overlap() {
        for (page, size, numbers) in [
            (1, 20, 1..21),
            (2, 20, 21..41),
            (1000, 100, 99_901..100_001),
            (1429, 70, 99_961..100_001),
            (2000, 100, 100_001..100_001),
            (u32::MAX, 100, 100_001..100_001),
        ] {
            assert_eq!(Page { page, size }.numbers(), numbers, "page {page} of {size}");
        }
    }
}
