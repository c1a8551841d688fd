//! `GET /metrics`: the numbers as Prometheus reads them, as text or, where it asks for that, in protobuf.
//!
//! Counters and summaries for each name, with the percentiles that all other answers show; a histogram for all requests
//! together, whose buckets can be added up over several generators. Protobuf has native histograms beside them, one for
//! each name. What a maintainer must not break: the figures are those of `/api/v1/stats`.

mod protobuf;
mod text;

use axum::extract::State;
use axum::response::Response;
use katydid_stats::exponential::Exponential;
use katydid_stats::{EntrySummary, Histogram, Phase, Spread};

use crate::desk::Desk;
use crate::incoming::Incoming;
use crate::measured::Measured;
use crate::{answer, flask};

/// Percentiles of a summary.
const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Upper ends of the buckets of the histogram, in seconds.
const BUCKETS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0];

/// `GET /metrics`. A locustfile that has its own, with Flask, keeps it.
pub(crate) async fn metrics(State(desk): State<Desk>, incoming: Incoming) -> Response {
    let wants_protobuf = protobuf::is_asked_for(&incoming.0.headers);
    if let Some(own) = flask::own(&desk, incoming).await {
        return own;
    }
    if !wants_protobuf {
        return of_board(State(desk)).await;
    }
    desk.board().want_distributions();
    desk.refresh(&["run", "stats"]).await;
    answer::typed(protobuf::CONTENT_TYPE, protobuf::written(&on_board(&desk)))
}

/// `GET /api/v1/metrics`: the text, whatever a locustfile has at `/metrics`.
pub(crate) async fn of_board(State(desk): State<Desk>) -> Response {
    desk.refresh(&["run", "stats"]).await;
    answer::typed(text::CONTENT_TYPE, text::written(&on_board(&desk)))
}

fn on_board(desk: &Desk) -> Vec<Family> {
    let users = desk.board().document("run").and_then(|run| run.get("user_count")?.as_u64());
    families(desk.board().measured().as_deref(), users)
}

/// A number that is told for several names.
#[derive(Debug)]
struct Family {
    name: &'static str,
    about: &'static str,
    kind: Kind,
    metrics: Vec<Metric>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Summary,
    Histogram,
}

#[derive(Debug)]
struct Metric {
    labels: Vec<(&'static str, String)>,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Number(f64),
    Summary {
        quantiles: Vec<(f64, f64)>,
        sum: Option<f64>,
        count: u64,
    },
    /// Counts at or below each bound, and the native form; either may be missing.
    Histogram {
        buckets: Vec<(f64, u64)>,
        native: Option<Exponential>,
        sum: f64,
        count: u64,
    },
}

fn families(measured: Option<&Measured>, users: Option<u64>) -> Vec<Family> {
    let family = |name, kind, about, metrics| Family { name, about, kind, metrics };
    let plain = |value| vec![Metric { labels: Vec::new(), value }];
    let mut families = Vec::new();
    if let Some(users) = users {
        let value = Value::Number(users as f64);
        families.push(family("katydid_users", Kind::Gauge, "Users that run.", plain(value)));
    }
    let Some(measured) = measured else { return families };
    let entries = &measured.snapshot.entries;
    let each = |value: &dyn Fn(&EntrySummary) -> Value| {
        entries.iter().map(|entry| Metric { labels: labels(entry), value: value(entry) }).collect::<Vec<_>>()
    };
    let count = |count: fn(&EntrySummary) -> f64| each(&|entry| Value::Number(count(entry)));
    let phases = Phase::ALL.map(|phase| Metric {
        labels: vec![("phase", phase.name().to_owned())],
        value: Value::Number(measured.snapshot.total.phases[phase as usize].ns as f64 / 1e9),
    });
    families.extend([
        family(
            "katydid_requests_total",
            Kind::Counter,
            "Requests, failed ones included.",
            count(|entry| entry.requests as f64),
        ),
        family(
            "katydid_failures_total",
            Kind::Counter,
            "Failed requests.",
            count(|entry| entry.failures as f64),
        ),
        family(
            "katydid_responses_total",
            Kind::Counter,
            "Answers by HTTP status.",
            entries.iter().flat_map(by_status).collect(),
        ),
        family(
            "katydid_received_bytes_total",
            Kind::Counter,
            "Bytes of answers' bodies.",
            count(|entry| (entry.average_bytes * entry.requests as f64).round()),
        ),
        family(
            "katydid_response_time_seconds",
            Kind::Summary,
            "Response times since the run began.",
            each(&|entry| summary(measured, entry)),
        ),
        family(
            "katydid_all_response_time_seconds",
            Kind::Histogram,
            "Response times of all requests since the run began.",
            plain(of_all(measured)),
        ),
    ]);
    if measured.distributions.len() == entries.len() {
        let native = entries.iter().zip(&measured.distributions).map(native).collect();
        let about = "Response times since the run began, as native histograms.";
        families.push(family("katydid_latency_seconds", Kind::Histogram, about, native));
    }
    let late = "How late answers were read: the generator's own delay.";
    for (name, spread, about) in [
        ("katydid_lag_seconds", measured.snapshot.lag, late),
        ("katydid_start_lag_seconds", measured.snapshot.start_lag, "How late requests were started."),
    ] {
        families.extend(
            spread.map(|spread| family(name, Kind::Summary, about, plain(summary_of_spread(spread)))),
        );
    }
    let about = "Time spent in each phase of all requests.";
    families.push(family("katydid_phase_seconds_total", Kind::Counter, about, phases.into()));
    families
}

fn labels(entry: &EntrySummary) -> Vec<(&'static str, String)> {
    vec![("method", entry.method.to_string()), ("name", entry.name.to_string())]
}

fn by_status(entry: &EntrySummary) -> impl Iterator<Item = Metric> {
    entry.statuses.iter().map(|(status, count)| Metric {
        labels: [labels(entry), vec![("status", status.to_string())]].concat(),
        value: Value::Number(*count as f64),
    })
}

fn summary(measured: &Measured, entry: &EntrySummary) -> Value {
    let at = |quantile| {
        let ms = measured.percentile(entry.percentiles_ms.as_deref(), quantile);
        (quantile, ms.map_or(f64::NAN, |ms| ms / 1000.0))
    };
    Value::Summary {
        quantiles: QUANTILES.map(at).into(),
        sum: Some(seconds_in_all(entry)),
        count: entry.timed_requests,
    }
}

fn seconds_in_all(entry: &EntrySummary) -> f64 {
    entry.average_ms * entry.timed_requests as f64 / 1000.0
}

fn summary_of_spread(spread: Spread) -> Value {
    let quantiles = [(0.5, spread.p50_ms), (0.99, spread.p99_ms), (1.0, spread.max_ms)];
    Value::Summary {
        quantiles: quantiles.map(|(quantile, ms)| (quantile, ms / 1000.0)).into(),
        sum: None,
        count: spread.count,
    }
}

fn of_all(measured: &Measured) -> Value {
    let bucket = |bound: f64| (bound, counted_until(&measured.times, (bound * 1e6) as u64));
    Value::Histogram {
        buckets: BUCKETS.map(bucket).into(),
        native: Some(Exponential::of(&measured.times)),
        sum: measured.total_ms / 1000.0,
        count: measured.timed_requests,
    }
}

fn native((entry, distribution): (&EntrySummary, &Exponential)) -> Metric {
    let value = Value::Histogram {
        buckets: Vec::new(),
        native: Some(distribution.clone()),
        sum: seconds_in_all(entry),
        count: entry.timed_requests,
    };
    Metric { labels: labels(entry), value }
}

/// How many durations stand at or below a bound: a cell counts by the duration that stands for it everywhere else.
fn counted_until(times: &Histogram, bound_us: u64) -> u64 {
    times.cells().take_while(|cell| cell.value_us() <= bound_us).map(|cell| cell.count).sum()
}

#[cfg(test)]
mod tests {
    use katydid_stats::{RunStats, Sample};

    use super::*;

    #[test]
    fn figures_are_those_of_the_statistics_and_names_cannot_break_out() {
        let mut stats = RunStats::new(100.0);
        let id = stats.entry("GET", "/a\"b\\c\nd");
        for ms in [1.0, 2.0, 3.0, 40.0] {
            stats.record(id, &Sample { status: Some(200), ..Sample::new(101.0, Some(ms), 7) });
        }
        stats.record_failure(id, "no", 101.0);
        let measured = Measured::of(&stats, 102.0, &[0.5, 0.9, 0.95, 0.99, 0.999], &[]);
        let text = text::written(&families(Some(&measured), Some(3)));
        let labels = r#"method="GET",name="/a\"b\\c\nd""#;
        for line in [
            "katydid_users 3".to_owned(),
            format!("katydid_requests_total{{{labels}}} 4"),
            format!("katydid_failures_total{{{labels}}} 1"),
            format!("katydid_responses_total{{{labels},status=\"200\"}} 4"),
            format!("katydid_received_bytes_total{{{labels}}} 28"),
            format!("katydid_response_time_seconds{{{labels},quantile=\"0.5\"}} 0.003"),
            format!("katydid_response_time_seconds_sum{{{labels}}} 0.046"),
            "katydid_all_response_time_seconds_bucket{le=\"0.0025\"} 2".to_owned(),
            "katydid_all_response_time_seconds_bucket{le=\"+Inf\"} 4".to_owned(),
            "katydid_all_response_time_seconds_count 4".to_owned(),
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
        }
        assert_eq!(text::written(&families(None, None)), "");
        assert!(!text.contains("katydid_latency_seconds"), "text has no native histograms");
    }
}
