//! How is the statistics' row of one name written?

use std::collections::HashMap;

use katydid_report::number::plain;
use katydid_stats::{EntrySummary, ErrorStat, Phase};
use serde_json::{Map, Value, json};

use crate::measured::{Measured, QUANTILES};

/// Which rates a row shows: those of the last seconds, or those of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rates {
    Current,
    Run,
}

/// Everything of `/api/v1/stats`; nothing was measured before the first publication.
pub(crate) fn stats(measured: Option<&Measured>, rates: Rates) -> Value {
    let Some(measured) = measured else { return json!({ "at": null, "entries": [], "total": null }) };
    let entries: Vec<Value> =
        measured.snapshot.entries.iter().map(|entry| row(measured, entry, rates)).collect();
    json!({
        "at": measured.snapshot.taken_at,
        "entries": entries,
        "total": total(measured, rates),
    })
}

/// The row of one name.
pub(crate) fn row(measured: &Measured, entry: &EntrySummary, rates: Rates) -> Value {
    written(measured, entry, rates, &[None; Phase::ALL.len()])
}

/// The row of all requests.
pub(crate) fn total(measured: &Measured, rates: Rates) -> Value {
    written(measured, &measured.snapshot.total, rates, &measured.phases_p95_ms)
}

fn written(
    measured: &Measured,
    entry: &EntrySummary,
    rates: Rates,
    phases_p95_ms: &[Option<f64>; Phase::ALL.len()],
) -> Value {
    let timed = |value: f64| (entry.timed_requests > 0).then_some(value);
    let (rps, fail_per_s) = match rates {
        Rates::Current => (entry.current_rps, entry.current_failures_per_second),
        Rates::Run => (entry.total_rps, entry.total_failures_per_second),
    };
    json!({
        "method": entry.method,
        "name": entry.name,
        "requests": entry.requests,
        "failures": entry.failures,
        "rps": rps,
        "fail_per_s": fail_per_s,
        "total_rps": entry.total_rps,
        "total_fail_per_s": entry.total_failures_per_second,
        "avg_ms": timed(entry.average_ms),
        "min_ms": entry.min_ms,
        "max_ms": timed(entry.max_ms),
        "median_ms": timed(entry.median_ms),
        "percentiles": percentiles(measured, entry),
        "avg_bytes": (entry.requests > 0).then_some(entry.average_bytes),
        "status": statuses(entry),
        "phases": phases(entry, phases_p95_ms),
    })
}

fn percentiles(measured: &Measured, entry: &EntrySummary) -> Map<String, Value> {
    let values = entry.percentiles_ms.as_deref();
    let pair = |quantile: f64| (plain(quantile), json!(measured.percentile(values, quantile)));
    QUANTILES.into_iter().map(pair).collect()
}

fn statuses(entry: &EntrySummary) -> Map<String, Value> {
    entry.statuses.iter().map(|(status, count)| (status.to_string(), json!(count))).collect()
}

/// Phases that took place. Their percentiles are known for all requests together only.
fn phases(entry: &EntrySummary, p95_ms: &[Option<f64>; Phase::ALL.len()]) -> Map<String, Value> {
    let each = Phase::ALL.iter().zip(entry.phases).zip(p95_ms);
    let seen = each.filter(|((_, sum), _)| sum.count > 0);
    let pair = |((phase, sum), p95_ms): ((&Phase, katydid_stats::entry::PhaseSum), &Option<f64>)| {
        let avg_ms = sum.ns as f64 / sum.count as f64 / 1e6;
        (phase.name().to_owned(), json!({ "avg_ms": avg_ms, "p95_ms": p95_ms, "count": sum.count }))
    };
    seen.map(pair).collect()
}

/// Failures, oldest first. `index` says of which there is a sample: a list of `{method, name, error, id}`.
pub(crate) fn errors(measured: Option<&Measured>, index: Option<&Value>) -> Value {
    let samples = index.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let samples: HashMap<Kind<'_>, &Value> = samples.iter().filter_map(kind_and_id).collect();
    let errors = measured.map(|measured| measured.snapshot.errors.as_slice()).unwrap_or_default();
    let errors: Vec<Value> = errors.iter().map(|error| failure(error, &samples)).collect();
    json!({ "errors": errors })
}

/// Method, name and error.
type Kind<'a> = (&'a str, &'a str, &'a str);

fn kind_and_id(sample: &Value) -> Option<(Kind<'_>, &Value)> {
    let text = |key: &str| sample[key].as_str();
    Some(((text("method")?, text("name")?, text("error")?), &sample["id"]))
}

fn failure(error: &ErrorStat, samples: &HashMap<Kind<'_>, &Value>) -> Value {
    json!({
        "method": error.method,
        "name": error.name,
        "error": error.text,
        "occurrences": error.occurrences,
        "first_seen_at": error.first_seen,
        "last_seen_at": error.last_seen,
        "sample": samples.get(&(&*error.method, &*error.name, &*error.text)),
    })
}
