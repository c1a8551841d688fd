//! The JSON-RPC 2.0 side, with the methods of the Model Context Protocol that a load test calls.

use super::Hub;
use super::store::{Entity, Kind};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;

const LISTED: usize = 50;

/// A JSON-RPC error: code and message.
type Fault = (i32, String);

/// Answers a call. As JSON-RPC over HTTP does, errors of a call come with status 200; a notification gets 202.
pub(super) async fn answer(State(hub): State<Arc<Hub>>, body: Bytes) -> Response {
    let Ok(call) = serde_json::from_slice::<Value>(&body) else {
        return (
            StatusCode::BAD_REQUEST,
            Json(failure(&Value::Null, (PARSE_ERROR, "the body is no JSON".into()))),
        )
            .into_response();
    };
    let Some(id) = call.get("id") else {
        return notified(&call);
    };
    Json(match dispatch(&hub, &call).await {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(fault) => failure(id, fault),
    })
    .into_response()
}

/// A call without an id is a notification, if it is a call at all.
fn notified(call: &Value) -> Response {
    match method_of(call) {
        Ok(_) => StatusCode::ACCEPTED.into_response(),
        Err(fault) => (StatusCode::BAD_REQUEST, Json(failure(&Value::Null, fault))).into_response(),
    }
}

fn failure(id: &Value, (code, message): Fault) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

fn method_of(call: &Value) -> Result<&str, Fault> {
    if call["jsonrpc"] != "2.0" {
        return Err((INVALID_REQUEST, "jsonrpc must be \"2.0\"".into()));
    }
    call["method"].as_str().ok_or_else(|| (INVALID_REQUEST, "method must be a string".into()))
}

async fn dispatch(hub: &Hub, call: &Value) -> Result<Value, Fault> {
    let params = &call["params"];
    match method_of(call)? {
        "ping" => Ok(json!({})),
        "initialize" => Ok(initialized(params)),
        "tools/list" => Ok(listing(hub, Kind::Tools)),
        "resources/list" => Ok(listing(hub, Kind::Resources)),
        "prompts/list" => Ok(listing(hub, Kind::Prompts)),
        "tools/call" => called(hub, params).await,
        "resources/read" => read(params),
        "prompts/get" => prompt(hub, params),
        other => Err((METHOD_NOT_FOUND, format!("no method {other}"))),
    }
}

fn initialized(params: &Value) -> Value {
    let version = params["protocolVersion"].as_str().unwrap_or("2025-06-18");
    json!({
        "protocolVersion": version,
        "capabilities": { "tools": {}, "resources": {}, "prompts": {} },
        "serverInfo": { "name": "katydid-target", "version": env!("CARGO_PKG_VERSION") },
    })
}

fn listing(hub: &Hub, kind: Kind) -> Value {
    let (entities, _) = hub.store.list(kind, 0, LISTED);
    let items: Vec<_> = entities.iter().map(|entity| described(kind, entity)).collect();
    json!({ format!("{}s", kind.singular()): items })
}

fn described(kind: Kind, entity: &Entity) -> Value {
    let mut item = json!({ "name": entity.name, "description": entity.description });
    match kind {
        Kind::Resources => item["uri"] = json!(format!("katydid://{}", entity.id)),
        Kind::Tools => item["inputSchema"] = json!({ "type": "object" }),
        _ => {}
    }
    item
}

/// Every tool echoes its arguments.
async fn called(hub: &Hub, params: &Value) -> Result<Value, Fault> {
    let name = required(params, "name")?;
    if !hub.store.offers(Kind::Tools, name) {
        return Err((INVALID_PARAMS, format!("no tool {name}")));
    }
    hub.commit.wait().await;
    Ok(json!({ "content": [{ "type": "text", "text": params["arguments"].to_string() }], "isError": false }))
}

fn read(params: &Value) -> Result<Value, Fault> {
    let uri = required(params, "uri")?;
    Ok(json!({ "contents": [{ "uri": uri, "mimeType": "text/plain", "text": "what the resource says" }] }))
}

fn prompt(hub: &Hub, params: &Value) -> Result<Value, Fault> {
    let name = required(params, "name")?;
    if !hub.store.offers(Kind::Prompts, name) {
        return Err((INVALID_PARAMS, format!("no prompt {name}")));
    }
    Ok(
        json!({ "messages": [{ "role": "user", "content": { "type": "text", "text": format!("This is {name}.") } }] }),
    )
}

fn required<'a>(params: &'a Value, key: &str) -> Result<&'a str, Fault> {
    params[key].as_str().ok_or_else(|| (INVALID_PARAMS, format!("params.{key} must be a string")))
}
