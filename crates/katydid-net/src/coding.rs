//! How is a body compressed?

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
