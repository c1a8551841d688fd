//! The routes of `/api/v1` that show something.

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use katydid_report::truth::{self, LAG_LIMIT_MS};
use katydid_stats::Histogram;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::entry::{self, Rates};
use crate::desk::Desk;
use crate::history::Point;
use crate::measured::{EntryKey, Measured};
use crate::{answer, heat};

/// The parameters of a route; those that cannot be understood are refused in one line, as everything else.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Desk> for Query<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Response> {
        match axum::extract::Query::<T>::from_request_parts(parts, desk).await {
            Ok(query) => Ok(Self(query.0)),
            Err(fault) => Err(answer::error(StatusCode::BAD_REQUEST, &fault.body_text())),
        }
    }
}

/// What the form shows where a secret is set.
const MASK: &str = "••••••";

/// `GET /api/v1/run`
pub(crate) async fn run(State(desk): State<Desk>) -> Response {
    desk.refresh(&["run", "stats"]).await;
    answer::json(&run_document(&desk))
}

/// The run as it was published, and what the numbers say about the generator.
pub(crate) fn run_document(desk: &Desk) -> Value {
    let published = desk.board().document("run");
    let mut run = published.map_or_else(|| json!({ "state": "missing" }), |run| (*run).clone());
    if let Some(run) = run.as_object_mut() {
        run.insert("generator".into(), generator(desk.board().measured().as_deref()));
    }
    run
}

fn generator(measured: Option<&Measured>) -> Value {
    let (lag, start_lag) = measured.map(Measured::lags).unwrap_or_default();
    let is_limited = measured.is_some_and(|measured| truth::is_generator_limited(&measured.snapshot));
    json!({
        "lag_p50_ms": lag.map(|lag| lag.p50_ms),
        "lag_p99_ms": lag.map(|lag| lag.p99_ms),
        "lag_max_ms": lag.map(|lag| lag.max_ms),
        "start_lag_p99_ms": start_lag.map(|lag| lag.p99_ms),
        "limited": is_limited,
        "limit_ms": LAG_LIMIT_MS,
        "remedy": is_limited.then_some(truth::REMEDY),
    })
}

#[derive(Deserialize)]
pub(crate) struct StatsQuery {
    rates: Option<String>,
}

/// `GET /api/v1/stats`, with the rates of the last seconds or, by `?rates=run`, those of the run.
pub(crate) async fn stats(State(desk): State<Desk>, Query(query): Query<StatsQuery>) -> Response {
    desk.refresh(&["stats"]).await;
    let rates = if query.rates.as_deref() == Some("run") { Rates::Run } else { Rates::Current };
    answer::json(&entry::stats(desk.board().measured().as_deref(), rates))
}

/// `GET /api/v1/errors`
pub(crate) async fn errors(State(desk): State<Desk>) -> Response {
    desk.refresh(&["samples", "stats"]).await;
    answer::json(&errors_document(&desk))
}

pub(crate) fn errors_document(desk: &Desk) -> Value {
    let board = desk.board();
    entry::errors(board.measured().as_deref(), board.document("samples").as_deref())
}

/// A document as it was published, or what stands for it until then.
pub(crate) fn published(desk: &Desk, name: &str, instead: Value) -> Value {
    desk.board().document(name).map_or(instead, |document| (*document).clone())
}

/// `GET /api/v1/verdict`: as it was published in the last second. To judge takes the users' thread more time than to show,
/// so nobody who looks makes it judge.
pub(crate) async fn verdict(State(desk): State<Desk>) -> Response {
    answer::json(&published(&desk, "verdict", nothing_asked()))
}

/// The verdict of a run of which nothing is known yet.
pub(crate) fn nothing_asked() -> Value {
    json!({
        "is_over": false, "is_asked": false, "passed": true, "aborted": null, "thresholds": [], "levels": [],
    })
}

/// `GET /api/v1/triage`
pub(crate) async fn triage(State(desk): State<Desk>) -> Response {
    desk.refresh(&["triage"]).await;
    answer::json(&published(&desk, "triage", no_groups()))
}

/// Failures of a run that has none.
pub(crate) fn no_groups() -> Value {
    json!({ "groups": [] })
}

/// `GET /api/v1/expectations`
pub(crate) async fn expectations(State(desk): State<Desk>) -> Response {
    desk.refresh(&["expectations"]).await;
    answer::json(&published(&desk, "expectations", no_rules()))
}

/// Expectations of a run that has none.
pub(crate) fn no_rules() -> Value {
    json!({ "rules": [], "reclassified": [] })
}

/// `GET /api/v1/exceptions`
pub(crate) async fn exceptions(State(desk): State<Desk>) -> Response {
    desk.refresh(&["exceptions"]).await;
    answer::json(&published(&desk, "exceptions", json!({ "exceptions": [] })))
}

/// `GET /api/v1/tasks`
pub(crate) async fn tasks(State(desk): State<Desk>) -> Response {
    desk.refresh(&["tasks"]).await;
    answer::json(&published(&desk, "tasks", json!({ "per_class": {}, "total": {} })))
}

/// `GET /api/v1/logs`
pub(crate) async fn logs(State(desk): State<Desk>) -> Response {
    desk.refresh(&["logs"]).await;
    answer::json(&published(&desk, "logs", json!({ "master": [], "workers": {} })))
}

/// `GET /api/v1/config`
pub(crate) async fn config(State(desk): State<Desk>) -> Response {
    desk.refresh(&["config"]).await;
    answer::json(&config_document(&desk))
}

/// What the form needs to know, without secrets: whoever published it ought to have masked them, and this makes sure.
pub(crate) fn config_document(desk: &Desk) -> Value {
    let mut config = published(&desk.clone(), "config", json!({}));
    mask_secrets(&mut config);
    config
}

pub(crate) fn mask_secrets(document: &mut Value) {
    let Some(options) = document.get_mut("extra_options").and_then(Value::as_object_mut) else { return };
    for option in options.values_mut() {
        let is_secret = option.get("is_secret").and_then(Value::as_bool).unwrap_or_default();
        let is_set = option.get("default_value").is_some_and(|value| !value.is_null() && value != "");
        if is_secret && is_set {
            option["default_value"] = json!(MASK);
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct HistoryQuery {
    since: Option<f64>,
}

/// `GET /api/v1/history`
pub(crate) async fn history(State(desk): State<Desk>, Query(query): Query<HistoryQuery>) -> Response {
    let (points, marks) = desk.board().history(query.since.unwrap_or(f64::NEG_INFINITY));
    let points: Vec<&Point> = points.iter().map(|point| &**point).collect();
    answer::json(&json!({
        "points": points,
        "marks": marks,
        "heat": { "first_ms": heat::FIRST_MS, "per_octave": heat::PER_OCTAVE },
    }))
}

#[derive(Deserialize)]
pub(crate) struct HistogramQuery {
    #[serde(default)]
    method: String,
    #[serde(default)]
    name: String,
}

/// `GET /api/v1/histogram`; without a method and a name, or with those of the total, that of all requests.
pub(crate) async fn histogram(State(desk): State<Desk>, Query(query): Query<HistogramQuery>) -> Response {
    let key = (query.method, query.name);
    let is_total = key.0.is_empty() && matches!(key.1.as_str(), "" | "Aggregated");
    if !is_total {
        desk.board().want(&key);
    }
    desk.refresh(&["stats"]).await;
    let Some(measured) = desk.board().measured() else { return busy() };
    if is_total {
        return answer::json(&distribution(&measured.times));
    }
    let found = measured.histograms.iter().find(|(known, _)| *known == key);
    match found {
        Some((_, times)) => answer::json(&distribution(times)),
        None if is_known(&measured, &key) => busy(),
        None => answer::error(StatusCode::NOT_FOUND, "no requests were recorded under this method and name"),
    }
}

fn is_known(measured: &Measured, (method, name): &EntryKey) -> bool {
    measured.snapshot.entries.iter().any(|entry| *entry.method == **method && *entry.name == **name)
}

fn busy() -> Response {
    answer::error(StatusCode::SERVICE_UNAVAILABLE, "the users' thread is busy; try again in a second")
}

fn distribution(times: &Histogram) -> Value {
    let buckets: Vec<(u64, u64)> = times.cells().map(|cell| (cell.high_us, cell.count)).collect();
    json!({ "unit": "us", "buckets": buckets, "count": times.count() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_and_an_empty_one_stays_empty() {
        let mut config = json!({ "extra_options": {
            "token": { "is_secret": true, "default_value": "hunter2" },
            "unset": { "is_secret": true, "default_value": null },
            "plain": { "is_secret": false, "default_value": "shown" },
        }});
        mask_secrets(&mut config);
        let value = |name: &str| config["extra_options"][name]["default_value"].clone();
        assert_eq!(
            [value("token"), value("unset"), value("plain")],
            [json!(MASK), Value::Null, json!("shown")]
        );
    }
}
