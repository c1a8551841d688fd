//! Why did an exchange fail? A small closed vocabulary: failures are data, not errors.
//!
//! What a maintainer must not break: [`FailureKind`] is `Copy` and never allocates; words that only a
//! reader needs (a bad status line, a certificate's complaint) travel beside it as an optional label.

use std::rc::Rc;

/// What went wrong on the wire, as far as the client can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The name did not resolve; the resolver's `EAI_*` code.
    Dns(i32),
    /// Connecting failed; the system's errno (`ECONNREFUSED`, `EHOSTUNREACH`, …).
    Connect(i32),
    /// No connection within the connect timeout.
    ConnectTimeout,
    /// The TLS handshake failed for a reason other than the certificate.
    Tls,
    /// The server's certificate was not accepted.
    Certificate,
    /// The proxy refused the tunnel with this status.
    Proxy(u16),
    /// Writing the request or reading the answer failed; the system's errno (`ECONNRESET`, `EPIPE`, …).
    Io(i32),
    /// No byte arrived within the network timeout.
    ReadTimeout,
    /// The server closed the connection before it sent any byte of the answer.
    ClosedBeforeAnswer,
    /// The server closed the connection inside the head of the answer.
    ClosedInHead,
    /// The server closed the connection inside the body.
    ClosedInBody {
        /// Bytes that arrived: of the chunk that was cut off, otherwise of the whole body.
        received: u64,
        /// Bytes that were announced and did not arrive; `None` where no length was announced (between chunks).
        missing: Option<u64>,
    },
    /// The first line of the answer is not an HTTP/1 status line.
    BadStatusLine,
    /// A header line is malformed or the framing headers contradict each other.
    BadHeader,
    /// The head of the answer is longer than the limit.
    HeadTooLong,
    /// The answer has more header fields than the limit.
    TooManyHeaders,
    /// A chunk size or chunk end is malformed.
    BadChunk,
    /// The body does not decode under its `Content-Encoding`.
    BadEncoding,
    /// More redirects than the limit.
    TooManyRedirects,
    /// The user's code gave up (killed, timed out by its own timer).
    Cancelled,
}

/// A failure and, where known, the words that describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The class of failure.
    pub kind: FailureKind,
    /// What a reader wants to see: the bad line, the certificate's complaint. Never needed to decide anything.
    pub label: Option<Rc<str>>,
}

impl From<FailureKind> for Failure {
    fn from(kind: FailureKind) -> Self {
        Self { kind, label: None }
    }
}

impl Failure {
    /// A failure with a description.
    pub fn with_label(kind: FailureKind, label: impl Into<Rc<str>>) -> Self {
        Self { kind, label: Some(label.into()) }
    }
}
