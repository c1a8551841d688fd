//! Stored runs as the pages about them tell them: a list, and two runs held against each other.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use katydid_report::compare::{Allowances, Comparison};
use katydid_stats::snapshot::SnapshotRequest;
use katydid_store::{Baseline, Error, Run, RunId, State, Store};
use serde_json::{Value, json};

use super::arguments::share;
use super::compare::compare_runs;
use super::list::told_of;
use super::{EXIT_VERDICT, now};

/// The document that keeps the percentiles of a run that is over, so that a list need not read what it measured.
const SUMMARY: &str = "summary";

const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// How long a list may take to read runs that were not in a list before; the others wait for the next time.
const READ_FOR: Duration = Duration::from_millis(700);

/// The newest runs in short, and the baselines. `unread` counts those whose percentiles are not known yet: whoever asks
/// again gets more.
///
/// # Errors
/// The store's.
pub fn list(store: &mut Store, limit: u64) -> Result<Value, Error> {
    let (runs, baselines) = (store.runs(limit)?, store.baselines()?);
    let mut known = summaries(store)?;
    let (begun, mut unread) = (Instant::now(), 0);
    let mut told = Vec::new();
    for run in &runs {
        let is_over = run.state(now()) != State::Running;
        let mut summary = known.remove(&run.id).filter(|_| is_over);
        if summary.is_none() && is_over {
            if begun.elapsed() < READ_FOR {
                summary = Some(summarize(store, run)?);
            } else {
                unread += 1;
            }
        }
        told.push(run_in_short(run, summary.as_ref(), &baselines));
    }
    let baselines: Vec<Value> =
        baselines.iter().map(|baseline| json!({ "name": baseline.name, "run": baseline.run.0 })).collect();
    let place = store.address().to_string();
    Ok(json!({ "runs": told, "baselines": baselines, "store": place, "unread": unread }))
}

fn summaries(store: &mut Store) -> Result<HashMap<RunId, Value>, Error> {
    let documents = store.documents(SUMMARY)?.into_iter();
    Ok(documents.filter_map(|(run, text)| Some((run, serde_json::from_slice(&text).ok()?))).collect())
}

fn summarize(store: &mut Store, run: &Run) -> Result<Value, Error> {
    let stats = store.stats(run.id)?;
    let total = stats
        .snapshot(&SnapshotRequest { now: run.seen_at, quantiles: &QUANTILES, with_window: false })
        .total;
    let percentile = |place: usize| total.percentiles_ms.as_ref().and_then(|all| all.get(place).copied());
    let summary = json!({
        "rps": total.total_rps, "p50_ms": percentile(0), "p95_ms": percentile(1), "p99_ms": percentile(2),
    });
    // A store that cannot be written to can still be read.
    let _ = store.keep_if_free(run.id, SUMMARY, summary.to_string().as_bytes());
    Ok(summary)
}

fn run_in_short(run: &Run, summary: Option<&Value>, baselines: &[Baseline]) -> Value {
    let names: Vec<&str> =
        baselines.iter().filter(|baseline| baseline.run == run.id).map(|baseline| &*baseline.name).collect();
    let of_summary = |key: &str| summary.map_or(Value::Null, |summary| summary[key].clone());
    let beside = json!({
        "fail_ratio": (run.requests > 0).then(|| run.failures as f64 / run.requests as f64),
        "rps": of_summary("rps"),
        "p50_ms": of_summary("p50_ms"),
        "p95_ms": of_summary("p95_ms"),
        "p99_ms": of_summary("p99_ms"),
        "passed": has_passed(run),
        "revision": run.about.git.get("revision"),
        "baselines": names,
    });
    told_of(run, beside)
}

/// Was all met that was asked of a run, its rules and its baseline included? Nothing where nothing was asked.
pub(super) fn has_passed(run: &Run) -> Option<bool> {
    if run.exit_code == Some(EXIT_VERDICT.into()) {
        return Some(false);
    }
    let verdict = run.verdict.as_ref()?;
    let thresholds = &verdict["thresholds"];
    let is_met = thresholds["passed"].as_bool().filter(|met| !met || thresholds["is_asked"] == true);
    let rows = verdict["comparison"]["rows"].as_array();
    let is_as_before = rows.map(|rows| {
        let is_of = |row: &Value, outcome: &str| row["outcome"] == outcome;
        !rows.iter().any(|row| is_of(row, "worse")) && !rows.iter().all(|row| is_of(row, "undecided"))
    });
    match (is_met, is_as_before) {
        (None, None) => None,
        (met, before) => Some(met.unwrap_or(true) && before.unwrap_or(true)),
    }
}

/// What is allowed, from texts such as `50%,100%` and `1%`.
///
/// # Errors
/// A text that is no share: one line.
pub fn allowances(by_level: Option<&str>, errors: Option<&str>) -> Result<Allowances, String> {
    let shares = |list: &str| list.split(',').map(share).collect();
    Ok(Allowances {
        by_level: by_level.map(shares).transpose()?.unwrap_or_default(),
        errors: errors.map(share).transpose()?,
    })
}

/// A run held against another, with the distributions of both sides.
///
/// # Errors
/// The store's.
pub fn comparison(
    store: &mut Store,
    before: &str,
    after: &str,
    allowances: &Allowances,
) -> Result<Value, Error> {
    let compared = compare_runs(store, before, after, allowances)?;
    let mut told = comparison_json(&compared);
    let baselines = store.baselines()?;
    let in_short = |store: &mut Store, run: &str| -> Result<Value, Error> {
        let run = store.find(run)?;
        let known = store.document(run.id, SUMMARY)?;
        let summary = known.and_then(|text| serde_json::from_slice(&text).ok());
        Ok(run_in_short(&run, summary.as_ref(), &baselines))
    };
    told["runs"] = json!([in_short(store, before)?, in_short(store, after)?]);
    Ok(told)
}

/// A comparison for a page: with its result, and with the distributions of both sides of each row.
pub fn comparison_json(comparison: &Comparison) -> Value {
    let mut told = json!(comparison);
    told["is_regression"] = comparison.is_regression().into();
    if let Some(rows) = told["rows"].as_array_mut() {
        for (row, known) in rows.iter_mut().zip(&comparison.rows) {
            row["times"] = json!(known.times);
        }
    }
    told
}

/// What a report of a run says about its baseline: as it was found at the end of the run, with distributions as long as the
/// baseline is the run that it was.
///
/// # Errors
/// The store's.
pub fn kept_comparison(store: &mut Store, run: &Run) -> Result<Option<Value>, Error> {
    let Some(kept) =
        run.verdict.as_ref().map(|verdict| &verdict["comparison"]).filter(|kept| kept.is_object())
    else {
        return Ok(None);
    };
    let baseline = run.about.options.get("katydid_baseline").and_then(Value::as_str);
    let again = baseline.map(|name| compare_runs(store, name, &run.id.to_string(), &Allowances::default()));
    match again {
        Some(Ok(again)) if kept["before"] == *again.before => Ok(Some(comparison_json(&again))),
        Some(Err(error)) if !error.is_missing() => Err(error),
        _ => Ok(Some(kept.clone())),
    }
}
