//! How does `katydid target` start? The practice servers' own door, with an exit code.

use std::ffi::OsString;

use clap::FromArgMatches;
use katydid_target::Args;

use crate::console::tell;
use crate::options::{EXIT_FAILURE, EXIT_OK, EXIT_USAGE};

/// Runs the practice servers until SIGINT or SIGTERM and returns the process's exit code. `args` begin with the name
/// of the command.
pub fn target_main(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> i32 {
    let command = katydid_target::command().bin_name("katydid target");
    let parsed = command.try_get_matches_from(args).and_then(|matches| Args::from_arg_matches(&matches));
    match parsed {
        Ok(args) => serve(args),
        Err(error) => crate::options::explain("katydid target", &error),
    }
}

fn serve(args: Args) -> i32 {
    match katydid_target::run(args) {
        Ok(()) => EXIT_OK,
        Err(error) => {
            tell(format_args!("katydid target: error: {error}"));
            if error.is_usage() { EXIT_USAGE } else { EXIT_FAILURE }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_usage_errors_and_help_is_none() {
        assert_eq!(target_main(["target", "no-such-server"]), EXIT_USAGE);
        assert_eq!(target_main(["target", "shop", "--latency", "nonsense"]), EXIT_USAGE);
        assert_eq!(target_main(["target", "--help"]), EXIT_OK);
    }
}
