//! What is in the PEM files that the user named? Certificates and keys, or an error that says which file is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::Error;

/// The certificates of a client's chain, its own first.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = certificates(&read(path, "the client certificate")?);
    if found.is_empty() {
        return Err(Error::new(format!(
            "{} holds no certificate; a client certificate is a PEM file with a BEGIN CERTIFICATE section",
            path.display()
        )));
    }
    Ok(found)
}

/// The private key of a client.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let pem = read(path, "the private key")?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        let encrypted = memchr::memmem::find(&pem, b"ENCRYPTED").is_some();
        let reason = if encrypted {
            "holds an encrypted private key; decrypt it with `openssl pkey -in KEY -out PLAIN_KEY`"
        } else {
            "holds no private key; it is a PEM section that begins with BEGIN PRIVATE KEY, often in a file of its own"
        };
        Error::new(format!("{} {reason}", path.display()))
    })
}

/// The trust anchors in a PEM file, or in the files directly inside a directory.
pub(super) fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = if path.is_dir() { directory(path)? } else { certificates(&read(path, "the CA file")?) };
    if found.is_empty() {
        return Err(Error::new(format!(
            "{} holds no certificate; a CA bundle is made of PEM sections that begin with BEGIN CERTIFICATE",
            path.display()
        )));
    }
    Ok(found)
}

/// The trust anchors of the system.
pub(super) fn system() -> Result<Vec<CertificateDer<'static>>, Error> {
    let loaded = rustls_native_certs::load_native_certs();
    if !loaded.certs.is_empty() {
        return Ok(loaded.certs);
    }
    let reason = loaded.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
    Err(Error::new(format!(
        "the system has no trust anchors{reason}; install its CA certificates, or name a CA file in SSL_CERT_FILE"
    )))
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::reading(path, what, source))
}

/// Damaged sections are left out, as OpenSSL does with sections that it does not know.
fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}

/// Files that hold no certificate (an index, a private key) are passed over.
fn directory(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let entries = fs::read_dir(path).map_err(|source| Error::reading(path, "the CA directory", source))?;
    let mut names: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    names.sort();
    Ok(names.iter().filter_map(|name| fs::read(name).ok()).flat_map(|pem| certificates(&pem)).collect())
}
