//! Drives a reactor from a test: one waiter per exchange, its number.

#![allow(unreachable_pub, reason = "a module of test binaries has no outside")]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::task::Poll;
use std::time::Duration;

use katydid_net::{
    Answer, Body, ExchangeId, Origin, PoolId, PoolSettings, Proxy, Reactor, Request, Timeouts,
};
use katydid_stats::Failure;

/// The reactor and one user's pool.
pub struct Caller {
    pub reactor: Reactor<usize>,
    pub pool: PoolId,
    pub origin: Origin,
    pub proxy: Option<Proxy>,
    pub timeouts: Timeouts,
}

/// A turn never waits longer than this in vain; the test fails then.
const PATIENCE: Duration = Duration::from_secs(10);

impl Caller {
    /// A caller of `port` on the loopback.
    pub fn new(port: u16) -> Self {
        Self::with_pool(port, PoolSettings { size: 10, keep: 10, tls: None })
    }

    pub fn with_pool(port: u16, settings: PoolSettings) -> Self {
        let mut reactor = Reactor::try_new().expect("a poller");
        let tls = settings.tls.is_some();
        let pool = reactor.open_pool(settings);
        let origin = Origin { tls, host: "127.0.0.1".into(), port };
        Self { reactor, pool, origin, proxy: None, timeouts: Timeouts::default() }
    }

    /// A `GET` as most tests send it.
    pub fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        let id = self.start(format!("GET {path} HTTP/1.1\r\nHost: t\r\n\r\n").as_bytes(), Body::Empty);
        self.finish(id)
    }

    /// A `POST` with a body of known length.
    pub fn post(&mut self, path: &str, body: &[u8]) -> Result<Answer, Failure> {
        let head = format!("POST {path} HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n", body.len());
        let id = self.start(head.as_bytes(), Body::Bytes(body));
        self.finish(id)
    }

    /// Starts an exchange; only `GET` counts as idempotent.
    pub fn start(&mut self, head: &[u8], body: Body<'_>) -> ExchangeId {
        self.start_as(head, body, |_| {})
    }

    /// Starts an exchange with changed settings.
    pub fn start_as(&mut self, head: &[u8], body: Body<'_>, change: impl Fn(&mut Request<'_>)) -> ExchangeId {
        let mut request = Request {
            origin: &self.origin,
            proxy: self.proxy.as_ref(),
            head,
            body,
            is_head: head.starts_with(b"HEAD"),
            is_idempotent: head.starts_with(b"GET"),
            expects_continue: false,
            streams: false,
            timeouts: self.timeouts,
        };
        change(&mut request);
        self.reactor.start(self.pool, &request)
    }

    /// Turns until the exchange has an outcome.
    pub fn finish(&mut self, id: ExchangeId) -> Result<Answer, Failure> {
        self.until(id, |reactor| reactor.poll(id))
    }

    /// Reads a streamed body to its end.
    pub fn read_all(&mut self, id: ExchangeId) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while !self.until(id, |reactor| reactor.poll_body(id, &mut body))? {}
        Ok(body)
    }

    /// Turns until `ask` is ready, waking by the exchange alone.
    pub fn until<T>(&mut self, id: ExchangeId, mut ask: impl FnMut(&mut Reactor<usize>) -> Poll<T>) -> T {
        loop {
            if let Poll::Ready(outcome) = ask(&mut self.reactor) {
                return outcome;
            }
            self.reactor.wait(id, 7);
            self.turn_until_woken();
        }
    }

    /// Turns until somebody is woken, who must be the waiter of [`Self::until`].
    fn turn_until_woken(&mut self) {
        let began = std::time::Instant::now();
        loop {
            if let Some(woken) = self.reactor.pop_woken() {
                assert_eq!(woken.waiter, 7);
                return;
            }
            assert!(began.elapsed() < PATIENCE, "nobody was woken for {PATIENCE:?}");
            self.reactor.turn(Some(PATIENCE)).expect("the poller works");
        }
    }
}

/// Allows the process at most `most` descriptors; returns the limit from before.
pub fn limit_descriptors(most: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid rlimit for both calls.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), 0);
        let before = limit.rlim_cur;
        limit.rlim_cur = most;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), 0);
        before
    }
}
