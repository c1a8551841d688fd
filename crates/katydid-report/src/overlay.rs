//! What of a distribution does a picture need, in which several are laid over each other? Counts in buckets that grow
//! with the response time.
//!
//! # Accuracy
//! Sixteen buckets double a response time, so a bucket is 4.4 % wide. That is for pictures: figures are taken from the
//! whole distribution.

use std::collections::BTreeMap;

use katydid_stats::{Entry, RunStats};
use serde_json::{Value, json};

/// Buckets in which a response time doubles; bucket 0 ends at one microsecond.
pub const PER_OCTAVE: u32 = 16;

/// How often each bucket was hit, by its index, shortest response times first; empty ones are left out.
pub type Buckets = Vec<(u32, u64)>;

/// The bucket of a response time: the first that does not end before it.
///
/// # Examples
/// ```
/// use katydid_report::overlay::bucket;
///
/// assert_eq!([bucket(0), bucket(1), bucket(2), bucket(1024)], [0, 0, 16, 160]);
/// ```
pub fn bucket(us: u64) -> u32 {
    // A cast of a float saturates: nothing and one microsecond are bucket 0.
    ((us.max(1) as f64).log2() * f64::from(PER_OCTAVE)).ceil() as u32
}

/// Puts response times in microseconds, each with how often it occurred, into buckets.
pub fn buckets(times: impl IntoIterator<Item = (u64, u64)>) -> Buckets {
    let mut hits: BTreeMap<u32, u64> = BTreeMap::new();
    for (us, count) in times {
        *hits.entry(bucket(us)).or_default() += count;
    }
    hits.into_iter().collect()
}

/// The distributions of all names of a run, and of all requests together, which have no method.
pub fn distributions(stats: &RunStats) -> Value {
    let told = |entry: &Entry| {
        let times = buckets(entry.times.cells().map(|cell| (cell.value_us(), cell.count)));
        json!({ "method": &*entry.method, "name": &*entry.name, "times": times })
    };
    let total = json!({ "method": "", "name": "Aggregated", "times": told(stats.total())["times"] });
    let timed = stats.entries().iter().filter(|entry| entry.timed_requests() > 0);
    std::iter::once(total).chain(timed.map(told)).collect()
}

#[cfg(test)]
mod tests {
    use katydid_stats::Sample;

    use super::*;

    #[test]
    fn a_bucket_ends_at_a_power_of_the_sixteenth_root_of_two() {
        for index in 160..400_u32 {
            let end = (f64::from(index) / f64::from(PER_OCTAVE)).exp2();
            assert_eq!(bucket(end.floor() as u64), index, "up to {end} us");
        }
    }

    #[test]
    fn every_request_is_in_a_bucket() {
        let mut stats = RunStats::new(0.0);
        for (name, ms) in [("/a", 1.0), ("/a", 1.01), ("/a", 80.0), ("/b", 0.0)] {
            let id = stats.entry("GET", name);
            stats.record(id, &Sample::new(1.0, Some(ms), 1));
        }
        let told = distributions(&stats);
        let counts = |at: usize| -> Vec<u64> {
            let times = told[at]["times"].as_array().into_iter().flatten();
            times.filter_map(|pair| pair[1].as_u64()).collect()
        };
        assert_eq!((told[0]["name"].as_str(), counts(0)), (Some("Aggregated"), vec![1, 2, 1]));
        assert_eq!((told[1]["name"].as_str(), counts(1)), (Some("/a"), vec![2, 1]));
        assert_eq!(told.as_array().map(Vec::len), Some(3));
    }
}
