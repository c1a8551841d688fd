//! The four CSV files, as rows of fields; [`text`] makes the file of them.
//!
//! What a maintainer must not break: headers, column order, CRLF and quoting are those of Locust's files.

use std::borrow::Cow;

use katydid_stats::locust::error_key;
use katydid_stats::{EntrySummary, ErrorStat, Snapshot};

use crate::moment::utc;
use crate::number::{float, nearest, percent, plain};

/// The fields of one line.
pub type Row = Vec<String>;

/// An exception of the user's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRow {
    /// How often.
    pub count: u64,
    /// Its message.
    pub message: String,
    /// Where it came from.
    pub traceback: String,
    /// On which nodes.
    pub nodes: Vec<String>,
}

/// Which percentiles a history shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// One row for all requests, with the percentiles of the run so far.
    Aggregated,
    /// A row for each entry, too, with the percentiles of the last seconds.
    Full,
}

const REQUEST_COLUMNS: [&str; 11] = [
    "Type",
    "Name",
    "Request Count",
    "Failure Count",
    "Median Response Time",
    "Average Response Time",
    "Min Response Time",
    "Max Response Time",
    "Average Content Size",
    "Requests/s",
    "Failures/s",
];

const HISTORY_COLUMNS_BEFORE: [&str; 6] =
    ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s"];

const HISTORY_COLUMNS_AFTER: [&str; 7] = [
    "Total Request Count",
    "Total Failure Count",
    "Total Median Response Time",
    "Total Average Response Time",
    "Total Min Response Time",
    "Total Max Response Time",
    "Total Average Content Size",
];

/// Rows as a text: fields quoted where they must be, lines ended by CR LF.
pub fn text(rows: &[Row]) -> String {
    rows.iter()
        .map(|row| row.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\r\n")
        .collect()
}

fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}

fn row<'a>(fields: impl IntoIterator<Item = &'a str>) -> Row {
    fields.into_iter().map(str::to_owned).collect()
}

/// `_stats.csv`: a row for each entry, then one for all.
pub fn requests(snapshot: &Snapshot) -> Vec<Row> {
    let percents = snapshot.quantiles.iter().map(|quantile| percent(*quantile));
    let head = row(REQUEST_COLUMNS).into_iter().chain(percents).collect();
    let entries = snapshot.entries.iter().chain([&snapshot.total]);
    let rows = entries.map(|entry| request_fields(entry, snapshot.quantiles.len()).collect());
    [head].into_iter().chain(rows).collect()
}

fn request_fields(entry: &EntrySummary, quantiles: usize) -> impl Iterator<Item = String> {
    let fields = [entry.method.to_string(), entry.name.to_string()];
    let rates = [float(entry.total_rps), float(entry.total_failures_per_second)];
    let percentiles = percentile_fields(entry, entry.percentiles_ms.as_deref(), quantiles);
    fields.into_iter().chain(figures(entry)).chain(rates).chain(percentiles)
}

/// Counts, times and sizes of the run.
fn figures(entry: &EntrySummary) -> [String; 7] {
    let size = if entry.requests == 0 { "0".into() } else { float(entry.average_bytes) };
    [
        entry.requests.to_string(),
        entry.failures.to_string(),
        plain(entry.median_ms),
        float(entry.average_ms),
        plain(entry.min_ms.unwrap_or(0.0)),
        plain(entry.max_ms),
        size,
    ]
}

/// Whole milliseconds; not available without requests, and zero where requests have no time.
fn percentile_fields(entry: &EntrySummary, values: Option<&[f64]>, quantiles: usize) -> Vec<String> {
    match values {
        _ if entry.requests == 0 => vec!["N/A".into(); quantiles],
        None => vec!["0".into(); quantiles],
        Some(values) => values.iter().map(|ms| nearest(*ms).to_string()).collect(),
    }
}

/// `_failures.csv`: a row for each failure, in the order of the keys that Locust gives them.
pub fn failures(errors: &[ErrorStat]) -> Vec<Row> {
    let head = row(["Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"]);
    let mut errors: Vec<&ErrorStat> = errors.iter().collect();
    errors.sort_by_cached_key(|error| error_key(error));
    let rows = errors.into_iter().map(|error| {
        let numbers = [error.occurrences.to_string(), utc(error.first_seen), utc(error.last_seen)];
        row([&*error.method, &*error.name, &*error.text]).into_iter().chain(numbers).collect()
    });
    [head].into_iter().chain(rows).collect()
}

/// `_exceptions.csv`: a row for each exception.
pub fn exceptions(exceptions: &[ExceptionRow]) -> Vec<Row> {
    let head = row(["Count", "Message", "Traceback", "Nodes"]);
    let rows = exceptions.iter().map(|exception| {
        let nodes = exception.nodes.join(", ");
        row([&*exception.count.to_string(), &*exception.message, &*exception.traceback, &*nodes])
    });
    [head].into_iter().chain(rows).collect()
}

/// The first row of `_stats_history.csv`.
pub fn history_head(quantiles: &[f64]) -> Row {
    let percents = quantiles.iter().map(|quantile| percent(*quantile));
    row(HISTORY_COLUMNS_BEFORE).into_iter().chain(percents).chain(row(HISTORY_COLUMNS_AFTER)).collect()
}

/// The rows that one moment adds to `_stats_history.csv`.
pub fn history_rows(snapshot: &Snapshot, user_count: u64, history: History) -> Vec<Row> {
    let entries: &[EntrySummary] = if history == History::Full { &snapshot.entries } else { &[] };
    let row = |entry| history_row(entry, snapshot, user_count, history);
    entries.iter().chain([&snapshot.total]).map(row).collect()
}

fn history_row(entry: &EntrySummary, snapshot: &Snapshot, user_count: u64, history: History) -> Row {
    let before = [
        (snapshot.taken_at as i64).to_string(),
        user_count.to_string(),
        entry.method.to_string(),
        entry.name.to_string(),
        format!("{:.6}", entry.current_rps),
        format!("{:.6}", entry.current_failures_per_second),
    ];
    let percentiles = match history {
        History::Full => entry.window_percentiles_ms.as_deref(),
        History::Aggregated => entry.percentiles_ms.as_deref(),
    };
    let percentiles = percentile_fields(entry, percentiles, snapshot.quantiles.len());
    before.into_iter().chain(percentiles).chain(figures(entry)).collect()
}
