//! What does a master cost? Workers that report as stock Locust's do, and the CPU and memory of the master beside them.
//!
//! `cargo run --release -p katydid-cluster --example thousand_workers -- [WORKERS] [SECONDS] [NAMES]` starts a master of
//! its own. With `HOST:PORT PID` after them it loads the master that listens there and watches its process: for stock
//! Locust's. Linux only: the numbers come from `/proc`.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use katydid_cluster::master::Settings;
use katydid_cluster::message::{Heartbeat, encode_to_master};
use katydid_cluster::node::{Ledger, MasterNode};
use katydid_cluster::zmtp::{Session, Side};
use katydid_cluster::{Report, ToMaster, UserCounts, Version};
use katydid_stats::{RunStats, Sample};

type Outcome<T> = Result<T, Box<dyn Error>>;

const VERSION: &str = "2.46.3";

/// Requests of one name in one report.
const REQUESTS: u64 = 20;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "workers") {
        return be_workers(&arguments[1..]);
    }
    let number = |index: usize, default: u64| arguments.get(index).map_or(Ok(default), |text| text.parse());
    let (workers, seconds, names) = (number(0, 1000)?, number(1, 30)?, number(2, 200)?);
    match (arguments.get(3), arguments.get(4)) {
        (Some(place), Some(pid)) => watch(place, pid, workers, seconds, names),
        _ => be_master(workers, seconds, names),
    }
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
    watch(&node.address().to_string(), "self", workers, seconds, names)?;
    let present = node.look(|master| master.roster().present().count());
    let requests = books.stats.lock().expect("no merge panics").total().requests;
    let reports = books.reports.load(Ordering::Relaxed);
    println!("merged: {reports} reports, {requests} requests, {present} workers there at the end");
    assert_eq!(requests, reports * names * REQUESTS, "nothing is lost or counted twice");
    println!("from start to end: {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Lets workers load a master, and says what its process used meanwhile.
fn watch(place: &str, pid: &str, workers: u64, seconds: u64, names: u64) -> Outcome<()> {
    let arguments = ["workers", place, &workers.to_string(), &seconds.to_string(), &names.to_string()];
    let mut child = Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
    let mut connected = [0; 1];
    child.stdout.as_mut().ok_or("no pipe")?.read_exact(&mut connected)?;
    let (begun, before) = (Instant::now(), cpu_seconds(pid)?);
    let mut most_mib: f64 = 0.0;
    while child.try_wait()?.is_none() {
        std::thread::sleep(Duration::from_millis(200));
        most_mib = most_mib.max(resident_mib(pid)?);
    }
    let cores = (cpu_seconds(pid)? - before) / begun.elapsed().as_secs_f64();
    println!(
        "{workers} workers with {names} names, {seconds} s: {cores:.3} cores, {most_mib:.0} MiB at most"
    );
    Ok(())
}

/// User and system time of a process.
fn cpu_seconds(pid: &str) -> Outcome<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = text.rsplit_once(") ").ok_or("no such line")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / 100.0)
}

fn resident_mib(pid: &str) -> Outcome<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm"))?;
    let pages: f64 = text.split(' ').nth(1).ok_or("no such field")?.parse()?;
    Ok(pages * 4096.0 / f64::from(1 << 20))
}

struct Worker {
    stream: TcpStream,
    session: Session,
    id: String,
}

impl Worker {
    fn join(place: &str, number: u64) -> Outcome<Self> {
        let id = format!("host{}_{number:08x}", number % 50);
        let mut stream = TcpStream::connect(place)?;
        let mut session = Session::new(Side::Worker(id.clone().into_bytes()), None);
        let mut buffer = [0; 4096];
        while !session.is_open() {
            let output = std::mem::take(session.output());
            stream.write_all(&output)?;
            let count = stream.read(&mut buffer)?;
            session.receive(&buffer[..count])?;
        }
        let mut worker = Self { stream, session, id };
        worker.say(&ToMaster::Ready { version: Version::Named(VERSION.to_owned()) })?;
        worker.stream.set_nonblocking(true)?;
        Ok(worker)
    }

    fn say(&mut self, message: &ToMaster) -> Outcome<()> {
        let bytes = encode_to_master(message, &self.id);
        self.session.send(&bytes);
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

    /// What the master says is read and forgotten.
    fn listen(&mut self) -> Outcome<()> {
        let mut buffer = [0; 4096];
        while let Ok(count) = self.stream.read(&mut buffer) {
            if count == 0 {
                return Err("the master has hung up".into());
            }
            self.session.receive(&buffer[..count])?;
            while self.session.take_message().is_some() {}
        }
        self.flush()
    }
}

/// A report as a stock worker sends it: without anything of katydid's.
fn report(names: u64) -> ToMaster {
    let mut stats = RunStats::new(1_700_000_000.0);
    for name in 0..names {
        let id = stats.entry("GET", &format!("/shop/category/{name}/items"));
        for number in 0..REQUESTS {
            let ms = 3.0 + (number * 7 + name % 40) as f64;
            stats.record(id, &Sample::new(1_700_000_000.0 + number as f64 / 7.0, Some(ms), 1234));
        }
    }
    let users = UserCounts::from([("Visitor".to_owned(), 10)]);
    ToMaster::Stats(Arc::new(Report { stats, users, others: Vec::new(), mark: None, skipped: 0, raw: None }))
}

fn be_workers(arguments: &[String]) -> Outcome<()> {
    let [place, count, seconds, names] = arguments else { return Err("four arguments".into()) };
    let (count, seconds): (u64, u64) = (count.parse()?, seconds.parse()?);
    let report = report(names.parse()?);
    let heartbeat = Heartbeat { state: "running".to_owned(), cpu_percent: 50.0, ..Heartbeat::default() };
    let heartbeat = ToMaster::Heartbeat(heartbeat);
    let mut workers = (0..count).map(|number| Worker::join(place, number)).collect::<Outcome<Vec<_>>>()?;
    std::io::stdout().write_all(b".")?;
    std::io::stdout().flush()?;
    let begun = Instant::now();
    let mut done = 0;
    while begun.elapsed() < Duration::from_secs(seconds) {
        // In each second every worker sends a heartbeat, and every third one a report.
        let due = (begun.elapsed().as_secs_f64() * count as f64) as u64;
        for step in done..due {
            let worker = &mut workers[(step % count) as usize];
            worker.listen()?;
            worker.say(&heartbeat)?;
            if (step / count + step) % 3 == 0 {
                worker.say(&report)?;
            }
        }
        done = due;
        std::thread::sleep(Duration::from_millis(2));
    }
    for worker in &mut workers {
        worker.listen()?;
    }
    std::thread::sleep(Duration::from_secs(1));
    Ok(())
}
