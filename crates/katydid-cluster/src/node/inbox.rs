//! What waits for the owner, and a descriptor that says so.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of mail that wait for an owner who does not take it; beyond, the oldest is lost.
const MAX_BYTES: usize = 64 << 20;

/// What an event costs beside what it carries.
const OVERHEAD: usize = 100;

/// How is an event to be kept?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Whatever happens: the owner must hear it.
    Always,
    /// As long as there is room: others decide how much comes, this time so many bytes.
    WithinBudget(usize),
}

/// A queue with a descriptor that is readable while something waits.
#[derive(Debug)]
pub(super) struct Inbox<T> {
    waiting: Mutex<Waiting<T>>,
    bell: UnixStream,
    ear: UnixStream,
}

/// Two queues with common numbers, so that what must be kept needs no search for what need not.
#[derive(Debug)]
struct Waiting<T> {
    kept: VecDeque<(u64, T)>,
    mail: VecDeque<(u64, usize, T)>,
    mail_bytes: usize,
    put: u64,
    has_lost: bool,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new(), mail: VecDeque::new(), mail_bytes: 0, put: 0, has_lost: false }
    }
}

impl<T> Waiting<T> {
    fn len(&self) -> usize {
        self.kept.len() + self.mail.len()
    }

    fn put(&mut self, event: T, kept: Kept) {
        self.put += 1;
        match kept {
            Kept::Always => self.kept.push_back((self.put, event)),
            Kept::WithinBudget(bytes) => {
                let bytes = bytes.saturating_add(OVERHEAD);
                self.mail_bytes = self.mail_bytes.saturating_add(bytes);
                self.mail.push_back((self.put, bytes, event));
            }
        }
    }

    /// The newest stays, however long it is.
    fn make_room(&mut self) -> bool {
        let mut has_lost = false;
        while self.mail_bytes > MAX_BYTES && self.mail.len() > 1 {
            self.take_mail();
            has_lost = true;
        }
        has_lost
    }

    fn take_mail(&mut self) -> Option<T> {
        let (_, bytes, event) = self.mail.pop_front()?;
        self.mail_bytes -= bytes;
        Some(event)
    }

    fn take(&mut self) -> Option<T> {
        match (self.kept.front(), self.mail.front()) {
            (Some((kept, _)), Some((mail, ..))) if mail < kept => self.take_mail(),
            (Some(_), _) => self.kept.pop_front().map(|(_, event)| event),
            (None, _) => self.take_mail(),
        }
    }
}

impl<T> Inbox<T> {
    pub(super) fn try_new() -> io::Result<Self> {
        let (bell, ear) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        ear.set_nonblocking(true)?;
        Ok(Self { waiting: Mutex::default(), bell, ear })
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.ear.as_fd()
    }

    /// Is something lost by it, for the first time?
    pub(super) fn put(&self, event: T, kept: Kept) -> bool {
        let mut waiting = self.lock();
        if waiting.len() == 0 {
            // A full pipe is readable, which is what matters.
            let _ = (&self.bell).write(&[1]);
        }
        waiting.put(event, kept);
        waiting.make_room() && !std::mem::replace(&mut waiting.has_lost, true)
    }

    /// At most `limit` of them, oldest first.
    pub(super) fn take(&self, limit: usize) -> Vec<T> {
        let mut waiting = self.lock();
        let taken = (0..limit).map_while(|_| waiting.take()).collect();
        if waiting.len() == 0 {
            while matches!((&self.ear).read(&mut [0; 64]), Ok(count) if count > 0) {}
        }
        taken
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_readable<T>(inbox: &Inbox<T>) -> bool {
        let poller = polling::Poller::new().expect("a poller");
        // SAFETY: the descriptor outlives the poller, which ends here.
        unsafe { poller.add(&inbox.ear, polling::Event::readable(0)) }.expect("a descriptor");
        let mut events = polling::Events::new();
        poller.wait(&mut events, Some(std::time::Duration::ZERO)).expect("a look");
        !events.is_empty()
    }

    #[test]
    fn the_descriptor_is_readable_while_something_waits() {
        let inbox = Inbox::try_new().expect("a pair of sockets");
        assert!(!is_readable(&inbox));
        for number in 0..3 {
            inbox.put(number, Kept::Always);
        }
        assert!(is_readable(&inbox));
        assert_eq!(inbox.take(2), [0, 1]);
        assert!(is_readable(&inbox), "one is left");
        assert_eq!(inbox.take(2), [2]);
        assert!(!is_readable(&inbox));
    }

    /// What an owner must hear was the first to be lost, and what filled the queue was counted in events, of any length.
    #[test]
    fn mail_is_bounded_in_bytes_and_nothing_else_is_lost_for_it() {
        let inbox = Inbox::try_new().expect("a pair of sockets");
        let a_quarter = Kept::WithinBudget(MAX_BYTES / 4);
        inbox.put("stop", Kept::Always);
        let lost = ["a", "b", "c", "d", "e"].map(|mail| inbox.put(mail, a_quarter));
        inbox.put("quit", Kept::Always);
        assert_eq!(lost, [false, false, false, true, false], "said once");
        assert_eq!(inbox.take(9), ["stop", "c", "d", "e", "quit"], "in the order in which they came");
        inbox.put("long", Kept::WithinBudget(2 * MAX_BYTES));
        assert_eq!(inbox.take(9), ["long"]);
        for _ in 0..2 * MAX_BYTES / OVERHEAD {
            inbox.put("small", Kept::WithinBudget(0));
        }
        assert!(inbox.len() <= MAX_BYTES / OVERHEAD);
    }
}
