//! Dialogues under TLS and through proxies.

mod caller;

use std::rc::Rc;
use std::time::Duration;

use caller::Caller;
use katydid_net::tls::{TlsConfig, TlsSettings, Verify};
use katydid_net::{Body, Origin, PoolSettings, Proxy};
use katydid_stats::{FailureKind, Phase};
use katydid_testkit::certificates::{Authority, Dates};
use katydid_testkit::{Gate, Script, Server};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn caller(port: u16, verify: Verify) -> Caller {
    let config = TlsConfig::try_new(&TlsSettings::new(verify)).expect("settings without files");
    Caller::with_pool(port, PoolSettings { size: 10, keep: 10, tls: Some(Rc::new(config)) })
}

fn secure_server(dates: Dates, scripts: impl IntoIterator<Item = Script>) -> Server {
    Server::start_tls(Authority::new("testkit").issue(&["127.0.0.1"], dates).server_config(), scripts)
}

#[test]
fn requests_share_a_tls_connection() {
    let server =
        secure_server(Dates::Valid, [Script::new().request("GET /a").send(OK).request("GET /b").send(OK)]);
    let mut caller = caller(server.port(), Verify::None);
    let first = caller.get("/a").expect("answers");
    assert_eq!(first.body(), b"ok");
    assert!(first.timing.phases.ns(Phase::Tls).is_some_and(|ns| ns > 0));
    let second = caller.get("/b").expect("answers");
    assert!(second.timing.reused);
    assert_eq!(second.timing.phases.ns(Phase::Tls), None);
}

#[test]
fn a_large_answer_crosses_tls_without_loss() {
    let total = 4 * 1024 * 1024;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n");
    let script = Script::new().request("POST").skip(total).send(head).send(vec![b'y'; total]);
    let server = secure_server(Dates::Valid, [script]);
    let answer = caller(server.port(), Verify::None).post("/", &vec![b'x'; total]).expect("answers");
    assert_eq!(answer.body().len(), total);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_a_failure_of_its_own() {
    let server = secure_server(Dates::Valid, [Script::new().request("GET").send(OK)]);
    let mut caller = caller(server.port(), Verify::System);
    let failure = caller.get("/").expect_err("an unknown authority");
    assert_eq!(failure.kind, FailureKind::Certificate);
    assert!(failure.label.is_some_and(|label| label.contains("unable to get local issuer certificate")));
    assert_eq!(caller.reactor.sockets(), 0);
}

#[test]
fn a_server_that_does_not_speak_tls_is_a_tls_failure() {
    let server =
        Server::start([Script::new().skip(10).send("HTTP/1.1 400 Bad Request\r\n\r\n").read_to_end()]);
    let failure = caller(server.port(), Verify::None).get("/").expect_err("not TLS");
    assert_eq!(failure.kind, FailureKind::Tls);
}

#[test]
fn a_server_that_hangs_up_in_the_handshake_is_a_tls_failure() {
    let server = Server::start([Script::new().skip(10).half_close().read_to_end()]);
    let failure = caller(server.port(), Verify::None).get("/").expect_err("no handshake");
    assert_eq!(failure.kind, FailureKind::Tls);
}

#[test]
fn the_connect_limit_covers_the_handshake() {
    let server = Server::start([Script::new().read_to_end()]);
    let mut caller = caller(server.port(), Verify::None);
    caller.timeouts.connect = Some(std::time::Duration::from_millis(50));
    assert_eq!(caller.get("/").expect_err("a mute server").kind, FailureKind::ConnectTimeout);
    assert_eq!(caller.reactor.sockets(), 0);
}

fn through(proxy: &Server, tls: bool) -> Caller {
    let mut caller = caller(1, Verify::None);
    caller.origin = Origin { tls, host: "shop.example".into(), port: 8443 };
    caller.proxy = Some(Proxy {
        origin: Origin { tls: false, host: "127.0.0.1".into(), port: proxy.port() },
        authorization: Some("Basic eDp5".into()),
    });
    caller
}

#[test]
fn plain_http_goes_to_the_proxy_as_it_is() {
    let proxy = Server::start([Script::new().request("GET http://shop.example:8443/ HTTP/1.1").send(OK)]);
    let mut caller = through(&proxy, false);
    assert_eq!(caller.get("http://shop.example:8443/").expect("answers").body(), b"ok");
}

#[test]
fn https_asks_the_proxy_for_a_tunnel() {
    let begin = "CONNECT shop.example:8443 HTTP/1.1\r\n";
    let proxy =
        Server::start([Script::new().request(begin).send("HTTP/1.1 200 Fine\r\n\r\n").skip(20).reset()]);
    let failure = through(&proxy, true).get("/").expect_err("the tunnel ends in the handshake");
    assert_eq!(failure.kind, FailureKind::Io(libc::ECONNRESET));
    let heard = proxy.finish()[0].text();
    assert!(heard.contains("Proxy-Authorization: Basic eDp5\r\n"), "{heard}");
}

#[test]
fn a_refused_tunnel_says_what_the_proxy_said() {
    let proxy = Server::start([Script::new()
        .request("CONNECT")
        .send("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")]);
    let mut caller = through(&proxy, true);
    assert_eq!(caller.get("/").expect_err("refused").kind, FailureKind::Proxy(407));
    assert_eq!(caller.reactor.sockets(), 0);
}

#[test]
fn a_server_that_does_not_read_stops_a_body_in_pieces_under_tls_too() {
    let gate = Gate::new();
    let total = 64 * 1024 * 1024;
    let server = secure_server(Dates::Valid, [Script::new().request("").hold(&gate).skip(total).send(OK)]);
    let mut caller = caller(server.port(), Verify::None);
    let head = format!("POST / HTTP/1.1\r\nContent-Length: {total}\r\n\r\n");
    let id = caller.start(head.as_bytes(), Body::Pieces { chunked: false });
    let piece = vec![b'x'; 64 * 1024];
    let mut left = total / piece.len();
    // Nobody reads: sooner or later the reactor refuses, long before 64 MiB.
    while caller.reactor.timing(id).is_some_and(|timing| timing.phases.ns(Phase::Tls).is_none()) {
        caller.reactor.turn(Some(Duration::from_millis(1))).expect("turns");
    }
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
fn a_session_that_the_server_ended_with_its_answer_is_not_used_again() {
    let gate = Gate::new();
    let ends =
        Script::new().request("GET").send(OK).request("GET").hold(&gate).send(OK).half_close().read_to_end();
    let server = secure_server(Dates::Valid, [ends, Script::new().request("POST").skip(1).send(OK)]);
    let mut caller = caller(server.port(), Verify::None);
    caller.get("/").expect("answers");
    let id = caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty);
    gate.open();
    std::thread::sleep(Duration::from_millis(50));
    caller.finish(id).expect("answers and says goodbye in one read");
    assert!(!caller.post("/", b"x").expect("answers").timing.reused);
}

#[test]
fn a_proxy_that_wants_tls_itself_is_refused_before_it_hears_a_password() {
    let proxy = Server::start([Script::new().read_to_end()]);
    let mut caller = through(&proxy, true);
    if let Some(proxy) = &mut caller.proxy {
        proxy.origin.tls = true;
    }
    assert_eq!(caller.get("/").expect_err("not supported").kind, FailureKind::Tls);
    assert_eq!((caller.reactor.sockets(), proxy.finish().len()), (0, 0));
}
