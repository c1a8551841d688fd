//! The server against plain sockets, so that a test which uses it can be believed.

#![allow(clippy::unwrap_used)] // a broken fixture should end the test where it breaks

use std::io::{ErrorKind, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustls::crypto::ring;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::*;
use crate::certificates::{Authority, Dates};
use crate::script::Gate;

fn connect(server: &Server) -> TcpStream {
    let socket = TcpStream::connect(server.address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// What the peer says until it closes.
fn rest(mut socket: impl Read) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_dialogue_goes_to_and_fro() {
    let server = Server::start([Script::new()
        .request("PUT /a HTTP/1.1\r\n")
        .skip(3)
        .expect("!")
        .send("HTTP/1.1 204 No Content\r\n\r\n")
        .request("GET /b HTTP/1.1\r\n")
        .send("HTTP/1.1 200 OK\r\n\r\nbye")]);
    let mut client = connect(&server);
    client.write_all(b"PUT /a HTTP/1.1\r\nX: y\r\n\r\nabc!GET /b ").unwrap();
    let mut first = [0; 27];
    client.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 204 No Content\r\n\r\n");
    client.write_all(b"HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(rest(client), "HTTP/1.1 200 OK\r\n\r\nbye");
    let conversations = server.finish();
    assert_eq!(conversations.len(), 1);
    assert_eq!(conversations[0].end, Some(End::Played));
    assert_eq!(conversations[0].text(), "PUT /a HTTP/1.1\r\nX: y\r\n\r\nabc!GET /b HTTP/1.1\r\n\r\n");
}

#[test]
fn each_connection_gets_the_next_script_and_the_last_is_repeated() {
    let server = Server::start([Script::new().send("first"), Script::new().send("other")]);
    assert_eq!(["first", "other", "other"].map(|_| rest(connect(&server))), ["first", "other", "other"]);
    assert_eq!(server.finish().len(), 3);
}

#[test]
fn leaving_the_script_fails_the_test() {
    for (story, said) in
        [("it expected GET, it heard PUT", "PUT"), ("it expected GET, the peer closed after GE", "GE")]
    {
        let server = Server::start([Script::new().expect("GET")]);
        let mut client = connect(&server);
        client.write_all(said.as_bytes()).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        server.wait_until(|conversations| conversations.iter().any(|one| one.end.is_some()));
        let panic = catch_unwind(AssertUnwindSafe(|| server.finish())).expect_err(story);
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains(story), "{message}");
    }
}

#[test]
fn a_server_that_is_only_dropped_still_complains() {
    let server = Server::start([Script::new().expect("GET")]);
    connect(&server).write_all(b"PUT").unwrap();
    server.wait_until(|conversations| conversations.iter().any(|one| one.end.is_some()));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(server))).is_err());
}

#[test]
fn a_reset_is_a_reset() {
    let server = Server::start([Script::new().send("half").reset()]);
    let mut client = connect(&server);
    let mut text = Vec::new();
    let error = client.read_to_end(&mut text).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    server.finish();
}

#[test]
fn after_a_half_close_the_server_still_listens() {
    let server = Server::start([Script::new().send("done").half_close().read_to_end()]);
    let mut client = connect(&server);
    let mut text = [0; 5];
    client.read_exact(&mut text[..4]).unwrap();
    assert_eq!(client.read(&mut text).unwrap(), 0);
    client.write_all(b"more").unwrap();
    drop(client);
    assert_eq!(server.finish()[0].text(), "more");
}

#[test]
fn a_gate_holds_until_it_is_opened() {
    let gate = Gate::new();
    let server = Server::start([Script::new().send("a").hold(&gate).send("b")]);
    let mut client = connect(&server);
    client.read_exact(&mut [0]).unwrap();
    client.set_nonblocking(true).unwrap();
    assert_eq!(client.read(&mut [0]).expect_err("held").kind(), ErrorKind::WouldBlock);
    client.set_nonblocking(false).unwrap();
    gate.open();
    assert_eq!(rest(client), "b");
    server.finish();
}

#[test]
fn bytes_that_drip_all_arrive() {
    let server = Server::start([Script::new().drip("drop", Duration::ZERO).pause(Duration::ZERO)]);
    assert_eq!(rest(connect(&server)), "drop");
    server.finish();
}

#[test]
fn what_was_heard_can_be_awaited_while_it_lasts() {
    let gate = Gate::new();
    let server = Server::start([Script::new().expect("ping").hold(&gate)]);
    let mut client = connect(&server);
    client.write_all(b"ping").unwrap();
    let seen = server.wait_until(|conversations| conversations.iter().any(|one| one.text() == "ping"));
    assert_eq!(seen[0].end, None);
    gate.open();
    server.finish();
}

#[test]
fn under_tls_the_dialogue_is_the_same() {
    let authority = Authority::new("ours");
    let identity = authority.issue(&["shop.test"], Dates::Valid);
    let server = Server::start_tls(identity.server_config(), [Script::new().expect("ping").send("pong")]);
    let mut client = tls_client(&server, &authority, "shop.test");
    client.write_all(b"ping").unwrap();
    assert_eq!(rest(client), "pong");
    assert_eq!(server.finish()[0].text(), "ping");
}

#[test]
fn a_cut_has_no_close_notify() {
    let authority = Authority::new("ours");
    let identity = authority.issue(&["shop.test"], Dates::Valid);
    let server = Server::start_tls(identity.server_config(), [Script::new().send("pong").cut()]);
    let mut text = Vec::new();
    let error = tls_client(&server, &authority, "shop.test").read_to_end(&mut text).expect_err("a cut");
    assert_eq!((error.kind(), &text[..]), (ErrorKind::UnexpectedEof, &b"pong"[..]));
}

#[test]
fn a_client_that_refuses_the_certificate_is_no_mistake_of_the_dialogue() {
    let identity = Authority::new("strangers").issue(&["shop.test"], Dates::Valid);
    let server = Server::start_tls(identity.server_config(), [Script::new().expect("never")]);
    let mut client = tls_client(&server, &Authority::new("ours"), "shop.test");
    client.write_all(b"ping").expect_err("an unknown issuer");
    drop(client);
    assert!(matches!(&server.finish()[0].end, Some(End::NoHandshake(_))));
}

fn tls_client(
    server: &Server,
    authority: &Authority,
    name: &str,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let session = ClientConnection::new(Arc::new(config), name.to_owned().try_into().unwrap()).unwrap();
    StreamOwned::new(session, connect(server))
}
