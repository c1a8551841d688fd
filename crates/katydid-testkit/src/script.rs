//! What does the server do on one connection? A list of steps, written in the order of the dialogue.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// One step of a [`Script`].
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Expect(Vec<u8>),
    Request(Vec<u8>),
    Skip(usize),
    Send(Vec<u8>),
    Drip(Vec<u8>, Duration),
    Pause(Duration),
    Hold(Gate),
    ReadToEnd,
    HalfClose,
    Close,
    Cut,
    Reset,
}

/// What a server does on one connection, step by step. A script that ends without an end of its own closes.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub(crate) steps: Vec<Step>,
}

impl Script {
    /// A script without steps: it closes at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next bytes are exactly these.
    pub fn expect(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Expect(bytes.as_ref().to_vec()))
    }

    /// A request head comes that begins like this, usually its first line; the rest of it, up to and including the
    /// empty line, may say anything. A body is for [`Script::expect`] or [`Script::skip`].
    pub fn request(self, begins: impl AsRef<[u8]>) -> Self {
        self.then(Step::Request(begins.as_ref().to_vec()))
    }

    /// The next `count` bytes may be anything.
    pub fn skip(self, count: usize) -> Self {
        self.then(Step::Skip(count))
    }

    /// Sends these bytes.
    pub fn send(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Send(bytes.as_ref().to_vec()))
    }

    /// Sends these bytes one by one, with a pause before each.
    pub fn drip(self, bytes: impl AsRef<[u8]>, pause: Duration) -> Self {
        self.then(Step::Drip(bytes.as_ref().to_vec(), pause))
    }

    /// Does nothing for a while. Where the test knows what it waits for, [`Script::hold`] is better.
    pub fn pause(self, span: Duration) -> Self {
        self.then(Step::Pause(span))
    }

    /// Waits until the test opens the gate.
    pub fn hold(self, gate: &Gate) -> Self {
        self.then(Step::Hold(gate.clone()))
    }

    /// Reads and records until the peer closes.
    pub fn read_to_end(self) -> Self {
        self.then(Step::ReadToEnd)
    }

    /// Ends our direction (under TLS with a `close_notify`); the peer may still send.
    pub fn half_close(self) -> Self {
        self.then(Step::HalfClose)
    }

    /// Closes politely. Bytes that were sent to us and not read make the system answer with a reset instead.
    pub fn close(self) -> Self {
        self.then(Step::Close)
    }

    /// Closes without a `close_notify`; without TLS the same as [`Script::close`].
    pub fn cut(self) -> Self {
        self.then(Step::Cut)
    }

    /// Resets the connection (`SO_LINGER` 0): the peer gets `ECONNRESET`.
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// A door that a script waits at until the test opens it; then it stays open. Clones are the same door.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    inside: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everybody pass, now and later.
    pub fn open(&self) {
        *self.inside.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.inside.1.notify_all();
    }

    /// Waits until the gate is open; false if it was not for `limit`.
    pub fn wait(&self, limit: Duration) -> bool {
        let guard = self.inside.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (open, _) = self
            .inside
            .1
            .wait_timeout_while(guard, limit, |open| !*open)
            .unwrap_or_else(PoisonError::into_inner);
        *open
    }
}
