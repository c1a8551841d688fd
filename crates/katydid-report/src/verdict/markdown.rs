//! A verdict as Markdown, for merge requests and the summaries of pipelines.

use super::console::duration;
use super::{Finding, LevelRow, Outcome, Verdict};

/// The whole text; `title` says what was tested.
pub fn text(verdict: &Verdict, title: &str) -> String {
    let word = match (verdict.is_asked, verdict.passed) {
        (_, false) => "failed",
        (true, true) => "passed",
        (false, true) => "done",
    };
    let mut lines = vec![format!("## {}: {word}", escaped(title)), String::new()];
    let share = if verdict.requests > 0 { verdict.failures as f64 / verdict.requests as f64 } else { 0.0 };
    lines.push(format!(
        "{} requests in {}, {} failed ({:.2} %)",
        verdict.requests,
        duration(verdict.seconds),
        verdict.failures,
        share * 100.0
    ));
    if let Some(reason) = &verdict.aborted {
        lines.extend([String::new(), format!("The run was ended early: {}", escaped(reason))]);
    }
    if !verdict.thresholds.is_empty() {
        lines.extend([
            String::new(),
            "| | threshold | measured | where |".into(),
            "|---|---|---|---|".into(),
        ]);
        lines.extend(verdict.thresholds.iter().map(threshold_row));
    }
    if !verdict.levels.is_empty() {
        lines.extend([String::new(), LEVEL_HEAD.into(), LEVEL_RULE.into()]);
        lines.extend(verdict.levels.iter().map(level_row));
    }
    if !verdict.findings.is_empty() {
        lines.extend([String::new(), "| | asked | found |".into(), "|---|---|---|".into()]);
        lines.extend(verdict.findings.iter().map(finding_row));
    }
    lines.join("\n") + "\n"
}

const LEVEL_HEAD: &str = "| | level | users | time | requests | failed | per second | average ms | 50 % | 95 % | 99 % | degradation |";
const LEVEL_RULE: &str = "|---|---|---|---|---|---|---|---|---|---|---|---|";

fn mark(passed: bool) -> &'static str {
    if passed { "pass" } else { "**FAIL**" }
}

fn threshold_row(outcome: &Outcome) -> String {
    let place = if outcome.place.is_empty() { "the run".into() } else { escaped(&outcome.place) };
    format!(
        "| {} | {} | {} | {place} |",
        mark(outcome.passed),
        escaped(&outcome.text),
        escaped(&outcome.shown)
    )
}

fn finding_row(finding: &Finding) -> String {
    let said: Vec<String> = finding.said.lines().map(escaped).collect();
    format!("| {} | {} | {} |", mark(finding.passed), escaped(&finding.name), said.join("<br>"))
}

fn level_row(level: &LevelRow) -> String {
    let result = if level.is_asked || !level.passed { mark(level.passed) } else { "" };
    let is_short = level.has_begun() && !level.is_complete;
    let result = if is_short { format!("{result} (cut short)") } else { result.into() };
    let result = result.trim();
    let ms = |value: Option<f64>| value.map_or_else(|| "-".into(), |ms| format!("{ms:.1}"));
    let degradation =
        level.degradation.map_or_else(|| "-".into(), |share| format!("{:+.0} %", share * 100.0));
    let reasons: String = level.reasons().iter().map(|reason| format!("<br>{}", escaped(reason))).collect();
    format!(
        "| {result} | {}{reasons} | {} | {} | {} | {} ({:.2} %) | {:.2} | {} | {} | {} | {} | {degradation} |",
        escaped(&level.title),
        level.users,
        duration(level.seconds),
        level.requests,
        level.failures,
        level.fail_ratio * 100.0,
        level.rps,
        ms(level.avg_ms),
        ms(level.p50_ms),
        ms(level.p95_ms),
        ms(level.p99_ms),
    )
}

/// Text that stays in its cell and is no markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '\\' | '|' | '*' | '_' | '`' | '[' => escaped.extend(['\\', character]),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
