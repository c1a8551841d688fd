//! Why can a plan not be followed?

use std::fmt;

/// A plan that makes no sense, with the value that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    EmptySpan,
    BadSpan,
    BadRate(f64),
}

impl Error {
    pub(crate) fn empty_span() -> Self {
        Self(Kind::EmptySpan)
    }

    pub(crate) fn bad_span() -> Self {
        Self(Kind::BadSpan)
    }

    pub(crate) fn bad_rate(rate: f64) -> Self {
        Self(Kind::BadRate(rate))
    }

    /// Was a time span written in a form that we do not know?
    pub fn is_span(&self) -> bool {
        matches!(self.0, Kind::EmptySpan | Kind::BadSpan)
    }

    /// Is a rate zero, negative or not a number?
    pub fn is_rate(&self) -> bool {
        matches!(self.0, Kind::BadRate(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            // These two are also what Locust says: command lines are tested for them.
            Kind::EmptySpan => f.write_str("Invalid time span format"),
            Kind::BadSpan => {
                f.write_str("Invalid time span format. Valid formats: 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc.")
            }
            Kind::BadRate(rate) => write!(f, "spawn rate is {rate}: it must be a number above zero"),
        }
    }
}

impl std::error::Error for Error {}
