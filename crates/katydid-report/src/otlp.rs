//! What does an OpenTelemetry collector get of a run? One request of OTLP's metrics service, in protobuf.
//!
//! Counters and an exponential histogram for each name, in seconds, cumulative since the run began: a request that is
//! lost is made up for by the next one. Numbers of fields are those of `opentelemetry/proto/metrics/v1/metrics.proto`.

use katydid_stats::exponential::Exponential;
use katydid_stats::{Entry, Histogram, RunStats};

use crate::protobuf::Message;

/// What belongs to all numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// `service.name` and whatever else is known of the generator.
    pub attributes: Vec<(String, String)>,
}

const CUMULATIVE: u64 = 2;

/// When the numbers of a request began, and until when they are, in nanoseconds since the epoch.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: u64,
    until: u64,
}

/// The whole request for a run as it is at `now` in Unix seconds.
///
/// # Accuracy
/// Counts and sums are those of the statistics; histograms are as exact as [`Exponential`].
pub fn request(resource: &Resource, stats: &RunStats, now: f64, users: u64) -> Vec<u8> {
    let span = Span { from: nanoseconds(stats.total().started_at), until: nanoseconds(now) };
    let mut request = Message::default();
    request.message(1, |metrics| {
        metrics.message(1, |message| attributes(message, 1, &resource.attributes));
        metrics.message(2, |scope| {
            scope.message(1, |about| {
                about.text(1, "katydid");
                about.text(2, env!("CARGO_PKG_VERSION"));
            });
            families(scope, span, stats, users);
        });
    });
    request.bytes()
}

fn families(scope: &mut Message, span: Span, stats: &RunStats, users: u64) {
    let counter = |scope: &mut Message, name: &str, about: &str, count: fn(&Entry) -> u64| {
        family(scope, name, about, "{request}", |metric| {
            metric.message(7, |sum| {
                stats.entries().iter().for_each(|entry| {
                    sum.message(1, |point| {
                        number(point, span, count(entry));
                        attributes(point, 7, &labels(entry));
                    });
                });
                sum.uint(2, CUMULATIVE);
                sum.uint(3, 1); // it only grows
            });
        });
    };
    counter(scope, "katydid.requests", "Requests, failed ones included", |entry| entry.requests);
    counter(scope, "katydid.failures", "Failed requests", |entry| entry.failures);
    family(scope, "katydid.response_time", "Response times", "s", |metric| {
        metric.message(10, |histogram| {
            for entry in stats.entries() {
                histogram.message(1, |point| {
                    attributes(point, 1, &labels(entry));
                    let ends = entry.min_ms.map(|min| (min, entry.max_ms));
                    distribution(point, span, &entry.times, entry.total_ms, ends);
                });
            }
            histogram.uint(2, CUMULATIVE);
        });
    });
    family(scope, "katydid.lag", "How late answers were read: the generator's own delay", "s", |metric| {
        metric.message(10, |histogram| {
            let sum_ms = stats.lag().cells().map(|cell| cell.value_ms() * cell.count as f64).sum();
            histogram.message(1, |point| distribution(point, span, stats.lag(), sum_ms, None));
            histogram.uint(2, CUMULATIVE);
        });
    });
    family(scope, "katydid.users", "Users that run", "{user}", |metric| {
        metric.message(5, |gauge| gauge.message(1, |point| number(point, span, users)));
    });
}

fn family(scope: &mut Message, name: &str, about: &str, unit: &str, data: impl FnOnce(&mut Message)) {
    scope.message(2, |metric| {
        metric.text(1, name);
        metric.text(2, about);
        metric.text(3, unit);
        data(metric);
    });
}

fn labels(entry: &Entry) -> [(&'static str, &str); 2] {
    [("method", &*entry.method), ("name", &*entry.name)]
}

fn attributes<K: AsRef<str>, V: AsRef<str>>(message: &mut Message, field: u64, pairs: &[(K, V)]) {
    for (key, value) in pairs {
        message.message(field, |pair| {
            pair.text(1, key.as_ref());
            pair.message(2, |any| any.text(1, value.as_ref()));
        });
    }
}

fn number(point: &mut Message, span: Span, value: u64) {
    point.fixed(2, span.from);
    point.fixed(3, span.until);
    point.fixed(6, value);
}

fn distribution(
    point: &mut Message,
    span: Span,
    times: &Histogram,
    sum_ms: f64,
    ends_ms: Option<(f64, f64)>,
) {
    let told = Exponential::of(times);
    point.fixed(2, span.from);
    point.fixed(3, span.until);
    point.fixed(4, times.count());
    point.double(5, sum_ms / 1000.0);
    point.sint(6, told.scale.into());
    point.fixed(7, told.zeros);
    point.message(8, |buckets| {
        buckets.sint(1, told.first.into());
        buckets.packed(2, told.counts);
    });
    if let Some((shortest, longest)) = ends_ms {
        point.double(12, shortest / 1000.0);
        point.double(13, longest / 1000.0);
    }
}

fn nanoseconds(at: f64) -> u64 {
    (at.max(0.0) * 1e9) as u64
}
