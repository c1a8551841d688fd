//! How is one request sent? With the client of the data plane, on a reactor of this thread's own.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use katydid_net::client::{Client, ClientSettings, Handle};
use katydid_net::{Moment, Reactor, Timeouts};
use katydid_stats::FailureKind;

use crate::settings::{Error, Settings};

/// A turn of the reactor lasts no longer, so that a deadline is seen.
const LONGEST_TURN: Duration = Duration::from_millis(100);

/// Sends requests over a connection that is kept.
pub(crate) struct Sender {
    reactor: Handle,
    client: Client,
    settings: Settings,
}

impl Sender {
    pub(crate) fn try_new(settings: &Settings) -> Result<Self, Error> {
        let reactor = Reactor::try_new().map_err(|error| Error(format!("no reactor for OTLP: {error}")))?;
        let reactor = Rc::new(RefCell::new(reactor));
        let mut headers =
            vec![("User-Agent".to_owned(), concat!("katydid/", env!("CARGO_PKG_VERSION")).to_owned())];
        headers.extend(settings.headers.clone());
        let timeouts = Timeouts { connect: Some(settings.timeout), network: Some(settings.timeout) };
        let client = ClientSettings {
            base_url: Some(settings.url.clone()),
            headers,
            timeouts,
            connections: 1,
            redirects: 0,
            ..ClientSettings::default()
        };
        let client = Client::try_new(&reactor, client).map_err(|error| Error(error.to_string()))?;
        Ok(Self { reactor, client, settings: settings.clone() })
    }

    /// Sends one request and waits for its answer.
    pub(crate) fn send(&self, body: Vec<u8>) -> Result<(), Error> {
        let call =
            self.client.post(&self.settings.url).header("Content-Type", "application/x-protobuf").body(body);
        let deadline = Moment::now().after(self.settings.timeout);
        match self.finished(call, deadline)? {
            None => Err(Error(format!("no answer within {:?}", self.settings.timeout))),
            Some(Err(failure)) => Err(Error(words(failure.kind))),
            Some(Ok(answer)) if (200..300).contains(&answer.status()) => Ok(()),
            Some(Ok(answer)) => Err(Error(format!("it answers {}", answer.status()))),
        }
    }

    /// Runs a future until it is finished; `None` if that takes until the deadline.
    fn finished<F: Future>(&self, future: F, deadline: Moment) -> Result<Option<F::Output>, Error> {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return Ok(Some(output));
            }
            if Moment::now() >= deadline {
                return Ok(None);
            }
            let turned = self.reactor.borrow_mut().turn(Some(LONGEST_TURN));
            turned.map_err(|error| Error(format!("the reactor for OTLP: {error}")))?;
            // There is one future, which is asked anyway.
            while self.reactor.borrow_mut().pop_woken().is_some() {}
        }
    }
}

fn words(kind: FailureKind) -> String {
    match kind {
        FailureKind::Connect(errno) | FailureKind::Io(errno) => {
            std::io::Error::from_raw_os_error(errno).to_string()
        }
        FailureKind::Dns(_) => "its name is not known".into(),
        FailureKind::ConnectTimeout | FailureKind::ReadTimeout => "no answer in time".into(),
        FailureKind::Certificate => "its certificate is not trusted".into(),
        other => format!("the exchange failed: {other:?}"),
    }
}
