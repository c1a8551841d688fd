//! Dialogues about connections: reuse, limits, the one retry, bodies in pieces, streamed answers.

mod caller;

use std::task::Poll;
use std::time::Duration;

use caller::Caller;
use katydid_net::{Body, PoolSettings};
use katydid_stats::FailureKind;
use katydid_testkit::{Gate, Script, Server};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LAST: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

#[test]
fn connection_close_is_obeyed() {
    let server = Server::start([
        Script::new().request("").send(LAST).read_to_end(),
        Script::new().request("").send(OK),
    ]);
    let mut caller = Caller::new(server.port());
    caller.get("/").expect("answers");
    assert_eq!(caller.reactor.sockets(), 0);
    assert!(!caller.get("/").expect("answers").timing.reused);
}

#[test]
fn a_connection_that_the_server_closed_meanwhile_is_not_used() {
    let server =
        Server::start([Script::new().request("").send(OK).close(), Script::new().request("").send(OK)]);
    let mut caller = Caller::new(server.port());
    caller.get("/").expect("answers");
    server.wait_until(|seen| seen[0].end.is_some());
    // A `POST` must not be sent twice, so noticing this before the write is the only way.
    assert!(!caller.post("/", b"x").expect("answers").timing.reused);
}

#[test]
fn an_idempotent_request_survives_a_connection_that_dies_under_it() {
    let dies = Script::new().request("").send(OK).request("").send(OK).request("").reset();
    let server = Server::start([dies, Script::new().request("").send(OK)]);
    let mut caller = Caller::new(server.port());
    for _ in 0..2 {
        caller.get("/").expect("answers");
    }
    let third = caller.get("/").expect("sent again on a new connection");
    assert!(!third.timing.reused);
    let seen = server.finish();
    assert_eq!(seen.len(), 2);
}

#[test]
fn a_post_is_never_sent_twice() {
    let dies = Script::new().request("").send(OK).request("").skip(1).reset();
    let server = Server::start([dies, Script::new().request("").send(OK)]);
    let mut caller = Caller::new(server.port());
    caller.get("/").expect("answers");
    let failure = caller.post("/", b"x").expect_err("the server reset it");
    assert_eq!(failure.kind, FailureKind::Io(libc::ECONNRESET));
    assert_eq!(server.conversations().len(), 1);
}

#[test]
fn a_fresh_connection_that_dies_is_a_failure_even_for_a_get() {
    let server = Server::start([Script::new().request("").close()]);
    let failure = Caller::new(server.port()).get("/").expect_err("nothing was answered");
    assert_eq!(failure.kind, FailureKind::ClosedBeforeAnswer);
    assert_eq!(server.finish().len(), 1);
}

#[test]
fn a_full_pool_makes_the_next_exchange_wait_for_a_connection() {
    let gate = Gate::new();
    let server = Server::start([Script::new().request("").hold(&gate).send(OK).request("").send(OK)]);
    let mut caller = Caller::with_pool(server.port(), PoolSettings { size: 1, keep: 1, tls: None });
    let first = caller.start(b"GET /1 HTTP/1.1\r\n\r\n", Body::Empty);
    let second = caller.start(b"GET /2 HTTP/1.1\r\n\r\n", Body::Empty);
    server.wait_until(|seen| !seen.is_empty());
    gate.open();
    assert!(!caller.finish(first).expect("answers").timing.reused);
    assert!(caller.finish(second).expect("answers").timing.reused);
}

#[test]
fn a_failure_hands_its_place_to_the_next_in_the_queue() {
    let server = Server::start([Script::new().request("").reset(), Script::new().request("").send(OK)]);
    let mut caller = Caller::with_pool(server.port(), PoolSettings { size: 1, keep: 1, tls: None });
    let first = caller.start(b"GET /1 HTTP/1.1\r\n\r\n", Body::Empty);
    let second = caller.start(b"GET /2 HTTP/1.1\r\n\r\n", Body::Empty);
    assert!(caller.finish(first).is_err());
    assert_eq!(caller.finish(second).expect("answers").status, 200);
}

#[test]
fn closing_a_pool_closes_what_it_has() {
    let gate = Gate::new();
    let server = Server::start([Script::new().request("").send(OK).hold(&gate), Script::new().read_to_end()]);
    let mut caller = Caller::new(server.port());
    caller.get("/").expect("answers");
    let held: Vec<_> = (0..2).map(|_| caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty)).collect();
    assert_eq!(held.len(), 2);
    caller.reactor.close_pool(caller.pool);
    assert_eq!(caller.reactor.sockets(), 0);
    gate.open();
}

#[test]
fn idle_connections_can_be_dropped_on_request() {
    let server = Server::start([Script::new().request("").send(OK).read_to_end()]);
    let mut caller = Caller::new(server.port());
    caller.get("/").expect("answers");
    caller.reactor.close_idle(caller.pool);
    assert_eq!(caller.reactor.sockets(), 0);
    assert!(!caller.get("/").expect("answers").timing.reused);
}

#[test]
fn a_body_in_pieces_is_framed_in_chunks() {
    let expected = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    let server = Server::start([Script::new().request("").expect(expected).send(OK)]);
    let mut caller = Caller::new(server.port());
    let head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let id = caller.start(head, Body::Pieces { chunked: true });
    for piece in [&b"hello"[..], b"", b" world"] {
        caller.until(id, |reactor| reactor.push_body(id, piece)).expect("takes it");
    }
    caller.reactor.finish_body(id);
    assert_eq!(caller.finish(id).expect("answers").body(), b"ok");
}

#[test]
fn a_server_that_does_not_read_stops_a_body_in_pieces() {
    let gate = Gate::new();
    let total = 64 * 1024 * 1024;
    let server = Server::start([Script::new().request("").hold(&gate).skip(total).send(OK)]);
    let mut caller = Caller::new(server.port());
    let head = format!("POST / HTTP/1.1\r\nContent-Length: {total}\r\n\r\n");
    let id = caller.start(head.as_bytes(), Body::Pieces { chunked: false });
    let piece = vec![b'x'; 64 * 1024];
    let mut left = total / piece.len();
    // Nobody reads: sooner or later the reactor refuses, long before 64 MiB.
    while caller.reactor.push_body(id, &piece).is_ready() {
        left -= 1;
        assert!(left > 0, "the body was buffered without limit");
        caller.reactor.turn(Some(Duration::ZERO)).expect("turns");
    }
    gate.open();
    while left > 0 {
        caller.until(id, |reactor| reactor.push_body(id, &piece)).expect("takes it");
        left -= 1;
    }
    caller.reactor.finish_body(id);
    assert_eq!(caller.finish(id).expect("answers").status, 200);
}

#[test]
fn a_body_waits_for_the_permission_it_asked_for() {
    let head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let script = Script::new().request("").send("HTTP/1.1 100 Continue\r\n\r\n").expect("body").send(OK);
    let server = Server::start([script]);
    let mut caller = Caller::new(server.port());
    let id = caller.start_as(head, Body::Bytes(b"body"), |request| request.expects_continue = true);
    assert_eq!(caller.finish(id).expect("answers").status, 200);
    let seen = server.finish();
    assert!(seen[0].arrivals[0].1.ends_with(b"\r\n\r\n"), "the body came with the head");
}

#[test]
fn a_body_does_not_wait_for_ever_for_permission() {
    let head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let server = Server::start([Script::new().request("").expect("body").send(OK)]);
    let mut caller = Caller::new(server.port());
    caller.timeouts.network = Some(Duration::from_millis(100));
    let id = caller.start_as(head, Body::Bytes(b"body"), |request| request.expects_continue = true);
    assert_eq!(caller.finish(id).expect("answers").status, 200);
}

#[test]
fn a_refusal_instead_of_permission_ends_the_exchange() {
    let head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let server = Server::start([Script::new()
        .request("")
        .send("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")
        .read_to_end()]);
    let mut caller = Caller::new(server.port());
    let id = caller.start_as(head, Body::Bytes(b"body"), |request| request.expects_continue = true);
    assert_eq!(caller.finish(id).expect("answers").status, 417);
    assert_eq!(caller.reactor.sockets(), 0, "the body was never sent: the connection is of no use");
}

#[test]
fn a_streamed_answer_comes_head_first_and_then_piece_by_piece() {
    let gate = Gate::new();
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let script =
        Script::new().request("").send(head).send("3\r\none\r\n").hold(&gate).send("3\r\ntwo\r\n0\r\n\r\n");
    let server = Server::start([script.request("").send(OK)]);
    let mut caller = Caller::new(server.port());
    let id = caller.start_as(b"GET / HTTP/1.1\r\n\r\n", Body::Empty, |request| request.streams = true);
    let answer = caller.finish(id).expect("the head");
    assert_eq!((answer.head(), answer.body()), (head.as_bytes(), &b""[..]));
    let mut body = Vec::new();
    while body.len() < 3 {
        assert!(!caller.until(id, |reactor| reactor.poll_body(id, &mut body)).expect("goes on"));
    }
    assert_eq!(body, b"one");
    gate.open();
    assert_eq!(caller.read_all(id).expect("ends"), b"two");
    assert!(caller.get("/").expect("answers").timing.reused);
}

#[test]
fn a_streamed_answer_that_nobody_reads_stops_the_server() {
    let total: usize = 64 * 1024 * 1024;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n");
    let server = Server::start([Script::new().request("").send(head).send(vec![b'x'; total])]);
    let mut caller = Caller::new(server.port());
    let id = caller.start_as(b"GET / HTTP/1.1\r\n\r\n", Body::Empty, |request| request.streams = true);
    caller.finish(id).expect("the head");
    for _ in 0..2_000 {
        caller.reactor.turn(Some(Duration::ZERO)).expect("turns");
    }
    let mut body = Vec::new();
    assert!(matches!(caller.until(id, |reactor| reactor.poll_body(id, &mut body)), Ok(false)));
    assert!(body.len() < 1024 * 1024, "{} bytes were taken in for a caller that did not ask", body.len());
    assert_eq!(body.len() + caller.read_all(id).expect("ends").len(), total);
}

#[test]
fn a_streamed_answer_that_breaks_off_gives_what_came_and_then_the_failure() {
    let script = Script::new().request("").send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").close();
    let server = Server::start([script]);
    let mut caller = Caller::new(server.port());
    let id = caller.start_as(b"GET / HTTP/1.1\r\n\r\n", Body::Empty, |request| request.streams = true);
    caller.finish(id).expect("the head");
    let mut body = Vec::new();
    let failure = loop {
        match caller.until(id, |reactor| reactor.poll_body(id, &mut body)) {
            Ok(end) => assert!(!end, "the body is not complete"),
            Err(failure) => break failure,
        }
    };
    assert_eq!(body, b"half");
    assert_eq!(failure.kind, FailureKind::ClosedInBody { received: 4, missing: Some(6) });
    assert_eq!(caller.reactor.sockets(), 0);
}

#[test]
fn a_large_upload_and_a_large_answer_cross_without_loss() {
    let total = 8 * 1024 * 1024;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n");
    let server = Server::start([Script::new().request("").skip(total).send(head).send(vec![b'y'; total])]);
    let mut caller = Caller::new(server.port());
    let answer = caller.post("/", &vec![b'x'; total]).expect("answers");
    assert_eq!(answer.body().len(), total);
}

#[test]
fn pending_is_not_ready() {
    let gate = Gate::new();
    let server = Server::start([Script::new().request("").hold(&gate).send(OK)]);
    let mut caller = Caller::new(server.port());
    let id = caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    assert!(matches!(caller.reactor.poll(id), Poll::Pending));
    gate.open();
    caller.finish(id).expect("answers");
}

#[test]
fn a_streamed_answer_that_breaks_off_at_once_still_gives_its_head_and_bytes() {
    // Head, half a body and the end are all there before anybody asks.
    let script = Script::new().request("").send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").close();
    let server = Server::start([script]);
    let mut caller = Caller::new(server.port());
    let id = caller.start_as(b"GET / HTTP/1.1\r\n\r\n", Body::Empty, |request| request.streams = true);
    while caller.reactor.sockets() > 0 {
        caller.reactor.turn(Some(Duration::from_secs(5))).expect("turns");
    }
    assert_eq!(caller.finish(id).expect("the head").status, 200);
    let mut body = Vec::new();
    assert!(!caller.until(id, |reactor| reactor.poll_body(id, &mut body)).expect("what came"));
    assert_eq!(body, b"half");
    let failure = caller.until(id, |reactor| reactor.poll_body(id, &mut body)).expect_err("broke off");
    assert_eq!(failure.kind, FailureKind::ClosedInBody { received: 4, missing: Some(6) });
}

#[test]
fn a_caller_that_reads_slowly_is_not_a_silent_server() {
    let total: usize = 16 * 1024 * 1024;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n");
    let server = Server::start([Script::new().request("").send(head).send(vec![b'x'; total])]);
    let mut caller = Caller::new(server.port());
    caller.timeouts.network = Some(Duration::from_millis(100));
    let id = caller.start_as(b"GET / HTTP/1.1\r\n\r\n", Body::Empty, |request| request.streams = true);
    caller.finish(id).expect("the head");
    turn_for(&mut caller, Duration::from_millis(300));
    assert_eq!(caller.read_all(id).expect("ends").len(), total);
}

#[test]
fn a_caller_that_writes_slowly_is_not_a_silent_server() {
    let early = "HTTP/1.1 103 Early Hints\r\n\r\n";
    let server = Server::start([Script::new().request("").send(early).expect("onetwo").send(OK)]);
    let mut caller = Caller::new(server.port());
    caller.timeouts.network = Some(Duration::from_millis(100));
    let head = b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\n";
    let id = caller.start(head, Body::Pieces { chunked: false });
    for piece in [b"one", b"two"] {
        turn_for(&mut caller, Duration::from_millis(200));
        caller.until(id, |reactor| reactor.push_body(id, piece)).expect("takes it");
    }
    caller.reactor.finish_body(id);
    assert_eq!(caller.finish(id).expect("answers").status, 200);
}

/// Lets the reactor turn for `span` while the caller does nothing.
fn turn_for(caller: &mut Caller, span: Duration) {
    let began = std::time::Instant::now();
    while began.elapsed() < span {
        caller.reactor.turn(Some(Duration::from_millis(5))).expect("turns");
    }
}

#[test]
fn a_caller_that_takes_a_full_backlog_goes_on_writing_too() {
    // The answer fills the reactor's backlog to the last byte that is there while the request waits for the socket.
    let answered = 257 * 1024;
    let total = 32 * 1024 * 1024;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answered + 1);
    let gate = Gate::new();
    let script = Script::new().request("").send(head).send(vec![b'y'; answered]).hold(&gate);
    let server = Server::start([script.skip(total).send("z")]);
    let mut caller = Caller::new(server.port());
    let head = format!("POST / HTTP/1.1\r\nContent-Length: {total}\r\n\r\n");
    let whole = vec![b'x'; total];
    let id = caller.start_as(head.as_bytes(), Body::Bytes(&whole), |request| request.streams = true);
    caller.finish(id).expect("the head");
    turn_for(&mut caller, Duration::from_millis(100));
    let mut body = Vec::new();
    while body.len() < answered {
        assert!(!caller.until(id, |reactor| reactor.poll_body(id, &mut body)).expect("goes on"));
    }
    gate.open();
    assert_eq!(caller.read_all(id).expect("ends"), b"z");
}

#[test]
fn the_wait_for_permission_is_one_second_and_no_limit_for_the_answer() {
    let head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let early = "HTTP/1.1 103 Early Hints\r\n\r\n";
    for network in [None, Some(Duration::from_secs(9))] {
        let answers = Script::new().request("").send(early).expect("body").pause(Duration::from_millis(200));
        let server = Server::start([answers.send(OK)]);
        let mut caller = Caller::new(server.port());
        caller.timeouts.network = network;
        let id = caller.start_as(head, Body::Bytes(b"body"), |request| request.expects_continue = true);
        let answer = caller.finish(id).expect("answers");
        let latency = Duration::from_nanos(answer.timing.latency_ns());
        assert!(latency < Duration::from_secs(4), "{latency:?} with {network:?}");
    }
    let permits = Script::new().request("").send("HTTP/1.1 100 Continue\r\n\r\n").expect("body");
    let server = Server::start([permits.pause(Duration::from_millis(1_200)).send(OK)]);
    let mut caller = Caller::new(server.port());
    let id = caller.start_as(head, Body::Bytes(b"body"), |request| request.expects_continue = true);
    assert_eq!(caller.finish(id).expect("no limit was set").status, 200);
}

#[test]
fn a_request_that_got_early_hints_is_not_sent_twice() {
    let hints =
        Script::new().request("").send(OK).request("").send("HTTP/1.1 103 Early Hints\r\n\r\n").close();
    let server = Server::start([hints, Script::new().request("").send(OK)]);
    let mut caller = Caller::new(server.port());
    caller.get("/").expect("answers");
    let failure = caller.get("/").expect_err("the server had begun to answer");
    assert_eq!(failure.kind, FailureKind::ClosedBeforeAnswer);
    assert_eq!(server.conversations().len(), 1);
}

#[test]
fn a_piece_after_the_end_of_a_body_is_not_sent() {
    let gate = Gate::new();
    let server = Server::start([Script::new()
        .request("")
        .expect("1\r\na\r\n0\r\n\r\n")
        .hold(&gate)
        .send(OK)
        .request("GET")
        .send(OK)]);
    let mut caller = Caller::new(server.port());
    let head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let id = caller.start(head, Body::Pieces { chunked: true });
    assert!(caller.reactor.push_body(id, b"a").is_ready());
    caller.reactor.finish_body(id);
    assert!(caller.reactor.push_body(id, b"b").is_ready());
    caller.reactor.finish_body(id);
    gate.open();
    caller.finish(id).expect("answers");
    assert!(caller.get("/").expect("the connection is clean").timing.reused);
}

#[test]
fn an_exchange_that_was_given_up_says_so_to_whoever_still_asks() {
    let mut caller = Caller::new(1);
    let id = caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    caller.reactor.cancel(id);
    let cancelled = |failure: &katydid_stats::Failure| failure.kind == FailureKind::Cancelled;
    assert!(matches!(caller.reactor.poll(id), Poll::Ready(Err(failure)) if cancelled(&failure)));
    let mut body = Vec::new();
    assert!(
        matches!(caller.reactor.poll_body(id, &mut body), Poll::Ready(Err(failure)) if cancelled(&failure))
    );
    assert!(matches!(caller.reactor.push_body(id, b"x"), Poll::Ready(Err(failure)) if cancelled(&failure)));
    caller.reactor.finish_body(id);
    caller.reactor.wait(id, 1);
    caller.reactor.cancel(id);
    assert!(caller.reactor.pop_woken().is_none());
}

#[test]
fn a_long_queue_that_fails_together_does_so_one_after_the_other() {
    // Each failure hands its place to the next exchange, which fails at once: as recursion, a stack overflow.
    let mut caller = Caller::with_pool(80, PoolSettings { size: 1, keep: 1, tls: None });
    caller.origin.host = "no-such-host.invalid".into();
    let all: Vec<_> = (0..50_000).map(|_| caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty)).collect();
    for id in all {
        assert!(matches!(caller.finish(id).expect_err("no such host").kind, FailureKind::Dns(_)));
    }
}

#[test]
fn closing_a_pool_opens_no_connection_for_those_who_queued() {
    let gate = Gate::new();
    let server = Server::start([Script::new().request("").hold(&gate), Script::new().read_to_end()]);
    let mut caller = Caller::with_pool(server.port(), PoolSettings { size: 1, keep: 1, tls: None });
    for _ in 0..4 {
        caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    }
    while !server.conversations().iter().any(|one| !one.arrivals.is_empty()) {
        caller.reactor.turn(Some(Duration::from_millis(1))).expect("turns");
    }
    caller.reactor.close_pool(caller.pool);
    assert_eq!(caller.reactor.sockets(), 0);
    gate.open();
    // Connections are accepted in order: before this one there was only the first.
    drop(std::net::TcpStream::connect(server.address()).expect("connects"));
    assert_eq!(server.wait_until(|seen| seen.len() > 1 && seen[1].end.is_some()).len(), 2);
}
