//! Who makes the browser send this request: our page, its user, or a page of somebody else?
//!
//! Two attacks are refused here. *Rebinding*: a foreign page whose name was pointed at this machine reads as if it were
//! ours; it gives itself away by the name in `Host`. *Forgery*: a foreign page has the browser start or stop a run; it
//! gives itself away by `Sec-Fetch-Site`, `Origin` or `Referer`. Programs send none of these and are let through.

use std::net::IpAddr;

use axum::http::header::{HOST, HeaderName, ORIGIN, REFERER, USER_AGENT};
use axum::http::{HeaderMap, Uri};

use crate::Settings;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Endings of names that nobody can register for the whole world.
const PRIVATE_ENDINGS: [&str; 5] = [".localhost", ".local", ".internal", ".test", ".home.arpa"];

/// The names by which the server may be called.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    allowed: Vec<String>,
    /// Those that were given one by one: their pages are ours, too, as behind a proxy that calls the server otherwise.
    given: Vec<String>,
    is_any_allowed: bool,
    is_loopback: bool,
}

impl Names {
    pub(crate) fn of(settings: &Settings) -> Self {
        let given: Vec<String> = settings.allowed_hosts.iter().map(|name| name.to_lowercase()).collect();
        let mut allowed = given.clone();
        allowed.push(settings.host.to_lowercase());
        // Whoever has to show a password gains nothing by rebinding: the browser keeps it for the real name.
        let is_any_allowed =
            settings.asks_for_credentials() || settings.allowed_hosts.iter().any(|name| name == "*");
        let address = settings.host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_loopback = settings.host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        Self { allowed, given, is_any_allowed, is_loopback }
    }

    /// May a request come with this `Host` and, where it has one, this host in its target? In HTTP/1.0 neither is needed;
    /// no browser speaks it.
    pub(crate) fn are_fine_with(&self, headers: &HeaderMap, target: &Uri, is_old: bool) -> bool {
        if target.authority().is_some_and(|authority| !self.is_allowed(authority.as_str())) {
            return false;
        }
        let mut hosts = headers.get_all(HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().is_ok_and(|host| self.is_allowed(host)),
            (None, _) => is_old,
            _ => false,
        }
    }

    /// May this request change the run?
    pub(crate) fn may_change(&self, headers: &HeaderMap, is_get: bool) -> bool {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let host = text(HOST).unwrap_or_default();
        let origin = text(ORIGIN);
        if origin.is_some_and(|origin| self.is_of_given_name(origin)) {
            return true;
        }
        if let Some(site) = text(SEC_FETCH_SITE)
            && !matches!(site, "same-origin" | "none")
        {
            return false;
        }
        if let Some(origin) = origin {
            return is_same_origin(origin, host);
        }
        if let Some(referer) = text(REFERER) {
            return is_same_origin(referer, host) || self.is_of_given_name(referer);
        }
        // To an address without TLS a browser may send none of the three: for a picture on a foreign page that wishes so.
        let is_browser = text(USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla/"));
        !(is_get && is_browser && !headers.contains_key(SEC_FETCH_SITE))
    }

    /// Is the URL at one of the names that were given one by one?
    fn is_of_given_name(&self, url: &str) -> bool {
        let Some((_, authority)) = parts_of(url) else { return false };
        let Some(name) = name_of(authority) else { return false };
        self.given.contains(&name.to_lowercase())
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

/// Is the URL at this host and port? In front of the server there may be one that speaks TLS, so the scheme only says which
/// port need not be written.
fn is_same_origin(url: &str, host: &str) -> bool {
    let Some((default_port, authority)) = parts_of(url) else { return false };
    let without_default = |text: &str| {
        let text = text.to_lowercase();
        text.strip_suffix(default_port).map_or(text.clone(), str::to_owned)
    };
    !authority.is_empty() && without_default(authority) == without_default(host)
}

/// The port that a URL's scheme stands for, with its colon, and the URL's authority.
fn parts_of(url: &str) -> Option<(&'static str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    Some((default_port, rest.split(['/', '?', '#']).next().unwrap_or_default()))
}

/// A path as applications see it: without percent-encoding, and with one slash where there are several.
pub(crate) fn plain(path: &str) -> String {
    let decoded = decoded(path);
    let parts = decoded.split('/').filter(|part| !part.is_empty());
    parts.fold(String::new(), |path, part| path + "/" + part)
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%').then(|| tail.get(..2)).flatten();
        let hex = hex.and_then(|pair| std::str::from_utf8(pair).ok());
        let hex = hex.filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if let Some(byte) = hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
        let table: [(Fields, bool, bool); 21] = [
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
            (&[("origin", "http://127.0.0.1:8089:443")], false, false),
            (&[("origin", "https://load.example"), ("sec-fetch-site", "cross-site")], true, true),
            (&[("referer", "https://Load.example:444/x")], true, true),
            (&[("origin", "https://load.example.evil.example")], false, false),
        ];
        let names = names("127.0.0.1", &["load.example"]);
        for (given, by_get, by_post) in table {
            let pair = |(name, value): &(&str, &str)| {
                (HeaderName::from_bytes(name.as_bytes()).expect("a name"), value.parse().expect("a value"))
            };
            let headers: HeaderMap = given.iter().chain([&ours]).map(pair).collect();
            assert_eq!(names.may_change(&headers, true), by_get, "GET {given:?}");
            assert_eq!(names.may_change(&headers, false), by_post, "POST {given:?}");
        }
    }

    #[test]
    fn a_port_need_not_be_written_where_the_scheme_says_it() {
        let table = [
            ("http://a", "a:80", true),
            ("http://a:80", "A", true),
            ("https://a", "a:443", true),
            ("https://a:80", "a", false),
            ("http://a:443", "a", false),
            ("ftp://a", "a", false),
            ("http://", "", false),
        ];
        for (url, host, expected) in table {
            assert_eq!(is_same_origin(url, host), expected, "{url} at {host}");
        }
    }

    #[test]
    fn the_host_of_the_target_counts_as_well() {
        let names = names("127.0.0.1", &[]);
        let ours: HeaderMap = [(HOST, "127.0.0.1:8089".parse().expect("a value"))].into_iter().collect();
        let fine = |headers: &HeaderMap, target: &str, is_old: bool| {
            names.are_fine_with(headers, &target.parse().expect("a target"), is_old)
        };
        assert!(fine(&ours, "/stop", false));
        assert!(fine(&ours, "http://127.0.0.1:8089/stop", false));
        assert!(!fine(&ours, "http://evil.example/stop", false));
        assert!(!fine(&HeaderMap::new(), "/stop", false), "HTTP/1.1 needs a Host");
        assert!(fine(&HeaderMap::new(), "/stop", true), "HTTP/1.0 knows none");
    }

    #[test]
    fn other_spellings_of_a_path_are_known() {
        for path in ["/stats/reset", "//stats/reset", "/stats//reset", "/%2fstats%2Freset/", "/st%61ts/reset"]
        {
            assert_eq!(plain(path), "/stats/reset");
        }
    }

    #[test]
    fn percent_encoding_is_undone_once() {
        let table = [
            ("/%73top", "/stop"),
            ("/%2573top", "/%73top"),
            ("/%", "/%"),
            ("/%+1", "/%+1"),
            ("/%é", "/%é"),
            ("/%c3%a9", "/é"),
        ];
        for (given, expected) in table {
            assert_eq!(decoded(given), expected);
        }
    }
}
