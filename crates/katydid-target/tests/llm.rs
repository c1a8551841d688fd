//! The contract of the AI services.

mod support;

use serde_json::{Value, json};
use support::Target;

fn start() -> Target {
    let quick =
        ["first-token=fixed:2ms", "token=fixed:0ms", "query=fixed:0ms", "index=fixed:0ms", "tool=fixed:3ms"];
    Target::start("llm", &quick.iter().flat_map(|rule| ["--latency", rule]).collect::<Vec<_>>())
}

fn question(more: &Value) -> String {
    let mut body = json!({ "model": "katydid-chat", "messages": [{ "role": "user", "content": "Hello" }] });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body.to_string()
}

#[test]
fn models_and_health_are_listed() {
    let llm = start();
    assert_eq!(llm.get("/health").status, 200);
    let models = llm.get("/v1/models").json();
    assert_eq!((&models["object"], &models["data"][0]["id"]), (&json!("list"), &json!("katydid-chat")));
}

#[test]
fn a_completion_has_openais_shape() {
    let llm = start();
    let said = llm.post("/v1/chat/completions", &question(&json!({ "max_tokens": 5 }))).json();
    assert_eq!((&said["object"], &said["model"]), (&json!("chat.completion"), &json!("katydid-chat")));
    let choice = &said["choices"][0];
    assert_eq!(
        (&choice["message"]["role"], &choice["finish_reason"]),
        (&json!("assistant"), &json!("length"))
    );
    assert_eq!(choice["message"]["content"].as_str().expect("text").split(' ').count(), 5);
    assert_eq!((&said["usage"]["completion_tokens"], &said["usage"]["total_tokens"]), (&json!(5), &json!(6)));
}

#[test]
fn a_stream_adds_up_to_the_whole_answer_and_says_done() {
    let llm = start();
    let whole = llm.post("/v1/chat/completions", &question(&json!({}))).json();
    let answer = llm.post("/v1/chat/completions", &question(&json!({ "stream": true })));
    let mut events = answer.events();
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    let chunks: Vec<Value> = events.iter().map(|data| serde_json::from_str(data).expect("JSON")).collect();
    assert!(
        chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk["id"] == whole["id"])
    );
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let text: String =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, whole["choices"][0]["message"]["content"]);
    assert_eq!(chunks.last().expect("chunks")["choices"][0]["finish_reason"], "stop");
}

#[test]
fn a_stream_ends_with_its_usage_if_asked() {
    let llm = start();
    let body =
        question(&json!({ "stream": true, "max_tokens": 3, "stream_options": { "include_usage": true } }));
    let events = llm.post("/v1/chat/completions", &body).events();
    assert_eq!(events.len(), 3 + 1 + 1 + 1, "words, ending, usage, done");
    let usage: Value = serde_json::from_str(&events[4]).expect("JSON");
    assert_eq!((&usage["choices"], &usage["usage"]["completion_tokens"]), (&json!([]), &json!(3)));
}

#[test]
fn embeddings_come_for_one_text_or_several() {
    let llm = start();
    let one = llm.post("/v1/embeddings", r#"{"model": "m", "input": "a text"}"#).json();
    assert_eq!(one["data"][0]["embedding"].as_array().expect("a vector").len(), 256);
    let two =
        llm.post("/v1/embeddings", r#"{"model": "m", "input": ["a text", "b"], "dimensions": 8}"#).json();
    assert_eq!(two["data"].as_array().expect("vectors").len(), 2);
    assert_eq!(
        (&two["data"][1]["index"], two["data"][1]["embedding"].as_array().map(Vec::len)),
        (&json!(1), Some(8))
    );
}

#[test]
fn what_was_indexed_is_found() {
    let llm = start();
    assert_eq!(llm.post("/query", r#"{"query": "Where do katydids sing?"}"#).json()["sources"], json!([]));
    let indexed = llm.post("/index", r#"{"documents": ["Katydids sing in trees.", "Stones are silent."]}"#);
    assert_eq!((indexed.status, indexed.json()), (201, json!({ "indexed": 2, "ids": [1, 2] })));
    let found = llm.post("/query", r#"{"question": "Where do katydids sing?", "top_k": 5}"#).json();
    assert_eq!(found["sources"].as_array().expect("sources").len(), 1);
    assert_eq!(found["sources"][0]["text"], "Katydids sing in trees.");
}

#[test]
fn tools_work_inside_the_sandbox_only() {
    let llm = start();
    let call = |tool: &str, arguments: Value| {
        llm.post("/tools/execute", &json!({ "tool": tool, "arguments": arguments }).to_string())
    };
    let read = call("file_read", json!({ "path": "/workspace/README.md" })).json();
    assert_eq!((&read["success"], &read["duration_ms"]), (&json!(true), &json!(3.0)));
    assert_eq!(call("git_log", json!({})).status, 200);
    assert_eq!(call("web_search", json!({ "query": "crickets" })).status, 200);
    assert_eq!(call("file_read", json!({ "path": "/workspace/../etc/passwd" })).status, 403);
    assert_eq!(call("file_read", json!({})).status, 422);
    assert_eq!(call("rm_rf", json!({})).status, 404);
}

#[test]
fn mistakes_get_the_status_that_an_api_would_give() {
    let llm = start();
    for (path, body, status) in [
        ("/v1/chat/completions", json!({ "model": "m", "messages": [] }), 400),
        ("/v1/chat/completions", json!({ "model": "m" }), 422),
        (
            "/v1/chat/completions",
            json!({ "model": "m", "messages": [{ "role": "king", "content": "" }] }),
            400,
        ),
        (
            "/v1/chat/completions",
            json!({ "model": "m", "messages": [{ "role": "user", "content": "" }], "max_tokens": 0 }),
            400,
        ),
        ("/v1/embeddings", json!({ "model": "m", "input": [] }), 400),
        ("/v1/embeddings", json!({ "model": "m", "input": 7 }), 422),
        ("/v1/embeddings", json!({ "model": "m", "input": "a", "dimensions": 1_000_000 }), 400),
        ("/query", json!({ "query": " " }), 400),
        ("/index", json!({ "documents": [] }), 422),
        ("/index", json!({ "documents": ["x".repeat(20_000)] }), 422),
    ] {
        let answer = llm.post(path, &body.to_string());
        assert_eq!(answer.status, status, "{path} {body:.60}: {}", answer.text());
    }
}
