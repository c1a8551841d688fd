//! What does a master cost? Workers that report as stock Locust's do, and the CPU and memory of the master beside them.
//!
//! `cargo run --release -p katydid-cluster --example thousand_workers -- [WORKERS] [SECONDS] [NAMES]` starts a master of
//! its own, without users' code or a page. With `workers HOST:PORT` before them it is the workers alone:
//! `benches/master.py` lets them loose on whole masters, ours and stock Locust's. Linux only: the numbers come from
//! `/proc`.

mod common;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use katydid_cluster::master::Settings;
use katydid_cluster::message::{Heartbeat, decode_to_worker, encode_to_master};
use katydid_cluster::node::{Ledger, MasterNode};
use katydid_cluster::zmtp::{Session, Side};
use katydid_cluster::{Report, ToMaster, ToWorker, UserCounts, Version};
use katydid_stats::RunStats;

use common::{REQUESTS, stats};

type Outcome<T> = Result<T, Box<dyn Error>>;

const VERSION: &str = "2.46.3";

/// From one heartbeat of the worker whose answers are timed to the next.
const PROBE_PAUSE: Duration = Duration::from_millis(100);

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["workers", place, ref numbers @ ..] => {
            let (workers, seconds, names) = numbers_of(numbers)?;
            be_workers(place, workers, seconds, names)
        }
        ref numbers => {
            let (workers, seconds, names) = numbers_of(numbers)?;
            be_master(workers, seconds, names)
        }
    }
}

fn numbers_of(words: &[&str]) -> Outcome<(u64, u64, u64)> {
    let number = |index: usize, default: u64| words.get(index).map_or(Ok(default), |text| text.parse());
    Ok((number(0, 1000)?, number(1, 30)?, number(2, 200)?))
}

#[derive(Clone)]
struct Books {
    stats: Arc<Mutex<RunStats>>,
    reports: Arc<AtomicU64>,
}

impl Ledger for Books {
    fn merge(&self, delta: &RunStats) {
        self.stats.lock().expect("no merge panics").merge(delta);
        self.reports.fetch_add(1, Ordering::Relaxed);
    }
}

fn be_master(workers: u64, seconds: u64, names: u64) -> Outcome<()> {
    let books = Books { stats: Arc::new(Mutex::new(RunStats::new(0.0))), reports: Arc::default() };
    let settings = Settings::new(1, VERSION);
    let node = MasterNode::start("127.0.0.1", 0, settings, None, Box::new(books.clone()))?;
    let begun = Instant::now();
    watch(&node.address().to_string(), workers, seconds, names)?;
    let present = node.look(|master| master.roster().present().count());
    let requests = books.stats.lock().expect("no merge panics").total().requests;
    let reports = books.reports.load(Ordering::Relaxed);
    println!("merged: {reports} reports, {requests} requests, {present} workers there at the end");
    assert_eq!(requests, reports * names * REQUESTS, "nothing is lost or counted twice");
    println!("from start to end: {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Lets workers load this process, and says what it used meanwhile.
fn watch(place: &str, workers: u64, seconds: u64, names: u64) -> Outcome<()> {
    let arguments = ["workers", place, &workers.to_string(), &seconds.to_string(), &names.to_string()];
    let mut child = Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no pipe")?).lines();
    println!("{}", lines.next().ok_or("no worker connects")??);
    let (begun, before) = (Instant::now(), cpu_seconds()?);
    let mut most_mib: f64 = 0.0;
    while child.try_wait()?.is_none() {
        std::thread::sleep(Duration::from_millis(200));
        most_mib = most_mib.max(resident_mib()?);
    }
    let cores = (cpu_seconds()? - before) / begun.elapsed().as_secs_f64();
    for line in lines {
        println!("{}", line?);
    }
    println!(
        "{workers} workers with {names} names, {seconds} s: {cores:.3} cores, {most_mib:.0} MiB at most"
    );
    Ok(())
}

/// User and system time of this process.
fn cpu_seconds() -> Outcome<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = text.rsplit_once(") ").ok_or("no such line")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / 100.0)
}

fn resident_mib() -> Outcome<f64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: f64 = text.split(' ').nth(1).ok_or("no such field")?.parse()?;
    Ok(pages * 4096.0 / f64::from(1 << 20))
}

struct Worker {
    stream: TcpStream,
    session: Session,
    id: String,
    users: UserCounts,
}

impl Worker {
    fn join(place: &str, number: u64) -> Outcome<Self> {
        let id = id_of(number);
        let mut stream = TcpStream::connect(place)?;
        let mut session = Session::new(Side::Worker(id.clone().into_bytes()), None);
        let mut buffer = [0; 4096];
        while !session.is_open() {
            let output = std::mem::take(session.output());
            stream.write_all(&output)?;
            let count = stream.read(&mut buffer)?;
            session.receive(&buffer[..count])?;
        }
        let mut worker = Self { stream, session, id, users: UserCounts::new() };
        worker.say(&ToMaster::Ready { version: Version::Named(VERSION.to_owned()) })?;
        worker.stream.set_nonblocking(true)?;
        Ok(worker)
    }

    fn say(&mut self, message: &ToMaster) -> Outcome<()> {
        self.send(&encode_to_master(message, &self.id))
    }

    fn send(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.session.send(bytes);
        self.flush()
    }

    fn flush(&mut self) -> Outcome<()> {
        let output = std::mem::take(self.session.output());
        let mut rest = &output[..];
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_micros(200));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads what the master says, and obeys. Is there a heartbeat among it?
    fn listen(&mut self) -> Outcome<bool> {
        let mut buffer = [0; 4096];
        let mut has_beaten = false;
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err("the master has hung up".into()),
                Ok(count) => self.session.receive(&buffer[..count])?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        while let Some(message) = self.session.take_message() {
            match decode_to_worker(&message)?.message {
                ToWorker::Heartbeat { .. } => has_beaten = true,
                ToWorker::Spawn(order) => {
                    self.users.clone_from(&order.users);
                    self.say(&ToMaster::Spawning)?;
                    self.say(&ToMaster::SpawningComplete { users: order.users })?;
                }
                _ => {}
            }
        }
        self.flush()?;
        Ok(has_beaten)
    }
}

/// Times how long a heartbeat waits for its answer, until told to end.
fn probe(mut worker: Worker, is_over: &AtomicBool) -> Outcome<Vec<f64>> {
    let mut waits = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        worker.say(&heartbeat())?;
        while !worker.listen()? {
            std::thread::sleep(Duration::from_micros(500));
        }
        waits.push(begun.elapsed().as_secs_f64() * 1000.0);
        std::thread::sleep(PROBE_PAUSE);
    }
    waits.sort_by(f64::total_cmp);
    Ok(waits)
}

fn heartbeat() -> ToMaster {
    ToMaster::Heartbeat(Heartbeat { state: "running".to_owned(), cpu_percent: 50.0, ..Heartbeat::default() })
}

/// Ids are of one length.
fn id_of(number: u64) -> String {
    format!("host{:02}_{number:08x}", number % 50)
}

/// Reports as stock workers send them: without anything of katydid's. They are made once for each number of users, and
/// differ in the sender's id, which is the last that a message has.
struct Reports {
    stats: RunStats,
    made: BTreeMap<UserCounts, Vec<u8>>,
}

impl Reports {
    fn of(&mut self, worker: &Worker) -> &[u8] {
        let Self { stats, made } = self;
        let bytes = made.entry(worker.users.clone()).or_insert_with_key(|users| {
            let (stats, users) = (stats.clone(), users.clone());
            let report = Report { stats, users, others: Vec::new(), mark: None, skipped: 0, raw: None };
            encode_to_master(&ToMaster::Stats(Arc::new(report)), &worker.id)
        });
        let at = bytes.len() - worker.id.len();
        bytes[at..].copy_from_slice(worker.id.as_bytes());
        bytes
    }
}

fn be_workers(place: &str, count: u64, seconds: u64, names: u64) -> Outcome<()> {
    let mut reports = Reports { stats: stats(names), made: BTreeMap::new() };
    let begun = Instant::now();
    let probed = Worker::join(place, count)?;
    let mut workers = (0..count).map(|number| Worker::join(place, number)).collect::<Outcome<Vec<_>>>()?;
    println!("{count} workers have connected in {:.1} s", begun.elapsed().as_secs_f64());
    std::io::stdout().flush()?;
    let is_over = Arc::new(AtomicBool::new(false));
    let prober = std::thread::spawn({
        let is_over = is_over.clone();
        move || probe(probed, &is_over).map_err(|error| error.to_string())
    });
    let begun = Instant::now();
    let mut done = 0;
    while begun.elapsed() < Duration::from_secs(seconds) {
        // In each second every worker sends a heartbeat, and every third one a report.
        let due = (begun.elapsed().as_secs_f64() * count as f64) as u64;
        for step in done..due {
            let worker = &mut workers[(step % count) as usize];
            worker.listen()?;
            worker.say(&heartbeat())?;
            if (step / count + step).is_multiple_of(3) {
                worker.send(reports.of(worker))?;
            }
        }
        done = due;
        std::thread::sleep(Duration::from_millis(2));
    }
    for worker in &mut workers {
        worker.listen()?;
    }
    is_over.store(true, Ordering::Relaxed);
    let waits = prober.join().map_err(|_| "the prober has panicked")??;
    let (median, last) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    println!(
        "{} heartbeats were answered after {median:.1} ms in the median, {last:.0} ms at most",
        waits.len()
    );
    std::thread::sleep(Duration::from_secs(1));
    Ok(())
}
