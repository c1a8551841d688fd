//! What can keep a run from happening?

use std::{fmt, io};

use katydid_net::client;

/// Why a run could not start or go on. What the target or a scenario does wrong is not here but in the statistics.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug)]
enum Kind {
    NoScenario,
    SameName(String),
    UnknownScenario(String),
    Client(client::Error),
    Plan(katydid_plan::Error),
    System(io::Error),
}

impl Error {
    pub(crate) fn no_scenario() -> Self {
        Self(Kind::NoScenario)
    }

    pub(crate) fn same_name(name: &str) -> Self {
        Self(Kind::SameName(name.to_owned()))
    }

    pub(crate) fn unknown_scenario(name: &str) -> Self {
        Self(Kind::UnknownScenario(name.to_owned()))
    }

    /// Is it the caller's to mend: the scenarios, the host, a rate?
    pub fn is_usage(&self) -> bool {
        !matches!(self.0, Kind::System(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::NoScenario => out.write_str("there is no scenario to run: add one"),
            Kind::SameName(name) => {
                write!(out, "two scenarios are called {name:?}: give each a name of its own")
            }
            Kind::UnknownScenario(name) => write!(out, "no scenario is called {name:?}"),
            Kind::Client(error) => error.fmt(out),
            Kind::Plan(error) => error.fmt(out),
            Kind::System(_) => out.write_str("the system gives no poller"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::System(error) => Some(error),
            // These two speak for themselves above; what is below them is theirs.
            Kind::Client(error) => error.source(),
            Kind::Plan(error) => error.source(),
            Kind::NoScenario | Kind::SameName(_) | Kind::UnknownScenario(_) => None,
        }
    }
}

impl From<client::Error> for Error {
    fn from(error: client::Error) -> Self {
        Self(Kind::Client(error))
    }
}

impl From<katydid_plan::Error> for Error {
    fn from(error: katydid_plan::Error) -> Self {
        Self(Kind::Plan(error))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self(Kind::System(error))
    }
}
