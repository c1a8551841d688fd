//! How does a request become a sample? A call, and what is recorded when it has ended.
//!
//! What a maintainer must not break: a request that is dropped before it has ended leaves no sample, and the ordinary
//! path allocates nothing.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use katydid_net::client::{Call, Method, Response};
use katydid_net::clock::Moment;
use katydid_net::exchange::Timeouts;
use katydid_stats::Failure;

use crate::record::Told;
use crate::user::User;
use crate::words;

/// A judge of answers: `Err` is the text of the failure.
type Check<'u> = Box<dyn FnOnce(&Response) -> Result<(), String> + 'u>;

/// A request that is recorded; await it for its answer.
#[must_use = "a request is not sent until it is awaited"]
pub struct Measured<'u> {
    user: &'u User,
    call: Call<'u>,
    method: Method,
    name: &'u str,
    check: Option<Check<'u>>,
    intended: Option<Moment>,
    is_sent: bool,
}

impl<'u> Measured<'u> {
    pub(crate) fn new(user: &'u User, call: Call<'u>) -> Self {
        let (method, name) = (call.method(), call.url());
        Self { user, call, method, name, check: None, intended: None, is_sent: false }
    }

    /// Records under this name instead of the path, so that paths with varying parts stay one entry.
    pub fn name(mut self, name: &'u str) -> Self {
        self.name = name;
        self
    }

    /// Adds a header; it takes the place of the client's default of that name.
    pub fn header(self, name: &'u str, value: &'u str) -> Self {
        Self { call: self.call.header(name, value), ..self }
    }

    /// Sets the body.
    pub fn body(self, body: impl Into<Cow<'u, [u8]>>) -> Self {
        Self { call: self.call.body(body), ..self }
    }

    /// Sets the body to JSON that is already written, with its `Content-Type`.
    pub fn json(self, json: impl Into<Cow<'u, [u8]>>) -> Self {
        Self { call: self.call.json(json), ..self }
    }

    /// Sets time limits other than the client's.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        Self { call: self.call.timeouts(timeouts), ..self }
    }

    /// Follows at most this many redirects; 0 hands a redirect out as the answer.
    pub fn redirects(self, allowed: u32) -> Self {
        Self { call: self.call.redirects(allowed), ..self }
    }

    /// Judges every complete answer instead of the rule that a status below 400 is a success. The text of an `Err`
    /// becomes the failure's.
    pub fn check(mut self, check: impl FnOnce(&Response) -> Result<(), String> + 'u) -> Self {
        self.check = Some(Box::new(check));
        self
    }

    fn record(&mut self, result: &Result<Response, Failure>) {
        let (timing, length, failure) = match result {
            Ok(response) => (response.timing(), response.raw_body().len() as u64, self.judge(response).err()),
            Err(failure) => (self.call.timing(), 0, Some(Cow::Owned(words::of(failure)))),
        };
        let status = result.as_ref().ok().map(Response::status);
        let told = Told { length, status, intended: self.intended, failure: failure.as_deref() };
        self.user.recorder().record(self.method, self.name, timing, told);
    }

    /// Is this answer a success? The error is the text of the failure.
    fn judge(&mut self, response: &Response) -> Result<(), Cow<'static, str>> {
        match self.check.take() {
            Some(check) => check(response).map_err(Cow::Owned),
            None if response.is_ok() => Ok(()),
            None => Err(Cow::Owned(format!("HTTP {}", response.status()))),
        }
    }
}

impl Future for Measured<'_> {
    type Output = Result<Response, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if !this.is_sent {
            this.is_sent = true;
            this.intended = this.user.take_intended();
        }
        let outcome = Pin::new(&mut this.call).poll(context);
        if let Poll::Ready(result) = &outcome {
            this.record(result);
        }
        outcome
    }
}

impl fmt::Debug for Measured<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Measured")
            .field("name", &self.name)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
