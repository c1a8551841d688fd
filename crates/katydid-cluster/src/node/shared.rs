//! What do an owner and the node's thread share? The state machine under its lock, and what it wants said and told.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use polling::Poller;

use super::inbox::{Inbox, Kept};
use super::{Clock, Complaints};
use crate::clock::Now;
use crate::event::Level;
use crate::transport::Incoming;

/// What a node is: a master or a worker. The rest of a node is the same for both.
pub trait Role: Send + Sync + Sized + 'static {
    /// Its state machine.
    type Machine: Send;
    /// What its owner hears.
    type Event: Send;
    /// What it wants of its sockets.
    type Outgoing: Send;

    /// Does what the state machine wants done.
    fn carry_out(machine: &mut Self::Machine, shared: &Shared<Self>);

    /// Time passes for the state machine.
    fn tick(machine: &mut Self::Machine, now: Now);

    /// When the state machine has to be told the time, if it knows.
    fn due(machine: &Self::Machine) -> Option<Duration>;

    /// Does the owner want to hear of this?
    fn is_wanted(&self, event: &Self::Event) -> bool;

    /// How is this to be kept for an owner who is slow?
    fn kept(event: &Self::Event) -> Kept;

    /// A line for the log.
    fn note(level: Level, text: String) -> Self::Event;
}

/// The sockets of a role, and who understands what comes in.
pub(super) trait Wire: Send + 'static {
    type Role: Role;

    /// Waits at most `timeout` and does what there is to do.
    fn poll(&mut self, timeout: Duration, incoming: &mut Vec<Incoming>) -> io::Result<()>;

    fn send(&mut self, outgoing: <Self::Role as Role>::Outgoing);

    fn take(&mut self, incoming: Incoming, shared: &Shared<Self::Role>, complaints: &mut Complaints);

    /// Has everything been written that can be?
    fn is_done(&mut self) -> bool;
}

/// What an owner and the node's thread share.
pub struct Shared<R: Role> {
    pub(super) role: R,
    machine: Mutex<R::Machine>,
    outbox: Mutex<Vec<R::Outgoing>>,
    pub(super) inbox: Inbox<R::Event>,
    poller: Arc<Poller>,
    clock: Clock,
    is_ending: AtomicBool,
}

impl<R: Role> Shared<R> {
    pub(super) fn try_new(role: R, machine: R::Machine, poller: Arc<Poller>) -> io::Result<Self> {
        Ok(Self {
            role,
            machine: Mutex::new(machine),
            outbox: Mutex::default(),
            inbox: Inbox::try_new()?,
            poller,
            clock: Clock::new(),
            is_ending: AtomicBool::new(false),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, R::Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `act` on the state machine and does what it wants done.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut R::Machine, Now) -> T) -> T {
        let mut machine = self.lock();
        let result = act(&mut machine, self.now());
        R::carry_out(&mut machine, self);
        result
    }

    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// To be sent at the thread's next turn.
    pub(super) fn say(&self, outgoing: R::Outgoing) {
        self.outbox().push(outgoing);
    }

    pub(super) fn outbox(&self) -> MutexGuard<'_, Vec<R::Outgoing>> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, event: R::Event) {
        if !self.role.is_wanted(&event) {
            return;
        }
        let kept = R::kept(&event);
        if self.inbox.put(event, kept) {
            let text = "messages, reports or logs of other nodes come faster than this process takes them: \
                        the oldest are lost (told once)";
            self.inbox.put(R::note(Level::Warning, text.to_owned()), Kept::Always);
        }
    }

    /// Ends the thread's wait.
    pub(super) fn wake(&self) {
        // Failure means that nobody waits, and then what is to be sent is found anyway.
        let _ = self.poller.notify();
    }

    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire)
    }
}
