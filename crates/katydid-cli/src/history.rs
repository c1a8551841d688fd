//! `katydid runs`, `show`, `export`, `compare` and `baseline`: what can be done with stored runs, as commands.

pub mod archive;
mod arguments;
pub mod compare;
mod export;
mod list;
mod parquet;
pub mod place;

use std::ffi::OsString;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use katydid_stats::RunStats;
use katydid_store::{Error, Store};

use crate::console::{say, tell};
use crate::options::{EXIT_FAILURE, EXIT_OK, EXIT_USAGE};
use arguments::{Arguments, Task};
pub use list::{reclassified_json, run_json};

/// A run is worse than its baseline by more than noise and what is allowed.
pub const EXIT_VERDICT: i32 = 3;

/// Seconds that the percentiles of a point in a stored run's history are about.
const WINDOW_SECONDS: usize = 10;

/// Fills a document of the page, such as `report.html`, with data; `None` where there is no page.
pub type Page = fn(&str, &serde_json::Value) -> Option<String>;

/// Carries out one of the commands and returns the process's exit code. `args` begin with the command's word.
pub fn history_main(args: impl IntoIterator<Item = impl Into<OsString> + Clone>, page: Page) -> i32 {
    let words = std::iter::once(OsString::from("katydid")).chain(args.into_iter().map(Into::into));
    match Arguments::try_parse_from(words) {
        Ok(arguments) => carry_out(&arguments.task, page),
        Err(error) => crate::options::explain("katydid", &error),
    }
}

fn carry_out(task: &Task, page: Page) -> i32 {
    match done(task, page) {
        Ok(code) => code,
        Err(error) => {
            tell(format_args!("katydid: error: {error}"));
            if error.is_usage() || error.is_missing() { EXIT_USAGE } else { EXIT_FAILURE }
        }
    }
}

fn done(task: &Task, page: Page) -> Result<i32, Error> {
    match task {
        Task::Runs(options) => list::runs(options),
        Task::Show(options) => list::show(options),
        Task::Export(options) => export::export(options),
        Task::Compare(options) => compare::command(options, page),
        Task::Baseline(options) => list::baseline(options),
    }
}

/// The store that an option or its variable names.
fn open(store: Option<&str>) -> Result<Store, Error> {
    Store::open(&place::address(store)?)
}

/// Calls `each` with the statistics of a stored run as they were at the end of each stretch, and when that was.
///
/// # Errors
/// The store's.
pub fn retell(store: Option<&str>, run: &str, mut each: impl FnMut(&RunStats, f64)) -> Result<(), Error> {
    let mut store = open(store)?;
    let run = store.find(run)?;
    let names = store.names(run.id)?;
    let failures = store.failures(run.id)?;
    let ends_at = store.marks(run.id)?.last().map_or(0.0, |(_, until, _)| *until);
    let begin = |started_at: f64| {
        let mut stats = RunStats::new(started_at);
        stats.keep_windows(WINDOW_SECONDS, false);
        stats
    };
    let mut stats = begin(run.about.started_at);
    store.parts(run.id, |part| {
        if part.is_reset {
            stats = begin(part.from);
        }
        part.add_to(&mut stats, &names);
        if part.until >= ends_at {
            for error in &failures {
                let seen = (error.first_seen, error.last_seen);
                stats.errors_mut().add(&error.method, &error.name, &error.text, error.occurrences, seen);
            }
        }
        each(&stats, part.until);
    })
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Says a text of many lines, or writes it into a file.
fn put(text: &[u8], file: Option<&std::path::Path>) -> Result<i32, Error> {
    let written = match file {
        Some(path) => std::fs::write(path, text),
        None => std::io::stdout().write_all(text),
    };
    match (written, file) {
        (Err(error), Some(path)) => {
            tell(format_args!("katydid: error: {}: {error}", path.display()));
            Ok(EXIT_FAILURE)
        }
        // Whoever reads only the first lines closes the pipe early.
        _ => Ok(EXIT_OK),
    }
}

fn say_all(lines: impl IntoIterator<Item = String>) {
    lines.into_iter().for_each(say);
}

#[cfg(test)]
mod tests;
