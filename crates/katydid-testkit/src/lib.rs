//! What the tests of several crates share: a scripted server on the loopback, certificates to order, a clock that a
//! test moves. Never part of a shipped program.
//!
//! In reading order: [`script`] (what a server does on one connection), [`server`] (who plays the scripts and what it
//! heard), [`certificates`], [`clock`].
//!
//! # Examples
//! A test of HTTP reads as a dialogue:
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! use katydid_testkit::{Script, Server};
//!
//! let server = Server::start([
//!     Script::new()
//!         .request("GET /items HTTP/1.1\r\n")
//!         .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
//!         .close(),
//! ]);
//!
//! let mut client = TcpStream::connect(server.address()).unwrap();
//! client.write_all(b"GET /items HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
//! let mut answer = String::new();
//! client.read_to_string(&mut answer).unwrap();
//!
//! assert!(answer.ends_with("\r\n\r\n[]"));
//! assert!(server.finish()[0].text().contains("Host: shop"));
//! ```

pub mod certificates;
pub mod clock;
pub mod script;
pub mod server;
mod wire;

pub use clock::FakeClock;
pub use script::{Gate, Script};
pub use server::{Conversation, End, Server};
