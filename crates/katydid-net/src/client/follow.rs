//! Where does an answer lead, and what does it leave behind? Redirects and cookies of a call.
//!
//! What a maintainer must not break: a user without cookies pays nothing for them.

use std::borrow::Cow;
use std::time::SystemTime;

use katydid_stats::{Failure, FailureKind};
use url::Url;

use super::call::Call;
use super::head::Method;
use super::place::Place;
use super::response::fields;
use super::target;
use crate::cookies::Target;
use crate::exchange::Answer;
use crate::redirect::{self, BodyKind, Hop, Manner, Next};

/// Headers that describe a body and go with it.
const BODY_HEADERS: [&str; 3] = ["Content-Length", "Content-Type", "Transfer-Encoding"];

impl Call<'_> {
    /// The value of `Cookie` for a request to `path` at `place`.
    pub(super) fn cookies(&self, place: &Place, prefix: &str, path: &str) -> Option<String> {
        let jar = self.client.jar.borrow();
        if jar.is_empty() {
            return None;
        }
        jar.header(cookie_target(place, &joined(prefix, path)), SystemTime::now())
    }

    /// Keeps the cookies that came with an answer.
    pub(super) fn keep_cookies(&self, answer: &Answer) {
        let Some((place, prefix, path)) = self.whereabouts() else { return };
        let path = joined(prefix, path);
        let now = SystemTime::now();
        let mut jar = self.client.jar.borrow_mut();
        for (_, value) in fields(answer.head()).filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie")) {
            jar.store(value, cookie_target(place, &path), now);
        }
    }

    /// Turns to where `answer` points; false if it is the last one.
    pub(super) fn turn_to(&mut self, answer: &Answer) -> Result<bool, Failure> {
        let Some(location) = location_of(answer) else { return Ok(false) };
        let Some(url) = self.current_url() else { return Ok(false) };
        let body = if self.body.is_empty() { BodyKind::None } else { BodyKind::Bytes };
        let hop = Hop { method: self.method.name(), url: &url, body, status: answer.status, location };
        let Some(next) = redirect::next(&hop, Manner::FastHttp)? else { return Ok(false) };
        if self.redirects >= self.redirects_allowed {
            let label = format!("more than {}", self.redirects_allowed);
            return Err(Failure::with_label(FailureKind::TooManyRedirects, label));
        }
        self.redirects += 1;
        self.adapt(next)?;
        Ok(true)
    }

    /// Makes this call the request of the next hop.
    fn adapt(&mut self, next: Next) -> Result<(), Failure> {
        if next.turns_to_get {
            self.method = Method::Get;
        }
        if !next.keeps_body {
            self.body = Cow::Borrowed(&[]);
            self.drop_headers(&BODY_HEADERS);
        }
        if next.strips_authorization {
            self.drop_headers(&["Authorization"]);
        }
        let place = Place::try_new(next.url, &self.client.shared.settings);
        self.elsewhere = Some(Box::new(place.map_err(super::call::unusable)?));
        Ok(())
    }

    fn drop_headers(&mut self, dropped: &[&str]) {
        self.headers.retain(|(name, _)| !dropped.iter().any(|dropped| name.eq_ignore_ascii_case(dropped)));
    }

    fn current_url(&self) -> Option<Url> {
        match (&self.elsewhere, &self.client.shared.base) {
            (Some(place), _) => Some(place.url.clone()),
            (None, Some(base)) => target::below(&base.url, self.url()).ok(),
            (None, None) => None,
        }
    }
}

fn location_of(answer: &Answer) -> Option<&[u8]> {
    fields(answer.head()).find(|(name, _)| name.eq_ignore_ascii_case("Location")).map(|(_, value)| value)
}

fn cookie_target<'a>(place: &'a Place, path: &'a str) -> Target<'a> {
    Target { is_secure: place.origin.tls, host: place.url.host_str().unwrap_or_default(), path }
}

/// The parts of a request target as one.
fn joined<'a>(prefix: &str, target: &'a str) -> Cow<'a, str> {
    if prefix.is_empty() { Cow::Borrowed(target) } else { Cow::Owned(format!("{prefix}{target}")) }
}
