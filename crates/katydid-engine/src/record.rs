//! Where do measurements go? The statistics of a run, fed by all its users.
//!
//! What a maintainer must not break: recording a success under a known name does not allocate, and no user code runs
//! while the statistics are borrowed.

use std::cell::{Ref, RefCell};
use std::time::{SystemTime, UNIX_EPOCH};

use katydid_net::client::Method;
use katydid_net::clock::Moment;
use katydid_net::exchange::Timing;
use katydid_stats::{RunStats, Sample};

use crate::fault::{Caught, Fault, Faults};

/// Seconds of the window from which current percentiles come.
const WINDOW_SECONDS: usize = 10;

/// The statistics of a run and the clock they are on.
#[derive(Debug)]
pub(crate) struct Recorder {
    stats: RefCell<RunStats>,
    faults: RefCell<Faults>,
    /// Unix time minus [`Moment`] time, in seconds: taken once, so that samples of one run are on one scale even if
    /// the wall clock is set.
    unix_offset: f64,
}

impl Recorder {
    /// Empty statistics of a run that begins at `now`.
    pub(crate) fn new(now: Moment) -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let mut stats = RunStats::new(unix);
        stats.keep_windows(WINDOW_SECONDS, false);
        Self { stats: RefCell::new(stats), faults: RefCell::default(), unix_offset: unix - seconds(now) }
    }

    /// Unix time of a moment.
    pub(crate) fn unix(&self, moment: Moment) -> f64 {
        seconds(moment) + self.unix_offset
    }

    /// Records one request that has ended; `failure` is its text.
    pub(crate) fn record(&self, method: Method, name: &str, timing: &Timing, told: Told<'_>) {
        let mut stats = self.stats.borrow_mut();
        let at = self.unix(timing.received);
        let entry = stats.entry_at(method.name(), name, at);
        let sample = Sample {
            response_time_ms: Some(timing.latency_ns() as f64 / 1e6),
            length: told.length,
            phases: timing.phases,
            lag_ns: timing.kernel_time.then_some(timing.lag_ns),
            start_lag_ns: told.intended.map(|intended| timing.started.since(intended)),
            status: told.status,
            at,
        };
        stats.record(entry, &sample);
        if let Some(text) = told.failure {
            stats.record_failure(entry, text, at);
        }
    }

    /// Counts a panic of a scenario.
    pub(crate) fn fault(&self, scenario: &str, caught: &Caught) {
        self.faults.borrow_mut().add(scenario, caught);
    }

    /// The panics so far, to look at.
    pub(crate) fn faults(&self) -> Ref<'_, [Fault]> {
        Ref::map(self.faults.borrow(), Faults::as_slice)
    }

    /// Forgets what was measured so far; panics stay.
    pub(crate) fn reset(&self) {
        let now = self.unix(Moment::now());
        self.stats.borrow_mut().reset(now);
    }

    /// The statistics, to keep: nothing is recorded after the end of a run.
    pub(crate) fn take(&self) -> RunStats {
        let fresh = RunStats::new(self.unix(Moment::now()));
        self.stats.replace(fresh)
    }

    /// The statistics, to look at.
    pub(crate) fn stats(&self) -> Ref<'_, RunStats> {
        self.stats.borrow()
    }
}

/// What is known of a request beside its timing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// Bytes of the answer's body.
    pub(crate) length: u64,
    /// HTTP status of the answer; `None` without one.
    pub(crate) status: Option<u16>,
    /// When it was meant to start.
    pub(crate) intended: Option<Moment>,
    /// Why it failed, if it did.
    pub(crate) failure: Option<&'a str>,
}

fn seconds(moment: Moment) -> f64 {
    moment.0 as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn timing(started: u64, received: u64) -> Timing {
        Timing { started: Moment(started), received: Moment(received), ..Timing::default() }
    }

    const TOLD: Told<'_> = Told { length: 5, status: Some(200), intended: None, failure: None };

    #[test]
    fn a_request_becomes_a_sample_on_the_run_s_own_scale() {
        let recorder = Recorder::new(Moment(SECOND));
        let begun = recorder.unix(Moment(SECOND));
        recorder.record(Method::Get, "/items", &timing(2 * SECOND, 2 * SECOND + 12_500_000), TOLD);
        let stats = recorder.stats();
        assert_eq!(stats.total().percentile(0.5), Some(12.5));
        assert_eq!((&*stats.entries()[0].method, &*stats.entries()[0].name), ("GET", "/items"));
        assert!((recorder.unix(Moment(3 * SECOND)) - begun - 2.0).abs() < 1e-6);
        assert!(stats.lag().is_empty(), "without the kernel's time the lag is not known");
    }

    #[test]
    fn lag_and_start_lag_are_kept_apart_from_the_response_time() {
        let recorder = Recorder::new(Moment(0));
        let late = Timing { lag_ns: 4_000_000, kernel_time: true, ..timing(SECOND, 2 * SECOND) };
        let told = Told { intended: Some(Moment(SECOND - 7_000_000)), ..TOLD };
        recorder.record(Method::Get, "/", &late, told);
        let stats = recorder.stats();
        assert_eq!(stats.total().percentile(0.5), Some(1000.0));
        assert_eq!(stats.lag().quantile_ms(0.5), Some(4.0));
        assert_eq!(stats.start_lag().quantile_ms(0.5), Some(7.0));
    }

    #[test]
    fn failures_count_as_requests_and_as_failures() {
        let recorder = Recorder::new(Moment(0));
        let told = Told { failure: Some("HTTP 500"), ..TOLD };
        recorder.record(Method::Post, "/orders", &timing(0, SECOND), told);
        let stats = recorder.stats();
        assert_eq!((stats.total().requests, stats.total().failures), (1, 1));
        assert_eq!(&*stats.errors().as_slice()[0].text, "HTTP 500");
    }

    #[test]
    fn a_panic_is_no_failure_of_the_target() {
        let recorder = Recorder::new(Moment(0));
        recorder.fault("Visitor", &Caught { message: "no item 7".into(), place: None });
        recorder.reset();
        assert_eq!(recorder.stats().total().failures, 0);
        assert_eq!(recorder.faults().len(), 1);
    }
}
