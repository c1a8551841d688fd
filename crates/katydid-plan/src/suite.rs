//! What does a suite file (`katydid.toml`) say? Options, levels of load, what is asked of them, and profiles of all that.
//!
//! [`keys`] is the one table of what a file may contain: the reader checks against it and the schema for editors is made
//! of it. What a maintainer must not break: every error names line, column and key, and a file with an error means
//! nothing at all.

mod error;
pub mod keys;
mod read;
mod value;

use crate::{Level, Threshold};

pub use error::Error;

/// A suite file, with one of its profiles applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suite {
    /// Options of the command, called as there without the dashes; later ones take precedence.
    pub options: Vec<(String, Setting)>,
    /// What runs, one after another; empty if the file does not say.
    pub scenarios: Vec<Scenario>,
    /// What is asked of the run.
    pub thresholds: Vec<Threshold>,
    /// The profile that was applied.
    pub profile: Option<String>,
    /// All profiles of the file.
    pub profiles: Vec<String>,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A value; flags are `true` or `false`.
    One(String),
    /// Several values.
    Many(Vec<String>),
}

/// Levels that belong together: one service under rising load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// Its name; a file without scenarios has one that has none.
    pub name: Option<String>,
    /// Names of the user classes that run; empty for all.
    pub classes: Vec<String>,
    /// The host of their requests, if it is another than theirs.
    pub host: Option<String>,
    /// The levels.
    pub levels: Vec<Level>,
}

/// What else there is to know when a file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The profile that is wanted; otherwise the one that the file names.
    pub profile: Option<&'a str>,
    /// Options of the command without the dashes, to recognise mistyped ones. A locustfile may add others.
    pub options: &'a [&'a str],
}

/// Reads a suite file.
///
/// # Examples
/// ```
/// use katydid_plan::suite::{self, Context};
///
/// let text = "thresholds = ['p95<2s']\nstages = '10@1 for 5m, 50@5 for 5m'";
/// let suite = suite::read(text, Context::default())?;
/// assert_eq!((suite.thresholds.len(), suite.scenarios[0].levels.len()), (1, 2));
///
/// let mistyped = suite::read("tresholds = []", Context::default()).expect_err("there is no such key");
/// assert_eq!(mistyped.to_string(), "1:1: tresholds: there is no such key: did you mean \"thresholds\"?");
/// # Ok::<(), suite::Error>(())
/// ```
///
/// # Errors
/// Text that is not TOML, keys that there are not, values that do not fit, and a profile that there is not.
pub fn read(text: &str, context: Context<'_>) -> Result<Suite, Error> {
    read::suite(text, context)
}

#[cfg(test)]
mod tests;
