//! A proxy's answer to `CONNECT`, arriving piece by piece: a status stays that status, a fault stays a fault.

use katydid_net::proxy::{is_exempt, parse_answer, parse_url};

/// # Panics
/// If a law of the parser is broken.
pub(crate) fn check(data: &[u8]) {
    let mut verdict = None;
    for end in 0..=data.len().min(400) {
        let answer = parse_answer(&data[..end]).map_err(|_| "fault");
        match verdict {
            None if answer == Ok(None) => {}
            None => verdict = Some(answer),
            Some(known) => assert_eq!(answer, known, "after {end} bytes"),
        }
    }
    let whole = parse_answer(data).map_err(|_| "fault");
    assert!(verdict.is_none_or(|known| known == whole), "{whole:?} as a whole, {verdict:?} in pieces");
    let text = String::from_utf8_lossy(data);
    if let Ok(proxy) = parse_url(&text) {
        assert!(!proxy.origin.host.is_empty(), "a proxy without a host");
    }
    let (_, _) = (is_exempt("a.shop.test", Some(80), &text), is_exempt("10.0.0.1", None, &text));
}
