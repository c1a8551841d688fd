//! One socket, with or without TLS, and what it is busy with.

use std::io;
use std::os::fd::AsFd;

use socket2::Socket;

use crate::clock::Moment;
use crate::flight::ExchangeId;
use crate::reactor::PoolId;
use crate::receive::{self, Received};
use crate::tls::TlsStream;

/// Plaintext that is encrypted at a time.
const TLS_PIECE: usize = 64 * 1024;
/// Room for ciphertext that a connection keeps: thousands of them lie idle.
const KEPT: usize = 4096;

/// A connection of a pool.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) socket: Socket,
    pub(crate) tls: Option<Box<TlsStream>>,
    pub(crate) pool: PoolId,
    pub(crate) lane: usize,
    /// The pool's epoch when the connection was opened.
    pub(crate) epoch: u32,
    /// The exchange that has the connection; `None` while it is idle.
    pub(crate) flight: Option<ExchangeId>,
    /// Exchanges completed.
    pub(crate) served: u32,
    /// The moment at which the reactor's timers look at this connection; `NEVER` if they do not.
    pub(crate) armed: Moment,
    /// Registered interest.
    pub(crate) interest: Interest,
    /// Ciphertext that the socket did not take yet.
    wire: Vec<u8>,
}

/// What the poller watches a socket for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interest {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Interest {
    pub(crate) const NONE: Self = Self { read: false, write: false };
    pub(crate) const READ: Self = Self { read: true, write: false };
}

/// How far a write got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Everything that was given is with the kernel.
    All,
    /// The kernel is full; bytes of the given slice that need not be given again.
    Part(usize),
}

impl Connection {
    pub(crate) fn new(socket: Socket, pool: PoolId, lane: usize, epoch: u32) -> Self {
        Self {
            socket,
            tls: None,
            pool,
            lane,
            epoch,
            flight: None,
            served: 0,
            armed: Moment::NEVER,
            interest: Interest::READ,
            wire: Vec::new(),
        }
    }

    /// Reads what the socket holds into `buffer`.
    #[inline]
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<Received> {
        receive::receive(self.socket.as_fd(), buffer)
    }

    /// Writes `bytes`, through TLS if there is TLS.
    #[inline]
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<Written> {
        if self.tls.is_some() { self.write_tls(bytes) } else { write_plain(&self.socket, bytes) }
    }

    /// A piece is encrypted when the one before is with the kernel: what the kernel does not take stays with the caller.
    fn write_tls(&mut self, bytes: &[u8]) -> io::Result<Written> {
        let mut done = 0;
        while self.flush()? {
            if done == bytes.len() {
                return Ok(Written::All);
            }
            let piece = &bytes[done..bytes.len().min(done + TLS_PIECE)];
            done += piece.len();
            if let Some(tls) = &mut self.tls {
                tls.write_plaintext(piece);
            }
        }
        Ok(Written::Part(done))
    }

    /// Writes what TLS has to say; whether nothing is left.
    pub(crate) fn flush(&mut self) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else { return Ok(true) };
        tls.write_tls(&mut self.wire);
        match write_plain(&self.socket, &self.wire)? {
            Written::All => {
                self.wire.clear();
                self.wire.shrink_to(KEPT);
                Ok(true)
            }
            Written::Part(len) => {
                self.wire.drain(..len);
                Ok(false)
            }
        }
    }

    /// Whether nothing arrived on this idle connection.
    pub(crate) fn is_quiet(&self) -> bool {
        receive::is_quiet(self.socket.as_fd())
    }
}

#[inline]
fn write_plain(socket: &Socket, bytes: &[u8]) -> io::Result<Written> {
    let mut done = 0;
    while done < bytes.len() {
        match receive::send(socket.as_fd(), &bytes[done..]) {
            Ok(len) => done += len,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Written::Part(done)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Written::All)
}
