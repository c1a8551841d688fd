//! Was this very head read a moment ago? A target tends to say the same again and again: until its clock shows another
//! second, all answers of a kind begin with the same bytes.
//!
//! What a maintainer must not break: what is remembered is the meaning of complete heads that were read without a
//! fault, and the same bytes after the same kind of request have the same meaning. Interim answers are not remembered,
//! so that each is judged where it stands.

use katydid_stats::Failure;

use super::head::{Head, Limits, parse_head};

/// Heads that are remembered; the oldest makes room.
const PLACES: usize = 8;

/// Longer heads are not remembered.
const BYTES_MAX: usize = 1024;

/// Reads heads, and knows the last few different ones again.
#[derive(Debug, Default)]
pub(crate) struct HeadReader {
    limits: Limits,
    known: Vec<Known>,
    /// The place that was right the last time.
    latest: usize,
    /// The place that is given away next.
    oldest: usize,
}

#[derive(Debug)]
struct Known {
    raw: Vec<u8>,
    request_is_head: bool,
    head: Head,
}

impl HeadReader {
    /// As [`parse_head`].
    #[inline]
    pub(crate) fn read(&mut self, input: &[u8], request_is_head: bool) -> Result<Option<Head>, Failure> {
        if let Some(head) = self.recall(input, request_is_head) {
            return Ok(Some(head));
        }
        let head = parse_head(input, request_is_head, &self.limits)?;
        if let Some(head) = head.as_ref().filter(|head| head.len <= BYTES_MAX && !head.is_interim) {
            self.remember(&input[..head.len], request_is_head, head);
        }
        Ok(head)
    }

    #[inline]
    fn recall(&mut self, input: &[u8], request_is_head: bool) -> Option<Head> {
        let is_it = |known: &Known| known.request_is_head == request_is_head && input.starts_with(&known.raw);
        if !self.known.get(self.latest).is_some_and(is_it) {
            self.latest = self.known.iter().position(is_it)?;
        }
        Some(self.known[self.latest].head.clone())
    }

    fn remember(&mut self, raw: &[u8], request_is_head: bool, head: &Head) {
        self.latest = self.oldest;
        self.oldest = (self.oldest + 1) % PLACES;
        match self.known.get_mut(self.latest) {
            None => self.known.push(Known { raw: raw.to_vec(), request_is_head, head: head.clone() }),
            Some(known) => {
                known.raw.clear();
                known.raw.extend_from_slice(raw);
                known.request_is_head = request_is_head;
                known.head = head.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h1::Framing;

    fn read(reader: &mut HeadReader, input: &str, request_is_head: bool) -> Head {
        reader.read(input.as_bytes(), request_is_head).expect("sound").expect("complete")
    }

    #[test]
    fn a_known_head_means_what_it_meant() {
        let mut reader = HeadReader::default();
        let input = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nSet-Cookie: a=b\r\n\r\nabc";
        let first = read(&mut reader, input, false);
        let again = read(&mut reader, &input.replace("abc", "xyzHTTP/1.1"), false);
        assert_eq!(format!("{first:?}"), format!("{again:?}"));
        assert_eq!((again.len, again.framing, again.has_cookies), (55, Framing::Length(3), true));
        assert_eq!(reader.known.len(), 1);
    }

    #[test]
    fn another_kind_of_request_is_another_head() {
        let mut reader = HeadReader::default();
        let input = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(read(&mut reader, input, false).framing, Framing::Length(3));
        assert_eq!(read(&mut reader, input, true).framing, Framing::Empty);
        assert_eq!(read(&mut reader, input, false).framing, Framing::Length(3));
    }

    #[test]
    fn more_heads_than_places_are_all_read_right() {
        let mut reader = HeadReader::default();
        for turn in 0..3 {
            for status in 200..200 + 2 * PLACES as u16 {
                let input = format!("HTTP/1.1 {status} X\r\nContent-Length: {turn}\r\n\r\n");
                let head = read(&mut reader, &input, false);
                let framing = if status == 204 { Framing::Empty } else { Framing::Length(turn) };
                assert_eq!((head.status, head.framing), (status, framing));
            }
        }
        assert_eq!(reader.known.len(), PLACES);
    }

    #[test]
    fn a_part_of_a_known_head_is_not_that_head() {
        let mut reader = HeadReader::default();
        let input = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
        read(&mut reader, std::str::from_utf8(input).expect("ASCII"), false);
        for len in 0..input.len() {
            assert!(reader.read(&input[..len], false).expect("sound").is_none());
        }
    }

    #[test]
    fn interim_and_long_heads_are_not_remembered() {
        let mut reader = HeadReader::default();
        assert!(read(&mut reader, "HTTP/1.1 100 Continue\r\n\r\n", false).is_interim);
        let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(BYTES_MAX));
        read(&mut reader, &long, false);
        assert!(reader.known.is_empty());
    }
}
