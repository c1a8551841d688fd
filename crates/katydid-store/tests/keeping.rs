//! Runs that are kept and read again, from a file of SQLite.

use std::time::{Duration, Instant};

use katydid_stats::part::{Changes, Counts};
use katydid_stats::reclassified::Kind;
use katydid_stats::{EntryPart, Histogram, Part, RunStats, Sample};
use katydid_store::store::Stretch;
use katydid_store::{About, Address, End, Level, Retention, RunId, State, Store, Writer};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn address(&self) -> Address {
        Address::in_folder(self.folder.path().join("deep"))
    }

    fn store(&self) -> Store {
        Store::open(&self.address()).expect("a file")
    }

    fn writer(&self, started_at: f64) -> Writer {
        Writer::begin(self.store(), &About { started_at, host: "http://h".into(), ..About::default() })
            .expect("a run")
    }
}

const CONFLICT: Kind<'_> = Kind {
    rule: "409 on POST /*/state",
    verdict: "expected",
    method: "POST",
    name: "/a/state",
    from: "HTTPError('409')",
};

fn record(stats: &mut RunStats, name: &str, at: f64, ms: f64) {
    let id = stats.entry_at("GET", name, at);
    stats.record(id, &Sample { status: Some(200), lag_ns: Some(50_000), ..Sample::new(at, Some(ms), 10) });
}

#[test]
fn a_run_is_read_as_it_was_measured() {
    let place = Place::new();
    let writer = place.writer(100.0);
    let run = writer.run();
    let (mut stats, mut changes) = (RunStats::new(100.0), Changes::default());
    for stretch in 0..5_u32 {
        for step in 0..100_u32 {
            let at = 100.0 + f64::from(stretch) * 10.0 + f64::from(step) / 10.0;
            record(
                &mut stats,
                if step % 3 == 0 { "/a" } else { "/b\0" },
                at,
                f64::from(step * (stretch + 1)) / 7.0,
            );
        }
        let id = stats.entry("GET", "/a");
        stats.record_failure(id, "HTTPError('500')", 101.0);
        stats.record_reclassified(CONFLICT, 101.0 + f64::from(stretch));
        writer.observe(changes.take(&stats), 110.0 + f64::from(stretch) * 10.0, 7);
    }
    let level =
        Level { number: 1, scenario: "api".into(), label: "7 users".into(), users: 7, ..Level::default() };
    writer.level(Level { from: 100.0, ..level.clone() });
    writer.document("config", b"{}".to_vec());
    assert_eq!(writer.complaint(), None);
    writer.finish(End { at: 151.0, exit_code: Some(1), verdict: Some("broken".into()) }).expect("written");

    let mut store = place.store();
    let found = store.run(run).expect("the run");
    assert_eq!((found.requests, found.failures, found.users, found.exit_code), (500, 5, 7, Some(1)));
    assert_eq!(
        (found.state(1e9), found.seconds(), found.verdict),
        (State::Finished, 51.0, Some("broken".into()))
    );
    let again = store.stats(run).expect("measurements");
    assert_eq!(again.total().times, stats.total().times);
    assert_eq!(again.entries().len(), 2);
    assert_eq!(again.entries()[0].times, stats.entries()[0].times);
    assert_eq!(again.total().statuses, stats.total().statuses);
    assert_eq!(again.lag(), stats.lag());
    assert_eq!(again.errors().as_slice(), stats.errors().as_slice());
    assert_eq!(again.reclassified().as_slice(), stats.reclassified().as_slice());
    assert_eq!(store.reclassified(run).expect("rows")[0].occurrences, 5);
    let ended = Level { from: 100.0, until: Some(151.0), ..level };
    assert_eq!(store.levels(run).expect("levels"), [ended], "the end of the run ends its level");
    assert_eq!(store.document(run, "config").expect("a document"), Some(b"{}".to_vec()));
    assert_eq!(store.document(run, "other").expect("none"), None);
}

#[test]
fn a_run_whose_process_was_killed_is_unfinished_and_keeps_what_was_observed() {
    let place = Place::new();
    let writer = place.writer(100.0);
    let run = writer.run();
    let mut stats = RunStats::new(100.0);
    record(&mut stats, "/a", 101.0, 5.0);
    writer.observe(Changes::default().take(&stats), 110.0, 3);
    drop(writer);
    let mut store = place.store();
    let deadline = Instant::now() + Duration::from_secs(60);
    let found = loop {
        let found = store.run(run).expect("the run");
        if found.requests > 0 {
            break found;
        }
        assert!(Instant::now() < deadline, "nothing is written");
        std::thread::yield_now();
    };
    assert_eq!(
        (found.requests, found.state(120.0), found.state(500.0)),
        (1, State::Running, State::Unfinished)
    );
}

#[test]
fn several_processes_write_into_one_file() {
    let place = Place::new();
    let writers: Vec<Writer> = (0..3).map(|_| place.writer(100.0)).collect();
    let mut stats = RunStats::new(100.0);
    record(&mut stats, "/a", 101.0, 5.0);
    for step in 0..10_u32 {
        writers.iter().for_each(|writer| writer.observe(stats.clone(), 110.0 + f64::from(step), 3));
    }
    for writer in writers {
        writer.finish(End { at: 120.0, ..End::default() }).expect("written");
    }
    let runs = place.store().runs(10).expect("runs");
    assert_eq!(
        runs.iter().map(|run| (run.id, run.requests)).collect::<Vec<_>>(),
        [(RunId(3), 1), (RunId(2), 1), (RunId(1), 1)]
    );
}

fn prune(store: &mut Store, keep: &str, now: f64) -> katydid_store::Result<Vec<RunId>> {
    store.prune(&Retention::parse(keep).expect("limits"), &[], now)
}

#[test]
fn old_runs_are_forgotten_and_baselines_stay() {
    let place = Place::new();
    for day in 0..5_u32 {
        let end = f64::from(day) * 86_400.0;
        place.writer(end).finish(End { at: end + 1.0, ..End::default() }).expect("written");
    }
    let mut store = place.store();
    store.set_baseline("main", RunId(1)).expect("a name");
    let now = 4.5 * 86_400.0;
    assert_eq!(prune(&mut store, "3 runs", now), Ok(vec![RunId(2)]));
    assert_eq!(prune(&mut store, "2d", now), Ok(vec![RunId(3)]));
    let last = store.prune(&Retention::parse("1kB").expect("limits"), &[RunId(5)], now);
    assert_eq!(last, Ok(vec![RunId(4)]), "a run that is needed stays");
    assert_eq!(prune(&mut store, "1kB", now), Ok(vec![RunId(5)]));
    assert_eq!(store.find("main").map(|run| run.id), Ok(RunId(1)));
    assert!(store.find("last").is_ok() && store.find("other").is_err_and(|error| error.is_missing()));
}

#[test]
fn a_file_that_is_no_store_is_refused_in_one_line() {
    let place = Place::new();
    let path = place.folder.path().join("text");
    std::fs::write(
        &path,
        "not a database, but long enough to be taken for the head of one, were it not for its words"
            .repeat(20),
    )
    .expect("written");
    for address in [Address::File(path), Address::File(place.folder.path().into())] {
        let error = Store::open(&address).err().expect("no store").to_string();
        assert!(error.contains(&address.to_string()) && !error.contains('\n'), "{error}");
    }
}

/// 200 names for an hour: a request each 10 ms at every name, 360 stretches of 10 s.
#[test]
fn an_hour_of_200_names_takes_less_than_50_megabytes() {
    let place = Place::new();
    let empty = place.store().size_bytes().expect("a file");
    let writer = place.writer(0.0);
    let (mut stats, mut changes, mut chance) = (RunStats::new(0.0), Changes::default(), 1_u64);
    let mut next = move || {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 40) as f64 / f64::from(1 << 24)
    };
    let names: Vec<String> = (0..200).map(|name| format!("/service/{name}/resource/[id]")).collect();
    // A few stretches are enough to know what one takes.
    let stretches = 6_u32;
    for stretch in 0..stretches {
        for (place, name) in names.iter().enumerate() {
            for step in 0..1000_u32 {
                let at = f64::from(stretch) * 10.0 + f64::from(step) / 100.0;
                let ms = (2.0 + place as f64 / 40.0) * (1.5 * (next() + next() + next() - 1.5)).exp() * 10.0;
                record(&mut stats, name, at, ms);
            }
        }
        while writer.is_busy() {
            std::thread::yield_now();
        }
        writer.observe(changes.take(&stats), f64::from(stretch + 1) * 10.0, 1);
    }
    let run = writer.run();
    let empty = empty.expect("a size");
    writer.finish(End { at: 60.0, ..End::default() }).expect("written");
    let mut store = place.store();
    let size = store.size_bytes().expect("a size").expect("a file");
    let hour_mb = (empty as f64 + (size - empty) as f64 * 360.0 / f64::from(stretches)) / 1e6;
    println!("{stretches} stretches: {size} bytes, so an hour takes {hour_mb:.1} MB");
    assert!(hour_mb < 50.0, "an hour takes {hour_mb:.1} MB");
    let begun = Instant::now();
    let mut parts = 0;
    store.parts(run, |_| parts += 1).expect("measurements");
    println!("{parts} stretches read in {:?}", begun.elapsed());
    assert_eq!(parts, stretches);
}

#[test]
fn a_store_of_the_first_version_is_brought_up() {
    let place = Place::new();
    let writer = place.writer(100.0);
    let run = writer.run();
    writer.level(Level { number: 1, label: "old".into(), users: 7, from: 100.0, ..Level::default() });
    writer.finish(End { at: 110.0, ..End::default() }).expect("written");
    let Address::File(path) = place.address() else { panic!("a file") };
    let file = rusqlite::Connection::open(path).expect("the file");
    // What the second version added.
    let back = "DROP TABLE reclassified; ALTER TABLE level DROP COLUMN scenario; UPDATE katydid_schema SET version = 1";
    file.execute_batch(back).expect("tables as they were");
    let mut store = place.store();
    assert_eq!(store.levels(run).expect("levels")[0].label, "old");
    assert_eq!(store.reclassified(run).expect("none").len(), 0);
    assert_eq!(Store::open(&place.address()).map(drop), Ok(()), "and stays so");
}

/// Another process that is in the middle of a change.
fn writing(place: &Place) -> rusqlite::Connection {
    let Address::File(path) = place.address() else { panic!("a file") };
    let file = rusqlite::Connection::open(path).expect("the file");
    file.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    file
}

#[test]
fn readers_do_not_wait_for_a_writer() {
    let place = Place::new();
    place.writer(100.0).finish(End { at: 110.0, ..End::default() }).expect("written");
    let _writing = writing(&place);
    let begun = Instant::now();
    assert_eq!(place.store().runs(10).map(|runs| runs.len()), Ok(1));
    assert!(begun.elapsed() < Duration::from_secs(5), "it waited for {:?}", begun.elapsed());
}

#[test]
fn the_end_of_a_run_does_not_wait_for_ever() {
    let place = Place::new();
    let writer = place.writer(100.0);
    let mut stats = RunStats::new(100.0);
    record(&mut stats, "/a", 101.0, 5.0);
    let _writing = writing(&place);
    writer.observe(stats, 107.0, 3);
    let limit = Duration::from_millis(50);
    let error = writer.finish_within(limit, End { at: 110.0, ..End::default() }).expect_err("it is locked");
    assert_eq!(error.to_string(), "the store gave no answer for 0.05 s; its first 0 s are kept");
}

#[test]
fn a_stretch_that_is_written_again_is_kept_once() {
    let place = Place::new();
    let mut store = place.store();
    let run = store.begin(&About::default()).expect("a run");
    let mut times = Histogram::new();
    times.record_ms(5.0);
    let entry = EntryPart { requests: 1, times: Counts::of(&times), ..EntryPart::default() };
    let part = Part { until: 10.0, total: entry.clone(), entries: vec![entry], ..Part::default() };
    let stretch = Stretch {
        part,
        new_names: vec![(0, "GET".into(), "/a".into())],
        pairs: vec![("GET".into(), "/a".into())],
        requests: 1,
        ..Stretch::default()
    };
    assert_eq!([(); 2].map(|()| store.append(run, &stretch)), [Ok(()), Ok(())]);
    assert_eq!(store.stats(run).map(|stats| stats.total().requests), Ok(1));
    assert_eq!(store.names(run).map(|names| names.len()), Ok(1));
}
