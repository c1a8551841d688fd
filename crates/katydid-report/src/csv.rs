//! The four CSV files, as rows and as texts.
//!
//! What a maintainer must not break: headers, column order, CRLF and quoting are those of Locust's files.

use katydid_stats::locust::error_key;
use katydid_stats::{EntrySummary, ErrorStat, Snapshot};

use crate::moment::utc;
use crate::number::{float, nearest, percent, plain};

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

/// `_stats.csv`: a row for each entry, then one for all.
pub fn requests(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let percents = snapshot.quantiles.iter().map(|quantile| percent(*quantile));
    push_row(&mut text, REQUEST_COLUMNS.iter().map(|column| (*column).to_owned()).chain(percents));
    for entry in snapshot.entries.iter().chain([&snapshot.total]) {
        push_row(&mut text, request_fields(entry, snapshot.quantiles.len()));
    }
    text
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
pub fn failures(errors: &[ErrorStat]) -> String {
    let mut text = String::new();
    push_row(
        &mut text,
        ["Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"].map(str::to_owned),
    );
    let mut errors: Vec<&ErrorStat> = errors.iter().collect();
    errors.sort_by_cached_key(|error| error_key(error));
    for error in errors {
        push_row(
            &mut text,
            [
                error.method.to_string(),
                error.name.to_string(),
                error.text.to_string(),
                error.occurrences.to_string(),
                utc(error.first_seen),
                utc(error.last_seen),
            ],
        );
    }
    text
}

/// `_exceptions.csv`: a row for each exception.
pub fn exceptions(exceptions: &[ExceptionRow]) -> String {
    let mut text = String::new();
    push_row(&mut text, ["Count", "Message", "Traceback", "Nodes"].map(str::to_owned));
    for row in exceptions {
        let nodes = row.nodes.join(", ");
        push_row(&mut text, [row.count.to_string(), row.message.clone(), row.traceback.clone(), nodes]);
    }
    text
}

/// The first row of `_stats_history.csv`.
pub fn history_head(quantiles: &[f64]) -> String {
    let mut text = String::new();
    let percents = quantiles.iter().map(|quantile| percent(*quantile));
    let before = HISTORY_COLUMNS_BEFORE.iter().map(|column| (*column).to_owned());
    let after = HISTORY_COLUMNS_AFTER.iter().map(|column| (*column).to_owned());
    push_row(&mut text, before.chain(percents).chain(after));
    text
}

/// The rows that one moment adds to `_stats_history.csv`.
pub fn history_rows(snapshot: &Snapshot, user_count: u64, history: History) -> String {
    let mut text = String::new();
    let entries: &[EntrySummary] = if history == History::Full { &snapshot.entries } else { &[] };
    for entry in entries.iter().chain([&snapshot.total]) {
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
        push_row(&mut text, before.into_iter().chain(percentiles).chain(figures(entry)));
    }
    text
}

fn push_row(text: &mut String, fields: impl IntoIterator<Item = String>) {
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if field.contains(['"', ',', '\r', '\n']) {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&field);
        }
    }
    text.push_str("\r\n");
}
