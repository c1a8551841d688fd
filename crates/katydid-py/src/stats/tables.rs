//! The statistics as texts: what `katydid-report` makes of them.

use katydid_report::console::{self, Columns, Rates};
use katydid_report::csv::{self, ExceptionRow, History, Row};
use katydid_report::{json, number, truth};
use katydid_stats::Snapshot;
use katydid_stats::snapshot::SnapshotRequest;
use pyo3::prelude::*;

use super::RequestStats;

/// Widths of the name and the type.
#[derive(FromPyObject)]
pub(super) struct Layout(isize, isize);

impl Layout {
    pub(super) fn columns(&self) -> Columns {
        Columns { name: self.0.unsigned_abs(), kind: self.1.unsigned_abs() }
    }
}

pub(super) fn rates(current: bool) -> Rates {
    if current { Rates::Current } else { Rates::Total }
}

pub(super) fn quantile_request(quantiles: &[f64], now: f64) -> SnapshotRequest<'_> {
    SnapshotRequest { now, quantiles, with_window: false }
}

impl RequestStats {
    /// Entries, failures and what rules made of them.
    pub(crate) fn snapshot_of_entries(&self) -> Snapshot {
        self.snapshot(&quantile_request(&[], 0.0))
    }

    fn snapshot(&self, request: &SnapshotRequest<'_>) -> Snapshot {
        self.shared.lock().stats.snapshot(request)
    }

    fn snapshot_of_total(&self, request: &SnapshotRequest<'_>) -> Snapshot {
        self.shared.lock().stats.snapshot_of_total(request)
    }
}

/// The table of requests, line by line.
#[pyfunction]
fn stats_table(stats: &Bound<'_, RequestStats>, current: bool, layout: Layout) -> Vec<String> {
    console::stats_table(&stats.get().snapshot(&quantile_request(&[], 0.0)), rates(current), layout.columns())
}

/// The table of percentiles, line by line.
#[pyfunction]
fn stats_percentile_table(
    stats: &Bound<'_, RequestStats>,
    quantiles: Vec<f64>,
    layout: Layout,
) -> Vec<String> {
    console::percentile_table(&stats.get().snapshot(&quantile_request(&quantiles, 0.0)), layout.columns())
}

/// The table of failures, line by line; `texts` are shown instead of the errors' own.
#[pyfunction]
fn stats_error_table(stats: &Bound<'_, RequestStats>, texts: Vec<String>, layout: Layout) -> Vec<String> {
    let mut errors = stats.get().shared.lock().stats.errors().as_slice().to_vec();
    for (error, text) in errors.iter_mut().zip(texts) {
        error.text = text.into();
    }
    console::error_table(&errors, layout.columns())
}

/// The lines on lag and phases.
#[pyfunction]
fn stats_truth_lines(stats: &Bound<'_, RequestStats>) -> Vec<String> {
    truth::truth_lines(&stats.get().snapshot_of_total(&quantile_request(&[], 0.0)))
}

/// Was the generator too busy for its load?
#[pyfunction]
fn stats_is_generator_limited(stats: &Bound<'_, RequestStats>) -> bool {
    truth::is_generator_limited(&stats.get().snapshot_of_total(&quantile_request(&[], 0.0)))
}

/// The rows of `_stats.csv`.
#[pyfunction]
fn stats_request_rows(stats: &Bound<'_, RequestStats>, quantiles: Vec<f64>) -> Vec<Row> {
    csv::requests(&stats.get().snapshot(&quantile_request(&quantiles, 0.0)))
}

/// The rows of `_failures.csv`.
#[pyfunction]
fn stats_failure_rows(stats: &Bound<'_, RequestStats>) -> Vec<Row> {
    let errors = stats.get().shared.lock().stats.errors().as_slice().to_vec();
    csv::failures(&errors)
}

/// The rows that the moment `now` adds to `_stats_history.csv`.
#[pyfunction]
fn stats_history_rows(
    stats: &Bound<'_, RequestStats>,
    quantiles: Vec<f64>,
    now: f64,
    user_count: u64,
    is_full: bool,
) -> Vec<Row> {
    let request = SnapshotRequest { now, quantiles: &quantiles, with_window: is_full };
    if is_full {
        csv::history_rows(&stats.get().snapshot(&request), user_count, History::Full)
    } else {
        csv::history_rows(&stats.get().snapshot_of_total(&request), user_count, History::Aggregated)
    }
}

/// The entries as JSON.
#[pyfunction]
fn stats_json(stats: &Bound<'_, RequestStats>) -> String {
    let entries = stats.get().shared.lock().stats.entries().to_vec();
    json::entries(&entries)
}

/// The first row of `_stats_history.csv`.
#[pyfunction]
fn stats_history_head(quantiles: Vec<f64>) -> Row {
    csv::history_head(&quantiles)
}

/// The rows of `_exceptions.csv`, from tuples of count, message, traceback and nodes.
#[pyfunction]
fn stats_exception_rows(exceptions: Vec<(u64, String, String, Vec<String>)>) -> Vec<Row> {
    let rows: Vec<ExceptionRow> = exceptions
        .into_iter()
        .map(|(count, message, traceback, nodes)| ExceptionRow { count, message, traceback, nodes })
        .collect();
    csv::exceptions(&rows)
}

/// Quantiles as percentages, the way that tables head their columns.
#[pyfunction]
fn stats_percents(quantiles: Vec<f64>) -> Vec<String> {
    quantiles.into_iter().map(number::percent).collect()
}

/// The bucket of a response time in Locust's files.
#[pyfunction]
fn stats_bucket(response_time: f64) -> i64 {
    katydid_stats::locust::bucket(response_time)
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(stats_table, module)?)?;
    module.add_function(wrap_pyfunction!(stats_percentile_table, module)?)?;
    module.add_function(wrap_pyfunction!(stats_error_table, module)?)?;
    module.add_function(wrap_pyfunction!(stats_truth_lines, module)?)?;
    module.add_function(wrap_pyfunction!(stats_is_generator_limited, module)?)?;
    module.add_function(wrap_pyfunction!(stats_request_rows, module)?)?;
    module.add_function(wrap_pyfunction!(stats_failure_rows, module)?)?;
    module.add_function(wrap_pyfunction!(stats_history_rows, module)?)?;
    module.add_function(wrap_pyfunction!(stats_json, module)?)?;
    module.add_function(wrap_pyfunction!(stats_history_head, module)?)?;
    module.add_function(wrap_pyfunction!(stats_exception_rows, module)?)?;
    module.add_function(wrap_pyfunction!(stats_percents, module)?)?;
    module.add_function(wrap_pyfunction!(stats_bucket, module)?)?;
    Ok(())
}
