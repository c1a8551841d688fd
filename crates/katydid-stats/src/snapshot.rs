//! Which numbers does a report need? All of them, computed once, free of the run that goes on.

use crate::entry::PhaseSum;
use crate::{Entry, ErrorStat, Histogram, Phase, Reclassified, RunStats};

/// What to compute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SnapshotRequest<'a> {
    /// The moment, in Unix seconds: the end of the window.
    pub now: f64,
    /// Quantiles of the response time, each between 0 and 1.
    pub quantiles: &'a [f64],
    /// Also the quantiles of the last seconds, for those entries that keep a window.
    pub with_window: bool,
}

/// The numbers of a run at one moment.
///
/// # Accuracy
/// Those of [`Entry`], [`ErrorStat`] and [`Histogram`] at that moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The moment, in Unix seconds.
    pub taken_at: f64,
    /// The quantiles that the percentiles below are for.
    pub quantiles: Vec<f64>,
    /// Entries by name, then method.
    pub entries: Vec<EntrySummary>,
    /// All requests together.
    pub total: EntrySummary,
    /// Failures, oldest first.
    pub errors: Vec<ErrorStat>,
    /// Requests that rules judged otherwise than they were, oldest first.
    pub reclassified: Vec<Reclassified>,
    /// How late answers were read; `None` when that was never measured.
    pub lag: Option<Spread>,
    /// How late requests were started; `None` when nothing intended a moment.
    pub start_lag: Option<Spread>,
    /// How long each phase took; `None` for a phase that never happened. In the order of [`Phase::ALL`].
    pub phases: [Option<Spread>; Phase::ALL.len()],
}

/// The numbers of one entry.
///
/// # Accuracy
/// Those of [`Entry`]; rates and percentiles are rounded only by whoever prints them.
#[derive(Clone, Debug, PartialEq)]
pub struct EntrySummary {
    /// HTTP method or request type.
    pub method: Box<str>,
    /// Name of the request.
    pub name: Box<str>,
    /// Requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Failures per request.
    pub fail_ratio: f64,
    /// Mean response time in milliseconds.
    pub average_ms: f64,
    /// Shortest response time; `None` before the first.
    pub min_ms: Option<f64>,
    /// Longest response time; zero before the first.
    pub max_ms: f64,
    /// Median response time; zero before the first.
    pub median_ms: f64,
    /// Mean length of an answer.
    pub average_bytes: f64,
    /// Requests per second of late.
    pub current_rps: f64,
    /// Failures per second of late.
    pub current_failures_per_second: f64,
    /// Requests per second of the run.
    pub total_rps: f64,
    /// Failures per second of the run.
    pub total_failures_per_second: f64,
    /// Response times at the asked quantiles; `None` before the first.
    pub percentiles_ms: Option<Vec<f64>>,
    /// The same for the last seconds; `None` when there was no request in them, or no window.
    pub window_percentiles_ms: Option<Vec<f64>>,
    /// Requests that have a response time.
    pub timed_requests: u64,
    /// HTTP status codes and how often each was answered.
    pub statuses: Vec<(u16, u64)>,
    /// Time spent in each phase, in the order of [`Phase::ALL`].
    pub phases: [PhaseSum; Phase::ALL.len()],
}

/// A distribution in four numbers.
///
/// # Accuracy
/// As exact as [`Histogram`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Values recorded.
    pub count: u64,
    /// Median in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile in milliseconds.
    pub p99_ms: f64,
    /// Maximum in milliseconds.
    pub max_ms: f64,
}

impl Spread {
    /// The spread of a histogram; `None` when it is empty.
    pub fn of(histogram: &Histogram) -> Option<Self> {
        Some(Self {
            count: histogram.count(),
            p50_ms: histogram.quantile_ms(0.5)?,
            p99_ms: histogram.quantile_ms(0.99)?,
            max_ms: histogram.max_ms(),
        })
    }
}

impl Snapshot {
    pub(crate) fn of(stats: &RunStats, request: &SnapshotRequest<'_>) -> Self {
        let summary = |entry: &Entry| EntrySummary::of(entry, stats.total(), request);
        let mut entries: Vec<EntrySummary> = stats.entries().iter().map(summary).collect();
        entries.sort_by(|a, b| (&a.name, &a.method).cmp(&(&b.name, &b.method)));
        Self {
            entries,
            errors: stats.errors().as_slice().to_vec(),
            reclassified: stats.reclassified().as_slice().to_vec(),
            ..Self::of_total(stats, request)
        }
    }

    pub(crate) fn of_total(stats: &RunStats, request: &SnapshotRequest<'_>) -> Self {
        Self {
            taken_at: request.now,
            quantiles: request.quantiles.to_vec(),
            entries: Vec::new(),
            total: EntrySummary::of(stats.total(), stats.total(), request),
            errors: Vec::new(),
            reclassified: Vec::new(),
            lag: Spread::of(stats.lag()),
            start_lag: Spread::of(stats.start_lag()),
            phases: Phase::ALL.map(|phase| Spread::of(stats.phase(phase))),
        }
    }
}

impl EntrySummary {
    /// The numbers of one entry in a run with this total.
    pub fn of(entry: &Entry, total: &Entry, request: &SnapshotRequest<'_>) -> Self {
        let window = |entry: &Entry| entry.window_percentiles(request.now, request.quantiles);
        Self {
            method: entry.method.clone(),
            name: entry.name.clone(),
            requests: entry.requests,
            failures: entry.failures,
            fail_ratio: entry.fail_ratio(),
            average_ms: entry.average_ms(),
            min_ms: entry.min_ms,
            max_ms: entry.max_ms,
            median_ms: entry.median_ms().unwrap_or(0.0),
            average_bytes: entry.average_bytes(),
            current_rps: entry.current_rps(total),
            current_failures_per_second: entry.current_failures_per_second(total),
            total_rps: entry.total_rps(total),
            total_failures_per_second: entry.total_failures_per_second(total),
            percentiles_ms: entry.percentiles(request.quantiles),
            window_percentiles_ms: request.with_window.then(|| window(entry)).flatten(),
            timed_requests: entry.timed_requests(),
            statuses: entry.statuses.clone(),
            phases: Phase::ALL.map(|phase| entry.phase_sum(phase)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sample;

    #[test]
    fn sorts_entries_and_keeps_failures_in_order() {
        let mut stats = RunStats::new(100.0);
        for (method, name) in [("POST", "/b"), ("GET", "/b"), ("GET", "/a")] {
            let id = stats.entry(method, name);
            stats.record(id, &Sample::new(101.0, Some(4.0), 10));
            stats.record_failure(id, name, 101.0);
        }
        let request = SnapshotRequest { now: 102.0, quantiles: &[0.5, 1.0], with_window: true };
        let snapshot = stats.snapshot(&request);
        let names: Vec<_> = snapshot.entries.iter().map(|entry| (&*entry.name, &*entry.method)).collect();
        assert_eq!(names, [("/a", "GET"), ("/b", "GET"), ("/b", "POST")]);
        assert_eq!(&*snapshot.errors[0].method, "POST");
        assert_eq!(snapshot.total.percentiles_ms, Some(vec![4.0, 4.0]));
        assert_eq!(snapshot.total.window_percentiles_ms, None, "no window was asked for");
        assert_eq!(snapshot.lag, None);
    }
}
