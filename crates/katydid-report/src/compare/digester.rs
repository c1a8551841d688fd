//! How is a digest made? Stretch by stretch: a level is cut into batches, and neighbours with too few requests are joined.
//!
//! What a maintainer must not break: a run of an hour with hundreds of names is digested within seconds, so cells are
//! counted in tables by their place, one batch at a time.

use std::collections::BTreeMap;

use katydid_stats::histogram::{Cell, rank_of};
use katydid_stats::{EntryPart, Histogram, Names, Part};

use super::digest::{Batch, Digest, Key, LevelDigest, NameDigest, Span};
use crate::overlay::{Buckets, buckets};
use crate::truth::LAG_LIMIT_MS;

/// Batches that a level is cut into, if its stretches are short enough.
const BATCHES: f64 = 30.0;

/// Timed requests that a batch needs at least and at most, where there are too few for all batches.
const FEWEST_IN_BATCH: u64 = 5;
const ENOUGH_IN_BATCH: u64 = 40;

/// Cells of a table that are looked at together.
const BLOCK: usize = 64;

/// A level counts from when all its users run, if that leaves this share of it.
const LEAST_STEADY: f64 = 0.5;

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
#[derive(Debug, Default)]
struct Tally {
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

    fn cells(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.map(|(index, count)| (index as u32, *count))
    }

    /// The duration at a quantile; `None` when nothing was counted.
    fn quantile_us(&self, quantile: f64) -> Option<u64> {
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
    fn buckets(&self) -> Buckets {
        buckets(self.cells().map(|(index, count)| (Cell::at_index(index, 0).value_us(), count.into())))
    }
}

/// A batch that is over.
#[derive(Debug, Default)]
struct Closed {
    batch: Batch,
    timed: u64,
    /// Kept where the batch may have to be joined with its neighbour: it is small, or the one before it is.
    cells: Vec<(u32, u32)>,
}

impl Closed {
    fn of((requests, failures): (u64, u64), times: &Tally, is_after_small: bool) -> Self {
        let [p50_us, p95_us] = [0.5, 0.95].map(|quantile| times.quantile_us(quantile));
        let may_be_joined = is_after_small || times.count < 2 * ENOUGH_IN_BATCH;
        Self {
            batch: Batch { requests, failures, p50_us, p95_us },
            timed: times.count,
            cells: if may_be_joined { times.cells().collect() } else { Vec::new() },
        }
    }

    fn join(&mut self, next: &Self) {
        let mut times = Tally::default();
        times.add(&self.cells);
        times.add(&next.cells);
        let [before, after] = [&self.batch, &next.batch];
        let counts = (before.requests + after.requests, before.failures + after.failures);
        *self = Self::of(counts, &times, false);
    }
}

/// One name of one level, so far.
#[derive(Debug, Default)]
struct Name {
    digest: NameDigest,
    closed: Vec<Closed>,
    /// Requests and failures of the batch that goes on, and its response times.
    counts: (u64, u64),
    times: Tally,
    /// Response times of all batches that are over.
    all: Tally,
}

impl Name {
    fn add(&mut self, part: &EntryPart) {
        self.digest.requests += part.requests;
        self.digest.failures += part.failures;
        self.digest.total_ms += part.total_ms;
        self.times.add(&part.times.cells);
        self.counts.0 += part.requests;
        self.counts.1 += part.failures;
    }

    fn close_batch(&mut self) {
        if self.counts == (0, 0) {
            return;
        }
        let is_after_small = self.closed.last().is_some_and(|last| last.timed < ENOUGH_IN_BATCH);
        self.closed.push(Closed::of(std::mem::take(&mut self.counts), &self.times, is_after_small));
        self.all.merge(&self.times);
        self.times.clear();
    }

    /// Joins neighbours until each has enough, if there is enough for that.
    fn finish(mut self) -> NameDigest {
        self.close_batch();
        let enough = (self.all.count / 10).clamp(FEWEST_IN_BATCH, ENOUGH_IN_BATCH);
        let mut joined: Vec<Closed> = Vec::new();
        for batch in self.closed {
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
        let [p50_us, p95_us, p99_us] = [0.5, 0.95, 0.99].map(|quantile| self.all.quantile_us(quantile));
        let batches = joined.into_iter().map(|closed| closed.batch).collect();
        let (timed, times) = (self.all.count, self.all.buckets());
        NameDigest { timed, p50_us, p95_us, p99_us, times, batches, ..self.digest }
    }
}

/// One level, so far.
#[derive(Debug)]
struct Level {
    span: Span,
    seconds: f64,
    names: BTreeMap<Key, Name>,
    counts_from: f64,
    batch_s: f64,
    batch_ends_at: f64,
}

impl Level {
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
        Self {
            span,
            seconds: 0.0,
            names: BTreeMap::new(),
            counts_from,
            batch_s,
            batch_ends_at: counts_from + batch_s,
        }
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
            self.names.values_mut().for_each(Name::close_batch);
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

    fn finish(self) -> LevelDigest {
        let names = self.names.into_iter().map(|(key, name)| (key, name.finish())).collect();
        LevelDigest { span: self.span, seconds: self.seconds, names }
    }
}

/// Does the greater part of a stretch lie in a level?
fn holds(span: &Span, from: f64, until: f64) -> bool {
    let middle = 0.5 * (from + until);
    middle >= span.from && middle < span.until
}

/// Makes a digest, one stretch after the other.
#[derive(Debug)]
pub struct Digester {
    levels: Vec<Level>,
    lag: [Histogram; 2],
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
        Self {
            levels: spans.into_iter().map(|span| Level::new(span, marks)).collect(),
            lag: Default::default(),
            keys: names.iter().map(|(method, name)| key_of(method, name)).collect(),
        }
    }

    /// Adds a stretch.
    pub fn add(&mut self, part: &Part) {
        for (lag, more) in self.lag.iter_mut().zip([&part.lag, &part.start_lag]) {
            more.add_to(lag);
        }
        if let Some(level) = self.levels.iter_mut().find(|level| level.counts(part)) {
            level.add(part, &self.keys);
        }
    }

    /// The digest of all stretches.
    pub fn finish(self) -> Digest {
        let is_above = |lag: &Histogram| lag.quantile_ms(0.99).is_some_and(|ms| ms > LAG_LIMIT_MS);
        Digest {
            levels: self.levels.into_iter().map(Level::finish).collect(),
            is_generator_limited: self.lag.iter().any(is_above),
        }
    }
}

/// Every name under its own method and name.
pub fn own_key(method: &str, name: &str) -> Option<Key> {
    Some((method.into(), name.into()))
}
