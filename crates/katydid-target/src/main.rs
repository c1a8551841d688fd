//! `katydid-target`: the practice servers as a program of their own, for tests that do not build the whole command.

use clap::FromArgMatches;
use clap::error::ErrorKind;
use katydid_target::Args;
use std::process::ExitCode;

fn main() -> ExitCode {
    let parsed =
        katydid_target::command().try_get_matches().and_then(|matches| Args::from_arg_matches(&matches));
    match parsed {
        Ok(args) => serve(args),
        Err(error) => explain(&error),
    }
}

fn serve(args: Args) -> ExitCode {
    match katydid_target::run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("katydid-target: {error}");
            ExitCode::from(if error.is_usage() { 2 } else { 1 })
        }
    }
}

/// Help and version go out in full; a mistake becomes one line.
fn explain(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        print!("{error}");
        return ExitCode::SUCCESS;
    }
    eprintln!("katydid-target: {}", in_one_line(&error.to_string()));
    ExitCode::from(2)
}

/// The first paragraph of clap's message, which names the mistake; the rest is advice on usage.
fn in_one_line(message: &str) -> String {
    let paragraph: Vec<_> = message.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    paragraph.join(" ").trim_start_matches("error: ").to_owned()
}
