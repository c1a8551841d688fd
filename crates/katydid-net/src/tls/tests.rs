//! A client's session against a server's, in memory: what one writes, the other reads.

#![allow(clippy::unwrap_used)] // a broken fixture should end the test where it breaks

use std::fs;
use std::io::{Read, Write};
use std::sync::Arc;

use katydid_testkit::certificates::{Authority, Dates, Identity};
use proptest::prelude::*;
use rustls::{ServerConfig, ServerConnection};
use tempfile::TempDir;

use super::*;

struct Pair {
    client: TlsStream,
    server: ServerConnection,
    /// What the server has read.
    heard: Vec<u8>,
}

impl Pair {
    fn new(config: &TlsConfig, host: &str, server: Arc<ServerConfig>) -> Self {
        let client = TlsStream::try_new(config, host).unwrap();
        Self { client, server: ServerConnection::new(server).unwrap(), heard: Vec::new() }
    }

    /// Carries bytes to and fro until neither side has any.
    fn settle(&mut self) -> Result<(), Failure> {
        loop {
            let mut up = Vec::new();
            self.client.write_tls(&mut up);
            let mut rest = &up[..];
            while !rest.is_empty() {
                self.server.read_tls(&mut rest).unwrap();
                // A server that refuses the client answers with an alert; the client's view is what counts here.
                let _ = self.server.process_new_packets();
                let _ = self.server.reader().read_to_end(&mut self.heard); // ends with "would block"
            }
            let mut down = Vec::new();
            while self.server.wants_write() {
                self.server.write_tls(&mut down).unwrap();
            }
            if up.is_empty() && down.is_empty() {
                return Ok(());
            }
            self.client.read_tls(&down)?;
        }
    }

    fn handshake(mut self) -> Result<Self, Failure> {
        self.settle()?;
        assert!(!self.client.is_handshaking());
        Ok(self)
    }
}

fn scratch(name: &str, content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// A configuration that trusts `pem` alone.
fn trusting(pem: &str) -> TlsConfig {
    let (_folder, path) = scratch("ca.pem", pem);
    TlsConfig::try_new(&TlsSettings::new(Verify::File(path))).unwrap()
}

fn trusting_everybody() -> TlsConfig {
    TlsConfig::try_new(&TlsSettings::new(Verify::None)).unwrap()
}

fn outcome(config: &TlsConfig, host: &str, identity: &Identity) -> Result<(), Failure> {
    Pair::new(config, host, identity.server_config()).handshake().map(drop)
}

#[test]
fn a_server_of_a_trusted_authority_is_accepted() {
    let authority = Authority::new("ours");
    let identity = authority.issue(&["shop.test", "127.0.0.1", "::1", "*.wild.test"], Dates::Valid);
    for host in ["shop.test", "SHOP.test", "127.0.0.1", "::1", "a.wild.test"] {
        assert_eq!(outcome(&trusting(authority.pem()), host, &identity), Ok(()), "{host}");
    }
}

#[test]
fn complaints_have_the_numbers_and_words_of_openssl() {
    let ours = Authority::new("ours");
    let strangers = Authority::new("strangers");
    let lone = Identity::self_signed(&["shop.test"], Dates::Valid, false);
    let lone_authority = Identity::self_signed(&["shop.test"], Dates::Valid, true);
    let expired_lone = Identity::self_signed(&["shop.test"], Dates::Expired, false);
    for (story, host, identity, label) in [
        ("expired", "shop.test", &ours.issue(&["shop.test"], Dates::Expired), "10 certificate has expired"),
        ("early", "shop.test", &ours.issue(&["shop.test"], Dates::NotYet), "9 certificate is not yet valid"),
        ("self-signed", "shop.test", &lone, "18 self-signed certificate"),
        ("self-signed authority", "shop.test", &lone_authority, "18 self-signed certificate"),
        (
            "stranger",
            "shop.test",
            &strangers.issue(&["shop.test"], Dates::Valid),
            "20 unable to get local issuer certificate",
        ),
        (
            "stranger with chain",
            "shop.test",
            &strangers.issue_with_chain(&["shop.test"], Dates::Valid),
            "19 self-signed certificate in certificate chain",
        ),
        (
            "wrong name",
            "other.test",
            &ours.issue(&["shop.test"], Dates::Valid),
            "62 Hostname mismatch, certificate is not valid for 'other.test'.",
        ),
        (
            "wrong address",
            "127.0.0.2",
            &ours.issue(&["127.0.0.1"], Dates::Valid),
            "64 IP address mismatch, certificate is not valid for '127.0.0.2'.",
        ),
        // Two faults at a time: issuer before name before dates.
        ("expired and self-signed", "shop.test", &expired_lone, "18 self-signed certificate"),
        (
            "expired and wrong name",
            "other.test",
            &ours.issue(&["shop.test"], Dates::Expired),
            "62 Hostname mismatch, certificate is not valid for 'other.test'.",
        ),
        (
            "expired and stranger",
            "other.test",
            &strangers.issue(&["shop.test"], Dates::Expired),
            "20 unable to get local issuer certificate",
        ),
    ] {
        let failure = outcome(&trusting(ours.pem()), host, identity).expect_err(story);
        assert_eq!(failure, Failure::with_label(FailureKind::Certificate, label), "{story}");
    }
}

#[test]
fn a_server_whose_own_certificate_is_listed_is_accepted_while_its_dates_and_name_are_right() {
    for is_authority in [false, true] {
        let identity = Identity::self_signed(&["shop.test"], Dates::Valid, is_authority);
        assert_eq!(outcome(&trusting(identity.pem()), "shop.test", &identity), Ok(()));
        let wrong = outcome(&trusting(identity.pem()), "other.test", &identity).expect_err("another name");
        assert!(wrong.label.unwrap().starts_with("62 "));
        let expired = Identity::self_signed(&["shop.test"], Dates::Expired, is_authority);
        let failure = outcome(&trusting(expired.pem()), "shop.test", &expired).expect_err("expired");
        assert_eq!(failure.label.as_deref(), Some("10 certificate has expired"));
    }
}

#[test]
fn without_verification_every_server_is_accepted() {
    let authority = Authority::new("nobody knows it");
    for dates in [Dates::Valid, Dates::Expired, Dates::NotYet] {
        assert_eq!(
            outcome(&trusting_everybody(), "other.test", &authority.issue(&["shop.test"], dates)),
            Ok(())
        );
    }
}

#[test]
fn a_directory_of_authorities_counts_as_a_bundle() {
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("1.pem"), first.pem()).unwrap();
    fs::write(folder.path().join("2.0"), second.pem()).unwrap();
    fs::write(folder.path().join("index.txt"), "no certificate").unwrap();
    let config = TlsConfig::try_new(&TlsSettings::new(Verify::File(folder.path().to_owned()))).unwrap();
    for authority in [first, second] {
        assert_eq!(outcome(&config, "shop.test", &authority.issue(&["shop.test"], Dates::Valid)), Ok(()));
    }
}

#[test]
fn plaintext_goes_both_ways_in_any_amount() {
    let authority = Authority::new("ours");
    let server = authority.issue(&["shop.test"], Dates::Valid).server_config();
    let mut pair = Pair::new(&trusting(authority.pem()), "shop.test", server);
    let up: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    pair.client.write_plaintext(&up); // before the handshake: it waits
    pair.settle().unwrap();
    assert_eq!(pair.heard, up);

    let down = vec![7; 48_000];
    pair.server.writer().write_all(&down).unwrap();
    pair.settle().unwrap();
    let mut out = b"already here ".to_vec();
    assert_eq!(pair.client.take_plaintext(&mut out), down.len());
    assert_eq!(out[..13], *b"already here ");
    assert_eq!(out[13..], down);
    assert_eq!(pair.client.take_plaintext(&mut out), 0);
}

#[test]
fn ciphertext_may_come_byte_by_byte() {
    let authority = Authority::new("ours");
    let server = authority.issue(&["shop.test"], Dates::Valid).server_config();
    let mut pair = Pair::new(&trusting(authority.pem()), "shop.test", server).handshake().unwrap();
    pair.server.writer().write_all(b"hello").unwrap();
    let mut down = Vec::new();
    while pair.server.wants_write() {
        pair.server.write_tls(&mut down).unwrap();
    }
    for byte in down {
        pair.client.read_tls(&[byte]).unwrap();
    }
    let mut out = Vec::new();
    pair.client.take_plaintext(&mut out);
    assert_eq!(out, b"hello");
}

#[test]
fn a_close_notify_is_told_from_a_cut() {
    let authority = Authority::new("ours");
    let server = authority.issue(&["shop.test"], Dates::Valid).server_config();
    let mut pair = Pair::new(&trusting(authority.pem()), "shop.test", server).handshake().unwrap();
    assert!(!pair.client.peer_closed());
    pair.server.writer().write_all(b"bye").unwrap();
    pair.server.send_close_notify();
    pair.settle().unwrap();
    assert!(pair.client.peer_closed());
    let mut out = Vec::new();
    pair.client.take_plaintext(&mut out);
    assert_eq!(out, b"bye");
    assert_eq!(pair.client.read_tls(b"whatever follows"), Ok(()));
}

#[test]
fn the_end_of_the_socket_is_a_failure_only_inside_the_handshake() {
    let authority = Authority::new("ours");
    let server = authority.issue(&["shop.test"], Dates::Valid).server_config();
    let pair = Pair::new(&trusting(authority.pem()), "shop.test", server);
    let failure = pair.client.end_of_stream().expect_err("inside the handshake");
    assert_eq!(failure.kind, FailureKind::Tls);
    assert!(failure.label.unwrap().starts_with("UNEXPECTED_EOF_WHILE_READING EOF occurred"));
    assert_eq!(pair.handshake().unwrap().client.end_of_stream(), Ok(()));
}

#[test]
fn a_server_without_tls_has_the_wrong_version_number() {
    let mut client = TlsStream::try_new(&trusting_everybody(), "shop.test").unwrap();
    let failure = client.read_tls(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect_err("plain text");
    assert_eq!(failure, Failure::with_label(FailureKind::Tls, "WRONG_VERSION_NUMBER wrong version number"));
}

#[test]
fn an_alert_is_called_as_openssl_calls_it() {
    let mut client = TlsStream::try_new(&trusting_everybody(), "shop.test").unwrap();
    let failure = client.read_tls(&[21, 3, 3, 0, 2, 2, 40]).expect_err("an alert"); // fatal handshake_failure
    let label = "SSLV3_ALERT_HANDSHAKE_FAILURE sslv3 alert handshake failure";
    assert_eq!(failure, Failure::with_label(FailureKind::Tls, label));
}

#[test]
fn after_a_refusal_the_server_is_told() {
    let identity = Identity::self_signed(&["shop.test"], Dates::Valid, false);
    let mut pair = Pair::new(&trusting(Authority::new("ours").pem()), "shop.test", identity.server_config());
    pair.settle().expect_err("unknown issuer");
    let mut out = Vec::new();
    pair.client.write_tls(&mut out);
    assert!(!out.is_empty(), "an alert is due");
}

#[test]
fn a_second_connection_resumes_the_session_of_the_first() {
    let authority = Authority::new("ours");
    let server = authority.issue(&["shop.test"], Dates::Valid).server_config();
    let config = trusting(authority.pem());
    let first = Pair::new(&config, "shop.test", server.clone()).handshake().unwrap();
    assert!(!first.client.is_resumed());
    let second = Pair::new(&config, "shop.test", server).handshake().unwrap();
    assert!(second.client.is_resumed());
}

#[test]
fn tls_1_2_is_spoken_checked_and_resumed_too() {
    let authority = Authority::new("ours");
    let server = authority.issue(&["shop.test"], Dates::Valid).server_config_tls12();
    for config in [trusting(authority.pem()), trusting_everybody()] {
        let first = Pair::new(&config, "shop.test", server.clone()).handshake().unwrap();
        assert!(!first.client.is_resumed());
        assert!(Pair::new(&config, "shop.test", server.clone()).handshake().unwrap().client.is_resumed());
    }
    let refusal = Pair::new(&trusting(Authority::new("other").pem()), "shop.test", server).settle();
    assert_eq!(refusal.expect_err("a stranger").kind, FailureKind::Certificate);
}

#[test]
fn equal_settings_share_one_configuration() {
    let (_folder, path) = scratch("ca.pem", Authority::new("ours").pem());
    let settings = TlsSettings::new(Verify::File(path));
    let (first, second) = (TlsConfig::try_new(&settings).unwrap(), TlsConfig::try_new(&settings).unwrap());
    assert!(Arc::ptr_eq(&first.client, &second.client));
    assert!(!Arc::ptr_eq(&first.client, &trusting_everybody().client));
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let authority = Authority::new("ours");
    let server = authority.issue(&["shop.test"], Dates::Valid).server_config_for_clients_of(&authority);
    let client = authority.issue(&["client.test"], Dates::Valid);
    let (_folder, both) = scratch("client.pem", &(client.key_pem() + client.pem()));
    let (_folder, key) = scratch("client.key", &client.key_pem());
    for client_cert in [(both.clone(), None), (both, Some(key))] {
        let settings = TlsSettings { verify: Verify::None, client_cert: Some(client_cert) };
        let config = TlsConfig::try_new(&settings).unwrap();
        Pair::new(&config, "shop.test", server.clone()).handshake().unwrap();
    }
    let failure = Pair::new(&trusting_everybody(), "shop.test", server).settle().expect_err("no certificate");
    assert!(failure.label.unwrap().starts_with("TLSV13_ALERT_CERTIFICATE_REQUIRED "));
}

#[test]
fn messages_name_the_file_and_the_remedy() {
    let identity = Identity::self_signed(&["shop.test"], Dates::Valid, false);
    let other = Identity::self_signed(&["shop.test"], Dates::Valid, false);
    let (_a, empty) = scratch("empty.pem", "");
    let (_b, cert) = scratch("cert.pem", identity.pem());
    let (_c, foreign_key) = scratch("foreign.key", &other.key_pem());
    let (_d, locked) = scratch(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let missing = empty.with_file_name("missing.pem");
    let client = |cert: &PathBuf, key: Option<&PathBuf>| TlsSettings {
        verify: Verify::None,
        client_cert: Some((cert.clone(), key.cloned())),
    };
    for (settings, file, words) in [
        (TlsSettings::new(Verify::File(missing.clone())), &missing, "check the path"),
        (TlsSettings::new(Verify::File(empty.clone())), &empty, "holds no certificate"),
        (client(&missing, None), &missing, "check the path"),
        (client(&empty, None), &empty, "holds no certificate"),
        (client(&cert, None), &cert, "holds no private key"),
        (client(&cert, Some(&locked)), &locked, "encrypted private key; decrypt it"),
        (client(&cert, Some(&foreign_key)), &foreign_key, "give the key that"),
    ] {
        let message = TlsConfig::try_new(&settings).expect_err(words).to_string();
        assert!(message.contains(&*file.to_string_lossy()) && message.contains(words), "{message}");
    }
    assert!(
        TlsConfig::try_new(&TlsSettings::new(Verify::File(missing))).expect_err("missing").is_not_found()
    );
}

proptest! {
    /// Whatever comes instead of a server's answer: a failure or patience.
    #[test]
    fn no_bytes_make_a_session_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 20_u8..24) {
        for bytes in [bytes.clone(), [&[kind, 3, 3, 0, bytes.len() as u8][..], &bytes].concat()] {
            let mut client = TlsStream::try_new(&trusting_everybody(), "shop.test").unwrap();
            if let Err(failure) = client.read_tls(&bytes) {
                prop_assert_eq!(failure.kind, FailureKind::Tls);
                prop_assert!(failure.label.is_some());
            }
            let mut out = Vec::new();
            prop_assert_eq!(client.take_plaintext(&mut out), 0);
        }
    }
}

#[test]
fn server_names_are_hosts_and_addresses() {
    for host in ["shop.test", "127.0.0.1", "::1", "a_b.test", "xn--bcher-kva.example"] {
        assert!(server_name(host).is_ok(), "{host}");
    }
    for host in ["", "[::1]", "a b", "a/b", "\u{e4}.test"] {
        assert_eq!(server_name(host).map_err(|failure| failure.kind), Err(FailureKind::Tls), "{host}");
    }
}
