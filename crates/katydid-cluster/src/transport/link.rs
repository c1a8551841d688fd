//! One connection: a socket with its session.

use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, Instant};

use polling::{Event, PollMode, Poller};
use socket2::{SockRef, TcpKeepalive};

use super::MAX_QUEUED;
use crate::zmtp::{Refusal, Session};

/// Reads from one socket before the others get their turn.
const READS_PER_TURN: usize = 16;

pub(super) struct Link {
    stream: TcpStream,
    session: Session,
    written: usize,
    is_watched_for_writing: bool,
    pub(super) address: Option<IpAddr>,
    pub(super) opened_at: Instant,
    /// Bytes of a message that is not complete, as its owner has counted them.
    pub(super) unfinished: usize,
    /// Is its opening told?
    pub(super) is_announced: bool,
}

/// Why a link ends.
pub(super) enum End {
    Closed,
    Refused(Refusal),
}

impl Link {
    /// Watches a connected, non-blocking socket.
    pub(super) fn try_new(
        stream: TcpStream,
        session: Session,
        poller: &Poller,
        key: usize,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(30)))?;
        // SAFETY: the socket is owned by the link, whose only way out is `leave`, which takes it from the poller first;
        // or by the caller again where this fails.
        unsafe { poller.add_with_mode(&stream, Event::all(key), PollMode::Level)? };
        let address = stream.peer_addr().ok().map(|address| address.ip());
        let opened_at = Instant::now();
        let is_watched_for_writing = true;
        Ok(Self {
            stream,
            session,
            written: 0,
            is_watched_for_writing,
            address,
            opened_at,
            unfinished: 0,
            is_announced: false,
        })
    }

    pub(super) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Queues a message; `false` if too much waits already.
    pub(super) fn send(&mut self, message: &[u8]) -> bool {
        let has_room = self.session.output().len() - self.written <= MAX_QUEUED;
        if has_room {
            self.session.send(message);
        }
        has_room
    }

    /// Writes what can be written, and watches for more room if need be.
    pub(super) fn flush(&mut self, poller: &Poller, key: usize) -> Result<(), End> {
        while self.written < self.session.output().len() {
            let output = self.session.output();
            match self.stream.write(&output[self.written..]) {
                Ok(0) => return Err(End::Closed),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(End::Closed),
            }
        }
        let output = self.session.output();
        let waits = self.written < output.len();
        if !waits || self.written > 1 << 20 {
            output.drain(..self.written);
            self.written = 0;
        }
        if output.is_empty() && output.capacity() > 1 << 20 {
            *output = Vec::new();
        }
        self.watch(poller, key, waits)
    }

    fn watch(&mut self, poller: &Poller, key: usize, for_writing: bool) -> Result<(), End> {
        if self.is_watched_for_writing == for_writing {
            return Ok(());
        }
        self.is_watched_for_writing = for_writing;
        let event = Event::new(key, true, for_writing);
        poller.modify_with_mode(&self.stream, event, PollMode::Level).map_err(|_| End::Closed)
    }

    /// Reads what has come.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<(), End> {
        for _ in 0..READS_PER_TURN {
            match self.stream.read(buffer) {
                Ok(0) => return Err(End::Closed),
                Ok(count) => self.session.receive(&buffer[..count]).map_err(End::Refused)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(End::Closed),
            }
        }
        Ok(())
    }

    /// Ends the connection. What is left to say is said if it can be at once: it may be why.
    pub(super) fn leave(mut self, poller: &Poller, key: usize) {
        let _ = self.flush(poller, key);
        // Failure means that it is not registered, which is what was wanted.
        let _ = poller.delete(&self.stream);
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }
}
