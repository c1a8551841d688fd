//! Tables of redirects; the rows about methods, bodies and credentials were compared with requests 2.34.

#![allow(clippy::unwrap_used)] // a broken fixture should end the test where it breaks

use proptest::prelude::*;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn hop<'a>(method: &'a str, url: &'a Url, status: u16, location: &'a str, body: BodyKind) -> Hop<'a> {
    Hop { method, url, body, status, location: location.as_bytes() }
}

#[test]
fn methods_and_bodies_change_as_each_client_changes_them() {
    let base = url("http://h/a");
    for (status, method, requests, fast) in [
        // (becomes GET, keeps the body)
        (301, "GET", (false, false), (false, true)),
        (301, "POST", (true, false), (false, true)),
        (301, "PUT", (false, false), (false, true)),
        (301, "HEAD", (false, false), (false, true)),
        (302, "GET", (true, false), (true, false)),
        (302, "POST", (true, false), (true, false)),
        (302, "PUT", (true, false), (true, false)),
        (302, "HEAD", (false, false), (true, false)),
        (303, "POST", (true, false), (true, false)),
        (303, "DELETE", (true, false), (true, false)),
        (303, "HEAD", (false, false), (true, false)),
        (307, "POST", (false, true), (false, true)),
        (307, "HEAD", (false, true), (false, true)),
        (308, "PATCH", (false, true), (false, true)),
    ] {
        for (manner, expected) in [(Manner::Requests, requests), (Manner::FastHttp, fast)] {
            let next = next(&hop(method, &base, status, "/b", BodyKind::Bytes), manner).unwrap().unwrap();
            assert_eq!((next.turns_to_get, next.keeps_body), expected, "{status} {method} {manner:?}");
        }
    }
}

#[test]
fn a_request_without_body_keeps_none() {
    let base = url("http://h/a");
    let next = next(&hop("GET", &base, 307, "/b", BodyKind::None), Manner::Requests).unwrap().unwrap();
    assert!(!next.keeps_body);
}

#[test]
fn other_answers_are_the_last() {
    let base = url("http://h/a");
    for (status, location) in
        [(200, "/b"), (201, "/b"), (300, "/b"), (304, "/b"), (305, "/b"), (404, "/b"), (302, "")]
    {
        assert_eq!(
            next(&hop("GET", &base, status, location, BodyKind::None), Manner::Requests),
            Ok(None),
            "{status}"
        );
    }
}

#[test]
fn locations_are_resolved_as_references() {
    // RFC 3986 5.4, as far as it concerns http.
    let base = url("http://a/b/c/d;p?q");
    for (location, expected) in [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g/"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"),
        ("..", "http://a/b/"),
        ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"),
        ("https://other:8443/x", "https://other:8443/x"),
        // What servers really send.
        ("/with space", "http://a/with%20space"),
        ("/b\u{fc}cher", "http://a/b%C3%BCcher"),
        ("/100%25", "http://a/100%25"),
        ("HTTP://A/g", "http://a/g"),
    ] {
        assert_eq!(resolve(&base, location.as_bytes()).unwrap().as_str(), expected, "{location}");
    }
    assert_eq!(resolve(&base, b"/caf\xe9").unwrap().as_str(), "http://a/caf%E9");
}

#[test]
fn a_fragment_is_inherited_unless_the_location_has_its_own() {
    let base = url("http://h/a#here");
    for (location, expected) in
        [("/b", "http://h/b#here"), ("/b#there", "http://h/b#there"), ("/b#", "http://h/b#here")]
    {
        assert_eq!(resolve(&base, location.as_bytes()).unwrap().as_str(), expected);
    }
}

#[test]
fn credentials_stay_with_their_host() {
    for (old, new, expected) in [
        ("http://h/a", "http://h/b", false),
        ("http://h/a", "http://other/a", true),
        ("http://h/a", "http://sub.h/a", true),
        ("http://h/a", "http://h:80/b", false),
        ("http://h:81/a", "http://h:82/a", true),
        ("http://h:81/a", "http://h:81/b", false),
        ("http://h/a", "http://h:81/a", true),
        ("http://h/a", "https://h/a", false),
        ("https://h/a", "http://h/a", true),
        ("http://h:81/a", "https://h/a", true),
        ("http://h/a", "https://h:444/a", true),
        ("https://h:443/a", "https://h/b", false),
    ] {
        assert_eq!(strips_authorization(&url(old), &url(new)), expected, "{old} to {new}");
    }
}

#[test]
fn what_cannot_be_followed_says_why() {
    let base = url("http://h/a");
    for (location, body, words) in [
        ("ftp://h/a", BodyKind::None, "\"ftp://h/a\" is neither http nor https"),
        ("javascript:x", BodyKind::None, "neither http nor https"),
        ("http://", BodyKind::None, "is no URL: empty host"),
        ("http://h:99999/", BodyKind::None, "is no URL: invalid port number"),
        ("/b", BodyKind::Once, "cannot be sent again"),
    ] {
        let failure = next(&hop("POST", &base, 307, location, body), Manner::Requests).expect_err(location);
        assert_eq!(failure.kind, FailureKind::BadHeader);
        assert!(failure.label.as_deref().unwrap().contains(words), "{failure:?}");
    }
    assert!(next(&hop("POST", &base, 303, "/b", BodyKind::Once), Manner::Requests).is_ok());
}

proptest! {
    /// Whatever a server sends: a decision or a failure, and never a URL that a connection could not use.
    #[test]
    fn every_location_ends_in_a_decision(
        location in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "[a-z/:.?#@\\[\\]0-9 ]{0,40}".prop_map(String::into_bytes),
        ],
        status in 290_u16..310,
    ) {
        let base = url("http://h:81/a/b?c#d");
        let hop = Hop { method: "POST", url: &base, body: BodyKind::Bytes, status, location: &location };
        if let Ok(Some(next)) = next(&hop, Manner::Requests) {
            prop_assert!(matches!(next.url.scheme(), "http" | "https"));
            prop_assert!(next.url.has_host());
            prop_assert!(next.url.as_str().is_ascii());
            prop_assert!(!next.url.as_str().contains([' ', '\r', '\n']));
        }
    }
}
