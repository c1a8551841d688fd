//! Where does a call go? Paths joined to the base URL, and absolute URLs taken apart.
//!
//! What a maintainer must not break: an ordinary path (`/items/7?q=1`) costs one scan of its bytes and no allocation.

use std::fmt;

use url::Url;

use crate::exchange::Origin;

/// A URL that a client cannot use, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadUrl {
    url: String,
    reason: String,
}

impl fmt::Display for BadUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot use the URL {:?}: {}", self.url, self.reason)
    }
}

impl std::error::Error for BadUrl {}

impl BadUrl {
    pub(super) fn new(url: &str, reason: impl fmt::Display) -> Self {
        Self { url: url.to_owned(), reason: reason.to_string() }
    }
}

/// Parses an absolute `http` or `https` URL.
pub(super) fn parse(text: &str) -> Result<Url, BadUrl> {
    let url = Url::parse(text).map_err(|error| BadUrl::new(text, error))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        _ => Err(BadUrl::new(text, "it must start with http:// or https:// and name a host")),
    }
}

/// The origin of a URL that [`parse`] accepted.
pub(super) fn origin_of(url: &Url) -> Origin {
    let host = url.host_str().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    Origin {
        tls: url.scheme() == "https",
        host: bare.into(),
        port: url.port_or_known_default().unwrap_or(80),
    }
}

/// The value of `Host` (RFC 9110 7.2): the port only where it is not the scheme's own.
pub(super) fn host_header(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The request target in origin form (RFC 9112 3.2.1): path and query, without the fragment.
pub(super) fn origin_form(url: &Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}

/// The URL of `path` below a base URL: the one written after the other, as Locust joins them.
pub(super) fn below(base: &Url, path: &str) -> Result<Url, BadUrl> {
    parse(&format!("{}{path}", base.as_str().trim_end_matches('/')))
}

/// Whether `url` names its scheme, so that no base applies.
pub(super) fn is_absolute(url: &str) -> bool {
    let starts =
        |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("http://") || starts("https://")
}

/// Whether `path` can be put on the request line as it stands.
pub(super) fn is_ordinary_path(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| ORDINARY[byte as usize])
}

/// Bytes that a path or query may carry unescaped: what the URL standard leaves alone in both.
const ORDINARY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        table[byte] = !matches!(
            byte as u8,
            b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'\''
        );
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_pass_and_others_do_not() {
        for path in ["/", "/items/7", "/a?b=c&d=%20", "/items/[id]", "/~u/;v=1"] {
            assert!(is_ordinary_path(path), "{path}");
        }
        for path in ["", "items", "/a b", "/a#part", "/ä", "/a\r\nX: y", "http://h/", "/\u{7f}"] {
            assert!(!is_ordinary_path(path), "{path:?}");
        }
    }

    #[test]
    fn absolute_urls_name_their_scheme() {
        for (url, expected) in
            [("http://h", true), ("HTTPS://h", true), ("/http://h", false), ("", false), ("hä", false)]
        {
            assert_eq!(is_absolute(url), expected, "{url}");
        }
    }

    #[test]
    fn only_http_urls_with_a_host_are_accepted() {
        assert!(parse("http://shop.example").is_ok());
        for bad in ["shop.example", "/items", "ftp://h/", "http://", "http://h:99999/"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn origins_carry_the_bare_host_and_the_known_port() {
        let origin = origin_of(&parse("https://[::1]/x").expect("a URL"));
        assert_eq!((origin.tls, &*origin.host, origin.port), (true, "::1", 443));
        let origin = origin_of(&parse("http://h:8080/x").expect("a URL"));
        assert_eq!((origin.tls, &*origin.host, origin.port), (false, "h", 8080));
    }

    #[test]
    fn host_header_names_a_port_only_where_it_is_not_the_default() {
        for (url, expected) in [
            ("http://h/", "h"),
            ("http://h:80/", "h"),
            ("http://h:81/", "h:81"),
            ("https://[::1]:444/", "[::1]:444"),
        ] {
            assert_eq!(host_header(&parse(url).expect("a URL")), expected);
        }
    }

    #[test]
    fn fragments_stay_at_home() {
        assert_eq!(origin_form(&parse("http://h/a?b=1#c").expect("a URL")), "/a?b=1");
        assert_eq!(origin_form(&parse("http://h#c").expect("a URL")), "/");
    }
}
