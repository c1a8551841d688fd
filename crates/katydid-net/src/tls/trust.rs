//! Is this server who it claims to be? Two answers: [`Anchors`] check, [`Everybody`] is believed.
//!
//! What a maintainer must not break: complaints come in OpenSSL's order, issuer before name before dates, so that a
//! certificate with two faults gets the text that Locust users see.

use std::collections::HashSet;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::Error;
use super::words::Complaint;

/// Accepts the servers that a set of trust anchors vouches for.
#[derive(Debug)]
pub(super) struct Anchors {
    roots: RootCertStore,
    /// The anchors themselves: a server may present one as its own certificate.
    listed: HashSet<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Anchors {
    pub(super) fn try_new(certificates: Vec<CertificateDer<'static>>, origin: &str) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(certificates.iter().cloned());
        if usable == 0 {
            return Err(Error::new(format!(
                "none of the certificates in {origin} can be used; they have to be X.509 version 3 in PEM form"
            )));
        }
        let algorithms = ring::default_provider().signature_verification_algorithms;
        Ok(Self { roots, listed: certificates.into_iter().collect(), algorithms })
    }

    /// Issuer, then name, then dates.
    fn judge(&self, shown: &Shown<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<(), Complaint> {
        let leaf = ParsedCertificate::try_from(shown.leaf).map_err(|error| Complaint::from_rustls(&error))?;
        let mut outcome = self.check_chain(&leaf, shown, now);
        let mut dates = Ok(());
        if let Err(error) = &outcome
            && let Some(valid_then) = moment_inside(error)
        {
            dates = Err(Complaint::from_rustls(error));
            outcome = self.check_chain(&leaf, shown, valid_then);
        }
        outcome.map_err(|error| shown.complaint(&error))?;
        verify_server_name(&leaf, name).map_err(|_| Complaint::wrong_name(name))?;
        dates
    }

    fn check_chain(
        &self,
        leaf: &ParsedCertificate<'_>,
        shown: &Shown<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        match verify_server_cert_signed_by_trust_anchor(
            leaf,
            &self.roots,
            shown.others,
            now,
            self.algorithms.all,
        ) {
            // webpki judges the dates before it finds that a certificate of an authority is used as a server's.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::Other(_) | CertificateError::UnknownIssuer,
            )) if self.listed.contains(shown.leaf) => Ok(()),
            outcome => outcome,
        }
    }
}

/// For an error about dates: a moment at which the same certificate was valid.
fn moment_inside(error: &rustls::Error) -> Option<UnixTime> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            Some(*not_after)
        }
        rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => {
            Some(*not_before)
        }
        _ => None,
    }
}

/// The certificates that a server showed.
struct Shown<'a> {
    leaf: &'a CertificateDer<'a>,
    others: &'a [CertificateDer<'a>],
}

impl Shown<'_> {
    /// What OpenSSL says of a chain that does not end at an anchor depends on whether its end signed itself.
    fn complaint(&self, error: &rustls::Error) -> Complaint {
        let unanchored = matches!(
            error,
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
        );
        if unanchored && is_self_issued(self.leaf) {
            Complaint::self_signed()
        } else if unanchored && self.others.iter().any(is_self_issued) {
            Complaint::self_signed_in_chain()
        } else {
            Complaint::from_rustls(error)
        }
    }
}

fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|parsed| parsed.issuer() == parsed.subject())
}

impl ServerCertVerifier for Anchors {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.judge(&Shown { leaf, others }, name, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Accepts every server. Neither chain, name and dates nor the handshake's signature are looked at: whoever asks for
/// no verification gains nothing from a signature of an unknown key, and test servers with old or odd certificates
/// (version 1, weak keys, unknown curves) answer as they do under OpenSSL.
#[derive(Debug)]
pub(super) struct Everybody;

impl ServerCertVerifier for Everybody {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::ED25519,
            SignatureScheme::ED448,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::ECDSA_SHA1_Legacy,
            SignatureScheme::RSA_PKCS1_SHA1,
        ]
    }
}
