//! The commands over a store with made-up runs.

use katydid_stats::part::Changes;
use katydid_stats::{RunStats, Sample};
use katydid_store::{About, Address, End, Level, Writer};

use super::*;

struct Place {
    _folder: tempfile::TempDir,
    path: String,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("runs.db").to_string_lossy().into_owned();
        Self { _folder: folder, path }
    }

    fn keep_run(&self, ms: f64) {
        self.keep_levels(ms, 5);
    }

    /// Twenty stretches of a second, in two levels.
    fn keep_levels(&self, ms: f64, users: u64) {
        let store = Store::open(&Address::File(self.path.clone().into())).expect("a file");
        let about = About { started_at: 1000.0, locustfile: "x.py".into(), ..About::default() };
        let writer = Writer::begin(store, &about).expect("a run");
        let (mut stats, mut changes) = (RunStats::new(1000.0), Changes::default());
        for second in 0..20_u32 {
            for (place, name) in ["chat (a)", "chat (b)"].iter().enumerate() {
                for step in 0..40_u32 {
                    let at = 1000.0 + f64::from(second) + f64::from(step) / 40.0;
                    let id = stats.entry_at("POST", name, at);
                    let spread = 1.0 + f64::from((step * 7 + second * 3) % 40) / 100.0;
                    stats.record(id, &Sample::new(at, Some((ms + 10.0 * place as f64) * spread), 5));
                }
            }
            writer.observe(changes.take(&stats), 1001.0 + f64::from(second), 5);
        }
        let level = |number: u64, from: f64| Level {
            number,
            scenario: String::new(),
            label: format!("{} users", users * number),
            users: users * number,
            from,
            until: Some(from + 10.0),
        };
        writer.level(level(1, 1000.0));
        writer.level(level(2, 1010.0));
        writer.finish(End { at: 1020.0, exit_code: Some(0), verdict: None }).expect("written");
    }

    fn run(&self, words: &[&str]) -> i32 {
        history_main(words.iter().copied().chain(["--store", &self.path]))
    }
}

#[test]
fn runs_are_listed_shown_exported_and_forgotten() {
    let place = Place::new();
    place.keep_run(20.0);
    for words in [
        &["runs"][..],
        &["runs", "--json"],
        &["show", "1"],
        &["show", "last", "--json"],
        &["export", "1"],
        &["export", "1", "--format", "json"],
    ] {
        assert_eq!(place.run(words), EXIT_OK, "{words:?}");
    }
    assert_eq!(place.run(&["runs", "--remove", "1"]), EXIT_OK);
    assert_eq!(place.run(&["show", "1"]), EXIT_USAGE);
}

#[test]
fn a_slower_run_ends_with_the_code_of_a_verdict() {
    let place = Place::new();
    [20.0, 20.0, 40.0].iter().for_each(|ms| place.keep_run(*ms));
    assert_eq!(place.run(&["baseline", "set", "main", "1"]), EXIT_OK);
    assert_eq!(place.run(&["compare", "main", "2"]), EXIT_OK);
    assert_eq!(place.run(&["compare", "main", "3"]), EXIT_VERDICT);
    assert_eq!(place.run(&["compare", "main", "3", "--allow", "150%"]), EXIT_OK);
    assert_eq!(place.run(&["baseline", "remove", "main"]), EXIT_OK);
    assert_eq!(place.run(&["compare", "main", "3"]), EXIT_USAGE);
}

#[test]
fn levels_that_have_nothing_in_common_do_not_pass() {
    let place = Place::new();
    place.keep_run(20.0);
    place.keep_levels(20.0, 6);
    assert_eq!(place.run(&["compare", "1", "2"]), EXIT_VERDICT);
}

#[test]
fn a_baseline_s_level_counts_since_the_last_reset() {
    let place = Place::new();
    let store = || Store::open(&Address::File(place.path.clone().into())).expect("a file");
    let writer = Writer::begin(store(), &About { started_at: 1000.0, ..About::default() }).expect("a run");
    let (mut stats, mut changes) = (RunStats::new(1000.0), Changes::default());
    for (second, ms) in [(1.0, 900.0), (2.0, 10.0)] {
        stats.reset(1000.0 + second);
        let id = stats.entry_at("GET", "/a", 1000.0 + second);
        stats.record(id, &Sample::new(1000.0 + second, Some(ms), 5));
        writer.observe(changes.take(&stats), 1000.5 + second, 5);
    }
    writer.finish(End { at: 1003.0, ..End::default() }).expect("written");
    let levels = compare::references(&mut store(), "1").expect("one");
    assert_eq!(levels.iter().map(|level| level.p95_ms).collect::<Vec<_>>(), [Some(10.0)]);
}

#[test]
fn two_groups_of_names_are_compared_inside_a_run() {
    let place = Place::new();
    place.keep_run(20.0);
    assert_eq!(place.run(&["compare", "1", "--a", "* (a)", "--b", "* (b)"]), EXIT_VERDICT);
    assert_eq!(place.run(&["compare", "1", "--a", "* (b)", "--b", "* (a)"]), EXIT_OK);
    assert_eq!(place.run(&["compare", "1", "--a", "* (b)"]), EXIT_USAGE);
}

#[test]
fn what_cannot_be_understood_is_refused_in_one_line() {
    for words in [
        &["runs", "--store", "mysql://x/y"][..],
        &["runs", "--store", ""],
        &["runs", "--store", "none"],
        &["runs", "--keep", "some"],
        &["compare", "1"],
        &["compare", "1", "2", "--allow", "much"],
        &["baseline", "set", "7"],
        &["export", "1", "--format", "xml"],
    ] {
        assert_eq!(history_main(words.iter().copied()), EXIT_USAGE, "{words:?}");
    }
    let place = Place::new();
    assert_eq!(place.run(&["baseline", "set", "last", "1"]), EXIT_USAGE);
    assert_eq!(place.run(&["show", "nobody"]), EXIT_USAGE);
}
