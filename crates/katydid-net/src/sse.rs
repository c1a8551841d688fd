//! Which events are in an event stream? (WHATWG HTML, server-sent events, "event stream interpretation")
//!
//! [`EventStream`] takes the body of a `text/event-stream` answer in any pieces and hands out events as soon as the
//! empty line behind them has come. What a maintainer must not break: a line end split over two pieces is one line
//! end, and memory stays below the limit on an event.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use memchr::memchr2;

/// How long one event may be if the caller has no better idea: 16 MiB.
pub const EVENT_BYTES_MAX: usize = 16 << 20;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its type; `message` where the server gave none.
    pub kind: String,
    /// Its data, the lines parted by LF.
    pub data: String,
    /// The stream's last event id at this event; empty where the server gave none.
    pub last_id: Rc<str>,
}

/// An event is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTooLong {
    limit: usize,
}

impl fmt::Display for EventTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event of the stream is longer than {} bytes", self.limit)
    }
}

impl std::error::Error for EventTooLong {}

/// Parser of one event stream.
///
/// # Examples
/// ```
/// use katydid_net::sse::EventStream;
///
/// let mut stream = EventStream::new();
/// let mut events = Vec::new();
/// stream.push(b"event: tick\ndata: 1\n", &mut events).unwrap();
/// assert!(events.is_empty());
/// stream.push(b"\n", &mut events).unwrap();
/// assert_eq!((events[0].kind.as_str(), events[0].data.as_str()), ("tick", "1"));
/// ```
#[derive(Clone, Debug)]
pub struct EventStream {
    limit: usize,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The last byte was CR: an LF that comes now belongs to the same line end.
    ended_by_cr: bool,
    is_first_line: bool,
    kind: String,
    data: String,
    /// Shared with the events: a long id must not be copied for each of many short events.
    last_id: Rc<str>,
    retry: Option<Duration>,
}

impl Default for EventStream {
    fn default() -> Self {
        Self::new()
    }
}

impl EventStream {
    /// A stream at its first byte, with events of at most [`EVENT_BYTES_MAX`].
    pub fn new() -> Self {
        Self::with_limit(EVENT_BYTES_MAX)
    }

    /// A stream at its first byte, with events of at most `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            ended_by_cr: false,
            is_first_line: true,
            kind: String::new(),
            data: String::new(),
            last_id: Rc::from(""),
            retry: None,
        }
    }

    /// Takes the next piece and appends the events that it completes.
    ///
    /// An event that is incomplete when the stream ends is none: the standard drops it.
    ///
    /// # Errors
    /// [`EventTooLong`] if an event exceeds the limit; the stream must not be used again.
    pub fn push(&mut self, mut piece: &[u8], events: &mut Vec<Event>) -> Result<(), EventTooLong> {
        while let Some(first) = piece.first() {
            if std::mem::take(&mut self.ended_by_cr) && *first == b'\n' {
                piece = &piece[1..];
                continue;
            }
            let Some(end) = memchr2(b'\r', b'\n', piece) else {
                self.check_len(piece.len())?;
                self.line.extend_from_slice(piece);
                return Ok(());
            };
            self.check_len(end)?;
            self.take_line(&piece[..end], events);
            self.ended_by_cr = piece[end] == b'\r';
            piece = &piece[end + 1..];
        }
        Ok(())
    }

    /// The id that a reconnecting client sends as `Last-Event-ID`; empty where the server gave none.
    pub fn last_id(&self) -> &str {
        &self.last_id
    }

    /// How long the server asks a client to wait before it reconnects.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Whether `more` bytes fit into the event at hand.
    fn check_len(&self, more: usize) -> Result<(), EventTooLong> {
        let len = self.data.len() + self.line.len() + more;
        if len > self.limit { Err(EventTooLong { limit: self.limit }) } else { Ok(()) }
    }

    fn take_line(&mut self, end: &[u8], events: &mut Vec<Event>) {
        if self.line.is_empty() {
            self.interpret(end, events);
        } else {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(end);
            self.interpret(&line, events);
        }
    }

    fn interpret(&mut self, line: &[u8], events: &mut Vec<Event>) {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let mut line = line;
        if std::mem::take(&mut self.is_first_line) {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            events.extend(self.dispatch());
            return;
        }
        let (name, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        self.take_field(name, value.strip_prefix(b" ").unwrap_or(value));
    }

    /// A comment is a line with an empty name; it and unknown names mean nothing.
    fn take_field(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"event" => self.kind = String::from_utf8_lossy(value).into_owned(),
            b"data" => {
                self.data.push_str(&String::from_utf8_lossy(value));
                self.data.push('\n');
            }
            b"id" if !value.contains(&0) => self.last_id = Rc::from(String::from_utf8_lossy(value)),
            b"retry" => self.retry = milliseconds(value).or(self.retry),
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Option<Event> {
        let kind = std::mem::take(&mut self.kind);
        let mut data = std::mem::take(&mut self.data);
        data.pop()?; // The LF behind the last line; without any line there is no event.
        let kind = if kind.is_empty() { "message".to_owned() } else { kind };
        Some(Event { kind, data, last_id: Rc::clone(&self.last_id) })
    }
}

/// Digits only; a number that is too large counts as the largest.
fn milliseconds(digits: &[u8]) -> Option<Duration> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(digits).ok()?;
    Some(Duration::from_millis(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, String, Option<Duration>) {
        let mut stream = EventStream::new();
        let mut events = Vec::new();
        for piece in pieces {
            stream.push(piece, &mut events).expect("short events");
        }
        (events, stream.last_id().to_owned(), stream.retry())
    }

    /// Events as `kind|data|id`.
    fn events(input: &[u8]) -> Vec<String> {
        let (events, ..) = read([input]);
        events.iter().map(|event| format!("{}|{}|{}", event.kind, event.data, event.last_id)).collect()
    }

    #[test]
    fn interprets_streams_as_the_standard_says() {
        let rows: &[(&str, &[u8], &[&str])] = &[
            ("one event", b"data: hi\n\n", &["message|hi|"]),
            ("lines of data are joined", b"data: YHOO\ndata: +2\ndata: 10\n\n", &["message|YHOO\n+2\n10|"]),
            (
                "the standard's example of ids",
                b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
                &["message|first event|1", "message|second event|", "message| third event|"],
            ),
            (
                "the standard's example of empty data: the last block is incomplete",
                b"data\n\ndata\ndata\n\ndata:",
                &["message||", "message|\n|"],
            ),
            ("the blank behind the colon is not data", b"data:test\n\ndata: test\n\n", &["message|test|", "message|test|"]),
            ("a type", b"event: add\ndata: 73857293\n\n", &["add|73857293|"]),
            ("the last type wins, and is gone afterwards", b"event: a\nevent: b\ndata: 1\n\ndata: 2\n\n", &["b|1|", "message|2|"]),
            ("a type without data is no event", b"event: a\n\ndata: 1\n\n", &["message|1|"]),
            ("an id stays", b"id: 7\ndata: 1\n\ndata: 2\n\n", &["message|1|7", "message|2|7"]),
            ("an id with NUL is none", b"id: 7\nid: 8\0\ndata: 1\n\n", &["message|1|7"]),
            ("CR and CR LF end lines too", b"data: 1\r\rdata: 2\r\n\r\ndata: 3\n\r", &["message|1|", "message|2|", "message|3|"]),
            ("comments, as servers send to keep a connection", b":\n: ping\n\n:data: x\ndata: 1\n\n", &["message|1|"]),
            ("unknown fields; names know their case", b"foo: 1\nData: 2\n data: 3\ndata: 4\n\n", &["message|4|"]),
            ("a byte order mark, once", b"\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\n", &["message|1|"]),
            ("bytes that are not UTF-8", b"data: \xff\xe2\x82\n\n", &["message|\u{fffd}\u{fffd}|"]),
            ("colons in data", b"data: a:b: c\n\n", &["message|a:b: c|"]),
            ("the end of an LLM's stream", b"data: {\"x\":1}\n\ndata: [DONE]\n\n", &["message|{\"x\":1}|", "message|[DONE]|"]),
            ("nothing", b"", &[]),
            ("an event without its empty line", b"data: 1\n", &[]),
        ];
        for (story, input, expected) in rows {
            assert_eq!(events(input), *expected, "{story}");
        }
    }

    #[test]
    fn remembers_what_a_reconnect_needs() {
        let retry = |input: &[u8]| read([input]).2;
        assert_eq!(retry(b"retry: 1500\n"), Some(Duration::from_millis(1500)));
        assert_eq!(
            retry(b"retry: 1500\nretry: soon\nretry: -1\nretry:\n"),
            Some(Duration::from_millis(1500))
        );
        assert_eq!(retry(b"retry: 99999999999999999999\n"), Some(Duration::from_millis(u64::MAX)));
        assert_eq!(retry(b"data: 1\n"), None);
        assert_eq!(read([&b"id: 3\n\n"[..]]).1, "3", "also without an event");
    }

    #[test]
    fn hands_out_an_event_at_its_empty_line() {
        let mut stream = EventStream::new();
        let mut events = Vec::new();
        stream.push(b"data: 1\r\n\r", &mut events).expect("short");
        assert_eq!(events.len(), 1, "without waiting for the LF of a CR LF");
        stream.push(b"\ndata: 2\n\n", &mut events).expect("short");
        assert_eq!(events.len(), 2, "whose LF is then no empty line");
    }

    #[test]
    fn stops_endless_events() {
        for input in [
            &b"x".repeat(200)[..],
            &b"data: 12345\n".repeat(20),
            &[b"data: ", &[b'x'; 150][..], b"\n"].concat(),
        ] {
            for piece in [1, 7, input.len()] {
                let mut stream = EventStream::with_limit(100);
                let stopped = input.chunks(piece).find_map(|piece| stream.push(piece, &mut Vec::new()).err());
                let message = stopped.map(|stopped| stopped.to_string());
                assert_eq!(message.as_deref(), Some("an event of the stream is longer than 100 bytes"));
            }
        }
        let mut stream = EventStream::with_limit(100);
        stream.push(&b"data: 12345\n\n".repeat(1_000), &mut Vec::new()).expect("many short events are fine");
    }

    proptest! {
        #[test]
        fn splits_do_not_matter(
            tokens in vec(prop::sample::select(vec![
                "data", "event", "id", "retry", ":", ": ", " ", "\n", "\r", "\r\n", "\n\n", "1", "x", "\u{feff}", "ü", "\0",
            ]), 0..40),
            piece in 1..9_usize,
        ) {
            let input = tokens.concat();
            prop_assert_eq!(read(input.as_bytes().chunks(piece)), read([input.as_bytes()]));
        }

        #[test]
        fn any_bytes_are_survived(input in vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(read(input.chunks(3)), read([&input[..]]));
        }

        /// Whatever the data, an encoder that follows the standard is understood.
        #[test]
        fn data_survives_the_round_trip(lines in vec("[^\r\n]{0,20}", 1..5), kind in "[^\r\n]{1,9}") {
            let data: String = lines.iter().map(|line| format!("data: {line}\n")).collect();
            let (events, ..) = read([format!("event: {kind}\n{data}\n").as_bytes()]);
            prop_assert_eq!(events, [Event { kind, data: lines.join("\n"), last_id: Rc::from("") }]);
        }
    }
}
