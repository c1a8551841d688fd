//! Whoever can reach a master's port may send it anything. What belongs to nobody is refused and logged once for each
//! address; the worker that was there works on, and every sample of its is merged.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use katydid_cluster::message::encode_to_master;
use katydid_cluster::node::{Ledger, MasterNode, WorkerNode};
use katydid_cluster::zmtp::{MAX_MESSAGE, Session, Side};
use katydid_cluster::{Key, MasterEvent, ToMaster, UserCounts, Version, WorkerEvent, master, worker};
use katydid_stats::{RunStats, Sample};
use socket2::{Domain, Socket, Type};

/// How long anything that has to happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

static KEY: LazyLock<Key> = LazyLock::new(Key::generate);

#[derive(Clone, Default)]
struct Merged(Arc<AtomicU64>);

impl Ledger for Merged {
    fn merge(&self, delta: &RunStats) {
        self.0.fetch_add(delta.total().requests, Ordering::SeqCst);
    }
}

/// A master with a worker that has users and reports.
struct Scene {
    master: MasterNode,
    worker: WorkerNode,
    merged: Merged,
    measured: u64,
    answers: u64,
    notes: Vec<String>,
}

impl Scene {
    fn open(key: Option<&Key>) -> Self {
        let merged = Merged::default();
        let settings = master::Settings::new(7, "2.46.3");
        let node = MasterNode::start("127.0.0.1", 0, settings, key.cloned(), Box::new(merged.clone()));
        let master = node.expect("a free port");
        let settings = worker::Settings {
            heartbeat_interval: Duration::from_millis(50),
            report_interval: Duration::from_millis(50),
            ..worker::Settings::new("2.46.3")
        };
        let port = master.address().port();
        let worker = WorkerNode::start("127.0.0.1", port, "host_worker", settings, key.cloned());
        let worker = worker.expect("a thread");
        worker.want_heartbeats(true);
        worker.command(|worker, now| worker.connect(now));
        let mut scene = Self { master, worker, merged, measured: 0, answers: 0, notes: Vec::new() };
        scene.until("the worker has joined", |scene| {
            scene.master.look(|master| master.roster().node("host_worker").is_some())
        });
        scene.master.command(|master, now| {
            let users = [("host_worker".to_owned(), UserCounts::from([("User".to_owned(), 3)]))];
            let setup = katydid_cluster::message::Setup {
                host: None,
                stop_timeout_s: 0.0,
                parsed_options: katydid_cluster::Packed::nil(),
            };
            master.assign(now, &users.into(), Arc::new(setup));
        });
        scene.until("users run", |scene| scene.measured > 0);
        scene
    }

    /// The worker does what it is told; what the master says is written down.
    fn turn(&mut self) {
        for event in self.worker.take_events(1000) {
            match event {
                WorkerEvent::Heartbeat => self.answers += 1,
                WorkerEvent::Spawn { order, .. } => self.worker.command(|worker, _| {
                    worker.begin_run(order.run.map_or(0, |(_, run)| run));
                    worker.applied(order.timestamp, order.users.clone());
                    self.measured = self.measured.max(1);
                }),
                WorkerEvent::ReportDue => self.report(),
                WorkerEvent::Note(..) | WorkerEvent::Acknowledged { .. } => {}
                other => assert!(matches!(other, WorkerEvent::SpawningComplete { .. }), "{other:?}"),
            }
        }
        for event in self.master.take_events(10_000) {
            match event {
                MasterEvent::Note(_, text) => self.notes.push(text),
                MasterEvent::Missing { id } | MasterEvent::Quit { id } => panic!("{id} is not there"),
                _ => {}
            }
        }
        std::thread::yield_now();
    }

    fn report(&mut self) {
        let mut stats = RunStats::new(0.0);
        let users = UserCounts::from([("User".to_owned(), 3)]);
        if self.measured > 0 {
            let id = stats.entry("GET", "/");
            stats.record(id, &Sample::new(1_700_000_000.0, Some(5.0), 10));
            self.measured += 1;
        }
        self.worker.command(|worker, now| worker.report(now, stats, users, Vec::new()));
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "in vain: {what}; notes: {:?}", self.notes);
            self.turn();
        }
    }

    /// Heartbeats go on, and everything that was measured is merged.
    fn is_undisturbed(&mut self) {
        let (answers, measured) = (self.answers, self.measured);
        self.until("heartbeats are answered", |scene| scene.answers > answers + 2);
        // The first of the count is that users run.
        self.until("reports are merged", |scene| scene.merged.0.load(Ordering::SeqCst) + 1 >= measured);
        assert!(self.merged.0.load(Ordering::SeqCst) < self.measured, "merged once");
    }

    fn notes_with(&self, text: &str) -> usize {
        self.notes.iter().filter(|note| note.contains(text)).count()
    }
}

/// Somebody at an address of his own.
struct Stranger {
    stream: TcpStream,
    session: Session,
}

impl Stranger {
    fn connect(to: SocketAddr, from: u8, id: &str, key: Option<&Key>) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 0, from), 0)).into()).expect("an address");
        socket.connect(&to.into()).expect("a master");
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Self { stream, session: Session::new(Side::Worker(id.as_bytes().to_vec()), key.cloned()) }
    }

    fn say(&mut self, bytes: &[u8]) {
        // The master may have hung up already.
        let _ = self.stream.write_all(bytes);
    }

    /// Shakes hands, as far as the master wants to.
    fn shake_hands(&mut self) {
        let mut buffer = [0; 4096];
        while !self.session.is_open() {
            let output = std::mem::take(self.session.output());
            self.say(&output);
            match self.stream.read(&mut buffer) {
                Ok(count) if count > 0 && self.session.receive(&buffer[..count]).is_ok() => {}
                _ => return,
            }
        }
        let output = std::mem::take(self.session.output());
        self.say(&output);
    }

    /// Is there the end of the connection, whatever comes before it?
    fn is_hung_up(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == ErrorKind::ConnectionReset,
            }
        }
    }
}

struct Attack {
    name: &'static str,
    master_has_key: bool,
    key: fn() -> Option<Key>,
    act: fn(&mut Stranger),
    /// What the master logs; nothing where nobody is to blame.
    note: Option<&'static str>,
}

fn no_key() -> Option<Key> {
    None
}

fn the_key() -> Option<Key> {
    Some(KEY.clone())
}

fn other_key() -> Option<Key> {
    Some(Key::generate())
}

/// A message that is whole, of a peer that is known by its id alone.
fn send(stranger: &mut Stranger, message: &[u8]) {
    stranger.shake_hands();
    stranger.session.send(message);
    let output = std::mem::take(stranger.session.output());
    stranger.say(&output);
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "a node without the key",
        master_has_key: true,
        key: no_key,
        act: Stranger::shake_hands,
        note: Some("it has no cluster key and this node has one"),
    },
    Attack {
        name: "a node with another key",
        master_has_key: true,
        key: other_key,
        act: Stranger::shake_hands,
        note: Some("its cluster key is not that of this node"),
    },
    Attack {
        name: "a node with a key where none is wanted",
        master_has_key: false,
        key: other_key,
        act: Stranger::shake_hands,
        note: Some("it has a cluster key and this node has none"),
    },
    Attack {
        name: "a browser",
        master_has_key: true,
        key: no_key,
        act: |stranger| stranger.say(b"GET / HTTP/1.1\r\nHost: master:5557\r\n\r\n"),
        note: Some("it does not speak Locust's protocol"),
    },
    Attack {
        name: "zeros",
        master_has_key: false,
        key: no_key,
        act: |stranger| stranger.say(&[0; 5000]),
        note: Some("it does not speak Locust's protocol"),
    },
    Attack {
        name: "a handshake that is too long",
        master_has_key: true,
        key: the_key,
        act: |stranger| {
            let mut bytes = stranger.session.output()[..64].to_vec();
            bytes.extend_from_slice(&[6, 0, 0, 0, 0, 0, 1, 0, 0]);
            stranger.say(&bytes);
        },
        note: Some("it sends a message of more than 1024 bytes"),
    },
    Attack {
        name: "a handshake that is cut off",
        master_has_key: true,
        key: the_key,
        act: |stranger| {
            let bytes = stranger.session.output()[..40].to_vec();
            stranger.say(&bytes);
            stranger.stream.shutdown(Shutdown::Write).expect("a socket");
        },
        note: None,
    },
    Attack {
        name: "a message that is too long",
        master_has_key: false,
        key: no_key,
        act: |stranger| {
            stranger.shake_hands();
            stranger.say(&[&[2][..], &(MAX_MESSAGE as u64 + 1).to_be_bytes()].concat());
        },
        note: Some("it sends a message of more than 67108864 bytes"),
    },
    Attack {
        name: "a message that is no message",
        master_has_key: false,
        key: no_key,
        act: |stranger| send(stranger, b"\xc1\xc1\xc1"),
        note: Some("cannot be read"),
    },
    Attack {
        name: "a message that is cut off",
        master_has_key: true,
        key: the_key,
        act: |stranger| {
            let ready = ToMaster::Ready { version: Version::Named("2.46.3".to_owned()) };
            let message = encode_to_master(&ready, "host_cut");
            send(stranger, &message[..message.len() / 2]);
        },
        note: Some("cannot be read"),
    },
    Attack {
        name: "a message that is nested without end",
        master_has_key: false,
        key: no_key,
        act: |stranger| send(stranger, &[0x91; 100_000]),
        note: Some("cannot be read"),
    },
    Attack {
        name: "a message that says it is longer than memory",
        master_has_key: false,
        key: no_key,
        act: |stranger| send(stranger, b"\x93\xa5stats\xdf\xff\xff\xff\xff"),
        note: Some("cannot be read"),
    },
];

#[test]
fn who_does_not_belong_is_refused_and_logged_once_and_disturbs_nobody() {
    for has_key in [false, true] {
        let mut scene = Scene::open(has_key.then_some(&*KEY));
        let address = scene.master.address();
        for (number, attack) in
            ATTACKS.iter().enumerate().filter(|(_, attack)| attack.master_has_key == has_key)
        {
            let (from, id) = (10 + number as u8, format!("host_stranger{number}"));
            scene.notes.clear();
            for _ in 0..3 {
                let mut stranger = Stranger::connect(address, from, &id, (attack.key)().as_ref());
                (attack.act)(&mut stranger);
                assert!(stranger.is_hung_up(), "{}", attack.name);
            }
            scene.is_undisturbed();
            let told: Vec<&String> =
                scene.notes.iter().filter(|note| !note.contains("host_worker")).collect();
            let Some(text) = attack.note else {
                assert!(told.is_empty(), "{}: {told:?}", attack.name);
                continue;
            };
            let [told] = told[..] else { panic!("{}: {told:?}", attack.name) };
            assert!(told.contains(text), "{}: {told}", attack.name);
            assert!(
                told.contains(&format!("127.0.0.{from}")) || told.contains(&id),
                "{}: {told}",
                attack.name
            );
        }
    }
}

/// Both ends of the crowd's connections are files of this process.
fn allow_files(count: libc::rlim_t) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit writes an `rlimit` to the pointer, which is to a live and writable one.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }, 0);
    if limit.rlim_cur < count {
        limit.rlim_cur = count;
        // SAFETY: setrlimit only reads the `rlimit`, which is live and initialised.
        let is_set = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } == 0;
        assert!(is_set, "{count} open files are wanted, and {} are allowed", limit.rlim_max);
    }
}

#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    allow_files(8000);
    let mut scene = Scene::open(None);
    let address = scene.master.address();
    let mut crowd = Vec::new();
    for number in 0..3000 {
        let mut stranger = Stranger::connect(address, 99, "", None);
        if number % 2 == 0 {
            stranger.say(&[0xff, 0, 0]);
        }
        crowd.push(stranger);
        scene.turn();
    }
    // Whoever came first has had time to say who he is.
    assert!(crowd[..1900].iter_mut().all(Stranger::is_hung_up));
    let last = &crowd[2999].stream;
    last.set_nonblocking(true).expect("a socket");
    let is_kept = |mut stream: &TcpStream| loop {
        match stream.read(&mut [0; 100]) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    };
    assert!(is_kept(last), "the last may still speak");
    let mut worker = Stranger::connect(address, 98, "host_late", None);
    let ready = ToMaster::Ready { version: Version::Named("2.46.3".to_owned()) };
    send(&mut worker, &encode_to_master(&ready, "host_late"));
    scene.until("a worker can join", |scene| {
        scene.master.look(|master| master.roster().node("host_late").is_some())
    });
    scene.is_undisturbed();
    assert_eq!(scene.notes_with("it does not say who it is"), 1, "{:?}", scene.notes);
}

#[test]
fn who_connects_again_takes_the_place_of_the_old_connection() {
    let mut scene = Scene::open(None);
    let address = scene.master.address();
    let ready = ToMaster::Ready { version: Version::Named("2.46.3".to_owned()) };
    let mut nodes = [97, 96].map(|from| Stranger::connect(address, from, "host_twice", None));
    for node in &mut nodes {
        send(node, &encode_to_master(&ready, "host_twice"));
        let mut answer = [0; 100];
        assert!(node.stream.read(&mut answer).is_ok_and(|count| count > 0), "it is acknowledged");
    }
    assert!(nodes[0].is_hung_up());
    scene.is_undisturbed();
    assert_eq!(scene.master.look(|master| master.roster().iter().count()), 2);
}
