//! What can be asked of a native program? Locust's names, short forms, variables and defaults, as far as they apply.
//!
//! One default differs: without a spawn rate all users start at once, as in other compiled load generators.

use std::time::Duration;

use clap::Parser;
use clap::error::ErrorKind;
use katydid_engine::{RunSettings, Steady};
use katydid_plan::{Target, span};

use crate::console::{say, tell};

/// Everything was fine.
pub const EXIT_OK: i32 = 0;
/// We could not do it.
pub const EXIT_FAILURE: i32 = 1;
/// The command was not understood.
pub const EXIT_USAGE: i32 = 2;

/// Options of a program that runs Rust scenarios.
#[derive(Clone, Debug, Parser)]
#[command(about = "Runs Rust scenarios against a server", version, max_term_width = 110)]
pub struct Options {
    /// Scenarios to run; all of them if none is named
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,

    /// Base URL of the server, for example http://127.0.0.1:8000
    #[arg(short = 'H', long, env = "LOCUST_HOST", value_name = "URL")]
    pub host: Option<String>,

    /// Users at the peak
    #[arg(short, long, env = "LOCUST_USERS", value_name = "N", default_value_t = 1)]
    pub users: u64,

    /// Users started per second [default: all at once]
    #[arg(short = 'r', long, env = "LOCUST_SPAWN_RATE", value_name = "RATE", value_parser = rate)]
    pub spawn_rate: Option<f64>,

    /// End of the run, counted from its start: 300s, 20m, 1h30m; without it the run goes on until it is interrupted
    #[arg(short = 't', long, env = "LOCUST_RUN_TIME", value_name = "TIME", value_parser = time_span)]
    pub run_time: Option<Duration>,

    /// Time that users get to finish their task when they have to stop
    #[arg(short = 's', long, env = "LOCUST_STOP_TIMEOUT", value_name = "TIME", default_value = "0", value_parser = time_span)]
    pub stop_timeout: Duration,

    /// Accepted for the sake of scripts: a native program has no web page
    #[arg(long, env = "LOCUST_HEADLESS")]
    pub headless: bool,

    /// No tables while the run goes on
    #[arg(long, env = "LOCUST_ONLY_SUMMARY")]
    pub only_summary: bool,

    /// Nothing on the console but errors and what --json asks for
    #[arg(short, long)]
    pub quiet: bool,

    /// Forget what was measured before all users were there
    #[arg(long, env = "LOCUST_RESET_STATS")]
    pub reset_stats: bool,

    /// Write PREFIX_stats.csv, PREFIX_stats_history.csv, PREFIX_failures.csv and PREFIX_exceptions.csv
    #[arg(long = "csv", env = "LOCUST_CSV", value_name = "PREFIX")]
    pub csv_prefix: Option<String>,

    /// A row for every entry in the history, with the percentiles of the last seconds
    #[arg(long, env = "LOCUST_CSV_FULL_HISTORY", requires = "csv_prefix")]
    pub csv_full_history: bool,

    /// Print the statistics as JSON at the end
    #[arg(long)]
    pub json: bool,

    /// Write the statistics as JSON to NAME.json at the end, instead of the summary
    #[arg(long, value_name = "NAME")]
    pub json_file: Option<String>,

    /// Exit code of a run in which something failed
    #[arg(long, env = "LOCUST_EXIT_CODE_ON_ERROR", value_name = "CODE", default_value_t = 1)]
    pub exit_code_on_error: i32,

    /// Seed of the users' waits and choices; without it every run draws its own
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Print the names of the scenarios
    #[arg(short, long)]
    pub list: bool,
}

impl Options {
    /// What the engine has to know of them.
    pub fn run_settings(&self, drawn_seed: u64) -> RunSettings {
        let at_once = self.users.max(1) as f64;
        let target = Target { users: self.users, rate: self.spawn_rate.unwrap_or(at_once) };
        RunSettings {
            host: self.host.clone(),
            run_time: self.run_time,
            stop_timeout: self.stop_timeout,
            reset_stats: self.reset_stats,
            seed: self.seed.unwrap_or(drawn_seed),
            ..RunSettings::new(Steady(target))
        }
    }
}

/// Says what is wrong with the arguments, or prints the help that was asked for; returns the exit code.
pub(crate) fn explain(program: &str, error: &clap::Error) -> i32 {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        say(error.to_string().trim_end());
        return EXIT_OK;
    }
    let text = error.to_string();
    let first = text.lines().next().unwrap_or("the arguments make no sense");
    tell(format_args!("{program}: {first}"));
    EXIT_USAGE
}

fn time_span(text: &str) -> Result<Duration, katydid_plan::Error> {
    span::parse(text)
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 => Ok(rate),
        Ok(_) => Err("it must be above 0".into()),
        Err(_) => Err("it must be a number of users per second".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options, clap::Error> {
        Options::try_parse_from(["program"].iter().chain(args))
    }

    #[test]
    fn the_short_forms_are_locust_s() {
        let options = parse(&["-H", "http://h", "-u", "100", "-r", "2.5", "-t", "1m30s", "-s", "5", "-q"]);
        let options = options.expect("known options");
        assert_eq!(
            (options.host.as_deref(), options.users, options.spawn_rate),
            (Some("http://h"), 100, Some(2.5))
        );
        assert_eq!(
            (options.run_time, options.stop_timeout),
            (Some(Duration::from_secs(90)), Duration::from_secs(5))
        );
        assert!(options.quiet && !options.only_summary);
    }

    #[test]
    fn defaults_are_locust_s_but_for_the_spawn_rate() {
        let options = parse(&[]).expect("nothing is required");
        assert_eq!((options.users, options.spawn_rate, options.run_time), (1, None, None));
        assert_eq!((options.stop_timeout, options.exit_code_on_error), (Duration::ZERO, 1));
    }

    #[test]
    fn nonsense_is_refused() {
        for args in [
            ["-r", "0"],
            ["-r", "-1"],
            ["-r", "NaN"],
            ["-u", "many"],
            ["-t", "1.5h"],
            ["--no-such", "x"],
            ["--headless", "--csv-full-history"],
        ] {
            assert!(parse(&args).is_err(), "{args:?}");
        }
    }

    #[test]
    fn a_seed_that_is_given_is_taken() {
        assert_eq!(parse(&["--seed", "7"]).expect("a number").run_settings(1).seed, 7);
        assert_eq!(parse(&[]).expect("nothing").run_settings(1).seed, 1);
    }
}
