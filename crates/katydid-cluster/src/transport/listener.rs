//! The master's sockets: whoever connects, and each by its id.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use polling::{Event, Events, PollMode, Poller};
use socket2::{Domain, Socket, Type};

use super::Incoming;
use super::link::{End, Link};
use crate::key::Key;
use crate::zmtp::{MAX_MESSAGE, Refusal, Session, Side};

/// Connections that wait in the system's queue.
const BACKLOG: i32 = 1024;

/// Connections that have not shown yet who they are. Beyond, the oldest is ended, which has had more time than it needs:
/// so those that never say who they are keep nobody out.
const MAX_STRANGERS: usize = 1024;

/// How long they may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// So many sockets are looked at together.
const BATCH: NonZeroUsize = NonZeroUsize::new(1024).expect("not zero");

/// Looks at sockets in one turn, while there are as many as can be looked at together: nobody who has said something
/// counts as silent because others have, too.
const ROUNDS: usize = 16;

/// Bytes of messages that are taken in one turn.
const MAX_GATHERED: usize = 64 << 20;

/// Bytes of messages that are not complete, of all peers together.
const MAX_UNFINISHED: usize = 8 * MAX_MESSAGE;

/// How long nobody is let in when the system has no room.
const PAUSE: Duration = Duration::from_secs(1);

const LISTENER: usize = 0;

/// A ROUTER socket: listens, and knows its peers by their ids.
pub struct Listener {
    poller: Arc<Poller>,
    listener: TcpListener,
    key: Option<Key>,
    links: HashMap<usize, Link>,
    peers: HashMap<String, usize>,
    /// Those that have not shown yet who they are, oldest first.
    strangers: BTreeSet<usize>,
    handshake: Duration,
    /// Events that the system tells at once.
    batch: NonZeroUsize,
    /// Bytes of all messages that are not complete.
    unfinished: usize,
    max_unfinished: usize,
    /// Bytes of the messages that came in this turn.
    gathered: usize,
    next: usize,
    dirty: Vec<usize>,
    buffer: Vec<u8>,
    /// When to listen again, if nobody can be let in now.
    accept_at: Option<Instant>,
}

impl Listener {
    /// Listens at `host` (a name, an address, or `*` for all) and `port` (0: any).
    ///
    /// # Errors
    /// The system refuses, or the name is not known.
    pub fn bind(host: &str, port: u16, key: Option<Key>) -> io::Result<Self> {
        let listener = listen(host, port)?;
        listener.set_nonblocking(true)?;
        let poller = Arc::new(Poller::new()?);
        // SAFETY: the listener lives as long as the poller: both are fields that are never replaced, and the drop of
        // `Self` deletes it.
        unsafe { poller.add_with_mode(&listener, Event::readable(LISTENER), PollMode::Level)? };
        Ok(Self {
            poller,
            listener,
            key,
            links: HashMap::new(),
            peers: HashMap::new(),
            strangers: BTreeSet::new(),
            handshake: HANDSHAKE,
            batch: BATCH,
            unfinished: 0,
            max_unfinished: MAX_UNFINISHED,
            gathered: 0,
            next: LISTENER + 1,
            dirty: Vec::new(),
            buffer: vec![0; 64 << 10],
            accept_at: None,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Its `notify` ends a [`Self::poll`] early.
    pub fn poller(&self) -> Arc<Poller> {
        self.poller.clone()
    }

    /// Waits at most `timeout` and does what there is to do.
    ///
    /// # Errors
    /// The system cannot tell which sockets are ready.
    pub fn poll(&mut self, timeout: Duration, incoming: &mut Vec<Incoming>) -> io::Result<()> {
        self.flush(incoming);
        self.listen_again();
        self.gathered = 0;
        let mut timeout = timeout;
        for _ in 0..ROUNDS {
            if !self.attend(timeout, incoming)? {
                break;
            }
            timeout = Duration::ZERO;
        }
        self.drop_slow_strangers(incoming);
        self.flush(incoming);
        Ok(())
    }

    /// Serves those of whom the system says that they are ready; may there be more of them?
    fn attend(&mut self, timeout: Duration, incoming: &mut Vec<Incoming>) -> io::Result<bool> {
        let mut events = Events::with_capacity(self.batch);
        self.poller.wait(&mut events, Some(timeout))?;
        let mut count = 0;
        for event in events.iter() {
            if self.gathered > MAX_GATHERED {
                // Who is not served now is ready at the next turn, too.
                return Ok(false);
            }
            count += 1;
            match event.key {
                LISTENER => self.accept(incoming),
                key => self.serve(key, event.readable, incoming),
            }
        }
        // A call of `notify` takes a place and is not shown.
        Ok(count > 0 && count + 1 >= self.batch.get())
    }

    /// Sends a message to a peer, or to nobody if it is not connected, as ROUTER sockets do.
    pub fn send(&mut self, peer: &str, message: &[u8]) {
        let Some(key) = self.peers.get(peer).copied() else { return };
        let Some(link) = self.links.get_mut(&key) else { return };
        if link.send(message) {
            self.dirty.push(key);
        }
    }

    /// Ends the connection of a peer.
    pub fn close(&mut self, peer: &str) {
        if let Some(key) = self.peers.remove(peer) {
            self.end(key);
        }
    }

    /// Is anything left to write?
    pub fn is_idle(&mut self) -> bool {
        self.links.values_mut().all(|link| link.session().output().is_empty())
    }

    fn accept(&mut self, incoming: &mut Vec<Incoming>) {
        for _ in 0..BACKLOG {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    // A connection that cannot be set up is dropped: its peer tries again.
                    let _ = self.admit(stream);
                    if self.strangers.len() > MAX_STRANGERS {
                        self.end_oldest_stranger(incoming);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Out of descriptors: a stranger has to go.
                Err(_) if self.end_oldest_stranger(incoming) => {}
                Err(error) => return self.pause(&error, incoming),
            }
        }
    }

    /// Is there one?
    fn end_oldest_stranger(&mut self, incoming: &mut Vec<Incoming>) -> bool {
        let oldest = self.strangers.first().copied();
        if let Some(key) = oldest {
            self.finish(key, End::Refused(Refusal::Silent), incoming);
        }
        oldest.is_some()
    }

    /// Whoever knocks would be heard in every turn.
    fn pause(&mut self, error: &io::Error, incoming: &mut Vec<Incoming>) {
        let reason = Refusal::NoRoom(error.to_string());
        incoming.push(Incoming::Refused { address: None, reason });
        if self.listen_for(false) {
            self.accept_at = Some(Instant::now() + PAUSE);
        }
    }

    fn listen_again(&mut self) {
        if self.accept_at.is_some_and(|at| Instant::now() >= at) && self.listen_for(true) {
            self.accept_at = None;
        }
    }

    fn listen_for(&self, connections: bool) -> bool {
        let event = Event::new(LISTENER, connections, false);
        self.poller.modify_with_mode(&self.listener, event, PollMode::Level).is_ok()
    }

    fn admit(&mut self, stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let session = Session::new(Side::Master, self.key.clone());
        let key = self.next;
        self.next += 1;
        self.links.insert(key, Link::try_new(stream, session, &self.poller, key)?);
        self.strangers.insert(key);
        self.dirty.push(key);
        Ok(())
    }

    fn serve(&mut self, key: usize, is_readable: bool, incoming: &mut Vec<Incoming>) {
        let Some(link) = self.links.get_mut(&key) else { return };
        let read = if is_readable { link.read(&mut self.buffer) } else { Ok(()) };
        self.announce(key, incoming);
        self.take_messages(key, incoming);
        match read {
            Ok(()) => self.dirty.push(key),
            Err(end) => self.finish(key, end, incoming),
        }
        self.count_unfinished(key, incoming);
    }

    /// Together they may not make us hold more than a few could: the greediest has to go.
    fn count_unfinished(&mut self, key: usize, incoming: &mut Vec<Incoming>) {
        let Some(link) = self.links.get_mut(&key) else { return };
        let now = link.session().unfinished();
        let before = std::mem::replace(&mut link.unfinished, now);
        self.unfinished = self.unfinished - before + now;
        if self.unfinished > self.max_unfinished
            && let Some((greediest, _)) = self.links.iter().max_by_key(|(_, link)| link.unfinished)
        {
            self.finish(*greediest, End::Refused(Refusal::TooMuch), incoming);
        }
    }

    fn announce(&mut self, key: usize, incoming: &mut Vec<Incoming>) {
        let Some(link) = self.links.get_mut(&key).filter(|link| !link.is_announced) else { return };
        if !link.session().is_open() {
            return;
        }
        link.is_announced = true;
        self.strangers.remove(&key);
        let peer = String::from_utf8_lossy(link.session().peer()).into_owned();
        // A node that connects again takes the place of its old connection, which may be half dead.
        if let Some(old) = self.peers.insert(peer.clone(), key) {
            self.end(old);
        }
        incoming.push(Incoming::Opened { peer });
    }

    fn take_messages(&mut self, key: usize, incoming: &mut Vec<Incoming>) {
        let Some(link) = self.links.get_mut(&key).filter(|link| link.is_announced) else { return };
        let session = link.session();
        let peer = String::from_utf8_lossy(session.peer()).into_owned();
        while let Some(bytes) = session.take_message() {
            self.gathered += bytes.len();
            incoming.push(Incoming::Message { peer: peer.clone(), bytes });
        }
    }

    fn finish(&mut self, key: usize, end: End, incoming: &mut Vec<Incoming>) {
        let Some(link) = self.links.get_mut(&key) else { return };
        let address = link.address;
        if let End::Refused(reason) = end {
            incoming.push(Incoming::Refused { address, reason });
        }
        let peer = String::from_utf8_lossy(link.session().peer()).into_owned();
        if self.peers.get(&peer) == Some(&key) {
            self.peers.remove(&peer);
            incoming.push(Incoming::Closed { peer });
        }
        self.end(key);
    }

    fn end(&mut self, key: usize) {
        let Some(link) = self.links.remove(&key) else { return };
        self.unfinished -= link.unfinished;
        self.strangers.remove(&key);
        link.leave(&self.poller, key);
    }

    fn drop_slow_strangers(&mut self, incoming: &mut Vec<Incoming>) {
        let now = Instant::now();
        let is_slow =
            |key: &usize| self.links.get(key).is_none_or(|link| now > link.opened_at + self.handshake);
        let slow: Vec<usize> = self.strangers.iter().copied().take_while(is_slow).collect();
        slow.into_iter().for_each(|key| self.finish(key, End::Refused(Refusal::Silent), incoming));
    }

    fn flush(&mut self, incoming: &mut Vec<Incoming>) {
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        for key in dirty.drain(..) {
            let flushed = self.links.get_mut(&key).map_or(Ok(()), |link| link.flush(&self.poller, key));
            if let Err(end) = flushed {
                self.finish(key, end, incoming);
            }
        }
        if self.dirty.is_empty() {
            self.dirty = dirty;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.poller.delete(&self.listener);
        for (key, link) in self.links.drain() {
            link.leave(&self.poller, key);
        }
    }
}

fn listen(host: &str, port: u16) -> io::Result<TcpListener> {
    if matches!(host, "*" | "") {
        let all = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
        return listen_at(all).or_else(|error| match error.kind() {
            io::ErrorKind::AddrInUse => Err(error),
            _ => listen_at(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
        });
    }
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("no address is known for {host}"));
    for address in (host.trim_matches(['[', ']']), port).to_socket_addrs()? {
        match listen_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn who_takes_too_long_to_say_who_he_is_is_refused() {
        let mut listener = Listener::bind("127.0.0.1", 0, None).expect("a free port");
        let _silent = TcpStream::connect(listener.address().expect("an address")).expect("a listener");
        let mut incoming = Vec::new();
        while listener.strangers.is_empty() {
            listener.poll(Duration::from_secs(1), &mut incoming).expect("a look");
        }
        assert_eq!(incoming, []);
        listener.handshake = Duration::ZERO;
        listener.poll(Duration::ZERO, &mut incoming).expect("a look");
        let address = Some(Ipv4Addr::LOCALHOST.into());
        assert_eq!(incoming, [Incoming::Refused { address, reason: Refusal::Silent }]);
        assert!(listener.links.is_empty());
    }

    fn listener() -> (Listener, SocketAddr) {
        let listener = Listener::bind("127.0.0.1", 0, None).expect("a free port");
        let address = listener.address().expect("an address");
        (listener, address)
    }

    /// A worker that has shaken hands.
    fn worker(listener: &mut Listener, address: SocketAddr, id: &str) -> (TcpStream, Session) {
        let mut stream = TcpStream::connect(address).expect("a listener");
        let mut session = Session::new(Side::Worker(id.as_bytes().to_vec()), None);
        stream.set_nonblocking(true).expect("a socket");
        while !session.is_open() {
            stream.write_all(&std::mem::take(session.output())).expect("a peer");
            listener.poll(Duration::from_millis(1), &mut Vec::new()).expect("a look");
            let mut bytes = [0; 200];
            if let Ok(count) = stream.read(&mut bytes) {
                session.receive(&bytes[..count]).expect("a greeting");
            }
        }
        stream.write_all(&std::mem::take(session.output())).expect("a peer");
        listener.poll(Duration::from_millis(1), &mut Vec::new()).expect("a look");
        (stream, session)
    }

    /// A thousand had been heard in a turn, and the others had passed for silent.
    #[test]
    fn all_who_have_said_something_are_heard_in_one_turn() {
        let (mut listener, address) = listener();
        let mut workers: Vec<_> =
            (0..9).map(|number| worker(&mut listener, address, &format!("h_{number}"))).collect();
        listener.batch = NonZeroUsize::new(3).expect("not zero");
        for (stream, session) in &mut workers {
            session.send(b"here");
            stream.write_all(&std::mem::take(session.output())).expect("a peer");
        }
        let mut incoming = Vec::new();
        listener.poll(Duration::from_secs(1), &mut incoming).expect("a look");
        let messages = incoming.iter().filter(|event| matches!(event, Incoming::Message { .. }));
        assert_eq!(messages.count(), 9);
    }

    #[test]
    fn of_those_who_never_end_their_messages_the_greediest_goes() {
        let (mut listener, address) = listener();
        listener.max_unfinished = 150_000;
        let mut incoming = Vec::new();
        let mut streams = Vec::new();
        for (id, bytes) in [("h_1", 60_000), ("h_2", 70_000), ("h_3", 50_000)] {
            let (mut stream, _) = worker(&mut listener, address, id);
            let head = [&[2][..], &1_000_000_u64.to_be_bytes()].concat();
            stream.set_nonblocking(false).expect("a socket");
            stream.write_all(&[head, vec![0; bytes]].concat()).expect("a peer");
            let held = listener.unfinished;
            while listener.unfinished < held + bytes && incoming.is_empty() {
                listener.poll(Duration::from_secs(1), &mut incoming).expect("a look");
            }
            streams.push(stream);
        }
        assert!(matches!(&incoming[0], Incoming::Refused { reason: Refusal::TooMuch, .. }), "{incoming:?}");
        assert_eq!(incoming[1], Incoming::Closed { peer: "h_2".to_owned() });
        assert!((100_000..150_000).contains(&listener.unfinished), "{}", listener.unfinished);
        listener.close("h_1");
        listener.close("h_3");
        assert_eq!(listener.unfinished, 0);
    }

    #[test]
    fn without_room_nobody_is_listened_for_until_later() {
        let (mut listener, address) = listener();
        let mut incoming = Vec::new();
        listener.pause(&io::Error::from_raw_os_error(libc::EMFILE), &mut incoming);
        assert!(matches!(&incoming[..], [Incoming::Refused { reason: Refusal::NoRoom(_), .. }]));
        let _waiting = TcpStream::connect(address).expect("a queue");
        listener.poll(Duration::ZERO, &mut incoming).expect("a look");
        assert!(listener.links.is_empty(), "not now");
        listener.accept_at = Some(Instant::now());
        while listener.links.is_empty() {
            listener.poll(Duration::from_secs(1), &mut incoming).expect("a look");
        }
        assert_eq!(listener.accept_at, None);
    }
}
