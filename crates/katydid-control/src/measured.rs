//! Which numbers does the server need of the statistics? They are taken at once, on the users' thread, and then shared.
//!
//! What a maintainer must not break: taking them costs one pass over each entry and copies no histogram but the total's
//! and those that somebody asked for.

use katydid_stats::exponential::Exponential;
use katydid_stats::snapshot::SnapshotRequest;
use katydid_stats::{EntrySummary, Histogram, Phase, RunStats, Snapshot, Spread};

/// Percentiles that `/api/v1` always shows.
pub const QUANTILES: [f64; 10] = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0];

/// A method and a name.
pub type EntryKey = (String, String);

/// The numbers of a run at one moment, as the server shows them.
///
/// # Accuracy
/// That of [`Snapshot`], as of [`Snapshot::taken_at`].
#[derive(Clone, Debug)]
pub struct Measured {
    /// Entries, total, failures, lag.
    pub snapshot: Snapshot,
    /// When recording began, in Unix seconds.
    pub started_at: f64,
    /// Sum of all response times in milliseconds.
    pub total_ms: f64,
    /// Requests that have a response time.
    pub timed_requests: u64,
    /// The distribution of all response times.
    pub times: Histogram,
    /// The distribution of the lag.
    pub lag: Histogram,
    /// 95th percentiles of the phases of all requests, in the order of [`Phase::ALL`].
    pub phases_p95_ms: [Option<f64>; Phase::ALL.len()],
    /// The distributions of the entries that were asked for.
    pub histograms: Vec<(EntryKey, Histogram)>,
    /// Those of all entries, in their order, as scrapers read them; empty unless one asked.
    pub distributions: Vec<Exponential>,
}

impl Measured {
    /// Takes the numbers of a run at `now`, with the percentiles and the histograms that are wanted.
    pub fn of(stats: &RunStats, now: f64, quantiles: &[f64], wanted: &[EntryKey]) -> Self {
        let snapshot = stats.snapshot(&SnapshotRequest { now, quantiles, with_window: true });
        let total = stats.total();
        Self {
            snapshot,
            started_at: total.started_at,
            total_ms: total.total_ms,
            timed_requests: total.timed_requests(),
            times: total.times.clone(),
            lag: stats.lag().clone(),
            phases_p95_ms: Phase::ALL.map(|phase| stats.phase(phase).quantile_ms(0.95)),
            histograms: wanted.iter().filter_map(|key| histogram_of(stats, key)).collect(),
            distributions: Vec::new(),
        }
    }

    /// The same with the distributions of all entries.
    #[must_use]
    pub fn with_distributions(self, stats: &RunStats) -> Self {
        let of = |entry: &EntrySummary| {
            let entry = stats.find(&entry.method, &entry.name).and_then(|id| stats.entry_of(id));
            entry.map(|entry| Exponential::of(&entry.times)).unwrap_or_default()
        };
        Self { distributions: self.snapshot.entries.iter().map(of).collect(), ..self }
    }

    /// The same run at its beginning, when nothing had happened.
    pub fn at_beginning(&self) -> Self {
        let mut snapshot = self.snapshot.clone();
        snapshot.taken_at = self.started_at;
        (snapshot.total.requests, snapshot.total.failures) = (0, 0);
        Self {
            snapshot,
            total_ms: 0.0,
            timed_requests: 0,
            times: Histogram::new(),
            lag: Histogram::new(),
            ..self.clone()
        }
    }

    /// The value of one percentile among those that were taken.
    pub fn percentile(&self, values: Option<&[f64]>, quantile: f64) -> Option<f64> {
        let place = self.snapshot.quantiles.iter().position(|known| *known == quantile)?;
        values?.get(place).copied()
    }

    /// The same numbers with other percentiles out of those that were taken.
    pub fn with_quantiles(&self, quantiles: &[f64]) -> Snapshot {
        let known = &self.snapshot.quantiles;
        let places: Vec<usize> = quantiles
            .iter()
            .filter_map(|quantile| known.iter().position(|known| known == quantile))
            .collect();
        let chosen = |values: &Option<Vec<f64>>| {
            values
                .as_ref()
                .map(|values| places.iter().filter_map(|place| values.get(*place).copied()).collect())
        };
        let mut snapshot = self.snapshot.clone();
        for entry in snapshot.entries.iter_mut().chain([&mut snapshot.total]) {
            entry.percentiles_ms = chosen(&entry.percentiles_ms);
            entry.window_percentiles_ms = chosen(&entry.window_percentiles_ms);
        }
        snapshot.quantiles = places.iter().map(|place| known[*place]).collect();
        snapshot
    }

    /// Entries, then the total.
    pub fn rows(&self) -> impl Iterator<Item = &EntrySummary> {
        self.snapshot.entries.iter().chain([&self.snapshot.total])
    }

    /// Lag and start lag.
    pub fn lags(&self) -> (Option<Spread>, Option<Spread>) {
        (self.snapshot.lag, self.snapshot.start_lag)
    }
}

fn histogram_of(stats: &RunStats, key: &EntryKey) -> Option<(EntryKey, Histogram)> {
    let entry = stats.entry_of(stats.find(&key.0, &key.1)?)?;
    Some((key.clone(), entry.times.clone()))
}

#[cfg(test)]
mod tests {
    use katydid_stats::Sample;

    use super::*;

    fn stats(times_ms: &[f64]) -> RunStats {
        let mut stats = RunStats::new(100.0);
        let id = stats.entry("GET", "/");
        times_ms.iter().for_each(|ms| stats.record(id, &Sample::new(101.0, Some(*ms), 10)));
        stats
    }

    #[test]
    fn chooses_among_the_percentiles() {
        let measured = Measured::of(&stats(&[1.0, 2.0, 3.0, 4.0]), 102.0, &[0.5, 0.9, 1.0], &[]);
        let snapshot = measured.with_quantiles(&[1.0, 0.5, 0.77]);
        assert_eq!(snapshot.quantiles, [1.0, 0.5], "one that was not taken is left out");
        assert_eq!(snapshot.total.percentiles_ms, Some(vec![4.0, 3.0]));
        let values = measured.snapshot.total.percentiles_ms.as_deref();
        assert_eq!(measured.percentile(values, 1.0), Some(4.0));
        assert_eq!(measured.percentile(values, 0.77), None);
    }

    #[test]
    fn copies_only_the_histograms_that_are_wanted() {
        let wanted = [("GET".to_owned(), "/".to_owned()), ("GET".to_owned(), "/unknown".to_owned())];
        let measured = Measured::of(&stats(&[2.0]), 102.0, &[], &wanted);
        assert_eq!(measured.histograms.len(), 1);
        assert_eq!(measured.histograms[0].1.count(), 1);
    }
}
