//! The head of a request: a block of header lines that is built once, and what a call changes in it.
//!
//! What a maintainer must not break: names, order and case on the wire are those of the client that is reproduced,
//! and no value reaches the wire that could end its line.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyDictMethods};

use crate::call::text;

/// The session's own header lines, ready for the wire.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The version of the session's headers that this was built from.
    pub(crate) version: u64,
    lines: Vec<(Box<str>, Box<str>)>,
    bytes: Vec<u8>,
}

impl Block {
    /// Builds the block from a mapping's `items()`; `None` if some value needs Python's judgement.
    pub(crate) fn build(headers: &Bound<'_, PyAny>, version: u64) -> PyResult<Option<Self>> {
        let mut block = Self { version, ..Self::default() };
        for item in headers.call_method0("items")?.try_iter()? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item?.extract()?;
            let (Some(name), Some(value)) = (text(&name), text(&value)) else { return Ok(None) };
            if !is_sendable(name, value) {
                return Ok(None);
            }
            write_line(&mut block.bytes, name, value);
            block.lines.push((name.into(), value.into()));
        }
        Ok(Some(block))
    }

    /// Writes the block with `own` lines in place of those of the same name, and after them the rest of `own`. An own
    /// line without a value removes the session's.
    pub(crate) fn write(&self, out: &mut Vec<u8>, own: &[(&str, Option<&str>)]) {
        if own.is_empty() {
            out.extend_from_slice(&self.bytes);
            return;
        }
        for (name, value) in &self.lines {
            match own.iter().rfind(|(own, _)| own.eq_ignore_ascii_case(name)) {
                None => write_line(out, name, value),
                Some((own, Some(value))) => write_line(out, own, value),
                Some((_, None)) => {}
            }
        }
        for (index, (name, value)) in own.iter().enumerate() {
            let is_same = |other: &str| other.eq_ignore_ascii_case(name);
            let is_written = self.lines.iter().any(|(known, _)| is_same(known));
            let is_repeated = own[..index].iter().any(|(earlier, _)| is_same(earlier));
            if is_written || is_repeated {
                continue;
            }
            // The last of several spellings counts, at the place of the first.
            if let Some((name, Some(value))) = own.iter().rfind(|(other, _)| is_same(other)) {
                write_line(out, name, value);
            }
            let _ = value;
        }
    }

    /// Whether the session sends a header of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

/// The lines of a call's `headers` argument: names and values (`None` removes) as Python objects.
pub(crate) type Own<'py> = Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>;

/// Takes an ordinary dictionary of headers apart; `None` if Python has to judge it.
pub(crate) fn own<'py>(headers: Option<&Bound<'py, PyAny>>) -> Option<Own<'py>> {
    match headers {
        None => Some(Vec::new()),
        Some(headers) => Some(headers.cast_exact::<PyDict>().ok()?.iter().collect()),
    }
}

/// The same as text; `None` if a line is not plain.
pub(crate) fn lines<'a>(own: &'a Own<'_>) -> Option<Vec<(&'a str, Option<&'a str>)>> {
    let line = |(name, value): &'a (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        let name = text(name)?;
        if value.is_none() {
            return is_sendable(name, "").then_some((name, None));
        }
        let value = text(value)?;
        is_sendable(name, value).then_some((name, Some(value)))
    };
    own.iter().map(line).collect()
}

/// Whether a line of this name is among `lines`.
pub(crate) fn has(lines: &[(&str, Option<&str>)], name: &str) -> bool {
    lines.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// Whether name and value can be sent as they are: a token, and visible ASCII without a blank in front.
pub(crate) fn is_sendable(name: &str, value: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_visible = |byte: u8| matches!(byte, 0x20..=0x7e);
    !name.is_empty()
        && name.bytes().all(is_token)
        && value.bytes().all(is_visible)
        && !value.starts_with(' ')
        && !value.ends_with(' ')
}

/// Appends `name: value`.
#[inline]
pub(crate) fn write_line(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends `name: number`.
#[inline]
pub(crate) fn write_length(out: &mut Vec<u8>, name: &str, length: usize) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = length;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(&digits[at..]);
    out.extend_from_slice(b"\r\n");
}
