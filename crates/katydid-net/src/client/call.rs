//! How does one request run? A builder that is also the future of its answer.
//!
//! What a maintainer must not break: dropping a call that has been sent cancels its exchange, at every stage.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use katydid_stats::{Failure, FailureKind, Phase};

use super::head::{self, HeadExtras, Method};
use super::place::Place;
use super::{BadUrl, Client, Response, target};
use crate::ExchangeId;
use crate::clock::Moment;
use crate::exchange::{Answer, Body, Request, Timeouts, Timing};

/// A request to be sent; await it for the answer. Redirects are followed, cookies kept.
#[must_use = "a call does nothing until it is awaited"]
#[derive(Debug)]
pub struct Call<'c> {
    pub(super) client: &'c Client,
    pub(super) method: Method,
    url: &'c str,
    pub(super) headers: Vec<(&'c str, &'c str)>,
    pub(super) body: Cow<'c, [u8]>,
    timeouts: Timeouts,
    pub(super) redirects_allowed: u32,
    pub(super) redirects: u32,
    /// Where the request goes if not to `url` below the client's base: an absolute URL, or after a redirect.
    pub(super) elsewhere: Option<Box<Place>>,
    stage: Stage,
    /// The hops that have ended, as one.
    timing: Timing,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The current hop has not been sent.
    Fresh,
    /// The exchange of the current hop is under way.
    Sent(ExchangeId),
    /// The outcome was handed out.
    Done,
}

impl<'c> Call<'c> {
    pub(super) fn new(client: &'c Client, method: Method, url: &'c str) -> Self {
        Self {
            client,
            method,
            url,
            headers: Vec::new(),
            body: Cow::Borrowed(&[]),
            timeouts: client.shared.settings.timeouts,
            redirects_allowed: client.shared.settings.redirects,
            redirects: 0,
            elsewhere: None,
            stage: Stage::Fresh,
            timing: Timing::default(),
        }
    }

    /// Adds a header; it takes the place of the client's default of that name.
    pub fn header(mut self, name: &'c str, value: &'c str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sets the body; the head gets its `Content-Length`.
    pub fn body(mut self, body: impl Into<Cow<'c, [u8]>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body to JSON that is already written, with its `Content-Type`.
    pub fn json(self, json: impl Into<Cow<'c, [u8]>>) -> Self {
        self.header("Content-Type", "application/json").body(json)
    }

    /// Sets time limits other than the client's.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Follows at most this many redirects; 0 hands a redirect out as the answer.
    pub fn redirects(mut self, allowed: u32) -> Self {
        self.redirects_allowed = allowed;
        self
    }

    /// The method; after redirects, that of the last hop.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path or URL as it was given.
    pub fn url(&self) -> &'c str {
        self.url
    }

    /// Once the call has ended: when its parts happened, also where it failed.
    ///
    /// # Accuracy
    /// After redirects, the sum over all hops, without the time that answers lay unread between them: then `started`
    /// is that much later than the real start. A failure ends at the moment when it was seen.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// Sends the current hop.
    fn start(&mut self) -> Result<ExchangeId, Failure> {
        if let Some((name, _)) = self.headers.iter().find(|(name, value)| !head::is_header(name, value)) {
            let label = format!("request header {name:?} is not a legal header");
            return Err(Failure::with_label(FailureKind::BadHeader, label));
        }
        let shared = &*self.client.shared;
        let goes_below_base = shared.base.is_some() && target::is_ordinary_path(self.url);
        if self.elsewhere.is_none() && !goes_below_base {
            self.elsewhere = Some(Box::new(self.resolve().map_err(unusable)?));
        }
        let Some((place, prefix, target)) = self.whereabouts() else {
            unreachable!("a call without a base URL was resolved above")
        };
        let proxy = shared.settings.proxy.as_ref();
        let cookies = self.cookies(place, prefix, target);
        let extras =
            HeadExtras { headers: &self.headers, cookies: cookies.as_deref(), body_len: self.body.len() };
        let mut buffer = shared.buffer.borrow_mut();
        place.block.write(
            &mut buffer,
            self.method,
            [place.authority(proxy.is_some()), prefix, target],
            extras,
        );
        let request = Request {
            origin: &place.origin,
            proxy,
            head: &buffer,
            body: if self.body.is_empty() { Body::Empty } else { Body::Bytes(&self.body) },
            is_head: self.method == Method::Head,
            is_idempotent: self.method.is_idempotent(),
            expects_continue: false,
            streams: false,
            timeouts: self.timeouts,
        };
        Ok(self.client.reactor.borrow_mut().start(self.client.pool, &request))
    }

    /// Where the current hop goes: the place, and the two parts of the request target.
    pub(super) fn whereabouts(&self) -> Option<(&Place, &str, &str)> {
        match (&self.elsewhere, &self.client.shared.base) {
            (Some(place), _) => Some((place, "", target::origin_form(&place.url))),
            (None, Some(base)) => Some((base, &base.prefix, self.url)),
            (None, None) => None,
        }
    }

    /// The place of a URL that is no ordinary path below the base.
    fn resolve(&self) -> Result<Place, BadUrl> {
        let url = match &self.client.shared.base {
            Some(base) if !target::is_absolute(self.url) => target::below(&base.url, self.url)?,
            _ => target::parse(self.url)?,
        };
        Place::try_new(url, &self.client.shared.settings)
    }

    /// Ends with a failure that no exchange had.
    fn fail(&mut self, failure: Failure) -> Poll<Result<Response, Failure>> {
        let now = Moment::now();
        if matches!(self.stage, Stage::Fresh) && self.redirects == 0 {
            self.timing = Timing { started: now, received: now, ..Timing::default() };
        }
        self.stage = Stage::Done;
        Poll::Ready(Err(failure))
    }

    /// Adds the marks of a hop that has ended.
    fn add_hop(&mut self, hop: Timing) {
        self.timing = if self.redirects == 0 { hop } else { joined(&self.timing, &hop) };
    }

    /// Deals with a complete answer: hands it out, or turns to where it points.
    fn take(&mut self, mut answer: Answer) -> Option<Result<Response, Failure>> {
        self.add_hop(answer.timing);
        answer.timing = self.timing;
        if answer.has_cookies {
            self.keep_cookies(&answer);
        }
        let may_lead_on = answer.has_location && self.redirects_allowed > 0;
        match if may_lead_on { self.turn_to(&answer) } else { Ok(false) } {
            Ok(true) => None,
            Ok(false) => Some(Ok(Response::new(answer, self.redirects))),
            Err(failure) => Some(Err(failure)),
        }
    }
}

impl Future for Call<'_> {
    type Output = Result<Response, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            let id = match this.stage {
                Stage::Sent(id) => id,
                Stage::Fresh => match this.start() {
                    Ok(id) => {
                        this.stage = Stage::Sent(id);
                        id
                    }
                    Err(failure) => return this.fail(failure),
                },
                Stage::Done => unreachable!("a call is not polled after its end"),
            };
            let mut reactor = this.client.reactor.borrow_mut();
            let marks = reactor.timing(id);
            let Poll::Ready(outcome) = reactor.poll(id) else {
                reactor.wait(id, context.waker().clone());
                return Poll::Pending;
            };
            drop(reactor);
            this.stage = Stage::Fresh;
            match outcome {
                Ok(answer) => {
                    if let Some(result) = this.take(answer) {
                        this.stage = Stage::Done;
                        return Poll::Ready(result);
                    }
                }
                Err(failure) => {
                    this.add_hop(ended_now(marks.unwrap_or_default()));
                    this.stage = Stage::Done;
                    return Poll::Ready(Err(failure));
                }
            }
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Stage::Sent(id) = self.stage {
            self.client.reactor.borrow_mut().cancel(id);
        }
    }
}

/// Two hops as one: durations add up; the time between the hops, in which an answer lay unread, is nobody's.
fn joined(first: &Timing, next: &Timing) -> Timing {
    let mut phases = first.phases;
    for phase in Phase::ALL {
        if let Some(ns) = next.phases.ns(phase) {
            phases.add(phase, ns);
        }
    }
    Timing {
        started: Moment(next.started.0.saturating_sub(first.latency_ns())),
        received: next.received,
        lag_ns: next.lag_ns,
        phases,
        kernel_time: first.kernel_time && next.kernel_time,
        reused: first.reused && next.reused,
    }
}

/// The marks of an exchange that has just failed.
fn ended_now(marks: Timing) -> Timing {
    Timing { received: Moment::now(), ..marks }
}

/// A URL that no connection can be opened for: there is no name to look up.
pub(super) fn unusable(error: BadUrl) -> Failure {
    Failure::with_label(FailureKind::Dns(libc::EAI_NONAME), error.to_string())
}

#[cfg(test)]
mod tests {
    use katydid_stats::Phases;

    use super::*;

    #[test]
    fn hops_add_up_without_the_time_between_them() {
        let hop = |started, received, waiting| {
            let mut phases = Phases::default();
            phases.add(Phase::Waiting, waiting);
            Timing {
                started: Moment(started),
                received: Moment(received),
                phases,
                kernel_time: true,
                ..Timing::default()
            }
        };
        let both = joined(&hop(100, 130, 25), &hop(500, 550, 40));
        assert_eq!(both.latency_ns(), 30 + 50, "not the 370 between the hops");
        assert_eq!(both.phases.ns(Phase::Waiting), Some(65));
        assert_eq!(both.phases.ns(Phase::Dns), None);
        assert!(both.kernel_time);
    }
}
