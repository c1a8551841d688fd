//! Who calls the blocking function? A few named threads that start when there is work and nobody idle.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::WORKERS;
use crate::signals;

type Wake = Box<dyn Fn() + Send + Sync>;
type Resolve = Box<dyn Fn(&str) -> Result<Vec<IpAddr>, i32> + Send + Sync>;

/// A finished question.
pub(super) struct Answer {
    pub(super) host: Box<str>,
    pub(super) addresses: Result<Vec<IpAddr>, i32>,
}

/// The threads and the two queues to and from them.
pub(super) struct Workers {
    shared: Arc<Shared>,
    answers: Receiver<Answer>,
    /// Given to each new thread.
    sender: Sender<Answer>,
    started: usize,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    wake: Wake,
    resolve: Resolve,
}

#[derive(Default)]
struct Queue {
    hosts: VecDeque<Box<str>>,
    idle: usize,
    closed: bool,
}

impl Workers {
    pub(super) fn new(wake: Wake, resolve: Resolve) -> Self {
        let (sender, answers) = mpsc::channel();
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new(), wake, resolve });
        Self { shared, answers, sender, started: 0 }
    }

    pub(super) fn ask(&mut self, host: &str) {
        let mut queue = self.shared.lock();
        queue.hosts.push_back(host.into());
        let is_short_of_hands = queue.hosts.len() > queue.idle;
        drop(queue);
        self.shared.changed.notify_one();
        if is_short_of_hands && self.started < WORKERS {
            self.start();
        }
    }

    pub(super) fn answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }

    fn start(&mut self) {
        let (shared, sender) = (Arc::clone(&self.shared), self.sender.clone());
        let name = format!("katydid-dns-{}", self.started);
        match signals::spawn(name, move || shared.work(&sender)) {
            Ok(_) => self.started += 1,
            // With a worker already there, the name waits for it. Without any, nobody would ever answer.
            Err(_) if self.started > 0 => {}
            Err(_) => self.refuse_all(),
        }
    }

    /// The system gives us no thread: every waiting name fails as a resolver that is short of resources does.
    fn refuse_all(&self) {
        for host in self.shared.lock().hosts.drain(..) {
            let _ = self.sender.send(Answer { host, addresses: Err(libc::EAI_MEMORY) });
        }
        (self.shared.wake)();
    }
}

impl Drop for Workers {
    /// Threads are told to end and not waited for: one may be inside `getaddrinfo` for many seconds.
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// Nothing panics while it holds the lock, so a poisoned queue is a good queue.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, sender: &Sender<Answer>) {
        while let Some(host) = self.next_host() {
            let addresses = (self.resolve)(&host);
            if sender.send(Answer { host, addresses }).is_err() {
                return;
            }
            (self.wake)();
        }
    }

    /// Waits for a name; `None` when the resolver is gone.
    fn next_host(&self) -> Option<Box<str>> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(host) = queue.hosts.pop_front() {
                return Some(host);
            }
            queue.idle += 1;
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }
}
