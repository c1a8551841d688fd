//! Which cookies go with a request? A jar for one user, by RFC 6265, with the time passed in.
//!
//! What a maintainer must not break: a cookie is sent only to the hosts and paths it was set for. There is no list
//! of public suffixes; instead, a `Domain` without a dot counts only for the host of that very name.

mod date;
mod set_cookie;

use std::net::IpAddr;
use std::time::SystemTime;

use url::Url;

pub use date::parse_date;
pub use set_cookie::{SetCookie, parse};

/// At most this many cookies are kept; the oldest goes first. Thousands of users have a jar each.
pub const COOKIES_MAX: usize = 300;

/// Where a request goes, as far as cookies care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Whether the connection is TLS.
    pub is_secure: bool,
    /// The host in lower case, an IPv6 address with or without brackets.
    pub host: &'a str,
    /// The path, with or without a query.
    pub path: &'a str,
}

impl<'a> From<&'a Url> for Target<'a> {
    fn from(url: &'a Url) -> Self {
        Self {
            is_secure: url.scheme() == "https",
            host: url.host_str().unwrap_or_default(),
            path: url.path(),
        }
    }
}

impl<'a> Target<'a> {
    fn path_alone(&self) -> &'a str {
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        if path.starts_with('/') { path } else { "/" }
    }

    /// The path that a cookie without one gets (RFC 6265 5.1.4): up to the last slash, without it.
    fn default_path(&self) -> &'a str {
        match self.path_alone().rfind('/') {
            None | Some(0) => "/",
            Some(last) => &self.path_alone()[..last],
        }
    }
}

/// The cookies of one user.
///
/// # Examples
/// ```
/// use std::time::SystemTime;
///
/// use katydid_net::cookies::{CookieJar, Target};
///
/// let now = SystemTime::now();
/// let mut jar = CookieJar::default();
/// let login = Target { is_secure: false, host: "shop.test", path: "/login" };
/// jar.store(b"session=7; Path=/; Max-Age=60", login, now);
/// let cart = Target { path: "/cart", ..login };
/// assert_eq!(jar.header(cart, now).as_deref(), Some("session=7"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CookieJar {
    /// In the order in which they were first set.
    cookies: Vec<Cookie>,
}

#[derive(Clone, Debug)]
struct Cookie {
    name: Box<str>,
    value: Box<str>,
    /// The host that set it, or the `Domain` it asked for.
    domain: Box<str>,
    is_host_only: bool,
    path: Box<str>,
    is_secure: bool,
    /// `None` lasts as long as the jar.
    expires: Option<SystemTime>,
}

impl CookieJar {
    /// Keeps the cookie of one `Set-Cookie` value that came from `target` (RFC 6265 5.3). A malformed one, or one for
    /// another domain, is ignored; one that is out of date deletes its predecessor.
    pub fn store(&mut self, set_cookie: &[u8], target: Target<'_>, now: SystemTime) {
        let Some(cookie) = parse(set_cookie).and_then(|parsed| Cookie::new(&parsed, target, now)) else {
            return;
        };
        let known = self.cookies.iter().position(|other| other.is_same(&cookie));
        match (known, cookie.is_alive(now)) {
            (Some(index), true) => self.cookies[index] = cookie,
            (Some(index), false) => drop(self.cookies.remove(index)),
            (None, true) => self.add(cookie, now),
            (None, false) => {}
        }
    }

    /// The value of `Cookie` for a request to `target` (RFC 6265 5.4), longest path first; `None` without any.
    pub fn header(&self, target: Target<'_>, now: SystemTime) -> Option<String> {
        if self.cookies.is_empty() {
            return None;
        }
        let mut matching: Vec<&Cookie> =
            self.cookies.iter().filter(|cookie| cookie.is_alive(now) && cookie.goes_to(target)).collect();
        matching.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> =
            matching.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// How many cookies are kept, also such as are out of date by now.
    pub fn len(&self) -> usize {
        self.cookies.len()
    }

    /// Whether no cookie is kept.
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    /// Forgets every cookie.
    pub fn clear(&mut self) {
        self.cookies.clear();
    }

    fn add(&mut self, cookie: Cookie, now: SystemTime) {
        if self.cookies.len() >= COOKIES_MAX {
            self.cookies.retain(|cookie| cookie.is_alive(now));
        }
        if self.cookies.len() >= COOKIES_MAX {
            self.cookies.remove(0);
        }
        self.cookies.push(cookie);
    }
}

impl Cookie {
    fn new(parsed: &SetCookie, target: Target<'_>, now: SystemTime) -> Option<Self> {
        let host = bare_host(target.host);
        let domain = parsed.domain.as_deref();
        if domain.is_some_and(|domain| !may_set(host, domain)) {
            return None;
        }
        Some(Self {
            name: parsed.name.as_str().into(),
            value: parsed.value.as_str().into(),
            domain: domain.map_or_else(|| host.to_ascii_lowercase(), str::to_owned).into(),
            is_host_only: domain.is_none(),
            path: parsed.path.as_deref().unwrap_or_else(|| target.default_path()).into(),
            is_secure: parsed.is_secure,
            expires: parsed.expiry(now),
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.domain == other.domain && self.path == other.path
    }

    fn is_alive(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    fn goes_to(&self, target: Target<'_>) -> bool {
        let host = bare_host(target.host);
        let is_host = host.eq_ignore_ascii_case(&self.domain)
            || (!self.is_host_only && domain_matches(host, &self.domain));
        is_host && (target.is_secure || !self.is_secure) && path_matches(target.path_alone(), &self.path)
    }
}

fn bare_host(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// Whether `host` may set cookies for `domain`: its own name, or a parent with a dot in it.
fn may_set(host: &str, domain: &str) -> bool {
    host.eq_ignore_ascii_case(domain) || (domain.contains('.') && domain_matches(host, domain))
}

/// RFC 6265 5.1.3: equal, or below; an address is below nothing. `domain` is in lower case.
fn domain_matches(host: &str, domain: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host.strip_suffix(domain)
        .is_some_and(|front| front.is_empty() || (front.ends_with('.') && host.parse::<IpAddr>().is_err()))
}

/// RFC 6265 5.1.4: equal, or below at a slash.
fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
