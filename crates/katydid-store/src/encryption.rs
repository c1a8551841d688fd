//! How is the connection to a PostgreSQL server encrypted? As the URL says in libpq's words: `sslmode`, `sslrootcert`,
//! `sslcert`, `sslkey`.

use std::path::PathBuf;

use katydid_net::tls::{TlsSettings, Verify, client_config};
use percent_encoding::percent_decode_str;
use postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result};

/// What the words of a URL on encryption mean.
pub(crate) struct Encryption {
    /// Whether the server must, may or must not encrypt.
    pub(crate) mode: SslMode,
    pub(crate) connector: MakeRustlsConnect,
    /// The URL without them.
    pub(crate) url: String,
}

impl Encryption {
    /// Takes the words out of `url`. Without any, encryption is used where the server offers it, and its certificate is
    /// not checked, as everywhere with PostgreSQL.
    ///
    /// # Errors
    /// A mode that does not exist, a file that is none.
    pub(crate) fn of(url: &str) -> Result<Self> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let mut words = Words::default();
        let rest: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !words.take(pair)).collect();
        let url = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        let mode = words.mode.as_deref().unwrap_or("prefer");
        let is_checked = mode == "verify-full" || (mode == "require" && words.authorities.is_some());
        let mode = match mode {
            "disable" => SslMode::Disable,
            "prefer" => SslMode::Prefer,
            "require" | "verify-full" => SslMode::Require,
            other => {
                return Err(Error::usage(format!(
                    "sslmode={other} in the store's URL: give disable, prefer, require or verify-full"
                )));
            }
        };
        let verify = match words.authorities {
            _ if !is_checked => Verify::None,
            Some(path) if path != "system" => Verify::File(PathBuf::from(path)),
            _ => Verify::System,
        };
        let client_cert = words.certificate.map(|path| (PathBuf::from(path), words.key.map(PathBuf::from)));
        let config = client_config(&TlsSettings { verify, client_cert })
            .map_err(|error| Error::usage(format!("the store's URL: {error}")))?;
        Ok(Self { mode, connector: MakeRustlsConnect::new(config), url })
    }
}

#[derive(Default)]
struct Words {
    mode: Option<String>,
    authorities: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Words {
    /// Keeps `key=value` if it is about encryption.
    fn take(&mut self, pair: &str) -> bool {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = match key {
            "sslmode" => &mut self.mode,
            "sslrootcert" => &mut self.authorities,
            "sslcert" => &mut self.certificate,
            "sslkey" => &mut self.key,
            _ => return false,
        };
        *place = Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_on_encryption_are_taken_out_of_the_url() {
        for (url, mode, rest) in [
            ("postgresql://db/runs", SslMode::Prefer, "postgresql://db/runs"),
            ("postgresql://db/runs?sslmode=disable", SslMode::Disable, "postgresql://db/runs"),
            (
                "postgresql://db/runs?user=me&sslmode=require&connect_timeout=3",
                SslMode::Require,
                "postgresql://db/runs?user=me&connect_timeout=3",
            ),
            ("postgresql://db?sslmode=prefer&sslrootcert=system", SslMode::Prefer, "postgresql://db"),
        ] {
            let encryption = Encryption::of(url).expect("ordinary words");
            assert_eq!((encryption.mode, encryption.url.as_str()), (mode, rest), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_could() {
        for (words, part) in [
            ("sslmode=verify-ca", "give disable, prefer, require or verify-full"),
            ("sslmode=", "sslmode= in the store's URL"),
            ("sslmode=verify-full&sslrootcert=/no%20where.pem", "/no where.pem"),
            ("sslmode=require&sslcert=/no/where.pem", "/no/where.pem"),
        ] {
            let Err(error) = Encryption::of(&format!("postgresql://db/runs?{words}")) else {
                panic!("{words} was taken");
            };
            assert!(error.is_usage() && error.to_string().contains(part), "{error}");
        }
    }
}
