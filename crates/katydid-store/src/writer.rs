//! How is a run kept while it goes on? By a thread of its own, which gets copies of what changed.
//!
//! What a maintainer must not break: nobody waits for this thread before the end of the run, and a database that fails
//! costs the run nothing but its history. What could not be written is tried again with the next stretch.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use katydid_net::signals;
use katydid_stats::RunStats;
use katydid_stats::part::Parts;

use crate::error::{Error, Result};
use crate::patience::within;
use crate::run::{About, End, Level, RunId};
use crate::store::{Store, Stretch};

/// States that may wait for the thread; whoever looks meanwhile looks later, and sees more.
const MOST_WAITING: usize = 4;

/// Changes that are kept in memory while the database does not take them; the oldest go first.
const MOST_UNWRITTEN: usize = 60;

/// How long the end of a run waits for the database.
const PATIENCE: Duration = Duration::from_secs(10);

enum Message {
    State { stats: Box<RunStats>, now: f64, users: u64 },
    Level(Level),
    Document { name: String, text: Vec<u8> },
    Finish(End),
}

/// The thread that keeps one run.
pub struct Writer {
    run: RunId,
    messages: Sender<Message>,
    status: Arc<Status>,
    thread: JoinHandle<Result<()>>,
}

/// What the thread says of itself.
#[derive(Debug, Default)]
struct Status {
    waiting: AtomicUsize,
    /// So many seconds of the run are written.
    kept_s: AtomicU64,
    complaint: Mutex<Option<Error>>,
}

impl Writer {
    /// Begins a run in a store and the thread that keeps it.
    ///
    /// # Errors
    /// The database's; the system gives no thread.
    pub fn begin(mut store: Store, about: &About) -> Result<Self> {
        let run = store.begin(about)?;
        let (messages, received) = channel();
        let status = Arc::new(Status::default());
        let keeper = Keeper {
            store,
            run,
            started_at: about.started_at,
            parts: Parts::new(about.started_at),
            stretches: 0,
            known_names: 0,
            known_failures: 0,
            known_reclassified: 0,
            unwritten: VecDeque::new(),
            is_broken: false,
            has_complained: false,
            status: Arc::clone(&status),
        };
        let thread = signals::spawn("katydid-store", move || keeper.keep(&received));
        let thread = thread.map_err(|error| Error::database(format!("no thread for the store: {error}")))?;
        Ok(Self { run, messages, status, thread })
    }

    /// The run's number.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Is it so far behind that a look at the run should wait?
    pub fn is_busy(&self) -> bool {
        self.status.waiting.load(Ordering::Relaxed) >= MOST_WAITING
    }

    /// Keeps what happened until `now`, of a copy of [`Changes::take`](katydid_stats::part::Changes::take).
    pub fn observe(&self, stats: RunStats, now: f64, users: u64) {
        self.status.waiting.fetch_add(1, Ordering::Relaxed);
        self.tell(Message::State { stats: Box::new(stats), now, users });
    }

    /// Keeps a level that began or ended.
    pub fn level(&self, level: Level) {
        self.tell(Message::Level(level));
    }

    /// Keeps a document.
    pub fn document(&self, name: &str, text: Vec<u8>) {
        self.tell(Message::Document { name: name.to_owned(), text });
    }

    fn tell(&self, message: Message) {
        // The thread ends when it is told to, or by a bug of ours, which `finish` brings to light.
        let _ = self.messages.send(message);
    }

    /// What went wrong first, told once.
    pub fn complaint(&self) -> Option<Error> {
        self.status.complaint.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends the run and waits until everything is written, for ten seconds at most.
    ///
    /// # Errors
    /// Something could not be written, and not before either, or not in time.
    pub fn finish(self, end: End) -> Result<()> {
        self.finish_within(PATIENCE, end)
    }

    /// As [`Self::finish`], with another limit.
    ///
    /// # Errors
    /// As there.
    pub fn finish_within(self, limit: Duration, end: End) -> Result<()> {
        self.tell(Message::Finish(end));
        let Self { thread, status, .. } = self;
        let bug = || Error::broken("the thread of the store ended by a bug of katydid");
        within(limit, move || thread.join().unwrap_or_else(|_| Err(bug()))).map_err(|error| {
            let kept_s = status.kept_s.load(Ordering::Relaxed);
            Error::database(format!("{error}; its first {kept_s} s are kept"))
        })
    }
}

/// One change of the database.
enum Change {
    Stretch(Box<Stretch>),
    Level(Level),
    Document(String, Vec<u8>),
    Finish(End),
}

struct Keeper {
    store: Store,
    run: RunId,
    started_at: f64,
    parts: Parts,
    stretches: u64,
    known_names: usize,
    known_failures: u64,
    known_reclassified: u64,
    unwritten: VecDeque<Change>,
    is_broken: bool,
    has_complained: bool,
    status: Arc<Status>,
}

impl Keeper {
    fn keep(mut self, messages: &Receiver<Message>) -> Result<()> {
        // Without a word that the run is over, its process gave it up: it stays unfinished.
        while let Ok(message) = messages.recv() {
            let change = match message {
                Message::State { stats, now, users } => {
                    self.status.waiting.fetch_sub(1, Ordering::Relaxed);
                    Change::Stretch(Box::new(self.stretch(&stats, now, users)))
                }
                Message::Level(level) => Change::Level(level),
                Message::Document { name, text } => Change::Document(name, text),
                Message::Finish(end) => {
                    self.unwritten.push_back(Change::Finish(end));
                    return self.write_all();
                }
            };
            self.unwritten.push_back(change);
            self.give_up_oldest();
            if let Err(error) = self.write_all() {
                self.complain(error);
            }
        }
        Ok(())
    }

    fn stretch(&mut self, stats: &RunStats, now: f64, users: u64) -> Stretch {
        let part = self.parts.next(stats, now, users);
        let names = self.parts.names();
        let new_names = names.iter().enumerate().skip(self.known_names);
        let new_names =
            new_names.map(|(key, (method, name))| (key as u32, method.into(), name.into())).collect();
        self.known_names = names.len();
        let pair = |key| names.pair(key).map_or_else(Default::default, |(a, b)| (a.to_owned(), b.to_owned()));
        let pairs = part.entries.iter().map(|entry| pair(entry.key)).collect();
        let errors = self.parts.stats().errors().as_slice();
        let failures = errors.iter().map(|error| error.occurrences).sum();
        let errors = (failures != self.known_failures || part.is_reset).then(|| errors.to_vec());
        self.known_failures = failures;
        let rows = self.parts.stats().reclassified().as_slice();
        let requests = rows.iter().map(|row| row.occurrences).sum();
        let reclassified = (requests != self.known_reclassified || part.is_reset).then(|| rows.to_vec());
        self.known_reclassified = requests;
        let number = self.stretches;
        self.stretches += 1;
        let total = self.parts.stats().total();
        Stretch {
            number,
            part,
            new_names,
            pairs,
            errors,
            reclassified,
            requests: total.requests,
            failures: total.failures,
        }
    }

    fn write_all(&mut self) -> Result<()> {
        if std::mem::take(&mut self.is_broken) && !self.unwritten.is_empty() {
            self.is_broken = true;
            self.store.reopen()?;
            self.is_broken = false;
        }
        while let Some(change) = self.unwritten.front() {
            let written = match change {
                Change::Stretch(stretch) => self.store.append(self.run, stretch),
                Change::Level(level) => self.store.keep_level(self.run, level),
                Change::Document(name, text) => self.store.keep_document(self.run, name, text),
                Change::Finish(end) => self.store.finish(self.run, end),
            };
            if let Err(error) = written {
                self.is_broken = true;
                return Err(error);
            }
            if let Change::Stretch(stretch) = change {
                self.status.kept_s.store((stretch.part.until - self.started_at) as u64, Ordering::Relaxed);
            }
            self.unwritten.pop_front();
        }
        Ok(())
    }

    /// Bounds what waits. A stretch that is given up leaves its names to the next.
    fn give_up_oldest(&mut self) {
        if self.unwritten.len() <= MOST_UNWRITTEN {
            return;
        }
        let Some(Change::Stretch(lost)) = self.unwritten.pop_front() else { return };
        let next = self.unwritten.iter_mut().find_map(|change| match change {
            Change::Stretch(next) => Some(next),
            _ => None,
        });
        if let Some(next) = next {
            next.new_names.splice(0..0, lost.new_names);
            next.part.is_reset |= lost.part.is_reset;
            next.errors = next.errors.take().or(lost.errors);
            next.reclassified = next.reclassified.take().or(lost.reclassified);
        }
    }

    fn complain(&mut self, error: Error) {
        if !std::mem::replace(&mut self.has_complained, true) {
            *self.status.complaint.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}
