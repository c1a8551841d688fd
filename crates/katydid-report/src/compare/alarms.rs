//! How often is a run with two hundred names called worse though nothing changed, and how often is one slow name found?
//!
//! The figures of `docs/concepts/comparison.md` are those that these tests print.

use super::digest::Batch;
use super::tests::Chance;
use super::*;

const NAMES: usize = 200;

/// Standard deviation of a batch's logarithm.
const NOISE: f64 = 0.11;

/// Batches of one side, as made-up percentiles.
#[derive(Clone, Copy)]
struct Law {
    batches: usize,
    correlation: f64,
    /// The part of the variance that all names have in common.
    common: f64,
}

/// Values of which each remembers the one before.
fn series(law: Law, chance: &mut Chance) -> Vec<f64> {
    let fresh = (1.0 - law.correlation * law.correlation).sqrt();
    let mut value = chance.normal();
    let next = |_| {
        let now = value;
        value = law.correlation * value + fresh * chance.normal();
        now
    };
    (0..law.batches).map(next).collect()
}

/// A side whose first name is slower by a factor.
fn side(law: Law, slow: f64, chance: &mut Chance) -> Digest {
    let shared = series(law, chance);
    let mut level = LevelDigest { seconds: 60.0, ..LevelDigest::default() };
    for at in 0..NAMES {
        let factor = if at == 0 { slow } else { 1.0 };
        let rows = [(); 2].map(|()| series(law, chance));
        let batch = |at: usize| {
            let us = |row: &[f64], median: f64| {
                let state = law.common.sqrt() * shared[at] + (1.0 - law.common).sqrt() * row[at];
                Some((median * factor * (NOISE * state).exp()) as u64)
            };
            let (p50_us, p95_us) = (us(&rows[0], 2e5), us(&rows[1], 5e5));
            Batch { requests: 50, failures: 0, p50_us, p95_us }
        };
        let batches = (0..law.batches).map(batch).collect();
        let name = NameDigest { requests: 50, batches, ..NameDigest::default() };
        level.names.insert(("GET".into(), format!("/{at:03}").into()), name);
    }
    Digest { levels: vec![level], ..Digest::default() }
}

/// Of so many pairs of runs the share in which the first name, or any, is called worse.
fn worse(law: Law, slow: f64, allowed: f64) -> f64 {
    let allowances = Allowances { by_level: vec![allowed], errors: None };
    let pairs = pairs();
    let found = (0..pairs).filter(|seed| {
        let mut chance = Chance(*seed);
        let (before, after) = (side(law, 1.0, &mut chance), side(law, slow, &mut chance));
        compare(&before, &after, &allowances).is_regression()
    });
    let share = found.count() as f64 / pairs as f64;
    println!(
        "{} batches, correlation {}, {} of the noise in common: {:.1} % of {pairs} worse by more than {allowed} at a factor of {slow}",
        law.batches,
        law.correlation,
        law.common,
        100.0 * share
    );
    share
}

/// `KATYDID_COMPARISONS=1000` makes the figures of the page.
fn pairs() -> u64 {
    std::env::var("KATYDID_COMPARISONS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

fn law(batches: usize, correlation: f64) -> Law {
    Law { batches, correlation, common: 0.0 }
}

#[test]
fn equal_runs_of_200_independent_names_are_no_regression() {
    assert!(worse(law(12, 0.0), 1.0, 0.0) <= 0.05);
}

#[test]
fn nor_where_batches_resemble_each_other_somewhat() {
    assert!(worse(law(12, 0.5), 1.0, 0.0) <= 0.05);
}

#[test]
fn nor_where_they_do_so_very_much() {
    assert!(worse(law(12, 0.7), 1.0, 0.0) <= 0.05);
    assert!(worse(law(10, 0.8), 1.0, ALLOWED_ALIKE) <= 0.05);
    assert!(worse(law(30, 0.95), 1.0, ALLOWED_ALIKE) <= 0.05);
}

#[test]
fn nor_where_all_names_have_the_same_good_and_bad_seconds() {
    assert!(worse(Law { common: 0.5, ..law(12, 0.5) }, 1.0, ALLOWED_ALIKE) <= 0.05);
}

#[test]
fn one_slow_name_of_200_is_found() {
    assert!(worse(law(12, 0.0), 1.3, ALLOWED_ALIKE) >= 0.5, "30 % slower with a noise of 11 %");
}
