//! Where is one exchange on its way? The state that the reactor keeps between `start` and `poll`.

use katydid_stats::{Failure, Phase, Phases};

use crate::clock::Moment;
use crate::dial::Dial;
use crate::exchange::{Answer, Body, Request, Timeouts, Timing};
use crate::intake::Intake;
use crate::reactor::PoolId;

/// Names an exchange; never reused while the reactor lives (index and generation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// The stations of an exchange.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Waits for a connection of its pool to become free.
    Queued,
    /// Waits for its name.
    Resolving,
    /// Connects; several attempts may be under way.
    Dialing(Dial),
    /// Asks the proxy for a tunnel; what the proxy said so far.
    Tunnelling(Vec<u8>),
    /// TLS handshake.
    Securing,
    /// Request and answer are on the wire.
    Exchanging,
    /// Over; the outcome waits to be polled.
    Done(Result<Answer, Failure>),
    /// A streamed answer that is over; its last bytes may wait in the intake.
    Drained(Result<(), Failure>),
}

/// What was asked of the exchange, as flags.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes {
    pub(crate) is_idempotent: bool,
    pub(crate) expects_continue: bool,
    pub(crate) streams: bool,
    /// The body comes in pieces and is framed in chunks.
    pub(crate) chunked: bool,
}

/// When things happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    pub(crate) started: Moment,
    /// Start of the phase that runs now.
    pub(crate) phase: Moment,
    /// The phases that are over; what follows the first write is derived in [`Marks::timing`].
    pub(crate) phases: Phases,
    /// When the first byte of the request was about to be written.
    pub(crate) begun: Option<Moment>,
    pub(crate) sent: Option<Moment>,
    /// Arrival of the first byte of the final answer.
    pub(crate) first_byte: Option<Moment>,
    pub(crate) received: Moment,
    pub(crate) lag_ns: u64,
    pub(crate) kernel_time: bool,
    pub(crate) reused: bool,
}

impl Marks {
    /// Ends `phase` at `now`; the next phase begins.
    pub(crate) fn end(&mut self, phase: Phase, now: Moment) {
        self.phases.add(phase, now.since(self.phase));
        self.phase = now;
    }

    /// Notes that bytes of the answer arrived at `arrival` and were read at `read`.
    #[inline]
    pub(crate) fn arrived(&mut self, arrival: Moment, read: Moment, stamped: bool) {
        let first = *self.first_byte.get_or_insert(arrival);
        if first == arrival {
            self.kernel_time = stamped;
        }
        self.kernel_time &= stamped;
        self.received = arrival;
        self.lag_ns = read.since(arrival);
    }

    /// Notes that the exchange failed at `at`.
    pub(crate) fn ended(&mut self, at: Moment) {
        if self.first_byte.is_some() && self.received == at {
            return; // What arrived just now is the failure.
        }
        self.received = at;
        self.lag_ns = 0;
        self.kernel_time = false;
    }

    pub(crate) fn timing(&self) -> Timing {
        let mut phases = self.phases;
        if let Some(begun) = self.begun {
            // The answer, or the end, may come while the request is still being written.
            let first = self.first_byte.unwrap_or(self.received);
            let sent = self.sent.unwrap_or(first).min(first);
            phases.add(Phase::Sent, sent.since(begun));
            if first > sent || self.first_byte.is_some() {
                phases.add(Phase::Waiting, first.since(sent));
            }
            if self.first_byte.is_some() {
                phases.add(Phase::Receiving, self.received.since(first));
            }
        }
        Timing {
            started: self.started,
            received: self.received,
            lag_ns: self.lag_ns,
            phases,
            kernel_time: self.kernel_time,
            reused: self.reused,
        }
    }
}

/// One exchange under way.
#[derive(Debug)]
pub(crate) struct Flight<W> {
    pub(crate) generation: u32,
    pub(crate) pool: PoolId,
    pub(crate) lane: usize,
    pub(crate) stage: Stage,
    /// The connection, once there is one.
    pub(crate) connection: Option<usize>,
    pub(crate) wishes: Wishes,
    pub(crate) timeouts: Timeouts,
    /// When the stage that runs now is given up.
    pub(crate) deadline: Moment,
    /// The request's bytes: kept until the answer begins, for the one retry.
    pub(crate) out: Vec<u8>,
    pub(crate) sent: usize,
    pub(crate) head_len: usize,
    /// Nothing will be added to `out`.
    pub(crate) is_complete: bool,
    /// Bytes of `out` were dropped after they were sent, so it cannot be sent again.
    pub(crate) is_spent: bool,
    pub(crate) retried: bool,
    pub(crate) intake: Intake,
    /// A streamed answer's head was handed out.
    pub(crate) head_taken: bool,
    pub(crate) marks: Marks,
    pub(crate) waiter: Option<W>,
    /// The waiter is in the reactor's queue of woken ones.
    pub(crate) is_woken: bool,
}

impl<W> Flight<W> {
    pub(crate) fn new(
        generation: u32,
        pool: PoolId,
        lane: usize,
        request: &Request<'_>,
        mut out: Vec<u8>,
        started: Moment,
    ) -> Self {
        out.clear();
        out.extend_from_slice(request.head);
        let (is_complete, chunked) = match request.body {
            Body::Empty => (true, false),
            Body::Bytes(bytes) => {
                out.extend_from_slice(bytes);
                (true, false)
            }
            Body::Pieces { chunked } => (false, chunked),
        };
        Self {
            generation,
            pool,
            lane,
            stage: Stage::Queued,
            connection: None,
            wishes: Wishes {
                is_idempotent: request.is_idempotent,
                expects_continue: request.expects_continue,
                streams: request.streams,
                chunked,
            },
            timeouts: request.timeouts,
            deadline: Moment::NEVER,
            out,
            sent: 0,
            head_len: request.head.len(),
            is_complete,
            is_spent: false,
            retried: false,
            intake: Intake::new(request.is_head),
            head_taken: false,
            marks: Marks { started, phase: started, ..Marks::default() },
            waiter: None,
            is_woken: false,
        }
    }

    /// How much of `out` may be written now: all of it, or the head alone until the server says `100 Continue`.
    pub(crate) fn sendable(&self) -> usize {
        let holds = self.wishes.expects_continue && !self.intake.continued;
        if holds { self.head_len.min(self.out.len()) } else { self.out.len() }
    }

    /// Whether the whole request was handed to the kernel.
    pub(crate) fn is_sent(&self) -> bool {
        self.is_complete && self.sent == self.out.len()
    }

    /// Whether the request may be sent again on another connection without anybody noticing.
    pub(crate) fn may_retry(&self) -> bool {
        self.marks.reused
            && !self.retried
            && self.wishes.is_idempotent
            && !self.is_spent
            && self.intake.is_untouched()
    }

    /// Makes the answer out of a complete intake (or, streamed, out of its head).
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let head = self.intake.head.as_ref()?;
        let head_len = head.len;
        let bytes = if self.wishes.streams {
            self.intake.bytes.drain(..head_len).collect()
        } else {
            std::mem::take(&mut self.intake.bytes)
        };
        Some(Answer {
            status: head.status,
            bytes,
            head_len,
            coding: head.coding.clone(),
            has_cookies: head.has_cookies,
            has_location: head.has_location,
            timing: self.marks.timing(),
        })
    }
}

/// How long a request that expects `100 Continue` waits for it (RFC 9110 10.1.1 leaves the span to the client).
const CONTINUE_WAIT: std::time::Duration = std::time::Duration::from_secs(1);

impl<W> Flight<W> {
    /// Keeps the body back until the server asks for it or the wait is over.
    pub(crate) fn hold(&mut self, now: Moment) {
        let network = self.timeouts.network.unwrap_or(CONTINUE_WAIT);
        self.deadline = now.after(network.min(CONTINUE_WAIT));
    }

    /// Starts the network limit anew, unless the body is kept back for a limit of its own. It is counted from the
    /// moment at which we read, not from the arrival: while we do not read, the server may be unable to send.
    #[inline]
    pub(crate) fn restart_limit(&mut self, now: Moment, is_flushed: bool) {
        if self.is_holding() {
            return;
        }
        let waits_for_caller = is_flushed && !self.is_complete;
        self.deadline = match self.timeouts.network {
            Some(network) if !waits_for_caller => now.after(network),
            _ => Moment::NEVER,
        };
    }

    /// Whether a streamed answer has come of which nobody waits for more: its silence is not the server's.
    pub(crate) fn is_unread(&self) -> bool {
        self.head_taken && self.waiter.is_none()
    }

    /// Whether the body is kept back.
    pub(crate) fn is_holding(&self) -> bool {
        self.wishes.expects_continue && !self.intake.continued && self.sent <= self.head_len
    }

    /// Sends the body unasked; whether it was kept back until now.
    pub(crate) fn stop_holding(&mut self) -> bool {
        let held = self.is_holding() && matches!(self.stage, Stage::Exchanging);
        if held {
            self.wishes.expects_continue = false;
        }
        held
    }

    /// Forgets bytes that were sent, for a body in pieces; whether there is room for more.
    pub(crate) fn drain_sent(&mut self) -> bool {
        if self.sent > 0 && self.sent >= self.head_len {
            self.is_spent = true;
            self.out.drain(..self.sent);
            self.sent = 0;
            self.head_len = 0;
        }
        self.out.len() <= crate::reactor::BACKLOG_BYTES
    }
}
