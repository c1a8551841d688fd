//! What goes onto the wire: request heads and chunks.
//!
//! Header order and case are the caller's. The one thing refused is a request that would be read as another one:
//! line breaks, NUL and blanks where they would start a new line or a new word.

use std::fmt;

use memchr::memchr3;

/// A part of a request head that cannot be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeader {
    part: Part,
    text: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Method,
    Target,
    Name,
    Value,
}

impl InvalidHeader {
    #[cold]
    fn new(part: Part, text: &[u8]) -> Self {
        Self { part, text: String::from_utf8_lossy(text).into() }
    }

    /// Whether the method is at fault.
    pub fn is_method(&self) -> bool {
        self.part == Part::Method
    }

    /// Whether the request target (path and query) is at fault.
    pub fn is_target(&self) -> bool {
        self.part == Part::Target
    }

    /// Whether a header field's name is at fault.
    pub fn is_name(&self) -> bool {
        self.part == Part::Name
    }

    /// Whether a header field's value is at fault.
    pub fn is_value(&self) -> bool {
        self.part == Part::Value
    }
}

impl fmt::Display for InvalidHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        match self.part {
            Part::Method => write!(f, "method {text:?} is not a word; use letters, digits or hyphens"),
            Part::Target => {
                write!(f, "target {text:?} is empty or has a blank or control character; percent-encode it")
            }
            Part::Name => {
                write!(f, "header name {text:?} is empty or has a colon, blank or control character")
            }
            Part::Value => write!(f, "value of header {text:?} has a line break or NUL; remove it"),
        }
    }
}

impl std::error::Error for InvalidHeader {}

/// Appends request line, header lines and the empty line to `out`, order and case as given.
///
/// # Examples
/// ```
/// let mut out = Vec::new();
/// let headers = [(&b"Host"[..], &b"localhost"[..])];
/// katydid_net::h1::encode_head(&mut out, b"GET", b"/", headers.into_iter()).unwrap();
/// assert_eq!(out, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
/// ```
///
/// # Errors
/// [`InvalidHeader`] if a part would change the shape of the request; `out` is then as it was.
pub fn encode_head<'a>(
    out: &mut Vec<u8>,
    method: &[u8],
    target: &[u8],
    headers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<(), InvalidHeader> {
    let start = out.len();
    let encoded = encode_lines(out, method, target, headers);
    if encoded.is_err() {
        out.truncate(start);
    }
    encoded
}

fn encode_lines<'a>(
    out: &mut Vec<u8>,
    method: &[u8],
    target: &[u8],
    headers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<(), InvalidHeader> {
    if !is_word(method) {
        return Err(InvalidHeader::new(Part::Method, method));
    }
    if !is_word(target) {
        return Err(InvalidHeader::new(Part::Target, target));
    }
    append(out, [method, b" ", target, b" HTTP/1.1\r\n"]);
    for (name, value) in headers {
        if !is_word(name) || name.contains(&b':') {
            return Err(InvalidHeader::new(Part::Name, name));
        }
        if memchr3(b'\r', b'\n', 0, value).is_some() {
            return Err(InvalidHeader::new(Part::Value, name));
        }
        append(out, [name, b": ", value, b"\r\n"]);
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Appends one chunk (RFC 9112 7.1). An empty piece appends nothing: an empty chunk would end the body.
pub fn encode_chunk(out: &mut Vec<u8>, piece: &[u8]) {
    if piece.is_empty() {
        return;
    }
    let digits = hex(piece.len());
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    append(out, [&digits[leading..], b"\r\n", piece, b"\r\n"]);
}

/// Appends the last chunk and an empty trailer section.
pub fn encode_last_chunk(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n\r\n");
}

/// Not empty, without blanks and control characters.
fn is_word(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| *byte > b' ' && *byte != 0x7f)
}

fn append<const N: usize>(out: &mut Vec<u8>, parts: [&[u8]; N]) {
    out.reserve(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn hex(number: usize) -> [u8; 16] {
    let mut digits = [b'0'; 16];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[rest & 15];
        rest >>= 4;
    }
    digits
}
