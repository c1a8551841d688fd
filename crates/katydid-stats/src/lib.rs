//! What a run measured, as values: samples in, histograms, entries, failures and snapshots out.
//!
//! Not here: clocks, I/O, threads, formatting. The time of a sample is a number that its sender wrote into it.
//!
//! Reading order: [`phase`] and [`failure`] (the words of one exchange), [`sample`] (its record), [`histogram`],
//! [`per_second`] and [`window`] (what a series of samples is folded into), [`entry`] (all of that for one name),
//! [`error_table`] (failures, deduplicated), [`reclassified`] (what rules made of them), [`run`] (the whole), [`snapshot`]
//! (the numbers a report needs), [`part`] (what happened in one stretch of a run, to be kept), [`exponential`] (a histogram
//! for collectors), and [`locust`] (the forms that
//! Locust's files and protocol ask for).
//!
//! ```
//! use katydid_stats::{RunStats, Sample};
//!
//! let mut stats = RunStats::new(1_700_000_000.0);
//! let entry = stats.entry("GET", "/orders");
//! stats.record(entry, &Sample::new(1_700_000_001.5, Some(12.25), 512));
//! assert_eq!(stats.total().requests, 1);
//! assert_eq!(stats.total().percentile(0.99), Some(12.25));
//! ```
//!
//! Invariants: memory is bounded whatever the number of names, messages and seconds; recording a sample under a known
//! name does not allocate (a histogram that sees a longer time than ever before, and a second that begins, may).

pub mod entry;
pub mod error_table;
pub mod exponential;
pub mod failure;
pub mod histogram;
pub mod locust;
pub mod part;
pub mod per_second;
pub mod phase;
pub mod reclassified;
pub mod run;
pub mod sample;
pub mod snapshot;
pub mod window;

pub use entry::Entry;
pub use error_table::{ErrorId, ErrorStat, ErrorTable};
pub use failure::{Failure, FailureKind};
pub use histogram::Histogram;
pub use part::{EntryPart, Names, Part, Parts};
pub use phase::{Phase, Phases};
pub use reclassified::{Reclassified, ReclassifiedTable};
pub use run::{EntryId, RunStats};
pub use sample::Sample;
pub use snapshot::{EntrySummary, Snapshot, SnapshotRequest, Spread};
