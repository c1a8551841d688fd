//! The event stream: everything at first, then what changes.

use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use katydid_control::{Control, Settings};
use serde_json::{Value, json};

use crate::client::{address, connect, get};
use crate::users::{Users, running, server, stats};

/// A reader of the stream.
struct Events(BufReader<std::net::TcpStream>);

impl Events {
    fn open(control: &Control) -> Self {
        let mut stream = connect(control);
        write!(stream, "GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n\r\n", address(control))
            .expect("a request");
        Self(BufReader::new(stream))
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.0.read_line(&mut line).expect("a line within the limit");
        (length > 0).then(|| line.trim_end().to_owned())
    }

    /// The next event; `None` at the end of the stream.
    fn next(&mut self) -> Option<(String, Value)> {
        let mut kind = String::new();
        loop {
            let line = self.line()?;
            if let Some(name) = line.strip_prefix("event: ") {
                kind = name.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((kind, serde_json::from_str(data).expect("JSON")));
            }
        }
    }

    /// The data of the next event of a kind.
    fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let (name, data) = self.next().expect("more events");
            if name == kind {
                return data;
            }
        }
    }
}

#[test]
fn a_new_reader_gets_everything_once() {
    let (control, _users) = running(Settings::default());
    control.mark(99.0, "spawned", "3 users");
    let mut events = Events::open(&control);
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind: &String| kind != "logs") {
        kinds.push(events.next().expect("an event").0);
    }
    assert_eq!(kinds, ["run", "config", "mark", "stats", "errors", "exceptions", "logs"]);
}

#[test]
fn then_only_what_changed() {
    let (control, _users) = running(Settings::default());
    let mut events = Events::open(&control);
    assert_eq!(events.next_of("stats")["full"], true);
    events.next_of("logs");
    let mut stats = stats();
    let id = stats.entry("GET", "/b");
    stats.record(id, &katydid_stats::Sample::new(106.0, Some(7.0), 1));
    control.publish_stats(&stats, 107.0);
    let point = events.next_of("point");
    assert_eq!(point["at"], 107.0);
    let change = events.next_of("stats");
    assert_eq!(change["full"], false);
    let names: Vec<_> =
        change["changed"].as_array().expect("rows").iter().map(|row| row["name"].clone()).collect();
    assert!(names.contains(&json!("/b")));
    assert_eq!(change["total"]["requests"], 7);
    control.publish("logs", br#"{"master": ["one", "two"], "workers": {"w": ["x"]}}"#).expect("JSON");
    assert_eq!(events.next_of("logs"), json!({ "master": ["two"], "workers": { "w": ["x"] } }));
    control.mark(108.0, "users", "5 users");
    control.mark(108.0, "pause", "");
    assert_eq!(events.next_of("mark")["kind"], "users");
    assert_eq!(events.next_of("mark")["kind"], "pause");
    let secret = events.0.buffer();
    assert!(!String::from_utf8_lossy(secret).contains("hunter2"));
}

#[test]
fn cleared_statistics_are_sent_in_full() {
    let (control, _users) = running(Settings::default());
    let mut events = Events::open(&control);
    events.next_of("logs");
    control.publish_stats(&katydid_stats::RunStats::new(200.0), 201.0);
    let change = events.next_of("stats");
    assert_eq!([&change["full"], &change["changed"]], [&json!(true), &json!([])]);
}

#[test]
fn many_rows_come_in_parts() {
    let (control, _users) = running(Settings::default());
    let mut events = Events::open(&control);
    events.next_of("logs");
    let mut stats = katydid_stats::RunStats::new(200.0);
    (0..250).for_each(|number| {
        stats.entry("GET", &format!("/{number}"));
    });
    control.publish_stats(&stats, 201.0);
    let parts = [(); 3].map(|()| events.next_of("stats"));
    let sizes = parts.each_ref().map(|part| part["changed"].as_array().map(Vec::len));
    assert_eq!(sizes, [Some(100), Some(100), Some(50)]);
    assert_eq!(parts.each_ref().map(|part| part["full"].as_bool()), [Some(true), Some(false), Some(false)]);
}

#[test]
fn ends_with_the_server() {
    let (control, _users) = running(Settings::default());
    let mut events = Events::open(&control);
    events.next_of("logs");
    control.stop();
    while events.line().is_some() {}
}

#[test]
fn a_verdict_is_told_when_it_changes_and_asks_nothing_of_the_users_thread() {
    let control = server(Settings::default());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let _users = Users::start(&control, move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        None
    });
    let publish = |shown: &str| {
        let thresholds = json!([{ "text": "p95<2s", "state": "met", "now_shown": shown }]);
        let verdict = json!({ "is_over": false, "is_asked": true, "thresholds": thresholds, "levels": [] });
        control.publish("verdict", verdict.to_string().as_bytes()).expect("JSON");
    };
    publish("1.000 s");
    let mut events = Events::open(&control);
    assert_eq!(events.next_of("verdict")["thresholds"][0]["now_shown"], "1.000 s");
    publish("1.000 s");
    publish("1.500 s");
    assert_eq!(events.next_of("verdict")["thresholds"][0]["now_shown"], "1.500 s");
    let before = asked.load(Ordering::Relaxed);
    for _ in 0..20 {
        let answer = get(&control, "/api/v1/verdict");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["thresholds"][0]["now_shown"], "1.500 s");
    }
    assert_eq!(asked.load(Ordering::Relaxed), before);
}
