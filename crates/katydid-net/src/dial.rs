//! From a name to a connection: resolve, connect (happy eyeballs), tunnel through a proxy, shake hands.

use std::net::SocketAddr;

use katydid_stats::{Failure, FailureKind, Phase};
use socket2::Socket;

use crate::clock::Moment;
use crate::connect::{self, Command, Race};
use crate::connection::{Connection, Interest};
use crate::flight::{ExchangeId, Stage};
use crate::h1;
use crate::proxy;
use crate::reactor::{PoolId, Reactor, SourceKind, TimerKey, io_failure};
use crate::resolve::{Addresses, Lookup};
use crate::tls::TlsStream;

/// The attempts to connect on behalf of one exchange.
#[derive(Debug)]
pub(crate) struct Dial {
    race: Race,
    /// The connecting sockets: address and source.
    attempts: Vec<(SocketAddr, usize)>,
}

/// The other end of the connection itself.
struct Hop<'a> {
    host: &'a str,
    port: u16,
    is_proxy_with_tls: bool,
}

impl<W> Reactor<W> {
    /// Starts on the way to a connection for an exchange that holds a place in its lane.
    pub(crate) fn resolve(&mut self, id: ExchangeId, now: Moment) {
        let flight = &mut self.flights[id.index as usize];
        flight.stage = Stage::Resolving;
        flight.marks.phase = now;
        // Counted from the start of the way: time in the queue is the user's own.
        flight.deadline = flight.timeouts.connect.map_or(Moment::NEVER, |limit| now.after(limit));
        if flight.deadline < Moment::NEVER {
            self.timers.insert(flight.deadline, TimerKey::Exchange(id));
        }
        let Some(hop) = self.next_hop(id) else { return };
        if hop.is_proxy_with_tls {
            // Never ask in the clear: the request may carry the proxy's password.
            return self
                .fail(id, Failure::with_label(FailureKind::Tls, "TLS to the proxy itself is not supported"));
        }
        let host = Box::<str>::from(hop.host);
        if let Lookup::Ready(result) = self.resolver.lookup(&host, token(id), now) {
            self.resolved(id, result, now, false);
        }
    }

    /// Where to connect to: the proxy if there is one.
    fn next_hop(&self, id: ExchangeId) -> Option<Hop<'_>> {
        let flight = self.flight(id)?;
        let (_, pool) = self.pools.get(flight.pool.index as usize)?;
        let lane = pool.lanes.get(flight.lane)?;
        let hop = lane.proxy.as_ref().map_or(&lane.origin, |proxy| &proxy.origin);
        Some(Hop { host: &hop.host, port: hop.port, is_proxy_with_tls: lane.proxy.is_some() && hop.tls })
    }

    /// Takes what the resolver's threads found.
    pub(crate) fn take_lookups(&mut self, now: Moment) {
        for (token, result) in self.resolver.poll(now) {
            let id = exchange_of(token);
            let waits = self.flight(id).is_some_and(|flight| matches!(flight.stage, Stage::Resolving));
            if waits {
                self.resolved(id, result, now, true);
            }
        }
    }

    fn resolved(&mut self, id: ExchangeId, result: Addresses, now: Moment, took_time: bool) {
        let Some(port) = self.next_hop(id).map(|hop| hop.port) else { return };
        match result {
            Err(code) => self.fail(id, FailureKind::Dns(code)),
            Ok(addresses) => {
                let flight = &mut self.flights[id.index as usize];
                if took_time {
                    flight.marks.end(Phase::Dns, now);
                }
                let race = Race::new(&addresses, port);
                flight.stage = Stage::Dialing(Dial { race, attempts: Vec::new() });
                self.run_race(id, now);
            }
        }
    }

    /// Does what the race asks for.
    fn run_race(&mut self, id: ExchangeId, now: Moment) {
        while let Some(dial) = self.dial(id) {
            match dial.race.poll(now) {
                Some(Command::Start(address)) => self.attempt(id, address),
                Some(Command::Cancel(address)) => drop(self.end_attempt(id, address)),
                Some(Command::GiveUp(errno)) => return self.fail(id, FailureKind::Connect(errno)),
                None => {
                    let wakes_at = dial.race.wakes_at();
                    if let Some(at) = wakes_at {
                        self.timers.insert(at, TimerKey::Exchange(id));
                    }
                    return;
                }
            }
        }
    }

    /// The dial of an exchange that is at that stage.
    fn dial(&mut self, id: ExchangeId) -> Option<&mut Dial> {
        match &mut self.flight_mut(id)?.stage {
            Stage::Dialing(dial) => Some(dial),
            _ => None,
        }
    }

    fn attempt(&mut self, id: ExchangeId, address: SocketAddr) {
        let outcome = connect::open(address).and_then(|socket| {
            let kind = SourceKind::Attempt { socket, exchange: id, address };
            self.watch(kind, Interest { read: false, write: true })
        });
        let Some(dial) = self.dial(id) else { return };
        match outcome {
            Ok(index) => dial.attempts.push((address, index)),
            Err(error) => dial.race.failed(address, error.raw_os_error().unwrap_or(libc::EIO)),
        }
    }

    /// Closes a connecting socket.
    fn end_attempt(&mut self, id: ExchangeId, address: SocketAddr) -> Option<SourceKind> {
        let dial = self.dial(id)?;
        let position = dial.attempts.iter().position(|(known, _)| *known == address)?;
        let (_, index) = dial.attempts.swap_remove(position);
        Some(self.unwatch(index))
    }

    /// A connecting socket is ready: connected or refused.
    pub(crate) fn attempt_ready(&mut self, index: usize) {
        let SourceKind::Attempt { socket, exchange, address } = &self.sources[index].kind else { return };
        let (id, address) = (*exchange, *address);
        let outcome = connect::outcome(socket);
        if outcome.is_ok() && socket.peer_addr().is_err() {
            return;
        }
        let now = Moment::now();
        let source = self.end_attempt(id, address);
        let Some(dial) = self.dial(id) else { return };
        if let Err(error) = outcome {
            dial.race.failed(address, error.raw_os_error().unwrap_or(libc::EIO));
            return self.run_race(id, now);
        }
        dial.race.succeeded(address);
        if let Some(SourceKind::Attempt { socket, .. }) = source {
            self.connected(id, socket, now);
        }
    }

    /// Closes the attempts that did not win.
    pub(crate) fn hang_up(&mut self, dial: Dial) {
        for (_, index) in dial.attempts {
            self.unwatch(index);
        }
    }

    fn connected(&mut self, id: ExchangeId, socket: Socket, now: Moment) {
        let flight = &mut self.flights[id.index as usize];
        flight.marks.end(Phase::Connect, now);
        let (pool, lane) = (flight.pool, flight.lane);
        if let Stage::Dialing(dial) = std::mem::replace(&mut flight.stage, Stage::Resolving) {
            self.hang_up(dial);
        }
        let epoch = self.pool(pool).map_or(0, |pool| pool.epoch);
        crate::receive::request_stamps(std::os::fd::AsFd::as_fd(&socket));
        let connection = Connection::new(socket, pool, lane, epoch);
        match self.watch(SourceKind::Connection(connection), Interest::READ) {
            Ok(index) => self.open_way(index, id, pool, lane, now),
            Err(error) => self.fail(id, io_failure(error.raw_os_error())),
        }
    }

    /// The socket is connected: tunnel, handshake or request, whichever is next.
    fn open_way(&mut self, index: usize, id: ExchangeId, pool: PoolId, lane: usize, now: Moment) {
        let Some(pool) = self.pool(pool) else { return };
        let lane = &pool.lanes[lane];
        let tunnel = lane.proxy.as_ref().filter(|_| lane.origin.tls).map(|proxy| {
            proxy::connect_request(&lane.origin.host, lane.origin.port, proxy.authorization.as_deref())
        });
        let is_secure = lane.origin.tls;
        match tunnel {
            Some(request) => self.ask_for_tunnel(index, id, &request),
            None if is_secure => self.secure(index, id, now),
            None => self.assign(index, id, now),
        }
    }

    fn ask_for_tunnel(&mut self, index: usize, id: ExchangeId, request: &[u8]) {
        self.occupy(index, id, Stage::Tunnelling(Vec::new()));
        let Some(connection) = self.connection(index) else { return };
        // A request of a few hundred bytes always fits into the empty buffer of a new socket.
        if let Err(error) = connection.write(request) {
            return self.fail(id, io_failure(error.raw_os_error()));
        }
        self.arm(index);
    }

    /// Bytes of the proxy's answer arrived.
    pub(crate) fn tunnelled(&mut self, index: usize, id: ExchangeId, now: Moment) {
        let flight = &mut self.flights[id.index as usize];
        let Stage::Tunnelling(answer) = &flight.stage else { return };
        match proxy::parse_answer(answer) {
            Ok(None) => {}
            Ok(Some(status)) if (200..300).contains(&status) => {
                flight.marks.end(Phase::Connect, now);
                self.secure(index, id, now);
            }
            Ok(Some(status)) => {
                let reason = String::from_utf8_lossy(h1::reason(answer)).into_owned();
                self.fail(id, Failure::with_label(FailureKind::Proxy(status), reason));
            }
            Err(failure) => self.fail(id, failure),
        }
    }

    /// Begins the TLS handshake.
    fn secure(&mut self, index: usize, id: ExchangeId, now: Moment) {
        let (pool, lane) = (self.flights[id.index as usize].pool, self.flights[id.index as usize].lane);
        let Some(pool) = self.pool(pool) else { return };
        let session = match &pool.settings.tls {
            Some(config) => TlsStream::try_new(config, &pool.lanes[lane].origin.host),
            None => Err(Failure::with_label(FailureKind::Tls, "this pool has no TLS settings")),
        };
        self.occupy(index, id, Stage::Securing);
        self.flights[id.index as usize].marks.phase = now;
        let session = match session {
            Ok(session) => session,
            Err(failure) => return self.fail(id, failure),
        };
        let Some(connection) = self.connection(index) else { return };
        connection.tls = Some(Box::new(session));
        match connection.flush() {
            Ok(is_all) => self.set_interest(index, Interest { read: true, write: !is_all }),
            Err(error) => return self.fail(id, io_failure(error.raw_os_error())),
        }
        self.arm(index);
    }

    /// The handshake is over.
    pub(crate) fn secured(&mut self, index: usize, id: ExchangeId, now: Moment) {
        self.flights[id.index as usize].marks.end(Phase::Tls, now);
        self.assign(index, id, now);
    }

    /// Ties a connection to an exchange before it carries the request.
    fn occupy(&mut self, index: usize, id: ExchangeId, stage: Stage) {
        if let Some(connection) = self.connection(index) {
            connection.flight = Some(id);
        }
        let flight = &mut self.flights[id.index as usize];
        flight.connection = Some(index);
        flight.stage = stage;
    }

    /// The timer of an exchange without a connection rang: the connect timeout, or the race's next attempt.
    pub(crate) fn dial_due(&mut self, id: ExchangeId, now: Moment) {
        let Some(flight) = self.flight(id) else { return };
        if !matches!(flight.stage, Stage::Resolving | Stage::Dialing(_)) {
            return;
        }
        if flight.deadline <= now {
            return self.fail_at(id, FailureKind::ConnectTimeout, flight.deadline);
        }
        self.run_race(id, now);
    }

    /// How many sockets the reactor holds, for tests and diagnostics.
    pub fn sockets(&self) -> usize {
        self.sources.len()
    }

    /// How much room the reactor's tables of sockets and exchanges have taken, and how many entries they hold; for
    /// tests and diagnostics.
    pub fn held(&self) -> [(usize, usize); 2] {
        [(self.sources.capacity(), self.sources.len()), (self.flights.capacity(), self.flights.len())]
    }
}

fn token(id: ExchangeId) -> u64 {
    u64::from(id.index) | u64::from(id.generation) << 32
}

fn exchange_of(token: u64) -> ExchangeId {
    ExchangeId { index: token as u32, generation: (token >> 32) as u32 }
}
