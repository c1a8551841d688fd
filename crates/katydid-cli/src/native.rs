//! How does a native program run, from its arguments to its exit code?

use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Parser;
use katydid_engine::{Engine, Fault};
use katydid_report::console::{Columns, Rates, error_table, percentile_table, stats_table};
use katydid_report::csv::History;
use katydid_report::truth::truth_lines;
use katydid_stats::snapshot::SnapshotRequest;
use katydid_stats::{RunStats, Snapshot};

use crate::console::{say, tell};
use crate::files::{self, CsvFiles};
use crate::live::{Onlooker, QUANTILES, Shows, print_lines, print_table};
use crate::options::{EXIT_FAILURE, EXIT_OK, EXIT_USAGE, Options, explain};
use crate::{open_files, panics, signals};

/// Runs the scenarios of `engine` as `args` ask (the first is the program's name) and returns the exit code: 0, or
/// `--exit-code-on-error` if a request failed or a scenario panicked, 2 for arguments that make no sense, 1 for a run
/// that could not be.
pub fn run(engine: Engine, args: impl IntoIterator<Item = impl Into<OsString>>) -> i32 {
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let program = program_name(args.first());
    match Options::try_parse_from(args) {
        Ok(options) => obey(engine, &options).unwrap_or_else(|error| complain(&program, &error)),
        Err(error) => explain(&program, &error),
    }
}

fn program_name(first: Option<&OsString>) -> String {
    let name =
        first.and_then(|path| Path::new(path).file_name()).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "katydid".into())
}

fn complain(program: &str, error: &anyhow::Error) -> i32 {
    tell(format_args!("{program}: error: {error:#}"));
    let is_usage = error.downcast_ref::<katydid_engine::Error>().is_some_and(katydid_engine::Error::is_usage);
    if is_usage { EXIT_USAGE } else { EXIT_FAILURE }
}

fn obey(mut engine: Engine, options: &Options) -> Result<i32> {
    if options.list {
        engine.classes().iter().for_each(|class| say(&class.name));
        return Ok(EXIT_OK);
    }
    if !options.scenarios.is_empty() {
        engine.choose(&options.scenarios)?;
    }
    let form = if options.csv_full_history { History::Full } else { History::Aggregated };
    let files = options
        .csv_prefix
        .as_deref()
        .map(|prefix| CsvFiles::try_new(prefix, form, &QUANTILES))
        .transpose()?;
    open_files::raise_limit();
    signals::listen();
    panics::leave_to_the_run();
    let names = engine.classes().iter().map(|class| class.name.to_string()).collect();
    let (mut onlooker, printer) = Onlooker::start(names, shows(options), files);
    let outcome = engine.run(options.run_settings(drawn_seed()), &mut onlooker);
    let faults = onlooker.into_faults(); // and the printer has nobody to wait for any more
    let files = printer.join().unwrap_or(None);
    report(&outcome?, &faults, options, files)
}

fn shows(options: &Options) -> Shows {
    match (options.quiet, options.only_summary) {
        (true, _) => Shows::Nothing,
        (false, true) => Shows::Summary,
        (false, false) => Shows::Everything,
    }
}

/// Everything that is written after a run; returns its exit code.
fn report(stats: &RunStats, faults: &[Fault], options: &Options, files: Option<CsvFiles>) -> Result<i32> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    let snapshot = stats.snapshot(&SnapshotRequest { now, quantiles: &QUANTILES, with_window: true });
    if let Some(mut files) = files {
        files.write(&snapshot, 0, faults)?;
    }
    if options.json {
        say(katydid_report::json::entries(stats.entries()));
    }
    if let Some(name) = &options.json_file {
        files::write(
            &PathBuf::from(format!("{name}.json")),
            &katydid_report::json::entries(stats.entries()),
        )?;
    } else if !options.quiet {
        print_summary(&snapshot, faults);
    }
    let has_failed = !snapshot.errors.is_empty() || !faults.is_empty();
    Ok(if has_failed { options.exit_code_on_error } else { EXIT_OK })
}

fn print_summary(snapshot: &Snapshot, faults: &[Fault]) {
    let columns = Columns::default();
    print_table(stats_table(snapshot, Rates::Total, columns));
    print_table(percentile_table(snapshot, columns));
    if !snapshot.errors.is_empty() {
        print_lines(error_table(&snapshot.errors, columns));
    }
    if !faults.is_empty() {
        print_table(panics::table(faults));
    }
    print_lines(truth_lines(snapshot));
}

/// A seed that differs from run to run.
fn drawn_seed() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
