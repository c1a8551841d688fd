//! What did the run measure so far?
//!
//! [`RunStats::record`] is the hot path: two histograms, two counters by second, some sums, the lag and the phases. What
//! a maintainer must not break: no allocation on it, no hash of anything but the name.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::snapshot::{Snapshot, SnapshotRequest};
use crate::{Entry, ErrorId, ErrorTable, Histogram, Phase, ReclassifiedTable, Sample, reclassified};

/// Distinct pairs of method and name that are told apart; all others share one entry.
pub const MAX_ENTRIES: usize = 10_000;

/// Seconds that an entry remembers one by one.
pub const SECONDS_PER_ENTRY: usize = 3600;

/// Seconds that the total remembers one by one.
pub const SECONDS_OF_TOTAL: usize = 86_400;

/// Name of the entry that takes what is beyond [`MAX_ENTRIES`].
pub const OTHER_NAME: &str = "(other names: more than 10000 were seen)";

/// The place of an entry in its run; valid until [`RunStats::clear`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntryId(u32);

impl EntryId {
    /// The index into [`RunStats::entries`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Everything that one process, or a merge of several, has measured.
///
/// # Accuracy
/// Exact counts; distributions as exact as [`Histogram`]. After [`MAX_ENTRIES`] distinct names further ones are
/// recorded under [`OTHER_NAME`]. Second by second the last hour of an entry and the last day of the total are known.
#[derive(Clone, Debug)]
pub struct RunStats {
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    entries: Vec<Entry>,
    other: Option<EntryId>,
    total: Entry,
    errors: ErrorTable,
    reclassified: ReclassifiedTable,
    lag: Histogram,
    start_lag: Histogram,
    phases: [Histogram; Phase::ALL.len()],
    now: f64,
    entry_window: Option<usize>,
}

impl RunStats {
    /// Nothing yet, since `started_at` in Unix seconds.
    pub fn new(started_at: f64) -> Self {
        Self {
            places: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            entries: Vec::new(),
            other: None,
            total: Entry::new("", "Aggregated", started_at, SECONDS_OF_TOTAL),
            errors: ErrorTable::default(),
            reclassified: ReclassifiedTable::default(),
            lag: Histogram::new(),
            start_lag: Histogram::new(),
            phases: Default::default(),
            now: started_at,
            entry_window: None,
        }
    }

    /// Keeps a window of the last seconds for the total, and for every entry if asked (which costs memory for each).
    pub fn keep_windows(&mut self, seconds: usize, also_entries: bool) {
        self.total.keep_window(seconds);
        self.entry_window = also_entries.then_some(seconds);
        if also_entries {
            self.entries.iter_mut().for_each(|entry| entry.keep_window(seconds));
        }
    }

    /// The entry of a method and name, made if there is none. A new entry begins at the time of the newest sample.
    pub fn entry(&mut self, method: &str, name: &str) -> EntryId {
        self.find(method, name).unwrap_or_else(|| self.insert(method, name, self.now))
    }

    /// Like [`Self::entry`], for a caller that knows the time at which a new entry begins.
    pub fn entry_at(&mut self, method: &str, name: &str, now: f64) -> EntryId {
        self.find(method, name).unwrap_or_else(|| self.insert(method, name, now))
    }

    /// The entry of a method and name if there is one.
    pub fn find(&self, method: &str, name: &str) -> Option<EntryId> {
        let is_it = |place: &u32| {
            let entry = &self.entries[*place as usize];
            &*entry.name == name && &*entry.method == method
        };
        self.places.find(self.hasher.hash_one((method, name)), is_it).map(|place| EntryId(*place))
    }

    fn insert(&mut self, method: &str, name: &str, now: f64) -> EntryId {
        if self.entries.len() < MAX_ENTRIES {
            return self.append(method, name, now);
        }
        match self.other {
            Some(other) => other,
            None => {
                let other = self.append("", OTHER_NAME, now);
                self.other = Some(other);
                other
            }
        }
    }

    fn append(&mut self, method: &str, name: &str, now: f64) -> EntryId {
        let place = self.entries.len() as u32;
        let mut entry = Entry::new(method, name, now, SECONDS_PER_ENTRY);
        if let Some(seconds) = self.entry_window {
            entry.keep_window(seconds);
        }
        self.entries.push(entry);
        let (hasher, entries) = (&self.hasher, &self.entries);
        let hash_of = |place: &u32| {
            let entry = &entries[*place as usize];
            hasher.hash_one((&*entry.method, &*entry.name))
        };
        self.places.insert_unique(hash_of(&place), place, hash_of);
        EntryId(place)
    }

    /// Records one sample.
    pub fn record(&mut self, id: EntryId, sample: &Sample) {
        self.now = self.now.max(sample.at);
        self.total.record(sample);
        if let Some(entry) = self.entries.get_mut(id.index()) {
            entry.record(sample);
        }
        self.record_course(sample);
    }

    /// Records when things happened in a sample, and nothing else of it: for an exchange that is counted on its own.
    pub fn record_marks(&mut self, id: EntryId, sample: &Sample) {
        self.total.add_phases(&sample.phases);
        if let Some(entry) = self.entries.get_mut(id.index()) {
            entry.add_phases(&sample.phases);
        }
        self.record_course(sample);
    }

    /// Lag and phases of the run as a whole.
    fn record_course(&mut self, sample: &Sample) {
        if let Some(ns) = sample.lag_ns {
            self.lag.record_ns(ns);
        }
        if let Some(ns) = sample.start_lag_ns {
            self.start_lag.record_ns(ns);
        }
        for phase in Phase::ALL {
            if let Some(ns) = sample.phases.ns(phase) {
                self.phases[phase as usize].record_ns(ns);
            }
        }
    }

    /// Records how late something was started that is no sample of its own, such as a task after its wait.
    pub fn record_start_lag(&mut self, ns: u64) {
        self.start_lag.record_ns(ns);
    }

    /// Records that a request failed at a time in Unix seconds; its sample is recorded on its own.
    pub fn record_failure(&mut self, id: EntryId, text: &str, at: f64) -> Option<ErrorId> {
        self.now = self.now.max(at);
        self.total.record_failure(at);
        let entry = self.entries.get_mut(id.index())?;
        entry.record_failure(at);
        Some(self.errors.record(&entry.method, &entry.name, text, at))
    }

    /// Records that a rule judged a request otherwise than it was, at a time in Unix seconds; sample and failure are
    /// recorded on their own, as judged.
    pub fn record_reclassified(&mut self, kind: reclassified::Kind<'_>, at: f64) {
        self.reclassified.record(kind, at);
    }

    /// Adds everything that another run recorded.
    pub fn merge(&mut self, other: &Self) {
        for entry in &other.entries {
            let id = self.entry_at(&entry.method, &entry.name, entry.started_at);
            self.entries[id.index()].merge(entry);
        }
        self.total.merge(&other.total);
        self.errors.merge(&other.errors);
        self.reclassified.merge(&other.reclassified);
        self.lag.merge(&other.lag);
        self.start_lag.merge(&other.start_lag);
        for (mine, theirs) in self.phases.iter_mut().zip(&other.phases) {
            mine.merge(theirs);
        }
        self.now = self.now.max(other.now);
    }

    /// What was recorded since these statistics were as `earlier`, a copy of them that is as old as the last request in
    /// it: entries and failures in which something happened, and no windows.
    ///
    /// After a reset in between it is everything since the reset; `merge` puts the parts of a run together again.
    ///
    /// # Accuracy
    /// See [`Entry::since`] and [`ErrorTable::since`].
    pub fn since(&self, earlier: &Self) -> Self {
        let fresh = Self::new(self.total.started_at);
        let is_same_run = self.total.started_at == earlier.total.started_at;
        let earlier = if is_same_run { earlier } else { &fresh };
        let mut later = Self::new(earlier.now);
        for entry in &self.entries {
            let known = earlier.find(&entry.method, &entry.name).and_then(|id| earlier.entry_of(id));
            let part = match known {
                Some(known) => entry.since(known, earlier.now),
                None => entry.since(&Entry::new("", "", 0.0, 1), entry.started_at),
            };
            if part.requests + part.failures > 0 {
                let id = later.entry_at(&part.method, &part.name, part.started_at);
                later.entries[id.index()] = part;
            }
        }
        later.total = self.total.since(&earlier.total, earlier.now);
        later.errors = self.errors.since(&earlier.errors);
        later.reclassified = self.reclassified.since(&earlier.reclassified);
        later.lag = self.lag.since(&earlier.lag);
        later.start_lag = self.start_lag.since(&earlier.start_lag);
        for (index, phase) in later.phases.iter_mut().enumerate() {
            *phase = self.phases[index].since(&earlier.phases[index]);
        }
        later.now = self.now;
        later
    }

    /// Takes out everything that was recorded, and begins again at `now` without entries. All [`EntryId`]s become
    /// invalid.
    pub fn take(&mut self, now: f64) -> Self {
        let mut fresh = Self::new(now);
        if let Some(window) = self.total.window() {
            fresh.keep_windows(window.length(), self.entry_window.is_some());
        }
        std::mem::replace(self, fresh)
    }

    /// A copy without windows and with those entries alone for which `is_wanted` says yes.
    pub fn copy_of(&self, mut is_wanted: impl FnMut(&Entry) -> bool) -> Self {
        let mut copy = Self::new(self.total.started_at);
        for entry in self.entries.iter().filter(|entry| is_wanted(entry)) {
            let id = copy.append(&entry.method, &entry.name, entry.started_at);
            copy.entries[id.index()] = entry.without_window();
        }
        copy.total = self.total.without_window();
        copy.errors = self.errors.clone();
        copy.reclassified = self.reclassified.clone();
        (copy.lag, copy.start_lag) = (self.lag.clone(), self.start_lag.clone());
        copy.phases = self.phases.clone();
        copy.now = self.now;
        copy
    }

    /// Empties every entry and keeps the names; begins again at `now`.
    pub fn reset(&mut self, now: f64) {
        self.entries.iter_mut().for_each(|entry| entry.reset(now));
        self.forget_run(now);
    }

    /// Forgets every entry; begins again at `now`. All [`EntryId`]s become invalid.
    pub fn clear(&mut self, now: f64) {
        self.places.clear();
        self.entries.clear();
        self.other = None;
        self.forget_run(now);
    }

    fn forget_run(&mut self, now: f64) {
        self.total.reset(now);
        self.errors.clear();
        self.reclassified.clear();
        self.lag.clear();
        self.start_lag.clear();
        self.phases.iter_mut().for_each(Histogram::clear);
        self.now = now;
    }

    /// The entries in the order in which they were made.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// One entry; `None` when the run was cleared since.
    pub fn entry_mut(&mut self, id: EntryId) -> Option<&mut Entry> {
        self.entries.get_mut(id.index())
    }

    /// Forgets one entry; what it added to the total stays. All [`EntryId`]s become invalid.
    pub fn remove(&mut self, id: EntryId) {
        if id.index() >= self.entries.len() {
            return;
        }
        let kept = std::mem::take(&mut self.entries).into_iter().enumerate();
        let kept: Vec<Entry> =
            kept.filter(|(index, _)| *index != id.index()).map(|(_, entry)| entry).collect();
        self.places.clear();
        self.other = None;
        for entry in kept {
            let place = self.append(&entry.method, &entry.name, entry.started_at);
            self.other = self.other.or((&*entry.name == OTHER_NAME).then_some(place));
            self.entries[place.index()] = entry;
        }
    }

    /// One entry.
    pub fn entry_of(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(id.index())
    }

    /// Everything together.
    pub fn total(&self) -> &Entry {
        &self.total
    }

    /// Everything together, for assignment.
    pub fn total_mut(&mut self) -> &mut Entry {
        &mut self.total
    }

    /// The failures.
    pub fn errors(&self) -> &ErrorTable {
        &self.errors
    }

    /// The failures, for assignment.
    pub fn errors_mut(&mut self) -> &mut ErrorTable {
        &mut self.errors
    }

    /// The requests that rules judged otherwise than they were.
    pub fn reclassified(&self) -> &ReclassifiedTable {
        &self.reclassified
    }

    /// The same, for additions.
    pub fn reclassified_mut(&mut self) -> &mut ReclassifiedTable {
        &mut self.reclassified
    }

    /// How late answers were read, for assignment.
    pub fn lag_mut(&mut self) -> &mut Histogram {
        &mut self.lag
    }

    /// How late requests were started, for assignment.
    pub fn start_lag_mut(&mut self) -> &mut Histogram {
        &mut self.start_lag
    }

    /// How long a phase took, for assignment.
    pub fn phase_mut(&mut self, phase: Phase) -> &mut Histogram {
        &mut self.phases[phase as usize]
    }

    /// How late answers were read.
    pub fn lag(&self) -> &Histogram {
        &self.lag
    }

    /// How late requests were started.
    pub fn start_lag(&self) -> &Histogram {
        &self.start_lag
    }

    /// How long a phase took, over all requests that had it.
    pub fn phase(&self, phase: Phase) -> &Histogram {
        &self.phases[phase as usize]
    }

    /// The numbers that a report needs.
    pub fn snapshot(&self, request: &SnapshotRequest<'_>) -> Snapshot {
        Snapshot::of(self, request)
    }

    /// The same without entries and failures, for who asks every second.
    pub fn snapshot_of_total(&self, request: &SnapshotRequest<'_>) -> Snapshot {
        Snapshot::of_total(self, request)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Phases;

    fn sample(at: f64, ms: f64) -> Sample {
        let mut phases = Phases::default();
        phases.add(Phase::Waiting, 3_000_000);
        Sample { phases, lag_ns: Some(20_000), ..Sample::new(at, Some(ms), 100) }
    }

    #[test]
    fn a_name_is_interned_once() {
        let mut stats = RunStats::new(0.0);
        let get = stats.entry("GET", "/");
        assert_eq!(stats.entry("GET", "/"), get);
        assert_ne!(stats.entry("POST", "/"), get);
        assert_ne!(stats.entry("GE", "T/"), get);
        assert_eq!(stats.entries().len(), 3);
    }

    #[test]
    fn a_sample_reaches_every_place() {
        let mut stats = RunStats::new(10.0);
        let id = stats.entry("GET", "/");
        stats.record(id, &sample(11.0, 5.0));
        assert_eq!((stats.total().requests, stats.entries()[0].requests), (1, 1));
        assert_eq!(stats.lag().quantile_ms(0.5), Some(0.02));
        assert_eq!(stats.phase(Phase::Waiting).quantile_ms(0.5), Some(3.0));
        assert_eq!(stats.entries()[0].phase_sum(Phase::Waiting).ns, 3_000_000);
        assert!(stats.start_lag().is_empty() && stats.phase(Phase::Tls).is_empty());
    }

    #[test]
    fn marks_alone_count_no_request() {
        let mut stats = RunStats::new(10.0);
        let id = stats.entry("GET", "/");
        stats.record_marks(id, &sample(11.0, 5.0));
        assert_eq!((stats.total().requests, stats.entries()[0].requests, stats.lag().count()), (0, 0, 1));
        assert_eq!(stats.phase(Phase::Waiting).count(), 1);
        for entry in [stats.total(), &stats.entries()[0]] {
            assert_eq!(entry.phase_sum(Phase::Waiting).count, 1);
        }
    }

    #[test]
    fn names_are_bounded_and_the_rest_is_counted() {
        let mut stats = RunStats::new(0.0);
        for number in 0..MAX_ENTRIES + 7 {
            let id = stats.entry("GET", &number.to_string());
            if number >= MAX_ENTRIES {
                stats.record(id, &sample(1.0, 1.0));
            }
        }
        assert_eq!(stats.entries().len(), MAX_ENTRIES + 1);
        let other = stats.entries().last().expect("the entry for the rest");
        assert_eq!((&*other.name, other.requests), (OTHER_NAME, 7));
    }

    #[test]
    fn clear_forgets_names_and_reset_keeps_them() {
        let mut stats = RunStats::new(0.0);
        let id = stats.entry("GET", "/");
        stats.record(id, &sample(1.0, 1.0));
        stats.record_failure(id, "refused", 1.0);
        stats.reset(2.0);
        assert_eq!(
            (stats.entries().len(), stats.total().requests, stats.errors().as_slice().len()),
            (1, 0, 0)
        );
        assert_eq!((stats.total().started_at, stats.entries()[0].started_at), (2.0, 2.0));
        stats.clear(3.0);
        assert!(stats.entries().is_empty() && stats.lag().is_empty());
        stats.record(id, &sample(4.0, 1.0));
        assert_eq!(stats.total().requests, 1, "a stale entry loses its name, not the count");
    }

    #[test]
    fn what_is_taken_and_what_comes_later_are_everything() {
        let mut stats = RunStats::new(0.0);
        stats.keep_windows(10, true);
        let id = stats.entry("GET", "/");
        stats.record(id, &sample(1.0, 1.0));
        let mut taken = stats.take(2.0);
        assert_eq!((stats.entries().len(), stats.total().requests, stats.total().started_at), (0, 0, 2.0));
        assert!(stats.total().has_window() && stats.lag().is_empty());
        let id = stats.entry("GET", "/");
        stats.record(id, &sample(3.0, 1.0));
        taken.merge(&stats);
        assert_eq!((taken.total().requests, taken.entries()[0].requests, taken.lag().count()), (2, 2, 2));
    }

    #[test]
    fn a_removed_entry_is_not_found_and_the_others_are() {
        let mut stats = RunStats::new(0.0);
        let [first, ..] = ["/a", "/b", "/c"].map(|name| stats.entry("GET", name));
        let last = stats.entry("GET", "/c");
        stats.record(last, &sample(1.0, 1.0));
        stats.remove(first);
        assert_eq!(stats.find("GET", "/a"), None);
        let last = stats.find("GET", "/c").and_then(|id| stats.entry_of(id));
        assert_eq!(last.map(|entry| entry.requests), Some(1));
        assert_eq!(stats.entries().len(), 2);
    }

    /// Times are multiples of 1/8 ms, so that sums of floating-point numbers do not depend on their order.
    fn recorded(samples: &[(u8, u32, bool)]) -> RunStats {
        let mut stats = RunStats::new(100.0);
        for (name, eighths, is_failure) in samples {
            let id = stats.entry("GET", &name.to_string());
            let at = 100.0 + f64::from(*eighths % 50);
            stats.record(id, &sample(at, f64::from(*eighths) / 8.0));
            if *is_failure {
                stats.record_failure(id, &format!("failure {}", eighths % 3), at);
            }
        }
        stats
    }

    type Facts = (Vec<Entry>, Entry, Vec<crate::ErrorStat>, Histogram);

    /// Everything that must not depend on the order of merging; entries by name, and all as old as each other.
    fn facts(stats: &RunStats) -> Facts {
        let mut entries: Vec<Entry> = stats.entries().to_vec();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.iter_mut().for_each(|entry| entry.started_at = 0.0);
        let mut errors = stats.errors().as_slice().to_vec();
        errors.sort_by(|a, b| (&a.name, &a.text).cmp(&(&b.name, &b.text)));
        (entries, stats.total().clone(), errors, stats.lag().clone())
    }

    #[test]
    fn since_a_reset_there_is_only_what_came_after_it() {
        let mut stats = recorded(&[(0, 80, true)]);
        let earlier = stats.clone();
        stats.reset(200.0);
        let id = stats.entry("GET", "0");
        stats.record(id, &sample(201.0, 1.0));
        let since = stats.since(&earlier);
        assert_eq!((since.total().requests, since.total().failures), (1, 0));
        assert_eq!(since.entries()[0].requests, 1);
        assert!(since.errors().as_slice().is_empty());
    }

    proptest! {
        #[test]
        fn a_run_is_what_it_was_and_what_came_since(
            before in prop::collection::vec((0_u8..4, 0_u32..80_000, any::<bool>()), 0..30),
            after in prop::collection::vec((0_u8..4, 0_u32..80_000, any::<bool>()), 0..30),
        ) {
            let earlier = recorded(&before);
            let whole = recorded(&[before, after.clone()].concat());
            let since = whole.since(&earlier);
            let alone = recorded(&after);
            let of = |stats: &RunStats| {
                let mut rows: Vec<_> = stats.entries().iter()
                    .map(|entry| (entry.name.clone(), entry.requests, entry.failures, entry.total_ms.to_bits()))
                    .collect();
                rows.sort();
                rows
            };
            prop_assert_eq!(of(&since), of(&alone));
            let mut again = earlier;
            again.merge(&since);
            prop_assert_eq!(facts(&again), facts(&whole));
        }

        #[test]
        fn merging_is_associative_and_equals_one_run(
            parts in prop::collection::vec(
                prop::collection::vec((0_u8..4, 0_u32..80_000, any::<bool>()), 0..30),
                3,
            ),
        ) {
            let [a, b, c] = [0, 1, 2].map(|index: usize| recorded(&parts[index]));
            let mut left = a.clone();
            left.merge(&b);
            left.merge(&c);
            let mut tail = b.clone();
            tail.merge(&c);
            let mut right = a;
            right.merge(&tail);
            prop_assert_eq!(facts(&left), facts(&right));
            prop_assert_eq!(facts(&left), facts(&recorded(&parts.concat())));
        }
    }
}
