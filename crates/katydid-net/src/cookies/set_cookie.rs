//! What does a `Set-Cookie` value say? RFC 6265 5.2, forgiving as the RFC wants it.

use std::time::{Duration, SystemTime};

use super::date::parse_date;

/// Name and value beyond this many bytes together are ignored, as browsers do.
const PAIR_MAX: usize = 4096;

/// One `Set-Cookie` value, taken apart. Of attributes that repeat, the last counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetCookie {
    /// Name; never empty.
    pub name: String,
    /// Value, quotes and all.
    pub value: String,
    /// `Domain` in lower case without a leading dot.
    pub domain: Option<String>,
    /// `Path`, if it begins with a slash.
    pub path: Option<String>,
    /// `Secure`.
    pub is_secure: bool,
    /// `Expires`.
    pub expires: Option<SystemTime>,
    /// `Max-Age` in seconds; zero or less deletes.
    pub max_age: Option<i64>,
}

impl SetCookie {
    /// When the cookie ends, if it ends; `Max-Age` goes before `Expires` (RFC 6265 5.3 step 3).
    pub fn expiry(&self, now: SystemTime) -> Option<SystemTime> {
        match self.max_age {
            None => self.expires,
            Some(seconds) => match u64::try_from(seconds) {
                Ok(seconds) if seconds > 0 => now.checked_add(Duration::from_secs(seconds)),
                _ => Some(SystemTime::UNIX_EPOCH),
            },
        }
    }
}

/// Reads a `Set-Cookie` value; `None` where it has no name, holds control characters, or is too long. Bytes that are
/// no UTF-8 are replaced.
pub fn parse(bytes: &[u8]) -> Option<SetCookie> {
    let text = String::from_utf8_lossy(bytes);
    if text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return None;
    }
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || name.len() + value.len() > PAIR_MAX {
        return None;
    }
    let mut cookie = SetCookie { name: name.to_owned(), value: value.to_owned(), ..SetCookie::default() };
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        cookie.set(name.trim(), value.trim());
    }
    Some(cookie)
}

impl SetCookie {
    fn set(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "expires" => self.expires = parse_date(value).or(self.expires),
            "max-age" => self.max_age = parse_max_age(value).or(self.max_age),
            "domain" => {
                let domain = value.strip_prefix('.').unwrap_or(value);
                self.domain = (!domain.is_empty()).then(|| domain.to_ascii_lowercase());
            }
            "path" => self.path = value.starts_with('/').then(|| value.to_owned()),
            "secure" => self.is_secure = true,
            _ => {}
        }
    }
}

/// RFC 6265 5.2.2: digits, perhaps after a minus; a number beyond all bounds is the bound.
fn parse_max_age(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(value.parse().unwrap_or(if value.starts_with('-') { i64::MIN } else { i64::MAX }))
}
