//! What happened in one stretch of a run? Plain values that can be kept, and put together again.
//!
//! The users' thread pays for a copy of the entries that changed ([`Changes`]); whoever keeps parts computes the
//! difference on a thread of its own ([`Parts`]). What a maintainer must not break: parts that are put together give
//! the run's own numbers, save for what [`Part`] says is left out.

use std::collections::HashMap;

use crate::entry::PhaseSum;
use crate::histogram::Cell;
use crate::{Entry, ErrorStat, Histogram, Phase, RunStats};

/// Method and name of each entry of a run, by the key that parts use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    names: Vec<(Box<str>, Box<str>)>,
    keys: HashMap<(Box<str>, Box<str>), u32>,
}

impl Names {
    /// The key of a method and name, a new one if it has none.
    pub fn key(&mut self, method: &str, name: &str) -> u32 {
        let pair: (Box<str>, Box<str>) = (method.into(), name.into());
        if let Some(key) = self.keys.get(&pair) {
            return *key;
        }
        let key = self.names.len() as u32;
        self.names.push(pair.clone());
        self.keys.insert(pair, key);
        key
    }

    /// Method and name of a key.
    pub fn pair(&self, key: u32) -> Option<(&str, &str)> {
        self.names.get(key as usize).map(|(method, name)| (&**method, &**name))
    }

    /// All of them, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(|(method, name)| (&**method, &**name))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// A distribution as it is kept: places of cells (see [`Cell::index`]) and counts, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Place and count.
    pub cells: Vec<(u32, u32)>,
    /// The longest duration in microseconds.
    pub max_us: u64,
}

impl Counts {
    /// Those of a histogram.
    pub fn of(histogram: &Histogram) -> Self {
        let pair = |cell: Cell| (cell.index(), u32::try_from(cell.count).unwrap_or(u32::MAX));
        Self { cells: histogram.cells().map(pair).collect(), max_us: histogram.max_us() }
    }

    /// Adds them to a histogram.
    pub fn add_to(&self, histogram: &mut Histogram) {
        histogram.add_cells(self.cells.iter().copied(), self.max_us);
    }

    /// How many durations there are.
    pub fn count(&self) -> u64 {
        self.cells.iter().map(|(_, count)| u64::from(*count)).sum()
    }
}

/// What one entry recorded in a stretch of a run.
///
/// # Accuracy
/// That of [`Entry::since`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryPart {
    /// Whose it is: see [`Names`]. Without meaning for the total.
    pub key: u32,
    /// Requests, failed ones included.
    pub requests: u64,
    /// Requests without a response time among them.
    pub requests_without_time: u64,
    /// Failed requests.
    pub failures: u64,
    /// Sum of the response times in milliseconds.
    pub total_ms: f64,
    /// Shortest response time in milliseconds.
    pub min_ms: Option<f64>,
    /// Longest response time in milliseconds.
    pub max_ms: f64,
    /// Sum of the lengths of the answers.
    pub bytes: u64,
    /// Time of the newest request, in Unix seconds.
    pub last_request_at: Option<f64>,
    /// HTTP status codes and how often each was answered.
    pub statuses: Vec<(u16, u64)>,
    /// Time spent in each phase, in the order of [`Phase::ALL`].
    pub phases: [PhaseSum; Phase::ALL.len()],
    /// Distribution of the response times.
    pub times: Counts,
}

impl EntryPart {
    /// What an entry recorded.
    pub fn of(key: u32, entry: &Entry) -> Self {
        Self {
            key,
            requests: entry.requests,
            requests_without_time: entry.requests_without_time,
            failures: entry.failures,
            total_ms: entry.total_ms,
            min_ms: entry.min_ms,
            max_ms: entry.max_ms,
            bytes: entry.bytes,
            last_request_at: entry.last_request_at,
            statuses: entry.statuses.clone(),
            phases: Phase::ALL.map(|phase| entry.phase_sum(phase)),
            times: Counts::of(&entry.times),
        }
    }

    /// The same as an entry that began at `from`.
    pub fn entry(&self, method: &str, name: &str, from: f64) -> Entry {
        let mut entry = Entry::new(method, name, from, 1);
        self.add_to(&mut entry, from);
        entry
    }

    /// Adds it to an entry, as what came from `from` on.
    fn add_to(&self, sum: &mut Entry, from: f64) {
        let mut entry = Entry::new("", "", from, 1);
        entry.requests = self.requests;
        entry.requests_without_time = self.requests_without_time;
        entry.failures = self.failures;
        entry.total_ms = self.total_ms;
        entry.min_ms = self.min_ms;
        entry.max_ms = self.max_ms;
        entry.bytes = self.bytes;
        entry.last_request_at = self.last_request_at;
        entry.statuses = self.statuses.clone();
        for phase in Phase::ALL {
            entry.add_phase_sum(phase, self.phases[phase as usize]);
        }
        sum.merge(&entry);
        self.times.add_to(&mut sum.times); // not by way of a table of its own
    }
}

/// Everything that was recorded in a stretch of a run.
///
/// # Accuracy
/// Counts and sums are exact, distributions as exact as [`Histogram`]. What happened in which second of the stretch is
/// not kept. What was recorded between the last look and a reset is lost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Its beginning, in Unix seconds.
    pub from: f64,
    /// Its end.
    pub until: f64,
    /// Users that ran at its end.
    pub users: u64,
    /// Were the statistics reset in it? Then what came before it does not count.
    pub is_reset: bool,
    /// Entries in which something happened.
    pub entries: Vec<EntryPart>,
    /// All requests together.
    pub total: EntryPart,
    /// Failures; first and last seen are those of the run.
    pub errors: Vec<ErrorStat>,
    /// How late answers were read.
    pub lag: Counts,
    /// How late requests were started.
    pub start_lag: Counts,
    /// How long each phase took, in the order of [`Phase::ALL`].
    pub phases: [Counts; Phase::ALL.len()],
}

impl Part {
    /// Adds the part to statistics; `names` are those of its run.
    pub fn add_to(&self, stats: &mut RunStats, names: &Names) {
        for part in &self.entries {
            let Some((method, name)) = names.pair(part.key) else { continue };
            let id = stats.entry_at(method, name, self.from);
            if let Some(entry) = stats.entry_mut(id) {
                part.add_to(entry, self.from);
            }
        }
        self.total.add_to(stats.total_mut(), self.from);
        for error in &self.errors {
            let seen = (error.first_seen, error.last_seen);
            stats.errors_mut().add(&error.method, &error.name, &error.text, error.occurrences, seen);
        }
        self.lag.add_to(stats.lag_mut());
        self.start_lag.add_to(stats.start_lag_mut());
        for phase in Phase::ALL {
            self.phases[phase as usize].add_to(stats.phase_mut(phase));
        }
    }
}

/// The statistics of a whole run, of its parts: those since the last reset.
pub fn whole<'a>(parts: impl IntoIterator<Item = &'a Part>, names: &Names, started_at: f64) -> RunStats {
    let mut stats = RunStats::new(started_at);
    for part in parts {
        if part.is_reset {
            stats = RunStats::new(part.from);
        }
        part.add_to(&mut stats, names);
    }
    stats
}

/// Remembers of each entry how much it had recorded, so that only what changed is copied.
#[derive(Debug, Default)]
pub struct Changes {
    started_at: f64,
    seen: HashMap<(Box<str>, Box<str>), (u64, u64)>,
}

impl Changes {
    /// A copy of the statistics with those entries alone in which something happened since the last call.
    pub fn take(&mut self, stats: &RunStats) -> RunStats {
        if self.started_at != stats.total().started_at {
            *self = Self { started_at: stats.total().started_at, seen: HashMap::new() };
        }
        let seen = &mut self.seen;
        stats.copy_of(|entry| {
            let counts = (entry.requests, entry.failures);
            counts != (0, 0)
                && seen.insert((entry.method.clone(), entry.name.clone()), counts) != Some(counts)
        })
    }
}

/// Turns states of a run into parts.
#[derive(Debug)]
pub struct Parts {
    names: Names,
    earlier: RunStats,
    until: f64,
    is_begun: bool,
}

impl Parts {
    /// The parts of a run that began at `started_at`, in Unix seconds.
    pub fn new(started_at: f64) -> Self {
        Self {
            names: Names::default(),
            earlier: RunStats::new(started_at),
            until: started_at,
            is_begun: false,
        }
    }

    /// What happened between the last state and this one, of [`Changes::take`].
    pub fn next(&mut self, state: &RunStats, now: f64, users: u64) -> Part {
        let is_other = state.total().started_at != self.earlier.total().started_at;
        if is_other {
            self.earlier = RunStats::new(state.total().started_at);
        }
        let later = state.since(&self.earlier);
        self.earlier.merge(&later);
        let entries = later.entries().iter();
        let from = if is_other { self.until.max(state.total().started_at.min(now)) } else { self.until };
        let part = Part {
            from,
            // A clock that was set back makes a stretch short, and none that ends before it began.
            until: now.max(from),
            users,
            is_reset: is_other && self.is_begun,
            entries: entries
                .map(|entry| EntryPart::of(self.names.key(&entry.method, &entry.name), entry))
                .collect(),
            total: EntryPart::of(0, later.total()),
            errors: later.errors().as_slice().to_vec(),
            lag: Counts::of(later.lag()),
            start_lag: Counts::of(later.start_lag()),
            phases: Phase::ALL.map(|phase| Counts::of(later.phase(phase))),
        };
        (self.until, self.is_begun) = (part.until, true);
        part
    }

    /// The names that parts so far used.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The run as of the last state.
    pub fn stats(&self) -> &RunStats {
        &self.earlier
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Phases, Sample};

    fn record(stats: &mut RunStats, name: &str, at: f64, ms: f64) {
        let id = stats.entry_at("GET", name, at);
        let mut phases = Phases::default();
        phases.add(Phase::Waiting, (ms * 1e6) as u64);
        let sample =
            Sample { phases, lag_ns: Some(9_000), status: Some(200), ..Sample::new(at, Some(ms), 7) };
        stats.record(id, &sample);
    }

    #[test]
    fn only_entries_that_changed_are_copied() {
        let (mut stats, mut changes) = (RunStats::new(100.0), Changes::default());
        stats.keep_windows(10, true);
        record(&mut stats, "/a", 101.0, 1.0);
        record(&mut stats, "/b", 101.0, 1.0);
        assert_eq!(changes.take(&stats).entries().len(), 2);
        record(&mut stats, "/b", 102.0, 1.0);
        let copy = changes.take(&stats);
        assert_eq!(copy.entries().len(), 1);
        assert!(!copy.entries()[0].has_window() && !copy.total().has_window());
        assert!(changes.take(&stats).entries().is_empty());
        let id = stats.entry("GET", "/a");
        stats.record_failure(id, "no", 103.0);
        assert_eq!(changes.take(&stats).entries().len(), 1, "a failure alone is a change");
    }

    #[test]
    fn a_reset_begins_anew_and_the_part_says_so() {
        let (mut stats, mut changes) = (RunStats::new(100.0), Changes::default());
        let mut parts = Parts::new(100.0);
        record(&mut stats, "/a", 101.0, 5.0);
        let first = parts.next(&changes.take(&stats), 110.0, 1);
        stats.reset(111.0);
        record(&mut stats, "/a", 112.0, 9.0);
        let second = parts.next(&changes.take(&stats), 120.0, 1);
        assert_eq!((first.is_reset, second.is_reset), (false, true));
        let whole = whole([&first, &second], parts.names(), 100.0);
        assert_eq!((whole.total().requests, whole.total().max_ms), (1, 9.0));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_stretch_that_ends_before_it_begins() {
        let (mut stats, mut changes) = (RunStats::new(100.0), Changes::default());
        let mut parts = Parts::new(100.0);
        let mut span = |now| {
            record(&mut stats, "/a", now, 5.0);
            let part = parts.next(&changes.take(&stats), now, 1);
            (part.from, part.until)
        };
        assert_eq!([110.0, 50.0, 112.0].map(&mut span), [(100.0, 110.0), (110.0, 110.0), (110.0, 112.0)]);
    }

    #[test]
    fn cells_have_places_in_a_row() {
        for us in
            [0, 1, 2047, 2048, 2049, 4095, 4096, 1 << 20, (1 << 30) + 12_345, crate::histogram::LONGEST_US]
        {
            let cell = Cell::around(us, 3);
            assert_eq!(Cell::at_index(cell.index(), 3), cell, "{us}");
            assert_eq!(Cell::around(cell.high_us + 1, 0).index(), cell.index() + 1, "{us}");
        }
    }

    proptest! {
        #[test]
        fn parts_put_together_are_the_run(
            stretches in prop::collection::vec(
                prop::collection::vec((0_u8..4, 0_u32..100_000), 0..40), 1..6),
        ) {
            let (mut stats, mut changes) = (RunStats::new(100.0), Changes::default());
            let mut parts = Parts::new(100.0);
            let mut kept = Vec::new();
            let mut now = 100.0;
            for stretch in &stretches {
                for (name, tenths) in stretch {
                    now += 0.01;
                    record(&mut stats, &format!("/{name}"), now, f64::from(*tenths) / 10.0);
                    if tenths % 7 == 0 {
                        let id = stats.entry("GET", &format!("/{name}"));
                        stats.record_failure(id, "refused", now);
                    }
                }
                now += 10.0;
                kept.push(parts.next(&changes.take(&stats), now, 3));
            }
            let again = whole(&kept, parts.names(), 100.0);
            for (entry, other) in [(stats.total(), again.total())].into_iter().chain(stats.entries().iter().map(|entry| {
                let id = again.find(&entry.method, &entry.name).expect("each name is there");
                (entry, again.entry_of(id).expect("found"))
            })) {
                prop_assert_eq!(&entry.times, &other.times);
                prop_assert_eq!((entry.requests, entry.failures, entry.bytes), (other.requests, other.failures, other.bytes));
                prop_assert_eq!((entry.max_ms, &entry.statuses), (other.max_ms, &other.statuses));
                prop_assert!((entry.total_ms - other.total_ms).abs() < 1e-6 * (1.0 + entry.total_ms));
                prop_assert_eq!(entry.phase_sum(Phase::Waiting).count, other.phase_sum(Phase::Waiting).count);
            }
            prop_assert_eq!(stats.lag(), again.lag());
            let errors = |stats: &RunStats| stats.errors().as_slice().iter().map(|e| (e.name.clone(), e.occurrences)).collect::<Vec<_>>();
            let (mut ours, mut theirs) = (errors(&stats), errors(&again));
            ours.sort();
            theirs.sort();
            prop_assert_eq!(ours, theirs);
        }
    }
}
