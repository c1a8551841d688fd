//! How does an HTTP/1.1 answer look on the wire, and a request? The client's codec, without I/O.
//!
//! Bytes go in, values come out; nothing here reads a socket or a clock. In reading order:
//!
//! - [`head`]: the first bytes of an answer to a [`Head`]: status, [`Framing`], reuse, codings.
//! - `reader`: heads that were read a moment ago are known again.
//! - [`fields`]: the lines of a head, lazily, as they were received.
//! - [`framing`]: what the header fields say about the body and the connection (RFC 9112 6.3 and 9.3).
//! - [`body`]: the body with its transfer framing removed, from any split of the input.
//! - [`encode`]: request heads and chunks.
//!
//! ```
//! use katydid_net::h1::{BodyDecoder, Limits, parse_head};
//!
//! let input = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
//! let head = parse_head(input, false, &Limits::default()).unwrap().expect("a complete head");
//! let mut body = Vec::new();
//! let (consumed, done) = BodyDecoder::new(head.framing).decode(&input[head.len..], &mut body).unwrap();
//! assert_eq!((head.status, body.as_slice(), done), (200, &b"hi"[..], true));
//! assert_eq!(head.len + consumed, input.len());
//! ```
//!
//! What a maintainer must not break: the result depends on the bytes alone and never on how they were split, and
//! no input makes the codec panic or keep more than its documented limits.

pub mod body;
pub mod encode;
pub mod fields;
pub mod framing;
pub mod head;
pub(crate) mod reader;

#[cfg(test)]
mod tests;

pub use crate::coding::Coding;
pub use body::BodyDecoder;
pub use encode::{InvalidHeader, encode_chunk, encode_head, encode_last_chunk};
pub use fields::{Fields, headers, reason};
pub use framing::Framing;
pub use head::{Head, Limits, parse_head};
