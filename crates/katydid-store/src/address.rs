//! Where are runs kept? A file, a PostgreSQL server, or nowhere.

use std::fmt;
use std::path::PathBuf;

use crate::error::{Error, Result};

/// The file's name in the folder of the user's data.
const FILE_NAME: &str = "history.db";

/// A place for runs.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// Runs are not kept.
    None,
    /// An SQLite file.
    File(PathBuf),
    /// A PostgreSQL server and its database, as a URL.
    Postgres(String),
}

impl Address {
    /// Reads a place as a user writes it: a path, a URL, or `none`.
    ///
    /// # Errors
    /// A URL of something that is no store.
    ///
    /// # Examples
    /// ```
    /// use katydid_store::Address;
    ///
    /// assert_eq!(Address::parse("none"), Ok(Address::None));
    /// assert!(matches!(Address::parse("runs.db"), Ok(Address::File(_))));
    /// assert!(Address::parse("mysql://localhost/runs").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        match text.split_once("://") {
            _ if text.is_empty() => {
                Err(Error::usage("the store has no name: give a path, a postgresql:// URL, or none"))
            }
            _ if text.eq_ignore_ascii_case("none") => Ok(Self::None),
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                Ok(Self::Postgres(text.to_owned()))
            }
            Some((scheme, _)) => {
                Err(Error::usage(format!("no store {scheme}://…: give a path, a postgresql:// URL, or none")))
            }
            None => Ok(Self::File(text.into())),
        }
    }

    /// The file in a folder of users' data.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self::File(folder.into().join(FILE_NAME))
    }
}

/// Without the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

fn without_password(url: &str) -> String {
    let bare = url.split(['?', '#']).next().unwrap_or(url);
    let Some((scheme, rest)) = bare.split_once("://") else { return bare.to_owned() };
    match rest.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        None => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://me:se@cret@db/runs", "postgres://me@db/runs"),
            ("postgresql://db/runs?user=me&password=secret", "postgresql://db/runs"),
            ("postgresql://me@db", "postgresql://me@db"),
        ] {
            let address = Address::parse(url).expect("a URL of PostgreSQL");
            assert_eq!(
                (address.to_string().as_str(), format!("{address:?}")),
                (shown, format!("Address({shown})"))
            );
        }
    }

    #[test]
    fn what_is_no_place_is_refused_with_what_would_be_one() {
        for text in ["", "  ", "mysql://x/y", "http://x", "postgresql://"] {
            let error = Address::parse(text).expect_err("no place");
            assert!(error.is_usage() && error.to_string().contains("postgresql:// URL, or none"), "{error}");
        }
        assert_eq!(Address::parse(" NONE "), Ok(Address::None));
        assert_eq!(Address::in_folder("/data"), Address::File("/data/history.db".into()));
    }
}
