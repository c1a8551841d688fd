//! Prometheus' text format, version 0.0.4.

use std::fmt::Write;

use super::{Family, Kind, Metric, Value};

pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The whole text. A histogram that is native alone is left out: the format has no place for it.
pub(super) fn written(families: &[Family]) -> String {
    let mut text = Text::default();
    for family in families.iter().filter(|family| family.metrics.iter().all(has_text)) {
        let Family { name, about, kind, .. } = family;
        let _ = writeln!(text.0, "# HELP {name} {about}\n# TYPE {name} {}", word(*kind));
        family.metrics.iter().for_each(|metric| text.metric(name, metric));
    }
    text.0
}

fn has_text(metric: &Metric) -> bool {
    !matches!(&metric.value, Value::Histogram { buckets, .. } if buckets.is_empty())
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Summary => "summary",
        Kind::Histogram => "histogram",
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn metric(&mut self, name: &str, metric: &Metric) {
        match &metric.value {
            Value::Number(value) => self.line(name, "", metric, None, *value),
            Value::Summary { quantiles, sum, count } => {
                for (quantile, value) in quantiles {
                    self.line(name, "", metric, Some(("quantile", quantile.to_string())), *value);
                }
                if let Some(sum) = sum {
                    self.line(name, "_sum", metric, None, *sum);
                }
                self.line(name, "_count", metric, None, *count as f64);
            }
            Value::Histogram { buckets, sum, count, .. } => {
                for (bound, below) in buckets {
                    self.line(name, "_bucket", metric, Some(("le", bound.to_string())), *below as f64);
                }
                self.line(name, "_bucket", metric, Some(("le", "+Inf".into())), *count as f64);
                self.line(name, "_sum", metric, None, *sum);
                self.line(name, "_count", metric, None, *count as f64);
            }
        }
    }

    fn line(&mut self, name: &str, suffix: &str, metric: &Metric, more: Option<(&str, String)>, value: f64) {
        let own = metric.labels.iter().map(|(label, text)| (*label, text.as_str()));
        let more = more.as_ref().map(|(label, text)| (*label, text.as_str()));
        let pair = |(label, text)| format!("{label}=\"{}\"", escaped(text));
        let labels: Vec<String> = own.chain(more).map(pair).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{suffix}{labels} {value}");
    }
}

/// Backslashes, quotes and line ends would end a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
