//! What does an ordinary request look like on the wire? Target, head and body as `requests` and `http.client` write them.

use pyo3::prelude::*;

use crate::call::{Argument, Call};
use crate::head::{self, write_length, write_line};
use crate::payload::{self, Payload, PayloadKind};
use crate::session::{Dress, Outfit};
use crate::site::{self, Site};

/// The request target of a call.
pub(super) struct Target<'a> {
    pub(super) prefix: &'a str,
    path: &'a str,
    /// Encoded parameters and the sign before them.
    pub(super) query: Option<(char, String)>,
}

impl Target<'_> {
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}{}", self.prefix, self.path);
        if let Some((sign, query)) = &self.query {
            text.push(*sign);
            text.push_str(query);
        }
        text
    }
}

/// The request target of an ordinary URL and ordinary parameters.
pub(super) fn target<'a>(site: &'a Site, url: &'a str, params: Argument<'_, '_>) -> Option<Target<'a>> {
    let (prefix, path) = if url.starts_with('/') { (&*site.prefix, url) } else { ("", site.path_of(url)?) };
    if !site::is_plain(path.as_bytes()) || path.ends_with('?') {
        return None;
    }
    let query = match params {
        None => None,
        Some(params) => {
            let encoded = payload::form_encode(params, true)?;
            let sign = if prefix.contains('?') || path.contains('?') { '&' } else { '?' };
            (!encoded.is_empty()).then_some((sign, encoded))
        }
    };
    Some(Target { prefix, path, query })
}

/// The body of a call; the inner `None`: it has none. `None`: Python has to make it.
#[inline]
pub(super) fn payload<'py>(call: &Call<'_, 'py>) -> Option<Option<Payload<'py>>> {
    if let Some(data) = call.data.filter(|data| data.is_truthy().unwrap_or(true)) {
        // `requests` sends an empty form in no piece at all, which is its own affair.
        let payload = payload::from_data(data, true)?;
        let is_empty_form = payload.kind == PayloadKind::Form && payload.content.bytes().ok()?.is_empty();
        return (!is_empty_form).then_some(Some(payload));
    }
    let Some(json) = call.json else { return Some(None) };
    let encode = payload::encoder(call.py(), true).ok()?;
    // What cannot be encoded fails again in `requests`, with its own exception.
    payload::from_json(json, encode).ok()?.map(Some)
}

/// Whether `http.client` would add or leave out no line of its own.
pub(super) fn is_usual(outfit: &Outfit, own: &[(&str, Option<&str>)]) -> bool {
    let is_removed =
        |name: &str| own.iter().any(|(known, value)| value.is_none() && known.eq_ignore_ascii_case(name));
    let has = |name: &str| (head::has(own, name) || outfit.dress.block.has(name)) && !is_removed(name);
    has("User-Agent")
        && has("Accept-Encoding")
        && !["Host", "Content-Length", "Transfer-Encoding", "Expect"].iter().any(|name| has(name))
}

/// The header fields of an ordinary request once more, below an empty first line. They are not kept: most requests
/// succeed, and nobody looks. `None` where the call's headers are no longer what they were.
#[cold]
pub(crate) fn head_again(
    dress: &Dress,
    method: &str,
    kind: Option<PayloadKind>,
    auth: Option<&str>,
    headers: Option<&Bound<'_, PyAny>>,
    payload: Option<&Bound<'_, PyAny>>,
) -> Option<Vec<u8>> {
    let own = head::own(headers)?;
    let own = head::lines(&own)?;
    let mut head = b" HTTP/1.1\r\n".to_vec();
    write_fields(&mut head, dress, method, &own, kind, payload.and_then(payload::length_of), auth);
    Some(head)
}

/// Writes the first line of a head.
pub(super) fn write_start(out: &mut Vec<u8>, method: &str, target: &Target<'_>) {
    for part in [method, " ", target.prefix, target.path] {
        out.extend_from_slice(part.as_bytes());
    }
    if let Some((sign, query)) = &target.query {
        out.push(*sign as u8);
        out.extend_from_slice(query.as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// Writes the rest of the head, in the order of `requests`.
pub(super) fn write_fields(
    out: &mut Vec<u8>,
    dress: &Dress,
    method: &str,
    own: &[(&str, Option<&str>)],
    kind: Option<PayloadKind>,
    length: Option<usize>,
    auth: Option<&str>,
) {
    write_line(out, "Host", &dress.site.host);
    dress.block.write(out, own);
    let has = |name: &str| head::has(own, name) || dress.block.has(name);
    if let Some(cookies) = dress.cookies.as_deref().filter(|_| !has("Cookie")) {
        write_line(out, "Cookie", cookies);
    }
    match length {
        Some(length) => write_length(out, "Content-Length", length),
        None if !matches!(method, "GET" | "HEAD") => write_length(out, "Content-Length", 0),
        None => {}
    }
    if let Some(content_type) = kind.and_then(content_type).filter(|_| !has("Content-Type")) {
        write_line(out, "Content-Type", content_type);
    }
    if let Some(auth) = auth {
        write_line(out, "Authorization", auth);
    }
    out.extend_from_slice(b"\r\n");
}

/// The media type that `requests` announces for a body.
pub(super) fn content_type(kind: PayloadKind) -> Option<&'static str> {
    match kind {
        PayloadKind::Form => Some("application/x-www-form-urlencoded"),
        PayloadKind::Json => Some("application/json"),
        PayloadKind::Text | PayloadKind::Bytes => None,
    }
}
