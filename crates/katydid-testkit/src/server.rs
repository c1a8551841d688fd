//! Who plays the scripts? A server on the loopback that records what it hears, and when.
//!
//! What a maintainer must not break: a dialogue that went otherwise than its script must fail the test. [`Server`]
//! says so when it is finished, and also when it is only dropped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use crate::script::{Script, Step};
use crate::wire::Wire;

/// How long a script waits for what it expects before the test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server on `127.0.0.1` whose first connection gets the first script, the second the second, and every one
/// beyond the last script the last again. Each connection has a thread of its own.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    scripts: Vec<Script>,
    tls: Option<Arc<ServerConfig>>,
    started: Instant,
    is_over: AtomicBool,
    conversations: Mutex<Vec<Conversation>>,
    changed: Condvar,
}

/// What happened on one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// What the server heard: time since its start, and the bytes of one read.
    pub arrivals: Vec<(Duration, Vec<u8>)>,
    /// How the conversation ended; `None` while it lasts.
    pub end: Option<End>,
}

/// How a conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All steps were played.
    Played,
    /// The TLS handshake did not come about.
    NoHandshake(String),
    /// Reading or writing failed, because the peer went away in a hurry.
    Broken(String),
    /// The peer did not say what the script expected: this fails the test.
    OffScript(String),
}

impl Conversation {
    /// Everything that the server heard, in one piece.
    pub fn received(&self) -> Vec<u8> {
        self.arrivals.iter().flat_map(|(_, bytes)| bytes).copied().collect()
    }

    /// [`Conversation::received`] as text, with marks in the place of what is none.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received()).into_owned()
    }
}

impl Server {
    /// Starts a server in the clear.
    ///
    /// # Panics
    /// No script was given, or the system has no socket for us.
    pub fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::begin(scripts, None)
    }

    /// Starts a server that speaks TLS as `config` says; see [`crate::certificates`].
    ///
    /// # Panics
    /// As [`Server::start`].
    pub fn start_tls(config: Arc<ServerConfig>, scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::begin(scripts, Some(config))
    }

    fn begin(scripts: impl IntoIterator<Item = Script>, tls: Option<Arc<ServerConfig>>) -> Self {
        let scripts: Vec<Script> = scripts.into_iter().collect();
        assert!(!scripts.is_empty(), "a server without a script knows nothing to do");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on the loopback");
        let address = listener.local_addr().expect("the address of a bound socket");
        let shared = Arc::new(Shared {
            scripts,
            tls,
            started: Instant::now(),
            is_over: AtomicBool::new(false),
            conversations: Mutex::default(),
            changed: Condvar::new(),
        });
        let player = Arc::clone(&shared);
        let accepting = thread::spawn(move || player.accept(&listener));
        Self { address, shared, accepting: Some(accepting) }
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port where the server listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The conversations up to now, in the order in which their connections were accepted.
    pub fn conversations(&self) -> Vec<Conversation> {
        self.shared.lock().clone()
    }

    /// Waits until `is_so` holds for the conversations, and returns them.
    ///
    /// # Panics
    /// It does not hold for 10 seconds.
    pub fn wait_until(&self, is_so: impl Fn(&[Conversation]) -> bool) -> Vec<Conversation> {
        let guard = self.shared.lock();
        let (seen, _) = self
            .shared
            .changed
            .wait_timeout_while(guard, PATIENCE, |conversations| !is_so(conversations))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(is_so(&seen), "the server waited {PATIENCE:?} in vain; it heard {seen:#?}");
        seen.clone()
    }

    /// Accepts no more, waits until every conversation is over, and returns them.
    ///
    /// # Panics
    /// A conversation left its script, or does not end for 10 seconds.
    pub fn finish(mut self) -> Vec<Conversation> {
        self.stop();
        let seen = self.wait_until(|conversations| conversations.iter().all(|one| one.end.is_some()));
        assert_on_script(&seen);
        seen
    }

    fn stop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // The accepting thread looks at the flag when it gets a connection.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.accepting.take() {
            let joined = thread.join();
            assert!(joined.is_ok() || thread::panicking(), "the accepting thread panicked");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.accepting.is_some() {
            self.stop();
        }
        if !thread::panicking() {
            assert_on_script(&self.conversations());
        }
    }
}

fn assert_on_script(conversations: &[Conversation]) {
    for (index, conversation) in conversations.iter().enumerate() {
        if let Some(End::OffScript(story)) = &conversation.end {
            panic!("connection {index} left its script: {story}");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Conversation>> {
        self.conversations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        while let Ok((socket, _)) = listener.accept() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let index = self.change(|conversations| {
                conversations.push(Conversation::default());
                conversations.len() - 1
            });
            let shared = Arc::clone(self);
            thread::spawn(move || shared.converse(index, socket));
        }
    }

    fn converse(&self, index: usize, socket: TcpStream) {
        let script = &self.scripts[index.min(self.scripts.len() - 1)];
        let end = match Wire::new(socket, self.tls.clone(), PATIENCE) {
            Ok(wire) => Play { shared: self, index, wire, unread: Vec::new() }.play(script),
            Err(error) => End::Broken(error.to_string()),
        };
        self.change(|conversations| conversations[index].end = Some(end));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<Conversation>) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }
}

/// One connection under way.
struct Play<'a> {
    shared: &'a Shared,
    index: usize,
    wire: Wire,
    /// Heard and not yet expected.
    unread: Vec<u8>,
}

impl Play<'_> {
    /// Plays the script; the connection is closed when this returns.
    fn play(mut self, script: &Script) -> End {
        if let Err(error) = self.wire.greet() {
            return End::NoHandshake(error.to_string());
        }
        for step in &script.steps {
            match self.step(step) {
                Ok(Next::Step) => {}
                Ok(Next::End) => return End::Played,
                Err(end) => return end,
            }
        }
        self.close().map_or_else(|error| broken(&error), |()| End::Played)
    }

    fn step(&mut self, step: &Step) -> Result<Next, End> {
        match step {
            Step::Expect(bytes) => self.expect(bytes)?,
            Step::Request(begins) => self.request(begins)?,
            Step::Skip(count) => self.skip(*count)?,
            Step::Send(bytes) => self.wire.send(bytes).map_err(|error| broken(&error))?,
            Step::Drip(bytes, pause) => self.drip(bytes, *pause).map_err(|error| broken(&error))?,
            Step::Pause(span) => thread::sleep(*span),
            Step::Hold(gate) if gate.wait(PATIENCE) => {}
            Step::Hold(_) => return Err(End::OffScript("the test never opened the gate".to_owned())),
            Step::ReadToEnd => while self.hear().map_err(|error| broken(&error))? > 0 {},
            Step::HalfClose => self.wire.half_close().map_err(|error| broken(&error))?,
            Step::Close => {
                self.close().map_err(|error| broken(&error))?;
                return Ok(Next::End);
            }
            Step::Cut => return Ok(Next::End),
            Step::Reset => {
                self.wire.reset_on_drop().map_err(|error| broken(&error))?;
                return Ok(Next::End);
            }
        }
        Ok(Next::Step)
    }

    fn close(&mut self) -> io::Result<()> {
        self.wire.say_goodbye()
    }

    fn drip(&mut self, bytes: &[u8], pause: Duration) -> io::Result<()> {
        bytes.iter().try_for_each(|byte| {
            thread::sleep(pause);
            self.wire.send(&[*byte])
        })
    }

    fn expect(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.hear_beginning(bytes)?;
        self.unread.drain(..bytes.len());
        Ok(())
    }

    fn request(&mut self, begins: &[u8]) -> Result<(), End> {
        self.hear_beginning(begins)?;
        loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                self.unread.drain(..at + 4);
                return Ok(());
            }
            self.hear_more(b"... up to an empty line")?;
        }
    }

    /// Hears until what is unread begins with `bytes`.
    fn hear_beginning(&mut self, bytes: &[u8]) -> Result<(), End> {
        while self.unread.len() < bytes.len() && bytes.starts_with(&self.unread) {
            self.hear_more(bytes)?;
        }
        if self.unread.starts_with(bytes) { Ok(()) } else { Err(off_script(bytes, &self.unread, "it heard")) }
    }

    fn skip(&mut self, count: usize) -> Result<(), End> {
        while self.unread.len() < count {
            self.hear_more(format!("{count} bytes").as_bytes())?;
        }
        self.unread.drain(..count);
        Ok(())
    }

    /// Hears at least one byte of what is `expected`.
    fn hear_more(&mut self, expected: &[u8]) -> Result<(), End> {
        match self.hear() {
            Ok(0) => Err(off_script(expected, &self.unread, "the peer closed after")),
            Ok(_) => Ok(()),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Err(off_script(expected, &self.unread, "nothing more came in 10 s after"))
            }
            Err(error) => Err(broken(&error)),
        }
    }

    /// Reads once and records it; 0 at the end.
    fn hear(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let len = self.wire.read(&mut buffer)?;
        let bytes = &buffer[..len];
        if len > 0 {
            self.unread.extend_from_slice(bytes);
            let at = self.shared.started.elapsed();
            self.shared.change(|conversations| conversations[self.index].arrivals.push((at, bytes.to_vec())));
        }
        Ok(len)
    }
}

/// Whether the script goes on.
enum Next {
    Step,
    End,
}

fn broken(error: &io::Error) -> End {
    End::Broken(error.to_string())
}

fn off_script(expected: &[u8], heard: &[u8], how: &str) -> End {
    End::OffScript(format!("it expected {}, {how} {}", expected.escape_ascii(), heard.escape_ascii()))
}

#[cfg(test)]
mod tests;
