//! Races as tables of moments, and the two doors to the system on the loopback.

#![allow(clippy::unwrap_used)] // a broken fixture should end the test where it breaks

use std::net::TcpListener;

use polling::{Event, Events, Poller};
use proptest::prelude::*;

use super::*;

const V4: [&str; 3] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
const V6: [&str; 2] = ["2001:db8::1", "2001:db8::2"];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(text: &str) -> SocketAddr {
    SocketAddr::new(ip(text), 80)
}

fn race(addresses: &[&str]) -> Race {
    Race::new(&addresses.iter().map(|text| ip(text)).collect::<Vec<_>>(), 80)
}

fn ms(n: u64) -> Moment {
    Moment(n * 1_000_000)
}

#[test]
fn families_alternate_and_the_preferred_one_begins() {
    for (given, order) in [
        (vec![V6[0], V6[1], V4[0], V4[1]], vec![V6[0], V4[0], V6[1], V4[1]]),
        (vec![V4[0], V4[1], V6[0]], vec![V4[0], V6[0], V4[1]]),
        (vec![V6[0], V4[0], V4[1], V4[2]], vec![V6[0], V4[0], V4[1], V4[2]]),
        (vec![V4[0], V4[1]], vec![V4[0], V4[1]]),
    ] {
        let addresses: Vec<IpAddr> = given.iter().map(|text| ip(text)).collect();
        let expected: Vec<IpAddr> = order.iter().map(|text| ip(text)).collect();
        assert_eq!(interleaved(&addresses).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn an_attempt_has_a_quarter_second_for_itself() {
    let mut race = race(&[V6[0], V4[0]]);
    assert_eq!(race.poll(ms(10)), Some(Command::Start(at(V6[0]))));
    assert_eq!(race.wakes_at(), Some(ms(260)));
    assert_eq!(race.poll(ms(259)), None);
    assert_eq!(race.poll(ms(260)), Some(Command::Start(at(V4[0]))));
    assert_eq!(race.poll(ms(260)), None);
    assert_eq!(race.wakes_at(), None, "no address is left to start");
}

#[test]
fn the_first_success_wins_and_the_others_are_cancelled() {
    let mut race = race(&[V6[0], V4[0], V6[1]]);
    race.poll(ms(0));
    race.poll(ms(250));
    race.succeeded(at(V4[0]));
    assert_eq!(race.poll(ms(251)), Some(Command::Cancel(at(V6[0]))));
    assert_eq!(race.poll(ms(251)), None);
    assert_eq!(race.wakes_at(), None);
    assert_eq!(race.poll(ms(9999)), None, "the third address is never tried");
}

#[test]
fn a_failure_starts_the_next_attempt_at_once() {
    let mut race = race(&[V6[0], V4[0], V6[1]]);
    race.poll(ms(0));
    race.failed(at(V6[0]), libc::ENETUNREACH);
    assert_eq!(race.poll(ms(1)), Some(Command::Start(at(V4[0]))));
    assert_eq!(race.poll(ms(1)), None);
    // Also while another attempt still runs.
    assert_eq!(race.poll(ms(251)), Some(Command::Start(at(V6[1]))));
    race.failed(at(V4[0]), libc::ECONNREFUSED);
    assert_eq!(race.poll(ms(252)), None, "one attempt runs and none is left");
    race.failed(at(V6[1]), libc::ENETUNREACH);
    assert_eq!(race.poll(ms(253)), Some(Command::GiveUp(libc::ECONNREFUSED)));
    assert_eq!(race.poll(ms(254)), None, "it gives up once");
}

#[test]
fn the_errno_that_tells_most_about_the_target_is_kept_and_of_equals_the_last() {
    for (errnos, kept) in [
        ([libc::ECONNREFUSED, libc::ENETUNREACH], libc::ECONNREFUSED),
        ([libc::ENETUNREACH, libc::ECONNREFUSED], libc::ECONNREFUSED),
        ([libc::EADDRNOTAVAIL, libc::ETIMEDOUT], libc::ETIMEDOUT),
        ([libc::ECONNREFUSED, libc::EHOSTUNREACH], libc::ECONNREFUSED),
        ([libc::ENETUNREACH, libc::EADDRNOTAVAIL], libc::EADDRNOTAVAIL),
        ([libc::ECONNREFUSED, libc::ECONNRESET], libc::ECONNRESET),
    ] {
        let mut race = race(&[V6[0], V4[0]]);
        for (address, errno) in [V6[0], V4[0]].into_iter().zip(errnos) {
            assert_eq!(race.poll(ms(0)), Some(Command::Start(at(address))));
            race.failed(at(address), errno);
        }
        assert_eq!(race.poll(ms(0)), Some(Command::GiveUp(kept)), "{errnos:?}");
    }
}

#[test]
fn a_host_without_addresses_is_unreachable() {
    assert_eq!(race(&[]).poll(ms(0)), Some(Command::GiveUp(libc::EHOSTUNREACH)));
}

#[test]
fn news_of_an_attempt_that_is_not_running_changes_nothing() {
    let mut race = race(&[V4[0]]);
    race.succeeded(at(V4[1]));
    race.failed(at(V4[1]), libc::ECONNRESET);
    assert_eq!(race.poll(ms(0)), Some(Command::Start(at(V4[0]))));
    race.failed(at(V4[0]), libc::ECONNREFUSED);
    assert_eq!(race.poll(ms(0)), Some(Command::GiveUp(libc::ECONNREFUSED)));
}

proptest! {
    /// Whatever happens in whatever order: each address is started at most once, a race ends, and every attempt
    /// that was started has failed, won or been cancelled by then.
    #[test]
    fn every_race_ends_with_nothing_left_running(
        families in prop::collection::vec(any::<bool>(), 1..7),
        events in prop::collection::vec((any::<bool>(), any::<usize>(), 0_u64..400), 64),
    ) {
        let addresses: Vec<IpAddr> = families.iter().zip(1_u16..).map(|(is_v6, n)| {
            if *is_v6 { std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n).into() }
            else { std::net::Ipv4Addr::new(192, 0, 2, n as u8).into() }
        }).collect();
        let mut race = Race::new(&addresses, 80);
        let (mut now, mut running, mut started, mut ended) = (0, Vec::new(), 0, false);
        for (wins, which, pause) in events {
            while let Some(command) = race.poll(ms(now)) {
                match command {
                    Command::Start(address) => { running.push(address); started += 1; }
                    Command::Cancel(address) => running.retain(|other| *other != address),
                    Command::GiveUp(errno) => { prop_assert_eq!(errno, libc::ECONNREFUSED); ended = true; }
                }
            }
            now += pause;
            if running.is_empty() { break; }
            let address = running[which % running.len()];
            running.retain(|other| *other != address);
            if wins && which % 5 == 0 { race.succeeded(address); ended = true; } else { race.failed(address, libc::ECONNREFUSED); }
        }
        prop_assert!(ended && running.is_empty());
        prop_assert!(started <= addresses.len());
        prop_assert_eq!(race.poll(ms(now + 10_000)), None);
    }
}

/// Waits until the socket is writable, as the reactor does.
fn wait(socket: &Socket) {
    let poller = Poller::new().unwrap();
    // SAFETY: the socket outlives its registration, which ends below.
    unsafe { poller.add(socket, Event::writable(1)).unwrap() };
    poller.wait(&mut Events::new(), Some(Duration::from_secs(10))).unwrap();
    poller.delete(socket).unwrap();
}

#[test]
fn a_listener_is_reached_without_blocking() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = open(listener.local_addr().unwrap()).unwrap();
    assert!(socket.nonblocking().unwrap());
    assert!(socket.tcp_nodelay().unwrap());
    wait(&socket);
    outcome(&socket).unwrap();
}

#[test]
fn a_port_without_listener_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = match open(address) {
        Ok(socket) => {
            wait(&socket);
            outcome(&socket).expect_err("nobody listens")
        }
        Err(error) => error,
    };
    assert_eq!(error.raw_os_error(), Some(libc::ECONNREFUSED));
}
