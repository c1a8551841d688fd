//! What is asked of a run? Limits such as `p95<2s`, for the run or a part of it.
//!
//! The grammar, in which all but the comparison may be left out:
//!
//! ```text
//! METRIC COMPARISON VALUE [on SCOPE] [over TIME] [after TIME] [abort]
//! SCOPE: [scenario:NAME] [level:N|NAME|*] [user:CLASS] [each] [METHOD] [NAME]
//! ```
//!
//! Names of levels, classes and requests are patterns, and stand in quotation marks where they contain blanks.

mod metric;
mod scope;

use std::time::Duration;

use crate::Misread;
use crate::scan::{Piece, Scan};

pub use metric::{Comparison, Metric, Statistic, Unit};
pub use scope::Scope;

/// A limit for one number of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The text that it was made from; where it stood in a scenario or a level, followed by which.
    pub text: String,
    /// Which number.
    pub metric: Metric,
    /// How it has to compare with the limit.
    pub comparison: Comparison,
    /// The limit, in the unit of the metric.
    pub limit: f64,
    /// Which part of the run.
    pub scope: Scope,
    /// If set, it has to hold in each stretch of this length; otherwise over all.
    pub window: Option<Duration>,
    /// How much of the beginning of the run, or of a level, is not judged.
    pub after: Duration,
    /// Does the run end as soon as it is broken?
    pub aborts: bool,
}

impl Threshold {
    /// Is a measured number as it should be?
    pub fn is_met_by(&self, value: f64) -> bool {
        self.comparison.holds(value, self.limit)
    }

    /// Does it judge how many requests of the whole run may fail, in place of the rule that none may?
    pub fn judges_failures(&self) -> bool {
        self.metric.is_of_failures()
            && self.scope.is_whole_run()
            && self.window.is_none()
            && self.after.is_zero()
    }
}

/// Parses a threshold.
///
/// # Examples
/// ```
/// use katydid_plan::threshold::{self, Metric};
///
/// let threshold = threshold::parse("p95<2s on GET /items/* over 30s abort").expect("it follows the grammar");
/// assert_eq!((threshold.metric, threshold.limit), (Metric::Percentile(0.95), 2000.0));
/// assert!(threshold.is_met_by(1999.0) && threshold.aborts);
/// ```
///
/// # Errors
/// Text that does not follow the grammar, a value whose unit is not the metric's, and scopes in which a metric is not
/// known.
pub fn parse(text: &str) -> Result<Threshold, Misread> {
    parse_within(text, Around::default())
}

/// What a threshold stands in, where it is written inside of a scenario or of a level.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    /// The scenario's name.
    pub scenario: Option<&'a str>,
    /// The level's number.
    pub level: Option<&'a str>,
}

impl Around<'_> {
    /// The same after a threshold's text, such as ` in scenario api, level 2`; empty where there is nothing around.
    fn words(&self) -> String {
        let parts = [("scenario", self.scenario), ("level", self.level)];
        let parts: Vec<String> =
            parts.iter().filter_map(|(what, name)| Some(format!("{what} {}", (*name)?))).collect();
        if parts.is_empty() { String::new() } else { format!(" in {}", parts.join(", ")) }
    }
}

/// Parses a threshold that stands in a scenario or in a level, and holds for it alone.
///
/// # Errors
/// Those of [`parse`], and a scope that names another one.
pub fn parse_within(text: &str, around: Around<'_>) -> Result<Threshold, Misread> {
    let mut scan = Scan::new(text);
    let (metric, metric_piece) = metric::metric(&mut scan)?;
    let comparison = metric::comparison(&mut scan)?;
    let limit = metric::value(&mut scan, metric, &metric_piece)?;
    let mut threshold = Threshold {
        text: format!("{}{}", text.trim(), around.words()),
        metric,
        comparison,
        limit,
        scope: Scope::default(),
        window: None,
        after: Duration::ZERO,
        aborts: false,
    };
    while !scan.is_at_end() {
        clause(&mut scan, &mut threshold)?;
    }
    scope::put_within(&scan, &mut threshold.scope, around, &metric_piece)?;
    scope::check(&scan, &threshold, &metric_piece)?;
    Ok(threshold)
}

/// Words that begin a clause, and therefore end a scope.
pub(crate) const KEYWORDS: [&str; 4] = ["on", "over", "after", "abort"];

fn clause(scan: &mut Scan<'_>, threshold: &mut Threshold) -> Result<(), Misread> {
    let keyword = scan.word();
    match keyword.text {
        "on" if threshold.scope.is_whole_run() => threshold.scope = scope::scope(scan, &keyword)?,
        "over" if threshold.window.is_none() => threshold.window = Some(scan.span_after(&keyword)?),
        "after" if threshold.after.is_zero() => threshold.after = scan.span_after(&keyword)?,
        "abort" if !threshold.aborts => threshold.aborts = true,
        known if KEYWORDS.contains(&known) => {
            let problem = format!("\"{known}\" is there twice");
            return Err(scan.wrong(keyword.place, problem, "say it once"));
        }
        _ => return Err(unknown_clause(scan, keyword)),
    }
    Ok(())
}

fn unknown_clause(scan: &Scan<'_>, word: Piece<'_>) -> Misread {
    let problem = format!("\"{}\" is not understood", word.text);
    let fix = match crate::nearest::nearest(word.text, KEYWORDS) {
        Some(known) => format!("did you mean \"{known}\"?"),
        None => "after the value may follow: on NAME, over 30s, after 1m, abort".into(),
    };
    scan.wrong(word.place, problem, fix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Pattern;

    fn read(text: &str) -> Threshold {
        parse(text).unwrap_or_else(|misread| panic!("{text}: {misread}"))
    }

    #[test]
    fn reads_metrics_comparisons_and_values() {
        use Comparison::{Above, AtLeast, AtMost, Below, Equal, Unequal};
        let table = [
            ("p95<2s", Metric::Percentile(0.95), Below, 2000.0),
            ("p99.9 <= 1.5s", Metric::Percentile(0.999), AtMost, 1500.0),
            ("median<300us", Metric::Percentile(0.5), Below, 0.3),
            ("max < 2m", Metric::Max, Below, 120_000.0),
            ("min>1ms", Metric::Min, Above, 1.0),
            ("avg<=0ms", Metric::Average, AtMost, 0.0),
            ("fail_ratio<1%", Metric::FailRatio, Below, 0.01),
            ("fail_ratio==0", Metric::FailRatio, Equal, 0.0),
            ("fail_ratio<=0.005", Metric::FailRatio, AtMost, 0.005),
            ("failures!=3", Metric::Failures, Unequal, 3.0),
            ("requests>=1000", Metric::Requests, AtLeast, 1000.0),
            ("rps>60000", Metric::Rps, Above, 60_000.0),
            ("rps>0.5/s", Metric::Rps, Above, 0.5),
            ("fail_per_s<2/s", Metric::FailuresPerSecond, Below, 2.0),
            ("lag_p99<10ms", Metric::Lag(Statistic::Quantile(0.99)), Below, 10.0),
            ("lag_max<1s", Metric::Lag(Statistic::Max), Below, 1000.0),
            ("start_lag_p50<1ms", Metric::StartLag(Statistic::Quantile(0.5)), Below, 1.0),
            ("degradation<150% on level:*", Metric::Degradation, Below, 1.5),
        ];
        for (text, metric, comparison, limit) in table {
            let threshold = read(text);
            assert_eq!((threshold.metric, threshold.comparison), (metric, comparison), "{text}");
            assert!((threshold.limit - limit).abs() < 1e-12, "{text}: {}", threshold.limit);
        }
    }

    #[test]
    fn reads_scopes() {
        let pattern = |text: &str| Some(Pattern::new(text));
        let whole = Scope::default();
        let table = [
            ("p95<2s", whole.clone()),
            ("p95<2s on *", Scope { name: pattern("*"), ..whole.clone() }),
            ("p95<2s on GET *", Scope { method: pattern("GET"), name: pattern("*"), ..whole.clone() }),
            ("p95<2s on \"GET\"", Scope { name: pattern("GET"), ..whole.clone() }),
            ("p95<2s on 'GET' over 3s", Scope { name: pattern("GET"), ..whole.clone() }),
            ("p95<2s on SQL over 3s", Scope { name: pattern("SQL"), ..whole.clone() }),
            ("p95<2s on each /v1/*", Scope { name: pattern("/v1/*"), is_each: true, ..whole.clone() }),
            (
                "p95<2s on \"chat (first token)\"",
                Scope { name: pattern("chat (first token)"), ..whole.clone() },
            ),
            (
                "p95<2s on POST 'over there' abort",
                Scope { method: pattern("POST"), name: pattern("over there"), ..whole.clone() },
            ),
            ("p95<2s on user:Shopper", Scope { user: Some("Shopper".into()), ..whole.clone() }),
            (
                "p95<2s on level:3 /items",
                Scope { level: pattern("3"), name: pattern("/items"), ..whole.clone() },
            ),
            (
                "p95<2s on level:3//items",
                Scope { level: pattern("3"), name: pattern("/items"), is_after_slash: true, ..whole.clone() },
            ),
            (
                "p95<2s on scenario:api level:\"night peak\"",
                Scope { scenario: pattern("api"), level: pattern("night peak"), ..whole },
            ),
        ];
        for (text, scope) in table {
            assert_eq!(read(text).scope, scope, "{text}");
        }
    }

    #[test]
    fn the_text_says_what_it_stands_in() {
        for (scenario, level, text) in [
            (None, None, "p95<2s"),
            (Some("api"), None, "p95<2s in scenario api"),
            (Some("api"), Some("2"), "p95<2s in scenario api, level 2"),
            (None, Some("2"), "p95<2s in level 2"),
        ] {
            let threshold = parse_within(" p95<2s", Around { scenario, level }).expect("a threshold");
            assert_eq!(threshold.text, text);
        }
    }

    #[test]
    fn a_name_after_a_slash_is_also_the_one_with_it() {
        for (text, names) in [
            ("p95<2s on level:3/items", [true, true, false]),
            ("p95<2s on level:3 /items", [true, false, false]),
            ("p95<2s on level:3 items", [false, true, false]),
        ] {
            let scope = read(text).scope;
            assert_eq!(
                ["/items", "items", "//items"].map(|name| scope.has_request("GET", name)),
                names,
                "{text}"
            );
        }
    }

    #[test]
    fn reads_windows_delays_and_abort_in_any_order() {
        for text in ["p95<2s over 30s after 1m abort", "p95<2s abort after 1m over 30s"] {
            let threshold = read(text);
            assert_eq!(
                (threshold.window, threshold.after, threshold.aborts),
                (Some(Duration::from_secs(30)), Duration::from_secs(60), true)
            );
        }
    }

    #[test]
    fn only_limits_for_failures_of_the_whole_run_judge_them() {
        let table = [
            ("fail_ratio<1%", true),
            ("failures<10 abort", true),
            ("fail_ratio<1% on /a", false),
            ("fail_ratio<1% over 10s", false),
            ("fail_ratio<1% after 10s", false),
            ("p95<1s", false),
        ];
        for (text, judges) in table {
            assert_eq!(read(text).judges_failures(), judges, "{text}");
        }
    }

    #[test]
    fn refuses_with_the_place_and_the_fix() {
        let table = [
            ("", 1, "here should be a metric"),
            ("<2s", 1, "here should be a metric"),
            ("p59x<2s", 1, "\"p59x\" is no metric"),
            ("fail_rate<1%", 1, "did you mean \"fail_ratio\"?"),
            ("P95<2s", 1, "did you mean \"p95\"?"),
            ("p101<2s", 1, "between 0 and 100"),
            ("p<2s", 1, "\"p\" is no metric"),
            ("p95", 4, "no comparison"),
            ("p95=2s", 4, "no comparison"),
            ("p95 2s", 5, "no comparison"),
            ("p95<", 5, "no value"),
            ("p95<two", 5, "\"two\" is not a value"),
            ("p95<2", 5, "is no time"),
            ("p95<2x", 6, "\"x\" is no unit"),
            ("p95<2%", 6, "\"%\" is no unit of p95"),
            ("p95<1.2.3s", 5, "\"1.2.3\" is no number"),
            ("fail_ratio<1", 12, "means every request"),
            ("fail_ratio<5", 12, "above 1: write 5%"),
            ("fail_ratio<200%", 12, "above 100%"),
            ("fail_ratio<2s", 13, "\"s\" is no unit of fail_ratio"),
            ("rps>60000ms", 10, "\"ms\" is no unit of rps"),
            ("requests>10%", 12, "\"%\" is no unit of requests"),
            ("p95<2s onn /a", 8, "did you mean \"on\"?"),
            ("p95<2s /a", 8, "\"/a\" is not understood"),
            ("p95<2s on", 10, "no scope"),
            ("p95<2s on over 3s", 11, "no scope"),
            ("p95<2s on /a on /b", 14, "twice"),
            ("p95<2s on /a b", 14, "\"b\" is not understood"),
            ("p95<2s on \"a b", 11, "does not end"),
            ("p95<2s on level:", 17, "no level"),
            ("p95<2s on level:1 level:2", 19, "twice"),
            ("p95<2s on lvl:1 /a", 11, "did you mean \"level:\"?"),
            ("p95<2s on each", 15, "no name"),
            ("p95<2s on GET", 11, "the name after GET is missing: write GET * for all such requests"),
            ("p95<2s on each POST over 3s", 16, "write POST *"),
            ("p95<2s on level:2/GET", 19, "write GET *"),
            ("p95<2s over", 12, "after \"over\" there is no time"),
            ("p95<2s over soon", 13, "\"soon\" is no time"),
            ("p95<2s over 3s over 4s", 16, "twice"),
            ("p95<2s abort abort", 14, "twice"),
            ("lag_p99<10ms on /a", 1, "not measured for a part"),
            ("lag_p99<10ms on user:A", 1, "not measured for a part"),
            ("lag_p95x<10ms", 1, "\"lag_p95x\" is no metric"),
            ("requests>1000 abort", 1, "leave abort out"),
            ("failures==3 after 1m abort", 1, "leave abort out"),
            ("degradation<50%", 1, "say of which"),
            ("degradation<50% on level:1 /a", 1, "whole levels"),
            ("degradation<50% on level:1 over 3s", 1, "whole levels"),
        ];
        for (text, column, said) in table {
            let misread = parse(text).expect_err(text);
            assert!(misread.column() == column && misread.line().contains(said), "{text}: {misread}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(p9|fail_ratio|rps|lag_|max)?[<>=]{0,2}[0-9a-z .%\"é:*/]{0,30}") {
            let _ = parse(&text);
        }
    }
}
