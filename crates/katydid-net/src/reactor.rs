//! What is ready, and who waits for it? The door of the data plane.
//!
//! What a maintainer must not break: no method calls user code, so a caller may borrow the reactor for one call,
//! release it, and only then switch to whoever was woken. Bytes that have arrived are read before time limits are
//! judged.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use katydid_stats::{Failure, FailureKind};
use polling::{Events, PollMode, Poller};
use slab::Slab;
use socket2::Socket;

use crate::clock::{Clock, Moment};
use crate::connection::{Connection, Interest};
use crate::exchange::{Answer, PoolSettings, Request, Timing};
use crate::flight::{ExchangeId, Flight, Marks, Stage};
use crate::h1::{encode_chunk, encode_last_chunk, reader::HeadReader};
use crate::pool::Pool;
use crate::receive::Stamping;
use crate::resolve::Resolver;
use crate::timer::Timers;

/// Most bytes taken from a socket at a time.
pub(crate) const INBOX_BYTES: usize = 64 * 1024;
/// A body in pieces is taken in until this many bytes wait for the socket; a streamed answer is read until this many
/// wait for the caller.
pub(crate) const BACKLOG_BYTES: usize = 256 * 1024;
/// An idle connection that was not watched for longer than this is looked at before it is used again.
const UNWATCHED_NS: u64 = 1_000_000;
/// Buffers of finished requests that are kept for the next ones.
const SPARE_BUFFERS: usize = 64;
/// A buffer that grew beyond this is not kept.
const SPARE_BYTES: usize = 16 * 1024;

/// Names a pool; never reused while the reactor lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// Names a sleep; never reused while the reactor lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SleepId {
    index: u32,
    generation: u32,
}

/// A waiter that is to be resumed.
#[derive(Debug)]
pub struct Woken<W> {
    /// What the caller gave to `wait` or `sleep`.
    pub waiter: W,
    /// For a sleep: nanoseconds from its end until now, the generator's own delay.
    pub late_ns: Option<u64>,
}

#[derive(Debug)]
struct Sleep<W> {
    generation: u32,
    until: Moment,
    waiter: W,
}

#[derive(Clone, Copy, Debug)]
enum Token {
    Exchange(ExchangeId),
    Sleep(SleepId),
}

/// Whom a timer concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    Sleep(SleepId),
    /// A connection, by its poller key.
    Connection(usize),
    Exchange(ExchangeId),
}

/// What the poller watches.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) generation: u32,
    pub(crate) kind: SourceKind,
}

#[derive(Debug)]
pub(crate) enum SourceKind {
    /// An open connection.
    Connection(Connection),
    /// A socket that connects to `address` on behalf of an exchange.
    Attempt { socket: Socket, exchange: ExchangeId, address: SocketAddr },
}

/// The reactor; see the crate's documentation. `W` is whatever the caller wants back to know who was woken.
#[derive(Debug)]
pub struct Reactor<W> {
    pub(crate) poller: Arc<Poller>,
    events: Option<Events>,
    pub(crate) sources: Slab<Source>,
    pub(crate) flights: Slab<Flight<W>>,
    pub(crate) pools: Slab<(u32, Pool)>,
    sleeps: Slab<Sleep<W>>,
    pub(crate) timers: Timers<TimerKey>,
    woken: VecDeque<Token>,
    /// Sleeps that ended at once: resumed in the next turn, after everybody else had theirs.
    yielded: VecDeque<SleepId>,
    pub(crate) resolver: Resolver,
    pub(crate) clock: Clock,
    /// When readiness was last collected.
    turned: Moment,
    pub(crate) inbox: Box<[u8]>,
    /// Plaintext of the TLS connection that is being read.
    pub(crate) plain: Vec<u8>,
    pub(crate) spare: Vec<Vec<u8>>,
    pub(crate) heads: HeadReader,
    /// The streamed answer that ended last, whose marks are complete only then, or the exchange given up last.
    last_ended: Option<(ExchangeId, Marks)>,
    /// Places in lanes that were freed and not yet offered to the queue.
    pub(crate) freed: VecDeque<(PoolId, usize)>,
    /// The places are being offered further up the stack.
    pub(crate) is_offering: bool,
    generation: u32,
    _stamping: Stamping,
}

impl<W> Reactor<W> {
    /// A reactor without connections.
    ///
    /// # Errors
    /// When the system gives no poller (out of descriptors).
    pub fn try_new() -> io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        let waker = Arc::clone(&poller);
        Ok(Self {
            poller,
            events: Some(Events::new()),
            sources: Slab::new(),
            flights: Slab::new(),
            pools: Slab::new(),
            sleeps: Slab::new(),
            timers: Timers::new(),
            woken: VecDeque::new(),
            yielded: VecDeque::new(),
            resolver: Resolver::new(move || {
                // A failed wake-up leaves the answer for the next turn.
                let _ = waker.notify();
            }),
            clock: Clock::new(),
            turned: Moment::default(),
            inbox: vec![0; INBOX_BYTES].into_boxed_slice(),
            plain: Vec::new(),
            spare: Vec::new(),
            heads: HeadReader::default(),
            last_ended: None,
            freed: VecDeque::new(),
            is_offering: false,
            generation: 0,
            _stamping: Stamping::start(),
        })
    }

    /// Becomes readable when [`Self::turn`] has something to do, so that the reactor nests in another loop.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }

    /// The present.
    pub fn now(&self) -> Moment {
        Moment::now()
    }

    pub(crate) fn next_generation(&mut self) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        self.generation
    }

    // Pools

    /// Opens a pool of connections, usually one per user.
    pub fn open_pool(&mut self, settings: PoolSettings) -> PoolId {
        let generation = self.next_generation();
        let index = self.pools.insert((generation, Pool::new(settings)));
        PoolId { index: index as u32, generation }
    }

    /// Closes a pool: its idle connections at once, and its exchanges, whose waiters are forgotten.
    pub fn close_pool(&mut self, pool: PoolId) {
        if self.pool(pool).is_none() {
            return;
        }
        if self.pools[pool.index as usize].1.flights > 0 {
            // Nobody who queues shall open a connection now.
            self.pools[pool.index as usize].1.lanes.iter_mut().for_each(|lane| lane.queue.clear());
            let under_way: Vec<ExchangeId> = (self.flights.iter())
                .filter(|(_, flight)| flight.pool == pool)
                .map(|(index, flight)| ExchangeId { index: index as u32, generation: flight.generation })
                .collect();
            under_way.into_iter().for_each(|id| self.cancel(id));
        }
        self.close_idle(pool);
        self.pools.remove(pool.index as usize);
    }

    /// Closes the idle connections of a pool; those in use are closed when their exchange ends.
    pub fn close_idle(&mut self, pool: PoolId) {
        let Some(open) = self.pool(pool) else { return };
        open.epoch = open.epoch.wrapping_add(1);
        let idle: Vec<usize> =
            open.lanes.iter_mut().flat_map(|lane| std::mem::take(&mut lane.idle)).collect();
        idle.into_iter().for_each(|index| self.drop_connection(index));
    }

    pub(crate) fn pool(&mut self, id: PoolId) -> Option<&mut Pool> {
        match self.pools.get_mut(id.index as usize) {
            Some((generation, pool)) if *generation == id.generation => Some(pool),
            _ => None,
        }
    }

    // Exchanges

    /// Starts an exchange: connects or takes an idle connection, and writes in the same call. Failures come by
    /// [`Self::poll`].
    ///
    /// # Panics
    /// If the pool was closed.
    pub fn start(&mut self, pool: PoolId, request: &Request<'_>) -> ExchangeId {
        let started = Moment::now();
        let generation = self.next_generation();
        let out = self.spare.pop().unwrap_or_default();
        let open = self.pool(pool).expect("a pool takes no exchange after it was closed");
        open.flights += 1;
        let lane = open.lane(request.origin, request.proxy);
        let index = self.flights.insert(Flight::new(generation, pool, lane, request, out, started));
        let id = ExchangeId { index: index as u32, generation };
        self.dispatch(id, started);
        id
    }

    /// Finds a connection for an exchange that has none.
    fn dispatch(&mut self, id: ExchangeId, now: Moment) {
        let (pool, lane) = {
            let flight = &self.flights[id.index as usize];
            (flight.pool.index as usize, flight.lane)
        };
        while let Some(index) = self.pools[pool].1.lanes[lane].idle.pop() {
            if self.is_usable(index, now) {
                self.assign(index, id, now);
                return;
            }
            self.drop_connection(index);
        }
        let (_, open) = &mut self.pools[pool];
        if open.lanes[lane].open < open.settings.size {
            open.lanes[lane].open += 1;
            self.resolve(id, now);
        } else {
            open.lanes[lane].queue.push_back(id);
        }
    }

    /// Whether an idle connection can be trusted: it was watched a moment ago, and its server has shown that it
    /// keeps connections open; otherwise a look at the socket decides.
    fn is_usable(&self, index: usize, now: Moment) -> bool {
        let SourceKind::Connection(connection) = &self.sources[index].kind else { return false };
        let is_watched = connection.served > 1 && now.since(self.turned) < UNWATCHED_NS;
        is_watched || connection.is_quiet()
    }

    /// Whether [`Self::poll`] has an outcome.
    #[inline]
    pub fn is_ready(&self, id: ExchangeId) -> bool {
        self.flight(id).is_none_or(|flight| {
            matches!(flight.stage, Stage::Done(_))
                || (flight.wishes.streams && flight.intake.head.is_some() && !flight.head_taken)
        })
    }

    /// The outcome of an exchange, once it has one. A ready outcome ends the exchange, except that a streamed answer
    /// ends with its body ([`Self::poll_body`]). An exchange that was given up or has ended is
    /// [`FailureKind::Cancelled`].
    pub fn poll(&mut self, id: ExchangeId) -> Poll<Result<Answer, Failure>> {
        let Some(flight) = self.flight_mut(id) else { return cancelled() };
        if flight.wishes.streams && flight.intake.head.is_some() && !flight.head_taken {
            flight.head_taken = true;
            if let Some(answer) = flight.answer() {
                return Poll::Ready(Ok(answer));
            }
        }
        if !matches!(flight.stage, Stage::Done(_)) {
            return Poll::Pending;
        }
        match self.end(id) {
            Some(Stage::Done(outcome)) => Poll::Ready(outcome),
            _ => unreachable!("the stage was just looked at"),
        }
    }

    /// Takes what arrived of a streamed body (transfer coding removed). `Ready(Ok(true))`: that was the end, and the
    /// exchange is over. `Ready(Ok(false))`: there were bytes, more may come. A failure ends the exchange too. An
    /// exchange that was given up or has ended is [`FailureKind::Cancelled`].
    ///
    /// # Panics
    /// If the head was not polled.
    pub fn poll_body(&mut self, id: ExchangeId, out: &mut Vec<u8>) -> Poll<Result<bool, Failure>> {
        let Some(flight) = self.flight_mut(id) else { return cancelled() };
        assert!(flight.head_taken, "the head of a streamed answer comes before its body");
        let got = flight.intake.bytes.len();
        out.append(&mut flight.intake.bytes);
        if let Stage::Drained(outcome) = &flight.stage {
            if outcome.is_err() && got > 0 {
                return Poll::Ready(Ok(false));
            }
            return match self.end(id) {
                Some(Stage::Drained(outcome)) => Poll::Ready(outcome.map(|()| true)),
                _ => unreachable!("the stage was just looked at"),
            };
        }
        if got == 0 {
            return Poll::Pending;
        }
        self.resume_reading(id);
        Poll::Ready(Ok(false))
    }

    /// Adds a piece to a request body that comes in pieces. Pending: too much waits for the socket already, and the
    /// piece was not taken. What follows the end of the body is dropped; an exchange that was given up or has ended is
    /// [`FailureKind::Cancelled`].
    pub fn push_body(&mut self, id: ExchangeId, piece: &[u8]) -> Poll<Result<(), Failure>> {
        let Some(flight) = self.flight_mut(id) else { return cancelled() };
        match &flight.stage {
            // The answer came early; what is left of the body has no reader.
            Stage::Done(Ok(_)) | Stage::Drained(_) => return Poll::Ready(Ok(())),
            Stage::Done(Err(failure)) => return Poll::Ready(Err(failure.clone())),
            _ if flight.is_complete => return Poll::Ready(Ok(())),
            _ if flight.out.len() - flight.sent > BACKLOG_BYTES => return Poll::Pending,
            _ => {}
        }
        if flight.wishes.chunked {
            encode_chunk(&mut flight.out, piece);
        } else {
            flight.out.extend_from_slice(piece);
        }
        self.transmit_for(id);
        Poll::Ready(Ok(()))
    }

    /// Ends a request body that comes in pieces; nothing happens if the exchange has ended.
    pub fn finish_body(&mut self, id: ExchangeId) {
        let Some(flight) = self.flight_mut(id) else { return };
        if flight.is_complete {
            return;
        }
        flight.is_complete = true;
        if flight.wishes.chunked {
            encode_last_chunk(&mut flight.out);
        }
        self.transmit_for(id);
    }

    /// The marks of an exchange so far; of a streamed answer, and of one given up, also when it has just ended.
    pub fn timing(&self, id: ExchangeId) -> Option<Timing> {
        let last = || self.last_ended.filter(|(last, _)| *last == id).map(|(_, marks)| marks.timing());
        self.flight(id).map(|flight| flight.marks.timing()).or_else(last)
    }

    /// Whether the head of an exchange's answer has arrived completely; asked before a failure is polled, it tells a
    /// reset inside the head from one inside the body.
    pub fn has_head(&self, id: ExchangeId) -> bool {
        self.flight(id).is_some_and(|flight| flight.intake.head.is_some())
    }

    /// Registers who is to be woken when [`Self::poll`], [`Self::poll_body`] or [`Self::push_body`] may make
    /// progress. The latest waiter counts.
    pub fn wait(&mut self, id: ExchangeId, waiter: W) {
        let Some(flight) = self.flight_mut(id) else { return };
        flight.waiter = Some(waiter);
        let is_over = matches!(flight.stage, Stage::Done(_) | Stage::Drained(_));
        if is_over {
            self.wake(id);
        } else if flight.head_taken {
            self.expect_more(id);
        }
    }

    /// Gives an exchange up: its waiter is forgotten (also when it was woken already), its connection closed.
    pub fn cancel(&mut self, id: ExchangeId) {
        let Some(flight) = self.flight_mut(id) else { return };
        flight.marks.ended(Moment::now());
        self.last_ended = Some((id, flight.marks));
        self.abandon(id);
        self.end(id);
    }

    pub(crate) fn flight(&self, id: ExchangeId) -> Option<&Flight<W>> {
        self.flights.get(id.index as usize).filter(|flight| flight.generation == id.generation)
    }

    pub(crate) fn flight_mut(&mut self, id: ExchangeId) -> Option<&mut Flight<W>> {
        self.flights.get_mut(id.index as usize).filter(|flight| flight.generation == id.generation)
    }

    /// Removes an exchange that holds neither a connection nor a place; returns where it ended.
    fn end(&mut self, id: ExchangeId) -> Option<Stage> {
        self.flight(id)?;
        let flight = self.flights.remove(id.index as usize);
        if let Some(pool) = self.pool(flight.pool) {
            pool.flights -= 1;
        }
        if flight.wishes.streams {
            self.last_ended = Some((id, flight.marks));
        }
        if self.spare.len() < SPARE_BUFFERS && flight.out.capacity() <= SPARE_BYTES {
            self.spare.push(flight.out);
        }
        Some(flight.stage)
    }

    /// Puts the waiter of an exchange into the queue of those to be resumed.
    #[inline]
    pub(crate) fn wake(&mut self, id: ExchangeId) {
        let Some(flight) = self.flight_mut(id) else { return };
        if flight.waiter.is_some() && !flight.is_woken {
            flight.is_woken = true;
            self.woken.push_back(Token::Exchange(id));
        }
    }

    // Sleeping

    /// Wakes `waiter` at `until`; if that has come already, in the next turn.
    pub fn sleep(&mut self, until: Moment, waiter: W) -> SleepId {
        let generation = self.next_generation();
        let index = self.sleeps.insert(Sleep { generation, until, waiter });
        let id = SleepId { index: index as u32, generation };
        self.timers.insert(until, TimerKey::Sleep(id));
        id
    }

    /// Wakes `waiter` in the next turn, after those that are woken already.
    pub fn yield_now(&mut self, waiter: W) -> SleepId {
        let generation = self.next_generation();
        let index = self.sleeps.insert(Sleep { generation, until: Moment::NEVER, waiter });
        let id = SleepId { index: index as u32, generation };
        self.yielded.push_back(id);
        id
    }

    /// Ends a sleep without waking anybody.
    pub fn cancel_sleep(&mut self, id: SleepId) {
        if self.is_asleep(id) {
            self.sleeps.remove(id.index as usize);
        }
    }

    // Turning

    /// One turn: collects readiness, waiting at most `timeout` (`None`: until something happens), reads and writes,
    /// then judges what is due. Afterwards [`Self::pop_woken`] tells who is to be resumed.
    ///
    /// # Errors
    /// When the system's poller fails.
    pub fn turn(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let Some(mut events) = self.events.take() else { unreachable!("a turn contains no turn") };
        let mut result = self.collect(&mut events, self.patience(timeout));
        // More sockets may be ready than one look can tell, and no limit is judged before all of them had their say.
        for _ in 0..self.sources.len() / events.capacity() {
            // Two of them may have been the poller's own.
            if result.is_err() || events.len() + 2 < events.capacity().get() {
                break;
            }
            result = self.collect(&mut events, Some(Duration::ZERO));
        }
        let now = self.turned;
        self.events = Some(events);
        self.take_lookups(now);
        self.expire();
        while let Some(id) = self.yielded.pop_front() {
            self.woken.push_back(Token::Sleep(id));
        }
        match result {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// Waits for readiness and serves those who are ready.
    fn collect(&mut self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.clear();
        let result = self.poller.wait(events, timeout);
        self.turned = self.clock.refresh();
        for event in events.iter() {
            self.ready(event.key, event.readable, event.writable);
        }
        result.map(|_| ())
    }

    /// How long a turn may wait.
    fn patience(&self, timeout: Option<Duration>) -> Option<Duration> {
        if timeout == Some(Duration::ZERO) {
            return timeout;
        }
        let due = self.next_deadline().map(|at| Duration::from_nanos(at.since(Moment::now())));
        match (timeout, due) {
            (Some(timeout), Some(due)) => Some(timeout.min(due)),
            (timeout, due) => timeout.or(due),
        }
    }

    /// The latest moment at which the next turn should begin if no descriptor becomes ready before.
    pub fn next_deadline(&self) -> Option<Moment> {
        if self.woken.is_empty() && self.yielded.is_empty() { self.timers.next() } else { Some(Moment(0)) }
    }

    /// The next waiter to resume, in the order in which things happened.
    #[inline]
    pub fn pop_woken(&mut self) -> Option<Woken<W>> {
        loop {
            match self.woken.pop_front()? {
                Token::Exchange(id) => {
                    let Some(flight) = self.flight_mut(id) else { continue };
                    flight.is_woken = false;
                    if let Some(waiter) = flight.waiter.take() {
                        return Some(Woken { waiter, late_ns: None });
                    }
                }
                Token::Sleep(id) => {
                    if !self.is_asleep(id) {
                        continue;
                    }
                    let sleep = self.sleeps.remove(id.index as usize);
                    let late_ns = (sleep.until != Moment::NEVER).then(|| Moment::now().since(sleep.until));
                    return Some(Woken { waiter: sleep.waiter, late_ns });
                }
            }
        }
    }

    /// Deals with everything that is due.
    fn expire(&mut self) {
        // The time is taken after the reads: an answer that lies in a socket was seen before its limit is judged.
        let now = Moment::now();
        while let Some((at, key)) = self.timers.pop_due(now) {
            match key {
                TimerKey::Sleep(id) => self.woken.push_back(Token::Sleep(id)),
                TimerKey::Connection(key) => self.connection_due(key, at, now),
                TimerKey::Exchange(id) => self.dial_due(id, now),
            }
        }
        if self.timers.is_crowded() {
            self.drop_overtaken_timers();
        }
    }

    /// Forgets the timers of what has ended, so that short exchanges with long limits do not pile up.
    fn drop_overtaken_timers(&mut self) {
        let mut timers = std::mem::replace(&mut self.timers, Timers::new());
        timers.retain(|at, key| match *key {
            TimerKey::Sleep(id) => self.is_asleep(id),
            TimerKey::Connection(key) => {
                self.is_current(key) && self.connection(index_of(key)).is_some_and(|one| one.armed == at)
            }
            TimerKey::Exchange(id) => self.flight(id).is_some_and(|flight| flight.connection.is_none()),
        });
        self.timers = timers;
    }

    fn is_asleep(&self, id: SleepId) -> bool {
        self.sleeps.get(id.index as usize).is_some_and(|sleep| sleep.generation == id.generation)
    }

    /// One descriptor is ready.
    fn ready(&mut self, key: usize, readable: bool, writable: bool) {
        let index = index_of(key);
        let Some(source) = self.sources.get(index) else { return };
        if key_of(index, source.generation) != key {
            return;
        }
        match source.kind {
            SourceKind::Connection(_) => {
                if writable {
                    self.writable(index);
                }
                if readable && self.is_current(key) {
                    self.readable(index);
                }
            }
            SourceKind::Attempt { .. } => self.attempt_ready(index),
        }
    }

    /// Whether `key` still names what it named.
    pub(crate) fn is_current(&self, key: usize) -> bool {
        let index = index_of(key);
        self.sources.get(index).is_some_and(|source| key_of(index, source.generation) == key)
    }

    // Sources

    /// Watches a new socket.
    pub(crate) fn watch(&mut self, kind: SourceKind, interest: Interest) -> io::Result<usize> {
        let generation = self.next_generation();
        let entry = self.sources.vacant_entry();
        let index = entry.key();
        let event = polling::Event::new(key_of(index, generation), interest.read, interest.write);
        let socket = match &kind {
            SourceKind::Connection(connection) => &connection.socket,
            SourceKind::Attempt { socket, .. } => socket,
        };
        // SAFETY: the socket is owned by the source that is inserted below; `unwatch` is the only way to take a
        // source out again and deletes it from the poller first.
        unsafe { self.poller.add_with_mode(socket, event, PollMode::Level)? };
        entry.insert(Source { generation, kind });
        Ok(index)
    }

    /// Takes a source out of the poller and hands it over.
    pub(crate) fn unwatch(&mut self, index: usize) -> SourceKind {
        let kind = self.sources.remove(index).kind;
        let socket = match &kind {
            SourceKind::Connection(connection) => &connection.socket,
            SourceKind::Attempt { socket, .. } => socket,
        };
        // Failure means that it is not registered, which is what was wanted.
        let _ = self.poller.delete(socket);
        kind
    }

    /// Changes what a connection is watched for.
    pub(crate) fn set_interest(&mut self, index: usize, interest: Interest) {
        let generation = self.sources[index].generation;
        let SourceKind::Connection(connection) = &mut self.sources[index].kind else { return };
        if connection.interest == interest {
            return;
        }
        connection.interest = interest;
        let event = polling::Event::new(key_of(index, generation), interest.read, interest.write);
        // A broken connection is always ready: while nobody reads it, it may say so only once.
        let mode = if interest == Interest::NONE { PollMode::Oneshot } else { PollMode::Level };
        if let Err(error) = self.poller.modify_with_mode(&connection.socket, event, mode) {
            self.closed(index, error.raw_os_error());
        }
    }

    /// The poller key of a source.
    pub(crate) fn key(&self, index: usize) -> usize {
        key_of(index, self.sources[index].generation)
    }

    pub(crate) fn connection(&mut self, index: usize) -> Option<&mut Connection> {
        match &mut self.sources.get_mut(index)?.kind {
            SourceKind::Connection(connection) => Some(connection),
            SourceKind::Attempt { .. } => None,
        }
    }

    /// Ends an exchange with a failure that happens now.
    pub(crate) fn fail(&mut self, id: ExchangeId, failure: impl Into<Failure>) {
        self.fail_at(id, failure, Moment::now());
    }

    /// Ends an exchange with a failure that happened at `at`.
    pub(crate) fn fail_at(&mut self, id: ExchangeId, failure: impl Into<Failure>, at: Moment) {
        self.abandon(id);
        let Some(flight) = self.flight_mut(id) else { return };
        flight.marks.ended(at);
        let failure = failure.into();
        let has_head = flight.wishes.streams && flight.intake.head.is_some();
        flight.stage = if has_head { Stage::Drained(Err(failure)) } else { Stage::Done(Err(failure)) };
        self.wake(id);
    }
}

/// The answer to those who ask after an exchange that is gone.
#[cold]
fn cancelled<T>() -> Poll<Result<T, Failure>> {
    Poll::Ready(Err(FailureKind::Cancelled.into()))
}

/// Index and generation in one poller key, so that a late event never reaches a slot's next tenant.
pub(crate) fn key_of(index: usize, generation: u32) -> usize {
    index & 0xffff_ffff | (generation as usize & 0x7fff_ffff) << 32
}

pub(crate) fn index_of(key: usize) -> usize {
    key & 0xffff_ffff
}

/// What a failed system call means for an exchange.
pub(crate) fn io_failure(errno: Option<i32>) -> FailureKind {
    FailureKind::Io(errno.unwrap_or(libc::EIO))
}
