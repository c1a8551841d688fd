//! What can be asked about stored runs?

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use katydid_store::Retention;

const WHICH: &str = "Number of a run, \"last\", or the name of a baseline";

#[derive(Debug, Parser)]
#[command(name = "katydid", max_term_width = 110, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) task: Task,
}

#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// List the stored runs, newest first
    Runs(Runs),
    /// Show one run: what it was, its entries, its failures
    Show(Show),
    /// Write the measurements of a run for other programs
    Export(Export),
    /// Hold a run against another, or two groups of its names against each other; ends with 3 for a regression
    Compare(Compare),
    /// Give runs names, to hold others against
    Baseline(Baseline),
}

#[derive(Args, Debug)]
pub(super) struct Place {
    /// Where runs are stored: a path, a postgresql:// URL [default: a file in the folder of the user's data]
    #[arg(long, env = "KATYDID_STORE", value_name = "PATH|URL", hide_env_values = true)]
    pub(super) store: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct Runs {
    #[command(flatten)]
    pub(super) place: Place,

    /// Show so many
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    pub(super) limit: u64,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,

    /// Forget these runs
    #[arg(long, num_args = 1.., value_name = "RUN", conflicts_with = "keep")]
    pub(super) remove: Vec<String>,

    /// Forget what goes beyond this, for example "100 runs, 90d, 2GB"; baselines stay
    #[arg(long, value_name = "LIMITS", value_parser = retention)]
    pub(super) keep: Option<Retention>,
}

fn retention(text: &str) -> Result<Retention, katydid_store::Error> {
    Retention::parse(text)
}

#[derive(Args, Debug)]
pub(super) struct Show {
    #[arg(value_name = "RUN", help = WHICH)]
    pub(super) run: String,

    #[command(flatten)]
    pub(super) place: Place,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// A row for each name and stretch
    Csv,
    /// The same as a list of objects, with distributions
    Json,
    /// The same columns as CSV, for programs that read columns
    Parquet,
}

#[derive(Args, Debug)]
pub(super) struct Export {
    #[arg(value_name = "RUN", help = WHICH)]
    pub(super) run: String,

    #[command(flatten)]
    pub(super) place: Place,

    /// In which form
    #[arg(long, value_enum, default_value_t = Form::Csv)]
    pub(super) format: Form,

    /// Write into this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Compare {
    #[arg(value_name = "BASELINE", help = WHICH)]
    pub(super) baseline: String,

    /// The run to judge, in the same words; with --a and --b there is none: BASELINE is looked into
    #[arg(value_name = "RUN", required_unless_present = "a")]
    pub(super) run: Option<String>,

    #[command(flatten)]
    pub(super) place: Place,

    /// What the degradation may be, level by level, for example 50%,100%,150%
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = share)]
    pub(super) allow: Vec<f64>,

    /// By how much the share of failures may rise, for example 1%
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(super) allow_errors: Option<f64>,

    /// The names of one group inside one run, with stars: "* (model a)"
    #[arg(long, value_name = "PATTERN", requires = "b", conflicts_with = "run")]
    pub(super) a: Option<String>,

    /// The names of the other group: "* (model b)"
    #[arg(long, value_name = "PATTERN", requires = "a")]
    pub(super) b: Option<String>,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,

    /// Also write the comparison as Markdown
    #[arg(long, value_name = "FILE")]
    pub(super) markdown: Option<PathBuf>,

    /// Also write the comparison as a page, with pictures of the distributions
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

/// A share such as `50%` or `0.5`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?} is no share: write 50% or 0.5");
    let (digits, unit) = text.trim().strip_suffix('%').map_or((text.trim(), 1.0), |digits| (digits, 0.01));
    let value: f64 = digits.trim().parse().map_err(|_| wrong())?;
    if value.is_finite() && value >= 0.0 { Ok(value * unit) } else { Err(wrong()) }
}

#[derive(Args, Debug)]
pub(super) struct Baseline {
    #[command(subcommand)]
    pub(super) step: Step,
}

#[derive(Debug, Subcommand)]
pub(super) enum Step {
    /// Give a run a name; the run that had it loses it
    Set {
        /// The name
        name: String,
        #[arg(value_name = "RUN", default_value = "last", help = WHICH)]
        run: String,
        #[command(flatten)]
        place: Place,
    },
    /// List the names and their runs
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Take a name from its run
    Remove {
        /// The name
        name: String,
        #[command(flatten)]
        place: Place,
    },
}
