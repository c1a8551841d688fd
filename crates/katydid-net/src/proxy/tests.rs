//! Tables of proxy URLs, exemptions and answers.

#![allow(clippy::unwrap_used)] // a broken fixture should end the test where it breaks

use proptest::prelude::*;

use super::*;

#[test]
fn a_tunnel_is_asked_for_by_authority() {
    assert_eq!(
        connect_request("shop.test", 443, None),
        b"CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n"
    );
    assert_eq!(
        connect_request("::1", 8443, Some("Basic dTpw")),
        b"CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
    );
}

#[test]
fn answers_are_statuses_once_their_head_is_complete() {
    for (answer, expected) in [
        ("HTTP/1.1 200 Connection established\r\n\r\n", Ok(Some(200))),
        ("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", Ok(Some(200))),
        ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!", Ok(Some(407))),
        ("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Ok(Some(200))),
        ("", Ok(None)),
        ("HTTP/1.1 200 OK\r\nVia: ", Ok(None)),
        ("HTTP/1.1 102 Processing\r\n\r\n", Ok(None)),
        ("SSH-2.0-server\r\n", Err(FailureKind::BadStatusLine)),
        ("HTTP/2 200\r\n\r\n", Err(FailureKind::BadStatusLine)),
        ("HTTP/1.1 200 OK\r\nbad field\r\n\r\n", Err(FailureKind::BadHeader)),
    ] {
        assert_eq!(parse_answer(answer.as_bytes()).map_err(|failure| failure.kind), expected, "{answer:?}");
    }
    let garbage = parse_answer(b"SSH-2.0-server\r\nmore").expect_err("no HTTP");
    assert_eq!(garbage.label.as_deref(), Some("SSH-2.0-server"));
}

#[test]
fn heads_have_limits() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(HEAD_MAX));
    let complete = format!("{long}\r\n\r\n");
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(FIELDS_MAX + 1));
    for (answer, kind) in [
        (long, FailureKind::HeadTooLong),
        (complete, FailureKind::HeadTooLong),
        (many, FailureKind::TooManyHeaders),
    ] {
        assert_eq!(parse_answer(answer.as_bytes()), Err(kind.into()));
    }
}

#[test]
fn basic_credentials_are_those_of_rfc_7617() {
    assert_eq!(basic_authorization(b"Aladdin", b"open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(basic_authorization("test".as_bytes(), "123\u{a3}".as_bytes()), "Basic dGVzdDoxMjPCow==");
}

#[test]
fn base64_has_the_vectors_of_rfc_4648() {
    for (plain, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64(plain.as_bytes()), text);
    }
    assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
}

#[test]
fn proxy_urls_may_leave_out_what_is_usual() {
    for (text, tls, host, port, authorization) in [
        ("http://proxy.test:3128", false, "proxy.test", 3128, None),
        ("proxy.test:3128", false, "proxy.test", 3128, None),
        ("http://proxy.test", false, "proxy.test", 80, None),
        ("https://proxy.test/", true, "proxy.test", 443, None),
        ("http://[::1]:8080", false, "::1", 8080, None),
        ("http://u:p@proxy.test:1", false, "proxy.test", 1, Some("Basic dTpw")),
        ("u:p@proxy.test:1", false, "proxy.test", 1, Some("Basic dTpw")),
        ("http://u@proxy.test:1", false, "proxy.test", 1, Some("Basic dTo=")),
        ("http://a%40b:c%3a%26%2Bd@proxy.test:1", false, "proxy.test", 1, Some("Basic YUBiOmM6Jitk")),
    ] {
        let proxy = parse_url(text).unwrap();
        assert_eq!(proxy.origin, Origin { tls, host: host.into(), port }, "{text}");
        assert_eq!(proxy.authorization.as_deref(), authorization, "{text}");
    }
}

#[test]
fn other_proxies_are_refused_with_a_reason() {
    for (text, reason) in [
        ("socks5://proxy.test:1080", "its scheme is socks5; use http or https"),
        ("http://", "empty host"),
        ("http://proxy.test:99999", "invalid port number"),
    ] {
        let message = parse_url(text).expect_err(text).to_string();
        assert_eq!(message, format!("cannot use the proxy {text:?}: {reason}"));
    }
}

#[test]
fn hosts_are_exempt_by_the_rules_of_requests() {
    for (host, port, no_proxy, expected) in [
        ("shop.test", None, "", false),
        ("shop.test", None, "*", true),
        ("shop.test", None, "other.test, shop.test", true),
        ("shop.test", None, "*,other.test", false), // only a lone star is one
        // Names and what is below them.
        ("api.shop.test", None, "shop.test", true),
        ("api.shop.test", None, ".shop.test", true),
        ("shop.test", None, ".shop.test", true),
        ("myshop.test", None, "shop.test", false),
        ("shop.test", None, "api.shop.test", false),
        ("SHOP.test", None, "Shop.Test", true),
        ("shop.test", None, " , ,", false),
        // Ports count where the URL names one.
        ("shop.test", Some(8080), "shop.test:8080", true),
        ("api.shop.test", Some(8080), "shop.test:8080", true),
        ("shop.test", Some(8081), "shop.test:8080", false),
        ("shop.test", None, "shop.test:80", false),
        ("shop.test", Some(8080), "shop.test", true),
        // Addresses and networks.
        ("192.168.1.7", None, "192.168.1.7", true),
        ("192.168.1.7", None, "192.168.1.0/24", true),
        ("192.168.1.7", None, "192.168.1.99/24", true),
        ("192.168.2.7", None, "192.168.1.0/24", false),
        ("10.0.0.1", None, "10.0.0.1/32", true),
        ("10.0.0.1", None, "0.0.0.0/0", false), // masks begin at 1
        ("10.0.0.1", None, "10.0.0.0/33", false),
        ("10.0.0.1", Some(80), "10.0.0.1:80", false), // addresses are compared without their port
        ("::1", None, "::1", true),
    ] {
        assert_eq!(is_exempt(host, port, no_proxy), expected, "{host} {port:?} under {no_proxy:?}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_answer(&bytes);
        let _ = parse_answer(&[b"HTTP/1.1 ".as_slice(), &bytes].concat());
    }

    /// An answer that comes in pieces is the same answer.
    #[test]
    fn a_prefix_of_an_answer_asks_for_more(status in 200_u16..600, cut in any::<prop::sample::Index>()) {
        let answer = format!("HTTP/1.1 {status} Words\r\nVia: a proxy\r\n\r\n");
        let cut = cut.index(answer.len());
        prop_assert_eq!(parse_answer(&answer.as_bytes()[..cut]), Ok(None));
        prop_assert_eq!(parse_answer(answer.as_bytes()), Ok(Some(status)));
    }

    #[test]
    fn no_text_makes_urls_and_exemptions_panic(text in ".{0,60}", host in ".{0,20}") {
        let _ = parse_url(&text);
        let _ = is_exempt(&host, Some(1), &text);
    }
}
