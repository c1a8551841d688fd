//! What do Locust's own routes show? Its keys, its types, its columns.
//!
//! What a maintainer must not break: keys are sorted, two spaces indent them, and only the first 500 names and failures
//! are listed, because programs were written against that.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use katydid_report::csv::{self, ExceptionRow};
use katydid_report::number::float;
use katydid_stats::{EntrySummary, ErrorStat};
use serde_json::{Map, Value, json};

use crate::answer;
use crate::api::published;
use crate::board::Percentiles;
use crate::desk::Desk;
use crate::measured::Measured;

/// Names and failures that `/stats/requests` lists.
const MOST_LISTED: usize = 500;

/// `GET /stats/requests`
pub(crate) async fn requests(State(desk): State<Desk>) -> Response {
    desk.refresh(&["run", "stats", "workers"]).await;
    answer::locust_json(&requests_document(&desk))
}

fn requests_document(desk: &Desk) -> Value {
    let board = desk.board();
    let run = published(desk, "run", json!({}));
    let shown = board.percentiles();
    let state = run["state"].as_str().unwrap_or("missing");
    if state == "missing" {
        return without_runner();
    }
    let measured = board.measured();
    let measured = measured.as_deref();
    let total = measured.map(|measured| &measured.snapshot.total);
    let mut document = json!({
        "stats": measured.map(|measured| rows(measured, &shown)).unwrap_or_default(),
        "errors": measured.map(|measured| failures(&measured.snapshot.errors)).unwrap_or_default(),
        "total_rps": total.map_or(0.0, |total| total.total_rps),
        "total_fail_per_sec": total.map_or(0.0, |total| total.total_failures_per_second),
        "current_rps": total.map_or(0.0, |total| total.current_rps),
        "current_fail_per_sec": total.map_or(0.0, |total| total.current_failures_per_second),
        "fail_ratio": total.map_or(0.0, |total| total.fail_ratio),
        "current_response_time_percentiles": current_percentiles(measured, &shown),
        // Locust has no word for a pause.
        "state": if state == "paused" { "running" } else { state },
        "user_count": run["user_count"].as_u64().unwrap_or(0),
    });
    if run["is_distributed"] == true {
        let workers = published(desk, "workers", json!({}));
        document["workers"] = workers.get("workers").cloned().unwrap_or_else(|| json!([]));
        document["worker_count"] = json!(workers["worker_count"].as_u64().unwrap_or(0));
    }
    document
}

/// What Locust answers as long as nothing can be run.
fn without_runner() -> Value {
    json!({
        "stats": [], "errors": [], "total_rps": 0.0, "total_fail_per_sec": 0.0, "fail_ratio": 0.0,
        "current_response_time_percentile_1": null, "current_response_time_percentile_2": null,
        "state": "missing", "user_count": 0,
    })
}

fn rows(measured: &Measured, shown: &Percentiles) -> Vec<Value> {
    let entries = measured.snapshot.entries.iter().take(MOST_LISTED).chain([&measured.snapshot.total]);
    entries.map(|entry| Value::Object(row(measured, entry, shown))).collect()
}

fn row(measured: &Measured, entry: &EntrySummary, shown: &Percentiles) -> Map<String, Value> {
    let numbers = json!({
        "method": entry.method,
        "name": entry.name,
        "num_requests": entry.requests,
        "num_failures": entry.failures,
        "min_response_time": entry.min_ms.map_or_else(|| json!(0), |ms| json!(ms.round())),
        "max_response_time": entry.max_ms.round(),
        "avg_response_time": entry.average_ms,
        "median_response_time": number(entry.median_ms),
        "avg_content_length": entry.average_bytes,
        "current_rps": entry.current_rps,
        "current_fail_per_sec": entry.current_failures_per_second,
        "total_rps": entry.total_rps,
        "total_fail_per_sec": entry.total_failures_per_second,
        // Not Locust's: the name that programs guess.
        "requests_per_second": entry.total_rps,
    });
    let Value::Object(mut row) = numbers else { return Map::new() };
    let values = entry.percentiles_ms.as_deref();
    for quantile in &shown.statistics {
        let ms = measured.percentile(values, *quantile).unwrap_or(0.0);
        row.insert(key_of("response_time_percentile", *quantile), number(ms));
    }
    row
}

fn current_percentiles(measured: Option<&Measured>, shown: &Percentiles) -> Map<String, Value> {
    let now = |quantile: f64| {
        let measured = measured?;
        measured.percentile(measured.snapshot.total.window_percentiles_ms.as_deref(), quantile)
    };
    let pair =
        |quantile: &f64| (key_of("response_time_percentile", *quantile), json!(now(*quantile).map(number)));
    shown.chart.iter().map(pair).collect()
}

fn key_of(what: &str, quantile: f64) -> String {
    format!("{what}_{}", float(quantile))
}

/// A whole number as an integer, which is what Locust's buckets are.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

fn failures(errors: &[ErrorStat]) -> Vec<Value> {
    let failure = |error: &ErrorStat| {
        json!({
            "method": error.method,
            "name": error.name,
            "error": error.text,
            "occurrences": error.occurrences,
            "first_seen": error.first_seen,
            "last_seen": error.last_seen,
        })
    };
    errors.iter().take(MOST_LISTED).map(failure).collect()
}

/// `GET /stats/requests/csv`
pub(crate) async fn requests_csv(State(desk): State<Desk>) -> Response {
    desk.refresh(&["run", "stats"]).await;
    let quantiles = desk.board().percentiles().report;
    let snapshot = desk.board().measured().map(|measured| measured.with_quantiles(&quantiles));
    let rows = snapshot.map(|snapshot| csv::requests(&snapshot)).unwrap_or_default();
    table(&desk, "requests", &rows)
}

/// `GET /stats/failures/csv`
pub(crate) async fn failures_csv(State(desk): State<Desk>) -> Response {
    desk.refresh(&["run", "stats"]).await;
    let measured = desk.board().measured();
    let errors = measured.as_ref().map(|measured| measured.snapshot.errors.as_slice());
    table(&desk, "failures", &csv::failures(errors.unwrap_or_default()))
}

/// `GET /exceptions/csv`
pub(crate) async fn exceptions_csv(State(desk): State<Desk>) -> Response {
    desk.refresh(&["exceptions", "run"]).await;
    let rows: Vec<ExceptionRow> = exception_list(&desk).iter().map(exception_row).collect();
    table(&desk, "exceptions", &csv::exceptions(&rows))
}

fn exception_list(desk: &Desk) -> Vec<Value> {
    let document = published(desk, "exceptions", Value::Null);
    document["exceptions"].as_array().cloned().unwrap_or_default()
}

fn exception_row(exception: &Value) -> ExceptionRow {
    let text = |key: &str| exception[key].as_str().unwrap_or_default().to_owned();
    ExceptionRow {
        count: exception["count"].as_u64().unwrap_or(0),
        message: text("message"),
        traceback: text("traceback"),
        nodes: nodes(exception),
    }
}

fn nodes(exception: &Value) -> Vec<String> {
    let nodes = exception["nodes"].as_array().into_iter().flatten();
    nodes.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn table(desk: &Desk, kind: &str, rows: &[csv::Row]) -> Response {
    let rows: Vec<csv::Row> = rows.iter().map(|row| row.iter().map(|field| inert(field)).collect()).collect();
    answer::download("text/csv", &format!("{}_{kind}.csv", download_name(desk)), csv::text(&rows))
}

/// A field that a spreadsheet does not take for a formula: names and messages come from the target, too.
fn inert(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err();
    if is_formula { format!("'{field}") } else { field.to_owned() }
}

/// The beginning of the name of a file, as the run says it: when it began and what it tests.
fn download_name(desk: &Desk) -> String {
    let run = published(desk, "run", Value::Null);
    run["download_name"].as_str().unwrap_or("Locust").to_owned()
}

/// `GET /stats/requests_full_history/csv`
pub(crate) async fn history_csv(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    desk.refresh(&["run"]).await;
    let opened = desk.shared.history_file().and_then(|path| opened(&path).ok());
    let Some((file, length, tag)) = opened else {
        let message = "No history was written: start with --csv and --csv-full-history.";
        return answer::error_page(StatusCode::NOT_FOUND, message);
    };
    if headers.get(IF_NONE_MATCH).is_some_and(|known| *known == tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    let name = format!("{}_requests_full_history.csv", download_name(&desk));
    let mut response = answer::download_of(file, length, "text/csv", &name);
    response.headers_mut().insert(ETAG, tag);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A file, its length, and what a cache knows this state of it by.
fn opened(path: &Path) -> io::Result<(File, u64, HeaderValue)> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    let modified = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = format!("\"{:x}-{:x}\"", modified.as_nanos(), about.len());
    let tag = HeaderValue::from_str(&tag).map_err(io::Error::other)?;
    Ok((file, about.len(), tag))
}

/// `GET /exceptions`
pub(crate) async fn exceptions(State(desk): State<Desk>) -> Response {
    desk.refresh(&["exceptions"]).await;
    let exception = |exception: &Value| {
        json!({
            "count": exception["count"],
            "msg": exception["message"],
            "traceback": exception["traceback"],
            "nodes": nodes(exception).join(", "),
        })
    };
    let exceptions: Vec<Value> = exception_list(&desk).iter().map(exception).collect();
    answer::locust_json(&json!({ "exceptions": exceptions }))
}

/// `GET /tasks`
pub(crate) async fn tasks(State(desk): State<Desk>) -> Response {
    desk.refresh(&["tasks"]).await;
    answer::locust_json(&published(&desk, "tasks", json!({ "per_class": {}, "total": {} })))
}

/// `GET /logs`
pub(crate) async fn logs(State(desk): State<Desk>) -> Response {
    desk.refresh(&["logs"]).await;
    answer::locust_json(&published(&desk, "logs", json!({ "master": [], "workers": {} })))
}

/// `GET /worker-count`
pub(crate) async fn worker_count(State(desk): State<Desk>) -> Response {
    desk.refresh(&["workers"]).await;
    let workers = published(&desk, "workers", Value::Null);
    answer::locust_json(&json!({ "worker_count": workers["worker_count"].as_u64().unwrap_or(0) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_text_and_a_number_stays_one() {
        let table = [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("@SUM(1)", "'@SUM(1)"),
            ("-1+1", "'-1+1"),
            ("+1+1", "'+1+1"),
            ("\t=1", "'\t=1"),
            ("-1.5", "-1.5"),
            ("/a=b", "/a=b"),
            ("", ""),
        ];
        for (given, expected) in table {
            assert_eq!(inert(given), expected);
        }
    }
}
