//! What a made-up worker of these examples has measured.

use katydid_stats::{RunStats, Sample};

/// Requests of each name in a report.
pub(crate) const REQUESTS: u64 = 20;

/// The statistics of one report with so many names.
pub(crate) fn stats(names: u64) -> RunStats {
    let mut stats = RunStats::new(1_700_000_000.0);
    for name in 0..names {
        let id = stats.entry("GET", &format!("/shop/category/{name}/items"));
        for number in 0..REQUESTS {
            let ms = 3.0 + (number * 7 + name % 40) as f64;
            stats.record(id, &Sample::new(1_700_000_000.0 + number as f64 / 7.0, Some(ms), 1234));
        }
    }
    stats
}
