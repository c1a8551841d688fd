//! Our texts beside stock Locust's: `data/series.json` is a series of requests, the other files are what Locust 2.46.3
//! made of it. `data/record_report.py` made them; run it again after changing the series.

use katydid_report::console::{self, Columns, Rates};
use katydid_report::csv::{self, ExceptionRow, History};
use katydid_report::json;
use katydid_stats::snapshot::SnapshotRequest;
use katydid_stats::{RunStats, Sample, Snapshot};
use serde_json::Value;

const QUANTILES: [f64; 11] = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0];

fn series() -> Value {
    serde_json::from_str(include_str!("data/series.json")).expect("the series is JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number in the series")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text in the series")
}

fn replayed() -> RunStats {
    let series = series();
    let mut stats = RunStats::new(number(&series["start"]));
    for event in series["events"].as_array().expect("a list of events") {
        let at = number(&event[0]);
        let id = stats.entry_at(text(&event[1]), text(&event[2]), at);
        if event[3] == "failure" {
            stats.record_failure(id, text(&event[4]), at);
        } else {
            let length = event[4][1].as_u64().expect("a length in the series");
            stats.record(id, &Sample::new(at, event[4][0].as_f64(), length));
        }
    }
    stats
}

fn snapshot() -> Snapshot {
    let now = number(&series()["end"]);
    replayed().snapshot(&SnapshotRequest { now, quantiles: &QUANTILES, with_window: false })
}

fn assert_lines(lines: &[String], golden: &str) {
    assert_eq!(lines.join("\n") + "\n", golden);
}

#[test]
fn the_table_of_requests_is_locusts() {
    let lines = |rates| console::stats_table(&snapshot(), rates, Columns::default());
    assert_lines(&lines(Rates::Current), include_str!("data/stats_current.txt"));
    assert_lines(&lines(Rates::Total), include_str!("data/stats_total.txt"));
}

#[test]
fn the_table_of_percentiles_is_locusts() {
    assert_lines(
        &console::percentile_table(&snapshot(), Columns::default()),
        include_str!("data/percentiles.txt"),
    );
}

#[test]
fn the_table_of_failures_is_locusts() {
    let mut errors = snapshot().errors;
    for error in &mut errors {
        // What a locustfile declared as failed is shown without the class; that is up to whoever has the exception.
        let shown = error.text.strip_prefix("CatchResponseError(").and_then(|text| text.strip_suffix(')'));
        if let Some(shown) = shown.map(Box::from) {
            error.text = shown;
        }
    }
    assert_lines(&console::error_table(&errors, Columns::default()), include_str!("data/errors.txt"));
}

#[test]
fn the_csv_files_are_locusts() {
    let snapshot = snapshot();
    assert_eq!(csv::text(&csv::requests(&snapshot)), include_str!("data/requests.csv"));
    assert_eq!(csv::text(&csv::failures(&snapshot.errors)), include_str!("data/failures.csv"));
    let rows = csv::history_rows(&snapshot, 17, History::Aggregated);
    assert_eq!(csv::text(&rows), include_str!("data/history_rows.csv"));
    let exception = ExceptionRow {
        count: 2,
        message: "boom, \"loudly\"".into(),
        traceback: "  File x\n    raise\n".into(),
        nodes: vec!["local".into()],
    };
    assert_eq!(csv::text(&csv::exceptions(&[exception])), include_str!("data/exceptions.csv"));
}

#[test]
fn the_history_names_its_columns_like_locust() {
    let head = csv::text(&[csv::history_head(&[0.5, 0.999])]);
    let expected = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,99.9%,Total Request Count,\
                    Total Failure Count,Total Median Response Time,Total Average Response Time,\
                    Total Min Response Time,Total Max Response Time,Total Average Content Size\r\n";
    assert_eq!(head, expected);
}

#[test]
fn the_json_is_locusts() {
    let ours: Value = serde_json::from_str(&json::entries(replayed().entries())).expect("our own JSON");
    let golden: Value = serde_json::from_str(include_str!("data/entries.json")).expect("Locust's JSON");
    assert_eq!(ours, golden);
    let fields = |text: &str| {
        text.lines().filter(|line| line.starts_with("        \"")).map(field).collect::<Vec<_>>()
    };
    assert_eq!(fields(&json::entries(replayed().entries())), fields(include_str!("data/entries.json")));
}

/// The name of the field that a line of JSON holds, with its indentation.
fn field(line: &str) -> String {
    line.split(':').next().unwrap_or_default().to_owned()
}

#[test]
fn a_full_history_shows_the_last_seconds() {
    let mut stats = RunStats::new(0.0);
    stats.keep_windows(10, true);
    let id = stats.entry_at("GET", "/", 0.0);
    for second in 0..40 {
        let ms = if second < 20 { 900.0 } else { 30.0 };
        stats.record(id, &Sample::new(f64::from(second), Some(ms), 0));
    }
    let rows = |with_window, history| {
        let request = SnapshotRequest { now: 39.5, quantiles: &[0.5, 1.0], with_window };
        csv::history_rows(&stats.snapshot(&request), 1, history)
    };
    let full = rows(true, History::Full);
    assert_eq!((full.len(), &full[0][6..8]), (2, &["30".to_owned(), "30".to_owned()][..]));
    let aggregated = rows(false, History::Aggregated);
    assert_eq!((aggregated.len(), &aggregated[0][6..8]), (1, &["900".to_owned(), "900".to_owned()][..]));
}
