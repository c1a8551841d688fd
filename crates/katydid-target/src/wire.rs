//! How can a server break its own connection? HTTP libraries send answers, not accidents, so the accepted stream is
//! wrapped: a fault leaves a mark on it, and the next write does the damage instead.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use socket2::SockRef;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const SOUND: u8 = 0;
const RESET: u8 = 1;
const GARBAGE: u8 = 2;

/// What a broken server might say: no HTTP version, no header, no end of line.
const NOISE: &[u8] = b"\x00\xFF\x13%katydid says nothing sensible%\x00";

/// A listener whose connections can be broken on purpose.
pub(crate) struct Door(pub(crate) TcpListener);

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        // axum's own accept waits and tries again when the system is out of descriptors
        let (stream, peer) = Listener::accept(&mut self.0).await;
        let _ = stream.set_nodelay(true); // a peer that is gone already shows itself at the first read
        (Wire { stream, fate: Fate::default() }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// The mark that a fault leaves on a connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fate(Arc<AtomicU8>);

impl Fate {
    /// The next write resets the connection.
    pub(crate) fn doom_to_reset(&self) {
        self.0.store(RESET, Ordering::Relaxed);
    }

    /// The next write sends noise and closes the connection.
    pub(crate) fn doom_to_garbage(&self) {
        self.0.store(GARBAGE, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Door>> for Fate {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().fate.clone()
    }
}

/// An accepted connection.
pub(crate) struct Wire {
    stream: TcpStream,
    fate: Fate,
}

impl Wire {
    /// Lets the marked fate happen: the error makes the HTTP layer drop the connection.
    fn meet_fate(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.fate.0.load(Ordering::Relaxed) {
            SOUND => Poll::Ready(Ok(())),
            RESET => {
                // closing a socket that must not linger sends a reset
                let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
            _ => {
                ready!(Pin::new(&mut self.stream).poll_write(context, NOISE))?;
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.meet_fate(context))?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.meet_fate(context))?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
