//! The AI agent: status, repair and chat with two models that differ in speed, and a count of what each one did.

use crate::payload::{Payload, Problem, Ready};
use crate::setup::{Setup, Timer};
use crate::{Law, chance};
use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A longer message is refused.
const LONGEST_MESSAGE: usize = 4000;

/// A repair asks the model this many times: diagnose, act, verify.
const REPAIR_STEPS: [&str; 3] = ["diagnosed: container stopped", "restarted container", "verified: healthy"];

const ANSWERS: [&str; 4] = [
    "All containers are running and healthy.",
    "The target application answers within its usual time.",
    "I can inspect containers, read logs and restart services.",
    "I compare the logs with known failures and repair the first match.",
];

pub(crate) fn router(setup: &Setup) -> Router {
    let agent = Agent {
        a: Model::new("a", setup.timer("model-a", lognormal(40, 0.3))),
        b: Model::new("b", setup.timer("model-b", lognormal(90, 0.5))),
    };
    Router::new()
        .route("/health", get(async || Ready::of_text(r#"{"status":"ok"}"#)))
        .route("/status", get(status))
        .route("/repair", post(repair))
        .route("/chat", post(chat))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(agent))
}

fn lognormal(median_ms: u64, sigma: f64) -> Law {
    Law::Lognormal { median: Duration::from_millis(median_ms), sigma }
}

struct Agent {
    a: Model,
    b: Model,
}

struct Model {
    name: &'static str,
    timer: Timer,
    chats: AtomicU64,
    repairs: AtomicU64,
    rejected: AtomicU64,
    busy_us: AtomicU64,
}

#[derive(Deserialize)]
struct Choice {
    model: Option<String>,
}

#[derive(Deserialize)]
struct Chat {
    message: String,
    #[serde(default = "model_a")]
    model: String,
}

fn model_a() -> String {
    "a".into()
}

impl Agent {
    fn model(&self, name: &str) -> Result<&Model, Problem> {
        match name {
            "a" => Ok(&self.a),
            "b" => Ok(&self.b),
            _ => Err(Problem::unprocessable("model must be 'a' or 'b'")),
        }
    }
}

impl Model {
    fn new(name: &'static str, timer: Timer) -> Self {
        let zero = || AtomicU64::new(0);
        Self { name, timer, chats: zero(), repairs: zero(), rejected: zero(), busy_us: zero() }
    }

    /// Takes as long as the model takes to say something.
    async fn think(&self) -> Duration {
        let time = self.timer.wait().await;
        self.busy_us.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        time
    }

    fn report(&self) -> Value {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (chats, repairs, rejected) = (read(&self.chats), read(&self.repairs), read(&self.rejected));
        let busy_ms = read(&self.busy_us) as f64 / 1000.0;
        json!({
            "total_requests": chats + repairs + rejected,
            "chats": chats,
            "repairs": repairs,
            "rejected": rejected,
            "thinking_ms": busy_ms,
        })
    }
}

async fn status(State(agent): State<Arc<Agent>>) -> Json<Value> {
    Json(json!({ "status": "ready", "models": [agent.a.name, agent.b.name] }))
}

async fn metrics(State(agent): State<Arc<Agent>>) -> Json<Value> {
    Json(json!({ "model_a": agent.a.report(), "model_b": agent.b.report() }))
}

async fn repair(
    State(agent): State<Arc<Agent>>,
    Query(choice): Query<Choice>,
) -> Result<Json<Value>, Problem> {
    let model = agent.model(choice.model.as_deref().unwrap_or("a"))?;
    let mut took = Duration::ZERO;
    for _ in REPAIR_STEPS {
        took += model.think().await;
    }
    model.repairs.fetch_add(1, Ordering::Relaxed);
    let took_ms = took.as_secs_f64() * 1000.0;
    Ok(Json(json!({ "success": true, "model": model.name, "actions": REPAIR_STEPS, "duration_ms": took_ms })))
}

async fn chat(State(agent): State<Arc<Agent>>, Payload(chat): Payload<Chat>) -> Result<Json<Value>, Problem> {
    let model = agent.model(&chat.model)?;
    if let Err(problem) = check(&chat.message) {
        model.rejected.fetch_add(1, Ordering::Relaxed);
        return Err(problem);
    }
    let took = model.think().await;
    model.chats.fetch_add(1, Ordering::Relaxed);
    let answer = ANSWERS[chance::of_text(&chat.message) as usize % ANSWERS.len()];
    Ok(Json(json!({ "response": answer, "model": model.name, "latency_ms": took.as_secs_f64() * 1000.0 })))
}

/// An empty message is a bad request; one that the model could not read is unprocessable.
fn check(message: &str) -> Result<(), Problem> {
    if message.trim().is_empty() {
        return Err(Problem::bad_request("message must not be empty"));
    }
    if message.chars().count() > LONGEST_MESSAGE {
        return Err(Problem::unprocessable(format!(
            "message must have at most {LONGEST_MESSAGE} characters"
        )));
    }
    if message.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return Err(Problem::unprocessable("message must not contain control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_a_model_could_not_read_are_refused() {
        for (message, accepted) in [
            ("Hello".to_owned(), true),
            ("two\nlines\tand a tab".to_owned(), true),
            ("🔥".repeat(200), true),
            ("x".repeat(LONGEST_MESSAGE), true),
            ("x".repeat(LONGEST_MESSAGE + 1), false),
            (String::new(), false),
            (" \n ".to_owned(), false),
            ("\u{0}\u{1b}[31m".to_owned(), false),
        ] {
            assert_eq!(check(&message).is_ok(), accepted, "{message:.20?}");
        }
    }
}
