//! What do the header fields say about body and connection? RFC 9112 6.3 (length) and 9.3 (persistence).
//!
//! One [`Traits`] collects the few fields that matter while they pass by; the decision is made at the end, when all
//! are known. What a maintainer must not break: contradicting lengths are refused, never guessed.

use katydid_stats::{Failure, FailureKind};

use super::head::Head;
use crate::coding::Coding;

/// Where the body of an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// No body follows, whatever the header fields say (RFC 9112 6.3, items 1 and 2).
    Empty,
    /// This many bytes (item 6).
    Length(u64),
    /// Chunks, then trailers (item 4).
    Chunked,
    /// Everything until the server closes the connection (items 4 and 8).
    UntilClose,
}

/// What the fields seen so far say.
#[derive(Debug, Default)]
pub(super) struct Traits {
    length: Option<u64>,
    length_fault: Option<Box<str>>,
    transfer: Transfer,
    transfer_coding: Coding,
    content_coding: Coding,
    close: bool,
    keep_alive: bool,
    keep_alive_timeout: Option<u32>,
    has_cookies: bool,
    has_location: bool,
}

/// The transfer codings seen so far, as far as framing is concerned.
#[derive(Debug, Default, PartialEq, Eq)]
enum Transfer {
    #[default]
    None,
    /// The last coding is `chunked`.
    Chunked,
    /// The last coding is another one.
    Other,
}

impl Traits {
    /// Notes one field. Sorting by length first keeps the fields that do not matter cheap.
    pub(super) fn note(&mut self, name: &[u8], value: &[u8]) {
        match name.len() {
            8 if name.eq_ignore_ascii_case(b"location") => self.has_location = true,
            10 if name.eq_ignore_ascii_case(b"connection") => self.note_connection(value),
            10 if name.eq_ignore_ascii_case(b"keep-alive") => self.keep_alive_timeout = timeout_secs(value),
            10 if name.eq_ignore_ascii_case(b"set-cookie") => self.has_cookies = true,
            14 if name.eq_ignore_ascii_case(b"content-length") => self.note_length(value),
            16 if name.eq_ignore_ascii_case(b"content-encoding") => self.note_content_coding(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.note_transfer_coding(value),
            _ => {}
        }
    }

    /// The head that these fields make. `len` bytes long.
    pub(super) fn conclude(
        self,
        len: usize,
        status: u16,
        minor_version: u8,
        request_is_head: bool,
    ) -> Result<Head, Failure> {
        let framing = self.framing(status, request_is_head)?;
        Ok(Head {
            len,
            status,
            minor_version,
            framing,
            keep_alive: self.persists(status, minor_version, framing),
            // Transfer codings were applied after the content codings (RFC 9112 6.1).
            coding: self.content_coding.then(self.transfer_coding),
            has_cookies: self.has_cookies,
            has_location: self.has_location,
            is_interim: (100..200).contains(&status) && status != 101,
            keep_alive_timeout: self.keep_alive_timeout,
        })
    }

    fn framing(&self, status: u16, request_is_head: bool) -> Result<Framing, Failure> {
        if request_is_head || matches!(status, 100..200 | 204 | 304) {
            return Ok(Framing::Empty);
        }
        match self.transfer {
            // Item 3: a transfer coding overrides the length.
            Transfer::Chunked => return Ok(Framing::Chunked),
            Transfer::Other => return Ok(Framing::UntilClose),
            Transfer::None => {}
        }
        if let Some(fault) = &self.length_fault {
            return Err(Failure::with_label(FailureKind::BadHeader, &**fault));
        }
        Ok(self.length.map_or(Framing::UntilClose, Framing::Length))
    }

    /// RFC 9112 9.3. An HTTP/1.0 answer with a transfer coding has doubtful framing (6.1) and is the last one;
    /// after 101 the connection no longer speaks HTTP.
    fn persists(&self, status: u16, minor_version: u8, framing: Framing) -> bool {
        if self.close || framing == Framing::UntilClose || status == 101 {
            return false;
        }
        minor_version >= 1 || (self.keep_alive && self.transfer == Transfer::None)
    }

    fn note_connection(&mut self, value: &[u8]) {
        if value == b"keep-alive" {
            self.keep_alive = true; // What nearly every server says when it says anything.
            return;
        }
        for option in list(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// Item 5: several lengths, in one field or more, are one if they are equal.
    fn note_length(&mut self, value: &[u8]) {
        if let (None, None, Some(length)) = (self.length, &self.length_fault, digits(value)) {
            self.length = Some(length);
            return;
        }
        let mut parts = value.split(|byte| *byte == b',');
        let is_sound = parts.all(|part| match (self.length, digits(part.trim_ascii())) {
            (None, Some(length)) => {
                self.length = Some(length);
                true
            }
            (known, length) => known.is_some() && known == length,
        });
        if !is_sound && self.length_fault.is_none() {
            self.length_fault = Some(length_fault(self.length, value));
        }
    }

    fn note_content_coding(&mut self, value: &[u8]) {
        for name in list(value) {
            self.content_coding.push(Coding::named(name));
        }
    }

    /// `identity` was a coding in RFC 2616; it says nothing.
    fn note_transfer_coding(&mut self, value: &[u8]) {
        for name in list(value).filter(|name| !name.eq_ignore_ascii_case(b"identity")) {
            if name.eq_ignore_ascii_case(b"chunked") {
                self.transfer = Transfer::Chunked;
            } else {
                self.transfer = Transfer::Other;
                self.transfer_coding.push(Coding::named(name));
            }
        }
    }
}

/// The elements of a comma-separated list without blanks and empty elements (RFC 9110 5.6.1).
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Digits only: no sign, no blank, no underscore (RFC 9110 8.6).
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| match byte {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// `timeout=5` of a `Keep-Alive` field: how long the server will keep an idle connection.
fn timeout_secs(value: &[u8]) -> Option<u32> {
    let seconds = list(value).find_map(|parameter| match parameter.split_at_checked(8)? {
        (name, seconds) if name.eq_ignore_ascii_case(b"timeout=") => digits(seconds),
        _ => None,
    })?;
    Some(u32::try_from(seconds).unwrap_or(u32::MAX))
}

#[cold]
fn length_fault(known: Option<u64>, value: &[u8]) -> Box<str> {
    let value = String::from_utf8_lossy(&value[..value.len().min(64)]);
    match known {
        Some(known) => format!("Content-Length: {value} contradicts Content-Length: {known}").into(),
        None => format!("Content-Length: {value} is not a number").into(),
    }
}
