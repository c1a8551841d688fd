//! How does a page follow a run without asking again and again? One stream of server-sent events.
//!
//! Each stream remembers what it sent last and sends what is different. What a maintainer must not break: a slow reader
//! keeps nothing but its own stream waiting, and then gets the newest state, not every one in between.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use katydid_stats::EntrySummary;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::read;
use super::rendered::Rendered;
use crate::answer;
use crate::board::Document;
use crate::desk::Desk;
use crate::measured::Measured;

/// How often a comment shows that the connection lives.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// The shortest time between two looks at the board: several documents are published one after the other.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The longest, and how much longer than a look took: many readers of many names leave time for other requests.
const LOOK_AT_LAST: Duration = Duration::from_secs(1);
const REST: u32 = 20;

/// Rows of statistics in one event: what a page takes in between two frames, also when a thousand names changed.
const ROWS_AT_ONCE: usize = 100;

/// `GET /api/v1/events`
pub(crate) async fn events(State(desk): State<Desk>) -> Response {
    let Ok(seat) = Arc::clone(&desk.shared.streams).try_acquire_owned() else {
        return answer::error(StatusCode::SERVICE_UNAVAILABLE, "too many event streams are open");
    };
    desk.refresh(&["run", "stats", "config", "exceptions", "logs", "samples"]).await;
    let events = stream::unfold(Follower::new(desk, seat), |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)).into_response()
}

/// One reader's stream: what it has, and what waits to be sent.
struct Follower {
    desk: Desk,
    changes: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    is_new: bool,
    seen: HashMap<&'static str, Value>,
    shown: HashMap<&'static str, Document>,
    logs: Option<Document>,
    measured: Option<Arc<Measured>>,
    errors: Option<String>,
    seen_until: f64,
    seen_marks: (f64, usize),
    ready: VecDeque<Event>,
    rest: Duration,
    _seat: OwnedSemaphorePermit,
}

impl Follower {
    fn new(desk: Desk, seat: OwnedSemaphorePermit) -> Self {
        Self {
            changes: desk.board().changes(),
            closing: desk.shared.closing.subscribe(),
            is_new: true,
            seen: HashMap::new(),
            shown: HashMap::new(),
            logs: None,
            measured: None,
            errors: None,
            seen_until: f64::NEG_INFINITY,
            seen_marks: (f64::NEG_INFINITY, 0),
            ready: VecDeque::new(),
            rest: LOOK_EVERY,
            _seat: seat,
            desk,
        }
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if !std::mem::take(&mut self.is_new) {
                tokio::select! {
                    changed = self.changes.changed() => changed.ok()?,
                    _ = self.closing.changed() => return None,
                }
                tokio::time::sleep(self.rest).await;
                self.changes.mark_unchanged();
            }
            let begun = Instant::now();
            self.look();
            self.rest = begun.elapsed().saturating_mul(REST).clamp(LOOK_EVERY, LOOK_AT_LAST);
        }
    }

    /// Puts everything that is different into events.
    fn look(&mut self) {
        self.tell("run", read::run_document(&self.desk));
        self.tell("config", read::config_document(&self.desk));
        self.tell_history();
        let rendered = self.desk.shared.rendered.of(self.desk.board());
        self.tell_stats(&rendered);
        self.tell_errors(&rendered);
        self.tell("exceptions", read::published(&self.desk, "exceptions", json!({ "exceptions": [] })));
        for kind in ["verdict", "triage", "expectations"] {
            self.tell_published(kind);
        }
        self.tell_logs();
    }

    /// Sends a document as it was published; of what has not changed the board has the same one as before.
    fn tell_published(&mut self, kind: &'static str) {
        let Some(now) = self.desk.board().document(kind) else { return };
        if self.shown.get(kind).is_none_or(|before| !Arc::ptr_eq(before, &now)) {
            self.send(kind, &now);
            self.shown.insert(kind, now);
        }
    }

    fn tell(&mut self, kind: &'static str, document: Value) {
        if self.seen.get(kind) != Some(&document) {
            self.send(kind, &document);
            self.seen.insert(kind, document);
        }
    }

    fn send(&mut self, kind: &str, document: &Value) {
        self.send_text(kind, &document.to_string());
    }

    fn send_text(&mut self, kind: &str, json: &str) {
        self.ready.push_back(Event::default().event(kind).data(json));
    }

    fn tell_errors(&mut self, now: &Option<Arc<Rendered>>) {
        let errors = now.as_ref().map_or(r#"{"errors":[]}"#, |now| &now.errors);
        if self.errors.as_deref() != Some(errors) {
            let errors = errors.to_owned();
            self.send_text("errors", &errors);
            self.errors = Some(errors);
        }
    }

    fn tell_stats(&mut self, now: &Option<Arc<Rendered>>) {
        let Some(now) = now else { return };
        let before = self.measured.take();
        if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, &now.measured)) {
            self.measured = before;
            return;
        }
        let mut is_full = before.as_ref().is_none_or(|before| has_lost_entries(before, &now.measured));
        let rows: Vec<&str> = match before.as_deref().filter(|_| !is_full) {
            None => now.rows.iter().map(String::as_str).collect(),
            Some(before) => changed(before, &now.measured).map(|place| now.rows[place].as_str()).collect(),
        };
        let (at, total) = (json!(now.measured.snapshot.taken_at), &now.total);
        let mut rest = rows.as_slice();
        loop {
            let (part, others) = rest.split_at(rest.len().min(ROWS_AT_ONCE));
            let changed = part.join(",");
            self.send_text(
                "stats",
                &format!(r#"{{"at":{at},"changed":[{changed}],"full":{is_full},"total":{total}}}"#),
            );
            (rest, is_full) = (others, false);
            if rest.is_empty() {
                break;
            }
        }
        self.measured = Some(Arc::clone(&now.measured));
    }

    /// Points and marks since the last look; a new reader, who asks for the history on its own, gets the last point.
    fn tell_history(&mut self) {
        let (points, marks) = self.desk.board().history(self.seen_until.min(self.seen_marks.0 - 1.0));
        let is_first = self.seen_until == f64::NEG_INFINITY;
        let fresh = points.iter().filter(|point| point.at > self.seen_until);
        let skipped = if is_first { points.len().saturating_sub(1) } else { 0 };
        let fresh: Vec<Value> = fresh.skip(skipped).map(|point| json!(**point)).collect();
        fresh.iter().for_each(|point| self.send("point", point));
        if let Some(last) = points.last() {
            self.seen_until = self.seen_until.max(last.at);
        } else if is_first {
            self.seen_until = f64::MIN;
        }
        self.tell_marks(&marks.iter().map(|mark| (mark.at, json!(mark))).collect::<Vec<_>>());
    }

    /// Two marks can share a moment, so that a moment alone does not say which were sent.
    fn tell_marks(&mut self, marks: &[(f64, Value)]) {
        let (until, count) = self.seen_marks;
        let sent = marks.iter().filter(|(at, _)| *at == until).count().min(count);
        let mut again = sent;
        for (at, mark) in marks.iter().filter(|(at, _)| *at >= until) {
            if *at == until && again > 0 {
                again -= 1;
                continue;
            }
            self.send("mark", mark);
        }
        if let Some((last, _)) = marks.last() {
            self.seen_marks = (*last, marks.iter().filter(|(at, _)| at == last).count());
        }
    }

    fn tell_logs(&mut self) {
        let Some(now) = self.desk.board().document("logs") else { return };
        if self.logs.as_ref().is_some_and(|before| Arc::ptr_eq(before, &now)) {
            return;
        }
        let before = self.logs.take();
        let news = new_lines(before.as_deref().unwrap_or(&Value::Null), &now);
        if before.is_none() || news != json!({ "master": [], "workers": {} }) {
            self.send("logs", &news);
        }
        self.logs = Some(now);
    }
}

/// Names can only vanish when the statistics are cleared.
fn has_lost_entries(before: &Measured, now: &Measured) -> bool {
    let known = keys(now);
    before.snapshot.entries.iter().any(|entry| !known.contains_key(&(&*entry.method, &*entry.name)))
}

fn keys(measured: &Measured) -> HashMap<(&str, &str), &EntrySummary> {
    measured.snapshot.entries.iter().map(|entry| ((&*entry.method, &*entry.name), entry)).collect()
}

/// The places of entries that are new or have other numbers.
fn changed(before: &Measured, now: &Measured) -> impl Iterator<Item = usize> {
    let known = keys(before);
    let is_changed = move |entry: &EntrySummary| {
        known.get(&(&*entry.method, &*entry.name)).is_none_or(|known| *known != entry)
    };
    let entries = now.snapshot.entries.iter().enumerate();
    entries.filter(move |(_, entry)| is_changed(entry)).map(|(place, _)| place)
}

/// What was logged since, of the master and of each worker that logged anything.
fn new_lines(before: &Value, now: &Value) -> Value {
    let mut workers = serde_json::Map::new();
    for (worker, lines) in now["workers"].as_object().into_iter().flatten() {
        let news = after(&before["workers"][worker], lines);
        if !news.is_empty() {
            workers.insert(worker.clone(), json!(news));
        }
    }
    json!({ "master": after(&before["master"], &now["master"]), "workers": workers })
}

/// The lines that follow those known. Only the last ones are kept by whoever logs, so the known ones are looked for where
/// the most of them match.
fn after<'a>(known: &Value, lines: &'a Value) -> &'a [Value] {
    let known = known.as_array().map(Vec::as_slice).unwrap_or_default();
    let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
    let overlap = (1..=known.len().min(lines.len())).rev();
    let overlap = overlap.into_iter().find(|length| known[known.len() - length..] == lines[..*length]);
    &lines[overlap.unwrap_or_default()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_lines_that_are_new() {
        let table = [
            (json!([]), json!(["a"]), json!(["a"])),
            (json!(["a"]), json!(["a", "b"]), json!(["b"])),
            (json!(["a", "b"]), json!(["b", "c"]), json!(["c"])),
            (json!(["a", "a"]), json!(["a", "a"]), json!([])),
            (json!(["a", "b"]), json!(["x", "y"]), json!(["x", "y"])),
            (Value::Null, json!(["x"]), json!(["x"])),
        ];
        for (known, lines, expected) in table {
            assert_eq!(json!(after(&known, &lines)), expected, "{known} then {lines}");
        }
    }

    #[test]
    fn logs_name_only_workers_with_news() {
        let before = json!({ "master": ["a"], "workers": { "w1": ["x"], "w2": ["y"] } });
        let now = json!({ "master": ["a"], "workers": { "w1": ["x", "z"], "w2": ["y"] } });
        assert_eq!(new_lines(&before, &now), json!({ "master": [], "workers": { "w1": ["z"] } }));
    }
}
