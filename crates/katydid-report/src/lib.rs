//! Snapshots to text: console tables, CSV and JSON, in the layout that pipelines built for Locust expect; and to the bytes that
//! collectors expect.
//!
//! Not here: printing, files, the terminal's width. A function takes a [`Snapshot`](katydid_stats::Snapshot) and gives
//! lines or a text back.
//!
//! Reading order: [`console`] (the tables), [`truth`] (what the tables cannot say: lag and phases), [`expectations`] (what
//! rules made of the run), [`verdict`] (whether a run met what was asked of it), [`compare`] (two runs, and whether their
//! difference is more than noise), [`overlay`] (distributions for pictures), [`csv`], [`json`], [`otlp`] (what a collector
//! gets), and below them [`number`], [`moment`] and [`protobuf`] (how a number and a time are written).
//!
//! ```
//! use katydid_report::console::{Columns, Rates, stats_table};
//! use katydid_stats::snapshot::SnapshotRequest;
//! use katydid_stats::{RunStats, Sample};
//!
//! let mut stats = RunStats::new(100.0);
//! let entry = stats.entry("GET", "/");
//! stats.record(entry, &Sample::new(101.0, Some(20.0), 5));
//! let snapshot = stats.snapshot(&SnapshotRequest { now: 101.0, quantiles: &[], with_window: false });
//! let table = stats_table(&snapshot, Rates::Total, Columns::default());
//! assert!(table[2].starts_with("GET      / "));
//! ```

pub mod compare;
pub mod console;
pub mod csv;
pub mod expectations;
pub mod json;
pub mod moment;
pub mod number;
pub mod otlp;
pub mod overlay;
pub mod protobuf;
pub mod truth;
pub mod verdict;
