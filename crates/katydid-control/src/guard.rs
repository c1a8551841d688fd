//! Who is let in? What every request passes before its route.
//!
//! In this order: the name in `Host`, credentials, where a change comes from, the login. On the way out: headers that
//! keep a browser from making more of an answer than it is.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{FromRequest, MatchedPath, State};
use axum::http::header::SET_COOKIE;
use axum::http::header::{
    ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::command::{self, Kind};
use crate::credentials::Credentials;
use crate::desk::{Desk, Flask};
use crate::incoming::Incoming;
use crate::origin::{self, Names};
use crate::routes::Route;
use crate::server::Peer;
use crate::{answer, flask};

/// How long the same request of somebody who was let in is let in again without asking.
const KNOWN_FOR: Duration = Duration::from_secs(10);

/// Those who are remembered.
const MAX_KNOWN: usize = 1000;

/// What a page of ours may load: itself.
const OUR_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// What the report may: nothing from anywhere, but it carries script and style within.
const REPORT_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
    img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// What the guard knows.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Knowledge>);

struct Knowledge {
    desk: Desk,
    credentials: Credentials,
    names: Names,
    /// By method and path, with the base path: what the table says.
    rules: HashMap<(Method, String), Rule>,
    known: Mutex<HashMap<[u8; 32], Instant>>,
}

#[derive(Clone, Copy)]
struct Rule {
    is_change: bool,
    is_open: bool,
}

impl Guard {
    pub(crate) fn new(desk: Desk, table: Vec<Route>) -> Self {
        let base = desk.settings().base_path.clone();
        let rule = |route: Route| {
            let rule = Rule { is_change: route.is_change, is_open: route.is_open };
            ((route.method, format!("{base}{}", route.path)), rule)
        };
        let rules = table.into_iter().map(rule).collect();
        let credentials = Credentials::of(desk.settings());
        let names = Names::of(desk.settings());
        Self(Arc::new(Knowledge { desk, credentials, names, rules, known: Mutex::default() }))
    }
}

/// Passes a request on, or answers it with a refusal.
pub(crate) async fn check(State(guard): State<Guard>, request: Request<Body>, next: Next) -> Response {
    let knowledge = &*guard.0;
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = request.method().clone();
    let mut response = match knowledge.refusal(path.as_deref(), &request) {
        Some(refusal) => refusal,
        None => match knowledge.admitted(path.as_deref(), request).await {
            Ok((request, cookies)) => {
                let mut response = knowledge.answer(path.as_deref(), request, next).await;
                response.headers_mut().extend(cookies);
                response
            }
            Err(refusal) => *refusal,
        },
    };
    if let (StatusCode::METHOD_NOT_ALLOWED, Some(path)) = (response.status(), &path) {
        response = wrong_method(&method, path, &knowledge.allowed(path));
    }
    harden(path.as_deref(), &mut response);
    response
}

/// Cookies that the login renews with an answer that it does not make itself.
type Cookies = Vec<(HeaderName, HeaderValue)>;

impl Knowledge {
    fn rule(&self, method: &Method, path: &str) -> Option<Rule> {
        let method = if method == Method::HEAD { Method::GET } else { method.clone() };
        self.rules.get(&(method, path.to_owned())).copied()
    }

    /// The methods that a path of the table takes.
    fn allowed(&self, path: &str) -> String {
        let methods = self.rules.keys().filter(|(_, known)| known == path).map(|(method, _)| method.as_str());
        let mut methods: BTreeSet<&str> = methods.chain(["OPTIONS"]).collect();
        if methods.contains("GET") {
            methods.insert("HEAD");
        }
        methods.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// Why a request is refused by its head alone.
    fn refusal(&self, path: Option<&str>, request: &Request<Body>) -> Option<Response> {
        let (method, headers) = (request.method(), request.headers());
        if size(headers) > self.desk.settings().limits.head_bytes {
            let message = "the headers of the request are too long";
            return Some(answer::error(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, message));
        }
        if !self.names.are_fine_with(headers, request.uri(), request.version() == Version::HTTP_10) {
            return Some(foreign_name());
        }
        if self.credentials.are_asked_for() && !self.credentials.are_in(headers) {
            return Some(self.unauthorized());
        }
        let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        let is_change = self.is_change(method, path, request.uri()) || !is_safe;
        (is_change && !self.names.may_change(headers, is_safe)).then(foreign_page)
    }

    /// Does the table say that this request changes the run? Flask undoes percent-encoding and joins slashes before it looks
    /// for a route, so that a path which is not in the table can be one that is.
    fn is_change(&self, method: &Method, path: Option<&str>, uri: &Uri) -> bool {
        let rule = match path {
            Some(path) => self.rule(method, path),
            None => self.rule(method, &origin::plain(uri.path())),
        };
        rule.is_some_and(|rule| rule.is_change)
    }

    fn unauthorized(&self) -> Response {
        let mut response = answer::error(StatusCode::UNAUTHORIZED, "credentials are missing or wrong");
        let asks = if self.credentials.have_password() {
            "Basic realm=\"katydid\", charset=\"UTF-8\""
        } else {
            "Bearer"
        };
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(asks));
        response
    }

    /// With a login, only those who have logged in get on; the users' thread knows them. Our own routes are open to those
    /// whom the Flask application lets in, where a locustfile has hooks that may refuse.
    async fn admitted(
        &self,
        path: Option<&str>,
        request: Request<Body>,
    ) -> Result<(Request<Body>, Cookies), Box<Response>> {
        // A path that is not in the table is Flask's, which asks for itself.
        let Some(path) = path else { return Ok((request, Vec::new())) };
        if !self.asks_for_admission(request.method(), path) {
            return Ok((request, Vec::new()));
        }
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        // Who has logged in is in anywhere; what hooks decide can depend on the path.
        let place = if self.desk.shared.flask() == Flask::Gate { request.uri().path() } else { "" };
        let identity = identity(&request, place);
        if is_read && self.is_known(&identity) {
            return Ok((request, Vec::new()));
        }
        let reply =
            self.desk.reply(Kind::Authorize, axum::body::Bytes::new(), Some(head_of(&request))).await?;
        let response = answer::of_reply(reply);
        if response.status() == StatusCode::NO_CONTENT {
            self.remember(identity);
            let cookies = response.headers().get_all(SET_COOKIE);
            return Ok((request, cookies.iter().map(|cookie| (SET_COOKIE, cookie.clone())).collect()));
        }
        Err(Box::new(if self.is_our_own(path) && response.status().as_u16() < 400 {
            answer::error(StatusCode::UNAUTHORIZED, "log in first")
        } else {
            response
        }))
    }

    fn asks_for_admission(&self, method: &Method, path: &str) -> bool {
        if self.rule(method, path).is_some_and(|rule| rule.is_open) {
            return false;
        }
        match self.desk.shared.flask() {
            // Flask answers the others, and asks for itself.
            Flask::Gate => self.is_our_own(path),
            Flask::Everything => self.is_our_own(path) && self.desk.settings().is_login_on,
            Flask::Nothing | Flask::Unknown => self.desk.settings().is_login_on,
        }
    }

    /// Is this one of the routes that Locust does not have?
    fn is_our_own(&self, path: &str) -> bool {
        path.strip_prefix(self.desk.settings().base_path.as_str()).unwrap_or(path).starts_with("/api/v1/")
    }

    fn is_known(&self, identity: &[u8; 32]) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(identity).is_some_and(|until| *until > Instant::now())
    }

    fn remember(&self, identity: [u8; 32]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(identity, Instant::now() + KNOWN_FOR);
    }

    /// Locust's routes go through the Flask application where a locustfile has changed it.
    async fn answer(&self, path: Option<&str>, request: Request<Body>, next: Next) -> Response {
        let base = &self.desk.settings().base_path;
        let is_ours = path.is_none_or(|path| {
            let file = path.strip_prefix(base.as_str()).unwrap_or(path);
            self.is_our_own(path) || file.starts_with("/assets/") || file == "/favicon.svg"
        });
        if is_ours || self.desk.shared.flask() < Flask::Everything {
            return next.run(request).await;
        }
        match Incoming::from_request(request, &self.desk).await {
            Ok(incoming) => flask::answered(&self.desk, incoming).await,
            Err(refusal) => refusal,
        }
    }
}

pub(crate) fn pairs(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

/// A request without its body.
fn head_of(request: &Request<Body>) -> command::Request {
    command::Request {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: pairs(request.headers()),
        remote: request.extensions().get::<Peer>().map_or_else(String::new, |peer| peer.0.to_string()),
        ..command::Request::default()
    }
}

/// What somebody is known again by: all that a locustfile can tell people apart by. It may look at any header, and at the
/// query, so only who sends the very same ones from the same machine is let in without asking.
fn identity(request: &Request<Body>, place: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    add(place.as_bytes());
    add(request.uri().query().unwrap_or_default().as_bytes());
    if let Some(peer) = request.extensions().get::<Peer>() {
        add(peer.0.ip().to_string().as_bytes());
    }
    for (name, value) in request.headers() {
        add(name.as_str().as_bytes());
        add(value.as_bytes());
    }
    digest.finalize().into()
}

/// Bytes of all headers. The connection bounds them only by the chunks in which it reads.
fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

fn foreign_name() -> Response {
    let message =
        "this server does not go by the name in Host; say --web-host NAME if it should, or use its address";
    answer::error(StatusCode::FORBIDDEN, message)
}

fn foreign_page() -> Response {
    let message =
        "a page of another site asked for this, so it was not done; use the page itself, or a program";
    answer::error(StatusCode::FORBIDDEN, message)
}

/// As Flask answers it: OPTIONS is told what there is, everything else that it is not allowed.
fn wrong_method(method: &Method, path: &str, allowed: &str) -> Response {
    let mut answer = if method == Method::OPTIONS {
        StatusCode::OK.into_response()
    } else {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let message = format!("this path takes only {allowed}");
        if path.contains("/api/v1/") {
            answer::error(status, &message)
        } else {
            answer::error_page(status, &message)
        }
    };
    if let Ok(value) = HeaderValue::from_str(allowed) {
        answer.headers_mut().insert(ALLOW, value);
    }
    answer
}

/// Headers that were set by a Flask application stay as they are.
fn harden(path: Option<&str>, response: &mut Response) {
    let path = path.filter(|_| response.extensions().get::<flask::OfLocustfile>().is_none());
    let is_html =
        response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let mut put = |name, value: &'static str| {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    };
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(REFERRER_POLICY, "same-origin");
    match path {
        Some(path) if is_html && path.ends_with("/report") => {
            put(CONTENT_SECURITY_POLICY, REPORT_POLICY);
        }
        // What a locustfile adds loads what it likes, but is not framed by others either.
        None => put(X_FRAME_OPTIONS, "SAMEORIGIN"),
        Some(_) => put(CONTENT_SECURITY_POLICY, OUR_POLICY),
    }
}
