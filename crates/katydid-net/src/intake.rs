//! What has arrived of one answer? Turns bytes into an [`Answer`]'s bytes, without I/O.

use katydid_stats::Failure;

use crate::h1::reader::HeadReader;
use crate::h1::{BodyDecoder, Framing, Head};

/// No answer reserves more than this on the word of a `Content-Length`.
const RESERVE_MAX: u64 = 1 << 20;

/// An answer under construction.
#[derive(Debug)]
pub(crate) struct Intake {
    /// The head as far as it arrived; once it is complete, the head and then the body.
    pub(crate) bytes: Vec<u8>,
    /// The accepted head.
    pub(crate) head: Option<Head>,
    body: BodyDecoder,
    is_head: bool,
    /// A `100 Continue` was seen.
    pub(crate) continued: bool,
    /// Something arrived, if only an interim answer.
    begun: bool,
}

/// What one piece of input led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fed {
    /// Bytes used; what follows them does not belong to this answer.
    pub(crate) consumed: usize,
    /// The answer is complete.
    pub(crate) done: bool,
}

impl Intake {
    /// An empty intake for the answer to a request; `is_head` if that is a `HEAD`.
    pub(crate) fn new(is_head: bool) -> Self {
        Self {
            bytes: Vec::new(),
            head: None,
            body: BodyDecoder::new(Framing::Empty),
            is_head,
            continued: false,
            begun: false,
        }
    }

    /// Whether nothing arrived.
    pub(crate) fn is_untouched(&self) -> bool {
        !self.begun
    }

    /// Whether nothing of the final answer arrived.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_none() && self.bytes.is_empty()
    }

    /// Length of the accepted head; 0 before.
    pub(crate) fn head_len(&self) -> usize {
        self.head.as_ref().map_or(0, |head| head.len)
    }

    /// Takes in what arrived.
    #[inline]
    pub(crate) fn feed(&mut self, input: &[u8], heads: &mut HeadReader) -> Result<Fed, Failure> {
        if self.head.is_some() {
            return self.feed_body(input);
        }
        self.begun = true;
        if self.bytes.is_empty() { self.feed_first(input, heads) } else { self.feed_more_head(input, heads) }
    }

    /// The common case: nothing is kept from before, and most answers are complete in one read.
    fn feed_first(&mut self, input: &[u8], heads: &mut HeadReader) -> Result<Fed, Failure> {
        let mut start = 0;
        loop {
            let rest = &input[start..];
            match heads.read(rest, self.is_head)? {
                None => {
                    self.bytes.extend_from_slice(rest);
                    return Ok(Fed { consumed: input.len(), done: false });
                }
                Some(head) if head.is_interim => {
                    self.continued |= head.status == 100;
                    start += head.len;
                    if start == input.len() {
                        return Ok(Fed { consumed: start, done: false });
                    }
                }
                Some(head) => {
                    let (raw, body) = rest.split_at(head.len);
                    let consumed = start + head.len;
                    self.accept(head, raw);
                    let fed = self.feed_body(body)?;
                    return Ok(Fed { consumed: consumed + fed.consumed, done: fed.done });
                }
            }
        }
    }

    /// A head that came in several reads.
    fn feed_more_head(&mut self, input: &[u8], heads: &mut HeadReader) -> Result<Fed, Failure> {
        let kept = self.bytes.len();
        self.bytes.extend_from_slice(input);
        let Some(head) = heads.read(&self.bytes, self.is_head)? else {
            return Ok(Fed { consumed: input.len(), done: false });
        };
        let raw = std::mem::take(&mut self.bytes);
        let used = head.len - kept;
        if head.is_interim {
            self.continued |= head.status == 100;
            if used == input.len() {
                return Ok(Fed { consumed: used, done: false });
            }
            let fed = self.feed_first(&input[used..], heads)?;
            return Ok(Fed { consumed: used + fed.consumed, done: fed.done });
        }
        self.accept(head, &raw[..kept + used]);
        let fed = self.feed_body(&input[used..])?;
        Ok(Fed { consumed: used + fed.consumed, done: fed.done })
    }

    fn accept(&mut self, head: Head, raw: &[u8]) {
        let room = match head.framing {
            Framing::Length(length) => length.min(RESERVE_MAX) as usize,
            Framing::Empty => 0,
            Framing::Chunked | Framing::UntilClose => 512,
        };
        self.bytes = Vec::with_capacity(raw.len() + room);
        self.bytes.extend_from_slice(raw);
        self.body = BodyDecoder::new(head.framing);
        self.head = Some(head);
    }

    fn feed_body(&mut self, input: &[u8]) -> Result<Fed, Failure> {
        let (consumed, done) = self.body.decode(input, &mut self.bytes)?;
        Ok(Fed { consumed, done })
    }

    /// The peer closed: is the answer complete by that?
    pub(crate) fn close(&mut self) -> Result<(), Failure> {
        use katydid_stats::FailureKind::{ClosedBeforeAnswer, ClosedInHead};
        match self.head {
            Some(_) => self.body.finish_at_close(),
            None if self.is_empty() => Err(ClosedBeforeAnswer.into()),
            None => Err(ClosedInHead.into()),
        }
    }

    /// Whether the connection may serve another exchange after this answer.
    pub(crate) fn keeps_alive(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.keep_alive && !matches!(head.framing, Framing::UntilClose))
    }
}
