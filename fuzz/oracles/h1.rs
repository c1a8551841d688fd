//! An answer on the wire, arbitrarily split: the verdict depends on the bytes alone.
//!
//! The first byte chooses how the answer is read, the second how it is split; the rest is the wire.

use katydid_net::h1::{
    BodyDecoder, Fields, Framing, Limits, encode_chunk, encode_head, encode_last_chunk, headers,
};
use katydid_net::h1::{parse_head, reason};
use katydid_stats::{Failure, FailureKind};

/// # Panics
/// If a law of the codec is broken.
pub(crate) fn check(data: &[u8]) {
    let [options, split, wire @ ..] = data else { return };
    let reading = Reading::new(*options);
    let whole = reading.read([wire]);
    assert_eq!(reading.read(wire.chunks(usize::from(*split) + 1)), whole, "in pieces");
    let (first, second) = wire.split_at(usize::from(*split).min(wire.len()));
    assert_eq!(reading.read([first, second]), whole, "in two");
    if wire.len() <= 300 {
        assert_eq!(reading.read(wire.chunks(1)), whole, "byte by byte");
    }
    check_fields(wire, &reading.limits);
    check_chunks(wire, usize::from(*split) + 1);
}

struct Reading {
    request_is_head: bool,
    limits: Limits,
    /// Reads a body of this framing without a head before it.
    body_only: Option<Framing>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    status: Option<u16>,
    body: Vec<u8>,
    trailers: Vec<(Vec<u8>, Vec<u8>)>,
    is_done: bool,
    left: usize,
    fault: Option<FailureKind>,
}

impl Reading {
    fn new(options: u8) -> Self {
        let limits =
            if options & 2 == 0 { Limits::default() } else { Limits { head_bytes: 300, headers: 5 } };
        let body_only = match options >> 2 & 3 {
            1 => Some(Framing::Chunked),
            2 => Some(Framing::Length(u64::from(options))),
            _ => None,
        };
        Self { request_is_head: options & 1 == 1, limits, body_only }
    }

    fn read<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
        let mut input = Vec::new();
        let mut outcome = Outcome::default();
        let mut decoder = self.body_only.map(BodyDecoder::new);
        for piece in pieces {
            let known = input.len();
            input.extend_from_slice(piece);
            if outcome.is_done || outcome.fault.is_some() {
                continue;
            }
            outcome.fault =
                self.step(&mut input, known, &mut decoder, &mut outcome).err().map(|failure| failure.kind);
        }
        if outcome.fault.is_none() {
            outcome.left = input.len();
            let closed = decoder.as_ref().map_or(Ok(()), BodyDecoder::finish_at_close);
            outcome.fault = closed.err().map(|failure| failure.kind);
            let trailers = decoder.iter().flat_map(BodyDecoder::trailers);
            outcome.trailers = trailers.map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        }
        outcome
    }

    /// `known` bytes of the input have been read before without an end.
    fn step(
        &self,
        input: &mut Vec<u8>,
        known: usize,
        decoder: &mut Option<BodyDecoder>,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        if decoder.is_none() {
            let Some(head) = parse_head(input, self.request_is_head, &self.limits)? else { return Ok(()) };
            assert!(
                head.len <= input.len() && head.len <= self.limits.head_bytes,
                "a head of {} bytes",
                head.len
            );
            assert!(head.len > known, "a head of {} bytes was not seen in {known}", head.len);
            assert!((100..1000).contains(&head.status), "status {}", head.status);
            outcome.status = Some(head.status);
            input.drain(..head.len);
            *decoder = Some(BodyDecoder::new(head.framing));
        }
        let Some(decoder) = decoder else { return Ok(()) };
        let (consumed, is_done) = decoder.decode(input, &mut outcome.body)?;
        assert!(consumed <= input.len(), "consumed {consumed} of {}", input.len());
        assert!(is_done || consumed == input.len(), "stopped inside the body");
        assert_eq!(decoder.received(), outcome.body.len() as u64);
        input.drain(..consumed);
        outcome.is_done = is_done;
        Ok(())
    }
}

/// The fields of an accepted head are within the limits, and survive being sent.
fn check_fields(wire: &[u8], limits: &Limits) {
    let (_, _) = (headers(wire).count(), reason(wire).len());
    let Ok(Some(head)) = parse_head(wire, false, limits) else { return };
    let head = &wire[..head.len];
    assert!(headers(head).count() <= limits.headers, "more fields than allowed");
    let mut sent = Vec::new();
    if encode_head(&mut sent, b"GET", b"/", headers(head)).is_ok() {
        let lines = sent.splitn(2, |byte| *byte == b'\n').nth(1).expect("a request line");
        assert!(Fields::new(lines).eq(headers(head)), "fields changed on the way out");
    }
}

/// Any bytes, sent in chunks, arrive.
fn check_chunks(body: &[u8], piece: usize) {
    let mut sent = Vec::new();
    body.chunks(piece).for_each(|piece| encode_chunk(&mut sent, piece));
    encode_last_chunk(&mut sent);
    let (mut received, mut decoder) = (Vec::new(), BodyDecoder::new(Framing::Chunked));
    let decoded = decoder.decode(&sent, &mut received);
    assert_eq!((decoded, received.as_slice()), (Ok((sent.len(), true)), body));
}
