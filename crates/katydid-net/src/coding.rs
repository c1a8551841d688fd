//! What is a body without its content codings? (RFC 9110 8.4)
//!
//! [`decode`] takes a complete body, a [`Decoder`] takes one in pieces; both give the same bytes and the same failures.
//! What passes and what does not follows urllib3, with one difference: a body that ends in the middle of its coding
//! is a failure, because the reader would otherwise take half an answer for a whole one.
//!
//! | coding | accepted | refused |
//! |---|---|---|
//! | gzip | several members; anything behind the first member that is no sound member is dropped | bad header, data or checksum of the first member |
//! | deflate | zlib, and the bare stream that some servers send; bytes behind its end are dropped | bad data or checksum |
//! | br | one stream | bytes behind its end, windows above 16 MiB |
//! | zstd | several frames, skippable frames | bad data or checksum, dictionaries, windows above 8 MiB (RFC 9659) |
//!
//! An empty body is empty under every coding. What a maintainer must not break: memory stays in proportion to the
//! given limit, whatever arrives.

mod brotli;
mod inflate;
#[cfg(test)]
mod tests;
mod zstd;

use katydid_stats::{Failure, FailureKind};

/// Longest chain that is decoded. Real servers apply one coding, rarely two; curl and urllib3 stop at five.
pub const STEPS_MAX: usize = 5;

/// The coding that a body carries (RFC 9110 8.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Coding {
    /// None.
    #[default]
    Identity,
    /// `gzip` or `x-gzip`, one member or several.
    Gzip,
    /// `deflate`: zlib as the RFC says, or the raw stream that some servers send.
    Deflate,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
    /// Several codings in the order in which the server applied them; none of them identity or a chain.
    Chain(Box<[Coding]>),
}

impl Coding {
    /// The coding of this name, upper or lower case. An unknown one is [`Coding::Identity`]: like urllib3, we then
    /// hand out the bytes as they are.
    pub fn named(name: &[u8]) -> Self {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"gzip") || is(b"x-gzip") {
            Coding::Gzip
        } else if is(b"deflate") {
            Coding::Deflate
        } else if is(b"br") {
            Coding::Brotli
        } else if is(b"zstd") {
            Coding::Zstd
        } else {
            Coding::Identity
        }
    }

    /// Whether a body with this coding needs no decoding.
    pub fn is_identity(&self) -> bool {
        matches!(self, Coding::Identity)
    }

    /// This coding, and `next` applied on top of it.
    pub fn then(mut self, next: Coding) -> Self {
        self.push(next);
        self
    }

    /// Applies `next` on top. A chain that is longer than any decoder accepts grows no further.
    pub fn push(&mut self, next: Coding) {
        if next.is_identity() {
            return;
        }
        if self.is_identity() {
            *self = next;
            return;
        }
        if self.steps().len() > STEPS_MAX {
            return;
        }
        *self = Coding::Chain(self.steps().iter().chain(next.steps()).cloned().collect());
    }

    /// The single codings, in the order in which the server applied them.
    pub fn steps(&self) -> &[Coding] {
        match self {
            Coding::Identity => &[],
            Coding::Chain(steps) => steps,
            single => std::slice::from_ref(single),
        }
    }
}

/// How many bytes one body may decode to if the caller has no better idea: 256 MiB.
///
/// A thousandfold expansion is ordinary for deflate and without bound for zstd; a limit keeps a hostile or broken
/// server from filling the memory of the load generator.
pub const LIMIT_DEFAULT: usize = 256 << 20;

/// Decodes a complete body.
///
/// # Examples
/// ```
/// use katydid_net::coding::{Coding, LIMIT_DEFAULT, decode};
///
/// let body = b"\x78\x9c\xcb\xc8\x04\x00\x01\x3b\x00\xd2";
/// assert_eq!(decode(&Coding::Deflate, body, LIMIT_DEFAULT).unwrap(), b"hi");
/// ```
///
/// # Errors
/// As [`Decoder::decode`] and [`Decoder::finish`].
pub fn decode(coding: &Coding, body: &[u8], limit: usize) -> Result<Vec<u8>, Failure> {
    if coding.is_identity() {
        return Ok(body.to_vec());
    }
    let mut decoder = Decoder::new(coding, limit);
    let mut out = Vec::with_capacity(body.len().saturating_mul(4).min(limit));
    decoder.decode(body, &mut out)?;
    decoder.finish()?;
    Ok(out)
}

/// Decodes a body that arrives in pieces.
///
/// # Accuracy
/// gzip, deflate and br hand out every byte that the pieces so far determine. zstd keeps back as much as its window
/// (at most 8 MiB) until the frame ends.
pub struct Decoder {
    /// In the order of decoding: the coding applied last comes first.
    steps: Vec<Step>,
    is_started: bool,
}

impl Decoder {
    /// A decoder for one body that may decode to `limit` bytes, in each step of a chain.
    pub fn new(coding: &Coding, limit: usize) -> Self {
        let steps = coding.steps().iter().rev().map(|coding| Step::new(coding, limit)).collect();
        Self { steps, is_started: false }
    }

    /// Decodes the next piece and appends to `out`.
    ///
    /// # Errors
    /// [`FailureKind::BadEncoding`] if the body is not what its coding says, with the words that Python's decoders
    /// use; if it exceeds the limit; if more than [`STEPS_MAX`] codings were applied. After an error the decoder
    /// must not be used again.
    pub fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        if input.is_empty() {
            return Ok(());
        }
        self.is_started = true;
        if self.steps.len() > STEPS_MAX {
            return Err(bad_encoding(format!("too many content codings: more than {STEPS_MAX}")));
        }
        let Some((last, before)) = self.steps.split_last_mut() else {
            out.extend_from_slice(input);
            return Ok(());
        };
        let mut piece = Vec::new();
        let mut is_first = true;
        for step in before {
            let mut decoded = Vec::new();
            step.decode(if is_first { input } else { &piece }, &mut decoded)?;
            piece = decoded;
            is_first = false;
        }
        last.decode(if is_first { input } else { &piece }, out)
    }

    /// Judges the end of the body.
    ///
    /// # Errors
    /// [`FailureKind::BadEncoding`] if the coding was not at its end.
    pub fn finish(&self) -> Result<(), Failure> {
        if !self.is_started {
            return Ok(());
        }
        self.steps.iter().try_for_each(|step| step.engine.finish())
    }
}

/// One coding of a chain, and what it may still put out.
struct Step {
    engine: Engine,
    budget: Budget,
}

enum Engine {
    Inflate(inflate::Inflate),
    Brotli(Box<brotli::Brotli>),
    Zstd(Box<zstd::Zstd>),
}

impl Step {
    fn new(coding: &Coding, limit: usize) -> Self {
        let engine = match coding {
            Coding::Brotli => Engine::Brotli(Box::new(brotli::Brotli::new())),
            Coding::Zstd => Engine::Zstd(Box::new(zstd::Zstd::new())),
            Coding::Gzip => Engine::Inflate(inflate::Inflate::gzip()),
            Coding::Deflate => Engine::Inflate(inflate::Inflate::deflate()),
            Coding::Identity | Coding::Chain(_) => unreachable!("a step of a chain is a single coding"),
        };
        Self { engine, budget: Budget { limit, left: limit } }
    }

    fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        if input.is_empty() {
            return Ok(()); // The step before had nothing to hand on yet.
        }
        match &mut self.engine {
            Engine::Inflate(engine) => engine.decode(input, out, &mut self.budget),
            Engine::Brotli(engine) => engine.decode(input, out, &mut self.budget),
            Engine::Zstd(engine) => engine.decode(input, out, &mut self.budget),
        }
    }
}

impl Engine {
    fn finish(&self) -> Result<(), Failure> {
        match self {
            Engine::Inflate(engine) => engine.finish(),
            Engine::Brotli(engine) => engine.finish(),
            Engine::Zstd(engine) => engine.finish(),
        }
    }
}

/// What a step may still put out.
struct Budget {
    limit: usize,
    left: usize,
}

impl Budget {
    /// Room for the next block of output: never much more than may be put out.
    fn block(&self) -> usize {
        const BLOCK: usize = 16 * 1024;
        BLOCK.min(self.left.saturating_add(1))
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Failure> {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => {
                return Err(bad_encoding(format!("decoded body exceeds the limit of {} bytes", self.limit)));
            }
        }
        Ok(())
    }
}

#[cold]
fn bad_encoding(label: impl Into<std::rc::Rc<str>>) -> Failure {
    Failure::with_label(FailureKind::BadEncoding, label)
}
