//! One connection, from its greeting to its end.

use std::collections::VecDeque;
use std::fmt;

use super::MAX_MESSAGE;
use super::curve::{Client, Server, Traffic};
use super::frame::{Frame, read_metadata, split_command, write_command, write_message, write_metadata};
use crate::key::Key;

/// Longest frame before a peer is known.
const MAX_BEFORE: usize = 1024;

const GREETING: usize = 64;

/// Bytes that may wait to be written when a PING is answered.
const MAX_PONGS: usize = 1 << 20;

/// Memory that is kept for the next message, where a long one has taken more.
const KEPT_INPUT: usize = 64 << 10;

/// Longest identity that the protocol allows.
const MAX_IDENTITY: usize = 255;

/// Why a peer is not listened to any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It speaks something else.
    NotZeroMq,
    /// It wants encryption, and we have no key.
    WantsKey,
    /// It wants no encryption, and we have a key.
    HasNoKey,
    /// Its key is another one.
    WrongKey,
    /// It is no node of the kind that belongs here.
    WrongSocket(String),
    /// Its message is longer than the limit.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// It has not shown who it is, for too long.
    Silent,
    /// Too many bytes of messages wait for their ends, and most of them are its.
    TooMuch,
    /// The system has no room for another connection, and says why.
    NoRoom(String),
    /// It does not want us, and says why.
    ByPeer(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotZeroMq => f.write_str("it does not speak Locust's protocol (ZMTP 3)"),
            Self::WantsKey => f.write_str("it has a cluster key and this node has none: give both the same"),
            Self::HasNoKey => f.write_str("it has no cluster key and this node has one: give both the same"),
            Self::WrongKey => f.write_str("its cluster key is not that of this node: give both the same"),
            Self::WrongSocket(kind) => {
                write!(f, "it is a {kind} socket: no node of the kind that belongs here")
            }
            Self::TooLong { limit } => write!(f, "it sends a message of more than {limit} bytes"),
            Self::TooMuch => f.write_str("it does not end its messages"),
            Self::NoRoom(why) => write!(f, "there is no room for it: {why}"),
            Self::Silent => f.write_str("it does not say who it is"),
            Self::ByPeer(reason) if reason == REFUSED => {
                f.write_str("it refused this node's cluster key: give both the same")
            }
            Self::ByPeer(reason) => write!(f, "it refused this node: {reason}"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What a node is told whose key is wrong: a status code as of HTTP, by ZeroMQ's custom.
const REFUSED: &str = "400";

/// Which end of the connection this is.
#[derive(Clone, Debug)]
pub enum Side {
    /// The one that listens.
    Master,
    /// The one that connects, with its id.
    Worker(Vec<u8>),
}

impl Side {
    fn socket_type(&self) -> &'static [u8] {
        match self {
            Self::Master => b"ROUTER",
            Self::Worker(_) => b"DEALER",
        }
    }

    fn peer_type(&self) -> &'static [u8] {
        match self {
            Self::Master => b"DEALER",
            Self::Worker(_) => b"ROUTER",
        }
    }

    fn metadata(&self) -> Vec<u8> {
        let identity = match self {
            Self::Master => &[],
            Self::Worker(identity) => identity.as_slice(),
        };
        write_metadata(self.socket_type(), identity)
    }
}

enum Phase {
    Greeting,
    /// Without a key: the peer's READY is awaited.
    Plain,
    Client(Box<Client>),
    Server(Box<Server>),
    Open(Option<Box<Traffic>>),
}

/// The protocol's state on one connection.
pub struct Session {
    side: Side,
    key: Option<Key>,
    phase: Phase,
    peer: Vec<u8>,
    input: Vec<u8>,
    output: Vec<u8>,
    /// The first part of a message of several is the message.
    is_amid_parts: bool,
    messages: VecDeque<Vec<u8>>,
}

impl Session {
    /// A connection that was just made.
    pub fn new(side: Side, key: Option<Key>) -> Self {
        let mut output = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
        let (mechanism, is_server) = match (&key, &side) {
            (None, _) => (NULL, 0),
            (Some(_), Side::Master) => (CURVE, 1),
            (Some(_), Side::Worker(_)) => (CURVE, 0),
        };
        output.extend_from_slice(mechanism);
        output.push(is_server);
        output.resize(GREETING, 0);
        Self {
            side,
            key,
            phase: Phase::Greeting,
            peer: Vec::new(),
            input: Vec::new(),
            output,
            is_amid_parts: false,
            messages: VecDeque::new(),
        }
    }

    /// Do messages pass?
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// The id that the peer says it has; empty before [`Self::is_open`].
    pub fn peer(&self) -> &[u8] {
        &self.peer
    }

    /// Bytes to write, which are to be taken away as they are written.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// The messages that have come, oldest first.
    pub fn take_message(&mut self) -> Option<Vec<u8>> {
        self.messages.pop_front()
    }

    /// Sends a message. Only once [`Self::is_open`]; before, it is dropped.
    pub fn send(&mut self, message: &[u8]) {
        match &mut self.phase {
            Phase::Open(None) => write_message(&mut self.output, message),
            Phase::Open(Some(traffic)) => {
                let sealed = traffic.seal(message);
                write_message(&mut self.output, &sealed);
            }
            _ => {}
        }
    }

    /// Takes bytes that have come.
    ///
    /// # Errors
    /// The peer is not to be listened to any more. What is in [`Self::output`] may still be sent: it tells the peer.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.input.extend_from_slice(bytes);
        if matches!(self.phase, Phase::Greeting) && !self.greet()? {
            return Ok(());
        }
        let mut done = 0;
        let taken = self.take_frames(&mut done);
        self.input.drain(..done);
        if self.input.is_empty() && self.input.capacity() > KEPT_INPUT {
            self.input = Vec::new();
        }
        taken
    }

    /// Bytes that have come and make no whole message yet.
    pub fn unfinished(&self) -> usize {
        self.input.len()
    }

    fn take_frames(&mut self, done: &mut usize) -> Result<(), Refusal> {
        loop {
            let limit = if self.is_open() { MAX_MESSAGE } else { MAX_BEFORE };
            let Some(frame) = Frame::find(&self.input[*done..], limit)? else { return Ok(()) };
            let body = *done + frame.from..*done + frame.to;
            *done = body.end;
            if !self.is_open() {
                let body = self.input[body].to_vec();
                self.shake_hands(frame, &body)?;
            } else if frame.is_command {
                let body = self.input[body].to_vec();
                self.obey(&body)?;
            } else {
                self.take_part(frame.has_more, body)?;
            }
        }
    }

    fn take_part(&mut self, has_more: bool, body: std::ops::Range<usize>) -> Result<(), Refusal> {
        let (has_more, message) = match &mut self.phase {
            Phase::Open(Some(traffic)) => {
                let (flags, message) = traffic.open(&self.input[body])?;
                if flags & 2 != 0 {
                    return self.obey(&message);
                }
                (flags & 1 != 0, message)
            }
            _ => (has_more, self.input[body].to_vec()),
        };
        if !std::mem::replace(&mut self.is_amid_parts, has_more) {
            self.messages.push_back(message);
        }
        Ok(())
    }

    /// A command amid messages.
    fn obey(&mut self, body: &[u8]) -> Result<(), Refusal> {
        match split_command(body)? {
            (b"ERROR", reason) => Err(by_peer(reason)),
            // A peer that asks and does not read gets no more answers than it reads.
            (b"PING", _) if self.output.len() > MAX_PONGS => Ok(()),
            (b"PING", data) if !matches!(self.phase, Phase::Open(Some(_))) => {
                let context = data.get(2..).unwrap_or_default();
                write_command(&mut self.output, b"PONG", &context[..context.len().min(16)]);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Takes the greeting; is it complete?
    fn greet(&mut self) -> Result<bool, Refusal> {
        let signature = [(0, 0xff), (9, 0x7f)];
        if signature.iter().any(|(at, byte)| self.input.get(*at).is_some_and(|found| found & byte != *byte)) {
            return Err(Refusal::NotZeroMq);
        }
        if self.input.get(10).is_some_and(|version| *version < 3) {
            return Err(Refusal::NotZeroMq);
        }
        let Some(greeting) = self.input.first_chunk::<GREETING>() else { return Ok(false) };
        let mechanism: [u8; 20] = *greeting[12..].first_chunk().expect("64 bytes");
        match (&mechanism == CURVE, self.key.is_some()) {
            (true, false) => return Err(Refusal::WantsKey),
            (false, true) => return Err(Refusal::HasNoKey),
            (false, false) if &mechanism != NULL => return Err(Refusal::NotZeroMq),
            _ => {}
        }
        self.input.drain(..GREETING);
        self.begin_handshake()?;
        Ok(true)
    }

    fn begin_handshake(&mut self) -> Result<(), Refusal> {
        let Some(key) = &self.key else {
            write_command(&mut self.output, b"READY", &self.side.metadata());
            self.phase = Phase::Plain;
            return Ok(());
        };
        self.phase = match &self.side {
            Side::Master => {
                let secret = key.master_secret.clone().ok_or(Refusal::WrongKey)?;
                Phase::Server(Box::new(Server::new(secret, key.worker_public.clone())))
            }
            Side::Worker(_) => {
                let secret = key.worker_secret.clone().ok_or(Refusal::WrongKey)?;
                let client = Client::new(key.master_public.clone(), secret);
                write_command(&mut self.output, b"HELLO", &client.hello());
                Phase::Client(Box::new(client))
            }
        };
        Ok(())
    }

    fn shake_hands(&mut self, frame: Frame, body: &[u8]) -> Result<(), Refusal> {
        if !frame.is_command {
            return Err(Refusal::NotZeroMq);
        }
        let command = split_command(body)?;
        if let (b"ERROR", reason) = command {
            return Err(by_peer(reason));
        }
        let metadata = self.side.metadata();
        match (&mut self.phase, command) {
            (Phase::Plain, (b"READY", data)) => self.open_to(data, None),
            (Phase::Client(client), (b"WELCOME", data)) => {
                let initiate = client.initiate(data, &metadata)?;
                write_command(&mut self.output, b"INITIATE", &initiate);
                Ok(())
            }
            (Phase::Client(client), (b"READY", data)) => {
                let (theirs, traffic) = client.ready(data)?;
                self.open_to(&theirs, Some(traffic))
            }
            (Phase::Server(server), (b"HELLO", data)) => {
                let welcome = server.welcome(data);
                self.answer(b"WELCOME", welcome)
            }
            (Phase::Server(server), (b"INITIATE", data)) => {
                let ready = server.ready(data, &metadata);
                let (theirs, ready, traffic) = ready.inspect_err(|_| refuse(&mut self.output))?;
                write_command(&mut self.output, b"READY", &ready);
                self.open_to(&theirs, Some(traffic))
            }
            _ => Err(Refusal::NotZeroMq),
        }
    }

    fn answer(&mut self, name: &[u8], data: Result<Vec<u8>, Refusal>) -> Result<(), Refusal> {
        let data = data.inspect_err(|_| refuse(&mut self.output))?;
        write_command(&mut self.output, name, &data);
        Ok(())
    }

    fn open_to(&mut self, metadata: &[u8], traffic: Option<Traffic>) -> Result<(), Refusal> {
        let (socket_type, identity) = read_metadata(metadata)?;
        if socket_type != self.side.peer_type() || identity.len() > MAX_IDENTITY {
            return Err(Refusal::WrongSocket(String::from_utf8_lossy(&socket_type).into_owned()));
        }
        self.peer = identity;
        self.phase = Phase::Open(traffic.map(Box::new));
        Ok(())
    }
}

const NULL: &[u8; 20] = b"NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const CURVE: &[u8; 20] = b"CURVE\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn refuse(output: &mut Vec<u8>) {
    let mut reason = vec![REFUSED.len() as u8];
    reason.extend_from_slice(REFUSED.as_bytes());
    write_command(output, b"ERROR", &reason);
}

fn by_peer(reason: &[u8]) -> Refusal {
    let reason = reason.get(1..).unwrap_or_default();
    Refusal::ByPeer(String::from_utf8_lossy(reason).chars().filter(|c| !c.is_control()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(master: Option<Key>, worker: Option<Key>) -> (Session, Session) {
        (Session::new(Side::Master, master), Session::new(Side::Worker(b"host_1".to_vec()), worker))
    }

    /// Carries bytes between the two, in pieces, until nothing moves or one refuses.
    fn talk(a: &mut Session, b: &mut Session, piece: usize) -> (Option<Refusal>, Option<Refusal>) {
        let mut refusals = (None, None);
        for _ in 0..20 {
            for chunk in std::mem::take(a.output()).chunks(piece) {
                refusals.1 = refusals.1.or_else(|| b.receive(chunk).err());
            }
            for chunk in std::mem::take(b.output()).chunks(piece) {
                refusals.0 = refusals.0.or_else(|| a.receive(chunk).err());
            }
        }
        refusals
    }

    fn two_keys() -> [Key; 2] {
        [Key::generate(), Key::generate()]
    }

    #[test]
    fn messages_pass_both_ways_with_and_without_a_key() {
        let [key, _] = two_keys();
        for key in [None, Some(key)] {
            for piece in [1, 7, 5000] {
                let (mut master, mut worker) = pair(key.clone(), key.clone());
                assert_eq!(talk(&mut master, &mut worker, piece), (None, None));
                assert!(master.is_open() && worker.is_open());
                assert_eq!(master.peer(), b"host_1");
                let long = vec![7; 70_000];
                worker.send(b"up");
                worker.send(&long);
                master.send(b"down");
                assert_eq!(talk(&mut master, &mut worker, piece), (None, None));
                assert_eq!(master.take_message().as_deref(), Some(&b"up"[..]));
                assert_eq!(master.take_message(), Some(long));
                assert_eq!(worker.take_message().as_deref(), Some(&b"down"[..]));
            }
        }
    }

    #[test]
    fn who_has_no_key_or_another_is_refused_on_both_sides() {
        let [key, other] = two_keys();
        let (mut master, mut worker) = pair(Some(key.clone()), None);
        assert_eq!(talk(&mut master, &mut worker, 9000), (Some(Refusal::HasNoKey), Some(Refusal::WantsKey)));
        let (mut master, mut worker) = pair(None, Some(key.clone()));
        assert_eq!(talk(&mut master, &mut worker, 9000), (Some(Refusal::WantsKey), Some(Refusal::HasNoKey)));
        let (mut master, mut worker) = pair(Some(key.clone()), Some(other.clone()));
        let refused = Some(Refusal::ByPeer(REFUSED.to_owned()));
        assert_eq!(talk(&mut master, &mut worker, 9000), (Some(Refusal::WrongKey), refused.clone()));
        // Knows the master's public key, and is nobody that it trusts.
        let stranger =
            Key { worker_secret: other.worker_secret, worker_public: other.worker_public, ..key.clone() };
        let (mut master, mut worker) = pair(Some(key), Some(stranger));
        assert_eq!(talk(&mut master, &mut worker, 9000), (Some(Refusal::WrongKey), refused));
    }

    #[test]
    fn an_encrypted_message_is_taken_once() {
        let [key, _] = two_keys();
        let (mut master, mut worker) = pair(Some(key.clone()), Some(key));
        talk(&mut master, &mut worker, 9000);
        worker.send(b"once");
        let bytes = std::mem::take(worker.output());
        assert_eq!(master.receive(&bytes), Ok(()));
        assert_eq!(master.receive(&bytes), Err(Refusal::WrongKey), "replayed");
    }

    #[test]
    fn strangers_are_refused_early() {
        let mut master = Session::new(Side::Master, None);
        assert_eq!(master.receive(b"GET / HTTP/1.1\r\n"), Err(Refusal::NotZeroMq));
        let (mut master, mut worker) = pair(None, None);
        worker.output().extend_from_slice(&[0x06, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]);
        let greeted = std::mem::take(worker.output());
        assert_eq!(master.receive(&greeted), Err(Refusal::TooLong { limit: MAX_BEFORE }));
        let mut master = Session::new(Side::Master, None);
        let mut another = Session::new(Side::Master, None);
        let refused = Some(Refusal::WrongSocket("ROUTER".to_owned()));
        assert_eq!(talk(&mut master, &mut another, 9000), (refused.clone(), refused));
    }

    #[test]
    fn a_message_over_the_limit_is_refused_by_its_head() {
        let (mut master, mut worker) = pair(None, None);
        talk(&mut master, &mut worker, 9000);
        let head = [&[2][..], &(MAX_MESSAGE as u64 + 1).to_be_bytes()].concat();
        assert_eq!(master.receive(&head), Err(Refusal::TooLong { limit: MAX_MESSAGE }));
    }

    #[test]
    fn of_a_message_of_several_parts_the_first_counts() {
        let (mut master, mut worker) = pair(None, None);
        talk(&mut master, &mut worker, 9000);
        assert_eq!(master.receive(&[1, 1, b'a', 1, 1, b'b', 0, 1, b'c', 0, 1, b'd']), Ok(()));
        assert_eq!(
            (master.take_message(), master.take_message()),
            (Some(b"a".to_vec()), Some(b"d".to_vec()))
        );
    }

    /// What is sealed twice with one nonce can be read and forged by who sees both.
    #[test]
    fn a_second_welcome_is_refused() {
        let [key, _] = two_keys();
        let (mut master, mut worker) = pair(Some(key.clone()), Some(key));
        master.receive(&std::mem::take(worker.output())).expect("a greeting");
        worker.receive(&std::mem::take(master.output())).expect("a greeting");
        master.receive(&std::mem::take(worker.output())).expect("a hello");
        let welcome = std::mem::take(master.output());
        assert_eq!(worker.receive(&welcome), Ok(()));
        assert!(!std::mem::take(worker.output()).is_empty(), "it initiates");
        assert_eq!(worker.receive(&welcome), Err(Refusal::NotZeroMq));
        assert_eq!(*worker.output(), [], "and not again");
    }

    #[test]
    fn a_long_message_leaves_no_memory_behind() {
        let (mut master, mut worker) = pair(None, None);
        talk(&mut master, &mut worker, 9000);
        worker.send(&vec![7; 16 * KEPT_INPUT]);
        assert_eq!(talk(&mut master, &mut worker, 9000), (None, None));
        assert_eq!(master.take_message().map(|message| message.len()), Some(16 * KEPT_INPUT));
        assert!(master.input.capacity() <= KEPT_INPUT && master.unfinished() == 0);
    }

    #[test]
    fn a_ping_is_answered() {
        let (mut master, mut worker) = pair(None, None);
        talk(&mut master, &mut worker, 9000);
        assert_eq!(master.receive(b"\x04\x09\x04PING\x00\x0aab"), Ok(()));
        assert_eq!(*master.output(), b"\x04\x07\x04PONGab");
    }

    #[test]
    fn who_does_not_read_the_answers_to_its_pings_gets_few() {
        let (mut master, mut worker) = pair(None, None);
        talk(&mut master, &mut worker, 9000);
        for _ in 0..2 * MAX_PONGS / 20 {
            assert_eq!(master.receive(b"\x04\x17\x04PING\x00\x0a0123456789abcdef"), Ok(()));
        }
        assert!(master.output().len() < MAX_PONGS + 100, "{} bytes wait", master.output().len());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), is_greeted: bool) {
            let (mut master, mut worker) = pair(None, None);
            if is_greeted {
                talk(&mut master, &mut worker, 9000);
            }
            let _ = master.receive(&bytes);
        }
    }
}
