//! What can keep a client from being made?

use std::fmt;

use super::target::BadUrl;
use crate::tls;

/// Why there is no client: its base URL or its TLS settings.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug)]
enum Kind {
    Url(BadUrl),
    Tls(tls::Error),
}

impl Error {
    /// Is it the base URL?
    pub fn is_url(&self) -> bool {
        matches!(self.0, Kind::Url(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Url(error) => error.fmt(out),
            Kind::Tls(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for Error {
    /// Both kinds speak for themselves; the source is what is below them.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Url(error) => error.source(),
            Kind::Tls(error) => error.source(),
        }
    }
}

impl From<BadUrl> for Error {
    fn from(error: BadUrl) -> Self {
        Self(Kind::Url(error))
    }
}

impl From<tls::Error> for Error {
    fn from(error: tls::Error) -> Self {
        Self(Kind::Tls(error))
    }
}
