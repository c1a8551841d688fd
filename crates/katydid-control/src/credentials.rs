//! Does a request show a password or a token that is known?

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::Settings;

/// What opens the door. Only digests are kept and compared, all of them and in constant time, so that neither the length
/// nor the beginning of a secret can be found out by measuring.
#[derive(Clone)]
pub(crate) struct Credentials {
    basic: Option<[u8; 32]>,
    tokens: Vec<[u8; 32]>,
}

impl Credentials {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            basic: settings.basic_auth.as_deref().map(|pair| digest(pair.as_bytes())),
            tokens: settings.bearer_tokens.iter().map(|token| digest(token.as_bytes())).collect(),
        }
    }

    /// Is anything asked for?
    pub(crate) fn are_asked_for(&self) -> bool {
        self.basic.is_some() || !self.tokens.is_empty()
    }

    /// Is a password among it, for which a browser can ask its user?
    pub(crate) fn have_password(&self) -> bool {
        self.basic.is_some()
    }

    /// Does the request show one of them?
    pub(crate) fn are_in(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (given.next(), given.next()) else { return false };
        let Some((scheme, rest)) = value.to_str().ok().and_then(|value| value.split_once(' ')) else {
            return false;
        };
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            return STANDARD.decode(rest).is_ok_and(|pair| is_any(&digest(&pair), self.basic.iter()));
        }
        scheme.eq_ignore_ascii_case("bearer") && is_any(&digest(rest.as_bytes()), self.tokens.iter())
    }
}

fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn is_any<'a>(given: &[u8; 32], known: impl Iterator<Item = &'a [u8; 32]>) -> bool {
    known.fold(Choice::from(0), |found, known| found | known.ct_eq(given)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, value.parse().expect("a header"))).collect()
    }

    #[test]
    fn knows_passwords_and_tokens() {
        let settings = Settings {
            basic_auth: Some("ann:pass:word".into()),
            bearer_tokens: vec!["t0ken".into(), "other".into()],
            ..Settings::default()
        };
        let credentials = Credentials::of(&settings);
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        let table = [
            (vec![basic("ann:pass:word")], true),
            (vec![basic("ann:pass:wor")], false),
            (vec![basic("ann:pass:word2")], false),
            (vec![basic("")], false),
            (vec!["Basic !!".into()], false),
            (vec!["Basic".into()], false),
            (vec!["Bearer t0ken".into()], true),
            (vec!["bearer other".into()], true),
            (vec!["Bearer t0ke".into()], false),
            (vec!["Bearer ann:pass:word".into()], false),
            (vec!["Bearer ".into()], false),
            (vec!["Digest t0ken".into()], false),
            (vec![], false),
            (vec!["Bearer t0ken".into(), "Bearer x".into()], false),
        ];
        for (values, expected) in table {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            assert_eq!(credentials.are_in(&headers(&values)), expected, "{values:?}");
        }
    }
}
