//! Why could something not be kept or found?

use std::fmt;

/// What a store could not do, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Usage,
    Missing,
    Database,
    Broken,
}

impl Error {
    /// What was asked for makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into() }
    }

    /// There is no such run or baseline.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self { kind: Kind::Missing, message: message.into() }
    }

    /// The database said no.
    pub(crate) fn database(message: impl Into<String>) -> Self {
        Self { kind: Kind::Database, message: message.into() }
    }

    /// What the database holds is not what we wrote.
    pub(crate) fn broken(message: impl Into<String>) -> Self {
        Self { kind: Kind::Broken, message: message.into() }
    }

    /// Was it asked for in a way that makes no sense?
    pub fn is_usage(&self) -> bool {
        self.kind == Kind::Usage
    }

    /// Is it a run or a baseline that does not exist?
    pub fn is_missing(&self) -> bool {
        self.kind == Kind::Missing
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Databases like to answer with several lines.
        f.write_str(self.message.lines().next().unwrap_or_default())
    }
}

impl std::error::Error for Error {}

/// The result of what a store does.
pub type Result<T> = std::result::Result<T, Error>;
