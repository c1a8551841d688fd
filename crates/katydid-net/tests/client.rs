//! The async client against a scripted server: what goes over the wire, and what comes back.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::cell::RefCell;
use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use katydid_net::client::{Client, ClientSettings, Handle, sleep_until, yield_now};
use katydid_net::clock::Moment;
use katydid_net::tls::{TlsSettings, Verify};
use katydid_net::{Origin, Proxy, Reactor};
use katydid_stats::FailureKind;
use katydid_testkit::certificates::{Authority, Dates};
use katydid_testkit::{Script, Server};

/// Longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that answers the requests of one connection after the other with `answers`, and tells what it was asked.
fn serve(answers: &'static [&'static [u8]]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let dialogue = thread::spawn(move || {
        let mut asked = Vec::new();
        while asked.len() < answers.len() {
            let (stream, _) = listener.accept().unwrap();
            converse(stream, answers, &mut asked);
        }
        asked
    });
    (base, dialogue)
}

fn converse(stream: TcpStream, answers: &[&[u8]], asked: &mut Vec<String>) {
    let mut stream = BufReader::new(stream);
    while asked.len() < answers.len() {
        let Some(request) = read_request(&mut stream) else { return };
        let answer = answers[asked.len()];
        asked.push(request);
        stream.get_mut().write_all(answer).unwrap();
        if String::from_utf8_lossy(answer).contains("Connection: close") {
            return;
        }
    }
}

/// Head and body of the next request; `None` when the client has gone.
fn read_request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if stream.read_line(&mut request).unwrap_or(0) == 0 {
            return None;
        }
    }
    let length = request.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(request + &String::from_utf8(body).unwrap())
}

fn reactor() -> Handle {
    Rc::new(RefCell::new(Reactor::try_new().unwrap()))
}

fn client(base: &str) -> Client {
    let settings = ClientSettings {
        base_url: Some(base.into()),
        headers: vec![("Accept".into(), "*/*".into())],
        ..ClientSettings::default()
    };
    Client::try_new(&reactor(), settings).unwrap()
}

/// Runs `future` to its end on the client's reactor.
fn run<F: Future>(reactor: &Handle, future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    let deadline = Moment::now().after(PATIENCE);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        assert!(Moment::now() < deadline, "nothing happened for {PATIENCE:?}");
        reactor.borrow_mut().turn(Some(PATIENCE)).unwrap();
        while reactor.borrow_mut().pop_woken().is_some() {}
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_get_is_a_line_the_block_and_nothing_else() {
    let (base, dialogue) = serve(&[OK, OK]);
    let client = client(&format!("{base}/api/"));
    for _ in 0..2 {
        let response = run(client.reactor(), client.get("/items?page=2")).unwrap();
        assert_eq!((response.status(), response.raw_body(), response.is_ok()), (200, &b"ok"[..], true));
    }
    let host = base.strip_prefix("http://").unwrap();
    let expected = format!("GET /api/items?page=2 HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n");
    assert_eq!(dialogue.join().unwrap(), [expected.clone(), expected], "the second reuses the connection");
}

#[test]
fn a_post_carries_its_body_and_headers() {
    let (base, dialogue) = serve(&[b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nX-Id: 7\r\n\r\n"]);
    let client = client(&base);
    let call = client.post("/orders").header("X-Trace", "t1").json(&b"{\"n\":1}"[..]);
    let response = run(client.reactor(), call).unwrap();
    assert_eq!((response.status(), response.header("x-id")), (201, Some("7")));
    let asked = dialogue.join().unwrap().remove(0);
    assert!(asked.starts_with("POST /orders HTTP/1.1\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\n{\"n\":1}"), "{asked}");
    for field in ["X-Trace: t1\r\n", "Content-Type: application/json\r\n", "Content-Length: 7\r\n"] {
        assert!(asked.contains(field), "{field:?} in {asked}");
    }
}

#[test]
fn paths_that_need_escaping_are_escaped() {
    let (base, dialogue) = serve(&[OK]);
    let client = client(&base);
    run(client.reactor(), client.get("/a b/ü?q=\"1\"#part")).unwrap();
    let asked = dialogue.join().unwrap().remove(0);
    assert!(asked.starts_with("GET /a%20b/%C3%BC?q=%221%22 HTTP/1.1\r\n"), "{asked}");
}

#[test]
fn redirects_are_followed_and_cookies_kept() {
    let (base, dialogue) = serve(&[
        b"HTTP/1.1 302 Found\r\nLocation: /home\r\nSet-Cookie: session=7; Path=/\r\nContent-Length: 0\r\n\r\n",
        OK,
        OK,
    ]);
    let client = client(&base);
    let response = run(client.reactor(), client.post("/login").body(&b"ada"[..])).unwrap();
    assert_eq!((response.status(), response.redirects()), (200, 1));
    run(client.reactor(), client.get("/cart")).unwrap();
    let asked = dialogue.join().unwrap();
    assert!(asked[1].starts_with("GET /home HTTP/1.1\r\n"), "{}", asked[1]);
    assert!(!asked[1].contains("Content-"), "the body stays behind: {}", asked[1]);
    assert!(!asked[0].contains("Cookie") && asked[2].contains("Cookie: session=7\r\n"), "{}", asked[2]);
}

#[test]
fn redirects_end_at_their_limit() {
    const AROUND: &[u8] = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
    let (base, dialogue) = serve(&[AROUND, AROUND, AROUND]);
    let client = client(&base);
    let failure = run(client.reactor(), client.get("/").redirects(2)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooManyRedirects);
    assert_eq!(dialogue.join().unwrap().len(), 3, "the request itself and two redirects");
}

#[test]
fn a_redirect_that_is_not_followed_is_the_answer() {
    let (base, dialogue) = serve(&[b"HTTP/1.1 302 Found\r\nLocation: /home\r\nContent-Length: 0\r\n\r\n"]);
    let client = client(&base);
    let response = run(client.reactor(), client.get("/").redirects(0)).unwrap();
    assert_eq!((response.status(), response.header("location")), (302, Some("/home")));
    dialogue.join().unwrap();
}

#[test]
fn authorization_does_not_follow_to_another_host() {
    let (base, there) = serve(&[OK]);
    let location = format!("HTTP/1.1 307 Go\r\nLocation: {base}/x\r\nContent-Length: 0\r\n\r\n");
    let (first, here) = serve(Vec::leak(vec![location.leak().as_bytes()]));
    let client = client(&first);
    run(client.reactor(), client.get("/").header("Authorization", "Bearer t")).unwrap();
    assert!(here.join().unwrap()[0].contains("Authorization: Bearer t"));
    assert!(!there.join().unwrap()[0].contains("Authorization"));
}

#[test]
fn bodies_are_decoded_on_demand() {
    let (base, dialogue) = serve(&[
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 7\r\n\r\n\x01\x02\x00\xfd\xffhi",
    ]);
    let client = client(&base);
    let response = run(client.reactor(), client.get("/")).unwrap();
    assert_eq!(response.raw_body().len(), 7);
    assert_eq!(response.text().unwrap(), "hi");
    dialogue.join().unwrap();
}

#[test]
fn failures_are_data_with_a_time() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = client(&format!("http://{free}"));
    let mut call = Box::pin(client.get("/"));
    let failure = run(client.reactor(), call.as_mut()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Connect(libc::ECONNREFUSED));
    assert!(call.timing().received >= call.timing().started && call.timing().started > Moment(0));
}

#[test]
fn requests_that_cannot_be_written_fail_before_a_connection() {
    let client = client("http://127.0.0.1:1");
    for call in
        [client.get("/").header("X", "a\r\nb: c"), client.get("ftp://h/").redirects(1), client.get("http://")]
    {
        let failure = run(client.reactor(), call).unwrap_err();
        assert!(failure.label.is_some(), "{failure:?} says why");
        assert!(!matches!(failure.kind, FailureKind::Connect(_)), "{failure:?}");
    }
}

#[test]
fn a_dropped_call_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    let mut call = Box::pin(client.get("/slow"));
    let mut context = Context::from_waker(Waker::noop());
    assert!(call.as_mut().poll(&mut context).is_pending());
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = BufReader::new(stream);
    client.reactor().borrow_mut().turn(Some(PATIENCE)).unwrap();
    assert!(read_request(&mut stream).is_some());
    drop(call);
    assert!(read_request(&mut stream).is_none(), "the connection is closed, not kept for the next call");
}

fn https_client(server: &Server, verify: Verify) -> Client {
    let settings = ClientSettings {
        base_url: Some(format!("https://127.0.0.1:{}", server.port())),
        tls: TlsSettings::new(verify),
        ..ClientSettings::default()
    };
    Client::try_new(&reactor(), settings).unwrap()
}

#[test]
fn certificates_are_checked_unless_told_otherwise() {
    let identity = || Authority::new("nobody knows").issue(&["127.0.0.1"], Dates::Valid).server_config();
    let server = Server::start_tls(identity(), [Script::new()]);
    let client = https_client(&server, ClientSettings::default().tls.verify);
    let failure = run(client.reactor(), client.get("/")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Certificate);
    let server = Server::start_tls(identity(), [Script::new().request("GET /").send(OK)]);
    let client = https_client(&server, Verify::None);
    assert_eq!(run(client.reactor(), client.get("/")).unwrap().status(), 200);
}

#[test]
fn a_proxy_is_told_where_to_go_and_who_asks() {
    let (proxy, dialogue) = serve(&[OK]);
    let port = proxy.rsplit(':').next().unwrap().parse().unwrap();
    let settings = ClientSettings {
        base_url: Some("http://shop.example/api".into()),
        proxy: Some(Proxy {
            origin: Origin { tls: false, host: "127.0.0.1".into(), port },
            authorization: Some("Basic YTpi".into()),
        }),
        ..ClientSettings::default()
    };
    let client = Client::try_new(&reactor(), settings).unwrap();
    run(client.reactor(), client.get("/items")).unwrap();
    let asked = dialogue.join().unwrap().remove(0);
    assert!(
        asked.starts_with("GET http://shop.example/api/items HTTP/1.1\r\nHost: shop.example\r\n"),
        "{asked}"
    );
    assert!(asked.contains("Proxy-Authorization: Basic YTpi\r\n"), "{asked}");
}

#[test]
fn siblings_share_neither_connections_nor_cookies() {
    let (base, dialogue) =
        serve(&[b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", OK]);
    let first = client(&base);
    let second = first.sibling();
    run(first.reactor(), first.get("/")).unwrap();
    run(second.reactor(), second.get("/")).unwrap();
    assert!(!dialogue.join().unwrap()[1].contains("Cookie"));
}

#[test]
fn sleeps_end_at_their_moment_and_can_be_dropped() {
    let reactor = reactor();
    let until = Moment::now().after(Duration::from_millis(2));
    run(&reactor, sleep_until(&reactor, until));
    assert!(Moment::now() >= until);
    let mut forgotten = Box::pin(sleep_until(&reactor, Moment::now().after(PATIENCE)));
    assert!(forgotten.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(forgotten);
    run(&reactor, yield_now(&reactor));
}
