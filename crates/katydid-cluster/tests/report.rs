//! What a worker measured arrives whole, and what cannot be read of a report takes nothing else with it.

use std::sync::Arc;

use katydid_cluster::message::{decode_to_master, encode_to_master};
use katydid_cluster::pack::Writer;
use katydid_cluster::report::Mark;
use katydid_cluster::{Report, ToMaster, UserCounts};
use katydid_stats::reclassified::Kind;
use katydid_stats::{Phase, RunStats, Sample};

/// Statistics with something in every place.
fn everything() -> RunStats {
    let mut stats = RunStats::new(1000.0);
    for (name, ms) in [("/a", 5.5), ("/b", 12_345.678), ("/a", 0.25)] {
        let id = stats.entry("GET", name);
        let mut sample =
            Sample { lag_ns: Some(3000), start_lag_ns: Some(70_000), ..Sample::new(1001.5, Some(ms), 9) };
        sample.status = Some(409);
        Phase::ALL.into_iter().for_each(|phase| sample.phases.add(phase, 1_000_000));
        stats.record(id, &sample);
        stats.record_failure(id, "HTTP 409", 1002.5);
    }
    let kind = Kind { rule: "409 on *", verdict: "expected", method: "GET", name: "/a", from: "HTTP 409" };
    stats.record_reclassified(kind, 1001.5);
    stats.record_reclassified(Kind { name: "/b", ..kind }, 1001.5);
    stats.record_reclassified(kind, 1002.5);
    stats
}

fn report(stats: RunStats) -> Report {
    let users = UserCounts::from([("A".to_owned(), 3)]);
    let mark = Some(Mark { master: 7, run: 1, number: 2, first: 2 });
    Report { stats, users, others: Vec::new(), mark, skipped: 0, raw: None }
}

fn arrived(report: Report) -> Arc<Report> {
    read(&encode_to_master(&ToMaster::Stats(Arc::new(report)), "h_1"))
}

fn read(bytes: &[u8]) -> Arc<Report> {
    match decode_to_master(bytes).expect("a message").message {
        ToMaster::Stats(report) => report,
        other => panic!("{other:?} is no report"),
    }
}

#[test]
fn everything_that_was_measured_arrives() {
    let sent = report(everything());
    let arrived = arrived(sent.clone());
    assert_eq!(arrived.stats.reclassified().as_slice(), everything().reclassified().as_slice());
    assert_eq!(*arrived, sent);
    assert_eq!(arrived.skipped, 0);
}

#[test]
fn more_users_than_can_be_added_up_are_refused() {
    let is_read = |users| {
        let users = UserCounts::from([("A".to_owned(), users)]);
        let sent = ToMaster::Stats(Arc::new(Report { users, ..report(everything()) }));
        decode_to_master(&encode_to_master(&sent, "h_1")).is_ok()
    };
    assert!(is_read(0) && is_read(u32::MAX.into()));
    assert!(!is_read(u64::from(u32::MAX) + 1) && !is_read(u64::MAX));
}

/// Each kind of statistics alone makes a report another one: none is forgotten by the comparison above.
#[test]
fn reports_with_other_statistics_are_others() {
    type Change = (&'static str, fn(&mut RunStats));
    let changes: [Change; 7] = [
        ("an entry", |stats| {
            stats.entry("GET", "/c");
        }),
        ("the total", |stats| stats.total_mut().requests += 1),
        ("failures", |stats| {
            stats.errors_mut().record("GET", "/a", "reset", 1.0);
        }),
        ("what rules made of it", |stats| {
            let kind = Kind { rule: "5xx", verdict: "failed", method: "GET", name: "/a", from: "" };
            stats.record_reclassified(kind, 1.0);
        }),
        ("the lag", |stats| stats.lag_mut().record_us(1)),
        ("the lag of starts", |stats| stats.start_lag_mut().record_us(1)),
        ("a phase", |stats| stats.phase_mut(Phase::Waiting).record_us(1)),
    ];
    for (what, change) in changes {
        let mut stats = everything();
        change(&mut stats);
        assert_ne!(report(stats), report(everything()), "{what}");
    }
}

type Write = fn(&mut Writer) -> &mut Writer;

fn entry(writer: &mut Writer, name: Write, requests: Write) {
    name(writer.map(3).text("name")).text("method").text("GET");
    requests(writer.text("num_requests"));
}

/// Stock masters merge requests by any name. One with a name that is no text had cost the whole report.
#[test]
fn an_odd_name_is_its_text_and_a_bad_entry_is_skipped_alone() {
    let mut writer = Writer::new();
    writer.array(3).text("stats").map(3).text("stats").array(7);
    entry(&mut writer, |name| name.text("/ok"), |count| count.uint(2));
    entry(&mut writer, |name| name.int(7), |count| count.uint(3));
    entry(&mut writer, |name| name.nil(), |count| count.uint(4));
    entry(&mut writer, |name| name.float(1.5), |count| count.uint(5));
    entry(&mut writer, |name| name.bool(true), |count| count.uint(6));
    entry(&mut writer, |name| name.array(1).int(1), |count| count.uint(7));
    entry(&mut writer, |name| name.text("/bad"), |count| count.text("many"));
    writer.text("errors").map(3);
    for (key, method) in [("a", None), ("b", Some(5))] {
        writer.text(key).map(4).text("name").text("/ok").text("method");
        match method {
            Some(number) => writer.int(number),
            None => writer.nil(),
        };
        writer.text("error").int(-3).text("occurrences").uint(2);
    }
    writer.text("c").int(5);
    writer.text("user_classes_count").map(0).text("h_1");

    let report = read(&writer.into_bytes());
    let entries: Vec<_> = report.stats.entries().iter().map(|entry| (&*entry.name, entry.requests)).collect();
    assert_eq!(entries, [("/ok", 2), ("7", 3), ("", 4), ("1.5", 5), ("True", 6)]);
    let errors: Vec<_> = report.stats.errors().as_slice().iter().map(|e| (&*e.method, &*e.text)).collect();
    assert_eq!(errors, [("", "-3"), ("5", "-3")]);
    assert_eq!(report.skipped, 3, "two entries and a failure");
}

/// The counts of a bad entry are in no place, not even those that stood before what was wrong.
#[test]
fn a_bad_entry_is_skipped_whole() {
    let mut writer = Writer::new();
    writer.array(3).text("stats").map(2).text("stats").array(2);
    for seconds in ["x", ""] {
        writer.map(3).text("name").text("/a").text("num_requests").uint(1).text("num_reqs_per_sec");
        if seconds.is_empty() {
            writer.map(1).int(1000).uint(1)
        } else {
            writer.map(1).text(seconds).uint(1)
        };
    }
    writer.text("user_classes_count").map(0).text("h_1");
    let report = read(&writer.into_bytes());
    assert_eq!((report.stats.entries().len(), report.stats.entries()[0].requests, report.skipped), (1, 1, 1));
}

/// Two seconds an hour apart, in a dozen bytes, had taken counters for all seconds between.
#[test]
fn seconds_far_apart_count_only_where_there_are_many() {
    for (count, step, kept) in [(2, 3500, 1), (2, 70, 2), (300, 10, 300)] {
        let mut writer = Writer::new();
        writer.array(3).text("stats").map(2).text("stats").array(1);
        writer
            .map(3)
            .text("name")
            .text("/a")
            .text("num_requests")
            .uint(9)
            .text("num_reqs_per_sec")
            .map(count);
        for number in 0..count as i64 {
            writer.int(1_000_000 + number * step).uint(1);
        }
        writer.text("user_classes_count").map(0).text("h_1");
        let report = read(&writer.into_bytes());
        let entry = &report.stats.entries()[0];
        assert_eq!(
            (entry.requests, entry.requests_by_second.iter().count()),
            (9, kept),
            "{count} by {step} s"
        );
    }
}
