//! The tables of the console, line by line.
//!
//! What a maintainer must not break: widths, separators and the order of columns are Locust's to the byte, since people
//! parse them. Percentiles are rounded to whole milliseconds.

use katydid_stats::{EntrySummary, ErrorStat, Snapshot};

use crate::number::{nearest, percent};

/// Widths that a user can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Of the name, in the percentile table; the table of requests adds 4 and takes the width of the type away.
    pub name: usize,
    /// Of the method or request type.
    pub kind: usize,
}

impl Default for Columns {
    fn default() -> Self {
        Self { name: 80, kind: 8 }
    }
}

impl Columns {
    /// The name's column in the table of requests: padded to the first, ruled with the second. Where the terminal is so
    /// narrow that the width falls below zero, Locust pads to its absolute value.
    fn name_in_requests(self) -> (usize, usize) {
        let wanted = self.name + 4;
        (wanted.abs_diff(self.kind), wanted.saturating_sub(self.kind))
    }
}

/// Which rates a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// Those of the last seconds.
    Current,
    /// Those of the whole run.
    Total,
}

/// The table of requests: counts, times and rates.
pub fn stats_table(snapshot: &Snapshot, rates: Rates, columns: Columns) -> Vec<String> {
    let (pad, rule) = columns.name_in_requests();
    let kind = columns.kind;
    let head = format!(
        "{:<kind$} {:<pad$} {:>7} {:>12} |{:>7} {:>7} {:>7}{:>7} | {:>7} {:>11}",
        "Type", "Name", "# reqs", "# fails", "Avg", "Min", "Max", "Med", "req/s", "failures/s"
    );
    let rule = ruler(&[kind, rule, 7, 13, 7, 7, 7, 7, 8, 11]);
    let rows = snapshot.entries.iter().map(|entry| stats_row(entry, rates, columns));
    let total = stats_row(&snapshot.total, rates, columns);
    [head, rule.clone()].into_iter().chain(rows).chain([rule, total]).collect()
}

/// One row of the table of requests.
pub fn stats_row(entry: &EntrySummary, rates: Rates, columns: Columns) -> String {
    let (pad, _) = columns.name_in_requests();
    let kind = columns.kind;
    let (requests, failures) = match rates {
        Rates::Current => (entry.current_rps, entry.current_failures_per_second),
        Rates::Total => (entry.total_rps, entry.total_failures_per_second),
    };
    let method = if entry.method.is_empty() { String::new() } else { format!("{} ", entry.method) };
    let fails = format!("{}({:.2}%)", entry.failures, entry.fail_ratio * 100.0);
    format!(
        "{method:<kind$} {:<pad$} {:>7} {fails:>12} |{:>7} {:>7} {:>7}{:>7} | {requests:>7.2} {failures:>11.2}",
        entry.name,
        entry.requests,
        entry.average_ms as i64,
        entry.min_ms.unwrap_or(0.0) as i64,
        entry.max_ms as i64,
        entry.median_ms as i64,
    )
}

/// The table of percentiles, of those entries that have response times.
pub fn percentile_table(snapshot: &Snapshot, columns: Columns) -> Vec<String> {
    let quantiles: Vec<String> = snapshot.quantiles.iter().map(|quantile| percent(*quantile)).collect();
    let head = percentile_line("Type", "Name", &quantiles, "# reqs", columns);
    let mut widths = vec![columns.kind, columns.name, 8];
    widths.extend(std::iter::repeat_n(6, snapshot.quantiles.len()));
    let rule = ruler(&widths);
    let rows = snapshot.entries.iter().filter_map(|entry| percentile_row(entry, columns));
    let total = percentile_row(&snapshot.total, columns);
    let title = "Response time percentiles (approximated)".to_owned();
    [title, head, rule.clone()].into_iter().chain(rows).chain([rule]).chain(total).collect()
}

/// One row of the table of percentiles; `None` without response times.
pub fn percentile_row(entry: &EntrySummary, columns: Columns) -> Option<String> {
    let values = entry.percentiles_ms.as_ref()?;
    let values: Vec<String> = values.iter().map(|ms| nearest(*ms).to_string()).collect();
    Some(percentile_line(&entry.method, &entry.name, &values, &entry.requests.to_string(), columns))
}

fn percentile_line(kind: &str, name: &str, values: &[String], requests: &str, columns: Columns) -> String {
    let mut line = format!("{kind:<0$} {name:<1$}", columns.kind, columns.name);
    for (index, value) in values.iter().enumerate() {
        let width = if index == 0 { 8 } else { 6 };
        line.push_str(&format!(" {value:>width$}"));
    }
    line.push_str(&format!(" {requests:>6}"));
    line
}

/// The table of failures, ending with an empty line.
pub fn error_table(errors: &[ErrorStat], columns: Columns) -> Vec<String> {
    let head = format!("{:<18} {:<100}", "# occurrences", "Error");
    let rule = ruler(&[18, columns.name + 61]);
    let rows = errors.iter().map(|error| {
        let what = format!("{} {}: {}", error.method, error.name, error.text);
        format!("{:<18} {what:<100}", error.occurrences)
    });
    let title = "Error report".to_owned();
    [title, head, rule.clone()].into_iter().chain(rows).chain([rule, String::new()]).collect()
}

fn ruler(widths: &[usize]) -> String {
    widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("|")
}
