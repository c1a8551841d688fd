//! What a run measured, as values: samples in, histograms, entries, failures and snapshots out.
//!
//! Not here: clocks, I/O, threads, formatting.

pub mod failure;
pub mod phase;

pub use failure::{Failure, FailureKind};
pub use phase::{Phase, Phases};
