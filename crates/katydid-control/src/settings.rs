//! What can be chosen about the server?

use std::path::PathBuf;
use std::time::Duration;

use crate::{Error, Flask};

/// How to listen, and whom to let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Address or name to listen on; empty or `*`: every address of the machine.
    pub host: String,
    /// Port; 0: a free one.
    pub port: u16,
    /// Certificate chain and key, PEM files: serve HTTPS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Path under which everything is served, such as `/load`.
    pub base_path: String,
    /// `user:password` that browsers are asked for.
    pub basic_auth: Option<String>,
    /// Tokens that programs may send instead.
    pub bearer_tokens: Vec<String>,
    /// Is the users' thread asked who has logged in?
    pub is_login_on: bool,
    /// Further names by which the server may be called; `*`: any.
    pub allowed_hosts: Vec<String>,
    /// What the Flask application answers from the first request on.
    pub flask: Flask,
    /// Folder of a page to serve instead of the embedded one.
    pub page: Option<PathBuf>,
    /// Are there only the pages about stored runs, and no run?
    pub is_history_only: bool,
    /// What one client can take.
    pub limits: Limits,
}

/// How much a client may send, how long it may take, and how many there may be at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections; further ones are told so and closed.
    pub connections: usize,
    /// Event streams.
    pub streams: usize,
    /// Bytes of a request's line and headers.
    pub head_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of all bodies that are in memory at once.
    pub bodies_bytes: usize,
    /// Time for the head of a request, and for the pause between two.
    pub head_within: Duration,
    /// Time for a body.
    pub body_within: Duration,
    /// Time for which a client may not read at all while an answer waits for it.
    pub unread_for: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            streams: 64,
            head_bytes: 64 * 1024,
            headers: 100,
            body_bytes: 16 * 1024 * 1024,
            bodies_bytes: 64 * 1024 * 1024,
            head_within: Duration::from_secs(15),
            body_within: Duration::from_secs(30),
            unread_for: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Checks what can be checked, and brings the base path to its form without a slash at the end.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        let path = self.base_path.trim_end_matches('/');
        if !path.is_empty() && !path.starts_with('/') {
            return Err(Error::setting(format!("the base path {path:?} must begin with a slash")));
        }
        if path.contains(['?', '#', '{', '}', '\\', ' ']) || path.contains("//") {
            return Err(Error::setting(format!("the base path {path:?} is not the path of a URL")));
        }
        self.base_path = path.to_owned();
        if self.basic_auth.as_ref().is_some_and(|pair| !pair.contains(':')) {
            return Err(Error::setting("credentials must be given as user:password"));
        }
        if self.bearer_tokens.iter().any(|token| token.is_empty()) {
            return Err(Error::setting("a bearer token must not be empty"));
        }
        Ok(self)
    }

    /// Does everybody have to show a password or a token?
    pub(crate) fn asks_for_credentials(&self) -> bool {
        self.basic_auth.is_some() || !self.bearer_tokens.is_empty()
    }

    /// Is it listened on every address?
    pub(crate) fn is_on_every_address(&self) -> bool {
        matches!(self.host.as_str(), "" | "*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_has_one_form() {
        for (given, expected) in [("", ""), ("/", ""), ("/lo", "/lo"), ("/lo/", "/lo"), ("/a/b", "/a/b")] {
            let settings = Settings { base_path: given.into(), ..Settings::default() };
            assert_eq!(settings.checked().map(|settings| settings.base_path).ok().as_deref(), Some(expected));
        }
    }

    #[test]
    fn refuses_what_cannot_work() {
        for wrong in ["lo", "/a b", "/a?b", "//a", "/{x}"] {
            let settings = Settings { base_path: wrong.into(), ..Settings::default() };
            assert!(settings.checked().is_err(), "{wrong}");
        }
        let settings = Settings { basic_auth: Some("only-a-name".into()), ..Settings::default() };
        assert!(settings.checked().is_err());
    }
}
