//! What can stop a practice server from running: one opaque type with questions.

use std::fmt;
use std::io;

/// Why a practice server could not be set up or run.
#[derive(Debug)]
pub struct Error {
    message: String,
    source: Option<io::Error>,
}

impl Error {
    /// A mistake in the options.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// The system refused something.
    pub(crate) fn system(message: impl Into<String>, source: io::Error) -> Self {
        Self { message: message.into(), source: Some(source) }
    }

    /// Was it a mistake in the options, rather than something the system refused?
    pub fn is_usage(&self) -> bool {
        self.source.is_none()
    }

    /// Is the address in use by another program?
    pub fn is_port_taken(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.kind() == io::ErrorKind::AddrInUse)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
