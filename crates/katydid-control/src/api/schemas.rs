//! What are the documents of `/api/v1` made of? Schemas, from a table of fields that reads like the documents.
//!
//! A type ends in `?` where it can be null, in `[]` for a list and in `{}` for a map from names; a capital letter begins
//! the name of another schema.

use axum::http::Method;
use serde_json::{Map, Value, json};

type Fields = &'static [(&'static str, &'static str)];

const SCHEMAS: [(&str, Fields); 41] = [
    ("Error", &[("error", "string"), ("field", "string")]),
    ("Answer", &[("success", "boolean"), ("message", "string"), ("host", "string?")]),
    (
        "Run",
        &[
            ("state", "string"),
            ("started_at", "number?"),
            ("elapsed_s", "number?"),
            ("run_time_s", "number?"),
            ("user_count", "integer"),
            ("target_user_count", "integer?"),
            ("spawn_rate", "number?"),
            ("users_by_class", "integer{}"),
            ("host", "string?"),
            ("locustfile", "string?"),
            ("profile", "string?"),
            ("shape", "string?"),
            ("generator", "Generator"),
            ("cpu_percent", "number?"),
            ("memory_bytes", "integer?"),
            ("workers", "Worker[]"),
            ("is_distributed", "boolean"),
            ("version", "string"),
            ("locust_version", "string"),
        ],
    ),
    (
        "Generator",
        &[
            ("lag_p50_ms", "number?"),
            ("lag_p99_ms", "number?"),
            ("lag_max_ms", "number?"),
            ("start_lag_p99_ms", "number?"),
            ("limited", "boolean"),
            ("limit_ms", "number"),
            ("remedy", "string?"),
        ],
    ),
    (
        "Worker",
        &[
            ("id", "string"),
            ("state", "string"),
            ("user_count", "integer"),
            ("cpu_usage", "number"),
            ("memory_usage", "number"),
        ],
    ),
    ("Stats", &[("at", "number?"), ("entries", "Entry[]"), ("total", "Entry?")]),
    (
        "Entry",
        &[
            ("method", "string"),
            ("name", "string"),
            ("requests", "integer"),
            ("failures", "integer"),
            ("rps", "number"),
            ("fail_per_s", "number"),
            ("total_rps", "number"),
            ("total_fail_per_s", "number"),
            ("avg_ms", "number?"),
            ("min_ms", "number?"),
            ("max_ms", "number?"),
            ("median_ms", "number?"),
            ("percentiles", "number?{}"),
            ("avg_bytes", "number?"),
            ("status", "integer{}"),
            ("phases", "Phase{}"),
        ],
    ),
    ("Phase", &[("avg_ms", "number"), ("p95_ms", "number?"), ("count", "integer")]),
    ("Failures", &[("errors", "Failure[]")]),
    (
        "Failure",
        &[
            ("method", "string"),
            ("name", "string"),
            ("error", "string"),
            ("occurrences", "integer"),
            ("first_seen_at", "number"),
            ("last_seen_at", "number"),
            ("sample", "string?"),
        ],
    ),
    (
        "Sample",
        &[
            ("id", "string"),
            ("cause", "string"),
            ("method", "string"),
            ("url", "string"),
            ("name", "string"),
            ("status", "integer?"),
            ("error", "string"),
            ("at", "number"),
            ("response_ms", "number?"),
            ("phases", "number{}"),
            ("user_class", "string?"),
            ("request", "Message"),
            ("response", "Message?"),
            ("curl", "string"),
        ],
    ),
    (
        "Message",
        &[
            ("headers", "array[]"),
            ("body", "string?"),
            ("body_truncated", "boolean"),
            ("body_exact", "boolean"),
        ],
    ),
    (
        "Verdict",
        &[
            ("is_over", "boolean"),
            ("is_asked", "boolean"),
            ("passed", "boolean"),
            ("aborted", "string?"),
            ("thresholds", "Threshold[]"),
            ("levels", "Level[]"),
        ],
    ),
    (
        "Threshold",
        &[
            ("text", "string"),
            ("state", "string"),
            ("passed", "boolean"),
            ("value", "number?"),
            ("shown", "string"),
            ("now", "number?"),
            ("now_shown", "string?"),
            ("limit", "number"),
            ("limit_shown", "string"),
            ("unit", "string"),
            ("place", "string"),
            ("at_s", "number?"),
        ],
    ),
    (
        "Level",
        &[
            ("scenario", "string?"),
            ("number", "integer"),
            ("title", "string"),
            ("state", "string"),
            ("users", "integer"),
            ("spawn_rate", "number"),
            ("seconds", "number"),
            ("is_complete", "boolean"),
            ("requests", "integer"),
            ("failures", "integer"),
            ("fail_ratio", "number"),
            ("rps", "number"),
            ("avg_ms", "number?"),
            ("p50_ms", "number?"),
            ("p95_ms", "number?"),
            ("p99_ms", "number?"),
            ("max_ms", "number?"),
            ("degradation", "number?"),
            ("reference", "string"),
            ("allowance", "number?"),
            ("broken", "string[]"),
            ("is_asked", "boolean"),
            ("passed", "boolean"),
        ],
    ),
    ("Triage", &[("groups", "FailureGroup[]")]),
    (
        "FailureGroup",
        &[
            ("cause", "string"),
            ("method", "string"),
            ("name", "string"),
            ("failures", "integer"),
            ("requests", "integer"),
            ("share", "number?"),
            ("example", "string"),
            ("first_seen_at", "number"),
            ("last_seen_at", "number"),
            ("samples", "string[]"),
        ],
    ),
    ("Expectations", &[("rules", "RuleOutcome[]"), ("reclassified", "Reclassified[]")]),
    (
        "RuleOutcome",
        &[
            ("rule", "string"),
            ("verdict", "string"),
            ("limit", "number?"),
            ("requests", "integer"),
            ("kept", "integer"),
            ("covered", "integer"),
            ("share", "number"),
            ("broken", "boolean"),
        ],
    ),
    (
        "Reclassified",
        &[
            ("rule", "string"),
            ("verdict", "string"),
            ("method", "string"),
            ("name", "string"),
            ("from", "string"),
            ("occurrences", "integer"),
            ("first_seen_at", "number"),
            ("last_seen_at", "number"),
        ],
    ),
    ("Exceptions", &[("exceptions", "Exception[]")]),
    (
        "Exception",
        &[("count", "integer"), ("message", "string"), ("traceback", "string"), ("nodes", "string[]")],
    ),
    ("Tasks", &[("per_class", "object{}"), ("total", "object{}")]),
    ("History", &[("points", "Point[]"), ("marks", "Mark[]"), ("heat", "HeatScale")]),
    (
        "Point",
        &[
            ("at", "number"),
            ("users", "integer?"),
            ("rps", "number"),
            ("fail_per_s", "number"),
            ("percentiles", "number?{}"),
            ("avg_ms", "number?"),
            ("lag_p99_ms", "number?"),
            ("heat", "array[]"),
        ],
    ),
    ("Mark", &[("at", "number"), ("kind", "string"), ("text", "string")]),
    ("HeatScale", &[("first_ms", "number"), ("per_octave", "integer")]),
    ("Histogram", &[("unit", "string"), ("buckets", "array[]"), ("count", "integer")]),
    ("Logs", &[("master", "string[]"), ("workers", "string[]{}")]),
    (
        "RunRequest",
        &[
            ("user_count", "integer"),
            ("spawn_rate", "number"),
            ("host", "string"),
            ("run_time", "string"),
            ("user_classes", "string[]"),
            ("shape_class", "string"),
            ("profile", "string"),
            ("stages", "string"),
            ("thresholds", "string[]"),
            ("expect", "string[]"),
            ("options", "object"),
        ],
    ),
    ("BaselineRequest", &[("run", "string")]),
    ("Done", &[("success", "boolean")]),
    (
        "Runs",
        &[("runs", "StoredRun[]"), ("baselines", "Baseline[]"), ("store", "string"), ("unread", "integer")],
    ),
    ("Baseline", &[("name", "string"), ("run", "integer")]),
    (
        "StoredRun",
        &[
            ("run", "integer"),
            ("state", "string"),
            ("started_at", "number"),
            ("ended_at", "number?"),
            ("seconds", "number"),
            ("locustfile", "string"),
            ("host", "string"),
            ("profile", "string"),
            ("users", "integer"),
            ("requests", "integer"),
            ("failures", "integer"),
            ("fail_ratio", "number?"),
            ("rps", "number?"),
            ("p50_ms", "number?"),
            ("p95_ms", "number?"),
            ("p99_ms", "number?"),
            ("passed", "boolean?"),
            ("exit_code", "integer?"),
            ("revision", "string?"),
            ("baselines", "string[]"),
        ],
    ),
    (
        "Comparison",
        &[
            ("before", "string"),
            ("after", "string"),
            ("runs", "StoredRun[]"),
            ("is_regression", "boolean"),
            ("rows", "ComparedRow[]"),
            ("notes", "string[]"),
        ],
    ),
    (
        "ComparedRow",
        &[
            ("level", "string"),
            ("method", "string"),
            ("name", "string"),
            ("before", "Figures?"),
            ("after", "Figures?"),
            ("changes", "FigureChange[]"),
            ("outcome", "string"),
            ("times", "array[]"),
        ],
    ),
    (
        "Figures",
        &[
            ("requests", "integer"),
            ("failures", "integer"),
            ("fail_ratio", "number"),
            ("rps", "number"),
            ("avg_ms", "number?"),
            ("p50_ms", "number?"),
            ("p95_ms", "number?"),
            ("p99_ms", "number?"),
        ],
    ),
    (
        "FigureChange",
        &[
            ("metric", "string"),
            ("change", "number?"),
            ("low", "number?"),
            ("high", "number?"),
            ("allowed", "number"),
            ("outcome", "string"),
        ],
    ),
    ("RunChange", &[("user_count", "integer"), ("spawn_rate", "number")]),
    (
        "UserChange",
        &[
            ("user_class_name", "string"),
            ("weight", "number"),
            ("fixed_count", "integer"),
            ("host", "string"),
        ],
    ),
];

/// All schemas by name.
pub(super) fn schemas() -> Map<String, Value> {
    let form: Fields = &[
        ("user_count", "integer"),
        ("spawn_rate", "number"),
        ("host", "string"),
        ("run_time", "string"),
        ("user_classes", "string[]"),
        ("shape_class", "string"),
        ("profile", "string"),
    ];
    let config: Fields = &[
        ("num_users", "integer?"),
        ("spawn_rate", "number?"),
        ("host", "string?"),
        ("user_classes", "object[]"),
        ("show_userclass_picker", "boolean"),
        ("shapes", "string[]"),
        ("shape_use_common_options", "boolean"),
        ("hide_common_options", "boolean"),
        ("extra_options", "object{}"),
        ("profile", "string?"),
        ("profiles", "string[]"),
        ("stages", "string?"),
        ("thresholds", "string[]"),
        ("expect", "string[]"),
        ("percentiles_to_chart", "number[]"),
        ("percentiles_to_statistics", "number[]"),
        ("is_host_required", "boolean"),
        ("stats_history_enabled", "boolean"),
        ("csv_history_enabled", "boolean"),
        ("history_enabled", "boolean"),
        ("login_enabled", "boolean"),
        ("base_path", "string"),
    ];
    let rest = [("SwarmForm", form), ("Config", config)];
    SCHEMAS.iter().chain(&rest).map(|(name, fields)| ((*name).to_owned(), object(fields))).collect()
}

fn object(fields: Fields) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|(name, kind)| ((*name).to_owned(), schema(kind))).collect();
    json!({ "type": "object", "properties": properties })
}

fn schema(kind: &str) -> Value {
    if let Some(kind) = kind.strip_suffix("[]") {
        return json!({ "type": "array", "items": schema(kind) });
    }
    if let Some(kind) = kind.strip_suffix("{}") {
        return json!({ "type": "object", "additionalProperties": schema(kind) });
    }
    if let Some(kind) = kind.strip_suffix('?') {
        return json!({ "anyOf": [schema(kind), { "type": "null" }] });
    }
    if kind.starts_with(char::is_uppercase) {
        return json!({ "$ref": format!("#/components/schemas/{kind}") });
    }
    json!({ "type": kind })
}

/// The schema of a route's answer, where it has one.
pub(super) fn of_answer(method: &Method, path: &str) -> Option<&'static str> {
    let name = match path {
        "/api/v1/run" if method == Method::GET => "Run",
        "/api/v1/stats" => "Stats",
        "/api/v1/errors" => "Failures",
        "/api/v1/samples/{id}" => "Sample",
        "/api/v1/verdict" => "Verdict",
        "/api/v1/runs" => "Runs",
        "/api/v1/runs/{run}" if method == Method::DELETE => "Done",
        "/api/v1/baselines/{name}" => "Done",
        "/api/v1/comparison" => "Comparison",
        "/api/v1/triage" => "Triage",
        "/api/v1/expectations" => "Expectations",
        "/api/v1/exceptions" => "Exceptions",
        "/api/v1/tasks" | "/tasks" => "Tasks",
        "/api/v1/history" => "History",
        "/api/v1/histogram" => "Histogram",
        "/api/v1/logs" | "/logs" => "Logs",
        "/api/v1/config" => "Config",
        "/swarm" | "/stop" => "Answer",
        path if path.starts_with("/api/v1/run/") || path == "/api/v1/run" => "Answer",
        _ => return None,
    };
    Some(name)
}
