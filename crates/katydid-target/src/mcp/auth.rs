//! Who may come in? Whoever holds a token from `/auth/login`, or one of the options. A practice lock, not a safe one:
//! tokens are derived from the name and the seed, so that none has to be remembered.

use super::Hub;
use crate::chance;
use crate::payload::{Payload, Problem};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) struct Keys {
    seed: u64,
    configured: Vec<String>,
}

impl Keys {
    pub(super) fn new(seed: u64, configured: &[String]) -> Self {
        let usable = configured.iter().filter(|token| !token.is_empty());
        Self { seed, configured: usable.cloned().collect() }
    }

    fn issue(&self, name: &str) -> String {
        format!("{:016x}.{}", self.signature(name), hex(name))
    }

    fn accepts(&self, token: &str) -> bool {
        self.configured.iter().any(|known| known == token) || self.issued(token)
    }

    fn issued(&self, token: &str) -> bool {
        let parts = token.split_once('.').and_then(|(signature, name)| Some((signature, unhex(name)?)));
        parts.is_some_and(|(signature, name)| signature == format!("{:016x}", self.signature(&name)))
    }

    fn signature(&self, name: &str) -> u64 {
        chance::bits(self.seed, chance::of_text(name))
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Option<String> {
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

#[derive(Deserialize)]
pub(super) struct Login {
    #[serde(alias = "email")]
    username: String,
    password: String,
}

/// Any name with any password that is not empty gets a token.
pub(super) async fn login(
    State(hub): State<Arc<Hub>>,
    Payload(login): Payload<Login>,
) -> Result<Json<Value>, Problem> {
    if login.username.is_empty() || login.password.is_empty() {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "username and password must not be empty"));
    }
    Ok(Json(
        json!({ "access_token": hub.keys.issue(&login.username), "token_type": "bearer", "expires_in": 3600 }),
    ))
}

/// Lets a request through if it carries a token that is accepted.
pub(super) async fn demand(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    match bearer(request.headers()) {
        Some(token) if hub.keys.accepts(token) => next.run(request).await,
        Some(_) => refuse("the bearer token is not known"),
        None => refuse("a bearer token is required"),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn refuse(detail: &str) -> Response {
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_issued_is_accepted_and_nothing_else() {
        let keys = Keys::new(1, &["secret".into(), String::new()]);
        let token = keys.issue("ada@example.com");
        assert!(keys.accepts(&token) && keys.accepts("secret"));
        for other in ["", "secret2", "0.61", &token[1..], &format!("{token}00"), ".", "ü.ü"] {
            assert!(!keys.accepts(other), "{other}");
        }
        assert!(!Keys::new(2, &[]).accepts(&token), "another seed signs otherwise");
    }

    #[test]
    fn a_bearer_is_read_from_its_header() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer ", None),
            ("Basic abc", None),
            ("abc", None),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            assert_eq!(bearer(&headers), token, "{value}");
        }
    }
}
