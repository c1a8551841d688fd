//! Two stored runs, or two groups of names of one, held against each other.

use std::collections::BTreeMap;
use std::path::Path;

use katydid_plan::rule::KEPT;
use katydid_report::compare::digest::Key;
use katydid_report::compare::digester::own_key;
use katydid_report::compare::groups::key_in_group;
use katydid_report::compare::{Allowances, Comparison, Digest, Digester, Mark, Span, compare, text};
use katydid_report::verdict::Reference;
use katydid_stats::Histogram;
use katydid_store::{Error, Level, Run, RunId, Store};
use serde_json::json;

use super::archive::comparison_json;
use super::arguments::Compare;
use super::{EXIT_VERDICT, Page, open, put, say_all};
use crate::console::tell;
use crate::options::{EXIT_FAILURE, EXIT_OK};

/// The document that holds the digest of a run, so that a comparison need not read all its stretches.
const DIGEST: &str = "digest";

pub(super) fn command(options: &Compare, page: Page) -> Result<i32, Error> {
    let mut store = open(options.place.store.as_deref())?;
    let allowances = Allowances { by_level: options.allow.clone(), errors: options.allow_errors };
    let comparison = match (&options.run, &options.a, &options.b) {
        (_, Some(a), Some(b)) => compare_groups(&mut store, &options.baseline, (a, b), &allowances)?,
        (run, ..) => {
            compare_runs(&mut store, &options.baseline, run.as_deref().unwrap_or("last"), &allowances)?
        }
    };
    if options.json {
        let document = serde_json::to_string_pretty(&comparison).unwrap_or_default();
        put(format!("{document}\n").as_bytes(), None)?;
    } else {
        say_all(text::lines(&comparison));
    }
    let written = match &options.markdown {
        Some(path) => put(text::markdown(&comparison).as_bytes(), Some(path))?,
        None => EXIT_OK,
    };
    let shown = match &options.html {
        Some(path) => put_page(&comparison, path, page)?,
        None => EXIT_OK,
    };
    Ok(if comparison.has_passed() { written.max(shown) } else { EXIT_VERDICT })
}

fn put_page(comparison: &Comparison, path: &Path, page: Page) -> Result<i32, Error> {
    match page("report.html", &json!({ "comparison": comparison_json(comparison) })) {
        Some(text) => put(text.as_bytes(), Some(path)),
        None => {
            tell("katydid: error: --html: this build of katydid has no page");
            Ok(EXIT_FAILURE)
        }
    }
}

/// Holds a run against a baseline, both as a user names them.
///
/// # Errors
/// The store's.
pub fn compare_runs(
    store: &mut Store,
    baseline: &str,
    run: &str,
    allowances: &Allowances,
) -> Result<Comparison, Error> {
    let (before, after) = (store.find(baseline)?, store.find(run)?);
    let address = store.address().clone();
    // Reading takes the time: both sides at once.
    let digests = std::thread::scope(|scope| {
        let earlier = scope.spawn(|| digest(&mut Store::open(&address)?, &before));
        let later = digest(store, &after);
        let earlier = earlier.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok::<_, Error>((earlier?, later?))
    })?;
    let number = format!("run {}", before.id);
    let name = if baseline.parse::<u64>().is_ok() || baseline == "last" {
        number
    } else {
        format!("{baseline} ({number})")
    };
    let mut comparison = Comparison {
        before: name,
        after: format!("run {}", after.id),
        ..compare(&digests.0, &digests.1, allowances)
    };
    comparison.notes.extend(reclassified_notes(store, &before, &after)?);
    Ok(comparison)
}

/// What rules made of failures is no failure on either side, which a reader must know.
fn reclassified_notes(store: &mut Store, before: &Run, after: &Run) -> Result<Vec<String>, Error> {
    let mut counts: BTreeMap<(Box<str>, Box<str>), [u64; 2]> = BTreeMap::new();
    for (side, run) in [before, after].into_iter().enumerate() {
        for row in store.reclassified(run.id)?.into_iter().filter(|row| &*row.verdict != KEPT) {
            counts.entry((row.rule, row.verdict)).or_default()[side] += row.occurrences;
        }
    }
    let note = |((rule, verdict), [before, after]): (_, [u64; 2])| {
        format!("by the rule \"{rule}\" {after} requests were {verdict}, in the baseline {before}")
    };
    Ok(counts.into_iter().map(note).collect())
}

/// The levels of a run as those of a later one are held against; a run without levels is one.
///
/// # Errors
/// The store's.
pub fn references(store: &mut Store, baseline: &str) -> Result<Vec<Reference>, Error> {
    let run = store.find(baseline)?;
    let spans = spans(&run, &store.levels(run.id)?);
    let mut times = vec![Histogram::new(); spans.len()];
    store.parts(run.id, |part| {
        let middle = 0.5 * (part.from + part.until);
        let of = spans.iter().position(|span| middle >= span.from && middle < span.until);
        if let Some(level) = of {
            if part.is_reset {
                times[level] = Histogram::new();
            }
            part.total.times.add_to(&mut times[level]);
        }
    })?;
    let reference = |(span, times): (Span, Histogram)| Reference {
        scenario: span.scenario,
        users: span.users,
        p95_ms: times.quantile_ms(0.95),
    };
    Ok(spans.into_iter().zip(times).map(reference).collect())
}

/// Holds the names of one group against those of another inside a run.
///
/// # Errors
/// The store's.
pub fn compare_groups(
    store: &mut Store,
    run: &str,
    (a, b): (&str, &str),
    allowances: &Allowances,
) -> Result<Comparison, Error> {
    let run = store.find(run)?;
    let first = digest_anew(store, &run, |method, name| key_in_group(a, method, name))?;
    let second = digest_anew(store, &run, |method, name| key_in_group(b, method, name))?;
    let mut compared = compare(&first, &second, allowances);
    for (option, pattern, group) in [("--a", a, &first), ("--b", b, &second)] {
        if group.levels.iter().all(|level| level.names.is_empty()) {
            let note = format!(
                "{option} \"{pattern}\" matches no name of run {}: `katydid show {0}` lists them",
                run.id
            );
            compared.notes.push(note);
        }
    }
    Ok(Comparison { before: format!("\"{a}\""), after: format!("\"{b}\" in run {}", run.id), ..compared })
}

/// Keeps the digest of a run that is over, if none is kept.
///
/// # Errors
/// The store's.
pub fn keep_digest(store: &mut Store, run: RunId) -> Result<(), Error> {
    let run = store.run(run)?;
    digest(store, &run).map(drop)
}

fn digest(store: &mut Store, run: &Run) -> Result<Digest, Error> {
    // One that is damaged, or of other rules, is none.
    let kept = store.document(run.id, DIGEST).ok().flatten();
    if let Some(kept) = kept.and_then(|document| Digest::of_document(&document)) {
        return Ok(kept);
    }
    let digest = digest_anew(store, run, own_key)?;
    if run.is_finished {
        // Who may only read the store, or not write now, compares all the same.
        let _ = store.keep_if_free(run.id, DIGEST, &digest.document());
    }
    Ok(digest)
}

fn digest_anew(
    store: &mut Store,
    run: &Run,
    key_of: impl Fn(&str, &str) -> Option<Key>,
) -> Result<Digest, Error> {
    let spans = spans(run, &store.levels(run.id)?);
    let marks: Vec<Mark> =
        store.marks(run.id)?.into_iter().map(|(from, until, users)| Mark { from, until, users }).collect();
    let mut digester = Digester::new(spans, &marks, &store.names(run.id)?, key_of);
    store.parts(run.id, |part| digester.add(part))?;
    Ok(digester.finish())
}

fn spans(run: &Run, levels: &[Level]) -> Vec<Span> {
    let ended_at = run.ended_at.unwrap_or(run.seen_at);
    if levels.is_empty() {
        let (from, until) = (run.about.started_at, ended_at + 1.0);
        return vec![Span { number: 1, users: run.users, from, until, ..Span::default() }];
    }
    let span = |level: &Level| Span {
        number: level.number,
        scenario: level.scenario.clone(),
        label: level.label.clone(),
        users: level.users,
        from: level.from,
        until: level.until.unwrap_or(ended_at),
    };
    levels.iter().map(span).collect()
}
