//! Is the head of the answer complete, and what does it say?
//!
//! Two readers, one meaning. Well-formed heads up to [`EAGER_BYTES`], which is all heads on a good day, are read
//! by `httparse` in one pass without allocation. Everything else takes the tolerant reader of [`fields`],
//! which decides about all faults. A maintainer must keep that order of authority: the quick reader may only accept.
//!
//! [`parse_head`] keeps no state between calls. Reading again after more bytes came costs at most `EAGER_BYTES` in
//! the quick reader and two `memchr` passes over the rest, so a head that drips in byte by byte stays cheap.

use std::mem::MaybeUninit;

use katydid_stats::{Failure, FailureKind};
use memchr::memchr;

use super::fields::{Fields, StatusLine, skip_empty_lines, split_first_line, starts_with_empty_line};
use super::framing::{Framing, Traits};
use crate::coding::Coding;

/// Longer heads go to the tolerant reader.
const EAGER_BYTES: usize = 4096;

/// Fields that the quick reader has room for; heads with more go to the tolerant reader.
const EAGER_FIELDS: usize = 64;

/// Longest bad status line that a failure shows.
const LABEL_BYTES: usize = 512;

/// How much head an answer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes from the status line to the empty line. Default 64 KiB.
    pub head_bytes: usize,
    /// Header fields. Default 100, near where Python's `http.client` gives up (it counts the empty line too).
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head_bytes: 64 * 1024, headers: 100 }
    }
}

/// What the head of an answer says.
#[derive(Clone, Debug)]
pub struct Head {
    /// Length in bytes, empty line included; the body starts there.
    pub len: usize,
    /// Status code, 100 to 999.
    pub status: u16,
    /// 0 for HTTP/1.0, else 1.
    pub minor_version: u8,
    /// Where the body ends.
    pub framing: Framing,
    /// Whether the connection may serve another exchange once this answer is complete.
    pub keep_alive: bool,
    /// The coding of the body: content codings and transfer codings other than `chunked`. Unknown ones are left
    /// out: their bytes are handed out as they are.
    pub coding: Coding,
    /// The answer has at least one `Set-Cookie`.
    pub has_cookies: bool,
    /// The answer has a `Location`.
    pub has_location: bool,
    /// An interim answer (1xx): the final one follows. 101 is final, the connection then speaks another protocol.
    pub is_interim: bool,
    /// Seconds that the server says it keeps an idle connection (`Keep-Alive: timeout=5`).
    pub keep_alive_timeout: Option<u32>,
}

/// Reads the head of an answer from the start of `input`, which may hold more. `None`: more bytes are needed.
///
/// Empty lines before the status line are passed over and belong to the head's length.
///
/// # Errors
/// - [`FailureKind::BadStatusLine`] with the line as received (Latin-1, at most 512 bytes), as soon as it is known;
///   a line that cannot become a status line is not waited for.
/// - [`FailureKind::BadHeader`] if the body's length is malformed or contradicts itself (RFC 9112 6.3, item 5).
/// - [`FailureKind::HeadTooLong`], [`FailureKind::TooManyHeaders`] at the `limits`, before the head is complete.
pub fn parse_head(input: &[u8], request_is_head: bool, limits: &Limits) -> Result<Option<Head>, Failure> {
    let window = &input[..input.len().min(limits.head_bytes)];
    let eager = &window[..window.len().min(EAGER_BYTES)];
    let head = match read_quickly(eager, request_is_head, limits) {
        Quick::Done(head) => return head.map(Some),
        Quick::Partial if eager.len() == input.len() => None,
        Quick::Partial | Quick::Refused => read_tolerantly(window, request_is_head, limits)?,
    };
    if head.is_none() && input.len() >= limits.head_bytes {
        return Err(FailureKind::HeadTooLong.into());
    }
    Ok(head)
}

enum Quick {
    Done(Result<Head, Failure>),
    Partial,
    Refused,
}

fn read_quickly(input: &[u8], request_is_head: bool, limits: &Limits) -> Quick {
    let mut config = httparse::ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    let mut room = [const { MaybeUninit::uninit() }; EAGER_FIELDS];
    let room = &mut room[..limits.headers.min(EAGER_FIELDS)];
    let mut response = httparse::Response::new(&mut []);
    let len = match config.parse_response_with_uninit_headers(&mut response, input, room) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Quick::Partial,
        Err(_) => return Quick::Refused,
    };
    let (Some(status @ 100..), Some(minor_version)) = (response.code, response.version) else {
        return Quick::Refused;
    };
    let mut traits = Traits::default();
    for field in response.headers.iter() {
        traits.note(field.name.as_bytes(), field.value);
    }
    Quick::Done(traits.conclude(len, status, minor_version, request_is_head))
}

#[cold]
fn read_tolerantly(input: &[u8], request_is_head: bool, limits: &Limits) -> Result<Option<Head>, Failure> {
    let message = skip_empty_lines(input);
    let (line, fields) = split_first_line(message);
    if !line.ends_with(b"\n") && may_become_status_line(line) {
        return Ok(None);
    }
    let Some(status) = StatusLine::parse(line) else {
        return Err(Failure::with_label(FailureKind::BadStatusLine, latin1(line)));
    };
    let Some(fields_len) = section_len(fields, limits.headers)? else { return Ok(None) };
    let mut traits = Traits::default();
    for (name, value) in Fields::new(fields) {
        traits.note(name, value);
    }
    let len = input.len() - fields.len() + fields_len;
    traits.conclude(len, status.status, status.minor_version, request_is_head).map(Some)
}

/// Whether an incomplete first line still has the beginning of a status line.
fn may_become_status_line(line: &[u8]) -> bool {
    const PREFIX: &[u8] = b"HTTP/";
    let line = line.trim_ascii_start();
    let common = line.len().min(PREFIX.len());
    line[..common] == PREFIX[..common]
}

/// Length of a section of field lines, its empty line included; `None` while that has not come.
///
/// # Errors
/// [`FailureKind::TooManyHeaders`] above `fields_max` lines; folded lines do not count.
pub(super) fn section_len(section: &[u8], fields_max: usize) -> Result<Option<usize>, Failure> {
    let mut fields = 0;
    let mut start = 0;
    loop {
        let rest = &section[start..];
        if starts_with_empty_line(rest) {
            let line_end = if rest[0] == b'\n' { 1 } else { 2 };
            return Ok(Some(start + line_end));
        }
        let Some(newline) = memchr(b'\n', rest) else { return Ok(None) };
        fields += usize::from(!matches!(rest[0], b' ' | b'\t'));
        if fields > fields_max {
            return Err(FailureKind::TooManyHeaders.into());
        }
        start += newline + 1;
    }
}

/// As `http.client` shows it: every byte is a character.
fn latin1(line: &[u8]) -> String {
    line.iter().take(LABEL_BYTES).map(|byte| char::from(*byte)).collect()
}
