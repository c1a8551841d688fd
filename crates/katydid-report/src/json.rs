//! The entries as JSON, in the shape of Locust's `--json`.

use katydid_stats::Entry;
use katydid_stats::locust::response_times;
use katydid_stats::per_second::PerSecond;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::ser::PrettyFormatter;

/// All entries that saw anything, in the order in which they were made; the total is not among them.
pub fn entries(entries: &[Entry]) -> String {
    let seen = entries.iter().filter(|entry| entry.requests > 0 || entry.failures > 0);
    let records: Vec<Record<'_>> = seen.map(Record::of).collect();
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    let written = records.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter));
    debug_assert!(written.is_ok(), "keys are strings and memory takes every byte");
    ascii(&String::from_utf8(text).unwrap_or_default())
}

/// One entry; the order of the fields is the order in the text.
#[derive(serde::Serialize)]
struct Record<'a> {
    name: &'a str,
    method: &'a str,
    last_request_timestamp: Option<f64>,
    start_time: f64,
    num_requests: u64,
    num_none_requests: u64,
    num_failures: u64,
    total_response_time: Value,
    max_response_time: Value,
    min_response_time: Option<Value>,
    total_content_length: u64,
    response_times: Counts,
    num_reqs_per_sec: Counts,
    num_fail_per_sec: Counts,
}

impl<'a> Record<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            name: &entry.name,
            method: &entry.method,
            last_request_timestamp: entry.last_request_at,
            start_time: entry.started_at,
            num_requests: entry.requests,
            num_none_requests: entry.requests_without_time,
            num_failures: entry.failures,
            total_response_time: number(entry.total_ms),
            max_response_time: number(entry.max_ms),
            min_response_time: entry.min_ms.map(number),
            total_content_length: entry.bytes,
            response_times: Counts(response_times(entry)),
            num_reqs_per_sec: Counts::by_second(&entry.requests_by_second),
            num_fail_per_sec: Counts::by_second(&entry.failures_by_second),
        }
    }
}

/// Keys in ascending order as numbers, not as texts.
struct Counts(Vec<(i64, u64)>);

impl Counts {
    fn by_second(series: &PerSecond) -> Self {
        Self(series.iter().map(|(second, count)| (second, u64::from(count))).collect())
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, count) in &self.0 {
            map.serialize_entry(key, count)?;
        }
        map.end()
    }
}

/// A whole number as an integer.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}

/// Escapes what is not ASCII in a JSON text, as Python's writer does. Such characters occur inside of strings only.
pub fn ascii(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            let mut units = [0; 2];
            character
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}")));
        }
    }
    escaped
}
