//! Where does the body end, and what is it without its transfer framing? (RFC 9112 6 and 7.1)
//!
//! A [`BodyDecoder`] takes the input in any pieces and never consumes beyond the body's last byte, so that what
//! follows is still there for whoever owns the connection.

use katydid_stats::{Failure, FailureKind};
use memchr::memchr;

use super::fields::Fields;
use super::framing::Framing;
use super::head::Limits;

/// Longest chunk line, extensions included. Real ones are a few bytes; hyper stops at the same length.
const CHUNK_LINE_BYTES: usize = 16 * 1024;

/// Longest piece of a bad chunk line that a failure shows.
const LABEL_BYTES: usize = 128;

/// Takes the transfer framing off one body.
#[derive(Clone, Debug)]
pub struct BodyDecoder {
    state: State,
    received: u64,
    /// The beginning of a chunk line or trailer line whose end has not come.
    partial: Vec<u8>,
    trailers: Vec<u8>,
    trailer_count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Bytes until the announced length; this many are left.
    Length(u64),
    UntilClose,
    /// A chunk's size and extensions (RFC 9112 7.1).
    ChunkLine,
    /// A chunk's data.
    ChunkData {
        size: u64,
        left: u64,
    },
    /// The line end behind a chunk's data.
    ChunkEnd,
    /// Trailer fields until the empty line (RFC 9112 7.1.2).
    Trailers,
    Done,
}

impl BodyDecoder {
    /// A decoder at the first byte behind the head.
    pub fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Empty | Framing::Length(0) => State::Done,
            Framing::Length(bytes) => State::Length(bytes),
            Framing::Chunked => State::ChunkLine,
            Framing::UntilClose => State::UntilClose,
        };
        Self { state, received: 0, partial: Vec::new(), trailers: Vec::new(), trailer_count: 0 }
    }

    /// Appends body bytes to `out` and says how many bytes of `input` it consumed and whether the body is complete.
    ///
    /// Consumes all of `input` unless the body ends inside it.
    ///
    /// # Errors
    /// [`FailureKind::BadChunk`] with the bad chunk line where the size is malformed;
    /// [`FailureKind::HeadTooLong`] or [`FailureKind::TooManyHeaders`] if the trailers exceed the default
    /// [`Limits`]. After an error the decoder must not be used again.
    pub fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(usize, bool), Failure> {
        let mut rest = input;
        while !rest.is_empty() && self.state != State::Done {
            let consumed = self.step(rest, out)?;
            rest = &rest[consumed..];
        }
        Ok((input.len() - rest.len(), self.state == State::Done))
    }

    /// Judges a close of the connection at this point.
    ///
    /// Trailers may be cut off: as `http.client` puts it, a few servers close instead of sending the last line.
    ///
    /// # Errors
    /// [`FailureKind::ClosedInBody`] if the body is incomplete.
    pub fn finish_at_close(&self) -> Result<(), Failure> {
        let (received, missing) = match self.state {
            State::Done | State::UntilClose | State::Trailers => return Ok(()),
            State::Length(left) => (self.received, Some(left)),
            State::ChunkData { size, left } => (size - left, Some(left)),
            State::ChunkLine | State::ChunkEnd => (self.received, None),
        };
        Err(FailureKind::ClosedInBody { received, missing }.into())
    }

    /// Body bytes handed out so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The trailer fields received so far, as received.
    pub fn trailers(&self) -> Fields<'_> {
        Fields::new(&self.trailers)
    }

    /// One step inside one state; consumes at least one byte of `input`, which is not empty.
    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Failure> {
        match self.state {
            State::Length(left) => {
                let taken = self.take(input, left, out);
                self.state = if taken == left { State::Done } else { State::Length(left - taken) };
                Ok(taken as usize)
            }
            State::UntilClose => Ok(self.take(input, u64::MAX, out) as usize),
            State::ChunkData { size, left } => {
                let taken = self.take(input, left, out);
                self.state = if taken == left {
                    State::ChunkEnd
                } else {
                    State::ChunkData { size, left: left - taken }
                };
                Ok(taken as usize)
            }
            State::ChunkLine => self.line(input, CHUNK_LINE_BYTES, too_long_chunk_line, Self::chunk_line),
            State::ChunkEnd => self.line(input, 2, bad_chunk_end, Self::chunk_end),
            State::Trailers => self.line(input, Limits::default().head_bytes, too_long, Self::trailer_line),
            State::Done => Ok(0),
        }
    }

    fn take(&mut self, input: &[u8], left: u64, out: &mut Vec<u8>) -> u64 {
        let taken = left.min(input.len() as u64);
        out.extend_from_slice(&input[..taken as usize]);
        self.received += taken;
        taken
    }

    /// Hands a complete line to `read`; keeps an incomplete one for the next call. Either may have `max` bytes.
    fn line(
        &mut self,
        input: &[u8],
        max: usize,
        excess: fn(&[u8]) -> Failure,
        read: fn(&mut Self, &[u8]) -> Result<(), Failure>,
    ) -> Result<usize, Failure> {
        let end = memchr(b'\n', input).map(|at| at + 1);
        let piece = &input[..end.unwrap_or(input.len())];
        let is_too_long = self.partial.len() + piece.len() > max;
        if end.is_some() && self.partial.is_empty() && !is_too_long {
            read(self, piece)?;
            return Ok(piece.len());
        }
        let room = max.saturating_sub(self.partial.len());
        self.partial.extend_from_slice(&piece[..piece.len().min(room)]);
        if is_too_long || (end.is_none() && self.partial.len() == max) {
            return Err(excess(&self.partial));
        }
        if end.is_some() {
            let line = std::mem::take(&mut self.partial);
            read(self, &line)?;
        }
        Ok(piece.len())
    }

    fn chunk_line(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.state = match chunk_size(line) {
            Some(0) => State::Trailers,
            Some(size) => State::ChunkData { size, left: size },
            None => return Err(bad_chunk_line(line)),
        };
        Ok(())
    }

    fn chunk_end(&mut self, line: &[u8]) -> Result<(), Failure> {
        if line != b"\r\n" && line != b"\n" {
            return Err(bad_chunk_end(line));
        }
        self.state = State::ChunkLine;
        Ok(())
    }

    fn trailer_line(&mut self, line: &[u8]) -> Result<(), Failure> {
        if line == b"\r\n" || line == b"\n" {
            self.state = State::Done;
            return Ok(());
        }
        let limits = Limits::default();
        self.trailer_count += 1;
        if self.trailer_count > limits.headers {
            return Err(FailureKind::TooManyHeaders.into());
        }
        if self.trailers.len() + line.len() > limits.head_bytes {
            return Err(too_long(line));
        }
        self.trailers.extend_from_slice(line);
        Ok(())
    }
}

/// Hexadecimal digits, then blanks that some servers pad with, then extensions, which mean nothing to us.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    if size.is_empty() {
        return None;
    }
    size.iter().try_fold(0_u64, |sum, byte| {
        let digit = char::from(*byte).to_digit(16)?;
        Some(sum.checked_mul(16)? + u64::from(digit))
    })
}

/// The label is the line as received up to its extensions, which is what Python's parsers complain about.
#[cold]
fn bad_chunk_line(line: &[u8]) -> Failure {
    let size = line.split(|byte| *byte == b';').next().unwrap_or(line);
    Failure::with_label(FailureKind::BadChunk, latin1(size))
}

#[cold]
fn bad_chunk_end(bytes: &[u8]) -> Failure {
    Failure::with_label(FailureKind::BadChunk, format!("{:?} where a chunk should end", latin1(bytes)))
}

#[cold]
fn too_long_chunk_line(line: &[u8]) -> Failure {
    bad_chunk_line(line)
}

#[cold]
fn too_long(_: &[u8]) -> Failure {
    FailureKind::HeadTooLong.into()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().take(LABEL_BYTES).map(|byte| char::from(*byte)).collect()
}
