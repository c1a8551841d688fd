//! How do we ask a proxy for a tunnel, and what did it say? Without I/O.

use katydid_stats::{Failure, FailureKind};

use crate::h1::{Limits, parse_head};

/// The request for a tunnel to `host` (RFC 9110 9.3.6).
pub fn connect_request(host: &str, port: u16, authorization: Option<&str>) -> Vec<u8> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(authorization) = authorization {
        request.push_str("Proxy-Authorization: ");
        request.push_str(authorization);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request.into_bytes()
}

/// The status of the proxy's answer, once its head is complete.
///
/// # Errors
/// [`FailureKind::BadStatusLine`] and the other failures of a head.
pub fn parse_answer(answer: &[u8]) -> Result<Option<u16>, Failure> {
    let mut rest = answer;
    loop {
        match parse_head(rest, true, &Limits::default())? {
            Some(head) if head.is_interim => rest = &rest[head.len..],
            Some(head) if (200..300).contains(&head.status) && head.len < rest.len() => {
                // Nobody may speak before our handshake begins.
                return Err(FailureKind::BadHeader.into());
            }
            head => return Ok(head.map(|head| head.status)),
        }
    }
}
