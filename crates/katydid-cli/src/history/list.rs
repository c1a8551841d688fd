//! Stored runs as lists and pages of text.

use katydid_plan::rule::Rules;
use katydid_report::console::{Columns, Rates, error_table, percentile_table, stats_table};
use katydid_report::expectations;
use katydid_report::moment::utc;
use katydid_report::truth::truth_lines;
use katydid_stats::Reclassified;
use katydid_stats::snapshot::SnapshotRequest;
use katydid_store::{Error, Level, Run, RunId, Store};
use serde_json::{Value, json};

use super::archive::has_passed;
use super::arguments::{Baseline, Runs, Show, Step};
use super::{now, open, put, say_all};
use crate::options::EXIT_OK;

const QUANTILES: [f64; 7] = [0.5, 0.66, 0.75, 0.9, 0.95, 0.99, 1.0];

pub(super) fn runs(options: &Runs) -> Result<i32, Error> {
    let mut store = open(options.place.store.as_deref())?;
    if !options.remove.is_empty() {
        for text in &options.remove {
            let run = store.find(text)?;
            store.remove(run.id)?;
        }
        store.compact()?;
        return Ok(EXIT_OK);
    }
    if let Some(retention) = &options.keep {
        let removed = store.prune(retention, &[], now())?;
        say_all([format!("{} runs forgotten", removed.len())]);
        return Ok(EXIT_OK);
    }
    let runs = store.runs(options.limit)?;
    let baselines = store.baselines()?;
    let name_of = |run: &Run| {
        let names: Vec<&str> = baselines
            .iter()
            .filter(|baseline| baseline.run == run.id)
            .map(|baseline| &*baseline.name)
            .collect();
        names.join(", ")
    };
    if options.json {
        let list: Vec<Value> = runs.iter().map(|run| run_json(run, &name_of(run))).collect();
        return put(format!("{:#}\n", Value::Array(list)).as_bytes(), None);
    }
    if runs.is_empty() {
        say_all([format!("no run is stored in {}", store.address())]);
        return Ok(EXIT_OK);
    }
    say_all(table(&runs.iter().map(|run| run_cells(run, &name_of(run))).collect::<Vec<_>>()));
    Ok(EXIT_OK)
}

const COLUMNS: usize = 10;
const HEAD: [&str; COLUMNS] = [
    "Run",
    "Began (UTC)",
    "State",
    "Locustfile",
    "Host",
    "Users",
    "Requests",
    "Failures",
    "Verdict",
    "Baseline",
];

fn run_cells(run: &Run, baseline: &str) -> [String; COLUMNS] {
    [
        run.id.to_string(),
        utc(run.about.started_at),
        run.state(now()).name().into(),
        run.about.locustfile.clone(),
        run.about.host.clone(),
        run.users.to_string(),
        run.requests.to_string(),
        run.failures.to_string(),
        verdict_word(run).unwrap_or("-").into(),
        baseline.to_owned(),
    ]
}

/// Nothing where nothing was asked.
fn verdict_word(run: &Run) -> Option<&'static str> {
    has_passed(run).map(|passed| if passed { "passed" } else { "failed" })
}

fn table(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let all: Vec<[String; COLUMNS]> =
        std::iter::once(HEAD.map(str::to_owned)).chain(rows.iter().cloned()).collect();
    let width = |at: usize| all.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(widths).enumerate().map(|(at, (cell, width))| match at {
            0 | 5..=7 => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

/// What every account of a run begins with, and what this one has `beside` it.
pub(super) fn told_of(run: &Run, beside: Value) -> Value {
    let mut told = json!({
        "run": run.id.0,
        "state": run.state(now()),
        "started_at": run.about.started_at,
        "ended_at": run.ended_at,
        "seconds": run.seconds(),
        "locustfile": run.about.locustfile,
        "host": run.about.host,
        "profile": run.about.profile,
        "users": run.users,
        "requests": run.requests,
        "failures": run.failures,
        "exit_code": run.exit_code,
    });
    if let (Value::Object(told), Value::Object(beside)) = (&mut told, beside) {
        told.extend(beside);
    }
    told
}

/// What is known of a run, as JSON; numbers that do not exist are null.
pub fn run_json(run: &Run, baseline: &str) -> Value {
    let beside = json!({
        "verdict": run.verdict,
        "baseline": if baseline.is_empty() { Value::Null } else { baseline.into() },
        "options": run.about.options,
        "environment": run.about.environment,
        "git": run.about.git,
        "versions": run.about.versions,
    });
    told_of(run, beside)
}

pub(super) fn show(options: &Show) -> Result<i32, Error> {
    let mut store = open(options.place.store.as_deref())?;
    let run = store.find(&options.run)?;
    let levels = store.levels(run.id)?;
    if options.json {
        let failures: Vec<Value> = store.failures(run.id)?.iter().map(failure_json).collect();
        let mut document = run_json(&run, "");
        document["levels"] = json!(levels);
        document["failures"] = Value::Array(failures);
        document["reclassified"] = reclassified_json(&mut store, run.id)?;
        return put(format!("{document:#}\n").as_bytes(), None);
    }
    say_all(run_lines(&mut store, &run, &levels)?);
    Ok(EXIT_OK)
}

pub(super) fn failure_json(error: &katydid_stats::ErrorStat) -> Value {
    json!({
        "method": &*error.method,
        "name": &*error.name,
        "error": &*error.text,
        "occurrences": error.occurrences,
        "first_seen_at": error.first_seen,
        "last_seen_at": error.last_seen,
    })
}

/// What rules reclassified in a run, as `/api/v1/expectations` tells it.
///
/// # Errors
/// The store's.
pub fn reclassified_json(store: &mut Store, run: RunId) -> Result<Value, Error> {
    let row = |row: Reclassified| {
        json!({
            "rule": &*row.rule,
            "verdict": &*row.verdict,
            "method": &*row.method,
            "name": &*row.name,
            "from": &*row.from,
            "occurrences": row.occurrences,
            "first_seen_at": row.first_seen,
            "last_seen_at": row.last_seen,
        })
    };
    Ok(store.reclassified(run)?.into_iter().map(row).collect())
}

/// The rules that a run was judged by, as its options tell them.
fn rules_of(run: &Run) -> Rules {
    let given = run.about.options.get("katydid_expect").and_then(Value::as_array);
    Rules::parse(given.into_iter().flatten().filter_map(Value::as_str)).unwrap_or_default()
}

fn run_lines(store: &mut Store, run: &Run, levels: &[Level]) -> Result<Vec<String>, Error> {
    let stats = store.stats(run.id)?;
    let request = SnapshotRequest { now: run.seen_at, quantiles: &QUANTILES, with_window: false };
    let snapshot = stats.snapshot(&request);
    let mut lines = facts(run);
    lines.extend(levels.iter().map(|level| {
        let seconds =
            level.until.map_or_else(|| "not over".into(), |until| format!("{:.0} s", until - level.from));
        format!("Level {}: {}, {seconds}", level.number, level.label)
    }));
    lines.push(String::new());
    lines.extend(stats_table(&snapshot, Rates::Total, Columns::default()));
    lines.push(String::new());
    lines.extend(percentile_table(&snapshot, Columns::default()));
    lines.push(String::new());
    if !snapshot.errors.is_empty() {
        lines.extend(error_table(&snapshot.errors, Columns::default()));
    }
    lines.extend(expectations::table(&rules_of(run), &snapshot));
    lines.extend(truth_lines(&snapshot));
    lines.extend(verdict_lines(run));
    Ok(lines)
}

/// What was asked of a run and what became of it, as it was kept; nothing where nothing was asked.
fn verdict_lines(run: &Run) -> Vec<String> {
    let (Some(word), Some(kept)) = (verdict_word(run), &run.verdict) else { return Vec::new() };
    let rows = |key: &str| kept["thresholds"][key].as_array().into_iter().flatten();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let mut asked: Vec<(bool, String, String)> = Vec::new();
    for row in rows("thresholds") {
        let place = Some(text(row, "place")).filter(|place| !place.is_empty());
        let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
        asked.push((row["passed"] == true, text(row, "text"), text(row, "shown") + &place));
    }
    for row in rows("levels").filter(|row| row["allowance"].is_number()) {
        let found = row["degradation"].as_f64().map_or_else(
            || "no degradation known".into(),
            |share| format!("95th percentile {:+.0} % against {}", share * 100.0, text(row, "reference")),
        );
        let allowed = row["degradation"].as_f64().zip(row["allowance"].as_f64());
        let is_allowed = allowed.map_or(row["passed"] == true, |(found, allowed)| found <= allowed);
        asked.push((is_allowed, text(row, "title"), found));
    }
    asked.extend(rows("findings").map(|row| (row["passed"] == true, text(row, "name"), text(row, "said"))));
    asked.extend(comparison_row(&kept["comparison"]));
    let width = asked.iter().map(|(_, name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(passed, name, found): &(bool, String, String)| {
        format!("{}  {name:<width$}  {found}", if *passed { "pass" } else { "FAIL" })
    };
    let asked = asked.iter().map(line);
    [String::new()].into_iter().chain(asked).chain([format!("Verdict: {word}")]).collect()
}

/// How a run compares with its baseline, if it was held against one.
fn comparison_row(comparison: &Value) -> Option<(bool, String, String)> {
    let rows = comparison["rows"].as_array()?;
    let name = format!("no slower than {}", comparison["before"].as_str().unwrap_or("its baseline"));
    let worse = rows.iter().filter(|row| row["outcome"] == "worse").count();
    let is_judged = rows.iter().any(|row| row["outcome"] != "undecided");
    let found = if is_judged { format!("{worse} of {} worse", rows.len()) } else { "nothing judged".into() };
    Some((is_judged && worse == 0, name, found))
}

fn facts(run: &Run) -> Vec<String> {
    let about = &run.about;
    let revision = about.git.get("revision").and_then(Value::as_str).map(|revision| {
        let changed = about.git.get("is_changed").and_then(Value::as_bool).unwrap_or(false);
        format!("{revision}{}", if changed { ", with changes" } else { "" })
    });
    let state = run.state(now());
    let state = match state {
        katydid_store::State::Unfinished => {
            "unfinished: its process ended without a word, so its last stretch is missing".to_owned()
        }
        _ => format!("{}, {:.0} s", state.name(), run.seconds()),
    };
    let facts = [
        ("Run", Some(run.id.to_string())),
        ("State", Some(state)),
        ("Began", Some(utc(about.started_at))),
        ("Locustfile", Some(about.locustfile.clone())),
        ("Host", Some(about.host.clone())),
        ("Profile", Some(about.profile.clone())),
        ("Users", Some(run.users.to_string())),
        ("Revision", revision),
        ("Exit code", run.exit_code.map(|code| code.to_string())),
    ];
    let told =
        facts.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    told.map(|(name, value)| format!("{name}: {value}")).collect()
}

pub(super) fn baseline(options: &Baseline) -> Result<i32, Error> {
    match &options.step {
        Step::Set { name, run, place } => {
            let mut store = open(place.store.as_deref())?;
            let run = store.find(run)?;
            store.set_baseline(name, run.id)?;
            say_all([format!("baseline {name} is run {}", run.id)]);
        }
        Step::List { place } => {
            let baselines = open(place.store.as_deref())?.baselines()?;
            say_all(baselines.into_iter().map(|baseline| format!("{}  run {}", baseline.name, baseline.run)));
        }
        Step::Remove { name, place } => open(place.store.as_deref())?.remove_baseline(name)?,
    }
    Ok(EXIT_OK)
}
