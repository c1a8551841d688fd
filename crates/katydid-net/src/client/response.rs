//! What did the server say? One answer, its headers and its body read on demand.

use std::borrow::Cow;

use katydid_stats::Failure;

use crate::coding::{Coding, LIMIT_DEFAULT, decode};
use crate::exchange::{Answer, Timing};

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Response {
    answer: Answer,
    redirects: u32,
}

impl Response {
    pub(super) fn new(answer: Answer, redirects: u32) -> Self {
        Self { answer, redirects }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.answer.status
    }

    /// Whether the status is below 400, which is what Locust counts as a success.
    pub fn is_ok(&self) -> bool {
        self.answer.status < 400
    }

    /// How many redirects led here.
    pub fn redirects(&self) -> u32 {
        self.redirects
    }

    /// Header fields as they arrived: name and value, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        fields(self.answer.head())
    }

    /// The first header called `name`, in any letter case, if its value is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The body as it arrived, before `Content-Encoding` is undone.
    pub fn raw_body(&self) -> &[u8] {
        self.answer.body()
    }

    /// The body, with `Content-Encoding` undone.
    ///
    /// # Errors
    /// [`FailureKind::BadEncoding`](katydid_stats::FailureKind::BadEncoding) where it does not decode.
    pub fn body(&self) -> Result<Cow<'_, [u8]>, Failure> {
        match &self.answer.coding {
            Coding::Identity => Ok(Cow::Borrowed(self.answer.body())),
            coding => decode(coding, self.answer.body(), LIMIT_DEFAULT).map(Cow::Owned),
        }
    }

    /// The body as text; bytes that are not UTF-8 become replacement characters.
    ///
    /// # Errors
    /// As [`Response::body`].
    pub fn text(&self) -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(&self.body()?).into_owned())
    }

    /// When the parts of the exchange happened; after redirects, of all hops together.
    pub fn timing(&self) -> &Timing {
        &self.answer.timing
    }

    /// The answer as the reactor gave it.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }
}

/// The header lines of a head: what follows the status line.
pub(super) fn fields(head: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    head.split(|&byte| byte == b'\n').skip(1).filter_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        let name = std::str::from_utf8(&line[..colon]).ok()?;
        Some((name, line[colon + 1..].trim_ascii()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order_and_trimmed() {
        let head = b"HTTP/1.1 200 OK: fine\r\nA: 1\r\nSet-Cookie:x=y:z \r\nEmpty:\r\n\r\n";
        let read: Vec<_> = fields(head).collect();
        assert_eq!(read, [("A", &b"1"[..]), ("Set-Cookie", b"x=y:z"), ("Empty", b"")]);
    }

    #[test]
    fn a_head_without_fields_has_none() {
        assert_eq!(fields(b"HTTP/1.1 204 No Content\r\n\r\n").count(), 0);
    }
}
