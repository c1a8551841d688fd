//! Bytes in and out of a connection: the reactor's work on one ready socket.

use std::io;

use katydid_stats::{Failure, FailureKind, Phase};

use crate::clock::Moment;
use crate::connection::{Interest, Written};
use crate::flight::{ExchangeId, Stage};
use crate::reactor::{
    BACKLOG_BYTES, INBOX_BYTES, PoolId, Reactor, SourceKind, TimerKey, index_of, io_failure, key_of,
};

/// Most reads from one socket in a row.
const READS: usize = 16;

/// What arrived bytes led to.
enum Step {
    /// More is needed.
    Wait,
    /// A streamed answer made progress, or the server said `100 Continue`.
    Progress,
    /// The TLS handshake is over.
    Secured,
    /// The answer is complete; whether bytes followed it that belong to nothing.
    Complete { excess: bool },
    /// The proxy answered the CONNECT.
    Tunnelled,
    /// The server ended the TLS session.
    Closed,
    /// The bytes arrived after the exchange's time was up.
    TooLate,
    /// The exchange failed.
    Failed(Failure),
    /// Bytes on an idle connection that nobody asked for.
    Unsolicited,
}

impl<W> Reactor<W> {
    /// Reads what a connection's socket holds, up to a limit: a server that sends faster than we read must not keep
    /// the others waiting. The poller reports the rest again.
    pub(crate) fn readable(&mut self, index: usize) {
        self.read(index, READS);
    }

    fn read(&mut self, index: usize, times: usize) {
        let key = self.key(index);
        for _ in 0..times {
            if !self.is_current(key) {
                return;
            }
            let SourceKind::Connection(connection) = &self.sources[index].kind else { return };
            if !connection.interest.read {
                return;
            }
            match connection.receive(&mut self.inbox) {
                Ok(received) if received.len == 0 => return self.closed(index, None),
                Ok(received) => {
                    let read = Moment::now();
                    let arrival = self.clock.arrival(received.stamp, read);
                    self.arrived(index, received.len, arrival, read, received.stamp.is_some());
                    if received.len < self.inbox.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.closed(index, error.raw_os_error()),
            }
        }
    }

    /// Takes in the first `len` bytes of the inbox.
    fn arrived(&mut self, index: usize, len: usize, arrival: Moment, read: Moment, stamped: bool) {
        let step = self.digest(index, len, arrival, read, stamped);
        let SourceKind::Connection(connection) = &self.sources[index].kind else { return };
        let flight = connection.flight;
        match (step, flight) {
            (Step::Complete { excess }, Some(id)) => self.complete(index, id, excess, read),
            (Step::Wait, _) => {
                // Where the request waits for the socket, its next write takes along what TLS has to say.
                if connection.tls.is_some() && !connection.interest.write {
                    self.flush(index);
                }
            }
            (Step::Progress, Some(id)) => self.progress(index, id),
            (Step::Secured, Some(id)) => self.secured(index, id, read),
            (Step::Tunnelled, Some(id)) => self.tunnelled(index, id, read),
            (Step::TooLate, Some(id)) => {
                let deadline = self.flights[id.index as usize].deadline;
                self.fail_at(id, FailureKind::ReadTimeout, deadline);
            }
            (Step::Failed(failure), Some(id)) => self.fail_at(id, failure, arrival),
            (Step::Closed, _) => self.closed(index, None),
            (_, None) | (Step::Unsolicited, _) => self.discard_idle(index),
        }
    }

    /// Feeds the inbox through TLS and the codec into the exchange.
    #[inline]
    fn digest(&mut self, index: usize, len: usize, arrival: Moment, read: Moment, stamped: bool) -> Step {
        let SourceKind::Connection(connection) = &mut self.sources[index].kind else { return Step::Wait };
        let mut input = &self.inbox[..len];
        let mut is_closed = false;
        if let Some(tls) = &mut connection.tls {
            let was_handshaking = tls.is_handshaking();
            if let Err(failure) = tls.read_tls(input) {
                // The peer learns the reason if the socket takes it; the exchange is over either way.
                let _ = connection.flush();
                return Step::Failed(failure);
            }
            if was_handshaking {
                return if tls.is_handshaking() { Step::Wait } else { Step::Secured };
            }
            self.plain.clear();
            is_closed = tls.peer_closed();
            tls.take_plaintext(&mut self.plain);
            input = &self.plain;
            if input.is_empty() {
                return if is_closed { Step::Closed } else { Step::Wait };
            }
        }
        let Some(id) = connection.flight else { return Step::Unsolicited };
        let flight = &mut self.flights[id.index as usize];
        // The stamp is that of the last byte. A full inbox says that more lay in the socket than one look takes: the
        // server was not silent, it waited for us (its probes of the closed window are what came late).
        let is_judged = matches!(flight.stage, Stage::Exchanging)
            && !flight.is_holding()
            && !flight.is_unread()
            && len < INBOX_BYTES;
        if is_judged && arrival > flight.deadline {
            return Step::TooLate;
        }
        if let Stage::Tunnelling(answer) = &mut flight.stage {
            answer.extend_from_slice(input);
            return Step::Tunnelled;
        }
        flight.marks.arrived(arrival, read, stamped);
        flight.restart_limit(read, !connection.interest.write);
        match flight.intake.feed(input, &mut self.heads) {
            Ok(fed) if fed.done => Step::Complete { excess: is_closed || fed.consumed < input.len() },
            Ok(_) if is_closed => Step::Closed,
            Ok(_) => {
                if flight.intake.is_empty() {
                    flight.marks.first_byte = None; // Interim answers are not the answer.
                }
                if flight.wishes.streams || flight.intake.continued { Step::Progress } else { Step::Wait }
            }
            Err(failure) => Step::Failed(failure),
        }
    }

    /// The answer is complete: the connection goes back, the waiter is woken.
    fn complete(&mut self, index: usize, id: ExchangeId, excess: bool, now: Moment) {
        let flight = &mut self.flights[id.index as usize];
        let is_reusable = !excess && flight.is_sent() && flight.intake.keeps_alive();
        if flight.wishes.streams {
            flight.stage = Stage::Drained(Ok(()));
        } else if let Some(answer) = flight.answer() {
            flight.stage = Stage::Done(Ok(answer));
        }
        flight.connection = None;
        self.release(index, is_reusable, now);
        self.wake(id);
    }

    /// Part of a streamed answer, or the permission to send the body.
    fn progress(&mut self, index: usize, id: ExchangeId) {
        let flight = &self.flights[id.index as usize];
        let is_full =
            flight.wishes.streams && flight.intake.bytes.len() > BACKLOG_BYTES + flight.intake.head_len();
        let is_readable = flight.wishes.streams && flight.intake.head.is_some();
        if !flight.is_sent() {
            self.transmit(index);
        }
        if is_full && let Some(connection) = self.connection(index).filter(|one| one.flight == Some(id)) {
            let interest = Interest { read: false, ..connection.interest };
            self.set_interest(index, interest);
        }
        if is_readable {
            self.wake(id);
        }
    }

    /// Reads on after the caller took what had arrived of a streamed answer.
    pub(crate) fn resume_reading(&mut self, id: ExchangeId) {
        let Some(index) = self.flight(id).and_then(|flight| flight.connection) else { return };
        let Some(connection) = self.connection(index) else { return };
        if connection.interest.read {
            return;
        }
        let now = Moment::now();
        let interest = Interest { read: true, ..connection.interest };
        self.set_interest(index, interest);
        let Some(flight) = self.flight_mut(id) else { return };
        // The silence was ours, not the server's.
        flight.restart_limit(now, !interest.write);
        self.arm(index);
    }

    /// Somebody waits for more of a streamed answer: its silence counts from now.
    pub(crate) fn expect_more(&mut self, id: ExchangeId) {
        let Some(index) = self.flight(id).and_then(|flight| flight.connection) else { return };
        let Some(connection) = self.connection(index) else { return };
        let is_written = !connection.interest.write;
        let Some(flight) = self.flight_mut(id) else { return };
        flight.restart_limit(Moment::now(), is_written);
        self.arm(index);
    }

    /// Gives a connection an exchange.
    pub(crate) fn assign(&mut self, index: usize, id: ExchangeId, now: Moment) {
        let Some(connection) = self.connection(index) else { return };
        connection.flight = Some(id);
        let is_reused = connection.served > 0;
        let flight = &mut self.flights[id.index as usize];
        flight.connection = Some(index);
        flight.stage = Stage::Exchanging;
        flight.marks.reused = is_reused;
        flight.marks.begun = Some(now);
        if flight.wishes.expects_continue {
            flight.hold(now);
        }
        flight.restart_limit(now, false);
        self.transmit(index);
    }

    /// Writes what an exchange has, if it has a connection.
    pub(crate) fn transmit_for(&mut self, id: ExchangeId) {
        if let Some(index) = self
            .flight(id)
            .filter(|flight| matches!(flight.stage, Stage::Exchanging))
            .and_then(|f| f.connection)
        {
            self.transmit(index);
        }
    }

    /// Writes as much of the request as may be written and the socket takes.
    pub(crate) fn transmit(&mut self, index: usize) {
        let SourceKind::Connection(connection) = &mut self.sources[index].kind else { return };
        let Some(id) = connection.flight else { return };
        let flight = &mut self.flights[id.index as usize];
        let end = flight.sendable();
        let before = flight.sent;
        let is_all = match connection.write(&flight.out[flight.sent..end]) {
            Ok(Written::All) => {
                flight.sent = end;
                true
            }
            Ok(Written::Part(len)) => {
                flight.sent += len;
                false
            }
            Err(error) => return self.write_failed(index, error.raw_os_error()),
        };
        // A socket that takes nothing is a silence that goes on.
        let has_moved = is_all || flight.sent > before;
        let now = Moment::now();
        if is_all && flight.is_sent() && flight.marks.sent.is_none() {
            flight.marks.sent = Some(now);
        }
        if has_moved {
            flight.restart_limit(now, is_all);
        }
        let is_writer_welcome = !flight.is_complete && flight.drain_sent();
        let read = connection.interest.read;
        self.set_interest(index, Interest { read, write: !is_all });
        self.arm(index);
        if is_writer_welcome {
            self.wake(id);
        }
    }

    /// Writes TLS records that wait, without adding anything.
    fn flush(&mut self, index: usize) {
        let Some(connection) = self.connection(index) else { return };
        match connection.flush() {
            Ok(is_all) => {
                let read = connection.interest.read;
                self.set_interest(index, Interest { read, write: !is_all });
            }
            Err(error) => self.closed(index, error.raw_os_error()),
        }
    }

    /// The socket takes bytes again.
    pub(crate) fn writable(&mut self, index: usize) {
        let Some(connection) = self.connection(index) else { return };
        if !connection.interest.write {
            return;
        }
        let is_exchanging = connection
            .flight
            .is_some_and(|id| matches!(self.flights[id.index as usize].stage, Stage::Exchanging));
        if is_exchanging { self.transmit(index) } else { self.flush(index) }
    }

    /// The socket refused bytes. The server may have answered before it closed: what lies in the socket counts.
    fn write_failed(&mut self, index: usize, errno: Option<i32>) {
        let key = self.key(index);
        self.read(index, usize::MAX);
        if self.is_current(key)
            && self.connection(index).is_some_and(|connection| connection.flight.is_some())
        {
            self.closed(index, errno);
        }
    }

    /// The peer closed (`errno` is `None`), or the connection broke.
    pub(crate) fn closed(&mut self, index: usize, errno: Option<i32>) {
        let Some(connection) = self.connection(index) else { return };
        let Some(id) = connection.flight else { return self.discard_idle(index) };
        let end_of_tls = connection.tls.as_ref().map_or(Ok(()), |tls| tls.end_of_stream());
        let flight = &mut self.flights[id.index as usize];
        match flight.stage {
            Stage::Exchanging => {}
            Stage::Securing if errno.is_none() => {
                return self.fail(id, end_of_tls.err().unwrap_or(FailureKind::ClosedBeforeAnswer.into()));
            }
            _ => return self.fail(id, errno.map_or(FailureKind::ClosedBeforeAnswer, |_| io_failure(errno))),
        }
        if flight.may_retry() {
            return self.retry(index, id);
        }
        if errno.is_some() {
            return self.fail(id, io_failure(errno));
        }
        match flight.intake.close() {
            Ok(()) => self.complete(index, id, true, Moment::now()),
            Err(failure) => self.fail(id, failure),
        }
    }

    /// Sends a request again whose connection had died before the server saw it.
    fn retry(&mut self, index: usize, id: ExchangeId) {
        let now = Moment::now();
        let flight = &mut self.flights[id.index as usize];
        flight.retried = true;
        flight.connection = None;
        flight.sent = 0;
        // All that the dead connection cost counts as sending.
        if let Some(begun) = flight.marks.begun.take() {
            flight.marks.phases.add(Phase::Sent, now.since(begun));
        }
        flight.marks.sent = None;
        flight.stage = Stage::Queued;
        let (pool, lane) = (flight.pool, flight.lane);
        // The place of the dead connection passes to the new one.
        self.unwatch(index);
        if self.pool(pool).is_some_and(|pool| lane < pool.lanes.len()) {
            self.resolve(id, now);
        }
    }

    /// Takes a connection back from a finished exchange.
    fn release(&mut self, index: usize, is_reusable: bool, now: Moment) {
        let Some(connection) = self.connection(index) else { return };
        connection.flight = None;
        connection.served = connection.served.saturating_add(1);
        let (id, lane, epoch) = (connection.pool, connection.lane, connection.epoch);
        let is_watched = connection.interest == Interest::READ;
        let Some(pool) = self.pool(id) else { return self.drop_connection(index) };
        if !is_reusable || !is_watched || pool.epoch != epoch {
            return self.drop_connection(index);
        }
        if let Some(next) = pool.lanes[lane].queue.pop_front() {
            return self.assign(index, next, now);
        }
        let keep = pool.settings.keep;
        let idle = &mut pool.lanes[lane].idle;
        idle.push(index);
        if idle.len() > keep {
            let oldest = idle.remove(0);
            self.drop_connection(oldest);
        }
    }

    /// Closes a connection that has no exchange (any more); its place goes to the next exchange in the queue.
    pub(crate) fn drop_connection(&mut self, index: usize) {
        if let SourceKind::Connection(connection) = self.unwatch(index) {
            self.free_place(connection.pool, connection.lane);
        }
    }

    /// A connection fewer: the longest waiting exchange may open one. It may fail at once and free the place again;
    /// that is a loop and not a recursion, because queues are long.
    pub(crate) fn free_place(&mut self, id: PoolId, lane: usize) {
        self.freed.push_back((id, lane));
        if self.is_offering {
            return;
        }
        self.is_offering = true;
        while let Some((id, lane)) = self.freed.pop_front() {
            self.offer_place(id, lane);
        }
        self.is_offering = false;
    }

    fn offer_place(&mut self, id: PoolId, lane: usize) {
        let Some(pool) = self.pool(id) else { return };
        let limit = pool.settings.size;
        let lane = &mut pool.lanes[lane];
        lane.open -= 1;
        if lane.open >= limit {
            return;
        }
        if let Some(next) = lane.queue.pop_front() {
            lane.open += 1;
            self.resolve(next, Moment::now());
        }
    }

    /// Closes an idle connection that spoke or closed.
    fn discard_idle(&mut self, index: usize) {
        let Some(connection) = self.connection(index) else { return };
        let (id, lane) = (connection.pool, connection.lane);
        if let Some(pool) = self.pool(id) {
            pool.lanes[lane].idle.retain(|&idle| idle != index);
        }
        self.drop_connection(index);
    }

    /// Takes from an exchange what it holds: its connection, its attempts to connect, its place in the queue.
    pub(crate) fn abandon(&mut self, id: ExchangeId) {
        let Some(flight) = self.flight_mut(id) else { return };
        let (pool, lane) = (flight.pool, flight.lane);
        if let Some(index) = flight.connection.take() {
            if let Some(connection) = self.connection(index) {
                connection.flight = None;
            }
            self.drop_connection(index);
            return;
        }
        match std::mem::replace(&mut flight.stage, Stage::Queued) {
            Stage::Queued => {
                if let Some(pool) = self.pool(pool) {
                    pool.lanes[lane].queue.retain(|queued| *queued != id);
                }
            }
            Stage::Resolving => self.free_place(pool, lane),
            Stage::Dialing(dial) => {
                self.hang_up(dial);
                self.free_place(pool, lane);
            }
            over => self.flights[id.index as usize].stage = over,
        }
    }

    /// Makes sure that the timers look at a connection when its exchange's time is up. A timer that is set for an
    /// earlier moment is left: most exchanges end long before their limit, and one timer serves many of them.
    pub(crate) fn arm(&mut self, index: usize) {
        let Some(source) = self.sources.get_mut(index) else { return };
        let key = key_of(index, source.generation);
        let SourceKind::Connection(connection) = &mut source.kind else { return };
        let Some(id) = connection.flight else { return };
        let deadline = self.flights[id.index as usize].deadline;
        if deadline < connection.armed {
            connection.armed = deadline;
            self.timers.insert(deadline, TimerKey::Connection(key));
        }
    }

    /// A connection's timer rang.
    pub(crate) fn connection_due(&mut self, key: usize, at: Moment, now: Moment) {
        let index = index_of(key);
        if !self.is_current(key) {
            return;
        }
        let Some(connection) = self.connection(index) else { return };
        if connection.armed != at {
            return;
        }
        connection.armed = Moment::NEVER;
        let is_read = connection.interest.read;
        let Some(id) = connection.flight else { return };
        if self.flights[id.index as usize].deadline > now {
            return self.arm(index);
        }
        if self.flights[id.index as usize].stop_holding() {
            return self.transmit(index);
        }
        if !is_read || self.flights[id.index as usize].is_unread() {
            // The caller does not read; the limit starts anew when it does.
            return;
        }
        // An answer may lie in the socket that this turn's events did not mention.
        self.readable(index);
        let Some(flight) = self.flight(id).filter(|flight| flight.connection == Some(index)) else { return };
        if flight.deadline > now {
            return self.arm(index);
        }
        let deadline = flight.deadline;
        match flight.stage {
            Stage::Exchanging => self.fail_at(id, FailureKind::ReadTimeout, deadline),
            Stage::Tunnelling(_) | Stage::Securing => self.fail_at(id, FailureKind::ConnectTimeout, deadline),
            _ => {}
        }
    }
}
