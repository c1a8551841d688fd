//! What a run intends, as values: who is spawned in which order, how fast, and how long users wait.
//!
//! Not here: clocks, I/O, threads, randomness. Whoever acts on a plan passes in the time and the random number, so
//! every law in this crate is a table in a test.
//!
//! Reading order: [`span`] (how a duration is written), [`mix`] (which user class comes next), [`pace`] (how many at
//! once, and how long until the next batch), [`dispatch`] (which worker runs whom, up and down), [`wait`] (the pause
//! between two tasks), [`shape`] (a target that changes with time), [`stages`] (levels of load), [`threshold`] (what is
//! asked of a run), [`rule`] (which failures were to be expected), [`suite`] (all of it in a file), [`pattern`] and
//! [`nearest`] (names), [`misread`] (what is wrong with a text).
//!
//! ```
//! use katydid_plan::{Dispatcher, Step, UserClass};
//!
//! let classes = [UserClass::weighted("Buyer", 1.0), UserClass::weighted("Visitor", 3.0)];
//! let mut dispatcher = Dispatcher::new(["local"], &classes);
//! dispatcher.aim_at(4, 2.0)?;
//! let Some(Step::Dispatch(first)) = dispatcher.next() else { unreachable!("there is something to do") };
//! assert_eq!(first.user_count(), 2);
//! # Ok::<(), katydid_plan::Error>(())
//! ```
//!
//! Invariant: the same plan gives the same sequence on every machine; nothing depends on hash order.

pub mod dispatch;
mod error;
pub mod misread;
pub mod mix;
pub mod nearest;
pub mod pace;
pub mod pattern;
pub mod rule;
mod scan;
pub mod shape;
pub mod span;
pub mod stages;
pub mod suite;
pub mod threshold;
pub mod wait;

pub use dispatch::{Dispatcher, Distribution, Step};
pub use error::Error;
pub use misread::Misread;
pub use mix::{Mix, UserClass};
pub use pace::SpawnPace;
pub use pattern::Pattern;
pub use shape::{Stage, Stages, Target};
pub use stages::Level;
pub use threshold::Threshold;
pub use wait::{Wait, WaitState};
