//! The number that a threshold is about, from statistics.

use katydid_plan::Threshold;
use katydid_plan::threshold::{Metric, Scope, Statistic};
use katydid_stats::{Entry, Histogram, RunStats};

/// What a threshold is about, summed up: of all its requests, or of those of one name.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    /// The name, where every name is judged by itself.
    pub(super) name: String,
    entry: Entry,
    lag: Histogram,
}

/// What a threshold is about as of now: one sum, or one for each name.
pub(super) fn sums(stats: &RunStats, threshold: &Threshold) -> Vec<Sum> {
    let scope = &threshold.scope;
    let of_scope = |entry: &&Entry| scope.has_request(&entry.method, &entry.name);
    if scope.is_each {
        let entries = stats.entries().iter().filter(of_scope);
        return entries
            .map(|entry| Sum { name: title(entry), entry: slim(entry), lag: Histogram::new() })
            .collect();
    }
    vec![Sum { name: String::new(), entry: together(stats, scope), lag: lag(stats, threshold.metric) }]
}

impl Sum {
    /// What came since an earlier moment, whose sums these are.
    pub(super) fn since(&self, earlier: &[Self]) -> Self {
        let Some(before) = earlier.iter().find(|sum| sum.name == self.name) else { return self.clone() };
        Self {
            name: self.name.clone(),
            entry: self.entry.since(&before.entry, self.entry.started_at),
            lag: self.lag.since(&before.lag),
        }
    }

    /// Was there no request since an earlier moment, whose sums these are?
    pub(super) fn is_silent_since(&self, earlier: &[Self]) -> bool {
        let entry = self.since(earlier).entry;
        entry.requests + entry.failures == 0
    }

    /// The number in the unit of the metric; `None` when there is none.
    pub(super) fn value(&self, metric: Metric, seconds: f64) -> Option<f64> {
        let entry = &self.entry;
        let per_second = |count: u64| (seconds > 0.0).then(|| count as f64 / seconds);
        let timed = |ms: f64| (entry.timed_requests() > 0).then_some(ms);
        match metric {
            Metric::Percentile(quantile) => entry.percentile(quantile),
            Metric::Average => timed(entry.average_ms()),
            Metric::Min => entry.min_ms,
            Metric::Max => timed(entry.max_ms),
            Metric::FailRatio => (entry.requests + entry.failures > 0).then(|| entry.fail_ratio()),
            Metric::Failures => Some(entry.failures as f64),
            Metric::Requests => Some(entry.requests as f64),
            Metric::Rps => per_second(entry.requests),
            Metric::FailuresPerSecond => per_second(entry.failures),
            Metric::Lag(statistic) | Metric::StartLag(statistic) => of_lag(&self.lag, statistic),
            Metric::Degradation => None, // of levels, which the judge compares
        }
    }
}

fn of_lag(lag: &Histogram, statistic: Statistic) -> Option<f64> {
    match statistic {
        Statistic::Quantile(quantile) => lag.quantile_ms(quantile),
        Statistic::Max => (!lag.is_empty()).then(|| lag.max_ms()),
    }
}

fn lag(stats: &RunStats, metric: Metric) -> Histogram {
    match metric {
        Metric::Lag(_) => stats.lag().clone(),
        Metric::StartLag(_) => stats.start_lag().clone(),
        _ => Histogram::new(),
    }
}

fn title(entry: &Entry) -> String {
    format!("{} {}", entry.method, entry.name).trim_start().to_owned()
}

fn together(stats: &RunStats, scope: &Scope) -> Entry {
    if !scope.is_of_names() {
        return slim(stats.total());
    }
    let mut sum = Entry::new("", "", stats.total().started_at, 1);
    let entries = stats.entries().iter().filter(|entry| scope.has_request(&entry.method, &entry.name));
    entries.for_each(|entry| sum.merge(&slim(entry)));
    sum
}

/// An entry without what it remembers second by second, which nothing here asks for.
fn slim(entry: &Entry) -> Entry {
    let mut slim = Entry::new("", "", entry.started_at, 1);
    slim.requests = entry.requests;
    slim.requests_without_time = entry.requests_without_time;
    slim.failures = entry.failures;
    slim.total_ms = entry.total_ms;
    slim.min_ms = entry.min_ms;
    slim.max_ms = entry.max_ms;
    slim.times = entry.times.clone();
    slim
}

#[cfg(test)]
mod tests {
    use katydid_plan::threshold;
    use katydid_stats::Sample;

    use super::*;

    fn stats() -> RunStats {
        let mut stats = RunStats::new(100.0);
        for (method, name, ms) in
            [("GET", "/a", 10.0), ("GET", "/a", 20.0), ("POST", "/a", 90.0), ("GET", "/b", 40.0)]
        {
            let id = stats.entry(method, name);
            stats.record(id, &Sample { lag_ns: Some(2_000_000), ..Sample::new(101.0, Some(ms), 1) });
            if ms > 30.0 {
                stats.record_failure(id, "no", 101.0);
            }
        }
        stats.record_start_lag(5_000_000);
        stats
    }

    fn value(text: &str) -> Option<f64> {
        let threshold = threshold::parse(text).unwrap_or_else(|misread| panic!("{misread}"));
        let sums = sums(&stats(), &threshold);
        assert_eq!(sums.len(), 1, "{text}");
        sums[0].value(threshold.metric, 2.0)
    }

    #[test]
    fn every_metric_has_its_number() {
        let table = [
            ("p50<1s", Some(40.0)),
            ("median<1s on GET /a", Some(20.0)),
            ("avg<1s", Some(40.0)),
            ("min<1s", Some(10.0)),
            ("max<1s on GET *", Some(40.0)),
            ("fail_ratio<1%", Some(0.5)),
            ("failures<1 on GET *", Some(1.0)),
            ("requests>1 on /a", Some(3.0)),
            ("rps>1", Some(2.0)),
            ("fail_per_s<1", Some(1.0)),
            ("lag_p99<1s", Some(2.0)),
            ("lag_max<1s", Some(2.0)),
            ("start_lag_p99<1s", Some(5.0)),
        ];
        for (text, expected) in table {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn of_nothing_only_counts_are_known() {
        for (text, expected) in [
            ("p95<1s on /c", None),
            ("avg<1s on /c", None),
            ("max<1s on /c", None),
            ("fail_ratio<1% on /c", None),
            ("failures<1 on /c", Some(0.0)),
            ("rps>1 on /c", Some(0.0)),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn each_name_can_be_taken_by_itself() {
        let threshold = threshold::parse("max<1s on each GET *").expect("a threshold");
        let all: Vec<_> = sums(&stats(), &threshold)
            .iter()
            .map(|sum| (sum.name.clone(), sum.value(Metric::Max, 1.0)))
            .collect();
        assert_eq!(all, [("GET /a".into(), Some(20.0)), ("GET /b".into(), Some(40.0))]);
    }
}
