//! A verdict as JUnit XML, which pipelines show as tests: one for each threshold, one for each level with an allowance, one
//! for failed requests where no threshold speaks of them, and one for each further finding.

use super::{Finding, LevelRow, Outcome, Verdict};

/// A test of the file.
struct Case {
    class: String,
    name: String,
    seconds: f64,
    /// What it says; `Err` if it failed.
    result: Result<String, String>,
}

/// The whole document; `suite` says what was tested.
pub fn text(verdict: &Verdict, suite: &str) -> String {
    let cases: Vec<Case> = cases(verdict);
    let failures = cases.iter().filter(|case| case.result.is_err()).count();
    let suite = attribute(suite);
    let (tests, seconds) = (cases.len(), verdict.seconds);
    let mut lines = vec![
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(),
        format!("<testsuites tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds:.3}\">"),
        format!(
            "  <testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"{seconds:.3}\">"
        ),
    ];
    lines.extend(cases.iter().map(case_text));
    lines.extend(["  </testsuite>".into(), "</testsuites>".into()]);
    lines.join("\n") + "\n"
}

fn cases(verdict: &Verdict) -> Vec<Case> {
    let seconds = verdict.seconds;
    let requests = (!verdict.judges_failures).then(|| {
        let said = format!("{} of {} requests failed", verdict.failures, verdict.requests);
        let result = if verdict.failures == 0 { Ok(said) } else { Err(said) };
        Case { class: "katydid.requests".into(), name: "no request fails".into(), seconds, result }
    });
    let thresholds = verdict.thresholds.iter().map(|outcome| threshold_case(outcome, seconds));
    let levels = verdict.levels.iter().filter(|level| level.allowance.is_some()).map(level_case);
    let findings = verdict.findings.iter().map(|finding| finding_case(finding, seconds));
    requests.into_iter().chain(thresholds).chain(levels).chain(findings).collect()
}

fn threshold_case(outcome: &Outcome, seconds: f64) -> Case {
    let place = if outcome.place.is_empty() { String::new() } else { format!(" ({})", outcome.place) };
    let said = format!("{}: {}{place}", outcome.text, outcome.shown);
    let result = if outcome.passed { Ok(said) } else { Err(said) };
    Case { class: "katydid.threshold".into(), name: outcome.text.clone(), seconds, result }
}

fn level_case(level: &LevelRow) -> Case {
    let name = format!("degradation of {}", level.title);
    let result = if level.is_allowed() {
        Ok(level
            .degradation
            .map_or_else(|| "this is the reference".into(), |share| format!("{:+.0} %", share * 100.0)))
    } else {
        Err(level.reasons().first().cloned().unwrap_or_default())
    };
    Case { class: "katydid.level".into(), name, seconds: level.seconds, result }
}

fn finding_case(finding: &Finding, seconds: f64) -> Case {
    let said = finding.said.clone();
    let result = if finding.passed { Ok(said) } else { Err(said) };
    Case { class: format!("katydid.{}", finding.kind), name: finding.name.clone(), seconds, result }
}

fn case_text(case: &Case) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\">",
        attribute(&case.class),
        attribute(&case.name),
        case.seconds
    );
    let body = match &case.result {
        Ok(said) => format!("<system-out>{}</system-out>", attribute(said)),
        Err(said) => {
            let lines: Vec<String> = said.lines().map(attribute).collect();
            let message = lines.first().map_or("", String::as_str);
            format!("<failure message=\"{message}\">{}</failure>", lines.join("\n"))
        }
    };
    format!("{head}\n      {body}\n    </testcase>")
}

/// Text for XML, without the characters that XML cannot contain.
fn attribute(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
