//! How is an answer written? JSON as programs expect it of each API, errors in one line.

use std::fs::File;
use std::io::{self, Read};

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::command::{Piece, Reply};

/// Headers that belong to one connection, or that the server writes itself.
const OURS: [&str; 6] = ["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade", "te"];

/// A body with its content type.
pub(crate) fn typed(content_type: &'static str, body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static(content_type))], body.into()).into_response()
}

/// JSON on one line.
pub(crate) fn json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(text) => typed("application/json", text),
        Err(error) => self::error(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// JSON as Locust's routes write it: keys sorted, two spaces, ASCII, a line end.
pub(crate) fn locust_json(value: &Value) -> Response {
    typed("application/json", katydid_report::json::ascii(&format!("{value:#}\n")))
}

/// What went wrong, in one line.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    let mut response = (status, json(&json!({ "error": message }))).into_response();
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// What went wrong, for a browser and for programs that know Locust: a page of a few words. `message` is ours, nothing of
/// a request is repeated.
pub(crate) fn error_page(status: StatusCode, message: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<title>{} {title}</title>\n<h1>{title}</h1>\n<p>{message}</p>\n",
        status.as_u16()
    );
    (status, typed("text/html; charset=utf-8", page)).into_response()
}

/// What the users' thread replied. Of headers that cannot be sent none is: a value of a run may hold anything.
pub(crate) fn of_reply(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, reply.body).into_response();
    *response.headers_mut() = headers(&reply.headers);
    response
}

/// What the users' thread replies piece by piece. If it stops in the middle, the connection ends without the end of the
/// body, so that nobody takes a part for the whole.
pub(crate) fn of_stream(reply: Reply, pieces: mpsc::Receiver<Piece>) -> Response {
    let length = reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.parse::<u64>().ok());
    let body = stream::try_unfold(pieces, |mut pieces| async move {
        match pieces.recv().await {
            Some(Piece::Data(data)) => Ok(Some((data, pieces))),
            Some(Piece::End) => Ok(None),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }
    });
    let mut response = of_reply(reply);
    *response.body_mut() = Body::from_stream(body);
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

fn headers(pairs: &[(String, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&latin1(value))) else { continue };
        if !OURS.contains(&name.as_str()) {
            headers.append(name, value);
        }
    }
    headers
}

/// Header values come from WSGI, where a character stands for a byte.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character as u32).unwrap_or(b'?')).collect()
}

/// What a cache knows a content by.
pub(crate) fn tag(content: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(content);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// A text to be saved. What cannot stand in a header is left out of its name.
pub(crate) fn download(content_type: &'static str, name: &str, body: impl Into<Bytes>) -> Response {
    let body: Bytes = body.into();
    let length = body.len();
    named(typed(content_type, body), name, length as u64)
}

/// The same for a file, of which only a piece is in memory at a time: a history can be larger than that. What it has grown
/// by since is left out.
pub(crate) fn download_of(file: File, length: u64, content_type: &'static str, name: &str) -> Response {
    let pieces = stream::try_unfold(file.take(length), |mut file| async move {
        // A local file, read at once: the thread waits for a disk at most.
        let mut piece = Vec::with_capacity(PIECE);
        let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    named(typed(content_type, Body::from_stream(pieces)), name, length)
}

/// Bytes of a file that are read at once.
const PIECE: usize = 64 * 1024;

fn named(mut response: Response, name: &str, length: u64) -> Response {
    let name: String = name.chars().filter(|character| !character.is_control()).collect();
    if let Ok(value) = HeaderValue::from_bytes(&latin1(&format!("attachment;filename={name}"))) {
        response.headers_mut().insert(axum::http::header::CONTENT_DISPOSITION, value);
    }
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_reply_cannot_break_out_of_its_headers() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let reply = Reply {
            status: 200,
            headers: vec![
                pair("X-Fine", "é"),
                pair("X-Split", "a\r\nSet-Cookie: b"),
                pair("bad name", "x"),
                pair("Transfer-Encoding", "chunked"),
            ],
            body: Bytes::from_static(b"ok"),
        };
        let response = of_reply(reply);
        let names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x-fine"]);
        assert_eq!(response.headers()["x-fine"].as_bytes(), [0xe9]);
    }

    #[test]
    fn a_status_that_is_none_is_an_error() {
        assert_eq!(of_reply(Reply { status: 7, ..Reply::default() }).status(), 500);
    }

    #[test]
    fn the_name_of_a_download_stays_in_its_header() {
        let response = download("text/csv", "a\r\nX: y/z.csv", "1");
        assert_eq!(response.headers()["content-disposition"], "attachment;filename=aX: y/z.csv");
    }

    #[test]
    fn a_file_is_sent_as_long_as_it_was() {
        let path = tempfile::NamedTempFile::new().expect("a file");
        let content = vec![b'x'; 3 * PIECE + 1];
        std::fs::write(path.path(), &content).expect("content");
        let open = || File::open(path.path()).expect("the file");
        for length in [content.len(), 1] {
            let response = download_of(open(), length as u64, "text/csv", "a.csv");
            assert_eq!(response.headers()[CONTENT_LENGTH], length.to_string());
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).now_or_never();
            assert_eq!(body.and_then(Result::ok).map(|body| body.len()), Some(length));
        }
    }
}
