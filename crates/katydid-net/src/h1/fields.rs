//! Which lines does a head have? Status line and fields as received: order, case and duplicates kept.
//!
//! This is the tolerant reader. It takes whatever Python's `http.client` takes (bare LF as line end, obs-fold,
//! any bytes in a value, odd characters in a name) and passes over lines that are no field at all.
//! A maintainer must keep it in step with `httparse`: what that accepts, this reads to the same fields.

use memchr::memchr;

/// The fields of a head that [`parse_head`](super::parse_head) accepted, in the order received.
///
/// A value is trimmed at both ends. One that the server folded over several lines (obs-fold, RFC 9112 5.2) keeps
/// its inner line breaks, as `http.client` hands it out.
///
/// # Examples
/// ```
/// let head = b"HTTP/1.1 200 OK\r\nX-Trace: 7\r\nset-cookie: a=b\r\n\r\n";
/// let fields: Vec<_> = katydid_net::h1::headers(head).collect();
/// assert_eq!(fields, [(&b"X-Trace"[..], &b"7"[..]), (b"set-cookie", b"a=b")]);
/// ```
pub fn headers(head: &[u8]) -> Fields<'_> {
    let (_, fields) = split_first_line(skip_empty_lines(head));
    Fields::new(fields)
}

/// The reason phrase of a head, trimmed; empty where the server sent none.
pub fn reason(head: &[u8]) -> &[u8] {
    let (line, _) = split_first_line(skip_empty_lines(head));
    StatusLine::parse(line).map_or(b"", |status| status.reason)
}

/// Iterator over the fields of a head or of a trailer section.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads field lines from the start of `section` until its empty line or its end.
    pub fn new(section: &'a [u8]) -> Self {
        Self { rest: section }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() || starts_with_empty_line(self.rest) {
                return None;
            }
            let (line, rest) = split_field_line(self.rest);
            self.rest = rest;
            if let Some(field) = split_field(line) {
                return Some(field);
            }
        }
    }
}

/// A status line, read as `http.client` reads it: parted by white space, of which there may be too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StatusLine<'a> {
    pub(super) minor_version: u8,
    pub(super) status: u16,
    pub(super) reason: &'a [u8],
}

impl<'a> StatusLine<'a> {
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let (version, rest) = split_word(line);
        let (code, reason) = split_word(rest);
        Some(Self {
            minor_version: minor_version(version)?,
            status: status(code)?,
            reason: reason.trim_ascii(),
        })
    }
}

/// RFC 9110 2.5: a higher minor version is read as the highest one known.
fn minor_version(version: &[u8]) -> Option<u8> {
    match version {
        b"HTTP/1.0" | b"HTTP/0.9" => Some(0),
        _ if version.starts_with(b"HTTP/1.") => Some(1),
        _ => None,
    }
}

/// RFC 9112 4: three digits, and RFC 9110 15 leaves those below 100 without a meaning.
fn status(code: &[u8]) -> Option<u16> {
    let [hundreds @ b'1'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = code else { return None };
    let digit = |byte: &u8| u16::from(byte - b'0');
    Some(digit(hundreds) * 100 + digit(tens) * 10 + digit(ones))
}

/// RFC 9112 2.2: empty lines before a message are passed over.
pub(super) fn skip_empty_lines(mut input: &[u8]) -> &[u8] {
    while starts_with_empty_line(input) {
        input = split_first_line(input).1;
    }
    input
}

pub(super) fn starts_with_empty_line(input: &[u8]) -> bool {
    matches!(input, [b'\n', ..] | [b'\r', b'\n', ..])
}

/// The first line with its line end, and what follows. A last line may lack the line end.
pub(super) fn split_first_line(input: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr(b'\n', input).map_or(input.len(), |at| at + 1);
    input.split_at(end)
}

/// A field line with the lines folded under it, and what follows.
fn split_field_line(input: &[u8]) -> (&[u8], &[u8]) {
    let mut end = split_first_line(input).0.len();
    while matches!(input.get(end), Some(b' ' | b'\t')) {
        end += split_first_line(&input[end..]).0.len();
    }
    input.split_at(end)
}

/// Name and value; `None` for a line that is no field: without a colon or a name, or indented.
fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && !name[0].is_ascii_whitespace() && !name.contains(&b'\n');
    is_name.then(|| (name, trim(&line[colon + 1..])))
}

/// Without the blanks and line ends around a value.
fn trim(mut value: &[u8]) -> &[u8] {
    const BLANKS: [u8; 4] = *b" \t\r\n";
    while let [first, rest @ ..] = value
        && BLANKS.contains(first)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && BLANKS.contains(last)
    {
        value = rest;
    }
    value
}

fn split_word(input: &[u8]) -> (&[u8], &[u8]) {
    let input = input.trim_ascii_start();
    let end = input.iter().position(u8::is_ascii_whitespace).unwrap_or(input.len());
    input.split_at(end)
}
