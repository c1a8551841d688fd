//! Who makes the browser send this request: our page, its user, or a page of somebody else?
//!
//! Two attacks are refused here. *Rebinding*: a foreign page whose name was pointed at this machine reads as if it were
//! ours; it gives itself away by the name in `Host`. *Forgery*: a foreign page has the browser start or stop a run; it
//! gives itself away by `Sec-Fetch-Site`, `Origin` or `Referer`. Programs send none of these and are let through.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, HeaderName, ORIGIN, REFERER, USER_AGENT};

use crate::Settings;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Endings of names that nobody can register for the whole world.
const PRIVATE_ENDINGS: [&str; 5] = [".localhost", ".local", ".internal", ".test", ".home.arpa"];

/// The names by which the server may be called.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    allowed: Vec<String>,
    is_any_allowed: bool,
    is_loopback: bool,
}

impl Names {
    pub(crate) fn of(settings: &Settings) -> Self {
        let mut allowed: Vec<String> =
            settings.allowed_hosts.iter().map(|name| name.to_lowercase()).collect();
        allowed.push(settings.host.to_lowercase());
        // Whoever has to show a password gains nothing by rebinding: the browser keeps it for the real name.
        let is_any_allowed =
            settings.asks_for_credentials() || settings.allowed_hosts.iter().any(|name| name == "*");
        let address = settings.host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_loopback = settings.host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        Self { allowed, is_any_allowed, is_loopback }
    }

    /// May a request come with this `Host`?
    pub(crate) fn are_fine_with(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        host.to_str().is_ok_and(|host| self.is_allowed(host))
    }

    fn is_allowed(&self, host: &str) -> bool {
        let Some(name) = name_of(host) else { return false };
        let name = name.to_lowercase();
        let name = name.trim_end_matches('.');
        if self.is_any_allowed || self.allowed.iter().any(|known| known == name) {
            return true;
        }
        // An address in numbers cannot be rebound, and `localhost` cannot be registered.
        if is_address(name) || name == "localhost" || name.ends_with(".localhost") {
            return true;
        }
        // In a network of containers the server goes by a name without a dot.
        !self.is_loopback && (!name.contains('.') || PRIVATE_ENDINGS.iter().any(|end| name.ends_with(end)))
    }
}

/// The host without its port; `None` for what is not a host.
fn name_of(host: &str) -> Option<&str> {
    if let Some(rest) = host.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        return (port.is_empty() || is_port(port)).then_some(address);
    }
    let (name, port) = host.find(':').map_or((host, ""), |colon| host.split_at(colon));
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    (is_name && (port.is_empty() || is_port(port))).then_some(name)
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_address(name: &str) -> bool {
    name.parse::<IpAddr>().is_ok()
}

/// May this request change the run?
pub(crate) fn may_change(headers: &HeaderMap, is_get: bool) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(HOST).unwrap_or_default();
    let is_ours = |url: &str| is_same_origin(url, host);
    if let Some(site) = text(SEC_FETCH_SITE)
        && !matches!(site, "same-origin" | "none")
    {
        return false;
    }
    if let Some(origin) = text(ORIGIN) {
        return is_ours(origin);
    }
    if let Some(referer) = text(REFERER) {
        return is_ours(referer);
    }
    // To an address without TLS a browser may send none of the three: for a picture on a foreign page that wishes so.
    let is_browser = text(USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla/"));
    !(is_get && is_browser && !headers.contains_key(SEC_FETCH_SITE))
}

/// Is the URL at this host and port? The scheme is left out: in front of the server there may be one that speaks TLS.
fn is_same_origin(url: &str, host: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    if !matches!(scheme, "http" | "https") {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let without_default = |text: &str| {
        let text = text.to_lowercase();
        text.strip_suffix(":80").or_else(|| text.strip_suffix(":443")).map_or(text.clone(), str::to_owned)
    };
    !authority.is_empty() && without_default(authority) == without_default(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(host: &str, allowed: &[&str]) -> Names {
        let allowed_hosts = allowed.iter().map(|name| (*name).to_owned()).collect();
        Names::of(&Settings { host: host.into(), allowed_hosts, ..Settings::default() })
    }

    #[test]
    fn a_rebound_name_is_refused() {
        let table = [
            ("127.0.0.1", "127.0.0.1:8089", true),
            ("127.0.0.1", "localhost:8089", true),
            ("127.0.0.1", "LOCALHOST", true),
            ("127.0.0.1", "[::1]:8089", true),
            ("127.0.0.1", "evil.example:8089", false),
            ("127.0.0.1", "localhost.evil.example", false),
            ("127.0.0.1", "127.0.0.1.evil.example", false),
            ("127.0.0.1", "locust", false),
            ("0.0.0.0", "locust:8089", true),
            ("0.0.0.0", "master.svc.cluster.local", true),
            ("0.0.0.0", "192.168.1.7:8089", true),
            ("0.0.0.0", "evil.example", false),
            ("load.example.com", "load.example.com:80", true),
            ("127.0.0.1", "", false),
            ("127.0.0.1", "a b", false),
            ("127.0.0.1", "localhost:80:80", false),
            ("127.0.0.1", "user@localhost", false),
            ("127.0.0.1", "localhost:8089/x", false),
        ];
        for (bound, host, expected) in table {
            assert_eq!(names(bound, &[]).is_allowed(host), expected, "{host} at {bound}");
        }
        assert!(names("127.0.0.1", &["Load.Example"]).is_allowed("load.example."));
        assert!(names("127.0.0.1", &["*"]).is_allowed("evil.example"));
        assert!(!names("", &[]).is_allowed("evil.example"));
        assert!(!names("*", &[]).is_allowed("evil.example"), "listening everywhere allows no name");
    }

    #[test]
    fn a_foreign_page_cannot_change_the_run() {
        let ours = ("host", "127.0.0.1:8089");
        type Fields = &'static [(&'static str, &'static str)];
        let table: [(Fields, bool, bool); 17] = [
            (&[], true, true),
            (&[("user-agent", "curl/8.5")], true, true),
            (&[("origin", "http://127.0.0.1:8089")], true, true),
            (&[("origin", "https://127.0.0.1:8089")], true, true),
            (&[("origin", "http://evil.example")], false, false),
            (&[("origin", "http://127.0.0.1:9999")], false, false),
            (&[("origin", "null")], false, false),
            (&[("origin", "http://127.0.0.1:8089.evil.example")], false, false),
            (&[("origin", "http://127.0.0.1:8089@evil.example")], false, false),
            (&[("referer", "http://127.0.0.1:8089/stats")], true, true),
            (&[("referer", "http://evil.example/127.0.0.1:8089")], false, false),
            (&[("sec-fetch-site", "cross-site")], false, false),
            (&[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:8089")], false, false),
            (&[("sec-fetch-site", "same-origin")], true, true),
            (&[("sec-fetch-site", "none"), ("user-agent", "Mozilla/5.0")], true, true),
            (&[("user-agent", "Mozilla/5.0 (X11)")], false, true),
            (&[("origin", "http://localhost:8089")], false, false),
        ];
        for (given, by_get, by_post) in table {
            let pair = |(name, value): &(&str, &str)| {
                (HeaderName::from_bytes(name.as_bytes()).expect("a name"), value.parse().expect("a value"))
            };
            let headers: HeaderMap = given.iter().chain([&ours]).map(pair).collect();
            assert_eq!(may_change(&headers, true), by_get, "GET {given:?}");
            assert_eq!(may_change(&headers, false), by_post, "POST {given:?}");
        }
    }
}
