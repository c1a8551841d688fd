//! Clients that send too much, too slowly or too often.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use katydid_control::settings::Limits;
use katydid_control::{Control, Settings};
use katydid_testkit::certificates::{Authority, Dates};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::client::{Answer, address, ask, connect, exchange, get};
use crate::users::{Users, running};

fn limited(limits: Limits) -> (Arc<Control>, Users) {
    running(Settings { limits, ..Settings::default() })
}

#[test]
fn large_bodies_are_refused_before_they_are_read() {
    let (control, users) = limited(Limits { body_bytes: 1000, ..Limits::default() });
    let announced =
        format!("POST /swarm HTTP/1.1\r\nHost: {}\r\nContent-Length: 1001\r\n\r\n", address(&control));
    let mut stream = connect(&control);
    stream.write_all(announced.as_bytes()).expect("a head");
    let mut answer = [0; 512];
    let length = stream.read(&mut answer).expect("an answer although no body came");
    assert_eq!(Answer::of(&answer[..length]).status, 413);
    let chunked = format!(
        "POST /swarm HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{}\r\n0\r\n\r\n",
        address(&control),
        "x".repeat(1001)
    );
    assert_eq!(exchange(&control, chunked.as_bytes()).status, 413);
    assert_eq!(ask(&control, "POST /swarm", &[], &"x".repeat(1000)).status, 200);
    assert_eq!(users.kinds().len(), 1);
}

#[test]
fn bodies_share_their_room_and_give_it_back() {
    let (control, _users) = limited(Limits { bodies_bytes: 900, ..Limits::default() });
    assert_eq!(ask(&control, "POST /swarm", &[], &"x".repeat(1000)).status, 503);
    for _ in 0..3 {
        assert_eq!(ask(&control, "POST /swarm", &[], &"x".repeat(800)).status, 200);
    }
}

#[test]
fn large_heads_and_many_headers_are_refused() {
    let (control, users) = running(Settings::default());
    let long = format!("X: {}", "y".repeat(70_000));
    assert_eq!(ask(&control, "GET /stop", &[&long], "").status, 431);
    let many: Vec<String> = (0..120).map(|number| format!("X-{number}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(ask(&control, "GET /stop", &many, "").status, 431);
    let path = format!("GET /{}", "y".repeat(70_000));
    assert!(matches!(ask(&control, &path, &[], "").status, 414 | 431));
    assert_eq!(users.kinds(), []);
}

#[test]
fn slow_heads_and_bodies_are_cut_off() {
    let brief = Duration::from_millis(50);
    let (control, users) = limited(Limits { head_within: brief, body_within: brief, ..Limits::default() });
    let mut silent = connect(&control);
    let mut half = connect(&control);
    half.write_all(b"GET /stop HTTP/1.1\r\nHo").expect("half of a head");
    let mut idle = connect(&control);
    write!(idle, "GET /tasks HTTP/1.1\r\nHost: {}\r\n\r\n", address(&control)).expect("a request");
    for stream in [&mut silent, &mut half, &mut idle] {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("the server ends it");
    }
    let mut slow = connect(&control);
    write!(slow, "POST /swarm HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\nuser", address(&control))
        .expect("half");
    let mut answer = Vec::new();
    let _ = slow.read_to_end(&mut answer);
    assert_eq!(Answer::of(&answer).status, 408);
    assert_eq!(users.kinds(), []);
}

#[test]
fn connections_beyond_the_limit_are_told_so() {
    let (control, _users) = limited(Limits { connections: 3, ..Limits::default() });
    let held: Vec<_> = (0..3).map(|_| hold(&control)).collect();
    let refused = get(&control, "/tasks");
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json()["error"], "too many connections");
    drop(held);
    let mut answer = get(&control, "/tasks");
    while answer.status == 503 {
        answer = get(&control, "/tasks");
    }
    assert_eq!(answer.status, 200);
}

#[test]
fn who_has_sent_everything_may_say_so() {
    let (control, _users) = running(Settings::default());
    let mut client = connect(&control);
    write!(client, "GET /tasks HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", address(&control))
        .expect("sent");
    client.shutdown(std::net::Shutdown::Write).expect("the end of what is sent");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("an answer");
    assert_eq!(Answer::of(&answer).status, 200);
}

/// A connection that is known to be served.
fn hold(control: &Control) -> std::net::TcpStream {
    let mut stream = connect(control);
    write!(stream, "GET /tasks HTTP/1.1\r\nHost: {}\r\n\r\n", address(control)).expect("a request");
    let mut some = [0; 64];
    assert!(stream.read(&mut some).expect("an answer") > 0);
    stream
}

#[test]
fn streams_beyond_the_limit_are_told_so() {
    let (control, _users) = limited(Limits { streams: 1, ..Limits::default() });
    let mut first = connect(&control);
    write!(first, "GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n\r\n", address(&control)).expect("a request");
    let mut some = [0; 64];
    assert!(first.read(&mut some).expect("its beginning") > 0);
    assert_eq!(get(&control, "/api/v1/events").status, 503);
}

#[test]
fn what_cannot_work_is_said_in_one_line() {
    let (control, _users) = running(Settings::default());
    let port = address(&control).port();
    let start = |settings: Settings| Control::start(settings).map(drop).map_err(|error| error.to_string());
    let local = Settings { host: "127.0.0.1".into(), ..Settings::default() };
    let taken = start(Settings { port, ..local.clone() }).expect_err("it is taken");
    assert!(taken.contains(&format!("127.0.0.1:{port}")) && !taken.contains('\n'), "{taken}");
    let missing = ("no/such/cert.pem".into(), "no/such/key.pem".into());
    let unread = start(Settings { tls: Some(missing), ..local }).expect_err("there is no such file");
    assert!(unread.contains("no/such/cert.pem"), "{unread}");
    let nowhere = start(Settings { host: "256.256.256.256".into(), ..Settings::default() });
    assert!(nowhere.expect_err("no address").contains("256.256.256.256"));
}

#[test]
fn speaks_tls_and_nothing_else_with_a_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("tests");
    let identity = authority.issue_with_chain(&["127.0.0.1"], Dates::Valid);
    let [chain, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&chain, identity.pem()).expect("a certificate");
    std::fs::write(&key, identity.key_pem()).expect("a key");
    let (control, _users) = running(Settings { tls: Some((chain, key)), ..Settings::default() });
    assert_ne!(get(&control, "/tasks").status, 200, "plain HTTP is not answered");

    let mut trust = RootCertStore::empty();
    trust
        .add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("PEM"))
        .expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(trust)
        .with_no_client_auth();
    let name = "127.0.0.1".try_into().expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut stream = StreamOwned::new(client, connect(&control));
    write!(stream, "GET /tasks HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", address(&control))
        .expect("sent");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(Answer::of(&answer).status, 200);
}
