//! With what certificate does a test server show up? Right ones and wrong ones, made on the spot.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
    date_time_ymd,
};
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::TLS12;
use rustls::{ALL_VERSIONS, RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// 2020 to 2070.
    Valid,
    /// 2020 to 2021.
    Expired,
    /// 2069 to 2070.
    NotYet,
}

/// A certificate authority of our own.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    /// An authority that signs itself, with `name` as its common name.
    ///
    /// # Panics
    /// The random generator or the encoder fails, which a test cannot mend.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key pair");
        let mut params = params(&[], Dates::Valid);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a self-signed certificate");
        Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    /// The authority's certificate in PEM form, for a CA file.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for `names` (host names and addresses), valid as `dates` says.
    ///
    /// # Panics
    /// As [`Authority::new`].
    pub fn issue(&self, names: &[&str], dates: Dates) -> Identity {
        let key = KeyPair::generate().expect("a key pair");
        let mut params = params(names, dates);
        params.distinguished_name.push(DnType::CommonName, "testkit server");
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).expect("a signed certificate");
        Identity { chain: vec![certificate.der().clone()], pem: certificate.pem(), key }
    }

    /// Like [`Authority::issue`], and the server shows the authority's certificate too.
    pub fn issue_with_chain(&self, names: &[&str], dates: Dates) -> Identity {
        let mut identity = self.issue(names, dates);
        identity.chain.push(self.certificate.clone());
        identity
    }

    fn client_verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("an authority's certificate");
        let provider = Arc::new(ring::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .expect("a verifier of clients")
    }
}

fn params(names: &[&str], dates: Dates) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.subject_alt_names = names.iter().map(|name| subject(name)).collect();
    let (from, until) = match dates {
        Dates::Valid => (2020, 2070),
        Dates::Expired => (2020, 2021),
        Dates::NotYet => (2069, 2070),
    };
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params
}

fn subject(name: &str) -> SanType {
    match name.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(name.try_into().expect("a host name in ASCII")),
    }
}

/// A certificate chain and its private key.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    pem: String,
    key: KeyPair,
}

impl Identity {
    /// A server that signed its certificate itself; `is_authority` makes it what `openssl req -x509` makes.
    ///
    /// # Panics
    /// As [`Authority::new`].
    pub fn self_signed(names: &[&str], dates: Dates, is_authority: bool) -> Self {
        let key = KeyPair::generate().expect("a key pair");
        let mut params = params(names, dates);
        params.distinguished_name.push(DnType::CommonName, "testkit self-signed");
        if is_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let certificate = params.self_signed(&key).expect("a self-signed certificate");
        Self { chain: vec![certificate.der().clone()], pem: certificate.pem(), key }
    }

    /// The server's own certificate in PEM form.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The private key in PEM form.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The configuration of a server that shows this identity, TLS 1.2 and 1.3, without client certificates.
    ///
    /// # Panics
    /// Key and certificate do not go together, which a constructor of this module never makes.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.configured(ALL_VERSIONS, None)
    }

    /// Like [`Identity::server_config`], with TLS 1.2 alone.
    ///
    /// # Panics
    /// As [`Identity::server_config`].
    pub fn server_config_tls12(&self) -> Arc<ServerConfig> {
        self.configured(&[&TLS12], None)
    }

    /// Like [`Identity::server_config`], but clients have to show a certificate of `authority`.
    ///
    /// # Panics
    /// As [`Identity::server_config`].
    pub fn server_config_for_clients_of(&self, authority: &Authority) -> Arc<ServerConfig> {
        self.configured(ALL_VERSIONS, Some(authority))
    }

    fn configured(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        clients_of: Option<&Authority>,
    ) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("protocol versions");
        let builder = match clients_of {
            None => builder.with_no_client_auth(),
            Some(authority) => builder.with_client_cert_verifier(authority.client_verifier()),
        };
        let config =
            builder.with_single_cert(self.chain.clone(), key).expect("a key that goes with its certificate");
        Arc::new(config)
    }
}
