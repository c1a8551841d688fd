//! How does the server ask the users' thread for something? One bounded queue, and a descriptor that becomes readable.
//!
//! The users' thread watches the descriptor, takes what there is and replies when it is done. What a maintainer must not
//! break: nothing here waits for the users' thread; who waits does it on the server's side, with a limit.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use tokio::sync::{mpsc, oneshot};

/// Commands that may wait at once.
pub const MAX_WAITING: usize = 64;

/// Pieces of a streamed answer that may wait for their reader.
pub const MAX_PIECES: usize = 32;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Start a run, or change the one that runs, by Locust's form.
    Swarm,
    /// The same by our JSON.
    Start,
    /// Change users or rate of the run.
    Change,
    /// End the run.
    Stop,
    /// Start no further tasks.
    Pause,
    /// Start tasks again.
    Resume,
    /// Forget the statistics.
    Reset,
    /// Change a user class.
    User,
    /// Make the report.
    Report,
    /// Look up the sample of a failure.
    Sample,
    /// Show the form to log in.
    Login,
    /// Say whether a request comes from somebody who has logged in.
    Authorize,
    /// Let the Flask application answer.
    Flask,
    /// Publish documents and statistics now.
    Publish,
}

impl Kind {
    /// The word that the users' thread knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Swarm => "swarm",
            Self::Start => "start",
            Self::Change => "change",
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Reset => "reset",
            Self::User => "user",
            Self::Report => "report",
            Self::Sample => "sample",
            Self::Login => "login",
            Self::Authorize => "authorize",
            Self::Flask => "flask",
            Self::Publish => "publish",
        }
    }
}

/// The HTTP request that a command comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// The path as it was sent, still percent-encoded, base path included.
    pub path: String,
    /// What followed the question mark; empty without one.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Whole, and within the limit.
    pub body: Bytes,
    /// Address and port of the client.
    pub remote: String,
}

/// What the users' thread answers: an HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// What reaches whoever asked: the whole answer, or its head and the pieces of its body as they come.
#[derive(Debug)]
pub struct Answered {
    /// The answer; of a streamed one all but the body.
    pub reply: Reply,
    /// The body of a streamed one.
    pub pieces: Option<mpsc::Receiver<Piece>>,
}

/// A part of a streamed body. A body without an end broke off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Some bytes.
    Data(Bytes),
    /// There is no more.
    End,
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Taken,
    /// The reader is slower; try again later.
    Full,
    /// There is no reader any more.
    Gone,
}

/// The writing end of a streamed answer. Dropped before [`Piece::End`] it tells the reader that the body broke off.
#[derive(Debug)]
pub struct Stream(mpsc::Sender<Piece>);

impl Stream {
    /// Hands a piece over, if there is room.
    pub fn try_send(&self, piece: Piece) -> Sent {
        match self.0.try_send(piece) {
            Ok(()) => Sent::Taken,
            Err(mpsc::error::TrySendError::Full(_)) => Sent::Full,
            Err(mpsc::error::TrySendError::Closed(_)) => Sent::Gone,
        }
    }
}

/// One thing to do, and the way to answer. Who drops it without an answer has answered that it failed.
#[derive(Debug)]
pub struct Command {
    /// What to do.
    pub kind: Kind,
    /// JSON or a form, as the kind says.
    pub body: Bytes,
    /// Where it comes from; a wish to publish comes from nowhere in particular.
    pub request: Option<Request>,
    asker: Asker,
}

#[derive(Debug)]
enum Asker {
    One(oneshot::Sender<Answered>),
    /// Everybody who waits for fresh numbers: they go on when the sender is dropped.
    Readers {
        _waiting: Vec<oneshot::Sender<()>>,
    },
}

impl Command {
    /// Hands the answer over. That nobody waits any more is no error.
    pub fn reply(self, reply: Reply) {
        if let Asker::One(asker) = self.asker {
            let _ = asker.send(Answered { reply, pieces: None });
        }
    }

    /// Begins an answer whose body comes in pieces.
    pub fn stream(self, reply: Reply) -> Stream {
        let (sender, receiver) = mpsc::channel(MAX_PIECES);
        if let Asker::One(asker) = self.asker {
            let _ = asker.send(Answered { reply, pieces: Some(receiver) });
        }
        Stream(sender)
    }
}

/// The users' thread has not taken [`MAX_WAITING`] commands yet, or never will again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// The queue.
#[derive(Debug)]
pub struct Commands {
    state: Mutex<State>,
    bell: UnixStream,
    ear: UnixStream,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Command>,
    stale: BTreeSet<&'static str>,
    readers: Vec<oneshot::Sender<()>>,
    /// Since when the users' thread has been called and has not come.
    rung_at: Option<Instant>,
    is_closed: bool,
}

impl Commands {
    /// An empty queue.
    ///
    /// # Errors
    /// The system gives no pair of sockets.
    pub fn try_new() -> io::Result<Self> {
        let (bell, ear) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        ear.set_nonblocking(true)?;
        Ok(Self { state: Mutex::default(), bell, ear })
    }

    /// The descriptor that is readable while there is something to take.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.ear.as_fd()
    }

    /// A queue stays usable after a panic elsewhere: a command is in it or it is not.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a command; the receiver gets its answer.
    ///
    /// # Errors
    /// The queue is full or closed.
    pub fn ask(
        &self,
        kind: Kind,
        body: Bytes,
        request: Option<Request>,
    ) -> Result<oneshot::Receiver<Answered>, Refused> {
        let mut state = self.lock();
        if state.is_closed || state.queue.len() >= MAX_WAITING {
            return Err(Refused);
        }
        let (asker, answer) = oneshot::channel();
        state.queue.push_back(Command { kind, body, request, asker: Asker::One(asker) });
        self.ring(&mut state);
        Ok(answer)
    }

    /// Asks that the named documents be published; the receiver ends when they are. Wishes are put together: however
    /// many readers there are, one command waits.
    pub fn refresh(&self, names: &[&'static str]) -> oneshot::Receiver<()> {
        let (reader, done) = oneshot::channel();
        let mut state = self.lock();
        if !state.is_closed {
            state.stale.extend(names);
            state.readers.retain(|reader| !reader.is_closed());
            state.readers.push(reader);
            self.ring(&mut state);
        }
        done
    }

    fn ring(&self, state: &mut State) {
        if state.rung_at.is_none() {
            // A full socket has rung already.
            state.rung_at = (&self.bell).write(&[1]).is_ok().then(Instant::now);
        }
    }

    /// Has the users' thread been called for this long without coming? Then it computes, and waiting for it is no use.
    pub fn is_unheard_for(&self, span: Duration) -> bool {
        self.lock().rung_at.is_some_and(|at| at.elapsed() > span)
    }

    /// Everything that waits, oldest first, the wish to publish before all.
    pub fn take(&self) -> Vec<Command> {
        let mut state = self.lock();
        let mut rings = [0; 8];
        while matches!((&self.ear).read(&mut rings), Ok(count) if count > 0) {}
        state.rung_at = None;
        let publish = (!state.stale.is_empty()).then(|| publish(&mut state));
        publish.into_iter().chain(state.queue.drain(..)).collect()
    }

    /// Refuses what comes from now on and answers what waits.
    pub fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.queue.clear();
        state.readers.clear();
    }
}

fn publish(state: &mut State) -> Command {
    let names: Vec<&str> = std::mem::take(&mut state.stale).into_iter().collect();
    let body = serde_json::json!({ "names": names }).to_string().into();
    let readers = std::mem::take(&mut state.readers);
    Command { kind: Kind::Publish, body, request: None, asker: Asker::Readers { _waiting: readers } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_readable(commands: &Commands) -> bool {
        let mut byte = [0];
        let read = (&commands.ear).read(&mut byte).is_ok();
        if read {
            (&commands.bell).write_all(&byte).expect("the byte goes back");
        }
        read
    }

    #[test]
    fn the_descriptor_is_readable_while_something_waits() {
        let commands = Commands::try_new().expect("a queue");
        assert!(!is_readable(&commands));
        let mut answer = commands.ask(Kind::Stop, Bytes::new(), None).expect("room");
        assert!(is_readable(&commands));
        let taken = commands.take();
        assert_eq!(taken.iter().map(|command| command.kind).collect::<Vec<_>>(), [Kind::Stop]);
        assert!(!is_readable(&commands));
        taken.into_iter().for_each(|command| command.reply(Reply { status: 200, ..Reply::default() }));
        assert_eq!(answer.try_recv().map(|answered| answered.reply.status), Ok(200));
    }

    #[test]
    fn who_was_called_and_did_not_come_is_known() {
        let commands = Commands::try_new().expect("a queue");
        assert!(!commands.is_unheard_for(Duration::ZERO));
        let _fresh = commands.refresh(&["stats"]);
        while !commands.is_unheard_for(Duration::ZERO) {}
        assert!(!commands.is_unheard_for(Duration::from_secs(3600)));
        commands.take();
        assert!(!commands.is_unheard_for(Duration::ZERO));
    }

    #[test]
    fn wishes_to_publish_are_one_command_and_go_first() {
        let commands = Commands::try_new().expect("a queue");
        let _stop = commands.ask(Kind::Stop, Bytes::new(), None).expect("room");
        let mut first = commands.refresh(&["stats", "run"]);
        let mut second = commands.refresh(&["logs"]);
        let mut taken = commands.take();
        assert_eq!(taken.len(), 2);
        assert_eq!(taken[0].kind, Kind::Publish);
        assert_eq!(&taken[0].body[..], br#"{"names":["logs","run","stats"]}"#);
        assert_eq!(first.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        taken.remove(0).reply(Reply::default());
        for reader in [&mut first, &mut second] {
            assert_eq!(reader.try_recv(), Err(oneshot::error::TryRecvError::Closed), "they go on");
        }
    }

    #[test]
    fn is_bounded() {
        let commands = Commands::try_new().expect("a queue");
        let answers: Vec<_> =
            (0..MAX_WAITING).map(|_| commands.ask(Kind::Stop, Bytes::new(), None)).collect();
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(commands.ask(Kind::Stop, Bytes::new(), None).err(), Some(Refused));
        for _ in 0..1000 {
            drop(commands.refresh(&["run"]));
        }
        assert!(commands.lock().readers.len() <= 1, "readers who went away are forgotten");
    }

    #[test]
    fn a_closed_queue_answers_those_who_wait() {
        let commands = Commands::try_new().expect("a queue");
        let mut answer = commands.ask(Kind::Stop, Bytes::new(), None).expect("room");
        commands.close();
        assert_eq!(answer.try_recv().err(), Some(oneshot::error::TryRecvError::Closed));
        assert_eq!(commands.ask(Kind::Stop, Bytes::new(), None).err(), Some(Refused));
    }

    #[test]
    fn a_stream_waits_for_its_reader_and_learns_that_he_left() {
        let commands = Commands::try_new().expect("a queue");
        let mut answer = commands.ask(Kind::Flask, Bytes::new(), None).expect("room");
        let stream = commands.take().remove(0).stream(Reply { status: 200, ..Reply::default() });
        let mut pieces = answer.try_recv().ok().and_then(|answered| answered.pieces).expect("a stream");
        for _ in 0..MAX_PIECES {
            assert_eq!(stream.try_send(Piece::Data(Bytes::from_static(b"x"))), Sent::Taken);
        }
        assert_eq!(stream.try_send(Piece::End), Sent::Full);
        assert_eq!(pieces.try_recv(), Ok(Piece::Data(Bytes::from_static(b"x"))));
        assert_eq!(stream.try_send(Piece::End), Sent::Taken);
        drop(pieces);
        assert_eq!(stream.try_send(Piece::End), Sent::Gone);
    }
}
