//! What does a node's thread do, turn after turn? It sends, waits for what comes in or is due, and tells the time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

use super::shared::{Role, Shared, Wire};
use super::{Complaints, LINGER, TURN};
use crate::event::Level;

/// Runs a node on a thread of this name until it is told to end.
pub(super) fn spawn<W: Wire>(
    name: &str,
    shared: Arc<Shared<W::Role>>,
    wire: W,
) -> io::Result<JoinHandle<()>> {
    let runner = Runner { shared, wire, complaints: Complaints::default() };
    thread::Builder::new().name(name.to_owned()).spawn(move || runner.run())
}

struct Runner<W: Wire> {
    shared: Arc<Shared<W::Role>>,
    wire: W,
    complaints: Complaints,
}

impl<W: Wire> Runner<W> {
    /// A fault of ours ends the node, and the owner hears it.
    fn run(mut self) {
        let worked = catch_unwind(AssertUnwindSafe(|| self.work()));
        if let Err(fault) = worked {
            let text = fault.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| fault.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            let text = format!(
                "this node is cut off from the others by a fault of its own, please report it: {text}"
            );
            self.shared.tell(W::Role::note(Level::Error, text));
        }
    }

    fn work(&mut self) {
        while !self.shared.is_ending() {
            self.turn();
            self.shared.with(W::Role::tick);
        }
        // What is left is said; time does not pass any more, so that nothing new comes to be said.
        let until = Instant::now() + LINGER;
        while Instant::now() < until && !(self.shared.outbox().is_empty() && self.wire.is_done()) {
            self.turn();
        }
    }

    fn turn(&mut self) {
        let outbox = std::mem::take(&mut *self.shared.outbox());
        outbox.into_iter().for_each(|outgoing| self.wire.send(outgoing));
        let timeout = self.timeout();
        let mut incoming = Vec::new();
        if let Err(error) = self.wire.poll(timeout, &mut incoming) {
            let text = format!("the system does not tell which connections are ready: {error}");
            if self.complaints.is_new(&text) {
                self.shared.tell(W::Role::note(Level::Error, text));
            }
            // The wait that did not happen; who ends the node unparks its thread.
            thread::park_timeout(timeout);
        }
        for incoming in incoming {
            self.wire.take(incoming, &self.shared, &mut self.complaints);
        }
    }

    fn timeout(&self) -> Duration {
        let due = W::Role::due(&self.shared.lock());
        due.map_or(TURN, |due| due.saturating_sub(self.shared.now().elapsed)).min(TURN)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use polling::Poller;

    use super::*;
    use crate::clock::Now;
    use crate::node::inbox::Kept;
    use crate::transport::Incoming;

    /// Tells through its machine that time passes.
    struct Ticking;

    impl Role for Ticking {
        type Machine = Sender<()>;
        type Event = String;
        type Outgoing = ();

        fn carry_out(_: &mut Sender<()>, _: &Shared<Self>) {}

        fn tick(machine: &mut Sender<()>, _: Now) {
            machine.send(()).expect("somebody who listens");
        }

        fn due(_: &Sender<()>) -> Option<Duration> {
            Some(Duration::ZERO)
        }

        fn is_wanted(&self, _: &String) -> bool {
            true
        }

        fn kept(_: &String) -> Kept {
            Kept::Always
        }

        fn note(_: Level, text: String) -> String {
            text
        }
    }

    /// Sockets that the system says nothing about.
    struct Mute;

    impl Wire for Mute {
        type Role = Ticking;

        fn poll(&mut self, _: Duration, _: &mut Vec<Incoming>) -> io::Result<()> {
            Err(io::Error::other("no events"))
        }

        fn send(&mut self, (): ()) {}

        fn take(&mut self, _: Incoming, _: &Shared<Ticking>, _: &mut Complaints) {}

        fn is_done(&mut self) -> bool {
            true
        }
    }

    #[test]
    fn time_passes_where_the_system_tells_nothing_and_that_is_said_once() {
        let (sender, ticks) = channel();
        let poller = Arc::new(Poller::new().expect("a poller"));
        let shared = Arc::new(Shared::try_new(Ticking, sender, poller).expect("an inbox"));
        let thread = spawn("mute", shared.clone(), Mute).expect("a thread");
        for _ in 0..3 {
            ticks.recv_timeout(Duration::from_secs(20)).expect("a tick");
        }
        shared.end();
        thread.join().expect("an end");
        let said = shared.inbox.take(10);
        assert_eq!(said, ["the system does not tell which connections are ready: no events"]);
    }

    /// The node had been dead, and its owner had waited for it.
    #[test]
    fn a_fault_of_the_thread_is_told() {
        let (sender, ticks) = channel();
        drop(ticks);
        let poller = Arc::new(Poller::new().expect("a poller"));
        let shared = Arc::new(Shared::try_new(Ticking, sender, poller).expect("an inbox"));
        spawn("faulty", shared.clone(), Mute).expect("a thread").join().expect("the fault is caught");
        let told = shared.inbox.take(10);
        assert!(told.iter().any(|text| text.contains("somebody who listens")), "{told:?}");
    }
}
