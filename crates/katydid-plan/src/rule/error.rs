//! Why is a text no rule? What is wrong where, and what to write instead.

use std::fmt;
use std::ops::Range;

/// A text that is no rule.
///
/// Its `Display` is one line with the reason, then the rule with the place marked below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    text: Box<str>,
    place: Range<usize>,
    reason: Box<str>,
}

impl Error {
    pub(super) fn new(text: &str, place: Range<usize>, reason: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), place, reason: reason.into() }
    }

    /// What is wrong and what to write instead, in one line.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The column at which it is wrong, counted in characters from 1.
    pub fn column(&self) -> usize {
        self.characters_before(self.place.start) + 1
    }

    fn characters_before(&self, byte: usize) -> usize {
        self.text.char_indices().take_while(|(at, _)| *at < byte).count()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blank = self.column() - 1;
        let length = (self.characters_before(self.place.end) - blank).max(1);
        writeln!(out, "column {}: {}", self.column(), self.reason)?;
        // A rule from a file may have line ends and tabs in it: the mark stands right all the same.
        let line: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        write!(out, "  {line}\n  {:blank$}{:^<length$}", "", "")
    }
}

impl std::error::Error for Error {}
