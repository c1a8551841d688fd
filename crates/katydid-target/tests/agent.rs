//! The contract of the agent.

mod support;

use serde_json::json;
use support::Target;

const QUICK: [&str; 4] = ["--latency", "model-a=fixed:1ms", "--latency", "model-b=fixed:20ms"];

#[test]
fn both_models_repair_and_chat_at_their_own_pace() {
    let agent = Target::start("agent", &QUICK);
    assert_eq!(agent.get("/status").json()["models"], json!(["a", "b"]));
    for (model, ms) in [("a", 1.0), ("b", 20.0)] {
        let repaired = agent.post(&format!("/repair?model={model}"), "").json();
        assert_eq!((&repaired["success"], &repaired["model"]), (&json!(true), &json!(model)));
        assert_eq!(repaired["duration_ms"], 3.0 * ms, "three steps");
        let said = agent.post("/chat", &json!({ "message": "Hello", "model": model }).to_string()).json();
        assert_eq!((&said["model"], &said["latency_ms"]), (&json!(model), &json!(ms)));
        assert!(said["response"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

#[test]
fn messages_that_cannot_be_answered_are_refused_and_counted() {
    let agent = Target::start("agent", &QUICK);
    for (body, status) in [
        (json!({ "message": "", "model": "a" }), 400),
        (json!({ "message": "   ", "model": "a" }), 400),
        (json!({ "message": "x".repeat(5000), "model": "a" }), 422),
        (json!({ "message": "\u{1}\u{2}", "model": "a" }), 422),
        (json!({ "message": "🔥".repeat(100), "model": "a" }), 200),
        (json!({ "message": 7, "model": "a" }), 422),
        (json!({ "model": "a" }), 422),
        (json!({ "message": "Hello", "model": "c" }), 422),
    ] {
        let answer = agent.post("/chat", &body.to_string());
        assert_eq!(answer.status, status, "{body:.60}: {}", answer.text());
        assert!(status == 200 || answer.json()["detail"].is_string());
    }
    assert_eq!(agent.post("/chat", "{").status, 400);
    assert_eq!(agent.post("/repair?model=c", "").status, 422);
    let counted = agent.get("/metrics").json();
    assert_eq!(counted["model_a"]["rejected"], 4);
    assert_eq!(counted["model_a"]["chats"], 1);
    assert_eq!(counted["model_a"]["total_requests"], 5);
    assert_eq!(counted["model_b"]["total_requests"], 0);
}

#[test]
fn the_same_seed_gives_the_same_latencies() {
    let run = |seed| {
        let agent = Target::start("agent", &["--seed", seed, "--latency", "model-a=uniform:0ms..10ms"]);
        let chat = || agent.post("/chat", r#"{"message": "Hello"}"#).json()["latency_ms"].clone();
        (0..5).map(|_| chat()).collect::<Vec<_>>()
    };
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7"), run("8"));
}
