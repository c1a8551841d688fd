//! What the codec must accept, refuse and conclude: tables with a story per row, and laws.

mod body;
mod encode;
mod head;
mod laws;
mod python;

use katydid_stats::{Failure, FailureKind};

use super::{BodyDecoder, Head, Limits, parse_head};

/// What a server's bytes came to, read in one piece until the server closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// `None` if the head is incomplete.
    status: Option<u16>,
    body: Vec<u8>,
    /// Whether the body ended before the close.
    is_done: bool,
    keep_alive: bool,
    /// Bytes behind the end of the answer; 0 after a fault.
    left: usize,
    fault: Option<FailureKind>,
}

/// Reads one answer from `pieces`, then the close of the connection.
pub(super) fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, request_is_head: bool) -> Outcome {
    let mut input = Vec::new();
    let mut outcome =
        Outcome { status: None, body: Vec::new(), is_done: false, keep_alive: false, left: 0, fault: None };
    let mut decoder: Option<BodyDecoder> = None;
    let mut pieces = pieces.into_iter();
    while outcome.fault.is_none() && !outcome.is_done {
        let Some(piece) = pieces.next() else { break };
        let known = input.len();
        input.extend_from_slice(piece);
        if let Err(failure) = take(&mut input, known, &mut decoder, &mut outcome, request_is_head) {
            outcome.fault = Some(failure.kind);
        }
    }
    if outcome.fault.is_none() {
        outcome.left = input.len() + pieces.map(<[u8]>::len).sum::<usize>();
    }
    if let (Some(decoder), None) = (&decoder, outcome.fault) {
        outcome.fault = decoder.finish_at_close().err().map(|failure| failure.kind);
    }
    outcome
}

/// Of the input, `known` bytes were there before.
fn take(
    input: &mut Vec<u8>,
    known: usize,
    decoder: &mut Option<BodyDecoder>,
    outcome: &mut Outcome,
    request_is_head: bool,
) -> Result<(), Failure> {
    if decoder.is_none() {
        let Some(head) = parse_head(input, request_is_head, &Limits::default())? else { return Ok(()) };
        assert!(head.len > known, "a head of {} bytes was not seen in {known}", head.len);
        input.drain(..head.len);
        outcome.status = Some(head.status);
        outcome.keep_alive = head.keep_alive;
        *decoder = Some(BodyDecoder::new(head.framing));
    }
    let decoder = decoder.as_mut().expect("made above");
    let (consumed, is_done) = decoder.decode(input, &mut outcome.body)?;
    assert!(consumed <= input.len(), "consumed {consumed} of {} bytes", input.len());
    assert_eq!(decoder.received(), outcome.body.len() as u64);
    input.drain(..consumed);
    outcome.is_done = is_done;
    Ok(())
}

/// The head of `input`, which must be complete and sound.
pub(super) fn head_of(input: &[u8]) -> Head {
    parse_head(input, false, &Limits::default()).expect("a sound head").expect("a complete head")
}
