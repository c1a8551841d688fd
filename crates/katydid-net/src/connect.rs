//! Which of a host's addresses do we connect to? Happy eyeballs (RFC 8305) as a value: addresses alternate between
//! the families, a new attempt starts 250 ms after the last one or as soon as one fails, the first success wins.
//!
//! What a maintainer must not break: [`Race`] knows neither sockets nor clock. It is told what happened and asked
//! what to do; [`open`] and [`outcome`] are the only doors to the system.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::clock::Moment;

/// The time an attempt has for itself before the next starts (RFC 8305 section 8, the recommended value).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// What the owner of a [`Race`] has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start connecting to this address.
    Start(SocketAddr),
    /// Drop this attempt: another one won.
    Cancel(SocketAddr),
    /// Every address failed; the errno that tells most.
    GiveUp(i32),
}

/// The attempts to reach one host.
///
/// # Examples
/// ```
/// use katydid_net::clock::Moment;
/// use katydid_net::connect::{Command, Race};
///
/// let mut race = Race::new(&["192.0.2.1".parse().unwrap()], 80);
/// let address = "192.0.2.1:80".parse().unwrap();
/// assert_eq!(race.poll(Moment(0)), Some(Command::Start(address)));
/// race.failed(address, 111);
/// assert_eq!(race.poll(Moment(1)), Some(Command::GiveUp(111)));
/// ```
#[derive(Clone, Debug)]
pub struct Race {
    untried: VecDeque<SocketAddr>,
    running: Vec<SocketAddr>,
    /// When the next attempt may start although another one runs.
    next_start: Moment,
    errno: Option<i32>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Won,
    Lost,
}

impl Race {
    /// A race between `addresses`, given in the system's order of preference.
    pub fn new(addresses: &[IpAddr], port: u16) -> Self {
        let untried = interleaved(addresses).map(|address| SocketAddr::new(address, port)).collect();
        Self { untried, running: Vec::new(), next_start: Moment(0), errno: None, state: State::Open }
    }

    /// What to do next; call until it is `None`, after every event and when [`Race::wakes_at`] is reached.
    pub fn poll(&mut self, now: Moment) -> Option<Command> {
        match self.state {
            State::Lost => None,
            State::Won => self.running.pop().map(Command::Cancel),
            State::Open if self.untried.is_empty() && self.running.is_empty() => {
                self.state = State::Lost;
                Some(Command::GiveUp(self.errno.unwrap_or(libc::EHOSTUNREACH)))
            }
            State::Open if self.running.is_empty() || now >= self.next_start => self.start(now),
            State::Open => None,
        }
    }

    /// When to call [`Race::poll`] although nothing happened; `None` if only an event can move the race.
    pub fn wakes_at(&self) -> Option<Moment> {
        (self.state == State::Open && !self.untried.is_empty()).then_some(self.next_start)
    }

    /// The attempt at `address` failed; the next one may start at once (RFC 8305 section 5).
    pub fn failed(&mut self, address: SocketAddr, errno: i32) {
        if self.remove(address) {
            self.next_start = Moment(0);
            if self.errno.is_none_or(|known| tells(errno) >= tells(known)) {
                self.errno = Some(errno);
            }
        }
    }

    /// The attempt at `address` succeeded; all others are to be cancelled.
    pub fn succeeded(&mut self, address: SocketAddr) {
        if self.state == State::Open && self.remove(address) {
            self.state = State::Won;
        }
    }

    fn start(&mut self, now: Moment) -> Option<Command> {
        let address = self.untried.pop_front()?;
        self.running.push(address);
        self.next_start = now.after(ATTEMPT_DELAY);
        Some(Command::Start(address))
    }

    fn remove(&mut self, address: SocketAddr) -> bool {
        let found = self.running.iter().position(|running| *running == address);
        found.map(|index| self.running.remove(index)).is_some()
    }
}

/// Alternates between the families, beginning with that of the first address (RFC 8305 section 4).
fn interleaved(addresses: &[IpAddr]) -> impl Iterator<Item = IpAddr> {
    let begins_with_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let mut first = addresses.iter().copied().filter(move |address| address.is_ipv6() == begins_with_v6);
    let mut second = addresses.iter().copied().filter(move |address| address.is_ipv6() != begins_with_v6);
    let mut takes_second = false;
    std::iter::from_fn(move || {
        takes_second = !takes_second;
        if takes_second {
            first.next().or_else(|| second.next())
        } else {
            second.next().or_else(|| first.next())
        }
    })
}

/// How much an errno says about the target: a family that this machine cannot route says nothing about it.
fn tells(errno: i32) -> u8 {
    match errno {
        libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL | libc::ENETUNREACH => 0,
        libc::EHOSTUNREACH | libc::ETIMEDOUT => 1,
        _ => 2,
    }
}

/// Opens a non-blocking TCP socket with `TCP_NODELAY` and starts to connect it. When it becomes writable, ask
/// [`outcome`].
///
/// # Errors
/// The system has no socket for us, or refuses at once.
pub fn open(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    match socket.connect(&address.into()) {
        Err(error) if !is_under_way(&error) => Err(error),
        _ => Ok(socket),
    }
}

/// How connecting ended, asked when the socket has become writable.
///
/// # Errors
/// The reason why it failed.
pub fn outcome(socket: &Socket) -> io::Result<()> {
    socket.take_error()?.map_or(Ok(()), Err)
}

fn is_under_way(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR))
        || error.kind() == io::ErrorKind::WouldBlock
}

#[cfg(test)]
mod tests;
