//! The contract of the gateway.

mod support;

use serde_json::json;
use std::io::{Read, Write};
use std::time::{Duration, Instant};
use support::{Target, request};

#[test]
fn health_and_metrics_are_open() {
    let gateway = Target::start("gateway", &[]);
    assert_eq!(gateway.get("/health/ready").json(), json!({ "status": "ready" }));
    assert_eq!(gateway.get("/api/v1/health").json()["status"], "healthy");
    let metrics = gateway.get("/metrics");
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(metrics.text().contains("gateway_requests_total{route=\"health\"} 1\n"), "{}", metrics.text());
}

#[test]
fn the_first_access_is_a_slow_miss_and_the_second_a_hit() {
    let gateway = Target::start("gateway", &["--latency", "cache-miss=fixed:150ms"]);
    let mut client = gateway.connect();
    let started = Instant::now();
    let first = client.send("GET", "/api/v1/resource/7", &[], None);
    assert!(started.elapsed() >= Duration::from_millis(150));
    assert_eq!((first.status, first.header("x-cache")), (200, Some("MISS")));
    let second = client.send("GET", "/api/v1/resource/7", &[], None);
    assert_eq!(second.header("x-cache"), Some("HIT"));
    assert_eq!(second.json(), first.json());
    assert!(gateway.get("/metrics").text().contains("gateway_cache_total{result=\"hit\"} 1\n"));
}

#[test]
fn who_has_the_current_version_gets_304_until_it_changes() {
    let gateway = Target::start("gateway", &["--latency", "cache-miss=fixed:1ms"]);
    let tag = gateway.get("/api/v1/resource/9").header("etag").expect("a tag").to_owned();
    let again = || gateway.connect().send("GET", "/api/v1/resource/9", &[("if-none-match", &tag)], None);
    let unchanged = again();
    assert_eq!((unchanged.status, unchanged.header("etag")), (304, Some(tag.as_str())));
    let accepted = gateway.post("/api/v1/action", r#"{"action": "refresh", "resource_id": 9}"#);
    assert_eq!((accepted.status, &accepted.json()["status"]), (200, &json!("accepted")));
    let changed = again();
    assert_eq!((changed.status, changed.header("x-cache")), (200, Some("MISS")));
    assert_eq!(changed.json()["revision"], 2);
}

#[test]
fn resources_come_in_pages() {
    let gateway = Target::start("gateway", &[]);
    let page = gateway.get("/api/v1/resources?page=2&size=5").json();
    let ids: Vec<_> =
        page["items"].as_array().expect("items").iter().map(|item| item["id"].as_u64()).collect();
    assert_eq!(ids, (6..=10).map(Some).collect::<Vec<_>>());
    assert_eq!((&page["pages"], &page["total"]), (&json!(20_000), &json!(100_000)));
    assert_eq!(gateway.get("/api/v1/resources").json()["items"].as_array().expect("items").len(), 20);
    assert_eq!(gateway.get("/api/v1/resources?page=99999999").json()["items"], json!([]));
}

#[test]
fn mistakes_get_the_status_that_an_api_would_give() {
    let gateway = Target::start("gateway", &[]);
    for (path, status) in [
        ("/api/v1/resource/0", 404),
        ("/api/v1/resource/100001", 404),
        ("/api/v1/resource/x", 404),
        ("/api/v1/resources?page=0", 422),
        ("/api/v1/resources?size=101", 422),
        ("/api/v1/resources?page=x", 400),
        ("/api/v1/action", 405),
        ("/api/v2/health", 404),
    ] {
        assert_eq!(gateway.get(path).status, status, "{path}");
    }
    for (body, status) in [("", 400), ("[1]", 422), ("{}", 422), (r#"{"action": " "}"#, 422)] {
        assert_eq!(gateway.post("/api/v1/action", body).status, status, "{body:?}");
    }
}

#[test]
fn events_arrive_one_by_one_and_end_as_asked() {
    let gateway = Target::start("gateway", &["--latency", "event=fixed:30ms"]);
    let started = Instant::now();
    let answer = gateway.get("/api/v1/events/stream?count=4");
    assert!(started.elapsed() >= Duration::from_millis(4 * 30));
    assert_eq!(answer.events(), (1..=4).map(|n| format!(r#"{{"number":{n}}}"#)).collect::<Vec<_>>());
    assert!(answer.text().starts_with("id: 1\nevent: tick\n"), "{}", answer.text());
    assert_eq!(gateway.get("/api/v1/events/stream").events().len(), 10);
}

/// RFC 6455, section 5.7: frames from a client are masked; the mask of zeros leaves the payload readable here.
#[test]
fn a_websocket_echoes_text_and_binary_and_closes() {
    let gateway = Target::start("gateway", &[]);
    let mut client = gateway.connect();
    let upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    client.0.get_mut().write_all(&request("GET", "/ws", &upgrade, None)).expect("sent");
    let head = client.read_head().expect("an answer");
    // the accept value of the example in RFC 6455, section 1.3
    assert_eq!(
        (head.status, head.header("sec-websocket-accept")),
        (101, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    );
    for (opcode, payload) in [(0x81_u8, &b"hello"[..]), (0x82, &[0, 255, 7]), (0x88, &[])] {
        let frame = [&[opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat();
        client.0.get_mut().write_all(&frame).expect("sent");
        let mut back = vec![0; 2 + payload.len()];
        client.0.read_exact(&mut back).expect("an echo");
        assert_eq!(back, [&[opcode, payload.len() as u8], payload].concat());
    }
    assert_eq!(client.0.read(&mut [0; 1]).expect("an end"), 0);
}

#[test]
fn an_endless_stream_does_not_keep_the_server_from_stopping() {
    let mut gateway = Target::start("gateway", &["--latency", "event=fixed:5ms"]);
    let mut client = gateway.connect();
    client.0.get_mut().write_all(&request("GET", "/api/v1/events/stream?count=0", &[], None)).expect("sent");
    assert_eq!(client.read_head().expect("an answer").status, 200);
    let started = Instant::now();
    gateway.signal("-TERM");
    assert!(gateway.child.wait().expect("an end").success());
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "two seconds of grace, and some slack for a busy machine"
    );
}
