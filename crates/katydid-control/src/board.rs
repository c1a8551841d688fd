//! What was published last? Documents by name, the numbers, and the history made of them.
//!
//! The users' thread writes, the server's threads read. What a maintainer must not break: a lock is held for as long as
//! it takes to exchange a pointer or to append a point, never while something is rendered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use katydid_stats::RunStats;
use serde_json::Value;
use tokio::sync::watch;

use crate::history::{History, Mark, Point};
use crate::measured::{EntryKey, Measured, QUANTILES};

/// Histograms of single entries that are published as well, because somebody asked for them lately.
const MAX_WANTED: usize = 16;

/// How much longer than publishing took the users' thread is to rest from it: it spends a twentieth of its time on those
/// who look, however many there are.
const REST: u32 = 20;

/// How much rest it may be owed and still be asked: those who look now and then see everything as of now.
const OWED: Duration = Duration::from_secs(1);

/// What it is owed at most. Everything is published about once a second without being asked for.
const LONGEST_REST: Duration = Duration::from_secs(2);

/// Percentiles that Locust's own routes show, until the `config` document says otherwise.
const LOCUST_REPORT: [f64; 11] = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0];
const LOCUST_STATISTICS: [f64; 2] = [0.95, 0.99];
const LOCUST_CHART: [f64; 2] = [0.5, 0.95];

/// A document that was published.
pub type Document = Arc<Value>;

/// Which percentiles Locust's tables, its page and its charts show.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentiles {
    /// Columns of the CSV of requests.
    pub report: Vec<f64>,
    /// Keys of an entry of `/stats/requests`.
    pub statistics: Vec<f64>,
    /// Keys of its current percentiles.
    pub chart: Vec<f64>,
}

impl Default for Percentiles {
    fn default() -> Self {
        Self {
            report: LOCUST_REPORT.into(),
            statistics: LOCUST_STATISTICS.into(),
            chart: LOCUST_CHART.into(),
        }
    }
}

impl Percentiles {
    fn of(config: &Value) -> Self {
        let list = |key: &str| -> Option<Vec<f64>> {
            config.get(key)?.as_array()?.iter().map(Value::as_f64).collect()
        };
        let standard = Self::default();
        Self {
            report: list("percentiles_to_report").unwrap_or(standard.report),
            statistics: list("percentiles_to_statistics").unwrap_or(standard.statistics),
            chart: list("percentiles_to_chart").unwrap_or(standard.chart),
        }
    }

    /// Each once, ours too.
    fn all(&self) -> Vec<f64> {
        let mut all: Vec<f64> = QUANTILES.to_vec();
        all.extend(self.report.iter().chain(&self.statistics).chain(&self.chart));
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }
}

/// The board.
#[derive(Debug)]
pub struct Board {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    documents: BTreeMap<String, Document>,
    measured: Option<Arc<Measured>>,
    history: History,
    percentiles: Percentiles,
    wanted: Vec<EntryKey>,
    wants_distributions: bool,
    rested_at: Option<Instant>,
}

impl Default for Board {
    fn default() -> Self {
        Self { state: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Board {
    /// What is on the board stays readable after a panic elsewhere: each change is one assignment.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    /// Puts a document up in place of the one of the same name.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn publish(&self, name: &str, json: &[u8]) -> serde_json::Result<()> {
        let document: Value = serde_json::from_slice(json)?;
        let mut state = self.lock();
        if state.documents.get(name).is_some_and(|known| **known == document) {
            return Ok(());
        }
        if name == "config" {
            state.percentiles = Percentiles::of(&document);
        }
        state.documents.insert(name.to_owned(), Arc::new(document));
        drop(state);
        self.tell();
        Ok(())
    }

    /// Takes the numbers of a run at `now`; called on the users' thread.
    pub fn publish_stats(&self, stats: &RunStats, now: f64) {
        let (quantiles, wanted, wants_distributions) = {
            let state = self.lock();
            (state.percentiles.all(), state.wanted.clone(), state.wants_distributions)
        };
        let measured = Measured::of(stats, now, &quantiles, &wanted);
        let measured =
            Arc::new(if wants_distributions { measured.with_distributions(stats) } else { measured });
        let mut state = self.lock();
        if state.is_run_under_way() {
            let users = state.user_count();
            state.history.observe(&measured, users);
        } else {
            state.history.rest();
        }
        state.measured = Some(measured);
        drop(state);
        self.tell();
    }

    /// Has the users' thread left alone, after it spent so long on publishing.
    pub fn rest(&self, spent: Duration) {
        let now = Instant::now();
        let mut state = self.lock();
        let begin = state.rested_at.map_or(now, |at| at.max(now));
        state.rested_at = Some((begin + spent.min(LONGEST_REST) * REST).min(now + LONGEST_REST));
    }

    /// Adds a mark at `at`, in Unix seconds.
    pub fn mark(&self, at: f64, kind: &str, text: &str) {
        self.lock().history.mark(Mark { at, kind: kind.to_owned(), text: text.to_owned() });
        self.tell();
    }

    /// A document.
    pub fn document(&self, name: &str) -> Option<Document> {
        self.lock().documents.get(name).cloned()
    }

    /// The numbers.
    pub fn measured(&self) -> Option<Arc<Measured>> {
        self.lock().measured.clone()
    }

    /// Points and marks after a moment in Unix seconds.
    pub fn history(&self, since: f64) -> (Vec<Arc<Point>>, Vec<Mark>) {
        let state = self.lock();
        (state.history.points_since(since).to_vec(), state.history.marks_since(since).to_vec())
    }

    /// The percentiles of Locust's routes.
    pub fn percentiles(&self) -> Percentiles {
        self.lock().percentiles.clone()
    }

    /// Has the histogram of an entry published from now on.
    pub fn want(&self, key: &EntryKey) {
        let mut state = self.lock();
        if state.wanted.contains(key) {
            return;
        }
        if state.wanted.len() >= MAX_WANTED {
            state.wanted.remove(0);
        }
        state.wanted.push(key.clone());
    }

    /// Has the distributions of all entries published from now on.
    pub fn want_distributions(&self) {
        self.lock().wants_distributions = true;
    }

    /// May the users' thread be asked for numbers again? Publishing thousands of entries takes its time, of which the
    /// users' thread gives at most a small part.
    pub fn has_rested(&self) -> bool {
        self.lock().rested_at.is_none_or(|at| at <= Instant::now() + OWED)
    }

    /// Tells of every change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

impl State {
    fn run(&self, key: &str) -> Option<&Value> {
        self.documents.get("run")?.get(key)
    }

    fn user_count(&self) -> Option<u64> {
        self.run("user_count")?.as_u64()
    }

    fn is_run_under_way(&self) -> bool {
        !matches!(self.run("state").and_then(Value::as_str), None | Some("ready" | "stopped" | "missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_often_takes_a_small_part_of_the_users_time() {
        let board = Board::default();
        let (mut spent, each) = (Duration::ZERO, Duration::from_millis(5));
        while board.has_rested() {
            board.rest(each);
            spent += each;
        }
        // The time that this took is owed no more, and it is not a second.
        assert!((50..110).contains(&spent.as_millis()), "{spent:?}");
        board.rest(Duration::MAX);
        assert!(!board.has_rested());
    }
}
