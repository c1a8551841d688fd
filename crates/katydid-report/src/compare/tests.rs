//! Comparisons of made-up runs, whose truth is known.

use katydid_stats::part::Counts;
use katydid_stats::{EntryPart, Histogram, Names, Part};

use super::digester::own_key;
use super::*;

/// A generator of numbers that is the same everywhere (SplitMix64).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From the standard normal distribution.
    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// What a made-up run is like.
#[derive(Clone, Copy)]
struct Law {
    median_ms: f64,
    /// Of each second's load on the one before: what makes neighbours alike.
    memory: f64,
    /// How much the seconds differ.
    swing: f64,
    fail_ratio: f64,
    per_second: u32,
    seconds: u32,
}

const CALM: Law =
    Law { median_ms: 20.0, memory: 0.0, swing: 0.02, fail_ratio: 0.0, per_second: 50, seconds: 60 };

const NAMES: [&str; 3] = ["/a", "/b", "/c"];

/// Stretches of a second each; the name `/b` is slower by a factor.
fn run(law: Law, slow: f64, chance: &mut Chance) -> (Vec<Part>, Names) {
    let mut names = Names::default();
    let keys = NAMES.map(|name| names.key("GET", name));
    let (mut parts, mut state) = (Vec::new(), 0.0);
    for second in 0..law.seconds {
        state = law.memory * state + (1.0 - law.memory * law.memory).sqrt() * chance.normal();
        let entry = |key| entry_of(law, key, if key == 1 { slow } else { 1.0 }, state, chance);
        let entries = keys.map(entry).into();
        let (from, until) = (f64::from(second), f64::from(second + 1));
        parts.push(Part { from, until, users: 10, entries, ..Part::default() });
    }
    (parts, names)
}

fn entry_of(law: Law, key: u32, factor: f64, state: f64, chance: &mut Chance) -> EntryPart {
    let (mut times, mut failures) = (Histogram::new(), 0);
    for _ in 0..law.per_second {
        times.record_ms(factor * law.median_ms * (law.swing * state + 0.4 * chance.normal()).exp());
        failures += u64::from(chance.unit() < law.fail_ratio);
    }
    let requests = u64::from(law.per_second);
    EntryPart { key, requests, failures, times: Counts::of(&times), ..EntryPart::default() }
}

fn digest((parts, names): &(Vec<Part>, Names)) -> Digest {
    let until = parts.last().map_or(0.0, |part| part.until);
    let marks: Vec<Mark> =
        parts.iter().map(|part| Mark { from: part.from, until: part.until, users: part.users }).collect();
    let whole = Span { number: 1, users: 10, from: 0.0, until: until + 1.0, ..Span::default() };
    let mut digester = Digester::new(vec![whole], &marks, names, own_key);
    parts.iter().for_each(|part| digester.add(part));
    digester.finish()
}

fn compared(law: Law, later: Law, slow: f64, seed: u64) -> Comparison {
    let mut chance = Chance(seed);
    let (before, after) = (run(law, 1.0, &mut chance), run(later, slow, &mut chance));
    compare(&digest(&before), &digest(&after), &Allowances::default())
}

fn worse(comparison: &Comparison) -> Vec<&str> {
    comparison.rows.iter().filter(|row| row.outcome == Outcome::Worse).map(|row| row.name.as_str()).collect()
}

#[test]
fn twenty_repetitions_of_the_same_are_no_regression() {
    for (memory, swing) in [(0.0, 0.02), (0.0, 0.2), (0.7, 0.1), (0.95, 0.2)] {
        let law = Law { memory, swing, ..CALM };
        let alarms = (0..20).filter(|seed| compared(law, law, 1.0, *seed).is_regression()).count();
        assert!(alarms <= 1, "{alarms} false alarms of 20 with memory {memory} and swing {swing}");
    }
}

#[test]
fn a_target_that_became_slower_is_found_and_named() {
    for (slow, per_second) in [(1.3, 50), (2.0, 5)] {
        let law = Law { per_second, ..CALM };
        let found = (0..20).filter(|seed| worse(&compared(law, law, slow, *seed)) == ["/b"]).count();
        assert!(found >= 19, "a factor of {slow} at {per_second} per second was found {found} times of 20");
    }
}

#[test]
fn a_difference_that_is_allowed_is_none() {
    let law = Law { per_second: 200, ..CALM };
    let comparison = compared(law, law, 1.05, 3);
    assert!(!comparison.is_regression(), "{:?}", worse(&comparison));
    let strict = Allowances { by_level: vec![0.0], errors: None };
    let mut chance = Chance(3);
    let (before, after) = (run(law, 1.0, &mut chance), run(law, 1.05, &mut chance));
    assert_eq!(worse(&compare(&digest(&before), &digest(&after), &strict)), ["/b"]);
}

#[test]
fn failures_that_became_more_are_found() {
    let comparison = compared(CALM, Law { fail_ratio: 0.05, ..CALM }, 1.0, 1);
    assert_eq!(worse(&comparison).len(), 3);
    let errors = comparison.rows[0].changes.iter().find(|change| change.metric == Metric::Errors);
    assert_eq!(errors.map(|change| change.outcome), Some(Outcome::Worse));
    assert!(!compared(CALM, Law { fail_ratio: 0.005, ..CALM }, 1.0, 1).is_regression());
}

#[test]
fn too_little_data_is_admitted() {
    let law = Law { per_second: 1, seconds: 10, ..CALM };
    let comparison = compared(law, law, 3.0, 1);
    assert!(comparison.rows.iter().all(|row| row.outcome == Outcome::Undecided));
    assert!(text::conclusion(&comparison).contains("3 without enough data to tell"));
}

#[test]
fn a_faster_target_is_better() {
    let comparison = compared(CALM, CALM, 0.5, 1);
    let outcomes: Vec<Outcome> = comparison.rows.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::Same, Outcome::Better, Outcome::Same]);
}

#[test]
fn the_degradation_is_the_formula_s() {
    let comparison = compared(CALM, CALM, 2.0, 1);
    let row = &comparison.rows[1];
    let (before, after) = (row.before.and_then(|f| f.p95_ms), row.after.and_then(|f| f.p95_ms));
    let (before, after) = (before.expect("timed"), after.expect("timed"));
    let change = row.changes.iter().find(|change| change.metric == Metric::P95).expect("judged");
    assert_eq!(change.change, Some((after - before) / before));
    assert!(change.low < change.change && change.change < change.high);
}

fn with_levels(spans: Vec<Span>, slow: f64, seed: u64) -> Digest {
    let (parts, names) = run(CALM, slow, &mut Chance(seed));
    let mut digester = Digester::new(spans, &[], &names, own_key);
    parts.iter().for_each(|part| digester.add(part));
    digester.finish()
}

fn span(number: u64, users: u64, from: f64, until: f64) -> Span {
    Span { number, label: format!("{users} users"), users, from, until, ..Span::default() }
}

#[test]
fn each_level_has_its_own_allowance_against_a_baseline_of_another_load() {
    let baseline = with_levels(vec![span(1, 1, 0.0, 60.0)], 1.0, 1);
    let levels = vec![span(1, 10, 0.0, 30.0), span(2, 50, 30.0, 60.0)];
    let comparison = compare(&baseline, &with_levels(levels.clone(), 1.75, 2), &Allowances::default());
    let slow: Vec<_> = comparison
        .rows
        .iter()
        .filter(|row| row.name == "/b")
        .map(|row| (row.outcome, row.changes[1].allowed))
        .collect();
    assert_eq!(
        slow,
        [(Outcome::Worse, 0.5), (Outcome::Same, 1.0)],
        "75 % is more than the first level may, less than the second"
    );
    let alike =
        compare(&with_levels(levels.clone(), 1.0, 3), &with_levels(levels, 1.0, 4), &Allowances::default());
    assert!(alike.rows.iter().all(|row| row.changes[1].allowed == ALLOWED_ALIKE));
}

#[test]
fn what_one_side_lacks_is_told() {
    let baseline = with_levels(vec![span(1, 5, 0.0, 30.0), span(2, 10, 30.0, 60.0)], 1.0, 1);
    let run = with_levels(vec![span(1, 10, 0.0, 30.0), span(2, 99, 30.0, 60.0)], 1.0, 2);
    let comparison = compare(&baseline, &run, &Allowances::default());
    assert_eq!(comparison.rows.len(), 3);
    assert_eq!(comparison.notes.len(), 2, "{:?}", comparison.notes);
    let lines = text::lines(&comparison);
    assert!(lines.iter().any(|line| line.contains("the baseline has no level like \"99 users\"")));
}

#[test]
fn a_run_without_levels_is_told_in_words() {
    let with = with_levels(vec![span(1, 5, 0.0, 30.0), span(2, 10, 30.0, 60.0)], 1.0, 1);
    let without = with_levels(vec![Span { label: String::new(), ..span(1, 3, 0.0, 60.0) }], 1.0, 2);
    let notes = compare(&with, &without, &Allowances::default()).notes;
    assert_eq!(notes[0], "the run has no levels, and the baseline has none of 3 users");
    assert_eq!(notes.len(), 3, "{notes:?}");
    let notes = compare(&without, &with, &Allowances::default()).notes;
    assert_eq!(notes, Vec::<String>::new(), "such a baseline is held against every level");
}

#[test]
fn what_was_not_compared_has_not_passed() {
    let levels = |users| with_levels(vec![span(1, 1, 0.0, 30.0), span(2, users, 30.0, 60.0)], 1.0, 1);
    let none = with_levels(vec![span(1, 7, 0.0, 30.0), span(2, 99, 30.0, 60.0)], 1.0, 1);
    let comparison = compare(&levels(10), &none, &Allowances::default());
    assert!(!comparison.has_passed() && !comparison.is_regression());
    assert!(text::conclusion(&comparison).starts_with("Nothing to compare, so not passed"));
    let short = Law { per_second: 1, seconds: 10, ..CALM };
    let comparison = compared(short, short, 1.0, 1);
    assert!(!comparison.has_passed() && !comparison.is_regression());
    assert!(text::conclusion(&comparison).starts_with("Nothing judged, so not passed"));
}

#[test]
fn a_name_that_vanished_is_missing_and_not_without_data() {
    let (before, mut after) = (compared_side(1), compared_side(2));
    let gone = after.levels[0].names.remove(&("GET".into(), "/c".into()));
    after.levels[0].names.insert(("GET".into(), "/d".into()), gone.expect("it was there"));
    let comparison = compare(&before, &after, &Allowances::default());
    assert_eq!(
        text::conclusion(&comparison),
        "No regression: none of 2 is worse by more than noise and what is allowed, 1 missing, 1 new"
    );
    assert!(comparison.has_passed());
}

fn compared_side(seed: u64) -> Digest {
    digest(&run(CALM, 1.0, &mut Chance(seed)))
}

#[test]
fn a_kept_digest_is_the_one_that_was_made() {
    let levels = vec![span(1, 5, 0.0, 31.7), span(2, 10, 31.7, 60.0)];
    for made in [compared_side(1), with_levels(levels, 1.3, 2), Digest::default()] {
        let document = made.document();
        assert_eq!(Digest::of_document(&document), Some(made));
        let text = String::from_utf8(document).expect("JSON");
        for damaged in [text.replacen("[1,", "[0,", 1), text + "}", String::new()] {
            assert_eq!(Digest::of_document(damaged.as_bytes()), None, "{damaged}");
        }
    }
}

/// A document that other rules would make differently belongs to another version.
#[test]
fn a_digest_is_made_by_the_rules_of_its_version() {
    let law = Law { per_second: 9, fail_ratio: 0.1, ..CALM };
    let (parts, names) = run(law, 1.5, &mut Chance(7));
    let mut digester =
        Digester::new(vec![span(1, 10, 0.0, 22.5), span(2, 10, 22.5, 61.0)], &[], &names, own_key);
    parts.iter().for_each(|part| digester.add(part));
    let made = String::from_utf8(digester.finish().document()).expect("JSON");
    let known = include_str!("../../tests/data/digest.json").trim_end();
    assert!(made == known, "a digest has changed: raise its VERSION, and keep this one\n{made}");
}

#[test]
fn a_small_batch_takes_one_neighbour_and_not_all() {
    let (mut parts, names) = run(Law { per_second: 100, seconds: 30, ..CALM }, 1.0, &mut Chance(1));
    for (second, few) in [(2, 3), (10, 30), (11, 20), (20, 0)] {
        let entry = entry_of(Law { per_second: few, ..CALM }, 0, 1.0, 0.0, &mut Chance(2));
        parts[second].entries[0] = entry;
    }
    let digest = digest(&(parts, names));
    let of = |name: &str| &digest.levels[0].names[&("GET".into(), name.into())];
    let requests: Vec<u64> = of("/a").batches.iter().map(|batch| batch.requests).collect();
    // The first second is the ramp, the one without requests is no batch.
    let mut expected = vec![100; 26];
    expected[1] = 3 + 100;
    expected[8] = 30 + 20;
    assert_eq!(requests, expected);
    let medians = of("/a").batches.iter().filter_map(|batch| batch.p50_us);
    assert!(medians.clone().count() == 26 && medians.into_iter().all(|us| (15_000..27_000).contains(&us)));
    assert_eq!(of("/b").batches.len(), 29);
}

#[test]
fn a_level_after_a_larger_one_counts_when_it_has_come_down() {
    let (mut parts, names) = run(CALM, 1.0, &mut Chance(1));
    for (at, part) in parts.iter_mut().enumerate() {
        part.users = if at < 30 { 50 } else { 50 - 4 * (at as u64 - 29).min(10) };
    }
    let marks: Vec<Mark> =
        parts.iter().map(|part| Mark { from: part.from, until: part.until, users: part.users }).collect();
    let spans = vec![span(1, 50, 0.0, 30.0), span(2, 10, 30.0, 60.0)];
    let mut digester = Digester::new(spans, &marks, &names, own_key);
    parts.iter().for_each(|part| digester.add(part));
    assert_eq!(digester.finish().levels[1].seconds, 20.0, "from the first second that ends with ten users");
}

#[test]
fn a_ramp_does_not_count() {
    let (mut parts, names) = run(CALM, 1.0, &mut Chance(1));
    for (at, part) in parts.iter_mut().enumerate() {
        part.users = (at as u64 + 1).min(10);
    }
    let digest = digest(&(parts, names));
    assert_eq!(digest.levels[0].seconds, 50.0);
    assert_eq!(digest.levels[0].names.values().next().map(|name| name.requests), Some(2500));
}

#[test]
fn a_finding_names_what_is_worse() {
    let mut comparison = compared(CALM, CALM, 2.0, 1);
    (comparison.before, comparison.after) = ("main (run 1)".into(), "run 2".into());
    let lines = text::lines(&comparison);
    assert_eq!(lines[0], "run 2 against main (run 1)");
    assert!(lines.iter().any(|line| line.starts_with("GET /b: p95 +")), "{lines:#?}");
    assert!(lines.last().is_some_and(|line| line.starts_with("Regression: 1 of 3")));
    let markdown = text::markdown(&comparison);
    assert!(markdown.contains("| worse |") && markdown.contains("**Regression: 1 of 3"));
}
