//! What is known about the requests of one method and name?

use crate::histogram::{pick_ranks, rank_of};
use crate::per_second::PerSecond;
use crate::window::Window;
use crate::{Histogram, Phase, Phases, Sample};

/// The requests recorded under one method and name, or of a whole run.
///
/// The plain numbers are public because a locustfile may assign them; nothing here depends on their agreeing.
///
/// # Accuracy
/// Counts, sums, smallest and largest are exact. Percentiles and the median are those of [`Histogram`], drawn into
/// the exact range, so the smallest and the largest are exact there too. Rates come from [`PerSecond`] or from the total
/// and the run's time span.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// HTTP method or request type; empty for the total.
    pub method: Box<str>,
    /// Name of the request.
    pub name: Box<str>,
    /// Requests, failed ones included.
    pub requests: u64,
    /// Requests without a response time among them.
    pub requests_without_time: u64,
    /// Failed requests.
    pub failures: u64,
    /// Sum of the response times in milliseconds.
    pub total_ms: f64,
    /// Shortest response time in milliseconds; `None` before the first.
    pub min_ms: Option<f64>,
    /// Longest response time in milliseconds; zero before the first.
    pub max_ms: f64,
    /// Sum of the lengths of the answers.
    pub bytes: u64,
    /// When recording began, in Unix seconds.
    pub started_at: f64,
    /// Time of the newest request; failures alone do not move it.
    pub last_request_at: Option<f64>,
    /// Distribution of the response times.
    pub times: Histogram,
    /// Requests by second.
    pub requests_by_second: PerSecond,
    /// Failures by second.
    pub failures_by_second: PerSecond,
    /// HTTP status codes and how often each was answered, in the order in which they were first seen.
    pub statuses: Vec<(u16, u64)>,
    phases: [PhaseSum; Phase::ALL.len()],
    window: Option<Window>,
}

/// Time spent in one phase over all requests that had it.
///
/// # Accuracy
/// Exact sums of what [`Phases`] says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseSum {
    /// Nanoseconds.
    pub ns: u64,
    /// Requests that had the phase.
    pub count: u64,
}

impl Entry {
    /// An empty entry that remembers `seconds` seconds.
    pub fn new(method: &str, name: &str, started_at: f64, seconds: usize) -> Self {
        Self {
            method: method.into(),
            name: name.into(),
            requests: 0,
            requests_without_time: 0,
            failures: 0,
            total_ms: 0.0,
            min_ms: None,
            max_ms: 0.0,
            bytes: 0,
            started_at,
            last_request_at: None,
            times: Histogram::new(),
            requests_by_second: PerSecond::new(seconds),
            failures_by_second: PerSecond::new(seconds),
            statuses: Vec::new(),
            phases: Default::default(),
            window: None,
        }
    }

    /// Also keeps what [`Self::window_percentiles`] needs: from now on, or with another length.
    pub fn keep_window(&mut self, seconds: usize) {
        let now = self.last_request_at.unwrap_or(self.started_at) as i64;
        match &mut self.window {
            Some(window) => window.resize(seconds),
            None => self.window = Some(Window::new(seconds, now, &self.times)),
        }
    }

    /// Keeps no window any more.
    pub fn drop_window(&mut self) {
        self.window = None;
    }

    /// Is there a window?
    pub fn has_window(&self) -> bool {
        self.window.is_some()
    }

    /// The window of [`Self::keep_window`].
    pub fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// The same, for assignment.
    pub fn window_mut(&mut self) -> Option<&mut Window> {
        self.window.as_mut()
    }

    /// Adds one sample.
    pub fn record(&mut self, sample: &Sample) {
        self.count_request(sample.at);
        self.bytes += sample.length;
        match sample.response_time_ms.filter(|ms| ms.is_finite()) {
            Some(ms) => self.record_time(ms, sample.at as i64),
            None => self.requests_without_time += 1,
        }
        self.add_phases(&sample.phases);
        if let Some(status) = sample.status {
            self.add_status(status, 1);
        }
    }

    /// Counts answers with an HTTP status code. There are a handful of codes, so looking through them is quickest.
    pub fn add_status(&mut self, status: u16, count: u64) {
        match self.statuses.iter_mut().find(|(known, _)| *known == status) {
            Some((_, seen)) => *seen = seen.saturating_add(count),
            None => self.statuses.push((status, count)),
        }
    }

    fn count_request(&mut self, at: f64) {
        self.requests += 1;
        self.last_request_at = Some(self.last_request_at.map_or(at, |last| last.max(at)));
        self.requests_by_second.add(at as i64, 1);
    }

    fn record_time(&mut self, ms: f64, second: i64) {
        self.total_ms += ms;
        self.min_ms = Some(self.min_ms.map_or(ms, |min| min.min(ms)));
        self.max_ms = self.max_ms.max(ms);
        if let Some(window) = &mut self.window {
            window.observe(second, &self.times);
        }
        self.times.record_ms(ms);
    }

    /// Adds the phases of an exchange that is counted on its own.
    pub(crate) fn add_phases(&mut self, phases: &Phases) {
        for phase in Phase::ALL {
            if let Some(ns) = phases.ns(phase) {
                let sum = &mut self.phases[phase as usize];
                sum.ns = sum.ns.saturating_add(ns);
                sum.count += 1;
            }
        }
    }

    /// Counts a failure; the request itself is recorded as a sample of its own.
    pub fn record_failure(&mut self, at: f64) {
        self.failures += 1;
        self.failures_by_second.add(at as i64, 1);
    }

    /// Adds everything that another entry recorded, as if it had been recorded here.
    pub fn merge(&mut self, other: &Self) {
        if let (Some(window), Some(at)) = (&mut self.window, other.last_request_at) {
            window.observe(at as i64, &self.times);
        }
        self.requests = self.requests.saturating_add(other.requests);
        self.requests_without_time = self.requests_without_time.saturating_add(other.requests_without_time);
        self.failures = self.failures.saturating_add(other.failures);
        self.total_ms += other.total_ms;
        self.min_ms = self.min_ms.into_iter().chain(other.min_ms).reduce(f64::min);
        self.max_ms = self.max_ms.max(other.max_ms);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.started_at = self.started_at.min(other.started_at);
        self.last_request_at = self.last_request_at.into_iter().chain(other.last_request_at).reduce(f64::max);
        self.times.merge(&other.times);
        self.requests_by_second.merge(&other.requests_by_second);
        self.failures_by_second.merge(&other.failures_by_second);
        other.statuses.iter().for_each(|(status, count)| self.add_status(*status, *count));
        Phase::ALL.into_iter().for_each(|phase| self.add_phase_sum(phase, other.phase_sum(phase)));
    }

    /// What was recorded since this entry was as `earlier`, as an entry that began at `now` and keeps no window.
    ///
    /// # Accuracy
    /// Counts and sums are exact. The shortest and longest response time are exact where they are those of the whole
    /// entry and new; otherwise they are those of [`Histogram`]'s cells.
    pub fn since(&self, earlier: &Self, now: f64) -> Self {
        let times = self.times.since(&earlier.times);
        let (shortest, longest) = ends_ms(&times);
        let is_new_min = self.min_ms.is_some_and(|min| earlier.min_ms.is_none_or(|before| min < before));
        let mut later = Self {
            requests: self.requests.saturating_sub(earlier.requests),
            requests_without_time: self.requests_without_time.saturating_sub(earlier.requests_without_time),
            failures: self.failures.saturating_sub(earlier.failures),
            total_ms: (self.total_ms - earlier.total_ms).max(0.0),
            min_ms: if is_new_min { self.min_ms } else { shortest.zip(self.min_ms).map(|(a, b)| a.max(b)) },
            max_ms: if self.max_ms > earlier.max_ms {
                self.max_ms
            } else {
                longest.unwrap_or(0.0).min(self.max_ms)
            },
            bytes: self.bytes.saturating_sub(earlier.bytes),
            times,
            requests_by_second: self.requests_by_second.since(&earlier.requests_by_second),
            failures_by_second: self.failures_by_second.since(&earlier.failures_by_second),
            ..Self::new(&self.method, &self.name, now, self.requests_by_second.capacity())
        };
        later.last_request_at = self.last_request_at.filter(|_| later.requests > 0);
        for (status, count) in &self.statuses {
            let known =
                earlier.statuses.iter().find(|(known, _)| known == status).map_or(0, |(_, count)| *count);
            if *count > known {
                later.add_status(*status, count - known);
            }
        }
        for (index, sum) in later.phases.iter_mut().enumerate() {
            let (now, before) = (self.phases[index], earlier.phases[index]);
            sum.ns = now.ns.saturating_sub(before.ns);
            sum.count = now.count.saturating_sub(before.count);
        }
        later
    }

    /// A copy that keeps no window, which is most of what an entry can weigh.
    pub fn without_window(&self) -> Self {
        Self {
            method: self.method.clone(),
            name: self.name.clone(),
            times: self.times.clone(),
            requests_by_second: self.requests_by_second.clone(),
            failures_by_second: self.failures_by_second.clone(),
            statuses: self.statuses.clone(),
            window: None,
            ..*self
        }
    }

    /// Forgets everything but the name and begins again at `now`.
    pub fn reset(&mut self, now: f64) {
        let window = self.window.as_ref().map(Window::length);
        let mut times = std::mem::take(&mut self.times);
        times.clear();
        let seconds = self.requests_by_second.capacity();
        *self = Self { times, ..Self::new(&self.method, &self.name, now, seconds) };
        if let Some(length) = window {
            self.window = Some(Window::new(length, now as i64, &self.times));
        }
    }

    /// Requests that have a response time.
    pub fn timed_requests(&self) -> u64 {
        self.requests.saturating_sub(self.requests_without_time)
    }

    /// Failures per request: 1 when there are failures only, 0 when there is nothing.
    pub fn fail_ratio(&self) -> f64 {
        match (self.requests, self.failures) {
            (0, 0) => 0.0,
            (0, _) => 1.0,
            (requests, failures) => failures as f64 / requests as f64,
        }
    }

    /// Mean response time in milliseconds; zero when there is none.
    pub fn average_ms(&self) -> f64 {
        ratio(self.total_ms, self.timed_requests())
    }

    /// Mean length of an answer; zero when there is none.
    pub fn average_bytes(&self) -> f64 {
        ratio(self.bytes as f64, self.requests)
    }

    /// The response time in milliseconds in the middle, the lower one of two; `None` when there is none.
    pub fn median_ms(&self) -> Option<f64> {
        let last = self.times.count().checked_sub(1)?;
        self.at_ranks(&[last / 2]).pop()
    }

    /// The response time in milliseconds at a quantile between 0 and 1; `None` when there is none.
    pub fn percentile(&self, quantile: f64) -> Option<f64> {
        self.percentiles(&[quantile])?.pop()
    }

    /// The response times at several quantiles, in one pass over the histogram; `None` when there is none.
    pub fn percentiles(&self, quantiles: &[f64]) -> Option<Vec<f64>> {
        let count = self.times.count();
        let ranks = quantiles.iter().map(|quantile| rank_of(*quantile, count)).collect::<Option<Vec<_>>>()?;
        Some(self.at_ranks(&ranks))
    }

    fn at_ranks(&self, ranks: &[u64]) -> Vec<f64> {
        let last = self.times.count().saturating_sub(1);
        let values = pick_ranks(self.times.cells(), ranks).into_iter().map(|us| us as f64 / 1000.0);
        let Some(min) = self.min_ms.filter(|min| *min <= self.max_ms) else { return values.collect() };
        let exact = |rank: u64, ms: f64| match rank {
            rank if rank == last => self.max_ms,
            0 => min,
            _ => ms.max(min).min(self.max_ms),
        };
        ranks.iter().zip(values).map(|(rank, ms)| exact(*rank, ms)).collect()
    }

    /// The response times at several quantiles of the last seconds up to `now`; `None` when there is none, or when
    /// this entry keeps no window.
    pub fn window_percentiles(&self, now: f64, quantiles: &[f64]) -> Option<Vec<f64>> {
        self.window.as_ref()?.quantiles_ms(&self.times, now as i64, quantiles)
    }

    /// The total time in each phase.
    pub fn phase_sum(&self, phase: Phase) -> PhaseSum {
        self.phases[phase as usize]
    }

    /// Adds time spent in a phase that was summed up elsewhere.
    pub fn add_phase_sum(&mut self, phase: Phase, more: PhaseSum) {
        let sum = &mut self.phases[phase as usize];
        sum.ns = sum.ns.saturating_add(more.ns);
        sum.count = sum.count.saturating_add(more.count);
    }

    /// Requests per second of late: the ten seconds that end two before the newest request of the `total`.
    pub fn current_rps(&self, total: &Self) -> f64 {
        total.recent_seconds().map_or(0.0, |(from, until)| self.requests_by_second.mean(from, until))
    }

    /// Failures per second of late, over the same seconds.
    pub fn current_failures_per_second(&self, total: &Self) -> f64 {
        total.recent_seconds().map_or(0.0, |(from, until)| self.failures_by_second.mean(from, until))
    }

    /// Requests per second from the run's start to the newest request of the `total`.
    pub fn total_rps(&self, total: &Self) -> f64 {
        total.span().map_or(0.0, |span| self.requests as f64 / span)
    }

    /// Failures per second over the same time.
    pub fn total_failures_per_second(&self, total: &Self) -> f64 {
        total.span().map_or(0.0, |span| self.failures as f64 / span)
    }

    /// The last two seconds are left out: they may not be complete, and in a cluster not reported.
    fn recent_seconds(&self) -> Option<(i64, i64)> {
        let last = self.last_request_at? as i64;
        Some(((last - 12).max(self.started_at as i64), last - 2))
    }

    fn span(&self) -> Option<f64> {
        self.last_request_at.map(|last| last - self.started_at).filter(|span| *span != 0.0)
    }
}

/// The shortest and the longest duration of a distribution, as its cells know them.
fn ends_ms(times: &Histogram) -> (Option<f64>, Option<f64>) {
    let mut cells = times.cells().map(|cell| cell.value_ms());
    let shortest = cells.next();
    (shortest, cells.last().or(shortest))
}

fn ratio(sum: f64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times_ms: &[f64]) -> Entry {
        let mut entry = Entry::new("GET", "/", 100.0, 60);
        times_ms.iter().for_each(|ms| entry.record(&Sample::new(101.0, Some(*ms), 10)));
        entry
    }

    #[test]
    fn percentiles_follow_locusts_ranks() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let table = [
            (hundred.clone(), 0.5, 51.0),
            (hundred.clone(), 0.95, 96.0),
            (hundred.clone(), 0.99, 100.0),
            (hundred, 1.0, 100.0),
            (vec![7.0], 0.5, 7.0),
            (vec![1.0, 2.0], 0.5, 2.0),
            (vec![1.0, 2.0], 0.0, 1.0),
        ];
        for (times, quantile, expected) in table {
            assert_eq!(
                of(&times).percentile(quantile),
                Some(expected),
                "{quantile} of {} times",
                times.len()
            );
        }
        assert_eq!(of(&[]).percentile(0.5), None);
    }

    #[test]
    fn the_median_is_the_lower_one_of_two() {
        for (times, median) in [(vec![1.0, 2.0], 1.0), (vec![1.0, 2.0, 9.0], 2.0), (vec![0.4], 0.4)] {
            assert_eq!(of(&times).median_ms(), Some(median));
        }
    }

    #[test]
    fn the_ends_are_exact() {
        let entry = of(&[1234.5678, 20_000.123_456, 99_999.999_9]);
        assert_eq!(entry.percentile(0.0), Some(1234.5678));
        assert_eq!(entry.percentile(1.0), Some(99_999.999_9));
    }

    #[test]
    fn a_distribution_without_known_ends_stands_for_itself() {
        let mut entry = of(&[]);
        entry.times.record_many_us(20_000, 10);
        assert_eq!((entry.percentile(0.5), entry.median_ms()), (Some(20.0), Some(20.0)));
    }

    #[test]
    fn an_event_without_time_counts_and_nothing_more() {
        let mut entry = of(&[10.0]);
        entry.record(&Sample::new(102.0, None, 30));
        assert_eq!((entry.requests, entry.requests_without_time, entry.times.count()), (2, 1, 1));
        assert_eq!((entry.average_ms(), entry.average_bytes()), (10.0, 20.0));
    }

    #[test]
    fn counts_status_codes_where_there_are_any() {
        let mut entry = of(&[1.0]);
        for status in [200, 404, 200] {
            entry.record(&Sample { status: Some(status), ..Sample::new(101.0, Some(1.0), 0) });
        }
        let mut merged = of(&[]);
        merged.add_status(404, 2);
        merged.merge(&entry);
        assert_eq!((entry.statuses, merged.statuses), (vec![(200, 2), (404, 1)], vec![(404, 3), (200, 2)]));
    }

    #[test]
    fn ratios_are_defined_without_requests() {
        let mut entry = of(&[]);
        assert_eq!(entry.fail_ratio(), 0.0);
        entry.record_failure(101.0);
        assert_eq!((entry.fail_ratio(), entry.last_request_at), (1.0, None));
    }

    #[test]
    fn recent_rates_leave_out_two_seconds_and_reach_back_ten() {
        let mut total = of(&[]);
        for second in 100..=120 {
            (0..second - 99).for_each(|_| total.record(&Sample::new(f64::from(second) + 0.5, Some(1.0), 0)));
        }
        // Seconds 108 to 117 with 9 to 18 requests each.
        assert_eq!(total.current_rps(&total), 13.5);
        assert_eq!(of(&[1.0]).current_rps(&of(&[1.0])), 0.0, "the first seconds have no complete past");
    }

    #[test]
    fn rates_of_the_run_use_the_span_of_the_total() {
        let mut total = of(&[1.0; 10]);
        total.record(&Sample::new(104.0, Some(1.0), 0));
        assert_eq!(of(&[1.0, 1.0]).total_rps(&total), 0.5);
        assert_eq!(of(&[1.0]).total_rps(&of(&[])), 0.0);
    }

    #[test]
    fn a_window_taken_up_late_forgets_what_was_before() {
        let mut entry = of(&[50.0]);
        entry.keep_window(10);
        entry.record(&Sample::new(102.0, Some(7.0), 0));
        assert_eq!(entry.window_percentiles(111.0, &[0.0, 1.0]), Some(vec![7.0, 7.0]));
    }

    #[test]
    fn reset_keeps_the_name_and_the_window() {
        let mut entry = of(&[50.0]);
        entry.keep_window(10);
        entry.reset(200.0);
        assert_eq!((&*entry.name, entry.requests, entry.started_at), ("/", 0, 200.0));
        assert!(entry.has_window() && entry.times.is_empty());
    }
}
