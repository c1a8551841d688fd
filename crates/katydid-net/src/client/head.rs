//! What does the head of a request look like? A request line, a block built once, and what a call adds.

/// A request method (RFC 9110 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read.
    Get,
    /// Read the head alone.
    Head,
    /// Process this.
    Post,
    /// Replace.
    Put,
    /// Change in part.
    Patch,
    /// Remove.
    Delete,
    /// Ask what is possible.
    Options,
}

impl Method {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    /// Whether sending twice does no harm (RFC 9110 9.2.2).
    pub fn is_idempotent(self) -> bool {
        !matches!(self, Self::Post | Self::Patch)
    }

    /// Whether a body is expected, so that an empty one is announced with `Content-Length: 0` (RFC 9110 8.6).
    fn expects_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

/// The part of a head that is the same for every request to one host.
#[derive(Clone, Debug)]
pub(super) struct HeadBlock {
    host: String,
    defaults: Vec<(String, String)>,
    /// From the version in the request line to the last default header.
    bytes: Vec<u8>,
}

/// What a call adds to the block.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadExtras<'a> {
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) cookies: Option<&'a str>,
    pub(super) body_len: usize,
}

impl HeadBlock {
    /// Builds the block; the name of a header that holds a line break is the error.
    pub(super) fn try_new(host: &str, defaults: Vec<(String, String)>) -> Result<Self, String> {
        if let Some((name, _)) = defaults.iter().find(|(name, value)| !is_header(name, value)) {
            return Err(name.clone());
        }
        let mut bytes = b" HTTP/1.1\r\n".to_vec();
        write_field(&mut bytes, "Host", host);
        for (name, value) in &defaults {
            write_field(&mut bytes, name, value);
        }
        Ok(Self { host: host.to_owned(), defaults, bytes })
    }

    /// Writes a whole head into `out`, which it empties first. The parts of `target` follow each other.
    pub(super) fn write(&self, out: &mut Vec<u8>, method: Method, target: [&str; 3], extras: HeadExtras<'_>) {
        out.clear();
        out.extend_from_slice(method.name().as_bytes());
        out.push(b' ');
        for part in target {
            out.extend_from_slice(part.as_bytes());
        }
        if extras.headers.is_empty() {
            out.extend_from_slice(&self.bytes);
        } else {
            self.write_overridden(out, extras.headers);
        }
        if let Some(cookies) = extras.cookies {
            write_field(out, "Cookie", cookies);
        }
        if extras.body_len > 0 || method.expects_body() {
            write_field(out, "Content-Length", &extras.body_len.to_string());
        }
        out.extend_from_slice(b"\r\n");
    }

    /// The block with some of its fields replaced by the call's own.
    fn write_overridden(&self, out: &mut Vec<u8>, headers: &[(&str, &str)]) {
        let overridden = |name: &str| headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        out.extend_from_slice(b" HTTP/1.1\r\n");
        if !overridden("Host") {
            write_field(out, "Host", &self.host);
        }
        for (name, value) in self.defaults.iter().filter(|(name, _)| !overridden(name)) {
            write_field(out, name, value);
        }
        for (name, value) in headers {
            write_field(out, name, value);
        }
    }
}

/// Whether `name` is a token (RFC 9110 5.6.2) and `value` cannot end its line.
pub(super) fn is_header(name: &str, value: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name.bytes().all(is_token)
        && !value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

fn write_field(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> HeadBlock {
        let defaults =
            vec![("User-Agent".to_owned(), "k".to_owned()), ("Accept".to_owned(), "*/*".to_owned())];
        HeadBlock::try_new("h:81", defaults).expect("good headers")
    }

    fn written(method: Method, extras: HeadExtras<'_>) -> String {
        let mut out = b"left over".to_vec();
        block().write(&mut out, method, ["", "/api", "/items"], extras);
        String::from_utf8(out).expect("text")
    }

    const NONE: HeadExtras<'_> = HeadExtras { headers: &[], cookies: None, body_len: 0 };

    #[test]
    fn a_plain_get_is_line_block_and_empty_line() {
        let expected = "GET /api/items HTTP/1.1\r\nHost: h:81\r\nUser-Agent: k\r\nAccept: */*\r\n\r\n";
        assert_eq!(written(Method::Get, NONE), expected);
    }

    #[test]
    fn a_calls_header_takes_the_place_of_the_default() {
        let headers = [("accept", "text/html"), ("X-Trace", "7")];
        let expected = "GET /api/items HTTP/1.1\r\nHost: h:81\r\nUser-Agent: k\r\naccept: text/html\r\nX-Trace: 7\r\n\r\n";
        assert_eq!(written(Method::Get, HeadExtras { headers: &headers, ..NONE }), expected);
    }

    #[test]
    fn bodies_are_announced_even_where_empty_if_the_method_expects_one() {
        assert!(written(Method::Post, NONE).contains("Content-Length: 0\r\n"));
        assert!(!written(Method::Delete, NONE).contains("Content-Length"));
        assert!(
            written(Method::Delete, HeadExtras { body_len: 3, ..NONE }).contains("Content-Length: 3\r\n")
        );
    }

    #[test]
    fn cookies_follow_the_block() {
        let head = written(Method::Get, HeadExtras { cookies: Some("a=1; b=2"), ..NONE });
        assert!(head.ends_with("Accept: */*\r\nCookie: a=1; b=2\r\n\r\n"), "{head}");
    }

    #[test]
    fn headers_that_would_break_the_head_are_refused() {
        for (name, value) in [("A", "x\r\nB: y"), ("A\r\n", "x"), ("", "x"), ("A b", "x"), ("A", "\0")] {
            assert!(!is_header(name, value), "{name:?}: {value:?}");
        }
        assert!(is_header("X-Ü".trim_end_matches('Ü'), "grüß"));
        let defaults = vec![("A".to_owned(), "1\n2".to_owned())];
        assert_eq!(HeadBlock::try_new("h", defaults).err().as_deref(), Some("A"));
    }
}
