//! The commands over a store with made-up runs.

use katydid_stats::part::Changes;
use katydid_stats::{RunStats, Sample};
use katydid_store::{About, Address, End, Level, Writer};
use serde_json::Value;

use super::*;

fn page(name: &str, data: &Value) -> Option<String> {
    Some(format!("{name} with {data}"))
}

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

    fn open(&self) -> Store {
        Store::open(&Address::File(self.path.clone().into())).expect("the store")
    }

    fn run(&self, words: &[&str]) -> i32 {
        history_main(words.iter().copied().chain(["--store", &self.path]), page)
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
        assert_eq!(history_main(words.iter().copied(), page), EXIT_USAGE, "{words:?}");
    }
    let place = Place::new();
    assert_eq!(place.run(&["baseline", "set", "last", "1"]), EXIT_USAGE);
    assert_eq!(place.run(&["show", "nobody"]), EXIT_USAGE);
}

#[test]
fn a_digest_is_kept_with_a_run_that_is_over_and_changes_no_comparison() {
    let place = Place::new();
    [20.0, 40.0].iter().for_each(|ms| place.keep_run(*ms));
    let (mut store, run) = (place.open(), katydid_store::RunId(1));
    let compared = || {
        let held = compare::compare_runs(&mut place.open(), "1", "2", &Default::default());
        archive::comparison_json(&held.expect("two runs"))
    };
    let anew = compared();
    let kept = store.document(run, "digest").expect("documents").expect("a digest");
    assert_eq!(compared(), anew);
    store.keep_document(run, "digest", b"of another version").expect("a document");
    assert_eq!(compared(), anew);
    assert_eq!(store.document(run, "digest").expect("documents"), Some(kept));
    let goes_on = store.begin(&About::default()).expect("a run");
    compare::keep_digest(&mut store, goes_on).expect("nothing to do");
    assert_eq!(store.document(goes_on, "digest").expect("documents"), None);
}

#[test]
fn a_comparison_becomes_a_page_with_the_distributions_of_both() {
    let place = Place::new();
    [20.0, 40.0].iter().for_each(|ms| place.keep_run(*ms));
    let file = format!("{}.html", place.path);
    assert_eq!(place.run(&["compare", "1", "2", "--html", &file]), EXIT_VERDICT);
    let text = std::fs::read_to_string(&file).expect("the page");
    let data = text.strip_prefix("report.html with ").expect("the report's form");
    let told: Value = serde_json::from_str(data).expect("JSON");
    let comparison = &told["comparison"];
    assert_eq!((&comparison["is_regression"], &comparison["after"]), (&true.into(), &"run 2".into()));
    for row in comparison["rows"].as_array().expect("rows") {
        for (side, figures) in [("before", 0), ("after", 1)] {
            let times = row["times"][figures].as_array().expect("buckets");
            let counted: u64 = times.iter().filter_map(|pair| pair[1].as_u64()).sum();
            assert_eq!(Some(counted), row[side]["requests"].as_u64());
        }
    }
}

#[test]
fn the_list_has_the_figures_of_the_store_and_reads_a_run_once() {
    let place = Place::new();
    [20.0, 40.0].iter().for_each(|ms| place.keep_run(*ms));
    let mut store = place.open();
    store.set_baseline("main", katydid_store::RunId(1)).expect("a run");
    let told = archive::list(&mut store, 10).expect("a list");
    assert_eq!((&told["unread"], &told["runs"][0]["run"]), (&0.into(), &2.into()));
    assert_eq!(told["runs"][1]["baselines"], serde_json::json!(["main"]));
    for run in told["runs"].as_array().expect("runs") {
        let id = katydid_store::RunId(run["run"].as_u64().expect("a number"));
        let total = store.stats(id).expect("measurements");
        assert_eq!(run["p95_ms"].as_f64(), total.total().percentile(0.95));
        assert_eq!(run["requests"].as_u64(), Some(total.total().requests));
        assert!(store.document(id, "summary").expect("documents").is_some());
    }
    assert_eq!(archive::list(&mut store, 10).expect("a list"), told);
    assert_eq!(archive::list(&mut store, 1).expect("a list")["runs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn allowances_of_an_address_are_understood_or_refused() {
    let place = Place::new();
    [20.0, 40.0].iter().for_each(|ms| place.keep_run(*ms));
    let mut store = place.open();
    let mut is_regression = |allow| {
        let allowances = archive::allowances(allow, Some("1%")).expect("shares");
        archive::comparison(&mut store, "1", "2", &allowances).expect("two runs")["is_regression"] == true
    };
    assert!(is_regression(None) && !is_regression(Some("150%,150%")));
    let error = archive::allowances(Some("50%,much"), None).expect_err("no share");
    assert!(error.contains("\"much\" is no share"), "{error}");
}
