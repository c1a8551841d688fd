//! What does a form with files look like as a request body? (RFC 7578)
//!
//! The bytes are those that requests and urllib3 send for the same fields, so that a target sees no difference.
//! Boundaries come from the caller: this module has no randomness.

/// One part of a form: a field or a file.
///
/// # Examples
/// ```
/// use katydid_net::multipart::{Part, encode};
///
/// let file = Part { file_name: Some("a.txt"), content_type: Some("text/plain"), ..Part::field("file", b"hello") };
/// let body = encode("b0undary", &[Part::field("k", b"v"), file]);
/// assert!(body.starts_with(b"--b0undary\r\nContent-Disposition: form-data; name=\"k\"\r\n\r\nv\r\n"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The field's name.
    pub name: &'a str,
    /// The file's name; `None` for a plain field.
    pub file_name: Option<&'a str>,
    /// Value of `Content-Type`; as in requests, it is never guessed.
    pub content_type: Option<&'a str>,
    /// Further header fields. As in requests, empty ones are left out, and so are `Content-Disposition`,
    /// `Content-Type` and `Content-Location` in this spelling.
    pub headers: &'a [(&'a str, &'a str)],
    /// The value or the file's content.
    pub content: &'a [u8],
}

impl<'a> Part<'a> {
    /// A plain field.
    pub fn field(name: &'a str, content: &'a [u8]) -> Self {
        Self { name, file_name: None, content_type: None, headers: &[], content }
    }
}

/// The body of a form with these parts, in this order. `boundary` must not occur in them.
pub fn encode(boundary: &str, parts: &[Part<'_>]) -> Vec<u8> {
    const FRAME_BYTES: usize = 128;
    let content: usize = parts.iter().map(|part| part.content.len() + FRAME_BYTES + boundary.len()).sum();
    let mut out = Vec::with_capacity(content + FRAME_BYTES);
    for part in parts {
        append(&mut out, ["--", boundary, "\r\n"]);
        append_headers(&mut out, part);
        out.extend_from_slice(part.content);
        out.extend_from_slice(b"\r\n");
    }
    append(&mut out, ["--", boundary, "--\r\n"]);
    out
}

/// The request's `Content-Type` for this boundary.
pub fn content_type(boundary: &str) -> String {
    format!("multipart/form-data; boundary={boundary}")
}

/// A boundary of 32 hexadecimal digits, as urllib3 makes them from 16 random bytes.
pub fn boundary(random: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(random))
}

fn append_headers(out: &mut Vec<u8>, part: &Part<'_>) {
    append(out, ["Content-Disposition: form-data; name=\"", &escape(part.name), "\""]);
    if let Some(file_name) = part.file_name {
        append(out, ["; filename=\"", &escape(file_name), "\""]);
    }
    out.extend_from_slice(b"\r\n");
    let content_type = part.content_type.map(|value| ("Content-Type", value));
    let others = part.headers.iter().copied().filter(|(name, _)| !is_ours(name));
    for (name, value) in content_type.into_iter().chain(others).filter(|(_, value)| !value.is_empty()) {
        append(out, [name, ": ", value, "\r\n"]);
    }
    out.extend_from_slice(b"\r\n");
}

fn is_ours(name: &str) -> bool {
    matches!(name, "Content-Disposition" | "Content-Type" | "Content-Location")
}

/// Only what would end the quoted string is escaped (WHATWG HTML, multipart/form-data).
fn escape(text: &str) -> String {
    text.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22")
}

fn append<const N: usize>(out: &mut Vec<u8>, parts: [&str; N]) {
    parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(part: Part<'_>) -> String {
        let body = String::from_utf8_lossy(&encode("b0undary", &[part])).into_owned();
        let inner =
            body.strip_prefix("--b0undary\r\nContent-Disposition: form-data; ").expect("a first line");
        inner.strip_suffix("\r\n--b0undary--\r\n").expect("a last line").to_owned()
    }

    /// The right column is what requests 2.34 with urllib3 2.8 sent for the same form.
    #[test]
    fn parts_look_as_requests_writes_them() {
        let file = Part { file_name: Some("a.txt"), ..Part::field("file", b"hello") };
        let text = Some("text/plain");
        let given: &[_] = &[("X-A", "1"), ("Content-Type", "x/y"), ("Content-Location", "/z"), ("E", "")];
        let lower: &[_] = &[("Content-Type", "x/y"), ("content-type", "q/r")];
        let odd = Part { file_name: Some("fü\"\\.txt"), ..Part::field("a\"b\r\nc", b"\0") };
        let file_line = "name=\"file\"; filename=\"a.txt\"\r\n";
        let rows = [
            ("a field", Part::field("k", b"v"), "name=\"k\"\r\n\r\nv".to_owned()),
            ("a file", file, format!("{file_line}\r\nhello")),
            (
                "its type",
                Part { content_type: text, ..file },
                format!("{file_line}Content-Type: text/plain\r\n\r\nhello"),
            ),
            ("an empty type", Part { content_type: Some(""), ..file }, format!("{file_line}\r\nhello")),
            (
                "headers of the user",
                Part { content_type: text, headers: given, ..file },
                format!("{file_line}Content-Type: text/plain\r\nX-A: 1\r\n\r\nhello"),
            ),
            (
                "in another spelling",
                Part { headers: lower, ..file },
                format!("{file_line}content-type: q/r\r\n\r\nhello"),
            ),
            ("odd names", odd, "name=\"a%22b%0D%0Ac\"; filename=\"fü%22\\.txt\"\r\n\r\n\0".to_owned()),
            (
                "an empty file name",
                Part { file_name: Some(""), ..Part::field("p", b"v") },
                "name=\"p\"; filename=\"\"\r\n\r\nv".to_owned(),
            ),
        ];
        for (story, part, expected) in rows {
            assert_eq!(encoded(part), expected, "{story}");
        }
    }

    #[test]
    fn parts_keep_their_order_and_bytes() {
        let body = encode("b", &[Part::field("x", b"\xff"), Part::field("a", b""), Part::field("x", b"2")]);
        let part = |name: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes()
        };
        let expected =
            [&part("x")[..], b"\xff\r\n", &part("a"), b"\r\n", &part("x"), b"2\r\n--b--\r\n"].concat();
        assert_eq!(body, expected);
        assert_eq!(encode("b", &[]), b"--b--\r\n");
    }

    #[test]
    fn boundaries_are_those_of_urllib3() {
        assert_eq!(
            boundary([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]),
            "000102030405060708090a0b0c0d0eff"
        );
        assert_eq!(content_type("b"), "multipart/form-data; boundary=b");
    }
}
