//! A coded body, arbitrarily split: the same bytes or a failure, and never more than the limit.
//!
//! The first byte chooses the codings, the second the split; the rest is the body.

use katydid_net::coding::{Coding, Decoder, decode};
use katydid_stats::{Failure, FailureKind};

const LIMIT: usize = 1 << 20;

/// # Panics
/// If a law of the decoders is broken.
pub(crate) fn check(data: &[u8]) {
    let [codings, split, body @ ..] = data else { return };
    let coding = coding(*codings);
    let whole = decode(&coding, body, LIMIT);
    match &whole {
        Ok(content) => assert!(coding.is_identity() || content.len() <= LIMIT, "{} bytes", content.len()),
        Err(failure) => {
            assert_eq!(failure.kind, FailureKind::BadEncoding);
            assert!(failure.label.is_some(), "a failure without words");
        }
    }
    let pieces = in_pieces(&coding, body.chunks(usize::from(*split) + 1));
    assert_eq!(pieces.is_ok(), whole.is_ok(), "{pieces:?} in pieces, {whole:?} as a whole");
    if let (Ok(pieces), Ok(whole)) = (pieces, whole) {
        assert!(pieces == whole, "other bytes in pieces");
    }
}

/// Two bits a step, up to three steps; the highest bits tell how many.
fn coding(choice: u8) -> Coding {
    let single = |bits: u8| match bits & 3 {
        0 => Coding::Gzip,
        1 => Coding::Deflate,
        2 => Coding::Brotli,
        _ => Coding::Zstd,
    };
    let steps = 1 + (choice >> 6).min(2);
    (0..steps).fold(Coding::Identity, |coding, step| coding.then(single(choice >> (2 * step))))
}

fn in_pieces<'a>(coding: &Coding, pieces: impl Iterator<Item = &'a [u8]>) -> Result<Vec<u8>, Failure> {
    let mut decoder = Decoder::new(coding, LIMIT);
    let mut out = Vec::new();
    for piece in pieces {
        decoder.decode(piece, &mut out)?;
    }
    decoder.finish()?;
    Ok(out)
}
