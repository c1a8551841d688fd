//! Where does a redirect lead, and what changes on the way? RFC 9110 15.4, with the liberties that Locust's two
//! clients take.
//!
//! What a maintainer must not break: whatever `Location` says, the outcome is a decision or a failure, never a panic.

use std::fmt::Write;

use katydid_stats::{Failure, FailureKind};
use url::Url;

/// Whose liberties to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Manner {
    /// As requests does: 302 and 303 turn every method but `HEAD` into `GET`, 301 turns `POST` into `GET`; the body
    /// stays behind unless the status is 307 or 308, also where the method stays.
    Requests,
    /// As the client under `FastHttpUser` does: 302 and 303 turn every method, even `HEAD`, into a `GET` without
    /// body; every other status keeps method and body.
    FastHttp,
}

/// Whether a body can be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// There is none.
    None,
    /// Bytes that are still there.
    Bytes,
    /// It was produced while it was sent and is gone.
    Once,
}

/// One request that was answered with a redirect.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a> {
    /// The method it was sent with.
    pub method: &'a str,
    /// Where it was sent.
    pub url: &'a Url,
    /// Its body.
    pub body: BodyKind,
    /// The answer's status.
    pub status: u16,
    /// The answer's `Location`, as received.
    pub location: &'a [u8],
}

/// The request to send next. What it does not mention stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Where to: an absolute `http` or `https` URL.
    pub url: Url,
    /// The method becomes `GET`.
    pub turns_to_get: bool,
    /// The body is sent again; otherwise it is left out together with the headers that describe it
    /// (`Content-Length`, `Content-Type`, `Transfer-Encoding`).
    pub keeps_body: bool,
    /// `Authorization` is meant for somebody else and left out (the rule of requests; [`strips_authorization`]).
    pub strips_authorization: bool,
}

/// What to send after `hop`; `None` where its answer is the last: another status, or nowhere to go.
///
/// # Errors
/// [`FailureKind::BadHeader`] where `Location` leads to no `http` or `https` URL, or the body would have to be sent
/// again and is gone.
pub fn next(hop: &Hop<'_>, manner: Manner) -> Result<Option<Next>, Failure> {
    if !is_redirect(hop.status) || hop.location.is_empty() {
        return Ok(None);
    }
    let keeps_body = keeps_body(hop.status, manner);
    if keeps_body && hop.body == BodyKind::Once {
        return Err(unusable("the body was produced while it was sent and cannot be sent again"));
    }
    let url = resolve(hop.url, hop.location)?;
    Ok(Some(Next {
        strips_authorization: strips_authorization(hop.url, &url),
        turns_to_get: turns_to_get(hop.method, hop.status, manner),
        keeps_body: keeps_body && hop.body != BodyKind::None,
        url,
    }))
}

/// Whether a `Location` beside this status is to be followed.
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The URL that `location` means, seen from `base` (RFC 3986 5, by the URL standard's parser). Without a fragment of
/// its own it inherits that of `base` (RFC 9110 10.2.2).
///
/// # Errors
/// [`FailureKind::BadHeader`] where that is no `http` or `https` URL with a host.
pub fn resolve(base: &Url, location: &[u8]) -> Result<Url, Failure> {
    let location = text_of(location);
    let mut url =
        base.join(&location).map_err(|error| unusable(&format!("{location:?} is no URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unusable(&format!("{location:?} is neither http nor https")));
    }
    if url.fragment().is_none_or(str::is_empty) {
        url.set_fragment(base.fragment());
    }
    Ok(url)
}

/// Whether `Authorization` must not travel from `old` to `new`: another host, or another port or scheme of it, except
/// from `http` to `https` where both are on their own ports.
pub fn strips_authorization(old: &Url, new: &Url) -> bool {
    if old.host() != new.host() {
        return true;
    }
    let is_upgrade =
        old.scheme() == "http" && new.scheme() == "https" && old.port().is_none() && new.port().is_none();
    !is_upgrade && (old.scheme() != new.scheme() || old.port() != new.port())
}

fn turns_to_get(method: &str, status: u16, manner: Manner) -> bool {
    match (manner, status) {
        (Manner::Requests, 302 | 303) => method != "HEAD",
        (Manner::Requests, 301) => method == "POST",
        (Manner::FastHttp, 302 | 303) => true,
        _ => false,
    }
}

fn keeps_body(status: u16, manner: Manner) -> bool {
    match manner {
        Manner::Requests => matches!(status, 307 | 308),
        Manner::FastHttp => !matches!(status, 302 | 303),
    }
}

/// UTF-8 as it is; in other text, bytes beyond ASCII are percent-encoded one by one.
fn text_of(location: &[u8]) -> String {
    std::str::from_utf8(location).map_or_else(|_| escaped(location), str::to_owned)
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn unusable(reason: &str) -> Failure {
    Failure::with_label(FailureKind::BadHeader, format!("the redirect cannot be followed: {reason}"))
}

#[cfg(test)]
mod tests;
