//! Sends the numbers of a run to an OpenTelemetry collector while it goes on: OTLP over HTTP, in protobuf.
//!
//! Not here: what the numbers mean and how they are written (`katydid_report::otlp`), traces and logs.
//!
//! Reading order: [`settings`] (where to, with which headers, how often), `sender` (one request, on a reactor of its own),
//! [`exporter`] (the thread).
//!
//! Invariants: the data plane only copies what changed; everything else happens on the exporter's thread. Numbers are
//! cumulative, so what a collector did not take is in the next request. A dead collector costs one message.

pub mod exporter;
mod sender;
pub mod settings;

pub use exporter::Exporter;
pub use settings::{Error, Settings};
