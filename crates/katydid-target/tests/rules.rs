//! Laws and faults of the options, as a client meets them.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};
use support::{Target, request};

#[test]
fn a_law_delays_its_route_only() {
    let shop = Target::start("shop", &["--latency", "/orders=fixed:200ms"]);
    let mut client = shop.connect();
    let mut time = |path| {
        let started = Instant::now();
        assert_eq!(client.send("GET", path, &[], None).status, 200);
        started.elapsed()
    };
    assert!(time("/orders") >= Duration::from_millis(200));
    let fastest = (0..20).map(|_| time("/health")).min().expect("times");
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");
}

#[test]
fn a_status_strikes_its_share_and_the_same_seed_the_same_requests() {
    let run = |seed| {
        let shop = Target::start("shop", &["--fault", "status:503@20%", "--seed", seed]);
        let mut client = shop.connect();
        (0..200).map(|_| client.send("GET", "/health", &[], None).status).collect::<Vec<_>>()
    };
    let statuses = run("3");
    let struck = statuses.iter().filter(|status| **status == 503).count();
    assert!((12..68).contains(&struck), "{struck} of 200 at 20 %"); // five standard deviations
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 200 - struck);
    assert_eq!(run("3"), statuses);
    assert_ne!(run("4"), statuses);
}

#[test]
fn a_reset_takes_the_place_of_the_answer() {
    let shop = Target::start("shop", &["--fault", "GET /orders=reset"]);
    let mut client = shop.connect();
    assert_eq!(client.send("GET", "/health", &[], None).status, 200);
    let error = client.try_send("GET", "/orders", &[], None).expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    let ordered = shop.post("/orders", r#"{"product_id": 1}"#);
    assert_eq!(ordered.status, 201, "another method is spared");
}

#[test]
fn garbage_is_no_http_and_ends_the_connection() {
    let shop = Target::start("shop", &["--fault", "garbage"]);
    let mut client = shop.connect();
    client
        .0
        .get_mut()
        .write_all(&request("POST", "/orders", &[], Some(r#"{"product_id": 1}"#)))
        .expect("sent");
    let mut noise = Vec::new();
    client.0.read_to_end(&mut noise).expect("an orderly end");
    assert!(!noise.is_empty() && !noise.starts_with(b"HTTP"), "{noise:?}");
}

#[test]
fn a_slow_body_trickles_but_arrives_whole() {
    let shop = Target::start("shop", &["--fault", "/products=slow-body:400ms"]);
    let mut client = shop.connect();
    let started = Instant::now();
    client.0.get_mut().write_all(&request("GET", "/products", &[], None)).expect("sent");
    let head = client.read_head().expect("a head");
    let size: usize = head.header("content-length").expect("a length").parse().expect("a number");
    let mut first = [0; 1];
    client.0.read_exact(&mut first).expect("the first byte");
    let early = started.elapsed();
    let mut rest = vec![0; size - 1];
    client.0.read_exact(&mut rest).expect("the rest");
    let late = started.elapsed();
    assert!(late >= Duration::from_millis(400), "{late:?}");
    assert!(
        late - early >= Duration::from_millis(200),
        "the first byte came after {early:?}, the last after {late:?}"
    );
    assert_eq!(rest.last(), Some(&b']'));
    assert_eq!(client.send("GET", "/health", &[], None).status, 200, "the connection is still good");
}

#[test]
fn above_the_limit_there_is_429_with_a_time_to_come_back() {
    let shop = Target::start("shop", &["--fault", "/health=limit:5/s"]);
    let mut client = shop.connect();
    let answers: Vec<_> = (0..40).map(|_| client.send("GET", "/health", &[], None)).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(refused.iter().all(|answer| answer.header("retry-after") == Some("1")));
    // 40 requests take far less than five windows of a second, even on a busy machine
    assert!(
        refused.len() >= 10 && answers.iter().any(|answer| answer.status == 200),
        "{} refused",
        refused.len()
    );
    assert_eq!(client.send("GET", "/products", &[], None).status, 200);
}
