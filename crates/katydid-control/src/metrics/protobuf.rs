//! Prometheus' protobuf format, which has native histograms: a stream of `io.prometheus.client.MetricFamily`. Numbers of
//! fields are those of its `metrics.proto`.

use katydid_report::protobuf::Message;
use katydid_stats::exponential::Exponential;

use super::{Family, Kind, Metric, Value};

pub(super) const CONTENT_TYPE: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// Does a scraper take this format? Prometheus does with native histograms switched on.
pub(super) fn is_asked_for(headers: &[(String, Vec<u8>)]) -> bool {
    let accepts = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("accept"));
    accepts.flat_map(|(_, value)| value.split(|byte| *byte == b',')).map(String::from_utf8_lossy).any(
        |kind| {
            kind.contains("application/vnd.google.protobuf")
                && kind.contains("io.prometheus.client.MetricFamily")
                && kind.contains("delimited")
        },
    )
}

/// The whole stream.
pub(super) fn written(families: &[Family]) -> Vec<u8> {
    let mut stream = Vec::new();
    for family in families {
        let mut message = Message::default();
        message.text(1, family.name);
        message.text(2, family.about);
        message.uint(3, number(family.kind));
        family.metrics.iter().for_each(|metric| message.message(4, |out| write(out, metric, family.kind)));
        message.delimited(&mut stream);
    }
    stream
}

fn number(kind: Kind) -> u64 {
    match kind {
        Kind::Counter => 0,
        Kind::Gauge => 1,
        Kind::Summary => 2,
        Kind::Histogram => 4,
    }
}

fn write(out: &mut Message, metric: &Metric, kind: Kind) {
    for (label, text) in &metric.labels {
        out.message(1, |pair| {
            pair.text(1, label);
            pair.text(2, text);
        });
    }
    match &metric.value {
        Value::Number(value) => {
            out.message(if kind == Kind::Gauge { 2 } else { 3 }, |number| number.double(1, *value));
        }
        Value::Summary { quantiles, sum, count } => out.message(4, |summary| {
            summary.uint(1, *count);
            summary.double(2, sum.unwrap_or_default());
            for (quantile, value) in quantiles {
                summary.message(3, |pair| {
                    pair.double(1, *quantile);
                    pair.double(2, *value);
                });
            }
        }),
        Value::Histogram { buckets, native, sum, count } => out.message(7, |histogram| {
            histogram.uint(1, *count);
            histogram.double(2, *sum);
            for (bound, below) in buckets {
                histogram.message(3, |bucket| {
                    bucket.uint(1, *below);
                    bucket.double(2, *bound);
                });
            }
            if let Some(native) = native {
                write_native(histogram, native);
            }
        }),
    }
}

/// One span of buckets, each told as its difference to the one before. Prometheus counts them by their upper bounds, one
/// above the lower ones. A span without length says that the histogram is native where it has no bucket.
fn write_native(histogram: &mut Message, native: &Exponential) {
    histogram.sint(5, native.scale.into());
    histogram.double(6, 0.0);
    histogram.uint(7, native.zeros);
    histogram.message(12, |span| {
        span.sint(1, if native.counts.is_empty() { 0 } else { i64::from(native.first) + 1 });
        span.uint(2, native.counts.len() as u64);
    });
    let mut before = 0;
    for count in &native.counts {
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        histogram.sint(13, count - before);
        before = count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_scraper_that_takes_it_gets_it() {
        let accept = |value: &str| is_asked_for(&[("Accept".into(), value.into())]);
        assert!(accept(
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,text/plain;q=0.5"
        ));
        assert!(!accept(
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
        ));
        assert!(!is_asked_for(&[]));
    }
}
