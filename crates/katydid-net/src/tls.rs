//! Whom does a connection trust, and how does it speak TLS? Settings become one shared configuration; a [`TlsStream`]
//! turns bytes of a socket that the reactor reads into plaintext, and back.
//!
//! What a maintainer must not break: a configuration is built once for each distinct [`TlsSettings`] of a thread and
//! then shared, because it holds the trust anchors (some 200 kB) and the store of sessions to resume. Nothing here
//! touches a socket.
//!
//! TLS 1.2 and 1.3 only. ALPN offers `http/1.1` and nothing else.

mod files;
mod stream;
mod trust;
mod words;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use katydid_stats::{Failure, FailureKind};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls_pki_types::ServerName;

pub use stream::TlsStream;

/// Which server certificates are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verify {
    /// Every certificate, whatever its issuer, name or dates. What `verify=False` and `FastHttpUser` ask for: the
    /// connection is encrypted, but nobody knows with whom.
    None,
    /// Certificates that the system's trust store vouches for (`SSL_CERT_FILE` and `SSL_CERT_DIR` override it).
    System,
    /// Certificates that the PEM file, or the PEM files directly inside the directory, vouch for. A server's own
    /// certificate may be listed itself.
    File(PathBuf),
}

/// Everything that makes one TLS configuration differ from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsSettings {
    /// Which servers are trusted.
    pub verify: Verify,
    /// A client certificate chain (PEM) and its private key; without a second path the key is in the first file.
    pub client_cert: Option<(PathBuf, Option<PathBuf>)>,
}

impl TlsSettings {
    /// Settings that trust as told and present no client certificate.
    pub fn new(verify: Verify) -> Self {
        Self { verify, client_cert: None }
    }
}

/// A TLS configuration, cheap to clone; clones share their trust anchors and their store of sessions to resume.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    client: Arc<ClientConfig>,
}

thread_local! {
    static BUILT: RefCell<HashMap<TlsSettings, TlsConfig>> = RefCell::default();
}

impl TlsConfig {
    /// The configuration for `settings`: built the first time this thread asks, the same one afterwards (files that
    /// change later are not read again).
    ///
    /// # Errors
    /// A file is missing, unreadable or not what it should be; the message names it and says what to do.
    pub fn try_new(settings: &TlsSettings) -> Result<Self, Error> {
        if let Some(known) = BUILT.with_borrow(|built| built.get(settings).cloned()) {
            return Ok(known);
        }
        let config = Self::build(settings)?;
        BUILT.with_borrow_mut(|built| built.insert(settings.clone(), config.clone()));
        Ok(config)
    }

    fn build(settings: &TlsSettings) -> Result<Self, Error> {
        let mut client = client_config(settings)?;
        client.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { client: Arc::new(client) })
    }
}

/// What `settings` mean to rustls, for a protocol other than HTTP: nothing is offered by ALPN.
///
/// # Errors
/// Those of [`TlsConfig::try_new`].
pub fn client_config(settings: &TlsSettings) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(format!("the TLS library has no usable protocol version: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(&settings.verify)?);
    match &settings.client_cert {
        None => Ok(builder.with_no_client_auth()),
        Some((cert, key)) => {
            let key_file = key.as_ref().unwrap_or(cert);
            builder.with_client_auth_cert(files::chain(cert)?, files::key(key_file)?).map_err(|error| {
                Error::new(format!(
                    "the client certificate {} does not go with the key {}: {error}; give the key that the \
                         certificate was made for",
                    cert.display(),
                    key_file.display()
                ))
            })
        }
    }
}

/// What TLS found wrong, in words, if `error` or what it stems from is an I/O error that carries it.
pub fn complaint(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let found = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match found.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(found) => words::failure(found).label.map(|words| words.to_string()),
        None => complaint(error.source()?),
    }
}

fn verifier(verify: &Verify) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    Ok(match verify {
        Verify::None => Arc::new(trust::Everybody),
        Verify::System => Arc::new(trust::Anchors::try_new(files::system()?, "the system's trust store")?),
        Verify::File(path) => {
            Arc::new(trust::Anchors::try_new(files::authorities(path)?, &path.display().to_string())?)
        }
    })
}

/// The name to ask for (SNI) and to check the certificate against: a host name, or an address without brackets.
///
/// # Errors
/// A [`FailureKind::Tls`] where `host` can be no name of a server, such as an empty one.
pub fn server_name(host: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(host.to_owned())
        .map_err(|_| Failure::with_label(FailureKind::Tls, format!("{host:?} is no name a server can have")))
}

/// TLS could not be set up as asked: a file is missing or holds something else.
#[derive(Debug)]
pub struct Error {
    message: String,
    source: Option<std::io::Error>,
}

impl Error {
    fn new(message: String) -> Self {
        Self { message, source: None }
    }

    fn reading(path: &std::path::Path, what: &str, source: std::io::Error) -> Self {
        let message =
            format!("cannot read {what} {}: {source}; check the path and its permissions", path.display());
        Self { message, source: Some(source) }
    }

    /// Whether a file that was named does not exist.
    pub fn is_not_found(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.kind() == std::io::ErrorKind::NotFound)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests;
