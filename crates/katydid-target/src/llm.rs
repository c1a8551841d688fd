//! The AI services: an OpenAI-compatible API, a RAG service (`/index`, `/query`) and a tool server (`/tools/execute`).
//! They stand side by side on one port; a suite that wants three services points three addresses at it.

mod chat;
mod embeddings;
mod rag;
mod tools;

use crate::Law;
use crate::payload::Ready;
use crate::setup::{Setup, Timer};
use axum::Router;
use axum::routing::{get, post};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const CHAT_MODEL: &str = "katydid-chat";
const EMBEDDING_MODEL: &str = "katydid-embed";

pub(crate) fn router(setup: &Setup) -> Router {
    let ms = |median| Law::Lognormal { median: Duration::from_millis(median), sigma: 0.3 };
    let services = Services {
        first_token: setup.timer("first-token", ms(30)),
        token: setup.timer("token", Law::Fixed(Duration::from_millis(2))),
        query: setup.timer("query", ms(20)),
        index: setup.timer("index", ms(35)),
        tool: setup.timer("tool", ms(15)),
        library: rag::Library::default(),
    };
    let models =
        Ready::new(&json!({ "object": "list", "data": [model(CHAT_MODEL), model(EMBEDDING_MODEL)] }));
    Router::new()
        .route("/health", get(async || Ready::of_text(r#"{"status":"ok"}"#)))
        .route("/v1/models", get(async move || models.clone()))
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/embeddings", post(embeddings::embed))
        .route("/query", post(rag::query))
        .route("/index", post(rag::index))
        .route("/tools/execute", post(tools::execute))
        .with_state(Arc::new(services))
}

struct Services {
    /// The time until the model says its first word.
    first_token: Timer,
    /// The time from word to word.
    token: Timer,
    query: Timer,
    index: Timer,
    tool: Timer,
    library: rag::Library,
}

fn model(id: &str) -> serde_json::Value {
    json!({ "id": id, "object": "model", "created": 1_700_000_000, "owned_by": "katydid" })
}
