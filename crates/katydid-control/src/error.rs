//! What can keep the server from starting?

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why there is no server.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug)]
enum Kind {
    Setting(String),
    Host(String, io::Error),
    Address(SocketAddr, io::Error),
    File(PathBuf, io::Error),
    Certificate(PathBuf, String),
    System(io::Error),
}

impl Error {
    pub(crate) fn setting(message: impl Into<String>) -> Self {
        Self(Kind::Setting(message.into()))
    }

    pub(crate) fn host(host: &str, error: io::Error) -> Self {
        Self(Kind::Host(host.to_owned(), error))
    }

    pub(crate) fn address(address: SocketAddr, error: io::Error) -> Self {
        Self(Kind::Address(address, error))
    }

    pub(crate) fn file(path: &Path, error: io::Error) -> Self {
        Self(Kind::File(path.to_owned(), error))
    }

    pub(crate) fn certificate(path: &Path, message: impl Into<String>) -> Self {
        Self(Kind::Certificate(path.to_owned(), message.into()))
    }

    /// The system's error code, if it was the system.
    pub fn os_code(&self) -> Option<i32> {
        match &self.0 {
            Kind::Host(_, error) | Kind::Address(_, error) | Kind::File(_, error) | Kind::System(error) => {
                error.raw_os_error()
            }
            Kind::Setting(_) | Kind::Certificate(..) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Setting(message) => out.write_str(message),
            Kind::Host(host, error) => write!(out, "cannot listen on {host:?}: {error}"),
            Kind::Address(address, error) => {
                write!(out, "cannot listen on {address}: {error}; give another port, or 0 for a free one")
            }
            Kind::File(path, error) => write!(out, "cannot read {}: {error}", path.display()),
            Kind::Certificate(path, message) => write!(out, "cannot use {}: {message}", path.display()),
            Kind::System(error) => write!(out, "cannot start the server's threads: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Host(_, error) | Kind::Address(_, error) | Kind::File(_, error) | Kind::System(error) => {
                Some(error)
            }
            Kind::Setting(_) | Kind::Certificate(..) => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self(Kind::System(error))
    }
}
