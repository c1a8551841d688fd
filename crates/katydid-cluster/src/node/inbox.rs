//! What waits for the owner, and a descriptor that says so.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Events that wait for an owner who does not take them; beyond, the oldest is lost.
const MAX_WAITING: usize = 100_000;

/// A bounded queue with a descriptor that is readable while something waits.
#[derive(Debug)]
pub(super) struct Inbox<T> {
    waiting: Mutex<VecDeque<T>>,
    bell: UnixStream,
    ear: UnixStream,
}

impl<T> Inbox<T> {
    pub(super) fn try_new() -> io::Result<Self> {
        let (bell, ear) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        ear.set_nonblocking(true)?;
        Ok(Self { waiting: Mutex::default(), bell, ear })
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.ear.as_fd()
    }

    pub(super) fn put(&self, event: T) {
        let mut waiting = self.lock();
        if waiting.len() >= MAX_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(event);
        if waiting.len() == 1 {
            // A full pipe is readable, which is what matters.
            let _ = (&self.bell).write(&[1]);
        }
    }

    /// At most `limit` of them, oldest first.
    pub(super) fn take(&self, limit: usize) -> Vec<T> {
        let mut waiting = self.lock();
        let count = waiting.len().min(limit);
        let taken = waiting.drain(..count).collect();
        if waiting.is_empty() {
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
        (0..3).for_each(|number| inbox.put(number));
        assert!(is_readable(&inbox));
        assert_eq!(inbox.take(2), [0, 1]);
        assert!(is_readable(&inbox), "one is left");
        assert_eq!(inbox.take(2), [2]);
        assert!(!is_readable(&inbox));
    }

    #[test]
    fn is_bounded_and_keeps_the_newest() {
        let inbox = Inbox::try_new().expect("a pair of sockets");
        (0..=MAX_WAITING).for_each(|number| inbox.put(number));
        assert_eq!((inbox.len(), inbox.take(1)), (MAX_WAITING, vec![1]));
    }
}
