//! Keeps runs: what they measured, stretch by stretch, so that they can be shown, reported and compared later.
//!
//! Not here: formatting, clocks, the environment. Times are numbers that the caller wrote; a store is a place that the
//! caller names.
//!
//! Reading order: [`address`] (where), [`run`] (what is known of a run), [`store`] (the operations), `schema` and
//! `database` (tables, and the two databases that hold them; `encryption`), `wire` and `bits` (how measurements become
//! bytes), [`writer`] (the thread that keeps a run while it goes on), [`patience`] (how long anybody waits), [`retention`]
//! (what is forgotten).
//!
//! ```
//! use katydid_stats::RunStats;
//! use katydid_store::{About, Address, End, Store, Writer};
//!
//! let folder = tempfile::tempdir().expect("a folder");
//! let address = Address::in_folder(folder.path());
//! let store = Store::open(&address).expect("a new file");
//! let writer = Writer::begin(store, &About { started_at: 100.0, ..About::default() }).expect("a run");
//! let run = writer.run();
//! writer.observe(RunStats::new(100.0), 110.0, 5);
//! writer.finish(End { at: 110.0, ..End::default() }).expect("the last stretch");
//! assert_eq!(Store::open(&address).expect("the same file").run(run).expect("the run").users, 5);
//! ```
//!
//! Invariants: what was observed is on disk when its stretch is over, in one transaction; a process that is killed loses
//! the stretch that it was in. Nothing secret is written that the caller did not hand over.

pub mod address;
mod bits;
mod database;
mod encryption;
pub mod error;
pub mod patience;
mod postgres;
pub mod retention;
pub mod run;
mod schema;
mod sqlite;
pub mod store;
mod wire;
pub mod writer;

pub use address::Address;
pub use error::{Error, Result};
pub use patience::within;
pub use retention::Retention;
pub use run::{About, End, Level, Run, RunId, State};
pub use store::{Baseline, Store};
pub use writer::Writer;
