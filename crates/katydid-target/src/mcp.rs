//! The MCP gateway: entities under optimistic locking, JSON-RPC, bearer tokens.
//!
//! A change reads the version, takes its time and writes only if the version is still the same. Two changes of one
//! entity at a time therefore end with one 200 and one 409, as they do in the real thing.

mod auth;
mod entities;
mod rpc;
mod store;

use crate::Law;
use crate::payload::Ready;
use crate::setup::{Setup, Timer};
use auth::Keys;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};
use std::sync::Arc;
use std::time::Duration;
use store::Store;

/// Larger bodies are refused, which bounds what the store can hold.
const LARGEST_BODY: usize = 64 * 1024;

pub(crate) fn router(setup: &Setup) -> Router {
    let hub = Arc::new(Hub {
        store: Store::stocked(),
        keys: Keys::new(setup.seed, &setup.tokens),
        commit: setup.timer("commit", Law::Fixed(Duration::from_millis(2))),
    });
    let guarded = entities::routes()
        .route("/rpc", post(rpc::answer))
        .route("/rpc/", post(rpc::answer))
        .layer(middleware::from_fn_with_state(Arc::clone(&hub), auth::demand));
    Router::new()
        .route("/health", get(async || Ready::of_text(r#"{"status":"healthy"}"#)))
        .route("/auth/login", post(auth::login))
        .merge(guarded)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(hub)
}

struct Hub {
    store: Store,
    keys: Keys,
    /// The time between reading an entity and writing it back, in which another change may come first.
    commit: Timer,
}
