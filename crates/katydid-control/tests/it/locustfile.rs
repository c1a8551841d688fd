//! What a locustfile adds with Flask: who it lets in, what it answers, and that it opens no side door.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::body::Bytes;
use katydid_control::command::{Command, Kind, Piece, Reply, Sent};
use katydid_control::{Control, Flask, Settings};

use crate::client::{address, ask, connect, get};
use crate::users::{Users, publish, running, server};

/// A server whose locustfile answers the question who is let in with this status.
fn asking(settings: Settings) -> (Arc<Control>, Users, Arc<AtomicU16>) {
    let control = server(settings);
    publish(&control);
    let verdict = Arc::new(AtomicU16::new(403));
    let told = Arc::clone(&verdict);
    let users = Users::start(&control, move |kind, _| {
        (kind == Kind::Authorize).then(|| Reply {
            status: told.load(Ordering::Relaxed),
            headers: vec![("Set-Cookie".into(), "session=renewed".into())],
            body: Bytes::from_static(b"who are you?"),
        })
    });
    (control, users, verdict)
}

#[test]
fn a_foreign_page_cannot_reach_a_route_by_another_spelling() {
    let (control, users) = running(Settings::default());
    for scope in [Flask::Unknown, Flask::Everything, Flask::Gate] {
        control.use_flask(scope);
        for path in [
            "/%73top",
            "/%73%74%6f%70",
            "/st%6Fp",
            "/stats/%72eset",
            "/stats%2freset",
            "//stop",
            "/%2fstop",
            "/stats//reset",
        ] {
            for sign in
                ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "User-Agent: Mozilla/5.0"]
            {
                assert_eq!(
                    ask(&control, &format!("GET {path}"), &[sign], "").status,
                    403,
                    "{path} with {sign}"
                );
            }
        }
    }
    assert_eq!(users.kinds(), []);
    assert_eq!(get(&control, "/%73top").json()["kind"], "flask", "a program may spell it as it likes");
}

#[test]
fn what_guards_locusts_routes_guards_ours() {
    let (control, users, verdict) = asking(Settings { flask: Flask::Gate, ..Settings::default() });
    let ours = [
        "GET /api/v1/run",
        "GET /api/v1/events",
        "GET /api/v1/logs",
        "POST /api/v1/run/stop",
        "PATCH /api/v1/run",
    ];
    for (said, expected) in [(401, 401), (403, 403), (302, 401), (200, 401), (500, 500)] {
        verdict.store(said, Ordering::Relaxed);
        for request in ours {
            let answer = ask(&control, request, &[], "");
            assert_eq!(answer.status, expected, "{request}, and the locustfile said {said}");
            assert!(!answer.body.contains("running"));
        }
    }
    assert!(users.kinds().iter().all(|kind| *kind == Kind::Authorize));
    verdict.store(204, Ordering::Relaxed);
    assert_eq!(get(&control, "/api/v1/run").json()["state"], "running");
    assert_eq!(ask(&control, "POST /api/v1/run/stop", &[], "").status, 200);
    assert_eq!(get(&control, "/tasks").json()["kind"], "flask", "it asks for itself");
    assert_eq!(get(&control, "/assets/none").status, 404);
}

#[test]
fn who_is_let_in_once_opens_the_door_for_nobody_else() {
    for settings in [
        Settings { is_login_on: true, ..Settings::default() },
        Settings { flask: Flask::Gate, ..Settings::default() },
    ] {
        let (control, users, verdict) = asking(settings);
        let key = ["X-Api-Key: secret"];
        verdict.store(204, Ordering::Relaxed);
        assert_eq!(ask(&control, "GET /api/v1/run?key=secret", &key, "").status, 200);
        verdict.store(403, Ordering::Relaxed);
        assert_eq!(ask(&control, "GET /api/v1/run?key=secret", &key, "").status, 200, "known for a moment");
        assert_eq!(users.kinds(), [Kind::Authorize]);
        assert_eq!(ask(&control, "GET /api/v1/run?key=secret", &[], "").status, 403, "without the header");
        assert_eq!(ask(&control, "GET /api/v1/run", &key, "").status, 403, "without the query");
        assert_eq!(
            ask(&control, "POST /api/v1/run/stop?key=secret", &key, "").status,
            403,
            "changes are asked for"
        );
    }
}

#[test]
fn only_a_clear_yes_lets_anybody_in() {
    let (control, _users, verdict) = asking(Settings { is_login_on: true, ..Settings::default() });
    for said in [200, 201, 302, 401, 500] {
        verdict.store(said, Ordering::Relaxed);
        let answer = get(&control, "/stats/requests");
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (said, "who are you?"),
            "a login that is not set up"
        );
    }
    verdict.store(204, Ordering::Relaxed);
    let answer = get(&control, "/stats/requests");
    assert_eq!((answer.status, answer.header("set-cookie")), (200, Some("session=renewed")));
}

#[test]
fn a_page_of_a_locustfile_loads_what_it_likes() {
    let control = server(Settings { flask: Flask::Everything, ..Settings::default() });
    publish(&control);
    let page = |headers: &[(&str, &str)]| Reply {
        status: 200,
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        body: Bytes::from_static(b"<p>"),
    };
    let html = ("Content-Type", "text/html");
    let ours = Users::start(&control, move |_, _| Some(page(&[html, ("X-Katydid-View", "1")])));
    let answer = get(&control, "/");
    assert_eq!(answer.header("x-katydid-view"), None);
    assert!(
        answer.header("content-security-policy").is_some_and(|policy| policy.contains("script-src 'self'"))
    );
    drop(ours);
    let _theirs = Users::start(&control, move |_, _| Some(page(&[html])));
    let answer = get(&control, "/");
    assert_eq!(answer.header("content-security-policy"), None);
    assert_eq!(answer.header("x-frame-options"), Some("sameorigin"));
}

/// Asks for a path of Flask's. Returns the connection and the command that it became.
fn asked(control: &Control) -> (std::net::TcpStream, Command) {
    let mut client = connect(control);
    write!(client, "GET /mine HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", address(control))
        .expect("sent");
    loop {
        if let Some(command) = control.take().pop() {
            return (client, command);
        }
        std::thread::yield_now();
    }
}

fn data(text: &'static str) -> Piece {
    Piece::Data(Bytes::from_static(text.as_bytes()))
}

#[test]
fn a_stream_arrives_as_it_is_made() {
    let control = server(Settings { flask: Flask::Unknown, ..Settings::default() });
    let (mut client, command) = asked(&control);
    let stream = command.stream(Reply { status: 200, ..Reply::default() });
    assert_eq!(stream.try_send(data("first")), Sent::Taken);
    let mut text = String::new();
    while !text.contains("first") {
        let mut some = [0; 256];
        let length = client.read(&mut some).expect("the first piece, before there is another");
        text += &String::from_utf8_lossy(&some[..length]);
    }
    assert_eq!(stream.try_send(data("second")), Sent::Taken);
    assert_eq!(stream.try_send(Piece::End), Sent::Taken);
    client.read_to_string(&mut text).expect("the rest");
    assert!(text.ends_with("\r\n6\r\nsecond\r\n0\r\n\r\n"), "{text}");
}

#[test]
fn a_stream_that_breaks_off_is_not_taken_for_a_whole() {
    let control = server(Settings { flask: Flask::Unknown, ..Settings::default() });
    let (mut client, command) = asked(&control);
    let stream = command.stream(Reply { status: 200, ..Reply::default() });
    assert_eq!(stream.try_send(data("first")), Sent::Taken);
    drop(stream);
    let mut bytes = Vec::new();
    let _ = client.read_to_end(&mut bytes);
    assert!(!String::from_utf8_lossy(&bytes).contains("0\r\n\r\n"), "it has no end");
}

#[test]
fn a_stream_learns_that_its_reader_left() {
    let control = server(Settings { flask: Flask::Unknown, ..Settings::default() });
    let (client, command) = asked(&control);
    let stream = command.stream(Reply { status: 200, ..Reply::default() });
    drop(client);
    while stream.try_send(data("more")) != Sent::Gone {
        std::thread::yield_now();
    }
}
