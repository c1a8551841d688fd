//! A `Location` from a server: whatever it says, what we follow is an http(s) URL that can be sent.

use katydid_net::h1::encode_head;
use katydid_net::redirect::{resolve, strips_authorization};
use url::Url;

/// # Panics
/// If a law of redirects is broken.
pub(crate) fn check(data: &[u8]) {
    let base = Url::parse("http://user:secret@shop.test:8080/a/b?c=d#e").expect("a sound URL");
    let Ok(next) = resolve(&base, data) else { return };
    assert!(matches!(next.scheme(), "http" | "https"), "{next}");
    assert!(next.host_str().is_some_and(|host| !host.is_empty()), "{next}");
    let target = next.query().map_or(next.path().to_owned(), |query| format!("{}?{query}", next.path()));
    let headers = [(&b"Host"[..], next.host_str().unwrap_or_default().as_bytes())];
    let encoded = encode_head(&mut Vec::new(), b"GET", target.as_bytes(), headers.into_iter());
    assert!(encoded.is_ok(), "a URL that cannot be sent: {next}");
    if next.host() != base.host() {
        assert!(strips_authorization(&base, &next), "a secret for {next}");
    }
}
