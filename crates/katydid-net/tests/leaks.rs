//! Ten thousand exchanges that go wrong leave nothing behind, and a process without descriptors fails clearly.
//!
//! One test, because descriptors are counted for the whole process.

mod caller;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use caller::{Caller, limit_descriptors};
use katydid_net::{Body, ExchangeId, PoolSettings};
use katydid_stats::FailureKind;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const EXCHANGES: usize = 10_000;

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// Index of the server; beyond the last, nobody listens.
    server: usize,
    streams: bool,
    /// Exchanges at a time; the lane has room for two.
    count: usize,
    /// After this many turns the caller gives up.
    patience: usize,
}

/// What a server says to each request, and how it goes on.
struct Manners {
    says: String,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    /// Hears the next request.
    GoOn,
    Close,
    HalfClose,
    Reset,
}

fn misbehaving() -> Vec<Manners> {
    let head = "HTTP/1.1 200 OK\r\n";
    let manners = |says: &str, then| Manners { says: says.to_owned(), then };
    vec![
        manners(OK, Then::GoOn),
        manners(OK, Then::Close),
        manners(OK, Then::Reset),
        manners("", Then::Close),
        manners("", Then::Reset),
        manners("", Then::HalfClose),
        manners("garbage\r\n\r\n", Then::GoOn),
        manners(head, Then::Reset),
        manners(&format!("{head}Content-Length: 10\r\n\r\nhalf"), Then::Close),
        manners(&format!("{head}Transfer-Encoding: chunked\r\n\r\nxx\r\n"), Then::GoOn),
        manners("HTTP/1.1 103 Early Hints\r\n\r\n", Then::HalfClose),
        manners("", Then::GoOn),
    ]
}

/// Serves whoever comes for as long as the test runs; returns the port.
fn serve(manners: Manners) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let manners = Arc::new(manners);
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let manners = Arc::clone(&manners);
            // The caller often hangs up first; that is what the test is about.
            std::thread::spawn(move || converse(socket, &manners).ok());
        }
    });
    port
}

fn converse(mut socket: TcpStream, manners: &Manners) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while socket.read(&mut buffer)? > 0 {
        socket.write_all(manners.says.as_bytes())?;
        match manners.then {
            Then::GoOn => {}
            Then::Close => return Ok(()),
            Then::HalfClose => socket.shutdown(std::net::Shutdown::Write)?,
            Then::Reset => return socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO)),
        }
    }
    Ok(())
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Every combination comes up again and again, in the same order each time.
fn case(number: usize, servers: usize) -> Case {
    let server = number % (servers + 2);
    let round = number / (servers + 2);
    // The last server never answers: giving up is the only way.
    let patience = if server == servers - 1 || round.is_multiple_of(3) { round % 5 } else { usize::MAX };
    Case { server, streams: round % 2 == 1, count: 1 + round / 2 % 3, patience }
}

/// Plays some exchanges to their end or gives them up.
fn play(caller: &mut Caller, case: Case) {
    let all: Vec<_> = (0..case.count)
        .map(|_| {
            let streams = |request: &mut katydid_net::Request<'_>| request.streams = case.streams;
            caller.start_as(b"GET / HTTP/1.1\r\n\r\n", Body::Empty, streams)
        })
        .collect();
    if case.patience == usize::MAX {
        return all.into_iter().for_each(|id| finish(caller, id, case.streams));
    }
    for _ in 0..case.patience {
        caller.reactor.turn(Some(Duration::from_millis(1))).expect("turns");
    }
    // The last one first: it may be in the queue.
    all.into_iter().rev().for_each(|id| caller.reactor.cancel(id));
}

fn finish(caller: &mut Caller, id: ExchangeId, streams: bool) {
    if caller.finish(id).is_ok() && streams {
        let _either_way = caller.read_all(id);
    }
}

#[test]
fn ten_thousand_exchanges_that_go_wrong_leave_nothing_behind() {
    let ports: Vec<u16> = misbehaving().into_iter().map(serve).collect();
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("loopback").port();
    let mut caller = Caller::with_pool(closed, PoolSettings { size: 2, keep: 1, tls: None });
    let limit = Some(Duration::from_secs(5));
    caller.timeouts = katydid_net::Timeouts { connect: limit, network: limit };
    let run = |caller: &mut Caller, numbers: std::ops::Range<usize>| {
        for number in numbers {
            let case = case(number, ports.len());
            caller.origin.port = ports.get(case.server).copied().unwrap_or(closed);
            caller.origin.host = "127.0.0.1".into();
            if case.server > ports.len() {
                caller.origin.host = "no-such-host.invalid".into();
            }
            play(caller, case);
        }
        caller.reactor.close_idle(caller.pool);
        assert_eq!(caller.reactor.sockets(), 0);
    };
    // Two exchanges in each case on average.
    run(&mut caller, 0..EXCHANGES / 10);
    let held = caller.reactor.held();
    // Warm: every server waits for its next caller, the resolver's threads stand.
    let open = descriptors_at_rest(usize::MAX);
    run(&mut caller, EXCHANGES / 10..EXCHANGES / 2);
    // How many sockets are open for a moment differs by a few; what thousands of exchanges leave behind would show.
    for ((room, entries), (room_before, entries_before)) in caller.reactor.held().into_iter().zip(held) {
        assert!(room <= room_before.max(16), "the reactor's tables grew from {room_before} to {room}");
        assert_eq!(entries, entries_before);
    }
    assert_eq!(descriptors_at_rest(open), open);
    a_process_without_descriptors_fails_clearly(&mut caller, ports[0]);
}

/// How many descriptors are open once the servers have closed their ends too: at most `most`, and no longer sinking.
fn descriptors_at_rest(most: usize) -> usize {
    let began = Instant::now();
    let mut last = descriptors();
    loop {
        std::thread::sleep(Duration::from_millis(20));
        let count = descriptors();
        if (count == last && count <= most) || began.elapsed() > Duration::from_secs(5) {
            return count;
        }
        last = count;
    }
}

fn a_process_without_descriptors_fails_clearly(caller: &mut Caller, port: u16) {
    (caller.origin.host, caller.origin.port) = ("127.0.0.1".into(), port);
    let mut hoard = Vec::new();
    let limit = limit_descriptors(descriptors() as u64 + 8);
    while let Ok(file) = std::fs::File::open("/dev/null") {
        hoard.push(file);
    }
    // Two hold the lane's places in turn, the others queue: all of them fail, none hangs.
    let all: Vec<_> = (0..1_000).map(|_| caller.start(b"GET / HTTP/1.1\r\n\r\n", Body::Empty)).collect();
    let kinds: Vec<_> =
        all.into_iter().map(|id| caller.finish(id).expect_err("no descriptor").kind).collect();
    assert!(kinds.iter().all(|kind| *kind == FailureKind::Connect(libc::EMFILE)), "{:?}", kinds.first());
    drop(hoard);
    limit_descriptors(limit);
    assert_eq!(caller.get("/").expect("descriptors are back").status, 200);
}
