//! What should a reader know before trusting the numbers? How late the generator was, and where the time went.

use katydid_stats::{Phase, Snapshot, Spread};

use crate::number::milliseconds;

/// A run whose 99th percentile of lag is above this was limited by the generator, not by the target.
pub const LAG_LIMIT_MS: f64 = 10.0;

/// What to do about such a run.
pub const REMEDY: &str = "Look for tasks that burn CPU, use --processes, or run fewer users in each process.";

/// Was the generator too busy for its load?
pub fn is_generator_limited(snapshot: &Snapshot) -> bool {
    [snapshot.lag, snapshot.start_lag].into_iter().flatten().any(|lag| lag.p99_ms > LAG_LIMIT_MS)
}

/// The lines on lag and phases; none before the first request.
pub fn truth_lines(snapshot: &Snapshot) -> Vec<String> {
    if snapshot.total.requests == 0 {
        return Vec::new();
    }
    let lag = snapshot.lag.map_or_else(lag_unknown, |lag| lag_line(&lag, snapshot.total.requests));
    let start_lag =
        snapshot.start_lag.map(|lag| format!("Start lag: {} (intended until actual start)", spread(&lag)));
    let warning = is_generator_limited(snapshot).then(warning);
    [Some(lag), start_lag, phase_line(snapshot), warning].into_iter().flatten().collect()
}

fn lag_unknown() -> String {
    "Lag: not measured (no request went through katydid's own client)".into()
}

fn lag_line(lag: &Spread, requests: u64) -> String {
    let of = if lag.count < requests {
        format!(", of {} of {requests} requests", lag.count)
    } else {
        String::new()
    };
    format!("Lag: {} (kernel arrival until read, not part of the response times{of})", spread(lag))
}

fn spread(spread: &Spread) -> String {
    let [p50, p99, max] = [spread.p50_ms, spread.p99_ms, spread.max_ms].map(milliseconds);
    format!("p50 {p50} ms, p99 {p99} ms, max {max} ms")
}

fn phase_line(snapshot: &Snapshot) -> Option<String> {
    let phases: Vec<String> = Phase::ALL
        .iter()
        .zip(&snapshot.phases)
        .filter_map(|(phase, spread)| {
            let spread = spread.as_ref()?;
            Some(format!("{} {}/{}", phase.name(), milliseconds(spread.p50_ms), milliseconds(spread.p99_ms)))
        })
        .collect();
    (!phases.is_empty()).then(|| format!("Phases (p50/p99 in ms): {}", phases.join(", ")))
}

fn warning() -> String {
    format!(
        "Generator-limited: p99 of the lag is above {LAG_LIMIT_MS} ms, so load was offered late. {REMEDY}"
    )
}

#[cfg(test)]
mod tests {
    use katydid_stats::snapshot::SnapshotRequest;
    use katydid_stats::{Phases, RunStats, Sample};

    use super::*;

    fn snapshot(lags_ms: &[u64], without_lag: usize) -> Snapshot {
        let mut stats = RunStats::new(100.0);
        let id = stats.entry("GET", "/");
        let mut phases = Phases::default();
        phases.add(Phase::Connect, 1_500_000);
        phases.add(Phase::Waiting, 20_000_000);
        for lag_ms in lags_ms {
            let sample =
                Sample { phases, lag_ns: Some(lag_ms * 1_000_000), ..Sample::new(101.0, Some(25.0), 1) };
            stats.record(id, &sample);
        }
        (0..without_lag).for_each(|_| stats.record(id, &Sample::new(101.0, Some(25.0), 1)));
        stats.snapshot(&SnapshotRequest { now: 102.0, quantiles: &[], with_window: false })
    }

    #[test]
    fn tells_lag_and_phases() {
        assert_eq!(
            truth_lines(&snapshot(&[1, 2, 2], 0)),
            [
                "Lag: p50 2.00 ms, p99 2.00 ms, max 2.00 ms (kernel arrival until read, not part of the response times)",
                "Phases (p50/p99 in ms): connect 1.50/1.50, waiting 20.0/20.0",
            ]
        );
    }

    #[test]
    fn marks_a_run_that_the_generator_limited() {
        let lines = truth_lines(&snapshot(&[51; 4], 0));
        assert!(lines[0].contains("p99 51.0 ms"));
        assert!(lines[2].starts_with("Generator-limited") && lines[2].contains("--processes"));
    }

    #[test]
    fn admits_what_was_not_measured() {
        assert!(truth_lines(&snapshot(&[], 3))[0].contains("not measured"));
        assert!(truth_lines(&snapshot(&[1], 3))[0].contains("of 1 of 4 requests"));
        assert!(truth_lines(&snapshot(&[], 0)).is_empty());
    }
}
