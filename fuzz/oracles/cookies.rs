//! `Set-Cookie` values from a server: whatever they say, the `Cookie` that we send is one sound line.
//!
//! The first byte chooses the server; the rest are values, one a line.

use std::time::{Duration, SystemTime};

use katydid_net::cookies::{COOKIES_MAX, CookieJar, Target};
use katydid_net::h1::encode_head;

/// # Panics
/// If a law of the jar is broken.
pub(crate) fn check(data: &[u8]) {
    let [options, lines @ ..] = data else { return };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let host = ["shop.test", "a.shop.test", "127.0.0.1", "[::1]"][usize::from(options & 3)];
    let target = Target { is_secure: options & 4 != 0, host, path: "/a/b?c" };
    let mut jar = CookieJar::default();
    for line in lines.split(|byte| *byte == b'\n') {
        jar.store(line, target, now);
    }
    assert!(jar.len() <= COOKIES_MAX, "{} cookies", jar.len());
    if let Some(cookie) = jar.header(target, now) {
        let headers = [(&b"Cookie"[..], cookie.as_bytes())];
        let encoded = encode_head(&mut Vec::new(), b"GET", b"/", headers.into_iter());
        assert!(encoded.is_ok(), "a header that cannot be sent: {cookie:?}");
    }
    let elsewhere = Target { host: "elsewhere.test", ..target };
    assert_eq!(jar.header(elsewhere, now), None, "a cookie for another host");
}
