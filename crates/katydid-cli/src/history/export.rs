//! The measurements of a stored run for other programs: a row for each name and stretch.

use katydid_report::csv;
use katydid_report::number::float;
use katydid_stats::{Names, Part};
use katydid_store::{Error, Run, Store};
use serde_json::{Value, json};

use super::arguments::{Export, Form};
use super::list::{failure_json, reclassified_json, run_json};
use super::{open, put};

pub(super) fn export(options: &Export) -> Result<i32, Error> {
    let mut store = open(options.place.store.as_deref())?;
    let run = store.find(&options.run)?;
    let bytes = match options.format {
        Form::Csv => as_csv(&rows(&mut store, &run)?).into_bytes(),
        Form::Json => as_json(&mut store, &run)?.into_bytes(),
        Form::Parquet => super::parquet::file(&rows(&mut store, &run)?),
    };
    put(&bytes, options.output.as_deref())
}

/// What one name did in one stretch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) users: u64,
    pub(super) method: String,
    pub(super) name: String,
    pub(super) requests: u64,
    pub(super) failures: u64,
    pub(super) bytes: u64,
    /// Average, minimum, median, 95th and 99th percentile, maximum, in milliseconds.
    pub(super) times_ms: [Option<f64>; 6],
}

/// The columns of a row, in order.
pub(super) const COLUMNS: [&str; 14] = [
    "from_at", "until_at", "users", "method", "name", "requests", "failures", "bytes", "avg_ms", "min_ms",
    "p50_ms", "p95_ms", "p99_ms", "max_ms",
];

fn rows(store: &mut Store, run: &Run) -> Result<Vec<Row>, Error> {
    let names = store.names(run.id)?;
    let mut rows = Vec::new();
    store.parts(run.id, |part| rows.extend(part_rows(part, &names)))?;
    Ok(rows)
}

fn part_rows<'a>(part: &'a Part, names: &'a Names) -> impl Iterator<Item = Row> + 'a {
    part.entries.iter().filter_map(move |entry| {
        let (method, name) = names.pair(entry.key)?;
        let measured = entry.entry(method, name, part.from);
        let percentiles = measured.percentiles(&[0.5, 0.95, 0.99]);
        let at = |place: usize| percentiles.as_ref().and_then(|all| all.get(place).copied());
        let is_timed = measured.timed_requests() > 0;
        let average = is_timed.then(|| measured.average_ms());
        Some(Row {
            from: part.from,
            until: part.until,
            users: part.users,
            method: method.to_owned(),
            name: name.to_owned(),
            requests: entry.requests,
            failures: entry.failures,
            bytes: entry.bytes,
            times_ms: [average, entry.min_ms, at(0), at(1), at(2), is_timed.then_some(entry.max_ms)],
        })
    })
}

fn as_csv(rows: &[Row]) -> String {
    let fields = |row: &Row| {
        let mut fields = vec![
            float(row.from),
            float(row.until),
            row.users.to_string(),
            row.method.clone(),
            row.name.clone(),
        ];
        fields.extend([row.requests, row.failures, row.bytes].map(|count| count.to_string()));
        fields.extend(row.times_ms.map(|value| value.map_or_else(String::new, float)));
        fields
    };
    let head: csv::Row = COLUMNS.map(str::to_owned).into();
    csv::text(&std::iter::once(head).chain(rows.iter().map(fields)).collect::<Vec<_>>())
}

fn as_json(store: &mut Store, run: &Run) -> Result<String, Error> {
    let names = store.names(run.id)?;
    let mut parts: Vec<Value> = Vec::new();
    store.parts(run.id, |part| {
        let entries: Vec<Value> = part_rows(part, &names).zip(&part.entries).map(|(row, entry)| {
            let cells = entry.times.cells.iter().map(|(index, count)| {
                json!([katydid_stats::histogram::Cell::at_index(*index, 0).high_us, count])
            });
            json!({
                "method": row.method, "name": row.name, "requests": row.requests, "failures": row.failures,
                "bytes": row.bytes, "avg_ms": row.times_ms[0], "min_ms": row.times_ms[1], "p50_ms": row.times_ms[2],
                "p95_ms": row.times_ms[3], "p99_ms": row.times_ms[4], "max_ms": row.times_ms[5],
                "histogram": cells.collect::<Vec<_>>(),
            })
        }).collect();
        parts.push(json!({"from_at": part.from, "until_at": part.until, "users": part.users, "entries": entries}));
    })?;
    let mut document = run_json(run, "");
    document["levels"] = json!(store.levels(run.id)?);
    document["failures"] = store.failures(run.id)?.iter().map(failure_json).collect();
    document["reclassified"] = reclassified_json(store, run.id)?;
    document["histogram_unit"] = "us".into();
    document["parts"] = Value::Array(parts);
    Ok(format!("{document:#}\n"))
}
