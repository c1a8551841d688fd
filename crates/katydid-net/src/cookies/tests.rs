//! A jar as servers and requests see it.

#![allow(clippy::unwrap_used)] // a broken fixture should end the test where it breaks

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + second)
}

fn sent(jar: &CookieJar, url: &str) -> Option<String> {
    jar.header(Target::from(&Url::parse(url).unwrap()), at(0))
}

fn jar(url: &str, set_cookies: &[&str]) -> CookieJar {
    let mut jar = CookieJar::default();
    for set_cookie in set_cookies {
        jar.store(set_cookie.as_bytes(), Target::from(&Url::parse(url).unwrap()), at(0));
    }
    jar
}

#[test]
fn a_cookie_goes_to_the_hosts_it_was_set_for() {
    for (from, set_cookie, to, goes) in [
        ("http://shop.test/", "a=1", "http://shop.test/", true),
        ("http://shop.test/", "a=1", "http://shop.test:8080/", true), // ports do not matter
        ("http://shop.test/", "a=1", "http://api.shop.test/", false),
        ("http://shop.test/", "a=1", "http://other.test/", false),
        ("http://shop.test/", "a=1; Domain=shop.test", "http://api.shop.test/", true),
        ("http://shop.test/", "a=1; Domain=.shop.test", "http://api.shop.test/", true),
        ("http://api.shop.test/", "a=1; Domain=SHOP.test", "http://shop.test/", true),
        ("http://api.shop.test/", "a=1; Domain=shop.test", "http://myshop.test/", false),
        // Not theirs to set.
        ("http://shop.test/", "a=1; Domain=other.test", "http://other.test/", false),
        ("http://shop.test/", "a=1; Domain=api.shop.test", "http://api.shop.test/", false),
        ("http://shop.test/", "a=1; Domain=test", "http://shop.test/", false),
        ("http://shop.test/", "a=1; Domain=test", "http://other.test/", false),
        // Hosts without a dot, and addresses.
        ("http://localhost/", "a=1; Domain=localhost", "http://localhost/", true),
        ("http://127.0.0.1/", "a=1", "http://127.0.0.1/", true),
        ("http://127.0.0.1/", "a=1; Domain=0.0.1", "http://127.0.0.1/", false),
        ("http://127.0.0.1/", "a=1; Domain=127.0.0.1", "http://127.0.0.1/", true),
        ("http://[::1]/", "a=1", "http://[::1]:81/", true),
        // An empty attribute counts as none.
        ("http://shop.test/", "a=1; Domain=", "http://shop.test/", true),
    ] {
        assert_eq!(sent(&jar(from, &[set_cookie]), to).is_some(), goes, "{set_cookie} from {from} to {to}");
    }
}

#[test]
fn a_cookie_goes_to_the_paths_it_was_set_for() {
    for (from, set_cookie, to, goes) in [
        ("http://h/a/b", "a=1", "http://h/a/", true),
        ("http://h/a/b", "a=1", "http://h/a", true),
        ("http://h/a/b", "a=1", "http://h/a/c?d", true),
        ("http://h/a/b", "a=1", "http://h/ab", false),
        ("http://h/a/b", "a=1", "http://h/", false),
        ("http://h/a", "a=1", "http://h/", true),
        ("http://h/a/b", "a=1; Path=/", "http://h/x", true),
        ("http://h/", "a=1; Path=/a/", "http://h/a/b", true),
        ("http://h/", "a=1; Path=/a/", "http://h/a", false),
        ("http://h/a/b", "a=1; Path=relative", "http://h/a/c", true), // no path: the default one
        ("http://h/a/b", "a=1; Path=relative", "http://h/", false),
    ] {
        assert_eq!(sent(&jar(from, &[set_cookie]), to).is_some(), goes, "{set_cookie} from {from} to {to}");
    }
}

#[test]
fn a_target_may_carry_its_query() {
    let target = Target { is_secure: false, host: "h", path: "/a/b?c=/d/e" };
    let mut jar = CookieJar::default();
    jar.store(b"a=1", target, at(0));
    assert_eq!(jar.header(Target { path: "/a/x?y", ..target }, at(0)).as_deref(), Some("a=1"));
    assert_eq!(jar.header(Target { path: "/?/a/", ..target }, at(0)), None);
}

#[test]
fn secure_cookies_need_tls() {
    let jar = jar("https://h/", &["a=1; Secure", "b=2"]);
    assert_eq!(sent(&jar, "https://h/").as_deref(), Some("a=1; b=2"));
    assert_eq!(sent(&jar, "http://h/").as_deref(), Some("b=2"));
}

#[test]
fn cookies_end_when_they_said() {
    for (set_cookie, alive_at, dead_at) in [
        ("a=1; Max-Age=10", 9, Some(10)),
        ("a=1; Expires=Sun, 09 Sep 2001 01:46:50 GMT", 9, Some(10)), // ten seconds after the start
        ("a=1; Max-Age=10; Expires=Sun, 09 Sep 2001 01:46:41 GMT", 9, Some(10)),
        ("a=1; Expires=soon", 1_000_000, None),
        ("a=1; Max-Age=soon", 1_000_000, None),
        ("a=1; Max-Age=99999999999999999999999", 1_000_000, None),
        ("a=1", 1_000_000, None),
    ] {
        let jar = jar("http://h/", &[set_cookie]);
        let target = Target { is_secure: false, host: "h", path: "/" };
        assert!(jar.header(target, at(alive_at)).is_some(), "{set_cookie}");
        if let Some(second) = dead_at {
            assert_eq!(jar.header(target, at(second)), None, "{set_cookie}");
        }
    }
}

#[test]
fn a_cookie_out_of_date_deletes_its_predecessor() {
    for deletion in ["a=; Max-Age=0", "a=; Max-Age=-5", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"] {
        let jar = jar("http://h/", &["a=1", "b=2", deletion]);
        assert_eq!(sent(&jar, "http://h/").as_deref(), Some("b=2"), "{deletion}");
        assert_eq!(jar.len(), 1);
    }
    assert!(jar("http://h/", &["a=1; Max-Age=0"]).is_empty());
}

#[test]
fn the_same_name_domain_and_path_is_the_same_cookie() {
    let jar = jar("http://h/x/y", &["a=1", "b=1", "a=2", "a=3; Path=/"]);
    // Longer paths first, then in the order in which they were first set.
    assert_eq!(sent(&jar, "http://h/x/").as_deref(), Some("a=2; b=1; a=3"));
}

#[test]
fn values_are_sent_as_they_came() {
    for (set_cookie, expected) in [
        ("a=\"quoted, with comma\"; Path=/", Some("a=\"quoted, with comma\"")),
        ("  a = b c ;HttpOnly; SameSite=Lax", Some("a=b c")),
        ("a=b=c==", Some("a=b=c==")),
        ("a=", Some("a=")),
        ("a=\u{e4}", Some("a=\u{e4}")),
        ("=b", None),
        ("a", None),
        ("", None),
        (";a=b", None),
        ("a=b\r\nX: y", None),
        ("a=b\0", None),
    ] {
        assert_eq!(
            sent(&jar("http://h/", &[set_cookie]), "http://h/").as_deref(),
            expected,
            "{set_cookie:?}"
        );
    }
    let long = format!("a={}", "x".repeat(4096));
    assert_eq!(sent(&jar("http://h/", &[&long]), "http://h/"), None);
}

#[test]
fn a_jar_has_a_limit_and_the_oldest_goes_first() {
    let mut jar = jar("http://h/", &[]);
    let target = Target { is_secure: false, host: "h", path: "/" };
    for number in 0..=COOKIES_MAX {
        jar.store(format!("c{number}=x").as_bytes(), target, at(0));
    }
    assert_eq!(jar.len(), COOKIES_MAX);
    let header = jar.header(target, at(0)).unwrap();
    assert!(header.starts_with("c1=x; "));
    jar.clear();
    assert!(jar.is_empty());
}

#[test]
fn attributes_are_read_without_regard_to_case_and_the_last_counts() {
    let cookie =
        parse(b"a=b; DOMAIN=.One.test; domain=Two.test; path=/x; PATH=/y; secure; max-age=5").unwrap();
    assert_eq!(cookie.domain.as_deref(), Some("two.test"));
    assert_eq!(cookie.path.as_deref(), Some("/y"));
    assert!(cookie.is_secure);
    assert_eq!(cookie.max_age, Some(5));
}

proptest! {
    /// Whatever a server sets, no header that goes out can be split or holds what was not set.
    #[test]
    fn no_set_cookie_makes_it_panic_or_breaks_a_header(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let target = Target { is_secure: true, host: "shop.test", path: "/a/b" };
        for bytes in [bytes.clone(), [b"a=b;".as_slice(), &bytes].concat()] {
            let mut jar = CookieJar::default();
            jar.store(&bytes, target, at(0));
            if let Some(header) = jar.header(target, at(0)) {
                prop_assert!(!header.contains(['\r', '\n', '\0', ';']));
            }
        }
    }

    /// What a host sets without attributes comes back to it unchanged.
    #[test]
    fn a_plain_cookie_makes_a_round_trip(name in "[a-zA-Z0-9_-]{1,20}", value in "[!#-+./-:<-~]{0,40}") {
        let jar = jar("http://h/", &[&format!("{name}={value}; Path=/")]);
        prop_assert_eq!(sent(&jar, "http://h/x"), Some(format!("{name}={value}")));
    }
}
