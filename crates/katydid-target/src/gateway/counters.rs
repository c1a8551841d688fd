//! What does `/metrics` say? Counters in Prometheus' text format.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub(super) struct Counters {
    pub(super) health: Counter,
    pub(super) resources: Counter,
    pub(super) action: Counter,
    pub(super) stream: Counter,
    pub(super) echo: Counter,
    hits: Counter,
    misses: Counter,
}

#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Counts one, and returns how many there are now.
    pub(super) fn add(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(super) fn resource(&self, hit: bool) {
        if hit { &self.hits } else { &self.misses }.add();
    }

    pub(super) fn exposition(&self) -> String {
        let (hits, misses) = (self.hits.read(), self.misses.read());
        let routes = [
            ("health", self.health.read()),
            ("resource", hits + misses),
            ("resources", self.resources.read()),
            ("action", self.action.read()),
            ("events", self.stream.read()),
            ("echo", self.echo.read()),
        ];
        let results = [("hit", hits), ("miss", misses)];
        family("gateway_requests_total", "Requests and messages served.", "route", &routes)
            + &family("gateway_cache_total", "Resource look-ups by result.", "result", &results)
    }
}

fn family(name: &str, help: &str, label: &str, samples: &[(&str, u64)]) -> String {
    let mut text = format!("# HELP {name} {help}\n# TYPE {name} counter\n");
    for (value, count) in samples {
        let _ = writeln!(text, "{name}{{{label}=\"{value}\"}} {count}"); // writing to a string does not fail
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exposition_is_what_prometheus_reads() {
        let counters = Counters::default();
        counters.resource(true);
        counters.resource(false);
        counters.resource(true);
        let text = counters.exposition();
        assert!(
            text.contains("# TYPE gateway_cache_total counter\ngateway_cache_total{result=\"hit\"} 2\n"),
            "{text}"
        );
        assert!(text.contains("gateway_requests_total{route=\"resource\"} 3\n"), "{text}");
    }
}
