//! What do these bytes say once decrypted? One TLS session between a socket's owner and its exchange, without I/O.
//!
//! What a maintainer must not break: the owner writes out [`TlsStream::write_tls`] also after a failure, because that
//! is how the peer learns of it (an alert).

use std::fmt;
use std::io::{BufRead, Write};
use std::sync::Arc;

use katydid_stats::{Failure, FailureKind};
use rustls::{ClientConnection, HandshakeKind};

use super::{TlsConfig, server_name, words};

/// Room that a session keeps for plaintext between answers, in bytes: thousands of sessions lie idle.
const KEPT: usize = 4096;

/// One TLS session of a client.
pub struct TlsStream {
    session: ClientConnection,
    /// Decrypted and not yet taken. rustls keeps at most 16 kB of plaintext and refuses more ciphertext beyond that,
    /// so it is emptied as it fills.
    plaintext: Vec<u8>,
    peer_closed: bool,
}

impl TlsStream {
    /// A session with `host`; its first flight waits in [`TlsStream::write_tls`].
    ///
    /// # Errors
    /// `host` can be no name of a server.
    pub fn try_new(config: &TlsConfig, host: &str) -> Result<Self, Failure> {
        let mut session = ClientConnection::new(Arc::clone(&config.client), server_name(host)?)
            .map_err(|error| words::failure(&error))?;
        // The owner decides how much it hands over; what it hands over is kept.
        session.set_buffer_limit(None);
        Ok(Self { session, plaintext: Vec::new(), peer_closed: false })
    }

    /// Takes in ciphertext that the socket gave.
    ///
    /// # Errors
    /// [`FailureKind::Certificate`] or [`FailureKind::Tls`], labelled in OpenSSL's words. Plaintext from before the
    /// failure can still be taken.
    pub fn read_tls(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while !bytes.is_empty() && !self.peer_closed {
            self.session
                .read_tls(&mut bytes)
                .map_err(|error| Failure::with_label(FailureKind::Tls, error.to_string()))?;
            let state = self.session.process_new_packets().map_err(|error| words::failure(&error));
            self.drain();
            self.peer_closed = state?.peer_has_closed();
        }
        Ok(())
    }

    /// The socket ended.
    ///
    /// # Errors
    /// The handshake was not over. Afterwards an end without a `close_notify` is an end like any other (see
    /// [`TlsStream::peer_closed`]); HTTP's own framing tells whether something is missing.
    pub fn end_of_stream(&self) -> Result<(), Failure> {
        if self.is_handshaking() { Err(words::unexpected_eof()) } else { Ok(()) }
    }

    /// Appends what was decrypted to `out`; how much that was.
    pub fn take_plaintext(&mut self, out: &mut Vec<u8>) -> usize {
        let len = self.plaintext.len();
        out.append(&mut self.plaintext);
        if self.plaintext.capacity() > KEPT {
            self.plaintext = Vec::new();
        }
        len
    }

    /// Encrypts `bytes`, all of them; while the handshake lasts they wait for its end.
    pub fn write_plaintext(&mut self, bytes: &[u8]) {
        // The writer has no limit (see `try_new`) and nothing else can fail.
        let written = self.session.writer().write_all(bytes);
        debug_assert!(written.is_ok(), "a session without a limit takes everything: {written:?}");
    }

    /// Appends the ciphertext that the socket has to send to `out`.
    pub fn write_tls(&mut self, out: &mut Vec<u8>) {
        while self.session.wants_write() {
            // A `Vec` takes everything; a session without progress would be a loop.
            if !matches!(self.session.write_tls(out), Ok(len) if len > 0) {
                return;
            }
        }
    }

    /// Says goodbye (`close_notify`) with the next [`TlsStream::write_tls`].
    pub fn close(&mut self) {
        self.session.send_close_notify();
    }

    /// Whether application data cannot flow yet.
    pub fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Whether the peer ended the session with a `close_notify` (RFC 8446 6.1): nothing was cut off.
    pub fn peer_closed(&self) -> bool {
        self.peer_closed
    }

    /// Whether the handshake was shortened by an earlier session.
    pub fn is_resumed(&self) -> bool {
        self.session.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    fn drain(&mut self) {
        let mut reader = self.session.reader();
        while let Ok(chunk) = reader.fill_buf() {
            let len = chunk.len();
            if len == 0 {
                return;
            }
            self.plaintext.extend_from_slice(chunk);
            reader.consume(len);
        }
    }
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TlsStream")
            .field("is_handshaking", &self.is_handshaking())
            .field("peer_closed", &self.peer_closed)
            .field("plaintext", &self.plaintext.len())
            .finish_non_exhaustive()
    }
}
