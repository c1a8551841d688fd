//! What does a failure say to a reader? One line for each class of failure, with what is known of this one.
//!
//! What a maintainer must not break: texts hold nothing that differs from one occurrence to the next (no address, no
//! byte count), because failures are counted by their text.

use std::io;

use katydid_stats::{Failure, FailureKind};

/// The text under which a failure is counted.
pub(crate) fn of(failure: &Failure) -> String {
    let what = sentence(failure.kind);
    match &failure.label {
        Some(label) => format!("{what}: {label}"),
        None => what,
    }
}

fn sentence(kind: FailureKind) -> String {
    match kind {
        FailureKind::Dns(code) => format!("name not resolved (code {code})"),
        FailureKind::Connect(errno) => format!("not connected: {}", system(errno)),
        FailureKind::Io(errno) => format!("connection broken: {}", system(errno)),
        FailureKind::Proxy(status) => format!("the proxy refused the tunnel with status {status}"),
        FailureKind::ConnectTimeout => "no connection within the connect timeout".into(),
        FailureKind::Tls => "TLS handshake failed".into(),
        FailureKind::Certificate => "the server's certificate was not accepted".into(),
        FailureKind::ReadTimeout => "no byte within the network timeout".into(),
        FailureKind::ClosedBeforeAnswer => "the server closed the connection without an answer".into(),
        FailureKind::ClosedInHead => "the server closed the connection inside the head of the answer".into(),
        FailureKind::ClosedInBody { .. } => "the server closed the connection inside the body".into(),
        FailureKind::BadStatusLine => "the answer does not begin with an HTTP/1 status line".into(),
        FailureKind::BadHeader => "malformed header".into(),
        FailureKind::HeadTooLong => "the head of the answer is too long".into(),
        FailureKind::TooManyHeaders => "the answer has too many headers".into(),
        FailureKind::BadChunk => "malformed chunk".into(),
        FailureKind::BadEncoding => "the body does not decode under its Content-Encoding".into(),
        FailureKind::TooManyRedirects => "too many redirects".into(),
        FailureKind::Cancelled => "cancelled".into(),
    }
}

/// The system's words for an error number.
fn system(errno: i32) -> String {
    io::Error::from_raw_os_error(errno).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_known() {
        let bare = Failure::from(FailureKind::ReadTimeout);
        assert_eq!(of(&bare), "no byte within the network timeout");
        let labelled = Failure::with_label(FailureKind::Certificate, "expired");
        assert_eq!(of(&labelled), "the server's certificate was not accepted: expired");
    }

    #[test]
    fn equal_failures_have_equal_texts() {
        let cut = |received| Failure::from(FailureKind::ClosedInBody { received, missing: Some(7) });
        assert_eq!(of(&cut(1)), of(&cut(2)));
    }
}
