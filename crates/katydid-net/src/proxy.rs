//! How do we ask a proxy for a way, and when not at all? `CONNECT` requests and their answers, proxy URLs, `no_proxy`.
//!
//! What a maintainer must not break: everything here is a function of its arguments. The environment is read
//! elsewhere, and no input makes [`parse_answer`] panic.

use std::fmt;
use std::net::Ipv4Addr;

use katydid_stats::{Failure, FailureKind};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::exchange::{Origin, Proxy};

/// The longest head of a proxy's answer.
const HEAD_MAX: usize = 16 * 1024;

/// The most header fields in a proxy's answer.
const FIELDS_MAX: usize = 64;

/// The request for a tunnel to `host` and `port` (RFC 9110 9.3.6): authority form, IPv6 in brackets.
pub fn connect_request(host: &str, port: u16, authorization: Option<&str>) -> Vec<u8> {
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(value) = authorization {
        request.push_str("Proxy-Authorization: ");
        request.push_str(value);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request.into_bytes()
}

/// The status of a proxy's answer to `CONNECT`, or `None` while its head is not complete. Interim answers (1xx) are
/// passed over. A 2xx status opens the tunnel, any other is an ordinary answer (RFC 9110 9.3.6).
///
/// # Errors
/// What came is no HTTP/1 head, or one beyond 16 kB or 64 fields.
pub fn parse_answer(bytes: &[u8]) -> Result<Option<u16>, Failure> {
    let mut rest = bytes;
    loop {
        match parse_head(rest)? {
            Some((len, status)) if (100..200).contains(&status) => rest = &rest[len..],
            Some((_, status)) => return Ok(Some(status)),
            None if rest.len() > HEAD_MAX => return Err(FailureKind::HeadTooLong.into()),
            None => return Ok(None),
        }
    }
}

/// The length of the head and its status.
fn parse_head(bytes: &[u8]) -> Result<Option<(usize, u16)>, Failure> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut head = httparse::Response::new(&mut fields);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(len)) if len <= HEAD_MAX => Ok(head.code.map(|code| (len, code))),
        Ok(httparse::Status::Complete(_)) => Err(FailureKind::HeadTooLong.into()),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(FailureKind::TooManyHeaders.into()),
        Err(error) if head.code.is_some() => {
            Err(Failure::with_label(FailureKind::BadHeader, error.to_string()))
        }
        Err(_) => Err(Failure::with_label(FailureKind::BadStatusLine, first_line(bytes))),
    }
}

fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(&line[..line.len().min(200)]).trim_end().to_owned()
}

/// The value of `Authorization` or `Proxy-Authorization` for a name and a password (RFC 7617).
pub fn basic_authorization(user: &[u8], password: &[u8]) -> String {
    let credentials = [user, b":", password].concat();
    format!("Basic {}", base64(&credentials))
}

/// RFC 4648 section 4, padded.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let padded = [group[0], *group.get(1).unwrap_or(&0), *group.get(2).unwrap_or(&0)];
        let bits = u32::from_be_bytes([0, padded[0], padded[1], padded[2]]);
        for place in 0..4 {
            let sextet = (bits >> (18 - 6 * place)) & 63;
            text.push(if place <= group.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    text
}

/// Reads a proxy URL as requests does: `http://user:password@host:port`, where scheme, credentials and port may be
/// missing (`http`, none, the scheme's own port). Credentials are percent-decoded.
///
/// # Errors
/// The text is no URL of a host, or its scheme is neither `http` nor `https`.
pub fn parse_url(text: &str) -> Result<Proxy, BadProxy> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&with_scheme).map_err(|error| BadProxy::new(text, error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BadProxy::new(text, format!("its scheme is {}; use http or https", url.scheme())));
    }
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let origin = Origin {
        tls: url.scheme() == "https",
        host: host.into(),
        port: url.port_or_known_default().unwrap_or(80),
    };
    Ok(Proxy { origin, authorization: credentials(&url).map(Into::into) })
}

fn credentials(url: &Url) -> Option<String> {
    let password = url.password().unwrap_or_default();
    if url.username().is_empty() && password.is_empty() {
        return None;
    }
    let user: Vec<u8> = percent_decode_str(url.username()).collect();
    let password: Vec<u8> = percent_decode_str(password).collect();
    Some(basic_authorization(&user, &password))
}

/// A proxy URL that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadProxy {
    url: String,
    reason: String,
}

impl BadProxy {
    fn new(url: &str, reason: String) -> Self {
        Self { url: url.to_owned(), reason }
    }
}

impl fmt::Display for BadProxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot use the proxy {:?}: {}", self.url, self.reason)
    }
}

impl std::error::Error for BadProxy {}

/// Whether `host` is reached without a proxy under this `no_proxy` list, by the rules of requests.
///
/// `*` alone exempts every host. Otherwise an entry exempts the host of that name and all hosts below it, with or
/// without a dot in front; with a port, only where the URL names that port (`port`). For IPv4 hosts an entry may be
/// a network (`10.0.0.0/8`). Spaces and case do not matter.
///
/// # Examples
/// ```
/// use katydid_net::proxy::is_exempt;
///
/// assert!(is_exempt("api.shop.test", None, "localhost, shop.test"));
/// assert!(is_exempt("10.1.2.3", None, "10.0.0.0/8"));
/// assert!(!is_exempt("myshop.test", None, "shop.test"));
/// ```
pub fn is_exempt(host: &str, port: Option<u16>, no_proxy: &str) -> bool {
    if no_proxy.trim() == "*" {
        return true;
    }
    let host = host.to_ascii_lowercase();
    let address = host.parse::<Ipv4Addr>().ok();
    let with_port = port.filter(|_| address.is_none()).map(|port| format!("{host}:{port}"));
    let list = no_proxy.replace(' ', "").to_ascii_lowercase();
    list.split(',').any(|entry| {
        if let (Some(address), Some((network, mask))) = (address, parse_network(entry)) {
            return (u32::from(address) & mask) == (network & mask);
        }
        let name = entry.trim_start_matches('.');
        is_at_or_below(&host, name) || with_port.as_deref().is_some_and(|host| is_at_or_below(host, name))
    })
}

fn is_at_or_below(host: &str, name: &str) -> bool {
    !name.is_empty() && host.strip_suffix(name).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

/// A network in CIDR form and its mask; requests knows masks of 1 to 32 bits.
fn parse_network(entry: &str) -> Option<(u32, u32)> {
    let (address, bits) = entry.split_once('/')?;
    let bits: u32 = bits.parse().ok().filter(|bits| (1..=32).contains(bits))?;
    Some((address.parse::<Ipv4Addr>().ok()?.into(), u32::MAX << (32 - bits)))
}

#[cfg(test)]
mod tests;
