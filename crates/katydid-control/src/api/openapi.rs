//! What is the API, for a program that writes clients? An OpenAPI description, made from the table of routes.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::desk::Desk;
use crate::routes::{Route, table};

/// `GET /api/v1/openapi.json`
pub(crate) async fn openapi(State(desk): State<Desk>) -> Response {
    answer::json(&description(&desk.settings().base_path))
}

pub(crate) fn description(base: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in table() {
        let path = route.path.replace("{*", "{");
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[route.method.as_str().to_lowercase()] = operation(&route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "katydid",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Names end in _ms for milliseconds, _s for seconds, _at for seconds since the epoch; rates are \
                per second; what does not exist is null.",
        },
        "servers": [{ "url": if base.is_empty() { "/" } else { base } }],
        "security": [{}, { "basic": [] }, { "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "basic": { "type": "http", "scheme": "basic" },
                "bearer": { "type": "http", "scheme": "bearer" },
            },
            "schemas": super::schemas::schemas(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "summary": route.about,
        "tags": [if route.path.starts_with("/api/v1") { "katydid" } else { "locust" }],
        "responses": { "200": success(route), "default": failure() },
    });
    let parameters = parameters(route);
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = body(route) {
        operation["requestBody"] = body;
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let query = |name: &str, kind: &str, about: &str| json!({ "name": name, "in": "query", "description": about, "schema": { "type": kind } });
    let segment =
        |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    match route.path {
        "/api/v1/stats" => {
            vec![query("rates", "string", "`run`: rates of the run instead of the last seconds")]
        }
        "/api/v1/history" => vec![query("since", "number", "only what is later, in seconds since the epoch")],
        "/api/v1/histogram" => {
            vec![
                query("method", "string", "the method"),
                query("name", "string", "the name; empty: all requests"),
            ]
        }
        "/api/v1/runs" => vec![query("limit", "integer", "how many; otherwise the newest 500")],
        "/api/v1/runs/{run}" | "/api/v1/runs/{run}/report" => vec![segment("run")],
        "/api/v1/baselines/{name}" => vec![segment("name")],
        "/api/v1/comparison" | "/api/v1/comparison/report" => {
            vec![
                query("before", "string", "the baseline: a number, `last`, or a name"),
                query("after", "string", "the run that is held against it"),
                query("allow", "string", "what the degradation may be, level by level: `50%,100%`"),
                query("allow_errors", "string", "by how much the share of failures may rise: `1%`"),
            ]
        }
        "/stats/report" => {
            vec![
                query("theme", "string", "`dark` or `light`"),
                query("download", "string", "`1`: to be saved"),
            ]
        }
        "/api/v1/samples/{id}" => vec![segment("id")],
        "/assets/{*path}" => vec![segment("path")],
        _ => Vec::new(),
    }
}

fn body(route: &Route) -> Option<Value> {
    let content = |kind: &str, schema: &str| {
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        json!({ "required": true, "content": { kind: { "schema": schema } } })
    };
    match (&route.method, route.path) {
        (&Method::POST, "/swarm") => Some(content("application/x-www-form-urlencoded", "SwarmForm")),
        (&Method::POST, "/api/v1/run") => Some(content("application/json", "RunRequest")),
        (&Method::PATCH, "/api/v1/run") => Some(content("application/json", "RunChange")),
        (&Method::PUT, "/api/v1/baselines/{name}") => Some(content("application/json", "BaselineRequest")),
        (&Method::POST, "/user" | "/api/v1/users") => Some(content("application/json", "UserChange")),
        _ => None,
    }
}

fn success(route: &Route) -> Value {
    let kind = match route.path {
        "/" | "/login" | "/history" | "/stats/reset" => "text/html",
        path if path.ends_with("/report") => "text/html",
        "/favicon.svg" => "image/svg+xml",
        "/assets/{*path}" => "application/octet-stream",
        "/api/v1/events" => "text/event-stream",
        path if path.ends_with("/csv") => "text/csv",
        path if path.ends_with("/metrics") => "text/plain",
        _ => "application/json",
    };
    let schema = super::schemas::of_answer(&route.method, route.path);
    let schema =
        schema.map_or_else(|| json!({}), |name| json!({ "$ref": format!("#/components/schemas/{name}") }));
    json!({ "description": route.about, "content": { kind: { "schema": schema } } })
}

fn failure() -> Value {
    json!({
        "description": "It was refused or could not be done.",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let description = description("");
        let mut described = BTreeSet::new();
        for (path, operations) in description["paths"].as_object().expect("paths") {
            for method in operations.as_object().expect("operations").keys() {
                described.insert(format!("{method} {path}"));
            }
        }
        let of_route = |route: &Route| {
            format!("{} {}", route.method.as_str().to_lowercase(), route.path.replace("{*", "{"))
        };
        assert_eq!(described, table().iter().map(of_route).collect::<BTreeSet<_>>());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let description = description("/lo");
        let mut references = Vec::new();
        collect(&description, &mut references);
        assert!(references.len() > 20);
        for reference in references {
            let pointer = reference.strip_prefix('#').expect("inside of the document");
            assert!(description.pointer(pointer).is_some(), "{reference}");
        }
        assert_eq!(description["servers"][0]["url"], "/lo");
    }

    fn collect(value: &Value, references: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value.as_str() {
                        Some(text) if key == "$ref" => references.push(text.to_owned()),
                        _ => collect(value, references),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
            _ => {}
        }
    }
}
