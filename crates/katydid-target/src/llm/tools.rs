//! The tool server: file, git and web tools that pretend, in a sandbox that is guarded for real.

use super::Services;
use crate::payload::{Payload, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const SANDBOX: &str = "/workspace";

#[derive(Deserialize)]
pub(super) struct Call {
    tool: String,
    #[serde(default)]
    arguments: Value,
}

pub(super) async fn execute(
    State(services): State<Arc<Services>>,
    Payload(call): Payload<Call>,
) -> Result<Json<Value>, Problem> {
    let result = outcome(&call.tool, &call.arguments)?;
    let took = services.tool.wait().await;
    let took_ms = took.as_secs_f64() * 1000.0;
    Ok(Json(json!({ "tool": call.tool, "success": true, "result": result, "duration_ms": took_ms })))
}

fn outcome(tool: &str, arguments: &Value) -> Result<Value, Problem> {
    match tool {
        "file_read" => inside(arguments).map(|path| json!({ "path": path, "content": "a line of text\n" })),
        "file_write" => {
            let size = arguments["content"].as_str().map_or(0, str::len);
            inside(arguments).map(|path| json!({ "path": path, "written": size }))
        }
        "file_list" => inside(arguments).map(|path| json!({ "path": path, "entries": ["README.md", "src"] })),
        "git_status" => Ok(json!({ "branch": "main", "clean": true })),
        "git_log" => Ok(json!({ "commits": [{ "id": "3f2a91c", "subject": "first" }] })),
        "web_search" => {
            text(arguments, "query").map(|query| json!({ "results": [format!("about {query}")] }))
        }
        "web_fetch" => text(arguments, "url").map(|url| json!({ "url": url, "status": 200 })),
        _ => Err(Problem::not_found(format_args!("tool '{tool}'"))),
    }
}

/// The path of a file tool, if it stays in the sandbox.
fn inside(arguments: &Value) -> Result<&str, Problem> {
    let path = text(arguments, "path")?;
    let below = path.strip_prefix(SANDBOX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if below && !path.split('/').any(|part| part == "..") {
        Ok(path)
    } else {
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            format!("sandbox violation: the path must be below {SANDBOX}"),
        ))
    }
}

fn text<'a>(arguments: &'a Value, key: &str) -> Result<&'a str, Problem> {
    let value = arguments[key].as_str().filter(|value| !value.is_empty());
    value.ok_or_else(|| Problem::unprocessable(format!("arguments.{key} must be a text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_sandbox_are_violations() {
        for (path, allowed) in [
            ("/workspace", true),
            ("/workspace/src/main.rs", true),
            ("/workspace/a..b", true),
            ("/workspace/../etc/passwd", false),
            ("/workspaces/x", false),
            ("/etc/passwd", false),
            ("workspace/x", false),
        ] {
            assert_eq!(inside(&json!({ "path": path })).is_ok(), allowed, "{path}");
        }
    }
}
