//! `katydid target`: the practice servers, started from the Python command.

use pyo3::prelude::*;

/// Runs the practice servers that `argv` names (its first item is `target`) until SIGINT or SIGTERM; returns the exit
/// code.
#[pyfunction]
pub(crate) fn target_main(py: Python<'_>, argv: Vec<String>) -> i32 {
    // Nothing here needs the interpreter.
    py.detach(|| katydid_cli::target_main(argv))
}
