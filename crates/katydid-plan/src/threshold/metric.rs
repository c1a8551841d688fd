//! Which number is limited, how is it compared, and in which unit?

use std::cmp::Ordering;

use crate::Misread;
use crate::nearest::nearest;
use crate::scan::{Piece, Scan};

/// A number of a run, or of a part of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// A response time at a quantile between 0 and 1.
    Percentile(f64),
    /// The mean response time.
    Average,
    /// The shortest response time.
    Min,
    /// The longest response time.
    Max,
    /// Failed requests per request.
    FailRatio,
    /// Failed requests.
    Failures,
    /// Requests, failed ones included.
    Requests,
    /// Requests per second.
    Rps,
    /// Failed requests per second.
    FailuresPerSecond,
    /// How late answers were read.
    Lag(Statistic),
    /// How late requests were started.
    StartLag(Statistic),
    /// By which share the 95th percentile of a level is above that of the first level or of the baseline.
    Degradation,
}

/// One number of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The value at a quantile between 0 and 1.
    Quantile(f64),
    /// The largest value.
    Max,
}

/// What a metric is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Parts of one.
    Share,
    /// A number.
    Count,
    /// A number in each second.
    PerSecond,
}

/// How a number has to compare with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

/// Longer texts first: `<=` begins with `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

/// Metrics without a number in their name.
const NAMES: [(&str, Metric); 12] = [
    ("avg", Metric::Average),
    ("median", Metric::Percentile(0.5)),
    ("min", Metric::Min),
    ("max", Metric::Max),
    ("fail_ratio", Metric::FailRatio),
    ("failures", Metric::Failures),
    ("requests", Metric::Requests),
    ("rps", Metric::Rps),
    ("fail_per_s", Metric::FailuresPerSecond),
    ("lag_max", Metric::Lag(Statistic::Max)),
    ("start_lag_max", Metric::StartLag(Statistic::Max)),
    ("degradation", Metric::Degradation),
];

/// Examples of the others, for who mistypes one.
const WITH_NUMBERS: [&str; 6] = ["p50", "p90", "p95", "p99", "lag_p99", "start_lag_p99"];

const HOW: &str = "use p95 (or any other pN), avg, median, min, max, fail_ratio, failures, requests, rps, fail_per_s, \
                   lag_p99, lag_max, start_lag_p99, start_lag_max or degradation";

impl Metric {
    /// What it is counted in.
    pub fn unit(self) -> Unit {
        match self {
            Self::Percentile(_)
            | Self::Average
            | Self::Min
            | Self::Max
            | Self::Lag(_)
            | Self::StartLag(_) => Unit::Milliseconds,
            Self::FailRatio | Self::Degradation => Unit::Share,
            Self::Failures | Self::Requests => Unit::Count,
            Self::Rps | Self::FailuresPerSecond => Unit::PerSecond,
        }
    }

    /// Is it about failed requests?
    pub fn is_of_failures(self) -> bool {
        matches!(self, Self::FailRatio | Self::Failures | Self::FailuresPerSecond)
    }

    /// Is it about the generator and not about requests?
    pub fn is_of_lag(self) -> bool {
        matches!(self, Self::Lag(_) | Self::StartLag(_))
    }
}

impl Comparison {
    /// Is `value` as it should be?
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
            Self::Equal => value == limit,
            Self::Unequal => value != limit,
        }
    }

    /// The larger, the further `value` is from being as it should be.
    pub fn excess(self, value: f64, limit: f64) -> f64 {
        match self {
            Self::Below | Self::AtMost => value - limit,
            Self::Above | Self::AtLeast => limit - value,
            Self::Equal => (value - limit).abs(),
            Self::Unequal => -(value - limit).abs(),
        }
    }
}

/// Reads the metric that begins a threshold.
pub(super) fn metric<'a>(scan: &mut Scan<'a>) -> Result<(Metric, Piece<'a>), Misread> {
    let belongs = |character: char| character.is_alphanumeric() || "_.".contains(character);
    let word = scan.take(belongs);
    if word.text.is_empty() {
        let place = scan.peek_word_place();
        return Err(scan.wrong(place, "here should be a metric", HOW));
    }
    if let Some((_, metric)) = NAMES.iter().find(|(name, _)| *name == word.text) {
        return Ok((*metric, word));
    }
    if let Some(found) = with_number(word.text) {
        let quantile = found.map_err(|text| {
            scan.wrong(
                word.place.clone(),
                format!("there is no percentile {text}"),
                "use one between 0 and 100",
            )
        })?;
        return Ok((quantile, word));
    }
    let lower = word.text.to_ascii_lowercase();
    let fix = match nearest(&lower, NAMES.iter().map(|(name, _)| *name).chain(WITH_NUMBERS)) {
        Some(known) => format!("did you mean \"{known}\"?"),
        None => HOW.into(),
    };
    Err(scan.wrong(word.place.clone(), format!("\"{}\" is no metric", word.text), fix))
}

/// A metric with a percentile in its name; `Err` with the number where there is no such percentile.
fn with_number(text: &str) -> Option<Result<Metric, &str>> {
    let (head, number) =
        ["start_lag_p", "lag_p", "p"].iter().find_map(|head| Some((*head, text.strip_prefix(head)?)))?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent: f64 = number.parse().ok().filter(|_| is_number)?;
    // 99.9 / 100.0 is not 0.999, as the tables have it; with twelve digits it is.
    let quantile = (percent * 1e10).round() / 1e12;
    let metric = match head {
        "start_lag_p" => Metric::StartLag(Statistic::Quantile(quantile)),
        "lag_p" => Metric::Lag(Statistic::Quantile(quantile)),
        _ => Metric::Percentile(quantile),
    };
    Some(if (0.0..=100.0).contains(&percent) { Ok(metric) } else { Err(number) })
}

pub(super) fn comparison(scan: &mut Scan<'_>) -> Result<Comparison, Misread> {
    scan.take_one_of(&COMPARISONS).ok_or_else(|| {
        let place = scan.peek_word_place();
        scan.wrong(place, "there is no comparison", "write <, <=, >, >=, == or != after the metric")
    })
}

/// Reads the value in the unit of the metric.
pub(super) fn value(scan: &mut Scan<'_>, metric: Metric, name: &Piece<'_>) -> Result<f64, Misread> {
    let digits = scan.digits();
    if digits.text.is_empty() {
        let word = scan.peek_word();
        let problem = match word.text {
            "" => "there is no value".into(),
            text => format!("\"{text}\" is not a value"),
        };
        return Err(scan.wrong(word.place, problem, example(metric)));
    }
    let number: f64 = digits.text.parse().map_err(|_| {
        scan.wrong(digits.place.clone(), format!("\"{}\" is no number", digits.text), example(metric))
    })?;
    let unit = scan.take_adjacent(|character| !character.is_whitespace());
    let factor =
        factor(metric.unit(), unit.text).ok_or_else(|| wrong_unit(scan, metric, name, &digits, &unit))?;
    let value = number * factor;
    if metric == Metric::FailRatio {
        refuse_odd_ratio(scan, value, digits, unit.text.is_empty())?;
    }
    Ok(value)
}

/// Refuses what no share of the requests can be, and a bare 1, which may well be meant as 1%.
fn refuse_odd_ratio(scan: &Scan<'_>, value: f64, digits: Piece<'_>, is_bare: bool) -> Result<(), Misread> {
    let problem = match (value.total_cmp(&1.0), is_bare) {
        (Ordering::Greater, true) => "no ratio is above 1",
        (Ordering::Equal, true) => "a ratio of 1 means every request",
        (Ordering::Greater, false) => {
            return Err(scan.wrong(digits.place, "no ratio is above 100%", "write less, such as 1%"));
        }
        _ => return Ok(()),
    };
    Err(scan.wrong(digits.place, problem, format!("write {}% for percent", digits.text)))
}

/// By what a number with this unit is multiplied; `None` for a unit of something else.
fn factor(unit: Unit, text: &str) -> Option<f64> {
    let known: &[(&str, f64)] = match unit {
        Unit::Milliseconds => {
            &[("us", 0.001), ("µs", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0), ("h", 3_600_000.0)]
        }
        Unit::Share => &[("%", 0.01), ("", 1.0)],
        Unit::Count => &[("", 1.0)],
        Unit::PerSecond => &[("", 1.0), ("/s", 1.0)],
    };
    known.iter().find(|(known, _)| *known == text).map(|(_, factor)| *factor)
}

fn wrong_unit(
    scan: &Scan<'_>,
    metric: Metric,
    name: &Piece<'_>,
    digits: &Piece<'_>,
    unit: &Piece<'_>,
) -> Misread {
    if unit.text.is_empty() {
        let problem = format!("{} without a unit is no time", digits.text);
        let fix = format!("write {0}ms or {0}s", digits.text);
        return scan.wrong(digits.place.clone(), problem, fix);
    }
    let is_known = [Unit::Milliseconds, Unit::Share, Unit::PerSecond]
        .iter()
        .any(|kind| factor(*kind, unit.text).is_some());
    let of = if is_known { format!(" of {}", name.text) } else { String::new() };
    scan.wrong(unit.place.clone(), format!("\"{}\" is no unit{of}", unit.text), example(metric))
}

fn example(metric: Metric) -> &'static str {
    match metric.unit() {
        Unit::Milliseconds => "write a time with us, ms, s, m or h, such as 500ms or 2s",
        Unit::Share => "write percent, such as 1%",
        Unit::Count => "write a number, such as 1000",
        Unit::PerSecond => "write a number per second, such as 100 or 100/s",
    }
}
