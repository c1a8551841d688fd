//! Look-ups against a resolver that answers when the test says so.

#![allow(clippy::unwrap_used)] // a broken fixture should end the test where it breaks

use std::net::Ipv4Addr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};

use super::*;

const LONG: Duration = Duration::from_secs(10);

/// A name, and where its answer goes.
type Question = (String, Sender<Result<Vec<IpAddr>, i32>>);

/// A resolver whose every question the test receives and answers.
struct Bench {
    resolver: Resolver,
    questions: Receiver<Question>,
    woken: Receiver<()>,
}

impl Bench {
    fn new() -> Self {
        let (ask, questions) = channel();
        let (wake, woken) = channel();
        let (ask, wake) = (Mutex::new(ask), Mutex::new(wake));
        let resolver = Resolver::with_function(
            move || wake.lock().unwrap().send(()).unwrap_or(()),
            move |host| {
                let (reply, answer) = channel();
                ask.lock().unwrap().send((host.to_owned(), reply)).map_err(|_| libc::EAI_FAIL)?;
                answer.recv().unwrap_or(Err(libc::EAI_FAIL))
            },
        );
        Self { resolver, questions, woken }
    }

    fn lookup(&mut self, host: &str, token: u64, now: Moment) -> Lookup {
        self.resolver.lookup(host, token, now)
    }

    /// Waits for the next question, answers it and waits for the wake-up.
    fn answer(&self, host: &str, addresses: Result<Vec<IpAddr>, i32>) {
        let (asked, reply) = self.questions.recv_timeout(LONG).unwrap();
        assert_eq!(asked, host);
        reply.send(addresses).unwrap();
        self.woken.recv_timeout(LONG).unwrap();
    }

    fn is_asked_nothing(&self) -> bool {
        self.questions.try_recv().is_err()
    }
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn found(last: u8) -> Addresses {
    Ok(Rc::new([address(last)]))
}

fn second(n: u64) -> Moment {
    Moment(n * 1_000_000_000)
}

#[test]
fn literal_addresses_are_never_asked_about() {
    let mut bench = Bench::new();
    for literal in ["127.0.0.1", "::1", "2001:db8::7"] {
        let expected = Lookup::Ready(Ok(Rc::new([literal.parse().unwrap()])));
        assert_eq!(bench.lookup(literal, 1, second(0)), expected);
    }
    assert!(bench.is_asked_nothing());
}

#[test]
fn addresses_are_believed_for_a_minute() {
    let mut bench = Bench::new();
    assert_eq!(bench.lookup("shop.test", 1, second(0)), Lookup::Pending);
    bench.answer("shop.test", Ok(vec![address(1)]));
    assert_eq!(bench.resolver.poll(second(2)), [(1, found(1))]);
    assert_eq!(bench.lookup("shop.test", 2, second(61)), Lookup::Ready(found(1)));
    assert!(bench.is_asked_nothing());

    assert_eq!(bench.lookup("shop.test", 3, second(62)), Lookup::Pending);
    bench.answer("shop.test", Ok(vec![address(2)]));
    assert_eq!(bench.resolver.poll(second(62)), [(3, found(2))]);
}

#[test]
fn a_failure_is_believed_for_a_second_and_carries_its_code() {
    let mut bench = Bench::new();
    assert_eq!(bench.lookup("gone.test", 1, second(0)), Lookup::Pending);
    bench.answer("gone.test", Err(libc::EAI_NONAME));
    assert_eq!(bench.resolver.poll(second(0)), [(1, Err(libc::EAI_NONAME))]);
    let almost = Moment(second(1).0 - 1);
    assert_eq!(bench.lookup("gone.test", 2, almost), Lookup::Ready(Err(libc::EAI_NONAME)));

    assert_eq!(bench.lookup("gone.test", 3, second(1)), Lookup::Pending);
    bench.answer("gone.test", Ok(vec![address(1)]));
    assert_eq!(bench.resolver.poll(second(1)), [(3, found(1))]);
}

#[test]
fn overlapping_look_ups_of_a_name_are_one_question() {
    let mut bench = Bench::new();
    for token in 1..=3 {
        assert_eq!(bench.lookup("shop.test", token, second(0)), Lookup::Pending);
    }
    bench.answer("shop.test", Ok(vec![address(1)]));
    let answered = bench.resolver.poll(second(0));
    assert_eq!(answered, [(1, found(1)), (2, found(1)), (3, found(1))]);
    assert!(bench.is_asked_nothing());
    assert_eq!(bench.resolver.poll(second(0)), []);
}

#[test]
fn a_slow_name_does_not_hold_up_another() {
    let mut bench = Bench::new();
    bench.lookup("slow.test", 1, second(0));
    let (_, slow) = bench.questions.recv_timeout(LONG).unwrap();
    bench.lookup("quick.test", 2, second(0));
    bench.answer("quick.test", Ok(vec![address(2)]));
    assert_eq!(bench.resolver.poll(second(0)), [(2, found(2))]);
    slow.send(Ok(vec![address(1)])).unwrap();
    bench.woken.recv_timeout(LONG).unwrap();
    assert_eq!(bench.resolver.poll(second(0)), [(1, found(1))]);
}

#[test]
fn no_more_names_are_asked_about_at_a_time_than_there_are_workers() {
    let mut bench = Bench::new();
    for token in 0..10 {
        bench.lookup(&format!("{token}.test"), token, second(0));
    }
    let asked: Vec<_> = (0..WORKERS).map(|_| bench.questions.recv_timeout(LONG).unwrap()).collect();
    assert!(bench.is_asked_nothing(), "a fifth question while four are open");
    for (_, reply) in asked {
        reply.send(Ok(vec![address(1)])).unwrap();
    }
    for _ in WORKERS..10 {
        bench.questions.recv_timeout(LONG).unwrap().1.send(Ok(vec![address(1)])).unwrap();
    }
    for _ in 0..10 {
        bench.woken.recv_timeout(LONG).unwrap();
    }
    let mut tokens: Vec<u64> = bench.resolver.poll(second(0)).into_iter().map(|(token, _)| token).collect();
    tokens.sort_unstable();
    assert_eq!(tokens, (0..10).collect::<Vec<_>>());
}

#[test]
fn threads_end_with_the_resolver() {
    let (wake, ended) = channel::<()>();
    let alive = Arc::new(wake);
    let held = Arc::clone(&alive);
    let mut resolver = Resolver::with_function(
        move || {
            let _ = &held;
        },
        |_| Err(libc::EAI_AGAIN),
    );
    resolver.lookup("shop.test", 1, second(0));
    drop(alive);
    drop(resolver);
    // The last thread drops what it shared, and with it the only sender.
    assert_eq!(ended.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn names_out_of_date_are_thrown_away_when_there_are_many() {
    let mut resolver = Resolver::with_function(|| {}, |_| Err(libc::EAI_FAIL));
    for token in 0..ROOMY as u64 {
        resolver.names.insert(
            token.to_string().into(),
            Entry::Known { addresses: Err(libc::EAI_NONAME), until: second(1) },
        );
    }
    resolver.lookup("shop.test", 1, second(2));
    assert_eq!(resolver.names.len(), 1);
}
