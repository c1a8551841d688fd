//! What of a run does a comparison need? For each level and name the whole distribution, and batches of it.
//!
//! What a maintainer must not break: a run of an hour with hundreds of names is digested in a fraction of a second, so
//! cells are counted in tables by their place, one batch at a time.

use std::collections::BTreeMap;

use katydid_stats::histogram::{Cell, rank_of};
use katydid_stats::{EntryPart, Histogram, Names, Part};

use crate::overlay::{Buckets, buckets};
use crate::truth::LAG_LIMIT_MS;

/// Batches that a level is cut into, if its stretches are short enough.
const BATCHES: f64 = 30.0;

/// Timed requests that a batch needs at least and at most, where there are too few for all batches.
const FEWEST_IN_BATCH: u64 = 5;
const ENOUGH_IN_BATCH: u64 = 40;

/// A level counts from when all its users run, if that leaves this share of it.
const LEAST_STEADY: f64 = 0.5;

/// Cells of a table that are looked at together.
const BLOCK: usize = 64;

/// Method and name.
pub type Key = (Box<str>, Box<str>);

/// A load that was held for a while, or a whole run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// Counted from one.
    pub number: u64,
    /// The scenario that it belongs to; empty where the run has none.
    pub scenario: String,
    /// For a reader; empty for a whole run.
    pub label: String,
    /// Users that it aimed at.
    pub users: u64,
    /// Its beginning, in Unix seconds.
    pub from: f64,
    /// Its end.
    pub until: f64,
}

/// When a stretch began and ended, and how many users there were at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mark {
    /// In Unix seconds.
    pub from: f64,
    /// In Unix seconds.
    pub until: f64,
    /// Users.
    pub users: u64,
}

/// Durations counted by cell.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: Vec<u32>,
    count: u64,
}

impl Tally {
    fn add(&mut self, cells: &[(u32, u32)]) {
        let Some((highest, _)) = cells.last() else { return };
        if self.counts.len() <= *highest as usize {
            self.counts.resize(*highest as usize + 1, 0);
        }
        for (index, count) in cells {
            if let Some(counter) = self.counts.get_mut(*index as usize) {
                *counter = counter.saturating_add(*count);
            }
            self.count += u64::from(*count);
        }
    }

    fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (counter, more) in self.counts.iter_mut().zip(&other.counts) {
            *counter = counter.saturating_add(*more);
        }
        self.count += other.count;
    }

    fn clear(&mut self) {
        self.counts.fill(0);
        self.count = 0;
    }

    /// Durations counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn cells(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.map(|(index, count)| (index as u32, *count))
    }

    /// The duration at a quantile; `None` when nothing was counted.
    pub fn quantile_us(&self, quantile: f64) -> Option<u64> {
        let rank = rank_of(quantile, self.count)?;
        let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
        let mut passed = 0;
        // Whole blocks first: most cells of a table are empty.
        let mut blocks = self.counts.chunks(BLOCK).enumerate();
        let (block, counts) = blocks.find(|(_, counts)| {
            let here = sum(counts);
            let is_here = passed + here > rank;
            passed += if is_here { 0 } else { here };
            is_here
        })?;
        let place = counts.iter().position(|count| {
            passed += u64::from(*count);
            passed > rank
        })?;
        Some(Cell::at_index((block * BLOCK + place) as u32, 0).value_us())
    }

    /// As much as a picture needs.
    pub fn buckets(&self) -> Buckets {
        buckets(self.cells().map(|(index, count)| (Cell::at_index(index, 0).value_us(), count.into())))
    }

    /// As a histogram.
    pub fn histogram(&self) -> Histogram {
        Histogram::of_cells(self.cells(), self.quantile_us(1.0).unwrap_or(0))
    }
}

/// One name in one batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Median in microseconds.
    pub p50_us: Option<u64>,
    /// 95th percentile in microseconds.
    pub p95_us: Option<u64>,
    pub(super) timed: u64,
    /// Kept while the batch is so small that it may have to be joined with its neighbour.
    pub(super) cells: Vec<(u32, u32)>,
}

impl Batch {
    fn join(&mut self, next: &Self) {
        let mut tally = Tally::default();
        tally.add(&self.cells);
        tally.add(&next.cells);
        *self = Self {
            requests: self.requests + next.requests,
            failures: self.failures + next.failures,
            ..Self::of(&tally)
        };
    }

    fn of(tally: &Tally) -> Self {
        Self {
            p50_us: tally.quantile_us(0.5),
            p95_us: tally.quantile_us(0.95),
            timed: tally.count,
            cells: if tally.count < 2 * ENOUGH_IN_BATCH { tally.cells().collect() } else { Vec::new() },
            ..Self::default()
        }
    }
}

/// One name in one level.
#[derive(Clone, Debug, Default)]
pub struct NameDigest {
    /// Requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Sum of the response times.
    pub total_ms: f64,
    /// Distribution of the response times.
    pub times: Tally,
    /// The same in batches.
    pub batches: Vec<Batch>,
    open: Tally,
    open_counts: (u64, u64),
}

impl NameDigest {
    fn add(&mut self, part: &EntryPart) {
        self.requests += part.requests;
        self.failures += part.failures;
        self.total_ms += part.total_ms;
        self.open.add(&part.times.cells);
        self.open_counts.0 += part.requests;
        self.open_counts.1 += part.failures;
    }

    fn close_batch(&mut self) {
        if self.open_counts == (0, 0) {
            return;
        }
        let (requests, failures) = std::mem::take(&mut self.open_counts);
        self.batches.push(Batch { requests, failures, ..Batch::of(&self.open) });
        self.times.merge(&self.open);
        self.open.clear();
    }

    /// Joins neighbours until each has enough, if there is enough for that.
    fn finish(&mut self) {
        self.close_batch();
        let enough = (self.times.count / 10).clamp(FEWEST_IN_BATCH, ENOUGH_IN_BATCH);
        let mut joined: Vec<Batch> = Vec::new();
        for batch in std::mem::take(&mut self.batches) {
            match joined.last_mut().filter(|last| last.timed < enough) {
                Some(last) => last.join(&batch),
                None => joined.push(batch),
            }
        }
        if let [.., before, last] = joined.as_mut_slice()
            && last.timed < enough
            && before.timed < 2 * ENOUGH_IN_BATCH
        {
            let last = std::mem::take(last);
            before.join(&last);
            joined.pop();
        } else if joined.len() > 1 && joined.last().is_some_and(|last| last.timed < enough) {
            joined.pop();
        }
        self.batches = joined;
    }
}

/// One level.
#[derive(Clone, Debug, Default)]
pub struct LevelDigest {
    /// Which.
    pub span: Span,
    /// How much of it counts.
    pub seconds: f64,
    /// Its names.
    pub names: BTreeMap<Key, NameDigest>,
    counts_from: f64,
    batch_s: f64,
    batch_ends_at: f64,
}

impl LevelDigest {
    fn new(span: Span, marks: &[Mark]) -> Self {
        let inside: Vec<&Mark> = marks.iter().filter(|mark| holds(&span, mark.from, mark.until)).collect();
        // A level after a larger one goes down to its users; one that never had them all counts from when it had most.
        let most = inside.iter().map(|mark| mark.users).max().unwrap_or(0);
        let reaches = |users: u64| inside.iter().find(|mark| mark.users == users);
        let ramp_ends_at = reaches(span.users).or_else(|| reaches(most)).map_or(span.from, |mark| mark.until);
        let length = span.until - span.from;
        let is_steady = most > 0 && span.until - ramp_ends_at >= LEAST_STEADY * length;
        let counts_from = if is_steady { ramp_ends_at } else { span.from };
        let longest = inside.iter().map(|mark| mark.until - mark.from).fold(0.0, f64::max);
        let batch_s = ((span.until - counts_from) / BATCHES).max(longest);
        Self { span, counts_from, batch_s, batch_ends_at: counts_from + batch_s, ..Self::default() }
    }

    fn counts(&self, part: &Part) -> bool {
        holds(&self.span, part.from, part.until)
            && part.until > self.counts_from + 1e-6
            && 0.5 * (part.from + part.until) >= self.counts_from
    }

    fn add(&mut self, part: &Part, keys: &[Option<Key>]) {
        if part.is_reset {
            self.names.clear();
            self.seconds = 0.0;
        }
        // A little early rather than a whole stretch late: stretches never end exactly where a batch does.
        if part.from >= self.batch_ends_at - 0.25 * self.batch_s {
            self.names.values_mut().for_each(NameDigest::close_batch);
            self.batch_ends_at = part.from + self.batch_s;
        }
        self.seconds += part.until - part.from;
        for entry in &part.entries {
            let Some(key) = keys.get(entry.key as usize).and_then(Option::as_ref) else { continue };
            match self.names.get_mut(key) {
                Some(name) => name.add(entry),
                None => self.names.entry(key.clone()).or_default().add(entry),
            }
        }
    }
}

/// Does the greater part of a stretch lie in a level?
fn holds(span: &Span, from: f64, until: f64) -> bool {
    let middle = 0.5 * (from + until);
    middle >= span.from && middle < span.until
}

/// What a comparison needs of a run.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    /// In order; one for a run without levels.
    pub levels: Vec<LevelDigest>,
    lag: Vec<Histogram>,
}

impl Digest {
    /// Was the generator too busy for its load?
    pub fn is_generator_limited(&self) -> bool {
        self.lag.iter().any(|lag| lag.quantile_ms(0.99).is_some_and(|ms| ms > LAG_LIMIT_MS))
    }
}

/// Makes a digest, one stretch after the other.
#[derive(Debug)]
pub struct Digester {
    digest: Digest,
    keys: Vec<Option<Key>>,
}

impl Digester {
    /// For a run with these levels (or one for the whole) and stretches. `key_of` says under which key a method and name
    /// count, and `None` that they do not.
    pub fn new(
        spans: Vec<Span>,
        marks: &[Mark],
        names: &Names,
        key_of: impl Fn(&str, &str) -> Option<Key>,
    ) -> Self {
        let levels = spans.into_iter().map(|span| LevelDigest::new(span, marks)).collect();
        let digest = Digest { levels, lag: vec![Histogram::new(), Histogram::new()] };
        Self { digest, keys: names.iter().map(|(method, name)| key_of(method, name)).collect() }
    }

    /// Adds a stretch.
    pub fn add(&mut self, part: &Part) {
        for (lag, more) in self.digest.lag.iter_mut().zip([&part.lag, &part.start_lag]) {
            more.add_to(lag);
        }
        if let Some(level) = self.digest.levels.iter_mut().find(|level| level.counts(part)) {
            level.add(part, &self.keys);
        }
    }

    /// The digest of all stretches.
    pub fn finish(mut self) -> Digest {
        let names = self.digest.levels.iter_mut().flat_map(|level| level.names.values_mut());
        names.for_each(NameDigest::finish);
        self.digest
    }
}

/// Every name under its own method and name.
pub fn own_key(method: &str, name: &str) -> Option<Key> {
    Some((method.into(), name.into()))
}
