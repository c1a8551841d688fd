//! How is a TLS failure called? In OpenSSL's words, since those are what Locust users know and search for.
//!
//! Two forms of label, both made to be split at the first space:
//! - [`FailureKind::Certificate`]: OpenSSL's verify code and its text, `10 certificate has expired`;
//! - [`FailureKind::Tls`]: OpenSSL's reason and its text, `WRONG_VERSION_NUMBER wrong version number`. Where OpenSSL
//!   has no reason, rustls' own sentence, which never begins with a word in capitals and underscores.

use std::fmt;
use std::sync::Arc;

use katydid_stats::{Failure, FailureKind};
use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError, PeerIncompatible};
use rustls_pki_types::ServerName;

/// What is wrong with a certificate: OpenSSL's `X509_V_ERR_*` number and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    code: u8,
    text: String,
}

impl Complaint {
    fn new(code: u8, text: &str) -> Self {
        Self { code, text: text.to_owned() }
    }

    pub(super) fn self_signed() -> Self {
        Self::new(18, "self-signed certificate")
    }

    pub(super) fn self_signed_in_chain() -> Self {
        Self::new(19, "self-signed certificate in certificate chain")
    }

    pub(super) fn wrong_name(name: &ServerName<'_>) -> Self {
        let (code, what) = match name {
            ServerName::IpAddress(_) => (64, "IP address"),
            _ => (62, "Hostname"),
        };
        let text = format!("{what} mismatch, certificate is not valid for '{}'.", name.to_str());
        Self { code, text }
    }

    /// For an error of rustls; the cases that need the certificate itself have constructors of their own.
    pub(super) fn from_rustls(error: &rustls::Error) -> Self {
        let rustls::Error::InvalidCertificate(error) = error else {
            return Self::new(1, &error.to_string());
        };
        match error {
            CertificateError::BadSignature => Self::new(7, "certificate signature failure"),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::new(9, "certificate is not yet valid")
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Self::new(10, "certificate has expired")
            }
            CertificateError::UnknownIssuer => Self::new(20, "unable to get local issuer certificate"),
            CertificateError::Revoked => Self::new(23, "certificate revoked"),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::new(26, "unsuitable certificate purpose")
            }
            CertificateError::UnhandledCriticalExtension => Self::new(34, "unhandled critical extension"),
            other => Self { code: 1, text: format!("unspecified certificate verification error ({other})") },
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.code, self.text)
    }
}

impl std::error::Error for Complaint {}

/// The way of a complaint through rustls.
impl From<Complaint> for rustls::Error {
    fn from(complaint: Complaint) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(complaint))))
    }
}

/// The failure that a session ended with.
pub(super) fn failure(error: &rustls::Error) -> Failure {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(complaint)))
            if complaint.is::<Complaint>() =>
        {
            Failure::with_label(FailureKind::Certificate, complaint.to_string())
        }
        rustls::Error::InvalidCertificate(_) => {
            Failure::with_label(FailureKind::Certificate, Complaint::from_rustls(error).to_string())
        }
        _ => Failure::with_label(FailureKind::Tls, tls_label(error)),
    }
}

/// The peer went away inside the handshake.
pub(super) fn unexpected_eof() -> Failure {
    Failure::with_label(
        FailureKind::Tls,
        "UNEXPECTED_EOF_WHILE_READING EOF occurred in violation of protocol",
    )
}

fn tls_label(error: &rustls::Error) -> String {
    match reason(error) {
        Some(reason) => format!("{reason} {}", reason.to_ascii_lowercase().replace('_', " ")),
        None => error.to_string(),
    }
}

fn reason(error: &rustls::Error) -> Option<&'static str> {
    Some(match error {
        rustls::Error::AlertReceived(alert) => return alert_reason(*alert),
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => "WRONG_VERSION_NUMBER",
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "UNSUPPORTED_PROTOCOL",
        rustls::Error::DecryptError => "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
        _ => return None,
    })
}

/// OpenSSL's reasons for the alerts of RFC 8446 6.2 and RFC 5246 7.2.2.
fn alert_reason(alert: AlertDescription) -> Option<&'static str> {
    Some(match alert {
        AlertDescription::UnexpectedMessage => "SSLV3_ALERT_UNEXPECTED_MESSAGE",
        AlertDescription::BadRecordMac => "SSLV3_ALERT_BAD_RECORD_MAC",
        AlertDescription::RecordOverflow => "TLSV1_ALERT_RECORD_OVERFLOW",
        AlertDescription::HandshakeFailure => "SSLV3_ALERT_HANDSHAKE_FAILURE",
        AlertDescription::BadCertificate => "SSLV3_ALERT_BAD_CERTIFICATE",
        AlertDescription::UnsupportedCertificate => "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        AlertDescription::CertificateRevoked => "SSLV3_ALERT_CERTIFICATE_REVOKED",
        AlertDescription::CertificateExpired => "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        AlertDescription::CertificateUnknown => "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        AlertDescription::IllegalParameter => "SSLV3_ALERT_ILLEGAL_PARAMETER",
        AlertDescription::UnknownCA => "TLSV1_ALERT_UNKNOWN_CA",
        AlertDescription::AccessDenied => "TLSV1_ALERT_ACCESS_DENIED",
        AlertDescription::DecodeError => "TLSV1_ALERT_DECODE_ERROR",
        AlertDescription::DecryptError => "TLSV1_ALERT_DECRYPT_ERROR",
        AlertDescription::ProtocolVersion => "TLSV1_ALERT_PROTOCOL_VERSION",
        AlertDescription::InsufficientSecurity => "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        AlertDescription::InternalError => "TLSV1_ALERT_INTERNAL_ERROR",
        AlertDescription::InappropriateFallback => "TLSV1_ALERT_INAPPROPRIATE_FALLBACK",
        AlertDescription::UserCanceled => "TLSV1_ALERT_USER_CANCELLED",
        AlertDescription::MissingExtension => "TLSV13_ALERT_MISSING_EXTENSION",
        AlertDescription::UnsupportedExtension => "TLSV1_UNSUPPORTED_EXTENSION",
        AlertDescription::UnrecognisedName => "TLSV1_UNRECOGNIZED_NAME",
        AlertDescription::CertificateRequired => "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        AlertDescription::NoApplicationProtocol => "TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
        _ => return None,
    })
}
