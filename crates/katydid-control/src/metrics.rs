//! `GET /metrics`: the numbers as Prometheus reads them.
//!
//! Counters and summaries for each name, with the percentiles that all other answers show; a histogram for all requests
//! together, whose buckets can be added up over several generators. What a maintainer must not break: the figures are
//! those of `/api/v1/stats`.

use std::fmt::Write;

use axum::extract::State;
use axum::response::Response;
use katydid_stats::{EntrySummary, Histogram, Phase, Spread};

use crate::desk::Desk;
use crate::incoming::Incoming;
use crate::measured::Measured;
use crate::{answer, flask};

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Percentiles of a summary.
const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Upper ends of the buckets of the histogram, in seconds.
const BUCKETS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0];

/// `GET /metrics`. A locustfile that has its own, with Flask, keeps it.
pub(crate) async fn metrics(State(desk): State<Desk>, incoming: Incoming) -> Response {
    match flask::own(&desk, incoming).await {
        Some(own) => own,
        None => of_board(State(desk)).await,
    }
}

/// `GET /api/v1/metrics`: the same, whatever a locustfile has at `/metrics`.
pub(crate) async fn of_board(State(desk): State<Desk>) -> Response {
    desk.refresh(&["run", "stats"]).await;
    let users = desk.board().document("run").and_then(|run| run.get("user_count")?.as_u64());
    answer::typed(CONTENT_TYPE, exposition(desk.board().measured().as_deref(), users))
}

/// The whole text.
pub fn exposition(measured: Option<&Measured>, users: Option<u64>) -> String {
    let mut text = Exposition::default();
    if let Some(users) = users {
        text.family("katydid_users", "gauge", "Users that run.");
        text.value("katydid_users", &[], users as f64);
    }
    let Some(measured) = measured else { return text.0 };
    let entries = &measured.snapshot.entries;
    text.family("katydid_requests_total", "counter", "Requests, failed ones included.");
    entries
        .iter()
        .for_each(|entry| text.value("katydid_requests_total", &labels(entry), entry.requests as f64));
    text.family("katydid_failures_total", "counter", "Failed requests.");
    entries
        .iter()
        .for_each(|entry| text.value("katydid_failures_total", &labels(entry), entry.failures as f64));
    text.family("katydid_responses_total", "counter", "Answers by HTTP status.");
    for entry in entries {
        for (status, count) in &entry.statuses {
            let status = status.to_string();
            let labels = [labels(entry).as_slice(), &[("status", &*status)]].concat();
            text.value("katydid_responses_total", &labels, *count as f64);
        }
    }
    text.family("katydid_received_bytes_total", "counter", "Bytes of answers' bodies.");
    for entry in entries {
        text.value(
            "katydid_received_bytes_total",
            &labels(entry),
            (entry.average_bytes * entry.requests as f64).round(),
        );
    }
    text.family("katydid_response_time_seconds", "summary", "Response times since the run began.");
    entries.iter().for_each(|entry| text.summary(measured, entry));
    text.histogram(measured);
    for (name, spread, about) in [
        (
            "katydid_lag_seconds",
            measured.snapshot.lag,
            "How late answers were read: the generator's own delay.",
        ),
        ("katydid_start_lag_seconds", measured.snapshot.start_lag, "How late requests were started."),
    ] {
        text.spread(name, spread, about);
    }
    text.family("katydid_phase_seconds_total", "counter", "Time spent in each phase of all requests.");
    for phase in Phase::ALL {
        let ns = measured.snapshot.total.phases[phase as usize].ns;
        text.value("katydid_phase_seconds_total", &[("phase", phase.name())], ns as f64 / 1e9);
    }
    text.0
}

fn labels(entry: &EntrySummary) -> [(&'static str, &str); 2] {
    [("method", &*entry.method), ("name", &*entry.name)]
}

#[derive(Default)]
struct Exposition(String);

impl Exposition {
    fn family(&mut self, name: &str, kind: &str, about: &str) {
        let _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        if !labels.is_empty() {
            let pair = |(label, text): &(&str, &str)| format!("{label}=\"{}\"", escaped(text));
            let _ = write!(self.0, "{{{}}}", labels.iter().map(pair).collect::<Vec<_>>().join(","));
        }
        let _ = writeln!(self.0, " {value}");
    }

    fn summary(&mut self, measured: &Measured, entry: &EntrySummary) {
        const NAME: &str = "katydid_response_time_seconds";
        for quantile in QUANTILES {
            let value = measured.percentile(entry.percentiles_ms.as_deref(), quantile);
            let label = quantile.to_string();
            let labels = [labels(entry).as_slice(), &[("quantile", &*label)]].concat();
            self.value(NAME, &labels, value.map_or(f64::NAN, |ms| ms / 1000.0));
        }
        let timed = entry.timed_requests as f64;
        self.value(&format!("{NAME}_sum"), &labels(entry), entry.average_ms * timed / 1000.0);
        self.value(&format!("{NAME}_count"), &labels(entry), timed);
    }

    fn histogram(&mut self, measured: &Measured) {
        const NAME: &str = "katydid_all_response_time_seconds";
        self.family(NAME, "histogram", "Response times of all requests since the run began.");
        for bound in BUCKETS {
            let count = counted_until(&measured.times, (bound * 1e6) as u64);
            self.value(&format!("{NAME}_bucket"), &[("le", &*bound.to_string())], count as f64);
        }
        self.value(&format!("{NAME}_bucket"), &[("le", "+Inf")], measured.timed_requests as f64);
        self.value(&format!("{NAME}_sum"), &[], measured.total_ms / 1000.0);
        self.value(&format!("{NAME}_count"), &[], measured.timed_requests as f64);
    }

    fn spread(&mut self, name: &str, spread: Option<Spread>, about: &str) {
        let Some(spread) = spread else { return };
        self.family(name, "summary", about);
        for (quantile, ms) in [("0.5", spread.p50_ms), ("0.99", spread.p99_ms), ("1", spread.max_ms)] {
            self.value(name, &[("quantile", quantile)], ms / 1000.0);
        }
        self.value(&format!("{name}_count"), &[], spread.count as f64);
    }
}

/// How many durations stand at or below a bound: a cell counts by the duration that stands for it everywhere else.
fn counted_until(times: &Histogram, bound_us: u64) -> u64 {
    times.cells().take_while(|cell| cell.value_us() <= bound_us).map(|cell| cell.count).sum()
}

/// Backslashes, quotes and line ends would end a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
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
        let text = exposition(Some(&measured), Some(3));
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
        assert_eq!(exposition(None, None), "");
    }
}
