//! A verdict for the terminal: the table of levels, a line for each threshold, and the sum of it.

use super::{LevelRow, Outcome, Verdict};

const WIDEST_TITLE: usize = 40;

/// All lines; none if nothing was asked and there were no levels.
pub fn lines(verdict: &Verdict) -> Vec<String> {
    let mut lines = level_lines(&verdict.levels);
    if !verdict.is_asked {
        return lines;
    }
    lines.extend(threshold_lines(&verdict.thresholds));
    if let Some(reason) = &verdict.aborted {
        lines.push(format!("The run was ended early: {reason}"));
    }
    lines.push(format!("Verdict: {}", verdict.line()));
    lines
}

/// The table of levels, with why those failed that did.
pub fn level_lines(levels: &[LevelRow]) -> Vec<String> {
    if levels.is_empty() {
        return Vec::new();
    }
    let width =
        levels.iter().map(|level| level.title.chars().count()).max().unwrap_or(0).clamp(8, WIDEST_TITLE);
    let head = format!(
        "{:<width$} {:>6} {:>7} | {:>8} {:>14} | {:>7} {:>7} {:>7} {:>7} {:>7} | {:>9} | {:>11} | Result",
        "Level",
        "Users",
        "Time",
        "# reqs",
        "# fails",
        "Avg",
        "50%",
        "95%",
        "99%",
        "Max",
        "req/s",
        "Degradation"
    );
    let rule = "-".repeat(head.chars().count());
    let rows = levels.iter().map(|level| level_line(level, width));
    let reasons = levels.iter().flat_map(|level| {
        level.reasons().into_iter().map(move |reason| format!("{}: {reason}", level.title))
    });
    let compared = levels.iter().any(|level| level.degradation.is_some());
    let legend =
        compared.then(|| format!("Degradation: 95th percentile against that of {}", reference_of(levels)));
    let note = "Times in ms.".to_owned() + &legend.map(|legend| format!(" {legend}.")).unwrap_or_default();
    [head, rule].into_iter().chain(rows).chain([note]).chain(reasons).chain([String::new()]).collect()
}

fn reference_of(levels: &[LevelRow]) -> &str {
    let is_of_run = levels.iter().all(|level| level.reference == levels[0].reference);
    if is_of_run { &levels[0].reference } else { "the first level of its scenario" }
}

fn level_line(level: &LevelRow, width: usize) -> String {
    let title: String = level.title.chars().take(width).collect();
    let fails = format!("{}({:.2}%)", level.failures, level.fail_ratio * 100.0);
    let [avg, p50, p95, p99, max] =
        [level.avg_ms, level.p50_ms, level.p95_ms, level.p99_ms, level.max_ms].map(milliseconds);
    let degradation = level.degradation.map_or_else(|| "-".into(), |share| format!("{:+.0}%", share * 100.0));
    format!(
        "{title:<width$} {:>6} {:>7} | {:>8} {fails:>14} | {avg:>7} {p50:>7} {p95:>7} {p99:>7} {max:>7} | {:>9.2} | {degradation:>11} | {}",
        level.users,
        duration(level.seconds),
        level.requests,
        level.rps,
        result(level),
    )
}

fn result(level: &LevelRow) -> String {
    let result = match (level.is_asked || !level.broken.is_empty(), level.passed) {
        (false, _) => "-",
        (true, true) => "pass",
        (true, false) => "FAIL",
    };
    if level.is_complete { result.into() } else { format!("{result} (cut short)") }
}

fn milliseconds(ms: Option<f64>) -> String {
    match ms {
        None => "-".into(),
        Some(ms) if ms < 10.0 => format!("{ms:.1}"),
        Some(ms) => format!("{ms:.0}"),
    }
}

pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    match (whole / 60, whole % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, 0) => format!("{minutes}m"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

fn threshold_lines(outcomes: &[Outcome]) -> Vec<String> {
    let width = outcomes.iter().map(|outcome| outcome.text.chars().count()).max().unwrap_or(0);
    let line = |outcome: &Outcome| {
        let result = if outcome.passed { "pass" } else { "FAIL" };
        let place = if outcome.place.is_empty() { String::new() } else { format!(" ({})", outcome.place) };
        format!("{result}  {:<width$}  {}{place}", outcome.text, outcome.shown)
    };
    outcomes.iter().map(line).collect()
}
