//! Who may take part in a cluster? Who has its key.
//!
//! A cluster's key is a secret text, the same on all nodes, or a file. From the text both sides derive two pairs of keys
//! for ZeroMQ's CURVE: the master's and the workers'. A file may have the pairs themselves, so that a worker's file need
//! not have what makes a master.

use std::fmt;
use std::num::NonZeroU32;

use crypto_box::{PublicKey, SecretKey};
use ring::pbkdf2;
use ring::rand::{SecureRandom, SystemRandom};

/// Letters that a secret has at least: guessing it must not pay.
pub const SHORTEST_SECRET: usize = 16;

/// Makes each guess cost a tenth of a second.
const ROUNDS: NonZeroU32 = NonZeroU32::new(200_000).expect("not zero");
const SALT: &[u8] = b"katydid cluster key 1";

/// The keys of a cluster, as far as this node has them.
#[derive(Clone)]
pub struct Key {
    pub(crate) master_public: PublicKey,
    pub(crate) master_secret: Option<SecretKey>,
    pub(crate) worker_public: PublicKey,
    pub(crate) worker_secret: Option<SecretKey>,
}

/// Secrets are not for logs.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Why is this no key?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadKey(String);

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadKey {}

impl Key {
    /// The keys that a secret text stands for; white space around it does not count.
    ///
    /// # Errors
    /// It is too short.
    pub fn try_of_secret(secret: &str) -> Result<Self, BadKey> {
        let secret = secret.trim();
        if secret.chars().count() < SHORTEST_SECRET {
            let text = format!(
                "the cluster key has fewer than {SHORTEST_SECRET} characters: make one with `openssl rand -hex 32`"
            );
            return Err(BadKey(text));
        }
        let mut derived = [0; 64];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, ROUNDS, SALT, secret.as_bytes(), &mut derived);
        let (master, worker) = derived.split_at(32);
        let secret = |half: &[u8]| SecretKey::from_slice(half).expect("half of 64 bytes");
        Ok(Self::of_secrets(secret(master), secret(worker)))
    }

    fn of_secrets(master: SecretKey, worker: SecretKey) -> Self {
        Self {
            master_public: master.public_key(),
            master_secret: Some(master),
            worker_public: worker.public_key(),
            worker_secret: Some(worker),
        }
    }

    /// Keys by chance.
    pub fn generate() -> Self {
        Self::of_secrets(SecretKey::from(random()), SecretKey::from(random()))
    }

    /// The keys of a file: a secret text, or lines of a name, `=` and 64 hexadecimal digits. A master needs
    /// `master-secret` and `worker-public`, a worker `worker-secret` and `master-public`.
    ///
    /// # Errors
    /// A line is something else, or a side's two keys are not both there.
    pub fn try_of_file(content: &str) -> Result<Self, BadKey> {
        let has_name = |line: &str| NAMES.iter().any(|name| line.trim_start().starts_with(name));
        if !content.lines().any(has_name) {
            return Self::try_of_secret(content);
        }
        let mut keys = [None; 4];
        for line in content.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            let place = NAMES.iter().position(|known| *known == name.trim()).ok_or_else(|| bad_line(None))?;
            keys[place] = Some(from_hex(value.trim()).ok_or_else(|| bad_line(Some(NAMES[place])))?);
        }
        let [master_secret, master_public, worker_secret, worker_public] = keys;
        let (master_secret, worker_secret) =
            (master_secret.map(SecretKey::from), worker_secret.map(SecretKey::from));
        let public = |given: Option<[u8; 32]>, secret: &Option<SecretKey>, name: &str| {
            let derived = secret.as_ref().map(SecretKey::public_key);
            derived
                .or(given.map(PublicKey::from))
                .ok_or_else(|| BadKey(format!("the file of the cluster key has no {name}")))
        };
        Ok(Self {
            master_public: public(master_public, &master_secret, "master-public")?,
            worker_public: public(worker_public, &worker_secret, "worker-public")?,
            master_secret,
            worker_secret,
        })
    }

    /// The lines of two files: all that a master needs, and all that a worker needs.
    pub fn to_files(&self) -> [String; 2] {
        let line = |name: &str, bytes: [u8; 32]| format!("{name} = {}\n", to_hex(&bytes));
        let secret = |name: &str, key: &Option<SecretKey>| {
            key.as_ref().map(|key| line(name, key.to_bytes())).unwrap_or_default()
        };
        let master = secret(NAMES[0], &self.master_secret) + &line(NAMES[3], self.worker_public.to_bytes());
        let worker = secret(NAMES[2], &self.worker_secret) + &line(NAMES[1], self.master_public.to_bytes());
        [master, worker]
    }
}

const NAMES: [&str; 4] = ["master-secret", "master-public", "worker-secret", "worker-public"];

/// Neither the value nor a name that is not known: they may be secrets.
fn bad_line(name: Option<&str>) -> BadKey {
    let names = NAMES.join(", ");
    let which = name.map_or_else(|| "it has another name".to_owned(), |name| format!("it is that of {name}"));
    BadKey(format!(
        "the file of the cluster key has a line that is none of {names} with `=` and 64 hexadecimal digits: {which}"
    ))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

/// Bytes that nobody can guess.
pub(crate) fn random<const SIZE: usize>() -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    SystemRandom::new().fill(&mut bytes).expect("the system has random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_stands_for_the_same_keys_everywhere() {
        let [here, there] = ["correct horse battery", " correct horse battery\n"]
            .map(|text| Key::try_of_secret(text).expect("long enough"));
        assert_eq!(here.master_public, there.master_public);
        assert_eq!(here.worker_public, there.worker_public);
        let other = Key::try_of_secret("correct horse batterie").expect("long enough");
        assert_ne!(here.master_public, other.master_public);
        assert_ne!(here.master_public, here.worker_public);
    }

    #[test]
    fn a_short_secret_is_refused() {
        let error = Key::try_of_secret("  short  ").expect_err("too short");
        assert!(error.to_string().contains("openssl rand -hex 32"), "{error}");
    }

    #[test]
    fn a_file_has_what_its_side_needs() {
        let key = Key::generate();
        let [master, worker] = key.to_files().map(|file| Key::try_of_file(&file).expect("we wrote it"));
        assert!(master.master_secret.is_some() && master.worker_secret.is_none());
        assert!(worker.worker_secret.is_some() && worker.master_secret.is_none());
        assert_eq!(worker.master_public, key.master_public);
        assert_eq!(master.worker_public, key.worker_public);
        let text = Key::try_of_file("correct horse battery\n").expect("a secret");
        assert!(text.master_secret.is_some());
    }

    /// Made with `openssl rand -base64 32`: it had been taken for a line with a name, and shown.
    #[test]
    fn a_secret_may_end_with_equals_signs() {
        let secret = "S0r7f9dQm1xkqPZyT4uWb8eN2cVhJ6gLwA3oRiXsE5M=";
        let file = Key::try_of_file(&format!("{secret}\n")).expect("a secret");
        assert_eq!(file.master_public, Key::try_of_secret(secret).expect("a secret").master_public);
        assert!(Key::try_of_file("a = b").is_err(), "too short");
    }

    #[test]
    fn a_bad_file_says_which_line_and_shows_no_secret() {
        let good = Key::generate().to_files().concat();
        for bad in ["master-secret = 12", "something = 34", "master-public = zz", "a = b", "worker-secret"] {
            assert!(Key::try_of_file(&format!("{good}{bad}")).is_err(), "{bad}");
        }
        let error = Key::try_of_file(&format!("{good}c2VjcmV0 = x")).expect_err("no name");
        assert!(!error.to_string().contains("c2Vj"), "{error}");
        let error = Key::try_of_file("worker-secret = 0000secret").expect_err("not hexadecimal");
        assert!(
            error.to_string().contains("worker-secret") && !error.to_string().contains("0000secret"),
            "{error}"
        );
    }
}
