//! Answers that Python's `http.client` (3.11) was shown too. Where it fails to find the end of an answer and ours
//! does not, or refuses what it lets pass, the row says so.

use katydid_stats::FailureKind;

use super::{Outcome, read};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Fields: answer, status, body, whether the connection stays.
type Row = (&'static str, u16, &'static str, bool);

fn outcome(input: &str) -> Outcome {
    read([input.as_bytes()], false)
}

#[test]
fn reads_what_http_client_reads() {
    let rows: &[Row] = &[
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 200, "hi", true),
        ("HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1  200  OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1\t200\tOK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        (" HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 O\u{1}K\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nX-A: a\r\n  b\r\n\tc\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\n  b\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nX(A): a\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2  \r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", true),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            200,
            "hi",
            true,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", false),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0;x\r\nT: v\r\n\r\n",
            200,
            "hi",
            true,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  \r\nhi\r\n0\r\n\r\n", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nhi\r\n0\n\n", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\n\r\nhi", 200, "hi", false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false),
        ("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false),
        ("HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi", 204, "", true),
        ("HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\nhi", 304, "", true),
    ];
    for (input, status, body, keep_alive) in rows {
        let read = outcome(input);
        let expected = (Some(*status), body.as_bytes(), *keep_alive, None);
        assert_eq!((read.status, read.body.as_slice(), read.keep_alive, read.fault), expected, "{input:?}");
    }
}

#[test]
fn refuses_what_http_client_refuses() {
    let closed = |received, missing| FailureKind::ClosedInBody { received, missing };
    let rows = [
        ("garbage line\r\nContent-Length: 2\r\n\r\nhi".to_owned(), FailureKind::BadStatusLine),
        ("garbage".to_owned(), FailureKind::BadStatusLine),
        ("http/1.1 200 OK\r\n\r\n".to_owned(), FailureKind::BadStatusLine),
        ("HTTP/2.0 200 OK\r\n\r\n".to_owned(), FailureKind::BadStatusLine),
        ("HTTP/1 200 OK\r\n\r\n".to_owned(), FailureKind::BadStatusLine),
        ("HTTP/1.1 099 OK\r\n\r\n".to_owned(), FailureKind::BadStatusLine),
        ("HTTP/1.1 1000 OK\r\n\r\n".to_owned(), FailureKind::BadStatusLine),
        (format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(101)), FailureKind::TooManyHeaders),
        (format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(65_540)), FailureKind::HeadTooLong),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi".to_owned(), closed(2, Some(3))),
        (format!("{CHUNKED}5\r\nhi"), closed(2, Some(3))),
        (format!("{CHUNKED}2\r\nhi\r\n"), closed(2, None)),
        (format!("{CHUNKED}zz\r\nhi\r\n0\r\n\r\n"), FailureKind::BadChunk),
        (format!("{CHUNKED}-2\r\nhi\r\n0\r\n\r\n"), FailureKind::BadChunk),
        (format!("{CHUNKED}\r\nhi\r\n0\r\n\r\n"), FailureKind::BadChunk),
    ];
    for (input, fault) in rows {
        let shown = &input[..input.len().min(80)];
        assert_eq!(outcome(&input).fault, Some(fault), "{shown:?}");
    }
}

/// RFC 9112 6.3, item 5 and 7.1: `http.client` guesses here, and reads until a close that may never come, or takes
/// the first of two lengths, or skips two bytes unseen.
#[test]
fn refuses_where_http_client_guesses() {
    let rows = [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!".to_owned(),
            FailureKind::BadHeader,
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi".to_owned(), FailureKind::BadHeader),
        ("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi".to_owned(), FailureKind::BadHeader),
        ("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nhi".to_owned(), FailureKind::BadHeader),
        ("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhi".to_owned(), FailureKind::BadHeader),
        (format!("{CHUNKED}0x2\r\nhi\r\n0\r\n\r\n"), FailureKind::BadChunk),
        (format!("{CHUNKED}2\r\nhiXX0\r\n\r\n"), FailureKind::BadChunk),
    ];
    for (input, fault) in rows {
        assert_eq!(outcome(&input).fault, Some(fault), "{input:?}");
    }
}

/// `http.client` drops the length with the odd line, or does not know the list, and reads until the close.
#[test]
fn finds_the_end_where_http_client_does_not() {
    let rows: &[Row] = &[
        ("HTTP/1.1 200 OK\r\nX-A : a\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nX A: a\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nX-A: a\r\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", true),
        ("\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
    ];
    for (input, status, body, keep_alive) in rows {
        let read = outcome(input);
        let expected = (Some(*status), body.as_bytes(), *keep_alive, None);
        assert_eq!((read.status, read.body.as_slice(), read.keep_alive, read.fault), expected, "{input:?}");
    }
}
