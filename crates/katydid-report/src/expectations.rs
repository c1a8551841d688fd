//! What did the rules make of the run? For each rule how many requests it reclassified, from what, how many failures it had
//! stay failures, and whether more were tolerated than it allows.
//!
//! What a maintainer must not break: every rule has its line, also one that matched nothing, so that nobody believes in a
//! rule that never worked.

use katydid_plan::rule::{KEPT, Rules, Verdict};
use katydid_stats::{Reclassified, Snapshot};

use crate::csv::Row;
use crate::moment::utc;
use crate::number::float;

/// Kinds of requests that the console shows for each rule.
const KINDS_SHOWN: usize = 10;

/// What a failure that a locustfile declared is wrapped in.
const DECLARED: &str = "CatchResponseError(";

/// One rule at the end of a run, or in the middle of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The rule as it was written.
    pub rule: String,
    /// What it says.
    pub verdict: Verdict,
    /// Requests that it reclassified.
    pub requests: u64,
    /// Failures that it decided on, and that are failures still.
    pub kept: u64,
    /// Requests that it is about, by method and name, whatever became of them.
    pub covered: u64,
}

impl Outcome {
    /// The reclassified part of what the rule covers, from 0 to 1.
    pub fn share(&self) -> f64 {
        if self.covered == 0 { 0.0 } else { self.requests as f64 / self.covered as f64 }
    }

    /// The part that is tolerated, where the rule has a limit.
    pub fn limit(&self) -> Option<f64> {
        match self.verdict {
            Verdict::Tolerated(share) => Some(share.ratio()),
            _ => None,
        }
    }

    /// Were there more of them than are tolerated? Then they are failures.
    pub fn is_broken(&self) -> bool {
        match self.verdict {
            Verdict::Tolerated(share) => share.is_exceeded_by(self.requests, self.covered),
            _ => false,
        }
    }
}

fn is_kept(row: &Reclassified) -> bool {
    &*row.verdict == KEPT
}

/// The outcome of every rule.
pub fn outcomes(rules: &Rules, snapshot: &Snapshot) -> Vec<Outcome> {
    let outcome = |rule: &katydid_plan::rule::Rule| {
        let covered = snapshot.entries.iter().filter(|entry| rule.covers(&entry.method, &entry.name));
        let (kept, reclassified): (Vec<_>, Vec<_>) = snapshot
            .reclassified
            .iter()
            .filter(|row| &*row.rule == rule.text())
            .partition(|row| is_kept(row));
        let count = |rows: Vec<&Reclassified>| rows.iter().map(|row| row.occurrences).sum();
        Outcome {
            rule: rule.text().into(),
            verdict: rule.verdict(),
            requests: count(reclassified),
            kept: count(kept),
            covered: covered.map(|entry| entry.requests).sum(),
        }
    };
    rules.as_slice().iter().map(outcome).collect()
}

/// The table of rules for the console, ending with an empty line; nothing without rules.
pub fn table(rules: &Rules, snapshot: &Snapshot) -> Vec<String> {
    let outcomes = outcomes(rules, snapshot);
    if outcomes.is_empty() {
        return Vec::new();
    }
    let head = format!("{:<18} {:<10} {:<18} Rule", "# reclassified", "As", "Share");
    let rule = [18, 11, 19, 90].map(|width| "-".repeat(width)).join("|");
    let mut lines = vec!["Expectations".into(), head, rule.clone()];
    for outcome in &outcomes {
        lines.push(rule_line(outcome));
        lines.extend(kind_lines(outcome, &snapshot.reclassified));
    }
    lines.push(rule);
    lines.extend(outcomes.iter().filter(|outcome| outcome.is_broken()).map(broken_line));
    lines.push(String::new());
    lines
}

fn rule_line(outcome: &Outcome) -> String {
    let share = match outcome.limit() {
        Some(limit) => format!("{} of {}", percent(outcome.share()), percent(limit)),
        None => percent(outcome.share()),
    };
    let note = match (outcome.requests, outcome.kept) {
        (0, 0) => "  (matched nothing)".into(),
        (_, 0) => String::new(),
        (_, 1) => "  (kept 1 failure)".into(),
        (_, kept) => format!("  (kept {kept} failures)"),
    };
    format!("{:<18} {:<10} {share:<18} {}{note}", outcome.requests, outcome.verdict.word(), outcome.rule)
}

fn kind_lines(outcome: &Outcome, reclassified: &[Reclassified]) -> Vec<String> {
    let mut kinds: Vec<&Reclassified> =
        reclassified.iter().filter(|row| *row.rule == *outcome.rule && !is_kept(row)).collect();
    kinds.sort_by_key(|row| std::cmp::Reverse(row.occurrences));
    let rest = kinds.len().saturating_sub(KINDS_SHOWN);
    let shown = kinds.iter().take(KINDS_SHOWN).map(|row| {
        let from = format!("{} {}: {}", row.method, row.name, as_declared(&row.from));
        format!("  {:<16} {}", row.occurrences, from.trim_start())
    });
    let more = (rest > 0).then(|| format!("  … and {rest} more kinds"));
    shown.chain(more).collect()
}

/// What a rule that was broken means, in one line.
pub fn broken_line(outcome: &Outcome) -> String {
    format!(
        "Broken: {}: {} of {} requests ({}), so these count as failures",
        outcome.rule,
        outcome.requests,
        outcome.covered,
        percent(outcome.share()),
    )
}

/// The words of the locustfile, without the exception around them.
fn as_declared(text: &str) -> &str {
    text.strip_prefix(DECLARED).and_then(|text| text.strip_suffix(')')).unwrap_or(text)
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// `_expectations.csv`: a row for each rule and kind of request, and one for each rule that matched nothing. The verdict is
/// `kept` where failures stayed failures.
pub fn rows(rules: &Rules, snapshot: &Snapshot) -> Vec<Row> {
    let head = [
        "Rule",
        "Verdict",
        "Limit",
        "Rule Share",
        "Broken",
        "Method",
        "Name",
        "From",
        "Occurrences",
        "First Seen",
        "Last Seen",
    ];
    let mut rows: Vec<Row> = vec![head.map(str::to_owned).into()];
    for outcome in outcomes(rules, snapshot) {
        let kinds = snapshot.reclassified.iter().filter(|row| *row.rule == *outcome.rule);
        let before = rows.len();
        rows.extend(kinds.map(|kind| row(&outcome, Some(kind))));
        if rows.len() == before {
            rows.push(row(&outcome, None));
        }
    }
    rows
}

fn row(outcome: &Outcome, kind: Option<&Reclassified>) -> Row {
    let limit = outcome.limit().map(float).unwrap_or_default();
    let broken = if outcome.is_broken() { "true" } else { "false" };
    let verdict = if kind.is_some_and(is_kept) { KEPT } else { outcome.verdict.word() };
    let of_rule = [outcome.rule.clone(), verdict.into(), limit, float(outcome.share()), broken.into()];
    let of_kind = match kind {
        Some(kind) => [
            kind.method.to_string(),
            kind.name.to_string(),
            kind.from.to_string(),
            kind.occurrences.to_string(),
            utc(kind.first_seen),
            utc(kind.last_seen),
        ],
        None => ["", "", "", "0", "", ""].map(str::to_owned),
    };
    of_rule.into_iter().chain(of_kind).collect()
}

#[cfg(test)]
mod tests {
    use katydid_stats::reclassified::Kind;
    use katydid_stats::snapshot::SnapshotRequest;
    use katydid_stats::{RunStats, Sample};

    use super::*;

    const CONFLICT: &str = "CatchResponseError('Expected [200], got 409')";

    /// 100 requests of which four conflicted and three met an overloaded proxy.
    fn run(rules: &[&str]) -> (Rules, Snapshot) {
        let rules = Rules::parse(rules).expect("good rules");
        let mut stats = RunStats::new(100.0);
        let id = stats.entry("POST", "/servers/[id]/state");
        (0..100).for_each(|_| stats.record(id, &Sample::new(101.0, Some(5.0), 10)));
        for (count, from, status) in [(4, CONFLICT, "409"), (3, "HTTP 502", "502")] {
            let rule = rules.as_slice().iter().find(|rule| rule.text().starts_with(status));
            let Some(rule) = rule else { continue };
            let (rule, verdict) = (rule.text(), rule.verdict().word());
            let kind = Kind { rule, verdict, method: "POST", name: "/servers/[id]/state", from };
            (0..count).for_each(|_| stats.record_reclassified(kind, 102.0));
        }
        let request = SnapshotRequest { now: 103.0, quantiles: &[], with_window: false };
        let snapshot = stats.snapshot(&request);
        (rules, snapshot)
    }

    #[test]
    fn each_rule_has_its_line() {
        let (rules, snapshot) = run(&["409 on POST /*/state", "502 up to 5%", "timeout on /gone"]);
        let lines = table(&rules, &snapshot);
        assert_eq!(
            lines[3..8],
            [
                "4                  expected   4.00%              409 on POST /*/state",
                "  4                POST /servers/[id]/state: 'Expected [200], got 409'",
                "3                  tolerated  3.00% of 5.00%     502 up to 5%",
                "  3                POST /servers/[id]/state: HTTP 502",
                "0                  expected   0.00%              timeout on /gone  (matched nothing)",
            ]
        );
        assert_eq!(lines.last().map(String::as_str), Some(""));
        assert!(!lines.iter().any(|line| line.starts_with("Broken")), "{lines:?}");
    }

    #[test]
    fn a_share_that_is_exceeded_is_told() {
        let (rules, snapshot) = run(&["502 up to 2% on POST *"]);
        assert!(outcomes(&rules, &snapshot)[0].is_broken());
        let line = "Broken: 502 up to 2% on POST *: 3 of 100 requests (3.00%), so these count as failures";
        assert!(table(&rules, &snapshot).contains(&line.to_owned()));
    }

    #[test]
    fn the_share_is_of_what_the_rule_covers() {
        let (rules, snapshot) = run(&["502 up to 5% on /elsewhere"]);
        let outcome = &outcomes(&rules, &snapshot)[0];
        assert_eq!((outcome.covered, outcome.share()), (0, 0.0));
    }

    #[test]
    fn the_file_has_a_row_for_each_kind_and_one_for_a_rule_without_any() {
        let (rules, snapshot) = run(&["409 on POST /*/state", "timeout"]);
        let rows = rows(&rules, &snapshot);
        assert_eq!(rows.len(), 3);
        let row: Vec<&str> = rows[1].iter().map(String::as_str).collect();
        assert_eq!(row[..5], ["409 on POST /*/state", "expected", "", "0.04", "false"]);
        assert_eq!(row[5..9], ["POST", "/servers/[id]/state", CONFLICT, "4"]);
        assert_eq!(rows[2][8], "0");
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    }

    #[test]
    fn a_rule_that_kept_failures_has_matched() {
        let rules = Rules::parse(["fail 409 on GET *", "fail 503 on GET *"]).expect("good rules");
        let mut stats = RunStats::new(100.0);
        let id = stats.entry("GET", "/health");
        (0..5).for_each(|_| stats.record(id, &Sample::new(101.0, Some(5.0), 10)));
        for (verdict, from, count) in [("kept", "HTTP 409", 3), ("failed", "success with status 409", 1)] {
            let kind = Kind { rule: "fail 409 on GET *", verdict, method: "GET", name: "/health", from };
            (0..count).for_each(|_| stats.record_reclassified(kind, 102.0));
        }
        let snapshot = stats.snapshot(&SnapshotRequest { now: 103.0, quantiles: &[], with_window: false });
        let lines = table(&rules, &snapshot);
        assert_eq!(
            lines[3..6],
            [
                "1                  failed     20.00%             fail 409 on GET *  (kept 3 failures)",
                "  1                GET /health: success with status 409",
                "0                  failed     0.00%              fail 503 on GET *  (matched nothing)",
            ]
        );
        let rows: Vec<[String; 2]> =
            rows(&rules, &snapshot).iter().map(|row| [row[1].clone(), row[8].clone()]).collect();
        assert_eq!(
            rows[1..],
            [["kept", "3"], ["failed", "1"], ["failed", "0"]].map(|row| row.map(String::from))
        );
    }

    #[test]
    fn without_rules_there_is_nothing_to_tell() {
        let (rules, snapshot) = run(&[]);
        assert!(table(&rules, &snapshot).is_empty());
    }
}
