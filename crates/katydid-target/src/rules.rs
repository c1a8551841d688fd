//! What happens to a request before and after a server sees it? The laws and faults of the options, in this order:
//! refuse (limit, status), wait, let the server answer, spoil the answer.

use crate::fault::Window;
use crate::payload::Problem;
use crate::setup::{Timer, pause};
use crate::wire::Fate;
use crate::{Args, Damage, Fault, Place, chance};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A slow body is sent in about this many pieces.
const PIECES: u32 = 20;

/// The laws and faults in front of one server.
struct Rules {
    started: Instant,
    laws: Vec<(Place, Timer)>,
    faults: Vec<Hazard>,
}

/// A fault in use, with what it has counted so far.
struct Hazard {
    place: Place,
    fault: Fault,
    seed: u64,
    count: AtomicU64,
    window: Window,
}

/// Puts the rules of the options in front of a server; without rules the server stays as it is.
pub(crate) fn guard(server: Router, args: &Args) -> Router {
    let rules = Rules::new(args);
    if rules.laws.is_empty() && rules.faults.is_empty() {
        return server;
    }
    server.layer(middleware::from_fn_with_state(Arc::new(rules), apply))
}

async fn apply(
    State(rules): State<Arc<Rules>>,
    ConnectInfo(fate): ConnectInfo<Fate>,
    request: Request,
    next: Next,
) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let verdict = rules.judge(method, path);
    let delay = rules.delay(method, path);
    if let Verdict::Refuse(status) = verdict {
        return refusal(status);
    }
    pause(delay).await;
    let response = next.run(request).await;
    match verdict {
        Verdict::Spoil(damage) => spoil(response, damage, &fate).await,
        _ => response,
    }
}

/// What the faults decide about a request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    Pass,
    Refuse(StatusCode),
    Spoil(Damage),
}

impl Rules {
    fn new(args: &Args) -> Self {
        let seed = |part: usize| chance::fork(args.seed, part as u64);
        let laws = args.latency.iter().enumerate().filter(|(_, rule)| rule.place.name().is_none());
        let hazards = args.fault.iter().enumerate();
        Self {
            started: Instant::now(),
            laws: laws
                .map(|(i, rule)| (rule.place.clone(), Timer::new(rule.what.clone(), seed(i))))
                .collect(),
            faults: hazards
                .map(|(i, rule)| Hazard::new(&rule.place, &rule.what, seed(i + args.latency.len())))
                .collect(),
        }
    }

    /// The last law that covers the request decides.
    fn delay(&self, method: &Method, path: &str) -> Duration {
        let law = self.laws.iter().rev().find(|(place, _)| place.covers(method, path));
        law.map_or(Duration::ZERO, |(_, timer)| timer.draw())
    }

    /// The first fault that strikes decides.
    fn judge(&self, method: &Method, path: &str) -> Verdict {
        let now = self.started.elapsed();
        let relevant = self.faults.iter().filter(|hazard| hazard.place.covers(method, path));
        relevant
            .map(|hazard| hazard.judge(now))
            .find(|verdict| *verdict != Verdict::Pass)
            .unwrap_or(Verdict::Pass)
    }
}

impl Hazard {
    fn new(place: &Place, fault: &Fault, seed: u64) -> Self {
        let (count, window) = (AtomicU64::new(0), Window::default());
        Self { place: place.clone(), fault: fault.clone(), seed, count, window }
    }

    fn judge(&self, now: Duration) -> Verdict {
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            Fault::Status(code, share) if share.strikes(self.seed, n) => {
                Verdict::Refuse(StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
            }
            Fault::Damage(damage, share) if share.strikes(self.seed, n) => Verdict::Spoil(damage),
            Fault::Limit(rate) if !self.window.admits(rate, now) => {
                Verdict::Refuse(StatusCode::TOO_MANY_REQUESTS)
            }
            _ => Verdict::Pass,
        }
    }
}

fn refusal(status: StatusCode) -> Response {
    let mut response = Problem::new(status, "a fault of the practice server").into_response();
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

async fn spoil(response: Response, damage: Damage, fate: &Fate) -> Response {
    match damage {
        Damage::Reset => fate.doom_to_reset(),
        Damage::Garbage => fate.doom_to_garbage(),
        Damage::SlowBody(length) => return slowed(response, length).await,
    }
    response
}

/// The same answer with a body that trickles. No body stays none, and one of unknown length is a stream already.
async fn slowed(response: Response, length: Duration) -> Response {
    let (mut parts, body) = response.into_parts();
    let Some(size) = body.size_hint().exact().filter(|size| *size > 0) else {
        return Response::from_parts(parts, body);
    };
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Response::from_parts(parts, trickle(bytes, length))
}

/// The bytes in equal pieces, each after a part of the time.
fn trickle(bytes: Bytes, length: Duration) -> Body {
    let size = bytes.len().div_ceil(PIECES as usize).max(1);
    let pieces = bytes.len().div_ceil(size).max(1);
    let beat = length / u32::try_from(pieces).unwrap_or(PIECES);
    Body::from_stream(stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        pause(beat).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, Infallible>(piece), rest))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches as _;

    fn rules(options: &[&str]) -> Rules {
        let words = ["katydid-target", "shop"].iter().chain(options);
        let matches = crate::command().try_get_matches_from(words).expect("good options");
        Rules::new(&Args::from_arg_matches(&matches).expect("good options"))
    }

    #[test]
    fn the_last_matching_law_counts() {
        let rules =
            rules(&["--latency", "fixed:1ms", "--latency", "/a*=fixed:2ms", "--latency", "/ab=fixed:3ms"]);
        for (path, ms) in [("/", 1), ("/a", 2), ("/ab", 3), ("/abc", 2)] {
            assert_eq!(rules.delay(&Method::GET, path), Duration::from_millis(ms), "{path}");
        }
    }

    #[test]
    fn the_first_fault_that_strikes_counts() {
        let rules = rules(&["--fault", "/a=status:503@0%", "--fault", "/a=status:418", "--fault", "reset"]);
        assert_eq!(rules.judge(&Method::GET, "/a"), Verdict::Refuse(StatusCode::IM_A_TEAPOT));
        assert_eq!(rules.judge(&Method::GET, "/b"), Verdict::Spoil(Damage::Reset));
    }

    #[test]
    fn the_same_seed_strikes_the_same_requests() {
        let run = |seed: &str| {
            let rules = rules(&["--fault", "status:500@30%", "--seed", seed]);
            (0..200).map(|_| rules.judge(&Method::GET, "/") == Verdict::Pass).collect::<Vec<_>>()
        };
        assert_eq!(run("4"), run("4"));
        assert_ne!(run("4"), run("5"));
    }
}
