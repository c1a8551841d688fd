//! Heads: status lines, fields, and what they say about body and connection.

use katydid_stats::FailureKind;

use super::head_of;
use crate::h1::{Coding, Framing, Limits, headers, parse_head, reason};

/// The head with these field lines.
fn head_with(lines: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{lines}\r\n").into_bytes()
}

fn fault_of(input: &[u8]) -> (FailureKind, Option<String>) {
    let failure = parse_head(input, false, &Limits::default()).expect_err("a fault");
    (failure.kind, failure.label.map(|label| label.to_string()))
}

#[test]
fn reads_status_lines_that_real_servers_send() {
    let rows: &[(&str, &[u8], u16, u8, &str)] = &[
        ("the ordinary one", b"HTTP/1.1 200 OK\r\n\r\n", 200, 1, "OK"),
        (
            "HTTP/1.0, as old servers and ab-style mocks say",
            b"HTTP/1.0 404 Not Found\r\n\r\n",
            404,
            0,
            "Not Found",
        ),
        ("no reason (RFC 9112 4 keeps the blank, some drop it)", b"HTTP/1.1 200\r\n\r\n", 200, 1, ""),
        ("an empty reason", b"HTTP/1.1 200 \r\n\r\n", 200, 1, ""),
        ("bare LF (RFC 9112 2.2 allows a recipient to take it)", b"HTTP/1.1 200 OK\n\n", 200, 1, "OK"),
        (
            "an empty line left over from the answer before (2.2)",
            b"\r\n\nHTTP/1.1 200 OK\r\n\r\n",
            200,
            1,
            "OK",
        ),
        ("obs-text in the reason (4)", b"HTTP/1.1 200 \xdcber\r\n\r\n", 200, 1, "\u{fffd}ber"),
        (
            "a control character in the reason, as http.client takes it",
            b"HTTP/1.1 200 O\x01K\r\n\r\n",
            200,
            1,
            "O\u{1}K",
        ),
        ("blanks too many", b" HTTP/1.1  200\t OK \r\n\r\n", 200, 1, "OK"),
        (
            "a higher minor version is the highest known (RFC 9110 2.5)",
            b"HTTP/1.2 200 OK\r\n\r\n",
            200,
            1,
            "OK",
        ),
        ("a code outside the classes (RFC 9110 15)", b"HTTP/1.1 999 What\r\n\r\n", 999, 1, "What"),
    ];
    for (story, input, status, minor_version, phrase) in rows {
        let head = head_of(input);
        assert_eq!(
            (head.status, head.minor_version, head.len),
            (*status, *minor_version, input.len()),
            "{story}"
        );
        assert_eq!(String::from_utf8_lossy(reason(input)), *phrase, "{story}");
    }
}

#[test]
fn shows_a_first_line_that_is_no_status_line() {
    let rows: &[(&str, &[u8], &str)] = &[
        ("garbage", b"garbage line\r\nContent-Length: 2\r\n\r\nhi", "garbage line\r\n"),
        ("not even a line end: no use in waiting", b"\x00\x01\x02", "\0\u{1}\u{2}"),
        ("a greeting of another protocol", b"SSH-2.0-OpenSSH_9.6\r\n", "SSH-2.0-OpenSSH_9.6\r\n"),
        ("a Shoutcast server", b"ICY 200 OK\r\n", "ICY 200 OK\r\n"),
        ("the version in lower case (RFC 9112 2.3)", b"http/1.1 200 OK\r\n", "http/1.1 200 OK\r\n"),
        ("another major version", b"HTTP/2.0 200 OK\r\n", "HTTP/2.0 200 OK\r\n"),
        ("no minor version", b"HTTP/1 200 OK\r\n", "HTTP/1 200 OK\r\n"),
        ("four digits (RFC 9112 4)", b"HTTP/1.1 1000 OK\r\n", "HTTP/1.1 1000 OK\r\n"),
        ("two digits", b"HTTP/1.1 20 OK\r\n", "HTTP/1.1 20 OK\r\n"),
        ("below 100 (RFC 9110 15)", b"HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n"),
        ("no code", b"HTTP/1.1 abc\r\n", "HTTP/1.1 abc\r\n"),
        ("Latin-1, as http.client shows it", b"\xe4h\r\n", "\u{e4}h\r\n"),
    ];
    for (story, input, label) in rows {
        assert_eq!(fault_of(input), (FailureKind::BadStatusLine, Some(String::from(*label))), "{story}");
    }
    let (_, label) = fault_of(&[b'x'; 100_000]);
    assert_eq!(label.map(|label| label.len()), Some(512), "a long line is cut");
}

#[test]
fn keeps_fields_as_received() {
    let input = b"HTTP/1.1 200 OK\r\n\
        X-B: 1\r\n\
        x-a:2\r\n\
        X-B: \t3 \t\r\n\
        Empty:\r\n\
        Folded: a\r\n  b\r\n\tc\r\n\
        Late:\r\n  value\r\n\
        Bytes: \xe4\xff\r\n\
        Lf: 4\n\
        Colons: a:b\r\n\
        \r\nbody: 1\r\n";
    let expected: [(&[u8], &[u8]); 9] = [
        (b"X-B", b"1"),
        (b"x-a", b"2"),
        (b"X-B", b"3"),
        (b"Empty", b""),
        (b"Folded", b"a\r\n  b\r\n\tc"),
        (b"Late", b"value"),
        (b"Bytes", b"\xe4\xff"),
        (b"Lf", b"4"),
        (b"Colons", b"a:b"),
    ];
    assert_eq!(head_of(input).len, input.len() - b"body: 1\r\n".len());
    assert!(headers(input).eq(expected));
}

/// http.client loses the fields behind such a line, `Content-Length` among them, and then waits for a close that
/// never comes. Passing over the line is what browsers and curl do.
#[test]
fn passes_over_lines_that_are_no_field() {
    let rows: &[(&str, &str, &str)] = &[
        ("no colon", "X-A\r\n", ""),
        ("no name", ": a\r\n", ""),
        ("an indented first line", "  b: c\r\n", ""),
        ("a blank before the colon (RFC 9112 5.1: to be removed)", "X-A : a\r\n", "X-A=a;"),
        ("a blank in the name", "X A: a\r\n", "X A=a;"),
        ("a separator in the name", "X(A): a\r\n", "X(A)=a;"),
        ("a control character in the value", "X-A: a\u{1}b\r\n", "X-A=a\u{1}b;"),
        ("NUL in the value", "X-A: a\0b\r\n", "X-A=a\0b;"),
        ("a bare CR in the value", "X-A: a\rb\r\n", "X-A=a\rb;"),
        ("CR CR LF", "X-A: a\r\r\n", "X-A=a;"),
    ];
    for (story, line, expected) in rows {
        let input = head_with(&format!("{line}Content-Length: 2\r\n"));
        let head = head_of(&input);
        assert_eq!((head.framing, head.len), (Framing::Length(2), input.len()), "{story}");
        let fields: String = headers(&input)
            .filter(|(name, _)| *name != b"Content-Length")
            .map(|(name, value)| {
                format!("{}={};", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
            })
            .collect();
        assert_eq!(fields, *expected, "{story}");
    }
}

#[test]
fn finds_the_end_of_the_body() {
    let rows: &[(&str, &str, Framing)] = &[
        ("a length (RFC 9112 6.3, item 6)", "Content-Length: 5\r\n", Framing::Length(5)),
        ("zero is a length", "Content-Length: 0\r\n", Framing::Length(0)),
        ("blanks around the number", "Content-Length: \t5 \r\n", Framing::Length(5)),
        ("the largest number", "Content-Length: 18446744073709551615\r\n", Framing::Length(u64::MAX)),
        ("the same length twice (item 5)", "Content-Length: 5\r\ncontent-length: 5\r\n", Framing::Length(5)),
        ("the same length in a list (item 5)", "Content-Length: 5, 5\r\n", Framing::Length(5)),
        ("neither length nor chunks (item 8)", "", Framing::UntilClose),
        ("chunks (item 4)", "Transfer-Encoding: chunked\r\n", Framing::Chunked),
        ("coding names know no case (7)", "transfer-encoding: CHUNKED\r\n", Framing::Chunked),
        ("chunks over another coding (6.1)", "Transfer-Encoding: gzip, chunked\r\n", Framing::Chunked),
        (
            "the same in two fields",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
            Framing::Chunked,
        ),
        (
            "chunks are not the last coding (item 4)",
            "Transfer-Encoding: chunked, gzip\r\n",
            Framing::UntilClose,
        ),
        ("another coding alone (item 4)", "Transfer-Encoding: gzip\r\n", Framing::UntilClose),
        (
            "a coding overrides the length (item 3)",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            Framing::Chunked,
        ),
        ("even a bad one", "Transfer-Encoding: chunked\r\nContent-Length: x\r\n", Framing::Chunked),
        (
            "identity of RFC 2616 says nothing",
            "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
            Framing::Length(5),
        ),
        ("an empty coding list", "Transfer-Encoding: ,\r\nContent-Length: 5\r\n", Framing::Length(5)),
        ("a folded coding", "Transfer-Encoding:\r\n chunked\r\n", Framing::Chunked),
    ];
    for (story, lines, framing) in rows {
        assert_eq!(head_of(&head_with(lines)).framing, *framing, "{story}");
    }
}

#[test]
fn refuses_lengths_that_cannot_be_trusted() {
    let rows: &[(&str, &str, &str)] = &[
        (
            "two lengths (RFC 9112 6.3, item 5)",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "6 contradicts Content-Length: 5",
        ),
        ("a list of two", "Content-Length: 5, 6\r\n", "5, 6 contradicts Content-Length: 5"),
        ("a sign (RFC 9110 8.6)", "Content-Length: +5\r\n", "+5 is not a number"),
        ("below zero", "Content-Length: -1\r\n", "-1 is not a number"),
        ("a word", "Content-Length: many\r\n", "many is not a number"),
        ("nothing", "Content-Length:\r\n", " is not a number"),
        ("a digit group", "Content-Length: 1_0\r\n", "1_0 is not a number"),
        (
            "beyond 64 bits",
            "Content-Length: 18446744073709551616\r\n",
            "18446744073709551616 is not a number",
        ),
        ("sound, then not", "Content-Length: 5\r\nContent-Length: x\r\n", "x contradicts Content-Length: 5"),
        ("not, then sound", "Content-Length: x\r\nContent-Length: 5\r\n", "x is not a number"),
    ];
    for (story, lines, label) in rows {
        let expected = (FailureKind::BadHeader, Some(format!("Content-Length: {label}")));
        assert_eq!(fault_of(&head_with(lines)), expected, "{story}");
    }
}

#[test]
fn knows_answers_without_a_body() {
    let with_length = |status: u16| format!("HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n");
    for (status, request_is_head, framing) in [
        (200, false, Framing::Length(5)),
        (200, true, Framing::Empty),
        (404, true, Framing::Empty),
        (204, false, Framing::Empty),
        (205, false, Framing::Length(5)),
        (304, false, Framing::Empty),
        (100, false, Framing::Empty),
        (101, false, Framing::Empty),
    ] {
        let head = parse_head(with_length(status).as_bytes(), request_is_head, &Limits::default());
        let head = head.expect("sound").expect("complete");
        assert_eq!(head.framing, framing, "{status} {request_is_head}");
    }
}

#[test]
fn tells_interim_answers_from_final_ones() {
    for (status, is_interim) in
        [(100, true), (101, false), (102, true), (103, true), (199, true), (200, false)]
    {
        let head = head_of(format!("HTTP/1.1 {status} X\r\n\r\n").as_bytes());
        assert_eq!(head.is_interim, is_interim, "{status} (RFC 9110 15.2)");
    }
    assert!(!head_of(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").keep_alive, "101 leaves HTTP");
}

#[test]
fn knows_whether_the_connection_stays() {
    let rows: &[(&str, &str, &str, bool)] = &[
        ("HTTP/1.1 stays by default (RFC 9112 9.3)", "1.1", "Content-Length: 0\r\n", true),
        ("unless the server says close", "1.1", "Content-Length: 0\r\nConnection: close\r\n", false),
        ("in any case, in a list", "1.1", "Content-Length: 0\r\nConnection: Upgrade , CLOSE\r\n", false),
        ("close wins", "1.1", "Content-Length: 0\r\nConnection: keep-alive, close\r\n", false),
        (
            "in any field",
            "1.1",
            "Connection: close\r\nConnection: keep-alive\r\nContent-Length: 0\r\n",
            false,
        ),
        ("a word that only contains close", "1.1", "Content-Length: 0\r\nConnection: closely\r\n", true),
        ("a body until close", "1.1", "", false),
        ("HTTP/1.0 closes by default", "1.0", "Content-Length: 0\r\n", false),
        ("unless the server says keep-alive", "1.0", "Content-Length: 0\r\nConnection: Keep-Alive\r\n", true),
        (
            "chunks in HTTP/1.0: framing in doubt (6.1)",
            "1.0",
            "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n",
            false,
        ),
        ("chunks in HTTP/1.1", "1.1", "Transfer-Encoding: chunked\r\n", true),
        (
            "length and coding together stay, as in http.client",
            "1.1",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            true,
        ),
    ];
    for (story, version, lines, keep_alive) in rows {
        let head = head_of(format!("HTTP/{version} 200 OK\r\n{lines}\r\n").as_bytes());
        assert_eq!(head.keep_alive, *keep_alive, "{story}");
    }
}

#[test]
fn marks_what_the_layers_above_look_for() {
    let head = head_of(&head_with("SET-COOKIE: a=b\r\nlocation: /x\r\nKeep-Alive: max=9, Timeout=5\r\n"));
    assert_eq!((head.has_cookies, head.has_location, head.keep_alive_timeout), (true, true, Some(5)));
    let head = head_of(&head_with("Set-Cookie2: a\r\nX-Location: /x\r\nKeep-Alive: timeout=soon\r\n"));
    assert_eq!((head.has_cookies, head.has_location, head.keep_alive_timeout), (false, false, None));
}

#[test]
fn names_the_coding_of_the_body() {
    use Coding::{Brotli, Deflate, Gzip, Identity, Zstd};
    let rows: &[(&str, &str, &[Coding])] = &[
        ("none", "", &[]),
        ("gzip", "Content-Encoding: gzip\r\n", &[Gzip]),
        ("its old name, in capitals (RFC 9110 8.4.1.3)", "Content-Encoding: X-GZIP\r\n", &[Gzip]),
        ("deflate", "content-encoding: deflate\r\n", &[Deflate]),
        ("br", "Content-Encoding: br\r\n", &[Brotli]),
        ("zstd", "Content-Encoding: zstd\r\n", &[Zstd]),
        ("identity", "Content-Encoding: identity\r\n", &[]),
        ("an unknown one is left to the reader", "Content-Encoding: aes128gcm\r\n", &[]),
        ("a chain, in the order applied", "Content-Encoding: deflate, gzip\r\n", &[Deflate, Gzip]),
        ("in two fields", "Content-Encoding: br\r\nContent-Encoding: gzip\r\n", &[Brotli, Gzip]),
        (
            "a transfer coding lies on top",
            "Transfer-Encoding: gzip, chunked\r\nContent-Encoding: br\r\n",
            &[Brotli, Gzip],
        ),
    ];
    for (story, lines, steps) in rows {
        assert_eq!(head_of(&head_with(lines)).coding.steps(), *steps, "{story}");
    }
    assert_eq!(head_of(&head_with("Content-Encoding: gzip\r\n")).coding, Gzip);
    assert_eq!(head_of(&head_with("")).coding, Identity);
    let endless = head_of(&head_with(&format!("Content-Encoding: {}gzip\r\n", "gzip,".repeat(9_000))));
    assert_eq!(endless.coding.steps().len(), crate::coding::STEPS_MAX + 1, "an absurd chain stays small");
}

#[test]
fn stops_at_its_limits() {
    let limits = Limits { head_bytes: 1000, headers: 10 };
    let kind =
        |input: &[u8]| parse_head(input, false, &limits).map(|head| head.is_some()).map_err(|f| f.kind);
    let with_bytes = |len: usize| {
        let frame = b"HTTP/1.1 200 OK\r\nX: \r\n\r\n".len();
        head_with(&format!("X: {}\r\n", "y".repeat(len - frame)))
    };
    assert_eq!(kind(&with_bytes(1000)), Ok(true), "as long as allowed");
    assert_eq!(kind(&with_bytes(1001)), Err(FailureKind::HeadTooLong));
    assert_eq!(kind(&with_bytes(1001)[..999]), Ok(false), "not known yet");
    assert_eq!(
        kind(&with_bytes(1001)[..1000]),
        Err(FailureKind::HeadTooLong),
        "known before the end has come"
    );
    assert_eq!(
        kind(b"HTTP/1.1 200 O".repeat(100).as_slice()),
        Err(FailureKind::HeadTooLong),
        "a line without an end"
    );
    assert_eq!(
        kind(b"\r\n".repeat(600).as_slice()),
        Err(FailureKind::HeadTooLong),
        "empty lines without an end"
    );
    assert_eq!(kind(&head_with(&"X: y\r\n".repeat(10))), Ok(true), "as many as allowed");
    assert_eq!(kind(&head_with(&"X: y\r\n".repeat(11))), Err(FailureKind::TooManyHeaders));
    assert_eq!(
        kind(&head_with(&format!("X: y\r\n{}", " z\r\n".repeat(50)))),
        Ok(true),
        "folded lines are one field"
    );
}

/// Endless fields, as a broken server sends them, end with the limit on fields however they arrive; one endless
/// line ends with the limit on bytes.
#[test]
fn stops_endless_heads() {
    let fields = [&b"HTTP/1.1 200 OK\r\n"[..], &b"X-Junk: junk\r\n".repeat(20_000)].concat();
    let line = [&b"HTTP/1.1 200 OK\r\nX-Junk: "[..], &b"junk".repeat(50_000)].concat();
    for piece in [1_000, 4_096, 60_000, 200_000] {
        for (input, kind) in [(&fields, FailureKind::TooManyHeaders), (&line, FailureKind::HeadTooLong)] {
            let ends = (piece..=input.len()).step_by(piece);
            let failure =
                ends.map(|end| parse_head(&input[..end], false, &Limits::default())).find_map(Result::err);
            assert_eq!(failure.map(|failure| failure.kind), Some(kind), "pieces of {piece}");
        }
    }
}

/// Longer than the quick reader's share, with more fields than it has room for: the other reader takes over.
#[test]
fn reads_large_heads() {
    let lines: String = (0..99).map(|index| format!("X-{index}: {}\r\n", "v".repeat(600))).collect();
    let input = head_with(&format!("{lines}Content-Length: 7\r\n"));
    let head = head_of(&input);
    assert_eq!((head.len, head.framing), (input.len(), Framing::Length(7)));
    assert_eq!(headers(&input).count(), 100);
}
