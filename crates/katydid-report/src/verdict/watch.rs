//! One threshold while its run goes on: what is judged already, and the worst that was seen.

use std::collections::VecDeque;

use katydid_plan::Threshold;

use super::Sources;
use super::measure::{Sum, sums};

/// Steps in which a window moves, unless they would be shorter than a second.
const STEPS: f64 = 60.0;

/// The time between two looks is never exactly a second.
const TOLERANCE_S: f64 = 0.05;

/// What was measured for a threshold, once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    /// The level that it is of.
    pub(super) level: Option<usize>,
    /// The name of the requests, where every name is judged by itself.
    pub(super) name: String,
    /// The number; `None` if nothing was measured.
    pub(super) value: Option<f64>,
    pub(super) is_met: bool,
    /// When, in Unix seconds.
    pub(super) at: f64,
}

/// The state at one moment.
#[derive(Clone, Debug)]
struct Mark {
    at: f64,
    sums: Vec<Sum>,
}

#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) threshold: Threshold,
    /// The level that runs now, if the threshold is of it.
    pub(super) level: Option<usize>,
    /// The worst reading of each level, or of the run.
    pub(super) readings: Vec<Reading>,
    source: usize,
    /// When the run, or its level, began; `None` while there is nothing to judge.
    begun_at: Option<f64>,
    /// What there was when judging began; `None` as long as the beginning is left out.
    base: Option<Mark>,
    /// Earlier states, for the window; oldest first.
    marks: VecDeque<Mark>,
    /// By the start of the statistics we see that they were reset.
    stats_begun_at: f64,
}

impl Watch {
    pub(super) fn new(source: usize, threshold: Threshold) -> Self {
        Self {
            threshold,
            level: None,
            readings: Vec::new(),
            source,
            begun_at: None,
            base: None,
            marks: VecDeque::new(),
            stats_begun_at: 0.0,
        }
    }

    pub(super) fn needs_ticks(&self) -> bool {
        self.threshold.aborts || self.threshold.window.is_some() || !self.threshold.after.is_zero()
    }

    pub(super) fn forget(&mut self) {
        *self = Self::new(self.source, self.threshold.clone());
    }

    /// The run begins, or a level that the threshold is of.
    pub(super) fn begin(&mut self, sources: &Sources<'_>, level: Option<usize>, now: f64) {
        (self.level, self.begun_at, self.base) = (level, Some(now), None);
        self.marks.clear();
        self.look(sources, now);
    }

    /// Looks at the present state: begins to judge when it is time. Returns the sums, and what they are compared with.
    fn look(&mut self, sources: &Sources<'_>, now: f64) -> Option<Vec<Sum>> {
        let stats = sources.get(self.source)?;
        let begun_at = self.begun_at?;
        if stats.total().started_at != self.stats_begun_at {
            self.stats_begun_at = stats.total().started_at;
            self.marks.clear();
            if let Some(base) = &mut self.base {
                *base = Mark { at: base.at.max(self.stats_begun_at), sums: Vec::new() };
            }
        }
        let sums = sums(stats, &self.threshold);
        let waits = now - begun_at < self.threshold.after.as_secs_f64() - TOLERANCE_S;
        if self.base.is_none() && !waits {
            self.base = Some(Mark { at: now, sums: sums.clone() });
        }
        Some(sums)
    }

    /// Once a second. Returns the number if the run is to end because of it.
    pub(super) fn tick(&mut self, sources: &Sources<'_>, now: f64) -> Option<f64> {
        if !self.needs_ticks() {
            return None;
        }
        let sums = self.look(sources, now)?;
        let base = self.base.clone()?;
        let broken = match self.threshold.window {
            Some(window) => {
                let mark = self.window_begin(&base, window.as_secs_f64(), now).cloned();
                let broken = mark.and_then(|mark| self.judge(&self.heard(&sums, &base), &mark, now, false));
                self.remember(sums, window.as_secs_f64(), now);
                broken
            }
            None if self.threshold.aborts => self.judge(&self.heard(&sums, &base), &base, now, false),
            None => None,
        };
        broken.filter(|_| self.threshold.aborts)
    }

    /// The state at the beginning of the window that ends now; `None` before the first window is full.
    fn window_begin<'s>(&'s self, base: &'s Mark, length: f64, now: f64) -> Option<&'s Mark> {
        let is_before = |mark: &&Mark| now - mark.at >= length - TOLERANCE_S;
        self.marks.iter().rev().find(is_before).or(Some(base).filter(is_before))
    }

    fn remember(&mut self, sums: Vec<Sum>, length: f64, now: f64) {
        let step = (length / STEPS).max(1.0) - 2.0 * TOLERANCE_S;
        if self.marks.back().is_some_and(|last| now - last.at < step) {
            return;
        }
        // The oldest that is still needed is the newest that a window of now can begin with.
        while self.marks.get(1).is_some_and(|second| now - second.at >= length) {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark { at: now, sums });
    }

    /// The run, or the level, is over.
    pub(super) fn end(&mut self, sources: &Sources<'_>, now: f64) {
        let sums = self.look(sources, now);
        match (sums, self.base.take()) {
            (Some(sums), Some(base)) => {
                let window = self.threshold.window.map(|window| window.as_secs_f64());
                let mark =
                    window.and_then(|length| self.window_begin(&base, length, now)).unwrap_or(&base).clone();
                // A run shorter than its window is judged as a whole; in a longer one the windows were judged already.
                if window.is_none() || mark.at > base.at || self.of_level().is_none() {
                    self.judge(
                        &self.heard(&sums, &base),
                        &mark,
                        now,
                        window.is_none() || self.of_level().is_none(),
                    );
                }
            }
            _ => self.keep(self.reading(String::new(), None, now)),
        }
        self.marks.clear();
        self.skip();
    }

    /// What there is to judge: of a level, where every name is judged by itself, the names that it has a request of.
    fn heard(&self, sums: &[Sum], base: &Mark) -> Vec<Sum> {
        let is_left_out = |sum: &&Sum| {
            self.level.is_some() && self.threshold.scope.is_each && sum.is_silent_since(&base.sums)
        };
        sums.iter().filter(|sum| !is_left_out(sum)).cloned().collect()
    }

    /// Takes over a number that was measured elsewhere.
    pub(super) fn note(&mut self, value: Option<f64>, now: f64) {
        self.keep(self.reading(String::new(), value, now));
        self.skip();
    }

    /// The level is over and was not judged.
    pub(super) fn skip(&mut self) {
        (self.begun_at, self.level) = (None, None);
    }

    /// Judges what came since a mark. Returns a number that is not as it should be.
    fn judge(&mut self, sums: &[Sum], since: &Mark, now: f64, is_last: bool) -> Option<f64> {
        let mut broken = None;
        let mut is_measured = false;
        for sum in sums {
            let value = sum.since(&since.sums).value(self.threshold.metric, now - since.at);
            if value.is_none() && (!is_last || sums.len() > 1) {
                continue; // nothing happened yet, or not of this name
            }
            is_measured = true;
            let reading = self.reading(sum.name.clone(), value, now);
            broken = broken.or(value.filter(|_| !reading.is_met));
            self.keep(reading);
        }
        if is_last && !is_measured {
            self.keep(self.reading(String::new(), None, now));
        }
        broken
    }

    pub(super) fn reading(&self, name: String, value: Option<f64>, at: f64) -> Reading {
        let is_met = value.is_some_and(|value| self.threshold.is_met_by(value));
        Reading { level: self.level, name, value, is_met, at }
    }

    fn of_level(&self) -> Option<usize> {
        self.readings.iter().position(|reading| reading.level == self.level)
    }

    /// Keeps a reading if it is the worst of its level. While the run goes on there is a later one for what is judged
    /// from the beginning on, which therefore takes the place of the earlier.
    fn keep(&mut self, reading: Reading) {
        match self.of_level() {
            None => self.readings.push(reading),
            Some(index) => {
                let known = &self.readings[index];
                let is_newer =
                    self.threshold.window.is_none() && known.at < reading.at && !self.has_aborted(known);
                if is_newer || self.is_worse(&reading, known) {
                    self.readings[index] = reading;
                }
            }
        }
    }

    /// What ended the run stays what is told, whatever the last answers make of it.
    fn has_aborted(&self, known: &Reading) -> bool {
        self.threshold.aborts && !known.is_met
    }

    fn is_worse(&self, one: &Reading, other: &Reading) -> bool {
        self.badness(one) > self.badness(other)
    }

    fn badness(&self, reading: &Reading) -> f64 {
        let excess = |value| self.threshold.comparison.excess(value, self.threshold.limit);
        reading.value.map_or(f64::INFINITY, excess)
    }

    /// What is measured at the moment, changing nothing; `None` if there is nothing yet. Of several names the worst.
    pub(super) fn now(&self, sources: &Sources<'_>, now: f64) -> Option<Reading> {
        let stats = sources.get(self.source)?;
        let base = self.begun_at.and(self.base.as_ref())?;
        let began_again_at = Some(stats.total().started_at).filter(|at| *at != self.stats_begun_at);
        let again = began_again_at.map(|at| Mark { at: base.at.max(at), sums: Vec::new() });
        let window = self.threshold.window.map(|window| window.as_secs_f64());
        let of_window = window.and_then(|length| self.window_begin(base, length, now));
        let since = again.as_ref().or(of_window).unwrap_or(base);
        let reading = |sum: &Sum| {
            let value = sum.since(&since.sums).value(self.threshold.metric, now - since.at)?;
            Some(self.reading(sum.name.clone(), Some(value), now))
        };
        let readings = self.heard(&sums(stats, &self.threshold), again.as_ref().unwrap_or(base));
        readings.iter().filter_map(reading).max_by(|one, other| self.by_badness(one, other))
    }

    /// The worst as things stand, with `now` being measured at the moment.
    pub(super) fn worst_with<'r>(&'r self, now: Option<&'r Reading>) -> Option<&'r Reading> {
        let is_replaced = |known: &Reading| {
            self.threshold.window.is_none()
                && self.begun_at.is_some()
                && known.level == self.level
                && !self.has_aborted(known)
        };
        // A window that is not full yet is no window.
        let is_full = |_: &&Reading| match (self.threshold.window, &self.base, now) {
            (Some(window), Some(base), Some(now)) => now.at - base.at >= window.as_secs_f64() - TOLERANCE_S,
            (window, ..) => window.is_none(),
        };
        let kept = self.readings.iter().filter(|known| !is_replaced(known));
        kept.chain(now.filter(is_full)).max_by(|one, other| self.by_badness(one, other))
    }

    fn by_badness(&self, one: &Reading, other: &Reading) -> std::cmp::Ordering {
        self.badness(one).total_cmp(&self.badness(other))
    }

    /// The worst of all; `None` if there never was anything to judge.
    pub(super) fn worst(&self) -> Option<&Reading> {
        self.readings.iter().max_by(|one, other| self.by_badness(one, other))
    }
}
