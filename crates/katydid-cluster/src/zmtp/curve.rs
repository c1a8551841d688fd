//! CURVE: how do two sides show each other that they have their keys, and hide what they say?
//!
//! RFC 26. Names follow it: `c` and `s` are the long-lived keys of client (worker) and server (master), `c_` and `s_`
//! (`C'` and `S'` there) those of one connection.

use crypto_box::aead::AeadInPlace;
use crypto_box::aead::generic_array::GenericArray;
use crypto_box::{PublicKey, SalsaBox, SecretKey};

use super::session::Refusal;
use crate::key::random;

const TAG: usize = 16;

/// Encrypts: the tag first, as NaCl does.
fn seal(cipher: &SalsaBox, nonce: &[u8; 24], plain: &[u8]) -> Vec<u8> {
    let mut sealed = vec![0; TAG];
    sealed.extend_from_slice(plain);
    let (tag, text) = sealed.split_at_mut(TAG);
    let computed = cipher
        .encrypt_in_place_detached(GenericArray::from_slice(nonce), &[], text)
        .expect("a message is shorter than the cipher's limit");
    tag.copy_from_slice(&computed);
    sealed
}

fn open(cipher: &SalsaBox, nonce: &[u8; 24], sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (tag, text) = sealed.split_at_checked(TAG).ok_or(Refusal::WrongKey)?;
    let mut plain = text.to_vec();
    let tag = GenericArray::from_slice(tag);
    cipher
        .decrypt_in_place_detached(GenericArray::from_slice(nonce), &[], &mut plain, tag)
        .map_err(|_| Refusal::WrongKey)?;
    Ok(plain)
}

fn short_nonce(prefix: &[u8; 16], counter: u64) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..16].copy_from_slice(prefix);
    nonce[16..].copy_from_slice(&counter.to_be_bytes());
    nonce
}

fn long_nonce(prefix: &[u8; 8], rest: &[u8; 16]) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..8].copy_from_slice(prefix);
    nonce[8..].copy_from_slice(rest);
    nonce
}

/// The parts of a command of known sizes, one after the other.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn next<const SIZE: usize>(&mut self) -> Result<&'a [u8; SIZE], Refusal> {
        let (part, rest) = self.0.split_first_chunk().ok_or(Refusal::NotZeroMq)?;
        self.0 = rest;
        Ok(part)
    }

    fn counter(&mut self) -> Result<u64, Refusal> {
        self.next().map(|bytes| u64::from_be_bytes(*bytes))
    }
}

/// The connection's own keys, once they are agreed: messages both ways.
pub(super) struct Traffic {
    cipher: SalsaBox,
    prefix_out: &'static [u8; 16],
    prefix_in: &'static [u8; 16],
    counter_out: u64,
    counter_in: u64,
}

const FROM_CLIENT: &[u8; 16] = b"CurveZMQMESSAGEC";
const FROM_SERVER: &[u8; 16] = b"CurveZMQMESSAGES";

impl Traffic {
    /// A message of one part as the body of a frame.
    pub(super) fn seal(&mut self, message: &[u8]) -> Vec<u8> {
        self.counter_out += 1;
        let plain = [&[0], message].concat();
        let sealed = seal(&self.cipher, &short_nonce(self.prefix_out, self.counter_out), &plain);
        [b"\x07MESSAGE", &self.counter_out.to_be_bytes()[..], &sealed].concat()
    }

    /// What the body of a frame holds: flags and message.
    pub(super) fn open(&mut self, body: &[u8]) -> Result<(u8, Vec<u8>), Refusal> {
        let mut parts = Parts(body.strip_prefix(b"\x07MESSAGE").ok_or(Refusal::NotZeroMq)?);
        let counter = parts.counter()?;
        if counter <= self.counter_in {
            return Err(Refusal::WrongKey);
        }
        self.counter_in = counter;
        let mut plain = open(&self.cipher, &short_nonce(self.prefix_in, counter), parts.0)?;
        if plain.is_empty() {
            return Err(Refusal::NotZeroMq);
        }
        let flags = plain.remove(0);
        Ok((flags, plain))
    }
}

/// The worker's side until traffic begins.
pub(super) struct Client {
    server: PublicKey,
    secret: SecretKey,
    connection: SecretKey,
    /// The server's key for this connection, once it has said it.
    agreed: Option<PublicKey>,
}

impl Client {
    pub(super) fn new(server: PublicKey, secret: SecretKey) -> Self {
        Self { server, secret, connection: SecretKey::from(random()), agreed: None }
    }

    /// What comes with HELLO.
    pub(super) fn hello(&self) -> Vec<u8> {
        let cipher = SalsaBox::new(&self.server, &self.connection);
        let sealed = seal(&cipher, &short_nonce(b"CurveZMQHELLO---", 1), &[0; 64]);
        let public = self.connection.public_key();
        [&[1, 0][..], &[0; 72], public.as_bytes(), &1_u64.to_be_bytes(), &sealed].concat()
    }

    /// Takes what came with WELCOME and returns what comes with INITIATE.
    pub(super) fn initiate(&mut self, welcome: &[u8], metadata: &[u8]) -> Result<Vec<u8>, Refusal> {
        // A second answer would be sealed with the nonce of the first.
        if self.agreed.is_some() {
            return Err(Refusal::NotZeroMq);
        }
        let mut parts = Parts(welcome);
        let nonce = long_nonce(b"WELCOME-", parts.next()?);
        let plain = open(&SalsaBox::new(&self.server, &self.connection), &nonce, parts.0)?;
        let mut parts = Parts(&plain);
        let agreed = PublicKey::from(*parts.next::<32>()?);
        let cookie: &[u8; 96] = parts.next()?;
        let rest = random();
        let vouched =
            [self.connection.public_key().as_bytes(), self.server.as_bytes()].map(|key| &key[..]).concat();
        let vouch = seal(&SalsaBox::new(&agreed, &self.secret), &long_nonce(b"VOUCH---", &rest), &vouched);
        let public = self.secret.public_key();
        let plain = [public.as_bytes(), &rest[..], &vouch, metadata].concat();
        let sealed =
            seal(&SalsaBox::new(&agreed, &self.connection), &short_nonce(b"CurveZMQINITIATE", 2), &plain);
        self.agreed = Some(agreed);
        Ok([&cookie[..], &2_u64.to_be_bytes(), &sealed].concat())
    }

    /// Takes what came with READY: the server's metadata, and traffic begins.
    pub(super) fn ready(&self, ready: &[u8]) -> Result<(Vec<u8>, Traffic), Refusal> {
        let agreed = self.agreed.as_ref().ok_or(Refusal::NotZeroMq)?;
        let cipher = SalsaBox::new(agreed, &self.connection);
        let mut parts = Parts(ready);
        let counter = parts.counter()?;
        let metadata = open(&cipher, &short_nonce(b"CurveZMQREADY---", counter), parts.0)?;
        let (prefix_out, prefix_in) = (FROM_CLIENT, FROM_SERVER);
        Ok((metadata, Traffic { cipher, prefix_out, prefix_in, counter_out: 2, counter_in: counter }))
    }
}

/// The master's side until traffic begins.
pub(super) struct Server {
    secret: SecretKey,
    allowed: PublicKey,
    connection: SecretKey,
    cookie: [u8; 96],
    /// The client's key for this connection, once it has said it.
    client: Option<PublicKey>,
}

impl Server {
    pub(super) fn new(secret: SecretKey, allowed: PublicKey) -> Self {
        Self { secret, allowed, connection: SecretKey::from(random()), cookie: random(), client: None }
    }

    /// Takes what came with HELLO and returns what comes with WELCOME.
    pub(super) fn welcome(&mut self, hello: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut parts = Parts(hello);
        let version: &[u8; 2] = parts.next()?;
        parts.next::<72>()?;
        let client = PublicKey::from(*parts.next::<32>()?);
        let nonce = short_nonce(b"CurveZMQHELLO---", parts.counter()?);
        if version[0] != 1 {
            return Err(Refusal::NotZeroMq);
        }
        let cipher = SalsaBox::new(&client, &self.secret);
        open(&cipher, &nonce, parts.0)?;
        self.client = Some(client);
        let rest = random();
        let plain = [&self.connection.public_key().as_bytes()[..], &self.cookie].concat();
        let sealed = seal(&cipher, &long_nonce(b"WELCOME-", &rest), &plain);
        Ok([&rest[..], &sealed].concat())
    }

    /// Takes what came with INITIATE: the client's metadata; what comes with READY; and traffic begins.
    pub(super) fn ready(
        &self,
        initiate: &[u8],
        metadata: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>, Traffic), Refusal> {
        let client = self.client.as_ref().ok_or(Refusal::NotZeroMq)?;
        let mut parts = Parts(initiate);
        if *parts.next::<96>()? != self.cookie {
            return Err(Refusal::WrongKey);
        }
        let counter = parts.counter()?;
        let cipher = SalsaBox::new(client, &self.connection);
        let plain = open(&cipher, &short_nonce(b"CurveZMQINITIATE", counter), parts.0)?;
        let mut parts = Parts(&plain);
        let theirs = PublicKey::from(*parts.next::<32>()?);
        let nonce = long_nonce(b"VOUCH---", parts.next()?);
        let vouch: &[u8; 80] = parts.next()?;
        let vouched = open(&SalsaBox::new(&theirs, &self.connection), &nonce, vouch)?;
        let expected = [&client.as_bytes()[..], self.secret.public_key().as_bytes()].concat();
        if vouched != expected || theirs != self.allowed {
            return Err(Refusal::WrongKey);
        }
        let sealed = seal(&cipher, &short_nonce(b"CurveZMQREADY---", 1), metadata);
        let ready = [&1_u64.to_be_bytes()[..], &sealed].concat();
        let (prefix_out, prefix_in) = (FROM_SERVER, FROM_CLIENT);
        let traffic = Traffic { cipher, prefix_out, prefix_in, counter_out: 1, counter_in: counter };
        Ok((parts.0.to_vec(), ready, traffic))
    }
}
