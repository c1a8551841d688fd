//! gzip (RFC 1952) and deflate (RFC 1950, or the bare RFC 1951) on zlib.

use flate2::{Decompress, DecompressError, FlushDecompress, Status};
use katydid_stats::Failure;

use super::{Budget, bad_encoding};

/// log2 of the largest window that deflate knows.
const WINDOW_BITS: u8 = 15;

/// Decodes one deflate-based coding.
pub(super) struct Inflate {
    stream: Decompress,
    state: State,
}

enum State {
    /// `deflate` before its first two bytes, which tell zlib from the bare stream. The first may be here.
    Unknown(Option<u8>),
    /// The zlib or bare stream.
    Deflate,
    /// A gzip member; whether it is the first.
    Member { is_first: bool },
    /// Behind a gzip member, where another may begin.
    BetweenMembers,
    /// Behind the end: what comes now is dropped.
    Done,
}

impl Inflate {
    pub(super) fn gzip() -> Self {
        Self { stream: Decompress::new_gzip(WINDOW_BITS), state: State::Member { is_first: true } }
    }

    pub(super) fn deflate() -> Self {
        Self { stream: Decompress::new(true), state: State::Unknown(None) }
    }

    pub(super) fn decode(
        &mut self,
        mut input: &[u8],
        out: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Result<(), Failure> {
        while !input.is_empty() {
            match self.state {
                State::Unknown(first) => input = self.tell_apart(first, input, out, budget)?,
                State::Deflate => {
                    if self.inflate(&mut input, out, budget)? {
                        self.state = State::Done;
                    }
                }
                State::BetweenMembers => {
                    self.stream = Decompress::new_gzip(WINDOW_BITS);
                    self.state = State::Member { is_first: false };
                }
                State::Member { is_first } => match self.inflate(&mut input, out, budget) {
                    Ok(true) => self.state = State::BetweenMembers,
                    Ok(false) => {}
                    Err(Stop::Corrupt(_)) if !is_first => self.state = State::Done,
                    Err(stop) => return Err(stop.into()),
                },
                State::Done => return Ok(()),
            }
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), Failure> {
        match self.state {
            State::Unknown(_) | State::Deflate | State::Member { is_first: true } => {
                Err(bad_encoding("Error -5 while decompressing data: incomplete or truncated stream"))
            }
            State::Member { is_first: false } | State::BetweenMembers | State::Done => Ok(()),
        }
    }

    /// Decides between zlib and the bare stream, and decodes a byte that was kept for that.
    fn tell_apart<'a>(
        &mut self,
        first: Option<u8>,
        input: &'a [u8],
        out: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Result<&'a [u8], Failure> {
        let (first, second, kept) = match (first, input) {
            (None, [first]) => {
                self.state = State::Unknown(Some(*first));
                return Ok(&[]);
            }
            (None, [first, second, ..]) => (*first, *second, None),
            (Some(first), [second, ..]) => (first, *second, Some([first])),
            (_, []) => return Ok(input),
        };
        self.stream = Decompress::new(is_zlib(first, second));
        self.state = State::Deflate;
        if let Some(kept) = kept {
            self.inflate(&mut &kept[..], out, budget)?;
        }
        Ok(input)
    }

    /// Takes from `input` until it is used up or the stream ends; says whether it ended.
    fn inflate(&mut self, input: &mut &[u8], out: &mut Vec<u8>, budget: &mut Budget) -> Result<bool, Stop> {
        loop {
            out.reserve(budget.block());
            let (taken, len) = (self.stream.total_in(), out.len());
            let status = self.stream.decompress_vec(input, out, FlushDecompress::None);
            budget.spend(out.len() - len)?;
            *input = &input[(self.stream.total_in() - taken) as usize..];
            match status {
                Ok(Status::StreamEnd) => return Ok(true),
                // A full output may leave more to come although the input is used up.
                Ok(_) if out.len() == out.capacity() => {}
                Ok(_) => return Ok(false),
                Err(error) => return Err(Stop::Corrupt(error)),
            }
        }
    }
}

/// RFC 1950 2.2: method 8, a window of at most 32 KiB, and a check sum over both bytes. No encoder makes a bare
/// stream that begins like this: it would be a stored block with a bit set where the padding is.
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

/// Why a stream cannot go on.
enum Stop {
    /// The data is bad.
    Corrupt(DecompressError),
    /// The data exceeds the limit.
    Excess(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Excess(failure)
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Corrupt(error) => bad_encoding(python_words(&error)),
            Stop::Excess(failure) => failure,
        }
    }
}

/// As Python's `zlib.error` puts it, which is what Locust users know.
fn python_words(error: &DecompressError) -> String {
    if error.needs_dictionary().is_some() {
        return "Error 2 while decompressing data".into();
    }
    format!("Error -3 while decompressing data: {}", error.message().unwrap_or("invalid data"))
}
