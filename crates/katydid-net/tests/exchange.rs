//! Dialogues: what an exchange makes of what a server says.

mod caller;

use caller::{Caller, limit_descriptors};
use katydid_net::{Body, Moment, PoolSettings};
use katydid_stats::{FailureKind, Phase};
use katydid_testkit::{Gate, Script, Server};
use std::time::Duration;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn ask(script: Script) -> Result<katydid_net::Answer, katydid_stats::Failure> {
    let server = Server::start([script]);
    Caller::new(server.port()).get("/")
}

fn failure_of(script: Script) -> FailureKind {
    ask(script).expect_err("the server misbehaves").kind
}

fn after_request() -> Script {
    Script::new().request("GET / HTTP/1.1\r\n")
}

#[test]
fn an_answer_arrives_whole_and_a_second_request_takes_the_same_connection() {
    let twice = Script::new().request("GET /a").send(OK).request("GET /b").send(OK).close();
    let server = Server::start([twice]);
    let mut caller = Caller::new(server.port());
    let first = caller.get("/a").expect("answers");
    assert_eq!((first.status, first.body(), first.timing.reused), (200, &b"ok"[..], false));
    assert_eq!(first.head(), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    let second = caller.get("/b").expect("answers");
    assert!(second.timing.reused);
    assert_eq!(server.finish().len(), 1);
}

#[test]
fn an_answer_in_single_bytes_is_the_same_answer() {
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n";
    let answer = ask(after_request().drip(chunked, Duration::from_micros(200)).close()).expect("answers");
    assert_eq!(answer.body(), b"abcde");
}

#[test]
fn interim_answers_are_passed_over() {
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let answer = ask(after_request().send(early).send(OK).close()).expect("answers");
    assert_eq!((answer.status, answer.body()), (200, &b"ok"[..]));
}

#[test]
fn a_body_without_length_ends_with_the_connection() {
    let answer = ask(after_request().send("HTTP/1.0 200 OK\r\n\r\nto the end").close()).expect("answers");
    assert_eq!(answer.body(), b"to the end");
}

#[test]
fn an_answer_to_head_has_no_body() {
    let server = Server::start([Script::new()
        .request("HEAD /")
        .send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        .request("GET /")
        .send(OK)]);
    let mut caller = Caller::new(server.port());
    let id = caller.start(b"HEAD / HTTP/1.1\r\n\r\n", Body::Empty);
    assert_eq!(caller.finish(id).expect("answers").body(), b"");
    assert!(caller.get("/").expect("answers").timing.reused);
}

#[test]
fn bytes_after_the_answer_end_the_connection() {
    let server =
        Server::start([after_request().send(format!("{OK}more")).read_to_end(), after_request().send(OK)]);
    let mut caller = Caller::new(server.port());
    caller.get("/").expect("answers");
    assert!(!caller.get("/").expect("answers").timing.reused);
}

#[test]
fn failures_say_what_the_server_did() {
    let head = "HTTP/1.1 200 OK\r\n";
    let cases: [(&str, Script, FailureKind); 9] = [
        ("closes without a word", after_request().close(), FailureKind::ClosedBeforeAnswer),
        (
            "half-closes without a word",
            after_request().half_close().read_to_end(),
            FailureKind::ClosedBeforeAnswer,
        ),
        ("closes in the head", after_request().send(head).close(), FailureKind::ClosedInHead),
        ("resets", after_request().reset(), FailureKind::Io(libc::ECONNRESET)),
        (
            "closes in the body",
            after_request().send(format!("{head}Content-Length: 10\r\n\r\nhalf")).close(),
            FailureKind::ClosedInBody { received: 4, missing: Some(6) },
        ),
        (
            "does not speak HTTP",
            after_request().send("SSH-2.0-x\r\n\r\n").close(),
            FailureKind::BadStatusLine,
        ),
        (
            "contradicts itself",
            after_request().send(format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n")).close(),
            FailureKind::BadHeader,
        ),
        (
            "never ends its head",
            after_request().send(head).send("X-A: b\r\n".repeat(20_000)).read_to_end(),
            FailureKind::TooManyHeaders,
        ),
        (
            "miscounts its chunks",
            after_request().send(format!("{head}Transfer-Encoding: chunked\r\n\r\nxx\r\n")).close(),
            FailureKind::BadChunk,
        ),
    ];
    for (story, script, expected) in cases {
        assert_eq!(failure_of(script), expected, "a server that {story}");
    }
}

#[test]
fn a_refused_connection_has_the_systems_reason() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let mut caller = Caller::new(port);
    assert_eq!(caller.get("/").expect_err("nobody listens").kind, FailureKind::Connect(libc::ECONNREFUSED));
    assert_eq!(caller.reactor.sockets(), 0);
}

#[test]
fn a_name_that_does_not_exist_is_the_resolvers_failure() {
    let mut caller = Caller::new(80);
    caller.origin.host = "no-such-host.invalid".into();
    let failure = caller.get("/").expect_err("reserved by RFC 6761");
    assert!(matches!(failure.kind, FailureKind::Dns(code) if code < 0), "{failure:?}");
}

#[test]
fn a_silent_server_runs_into_the_network_limit() {
    let gate = Gate::new();
    let server = Server::start([after_request().hold(&gate).close()]);
    let mut caller = Caller::new(server.port());
    caller.timeouts.network = Some(Duration::from_millis(50));
    let id = caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    let mut timing = None;
    let outcome = caller.until(id, |reactor| {
        timing = reactor.timing(id);
        reactor.poll(id)
    });
    assert_eq!(outcome.expect_err("silence").kind, FailureKind::ReadTimeout);
    // The response time of a timeout is its limit (and the connect before it), however late it is noticed.
    let latency_ns = timing.expect("under way").latency_ns();
    assert!((50_000_000..60_000_000).contains(&latency_ns), "{latency_ns} ns");
    gate.open();
}

#[test]
fn each_arriving_byte_starts_the_network_limit_anew() {
    let slow = after_request().drip(OK, Duration::from_millis(10)).close();
    let server = Server::start([slow]);
    let mut caller = Caller::new(server.port());
    caller.timeouts.network = Some(Duration::from_millis(200));
    assert_eq!(caller.get("/").expect("slow but steady: 400 ms in all").body(), b"ok");
}

#[test]
fn an_answer_that_lies_in_the_socket_is_no_timeout() {
    let gate = Gate::new();
    let server = Server::start([after_request().hold(&gate).send(OK).read_to_end()]);
    let mut caller = Caller::new(server.port());
    caller.timeouts.network = Some(Duration::from_millis(200));
    let id = caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    while server.conversations().iter().all(|conversation| conversation.arrivals.is_empty()) {
        caller.reactor.turn(Some(Duration::from_millis(1))).expect("turns");
    }
    // The answer comes at once, but a task computes for twice the limit before anybody reads it.
    gate.open();
    let began = Moment::now();
    while Moment::now().since(began) < 400_000_000 {}
    let answer = caller.finish(id).expect("the answer came in time and was read late");
    assert!(answer.timing.latency_ns() < 200_000_000, "{:?}", answer.timing);
    assert!(answer.timing.lag_ns > 200_000_000, "{:?}", answer.timing);
}

#[test]
fn phases_add_up_to_the_response_time() {
    let gate = Gate::new();
    let server = Server::start([after_request()
        .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        .hold(&gate)
        .send("cd")]);
    let mut caller = Caller::new(server.port());
    let id = caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    while caller.reactor.timing(id).is_some_and(|timing| timing.phases.ns(Phase::Waiting).is_none()) {
        caller.reactor.turn(Some(Duration::from_millis(1))).expect("turns");
    }
    gate.open();
    let timing = caller.finish(id).expect("answers").timing;
    let sum: u64 = Phase::ALL.into_iter().filter_map(|phase| timing.phases.ns(phase)).sum();
    let gap = timing.latency_ns().abs_diff(sum);
    // Between two phases lies only our own work, and what else the machine does meanwhile.
    assert!(gap < 20_000_000, "{gap} ns between phases of {timing:?}");
    assert_eq!(timing.phases.ns(Phase::Dns), None, "an address needs no look-up");
    assert!(timing.phases.ns(Phase::Connect).is_some());
    assert!(timing.kernel_time || !cfg!(target_os = "linux"));
}

#[test]
fn a_cancelled_exchange_leaves_neither_socket_nor_waiter() {
    let gate = Gate::new();
    let server =
        Server::start([after_request().hold(&gate).send(OK).close(), after_request().send(OK).close()]);
    let mut caller = Caller::new(server.port());
    let id = caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    caller.reactor.wait(id, 1);
    server.wait_until(|seen| !seen.is_empty());
    caller.reactor.turn(Some(Duration::ZERO)).expect("turns");
    caller.reactor.cancel(id);
    assert_eq!(caller.reactor.sockets(), 0);
    assert!(caller.reactor.pop_woken().is_none());
    gate.open();
    assert!(!caller.get("/").expect("a fresh connection").timing.reused);
}

#[test]
fn a_waiter_that_was_woken_but_not_resumed_can_still_be_cancelled() {
    let server = Server::start([after_request().send(OK)]);
    let mut caller = Caller::new(server.port());
    let id = caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    caller.reactor.wait(id, 1);
    while caller.reactor.next_deadline() != Some(Moment(0)) {
        caller.reactor.turn(Some(Duration::from_secs(5))).expect("turns");
    }
    caller.reactor.cancel(id);
    assert!(caller.reactor.pop_woken().is_none());
}

#[test]
fn sleepers_wake_in_order_and_say_how_late() {
    let mut caller = Caller::new(1);
    let now = caller.reactor.now();
    caller.reactor.sleep(now.after(Duration::from_millis(20)), 2);
    caller.reactor.sleep(now.after(Duration::from_millis(10)), 1);
    let cancelled = caller.reactor.sleep(now.after(Duration::from_millis(5)), 3);
    caller.reactor.yield_now(0);
    caller.reactor.cancel_sleep(cancelled);
    let mut woken = Vec::new();
    while woken.len() < 3 {
        caller.reactor.turn(None).expect("turns");
        while let Some(one) = caller.reactor.pop_woken() {
            woken.push((one.waiter, one.late_ns.is_some()));
        }
    }
    assert_eq!(woken, [(0, false), (1, true), (2, true)]);
    assert!(caller.reactor.now().since(now) >= 20_000_000);
}

/// How far the phases are from adding up to the response time, in nanoseconds.
fn gap_ns(timing: &katydid_net::Timing) -> u64 {
    let sum: u64 = Phase::ALL.into_iter().filter_map(|phase| timing.phases.ns(phase)).sum();
    timing.latency_ns().abs_diff(sum)
}

#[test]
fn waiting_begins_with_the_last_byte_sent_also_after_a_100_continue() {
    let pause = Duration::from_millis(50);
    let permits = after_post().pause(pause).send("HTTP/1.1 100 Continue\r\n\r\n").expect("body");
    let server = Server::start([permits.pause(pause).send(OK)]);
    let mut caller = Caller::new(server.port());
    let head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let id = caller.start_as(head, Body::Bytes(b"body"), |request| request.expects_continue = true);
    let timing = caller.finish(id).expect("answers").timing;
    assert!(timing.phases.ns(Phase::Sent).is_some_and(|ns| ns >= 50_000_000), "{timing:?}");
    assert!(timing.phases.ns(Phase::Waiting).is_some_and(|ns| ns >= 50_000_000), "{timing:?}");
    assert!(gap_ns(&timing) < 1_000_000, "{timing:?}");
}

fn after_post() -> Script {
    Script::new().request("POST / HTTP/1.1\r\n")
}

#[test]
fn phases_add_up_when_the_answer_comes_before_the_request_is_sent() {
    let gate = Gate::new();
    let total = 16 * 1024 * 1024;
    let server = Server::start([after_post().pause(Duration::from_millis(20)).send(OK).hold(&gate)]);
    let mut caller = Caller::new(server.port());
    let head = format!("POST / HTTP/1.1\r\nContent-Length: {total}\r\n\r\n");
    let id = caller.start(head.as_bytes(), Body::Bytes(&vec![b'x'; total]));
    let timing = caller.finish(id).expect("answers early").timing;
    gate.open();
    assert!(timing.phases.ns(Phase::Sent).is_some_and(|ns| ns >= 15_000_000), "{timing:?}");
    assert!(gap_ns(&timing) < 1_000_000, "{timing:?}");
}

#[test]
fn a_retry_is_part_of_the_response_time_and_of_its_phases() {
    let dies = after_request().send(OK).request("GET").pause(Duration::from_millis(30)).close();
    let server = Server::start([dies, after_request().send(OK)]);
    let mut caller = Caller::new(server.port());
    caller.get("/").expect("answers");
    let timing = caller.get("/").expect("answers again").timing;
    assert!(timing.latency_ns() >= 30_000_000 && !timing.reused, "{timing:?}");
    assert!(gap_ns(&timing) < 1_000_000, "{timing:?}");
}

#[test]
fn the_marks_of_a_streamed_answer_reach_to_its_last_byte() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none";
    let answers = || after_request().send(head).pause(Duration::from_millis(50));
    let server = Server::start([answers().send("two").read_to_end(), answers().close()]);
    let mut caller = Caller::new(server.port());
    for ends_well in [true, false] {
        let id = caller.start_as(b"GET / HTTP/1.1\r\n\r\n", Body::Empty, |request| request.streams = true);
        caller.finish(id).expect("the head");
        assert_eq!(caller.read_all(id).is_ok(), ends_well);
        let timing = caller.reactor.timing(id).expect("the marks of what just ended");
        assert!(timing.latency_ns() >= 50_000_000, "{timing:?}");
        caller.reactor.close_idle(caller.pool);
    }
}

#[test]
fn an_answer_that_we_kept_from_coming_is_no_timeout() {
    // The server has more to say than the socket holds; it cannot while we do not read. That silence is ours.
    let total = 32 * 1024 * 1024;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n");
    let server = Server::start([after_request().send(head).send(vec![b'x'; total])]);
    let mut caller = Caller::new(server.port());
    caller.timeouts.network = Some(Duration::from_millis(200));
    let id = caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    while caller.reactor.timing(id).is_some_and(|timing| timing.phases.ns(Phase::Receiving).is_none()) {
        caller.reactor.turn(Some(Duration::from_millis(1))).expect("turns");
    }
    let began = Moment::now();
    while Moment::now().since(began) < 400_000_000 {}
    assert_eq!(caller.finish(id).expect("answers").body().len(), total);
}

#[test]
fn connections_that_stood_in_time_are_no_timeouts_however_many_became_ready_at_once() {
    let listener =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("loopback");
    listener.listen(4096).expect("listens");
    let address = listener.local_addr().expect("bound").as_socket().expect("an address");
    let count = 2_000;
    limit_descriptors(count as u64 + 500);
    let size = PoolSettings { size: count, keep: count, tls: None };
    let mut caller = Caller::with_pool(address.port(), size);
    caller.timeouts.connect = Some(Duration::from_millis(500));
    let all: Vec<_> = (0..count).map(|_| caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty)).collect();
    let began = Moment::now();
    while Moment::now().since(began) < 600_000_000 {}
    caller.reactor.turn(Some(Duration::ZERO)).expect("turns");
    let failed = all.into_iter().filter(|&id| caller.reactor.poll(id).is_ready()).count();
    assert_eq!(failed, 0);
}
