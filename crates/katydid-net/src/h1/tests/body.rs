//! Bodies: lengths, chunks, trailers, and what a close in the middle means.

use katydid_stats::FailureKind;

use crate::h1::{BodyDecoder, Framing};

type Decoded = Result<(usize, bool), FailureKind>;

/// Story, framing, bytes before the close, verdict.
type Close = (&'static str, Framing, &'static [u8], Result<(), FailureKind>);

fn decode(framing: Framing, input: &[u8]) -> (Decoded, Vec<u8>, BodyDecoder) {
    let mut decoder = BodyDecoder::new(framing);
    let mut out = Vec::new();
    let decoded = decoder.decode(input, &mut out).map_err(|failure| failure.kind);
    (decoded, out, decoder)
}

#[test]
fn takes_what_belongs_to_the_body_and_no_more() {
    let next = b"HTTP/1.1 200 OK";
    let rows: &[(&str, Framing, &[u8], &[u8])] = &[
        ("none", Framing::Empty, b"", b""),
        ("no bytes", Framing::Length(0), b"", b""),
        ("a length", Framing::Length(5), b"hello", b"hello"),
        ("chunks", Framing::Chunked, b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", b"hello!"),
        ("no chunks", Framing::Chunked, b"0\r\n\r\n", b""),
        (
            "a size in capitals with zeros before it",
            Framing::Chunked,
            b"000A\r\n0123456789\r\n0\r\n\r\n",
            b"0123456789",
        ),
        (
            "many zeros",
            Framing::Chunked,
            b"00000000000000000000001\r\n!\r\n000000000000000000000\r\n\r\n",
            b"!",
        ),
        ("extensions (RFC 9112 7.1.1)", Framing::Chunked, b"2;a=b;c=\"d\"\r\nhi\r\n0;last\r\n\r\n", b"hi"),
        ("blanks behind the size, as old Apache pads", Framing::Chunked, b"2   \r\nhi\r\n0  \r\n\r\n", b"hi"),
        ("bare LF", Framing::Chunked, b"2\nhi\n0\n\n", b"hi"),
        ("trailers (7.1.2)", Framing::Chunked, b"2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n", b"hi"),
    ];
    for (story, framing, input, body) in rows {
        let (decoded, out, decoder) = decode(*framing, &[input, &next[..]].concat());
        assert_eq!((decoded, out.as_slice()), (Ok((input.len(), true)), *body), "{story}");
        assert_eq!(decoder.received(), body.len() as u64, "{story}");
        assert_eq!(decoder.finish_at_close(), Ok(()), "{story}");
    }
}

#[test]
fn reads_until_the_close() {
    let (decoded, out, decoder) = decode(Framing::UntilClose, b"all of it");
    assert_eq!((decoded, out.as_slice()), (Ok((9, false)), &b"all of it"[..]));
    assert_eq!(decoder.finish_at_close(), Ok(()));
}

#[test]
fn keeps_trailers() {
    let (_, _, decoder) = decode(Framing::Chunked, b"0\r\nX-Sum: 7\r\nX-Folded: a\r\n b\r\nx-sum:8\r\n\r\n");
    let expected: [(&[u8], &[u8]); 3] = [(b"X-Sum", b"7"), (b"X-Folded", b"a\r\n b"), (b"x-sum", b"8")];
    assert!(decoder.trailers().eq(expected));
}

#[test]
fn refuses_bad_chunks() {
    let rows: &[(&str, &[u8], &str)] = &[
        ("no number", b"zz\r\nhi\r\n", "zz\r\n"),
        ("nothing", b"\r\nhi\r\n", "\r\n"),
        ("only an extension", b";a\r\n", ""),
        ("a sign", b"-2\r\nhi\r\n", "-2\r\n"),
        ("a prefix", b"0x2\r\nhi\r\n", "0x2\r\n"),
        ("a blank before the size", b" 2\r\nhi\r\n", " 2\r\n"),
        ("a blank in the size", b"1 2\r\n", "1 2\r\n"),
        ("beyond 64 bits", b"10000000000000000\r\n", "10000000000000000\r\n"),
        ("a chunk longer than its size", b"2\r\nhi!\r\n0\r\n\r\n", "\"!\\r\" where a chunk should end"),
        ("a chunk without its line end", b"2\r\nhi0\r\n\r\n", "\"0\\r\" where a chunk should end"),
    ];
    for (story, input, label) in rows {
        let failure = BodyDecoder::new(Framing::Chunked).decode(input, &mut Vec::new()).expect_err("a fault");
        assert_eq!(
            (failure.kind, failure.label.as_deref()),
            (FailureKind::BadChunk, Some(*label)),
            "{story}"
        );
    }
}

#[test]
fn bounds_what_carries_no_body() {
    let repeat = |text: &str, count: usize| text.repeat(count);
    let rows = [
        ("an endless extension", repeat("1;x", 1) + &repeat("y", 20_000), FailureKind::BadChunk),
        ("endless trailers", "0\r\n".to_owned() + &repeat("X: y\r\n", 200), FailureKind::TooManyHeaders),
        ("one endless trailer", "0\r\nX: ".to_owned() + &repeat("y", 70_000), FailureKind::HeadTooLong),
        (
            "long trailers",
            "0\r\n".to_owned() + &repeat(&format!("X: {}\r\n", repeat("y", 2_000)), 50),
            FailureKind::HeadTooLong,
        ),
    ];
    for (story, input, kind) in &rows {
        for piece in [1, 7, 1_000, input.len()] {
            let mut decoder = BodyDecoder::new(Framing::Chunked);
            let mut pieces = input.as_bytes().chunks(piece);
            let failure = pieces.find_map(|piece| decoder.decode(piece, &mut Vec::new()).err());
            assert_eq!(failure.map(|failure| failure.kind), Some(*kind), "{story} in pieces of {piece}");
        }
    }
}

#[test]
fn judges_a_close_in_the_middle() {
    let closed = |received, missing| Err(FailureKind::ClosedInBody { received, missing });
    let rows: &[Close] = &[
        ("nothing came", Framing::Length(5), b"", closed(0, Some(5))),
        ("less than announced", Framing::Length(5), b"hi", closed(2, Some(3))),
        ("no chunk", Framing::Chunked, b"", closed(0, None)),
        ("in a size", Framing::Chunked, b"1", closed(0, None)),
        ("in a chunk", Framing::Chunked, b"5\r\nhi", closed(2, Some(3))),
        ("in a second chunk", Framing::Chunked, b"2\r\nhi\r\n5\r\nabc", closed(3, Some(2))),
        ("behind a chunk's data", Framing::Chunked, b"2\r\nhi", closed(2, None)),
        ("between chunks", Framing::Chunked, b"2\r\nhi\r\n", closed(2, None)),
        ("instead of the last empty line", Framing::Chunked, b"2\r\nhi\r\n0\r\n", Ok(())),
    ];
    for (story, framing, input, expected) in rows {
        let (_, _, decoder) = decode(*framing, input);
        assert_eq!(decoder.finish_at_close().map_err(|failure| failure.kind), *expected, "{story}");
    }
}
