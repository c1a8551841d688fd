//! The worker's socket: one connection to the master, made again whenever it breaks.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use polling::{Event, Events, PollMode, Poller};
use socket2::{Domain, Socket, Type};

use super::link::{End, Link};
use super::{Incoming, MAX_QUEUED};
use crate::key::Key;
use crate::zmtp::{Session, Side};

/// From one attempt to the next: ZeroMQ's 100 ms at first, then longer.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// How long one attempt may take until the peer has shown who it is.
const ATTEMPT: Duration = Duration::from_secs(30);

/// Messages that wait for a connection.
const MAX_WAITING: usize = 1000;

const KEY: usize = 1;

/// What becomes of a message while there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It waits.
    Always,
    /// It waits, unless the same is waiting already.
    Once,
    /// It is dropped: it would be stale.
    Never,
}

enum State {
    Idle,
    /// The socket is in the poller and not connected yet.
    Connecting(TcpStream, Instant),
    Linked(Box<Link>),
}

/// A DEALER socket: connects to a master, and again when that breaks.
pub struct Dialer {
    poller: Arc<Poller>,
    host: String,
    port: u16,
    identity: Vec<u8>,
    key: Option<Key>,
    state: State,
    retry_at: Instant,
    pause: Duration,
    /// Counts attempts, to try the addresses of a name in turn.
    attempts: usize,
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    buffer: Vec<u8>,
}

impl Dialer {
    /// To be connected by [`Self::poll`].
    ///
    /// # Errors
    /// The system has no means to tell which sockets are ready.
    pub fn try_new(host: &str, port: u16, identity: &str, key: Option<Key>) -> io::Result<Self> {
        Ok(Self {
            poller: Arc::new(Poller::new()?),
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            identity: identity.as_bytes().to_vec(),
            key,
            state: State::Idle,
            retry_at: Instant::now(),
            pause: PAUSES[0],
            attempts: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            buffer: vec![0; 64 << 10],
        })
    }

    /// Its `notify` ends a [`Self::poll`] early.
    pub fn poller(&self) -> Arc<Poller> {
        self.poller.clone()
    }

    /// Is there a connection?
    pub fn is_open(&self) -> bool {
        matches!(&self.state, State::Linked(link) if link.is_announced)
    }

    /// Waits at most `timeout` and does what there is to do.
    ///
    /// # Errors
    /// The system cannot tell which sockets are ready.
    pub fn poll(&mut self, timeout: Duration, incoming: &mut Vec<Incoming>) -> io::Result<()> {
        self.attend(incoming);
        let mut events = Events::new();
        self.poller.wait(&mut events, Some(self.wait_at_most(timeout)))?;
        for event in events.iter() {
            match self.state {
                State::Connecting(..) => self.greet(),
                State::Linked(_) if event.readable => self.read(incoming),
                _ => {}
            }
        }
        self.attend(incoming);
        Ok(())
    }

    fn wait_at_most(&self, timeout: Duration) -> Duration {
        match self.state {
            State::Idle => timeout.min(self.retry_at.saturating_duration_since(Instant::now())),
            _ => timeout,
        }
    }

    /// Does what needs no event: connects when it is time, gives up, writes.
    fn attend(&mut self, incoming: &mut Vec<Incoming>) {
        let now = Instant::now();
        let flushed = match &mut self.state {
            State::Idle if now >= self.retry_at => {
                self.dial();
                Ok(())
            }
            State::Connecting(_, since) if now > *since + ATTEMPT => Err(End::Closed),
            State::Linked(link) if !link.is_announced && now > link.opened_at + ATTEMPT => Err(End::Closed),
            State::Linked(link) => link.flush(&self.poller, KEY),
            _ => Ok(()),
        };
        if let Err(end) = flushed {
            self.finish(end, incoming);
        }
    }

    fn dial(&mut self) {
        self.put_off();
        let Some(address) = self.next_address() else { return };
        let Ok(stream) = begin_connect(address) else { return };
        // SAFETY: the socket is owned by the state set below; it leaves by `greet`, into a link that adds it anew, or by
        // `hang_up`; both delete it from the poller first.
        if unsafe { self.poller.add_with_mode(&stream, Event::writable(KEY), PollMode::Level) }.is_ok() {
            self.state = State::Connecting(stream, Instant::now());
        }
    }

    fn put_off(&mut self) {
        self.retry_at = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(PAUSES[1]);
    }

    fn next_address(&mut self) -> Option<SocketAddr> {
        let addresses: Vec<SocketAddr> = (self.host.as_str(), self.port).to_socket_addrs().ok()?.collect();
        self.attempts += 1;
        addresses.get((self.attempts - 1) % addresses.len().max(1)).copied()
    }

    /// The attempt to connect has an outcome.
    fn greet(&mut self) {
        let State::Connecting(stream, _) = std::mem::replace(&mut self.state, State::Idle) else { return };
        // Failure means that it is not registered, which is what was wanted.
        let _ = self.poller.delete(&stream);
        if !matches!(stream.take_error(), Ok(None)) || stream.peer_addr().is_err() {
            return;
        }
        let session = Session::new(Side::Worker(self.identity.clone()), self.key.clone());
        if let Ok(link) = Link::try_new(stream, session, &self.poller, KEY) {
            self.state = State::Linked(Box::new(link));
        }
    }

    fn read(&mut self, incoming: &mut Vec<Incoming>) {
        let State::Linked(link) = &mut self.state else { return };
        let read = link.read(&mut self.buffer);
        if !link.is_announced && link.session().is_open() {
            link.is_announced = true;
            self.pause = PAUSES[0];
            incoming.push(Incoming::Opened { peer: String::new() });
            for message in self.waiting.drain(..) {
                link.send(&message);
            }
            self.waiting_bytes = 0;
        }
        while let Some(bytes) = link.session().take_message() {
            incoming.push(Incoming::Message { peer: String::new(), bytes });
        }
        if let Err(end) = read {
            self.finish(end, incoming);
        }
    }

    fn finish(&mut self, end: End, incoming: &mut Vec<Incoming>) {
        let (address, was_open) = match &self.state {
            State::Linked(link) => (link.address, link.is_announced),
            _ => (None, false),
        };
        if let End::Refused(reason) = end {
            incoming.push(Incoming::Refused { address, reason });
        }
        if was_open {
            incoming.push(Incoming::Closed { peer: String::new() });
        }
        self.hang_up();
    }

    fn hang_up(&mut self) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => {}
            State::Connecting(stream, _) => drop(self.poller.delete(&stream)),
            State::Linked(link) => link.leave(&self.poller, KEY),
        }
        self.put_off();
    }

    /// Sends a message, or keeps it until there is a connection.
    pub fn send(&mut self, message: Vec<u8>, keep: Keep) {
        if let State::Linked(link) = &mut self.state
            && link.is_announced
        {
            link.send(&message);
            return;
        }
        let is_there = || self.waiting.contains(&message);
        if keep == Keep::Never || (keep == Keep::Once && is_there()) {
            return;
        }
        if self.waiting.len() < MAX_WAITING && self.waiting_bytes + message.len() <= MAX_QUEUED {
            self.waiting_bytes += message.len();
            self.waiting.push_back(message);
        }
    }

    /// Ends the connection, and makes it again.
    pub fn reconnect(&mut self) {
        self.hang_up();
        self.pause = PAUSES[0];
    }

    /// Is anything left to write?
    pub fn is_idle(&mut self) -> bool {
        let is_written = match &mut self.state {
            State::Linked(link) => link.session().output().is_empty(),
            _ => true,
        };
        is_written && self.waiting.is_empty()
    }
}

impl Drop for Dialer {
    fn drop(&mut self) {
        self.hang_up();
    }
}

fn begin_connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        #[cfg(unix)]
        Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {}
        Err(error) => return Err(error),
    }
    Ok(socket.into())
}

/// What the system says while it connects.
#[cfg(unix)]
const IN_PROGRESS: i32 = libc::EINPROGRESS;
