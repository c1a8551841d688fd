//! Request heads and chunks.

use crate::h1::{InvalidHeader, encode_chunk, encode_head, encode_last_chunk};

/// Method, target, name and value of a header, the predicate that must hold, a part of the message.
type Refusal =
    (&'static [u8], &'static [u8], &'static [u8], &'static [u8], fn(&InvalidHeader) -> bool, &'static str);

fn encode(method: &[u8], target: &[u8], headers: &[(&[u8], &[u8])]) -> Result<Vec<u8>, InvalidHeader> {
    let mut out = b"before".to_vec();
    let encoded = encode_head(&mut out, method, target, headers.iter().copied());
    match encoded {
        Ok(()) => Ok(out.split_off(6)),
        Err(fault) => {
            assert_eq!(out, b"before", "a refused head leaves nothing behind");
            Err(fault)
        }
    }
}

#[test]
fn keeps_order_and_case() {
    let headers: [(&[u8], &[u8]); 4] = [(b"hOsT", b"a"), (b"B", b""), (b"a", b"\xe4 1"), (b"B", b" 2 ")];
    let head = encode(b"purge", b"/x?y=%20#z", &headers);
    assert_eq!(
        head,
        Ok(b"purge /x?y=%20#z HTTP/1.1\r\nhOsT: a\r\nB: \r\na: \xe4 1\r\nB:  2 \r\n\r\n".to_vec())
    );
}

#[test]
fn refuses_what_would_be_read_as_something_else() {
    let rows: &[Refusal] = &[
        (b"", b"/", b"a", b"b", InvalidHeader::is_method, "method \"\" is not a word"),
        (b"GET /", b"/", b"a", b"b", InvalidHeader::is_method, "method \"GET /\" is not a word"),
        (b"GET", b"", b"a", b"b", InvalidHeader::is_target, "target \"\" is empty"),
        (b"GET", b"/a b", b"a", b"b", InvalidHeader::is_target, "percent-encode it"),
        (b"GET", b"/\r\nX: y", b"a", b"b", InvalidHeader::is_target, "target \"/\\r\\nX: y\""),
        (b"GET", b"/", b"", b"b", InvalidHeader::is_name, "header name \"\" is empty"),
        (b"GET", b"/", b"a:", b"b", InvalidHeader::is_name, "header name \"a:\""),
        (b"GET", b"/", b"a\n", b"b", InvalidHeader::is_name, "header name \"a\\n\""),
        (
            b"GET",
            b"/",
            b"a",
            b"b\rc",
            InvalidHeader::is_value,
            "value of header \"a\" has a line break or NUL",
        ),
        (
            b"GET",
            b"/",
            b"a",
            b"b\nc: d",
            InvalidHeader::is_value,
            "value of header \"a\" has a line break or NUL",
        ),
        (
            b"GET",
            b"/",
            b"a",
            b"b\0",
            InvalidHeader::is_value,
            "value of header \"a\" has a line break or NUL",
        ),
    ];
    for (method, target, name, value, is_fault, message) in rows {
        let fault = encode(method, target, &[(name, value)]).expect_err("a fault");
        assert!(is_fault(&fault), "{fault:?}");
        assert!(fault.to_string().contains(message), "{fault} lacks {message}");
    }
}

#[test]
fn frames_chunks() {
    let mut out = Vec::new();
    encode_chunk(&mut out, b"hello");
    encode_chunk(&mut out, b"");
    encode_chunk(&mut out, &[b'x'; 0x1a0]);
    encode_last_chunk(&mut out);
    let expected = [&b"5\r\nhello\r\n1a0\r\n"[..], &[b'x'; 0x1a0], b"\r\n0\r\n\r\n"].concat();
    assert_eq!(out, expected, "an empty piece must not end the body");
}
