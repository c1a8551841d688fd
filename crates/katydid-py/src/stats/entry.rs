//! One entry: a view into the statistics of a run, or a free-standing one that a locustfile made.

use std::sync::{Mutex, MutexGuard, PoisonError};

use katydid_stats::snapshot::{EntrySummary, SnapshotRequest};
use katydid_stats::{Entry, Sample};
use pyo3::prelude::*;

use super::tables::{Layout, quantile_request};
use super::{RequestStats, Shared};

/// Seconds that a free-standing entry remembers one by one.
const SECONDS: usize = 3600;

/// A number that Python prints as short as it was: whole ones as `int`.
#[derive(IntoPyObject)]
pub(super) enum Number {
    Whole(i64),
    Real(f64),
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        if value.fract() == 0.0 && value.abs() < 1e15 { Self::Whole(value as i64) } else { Self::Real(value) }
    }
}

/// Where the numbers of an entry are.
enum Place {
    Total,
    /// In the run, found by method and name each time, so that it survives a clearing.
    Named,
    Own(Box<Entry>),
}

/// A moment and what had been seen until then: response times in milliseconds and how often.
type Copy = (i64, Vec<(f64, u64)>);

/// The numbers of one name. `katydid.locust.stats.StatsEntry` gives this Locust's names.
#[pyclass(frozen, subclass, module = "katydid._core")]
pub(crate) struct StatsEntry {
    shared: Shared,
    method: String,
    name: String,
    /// Locked after the statistics, never before.
    place: Mutex<Place>,
}

impl StatsEntry {
    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the entry and the total of its run.
    fn read<T>(&self, read: impl FnOnce(&Entry, &Entry) -> T) -> T {
        let state = self.shared.lock();
        let total = state.stats.total();
        match &*self.place() {
            Place::Total => read(total, total),
            Place::Own(entry) => read(entry, total),
            Place::Named => {
                let found = state.stats.find(&self.method, &self.name);
                match found.and_then(|id| state.stats.entry_of(id)) {
                    Some(entry) => read(entry, total),
                    None => read(&Entry::new(&self.method, &self.name, total.started_at, 1), total),
                }
            }
        }
    }

    /// Changes the entry. One that was cleared away comes back.
    fn change(&self, change: impl FnOnce(&mut Entry)) {
        let mut state = self.shared.lock();
        match &mut *self.place() {
            Place::Total => change(state.stats.total_mut()),
            Place::Own(entry) => change(entry),
            Place::Named => {
                let started_at = state.stats.total().started_at;
                let id = state.stats.entry_at(&self.method, &self.name, started_at);
                if let Some(entry) = state.stats.entry_mut(id) {
                    change(entry);
                }
            }
        }
    }

    fn summary(&self, request: &SnapshotRequest<'_>) -> EntrySummary {
        self.read(|entry, total| EntrySummary::of(entry, total, request))
    }
}

#[pymethods]
impl StatsEntry {
    #[new]
    #[pyo3(signature = (stats, name, method, use_response_times_cache = false, *, now = None))]
    fn new(
        stats: &Bound<'_, RequestStats>,
        name: String,
        method: String,
        use_response_times_cache: bool,
        now: Option<f64>,
    ) -> Self {
        let now = now.unwrap_or_else(super::recorder::now);
        let mut entry = Entry::new(&method, &name, now, SECONDS);
        if use_response_times_cache {
            entry.keep_window(super::WINDOW_SECONDS);
        }
        let place = Place::Own(Box::new(entry));
        Self { shared: stats.get().shared.clone(), method, name, place: Mutex::new(place) }
    }

    /// From now on this is the entry of the run that has the same name and method, and nothing of its own.
    fn _join(&self) {
        *self.place() = Place::Named;
    }

    /// From now on this has the numbers of now for itself, whatever becomes of the entry of the run.
    fn _part(&self) {
        let numbers = self.read(|entry, _| Box::new(entry.clone()));
        *self.place() = Place::Own(numbers);
    }

    /// The same as [`Self::_join`] for the total.
    fn _join_total(&self) {
        *self.place() = Place::Total;
    }

    #[getter]
    fn method(&self) -> &str {
        &self.method
    }

    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    #[getter]
    fn num_requests(&self) -> u64 {
        self.read(|entry, _| entry.requests)
    }

    #[setter]
    fn set_num_requests(&self, value: u64) {
        self.change(|entry| entry.requests = value);
    }

    #[getter]
    fn num_none_requests(&self) -> u64 {
        self.read(|entry, _| entry.requests_without_time)
    }

    #[setter]
    fn set_num_none_requests(&self, value: u64) {
        self.change(|entry| entry.requests_without_time = value);
    }

    #[getter]
    fn num_failures(&self) -> u64 {
        self.read(|entry, _| entry.failures)
    }

    #[setter]
    fn set_num_failures(&self, value: u64) {
        self.change(|entry| entry.failures = value);
    }

    #[getter]
    fn total_response_time(&self) -> Number {
        self.read(|entry, _| entry.total_ms).into()
    }

    #[setter]
    fn set_total_response_time(&self, value: f64) {
        self.change(|entry| entry.total_ms = value);
    }

    #[getter]
    fn min_response_time(&self) -> Option<Number> {
        self.read(|entry, _| entry.min_ms).map(Number::from)
    }

    #[setter]
    fn set_min_response_time(&self, value: Option<f64>) {
        self.change(|entry| entry.min_ms = value);
    }

    #[getter]
    fn max_response_time(&self) -> Number {
        self.read(|entry, _| entry.max_ms).into()
    }

    #[setter]
    fn set_max_response_time(&self, value: Option<f64>) {
        self.change(|entry| entry.max_ms = value.unwrap_or(0.0));
    }

    #[getter]
    fn total_content_length(&self) -> u64 {
        self.read(|entry, _| entry.bytes)
    }

    #[setter]
    fn set_total_content_length(&self, value: f64) {
        self.change(|entry| entry.bytes = value as u64);
    }

    #[getter]
    fn start_time(&self) -> f64 {
        self.read(|entry, _| entry.started_at)
    }

    #[setter]
    fn set_start_time(&self, value: Option<f64>) {
        self.change(|entry| entry.started_at = value.unwrap_or(0.0));
    }

    #[getter]
    fn last_request_timestamp(&self) -> Option<f64> {
        self.read(|entry, _| entry.last_request_at)
    }

    #[setter]
    fn set_last_request_timestamp(&self, value: Option<f64>) {
        self.change(|entry| entry.last_request_at = value);
    }

    #[getter]
    fn fail_ratio(&self) -> f64 {
        self.read(|entry, _| entry.fail_ratio())
    }

    #[getter]
    fn avg_response_time(&self) -> f64 {
        self.read(|entry, _| entry.average_ms())
    }

    #[getter]
    fn median_response_time(&self) -> Number {
        self.read(|entry, _| entry.median_ms()).unwrap_or(0.0).into()
    }

    #[getter]
    fn avg_content_length(&self) -> f64 {
        self.read(|entry, _| entry.average_bytes())
    }

    #[getter]
    fn current_rps(&self) -> f64 {
        self.read(Entry::current_rps)
    }

    #[getter]
    fn current_fail_per_sec(&self) -> f64 {
        self.read(Entry::current_failures_per_second)
    }

    #[getter]
    fn total_rps(&self) -> f64 {
        self.read(Entry::total_rps)
    }

    #[getter]
    fn total_fail_per_sec(&self) -> f64 {
        self.read(Entry::total_failures_per_second)
    }

    /// The response time at a share of the requests; 0 when there is none.
    fn get_response_time_percentile(&self, percent: f64) -> Number {
        self.read(|entry, _| entry.percentile(percent)).unwrap_or(0.0).into()
    }

    /// The same for the window that ends `now`; None when there is no request in it. The first call for an entry that
    /// keeps no window lets it begin.
    fn _window_percentile(&self, percent: f64, seconds: usize, now: f64) -> Option<Number> {
        self.change(|entry| entry.keep_window(seconds));
        self.read(|entry, _| entry.window_percentiles(now, &[percent]))
            .and_then(|mut values| values.pop())
            .map(Number::from)
    }

    fn _has_window(&self) -> bool {
        self.read(|entry, _| entry.has_window())
    }

    fn _record(&self, response_time: Option<f64>, length: u64, at: f64) {
        self.change(|entry| entry.record(&Sample::new(at, response_time, length)));
    }

    fn _record_failure(&self, at: f64) {
        self.change(|entry| entry.record_failure(at));
    }

    fn _reset(&self, now: f64) {
        self.change(|entry| entry.reset(now));
    }

    /// Adds everything that another entry recorded.
    fn _merge(&self, other: &Bound<'_, StatsEntry>) {
        let other = other.get().read(|entry, _| entry.clone());
        self.change(|entry| entry.merge(&other));
    }

    /// Response times in milliseconds and how often each was seen, as exact as the histogram is.
    fn _cells(&self) -> Vec<(f64, u64)> {
        self.read(|entry, _| entry.times.cells().map(|cell| (cell.value_ms(), cell.count)).collect())
    }

    /// Response times in Locust's buckets.
    fn _buckets(&self) -> Vec<(i64, u64)> {
        self.read(|entry, _| katydid_stats::locust::response_times(entry))
    }

    fn _set_cells(&self, cells: Vec<(f64, u64)>) {
        self.change(|entry| {
            entry.times.clear();
            for (ms, count) in cells {
                entry.times.record_many_us(katydid_stats::histogram::us_of_ms(ms), count);
            }
        });
    }

    fn _requests_by_second(&self) -> Vec<(i64, u32)> {
        self.read(|entry, _| entry.requests_by_second.iter().collect())
    }

    fn _set_requests_by_second(&self, counts: Vec<(i64, u32)>) {
        self.change(|entry| {
            entry.requests_by_second.clear();
            counts.into_iter().for_each(|(second, count)| entry.requests_by_second.add(second, count));
        });
    }

    fn _requests_in(&self, second: i64) -> u32 {
        self.read(|entry, _| entry.requests_by_second.at(second))
    }

    fn _put_requests(&self, second: i64, count: u32) {
        self.change(|entry| entry.requests_by_second.put(second, count));
    }

    fn _failures_in(&self, second: i64) -> u32 {
        self.read(|entry, _| entry.failures_by_second.at(second))
    }

    fn _put_failures(&self, second: i64, count: u32) {
        self.change(|entry| entry.failures_by_second.put(second, count));
    }

    /// What the window of current percentiles is a difference to; the window begins if there is none.
    fn _copies(&self, seconds: usize) -> Vec<Copy> {
        let in_ms = |cells: Vec<(u64, u64)>| {
            cells.into_iter().map(|(us, count)| (us as f64 / 1000.0, count)).collect()
        };
        self.change(|entry| entry.keep_window(seconds));
        let copies = |entry: &Entry| {
            let window = entry.window()?;
            Some(window.copies().map(|(second, cells)| (second, in_ms(cells))).collect())
        };
        self.read(|entry, _| copies(entry)).unwrap_or_default()
    }

    fn _set_copies(&self, seconds: usize, copies: Vec<Copy>) {
        let in_us = |cells: Vec<(f64, u64)>| {
            cells.into_iter().map(|(ms, count)| (katydid_stats::histogram::us_of_ms(ms), count)).collect()
        };
        self.change(|entry| {
            entry.keep_window(seconds);
            if let Some(window) = entry.window_mut() {
                window.assign(copies.into_iter().map(|(second, cells)| (second, in_us(cells))));
            }
        });
    }

    fn _failures_by_second(&self) -> Vec<(i64, u32)> {
        self.read(|entry, _| entry.failures_by_second.iter().collect())
    }

    fn _set_failures_by_second(&self, counts: Vec<(i64, u32)>) {
        self.change(|entry| {
            entry.failures_by_second.clear();
            counts.into_iter().for_each(|(second, count)| entry.failures_by_second.add(second, count));
        });
    }

    /// This entry's row of the table of requests.
    fn _row(&self, current: bool, layout: Layout) -> String {
        let summary = self.summary(&quantile_request(&[], 0.0));
        katydid_report::console::stats_row(&summary, super::tables::rates(current), layout.columns())
    }

    /// This entry's row of the table of percentiles; zeros where requests have no time.
    fn _percentile_row(&self, quantiles: Vec<f64>, layout: Layout) -> String {
        let mut summary = self.summary(&quantile_request(&quantiles, 0.0));
        summary.percentiles_ms.get_or_insert_with(|| vec![0.0; quantiles.len()]);
        katydid_report::console::percentile_row(&summary, layout.columns()).unwrap_or_default()
    }
}
