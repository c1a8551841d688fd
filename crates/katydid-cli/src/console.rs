//! How do lines reach the terminal? Through these two, because `println!` and `eprintln!` panic where nobody reads.
//!
//! Whoever reads only the first lines (`| head -1`) closes the pipe early; that is no failure of ours, and what is
//! left to do after the lines, files above all, is done.

use std::fmt::Display;
use std::io::Write;

/// Writes a line to standard output, if anybody reads it.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Writes a line to the error stream, if anybody reads it.
pub(crate) fn tell(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
