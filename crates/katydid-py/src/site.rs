//! Where does a call go? A base URL taken apart once, and the test whether a path can be sent as it stands.
//!
//! What a maintainer must not break: whatever this module accepts must come out exactly as `requests` and
//! geventhttpclient would send it. Anything doubtful (escapes, dot segments, fragments, other alphabets) is refused,
//! and Python deals with it.

use katydid_net::Origin;

/// A server and the path below which a session's calls go.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) origin: Origin,
    /// Value of `Host` (RFC 9110 7.2): the port only where it is not the scheme's own.
    pub(crate) host: Box<str>,
    /// Scheme and authority as they were written.
    pub(crate) root: Box<str>,
    /// Put before every path.
    pub(crate) prefix: Box<str>,
}

impl Site {
    /// Takes an ordinary `http` or `https` URL apart; `None` where it is not ordinary.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (tls, rest) = match url.strip_prefix("http://") {
            Some(rest) => (false, rest),
            None => (true, url.strip_prefix("https://")?),
        };
        let authority_len = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_len);
        let default_port = if tls { 443 } else { 80 };
        let (host, port) = split_authority(authority, default_port)?;
        if !is_plain(path.as_bytes()) {
            return None;
        }
        let bare = host.strip_prefix('[').map_or(host, |inner| inner.trim_end_matches(']'));
        Some(Self {
            origin: Origin { tls, host: bare.into(), port },
            host: if port == default_port { host.into() } else { authority.into() },
            root: url[..url.len() - path.len()].into(),
            prefix: path.into(),
        })
    }

    /// The path of `url` if it is an absolute URL of this site's server.
    pub(crate) fn path_of<'u>(&self, url: &'u str) -> Option<&'u str> {
        url.strip_prefix(&*self.root).filter(|path| path.starts_with('/'))
    }
}

/// Whether `url` is absolute, as Locust decides it.
pub(crate) fn is_absolute(url: &str) -> bool {
    let starts = |scheme: &[u8]| {
        url.len() >= scheme.len() && url.as_bytes()[..scheme.len()].eq_ignore_ascii_case(scheme)
    };
    starts(b"http://") || starts(b"https://")
}

fn split_authority(authority: &str, default_port: u16) -> Option<(&str, u16)> {
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => (&authority[..colon], Some(&authority[colon + 1..])),
        _ => (authority, None),
    };
    let port = match port {
        None => default_port,
        Some(digits) if digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            return None;
        }
        Some(digits) => digits.parse().ok()?,
    };
    let is_name = |host: &str| {
        host.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
    };
    let is_literal = |host: &str| {
        host.starts_with('[')
            && host.ends_with(']')
            && host[1..host.len() - 1]
                .bytes()
                .all(|byte| byte == b':' || matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    (!host.is_empty() && (is_name(host) || is_literal(host))).then_some((host, port))
}

/// Whether every byte may stand in a path and query as it is.
pub(crate) fn is_plain(path: &[u8]) -> bool {
    path.iter().all(|byte| PLAIN[*byte as usize]) && !has_dot_segment(path)
}

/// Unreserved characters and delimiters that no client re-encodes in a path or query.
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,/:;=?@";
    let mut index = 0;
    while index < plain.len() {
        table[plain[index] as usize] = true;
        index += 1;
    }
    table
};

/// Whether a segment of the path may be `.` or `..`, which `requests` resolves.
fn has_dot_segment(path: &[u8]) -> bool {
    path.windows(2).any(|pair| pair == b"/.")
}
