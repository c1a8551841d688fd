//! Which addresses does a name have? The system's resolver asked off the reactor's thread, with a cache in front.
//!
//! `getaddrinfo` blocks, so at most [`WORKERS`] threads call it; they start with the first names and end with the
//! [`Resolver`]. Look-ups of one name that overlap are one question. An answer is kept for [`KEEP_ADDRESSES`], a
//! failure for [`KEEP_FAILURE`], whatever the port. Only literal addresses are never asked about.
//!
//! What a maintainer must not break: the reactor's thread never waits here; [`Resolver::lookup`] and
//! [`Resolver::poll`] hold a lock only while they move a name through a queue.

mod system;
mod workers;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::Moment;
use workers::Workers;

/// How long the addresses of a name are believed.
pub const KEEP_ADDRESSES: Duration = Duration::from_secs(60);

/// How long a name that did not resolve is believed not to.
pub const KEEP_FAILURE: Duration = Duration::from_secs(1);

/// At most this many names are asked about at a time; further ones queue.
pub const WORKERS: usize = 4;

/// Beyond this many names, answers that are out of date are thrown away.
const ROOMY: usize = 1024;

/// The addresses of a name in the system's order of preference, or the `EAI_*` code.
pub type Addresses = Result<Rc<[IpAddr]>, i32>;

/// What [`Resolver::lookup`] can say at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Known already.
    Ready(Addresses),
    /// [`Resolver::poll`] will report it under the caller's token.
    Pending,
}

/// Turns names into addresses for one reactor.
pub struct Resolver {
    names: HashMap<Box<str>, Entry>,
    workers: Workers,
}

enum Entry {
    Asked { waiting: Vec<u64> },
    Known { addresses: Addresses, until: Moment },
}

impl Resolver {
    /// A resolver that asks the system. `wake` is called from another thread whenever [`Resolver::poll`] has news.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self::with_function(wake, system::resolve)
    }

    /// A resolver that asks `resolve` instead of the system: a list of addresses that is not empty, or an `EAI_*`
    /// code.
    pub fn with_function(
        wake: impl Fn() + Send + Sync + 'static,
        resolve: impl Fn(&str) -> Result<Vec<IpAddr>, i32> + Send + Sync + 'static,
    ) -> Self {
        Self { names: HashMap::new(), workers: Workers::new(Box::new(wake), Box::new(resolve)) }
    }

    /// The addresses of `host`, or the promise to report them under `token`. A caller that gives up need not say so:
    /// it ignores its token when it comes.
    pub fn lookup(&mut self, host: &str, token: u64, now: Moment) -> Lookup {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Lookup::Ready(Ok(Rc::new([address])));
        }
        match self.names.get_mut(host) {
            Some(Entry::Known { addresses, until }) if now < *until => {
                return Lookup::Ready(addresses.clone());
            }
            Some(Entry::Asked { waiting }) => waiting.push(token),
            Some(Entry::Known { .. }) | None => self.ask(host, token, now),
        }
        Lookup::Pending
    }

    /// The look-ups that ended since the last call.
    pub fn poll(&mut self, now: Moment) -> Vec<(u64, Addresses)> {
        let mut ended = Vec::new();
        while let Some(answer) = self.workers.answer() {
            let addresses = answer.addresses.map(Rc::from);
            let keep = if addresses.is_ok() { KEEP_ADDRESSES } else { KEEP_FAILURE };
            let known = Entry::Known { addresses: addresses.clone(), until: now.after(keep) };
            if let Some(Entry::Asked { waiting }) = self.names.insert(answer.host, known) {
                ended.extend(waiting.into_iter().map(|token| (token, addresses.clone())));
            }
        }
        ended
    }

    fn ask(&mut self, host: &str, token: u64, now: Moment) {
        if self.names.len() >= ROOMY {
            self.names.retain(|_, entry| !matches!(entry, Entry::Known { until, .. } if *until <= now));
        }
        self.names.insert(host.into(), Entry::Asked { waiting: vec![token] });
        self.workers.ask(host);
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Resolver").field("names", &self.names.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
