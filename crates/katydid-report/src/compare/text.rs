//! How is a comparison told to a reader? A table for the console, Markdown for a merge request, and a last line that says
//! it all.

use super::{Change, Comparison, Figures, Metric, Outcome, Row};
use crate::number::milliseconds;

/// The lines for the console.
pub fn lines(comparison: &Comparison) -> Vec<String> {
    let rows: Vec<[String; COLUMNS]> = comparison.rows.iter().map(cells).collect();
    let table = std::iter::once(HEAD.map(str::to_owned)).chain(rows);
    let table: Vec<[String; COLUMNS]> = table.collect();
    let widths: Vec<usize> =
        (0..COLUMNS).map(|at| table.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0 | 1 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let title = format!("{} against {}", comparison.after, comparison.before);
    let rule = "-".repeat(widths.iter().sum::<usize>() + 2 * (COLUMNS - 1));
    let mut lines = vec![title, line(&table[0]), rule];
    lines.extend(table.iter().skip(1).map(line));
    lines.push(String::new());
    lines.extend(comparison.notes.iter().map(|note| format!("Note: {note}")));
    lines.extend(findings(comparison));
    lines.push(conclusion(comparison));
    lines
}

/// The same as Markdown.
pub fn markdown(comparison: &Comparison) -> String {
    let row = |cells: &[String]| {
        format!("| {} |\n", cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" | "))
    };
    let mut text = format!(
        "### {} against {}\n\n{}",
        escaped(&comparison.after),
        escaped(&comparison.before),
        row(&HEAD.map(str::to_owned))
    );
    text.push_str(&row(&std::array::from_fn::<_, COLUMNS, _>(|_| "---".to_owned())));
    for one in &comparison.rows {
        text.push_str(&row(&cells(one)));
    }
    text.push('\n');
    for line in comparison.notes.iter().cloned().chain(findings(comparison)) {
        text.push_str(&format!("- {}\n", escaped(&line)));
    }
    text.push_str(&format!("\n**{}**\n", escaped(&conclusion(comparison))));
    text
}

/// What pipes and angle brackets would do to a table and a page.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// One sentence for each thing that is worse.
pub fn findings(comparison: &Comparison) -> Vec<String> {
    let worse = comparison.rows.iter().filter(|row| row.outcome == Outcome::Worse);
    worse
        .flat_map(|row| {
            row.changes
                .iter()
                .filter(|change| change.outcome == Outcome::Worse)
                .map(|change| finding(row, change))
        })
        .collect()
}

fn finding(row: &Row, change: &Change) -> String {
    let at = if row.level.is_empty() { String::new() } else { format!(" at {}", row.level) };
    let what = match change.metric {
        Metric::P50 => "median",
        Metric::P95 => "p95",
        Metric::Errors => "share of failures",
    };
    let interval = change.low.zip(change.high).map_or_else(String::new, |(low, high)| {
        format!(", surely between {} and {}", difference(change.metric, low), difference(change.metric, high))
    });
    format!(
        "{} {}{at}: {what} {}{interval}; allowed {}",
        row.method,
        row.name,
        change.change.map_or_else(|| "worse".into(), |value| difference(change.metric, value)),
        difference(change.metric, change.allowed),
    )
}

/// The last line.
pub fn conclusion(comparison: &Comparison) -> String {
    let count = |is: fn(&Row) -> bool| comparison.rows.iter().filter(|row| is(row)).count();
    let of = count(is_on_both_sides);
    let worse = count(|row| row.outcome == Outcome::Worse);
    let others = [
        (
            count(|row| is_on_both_sides(row) && row.outcome == Outcome::Undecided),
            "without enough data to tell",
        ),
        (count(|row| row.after.is_none()), "missing"),
        (count(|row| row.before.is_none()), "new"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0);
    let others: String = others.map(|(count, what)| format!(", {count} {what}")).collect();
    match worse {
        _ if of == 0 => {
            format!("Nothing to compare, so not passed: the two have no level and name in common{others}")
        }
        0 if !comparison.has_passed() => format!("Nothing judged, so not passed: of {of} none{others}"),
        0 => format!("No regression: none of {of} is worse by more than noise and what is allowed{others}"),
        _ => format!("Regression: {worse} of {of} worse by more than noise and what is allowed{others}"),
    }
}

fn is_on_both_sides(row: &Row) -> bool {
    row.before.is_some() && row.after.is_some()
}

const COLUMNS: usize = 8;
const HEAD: [&str; COLUMNS] =
    ["Level", "Name", "p50 ms", "p95 ms", "p95 degradation", "allowed", "errors", "verdict"];

fn cells(row: &Row) -> [String; COLUMNS] {
    let p95 = row.changes.iter().find(|change| change.metric == Metric::P95);
    let verdict = match (&row.before, &row.after) {
        (None, _) => "new",
        (_, None) => "missing",
        _ => row.outcome.name(),
    };
    [
        row.level.clone(),
        format!("{} {}", row.method, row.name).trim().to_owned(),
        both(row, |figures| figures.p50_ms.map(milliseconds)),
        both(row, |figures| figures.p95_ms.map(milliseconds)),
        p95.map_or_else(String::new, degradation),
        p95.map_or_else(String::new, |change| difference(Metric::P95, change.allowed)),
        both(row, |figures| Some(format!("{:.2}%", figures.fail_ratio * 100.0))),
        verdict.to_owned(),
    ]
}

fn both(row: &Row, of: impl Fn(&Figures) -> Option<String>) -> String {
    let side = |figures: &Option<Figures>| figures.as_ref().and_then(&of).unwrap_or_else(|| "-".into());
    format!("{} > {}", side(&row.before), side(&row.after))
}

fn degradation(change: &Change) -> String {
    let value = change.change.map_or_else(|| "-".into(), |value| difference(Metric::P95, value));
    match change.low.zip(change.high) {
        Some((low, high)) => {
            format!("{value} ({} .. {})", difference(Metric::P95, low), difference(Metric::P95, high))
        }
        None => format!("{value} (?)"),
    }
}

/// A share with its sign; for failures in points of a hundred.
fn difference(metric: Metric, value: f64) -> String {
    let unit = if metric == Metric::Errors { " points" } else { "%" };
    let hundredfold = value * 100.0;
    match hundredfold.abs() {
        huge if huge >= 99_999.5 => format!("{}>99999{unit}", if value < 0.0 { "-" } else { "+" }),
        large if large >= 99.95 => format!("{hundredfold:+.0}{unit}"),
        _ => format!("{hundredfold:+.1}{unit}"),
    }
}
