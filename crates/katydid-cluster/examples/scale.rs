//! How many workers does one master bear, and how many a tree of masters? Costs are measured here, queues simulated.
//!
//! `cargo run --release -p katydid-cluster --example scale -- [NAMES] [SEED]`. First it times what a master does for one
//! heartbeat and for one report: decoding, the state machine, merging, the answer; without sockets, which
//! `thousand_workers` has. Then it lets workers, each with its own beat, wait in the one queue of a master's thread, and
//! says how busy that is and how long a heartbeat waits. In the tree, masters report to a master as workers of katydid's
//! do: there is no such tree in katydid; the table says when one would be worth it.

mod common;

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use katydid_cluster::master::{Action, Master, Settings};
use katydid_cluster::message::{Heartbeat, decode_to_master, encode_to_master, encode_to_worker};
use katydid_cluster::report::Mark;
use katydid_cluster::{Now, Report, ToMaster, UserCounts, Version};
use katydid_stats::RunStats;

use common::stats;

type Outcome<T> = Result<T, Box<dyn Error>>;

const HEARTBEAT_US: u64 = 1_000_000;
const REPORT_US: u64 = 3_000_000;

/// A worker is as late as this at most with what it sends.
const JITTER_US: u64 = 50_000;

/// Simulated time.
const SPAN_US: u64 = 30_000_000;

/// Messages that are timed.
const TIMED: u32 = 300;

fn main() -> Outcome<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let names = numbers.next().transpose()?.unwrap_or(200);
    let mut chance = Chance(numbers.next().transpose()?.unwrap_or(1));
    let costs = Costs::measure(names)?;
    println!("a heartbeat takes {:.1} us; a report of {names} names", costs.heartbeat.us);
    for (whose, cost) in [("a stock worker's", &costs.report), ("a katydid node's", &costs.whole)] {
        println!("  of {whose} {:.0} us and {:.0} kB", cost.us, cost.bytes as f64 / 1000.0);
    }
    println!("\none master; workers of katydid's");
    for workers in [100, 300, 1000, 3000, 5000, 10_000, 20_000] {
        println!("{workers:>7} workers: {}", queue(&mut chance, workers, costs.heartbeat.us, costs.whole.us));
    }
    println!("\nmasters under one master");
    for (masters, workers) in [(10, 1000), (100, 1000), (1000, 1000)] {
        let root = queue(&mut chance, masters, costs.heartbeat.us, costs.whole.us);
        println!("{masters:>5} masters of {workers} workers, {} in all: root {root}", masters * workers);
    }
    Ok(())
}

/// What a master's thread spends on a message.
struct Costs {
    heartbeat: Cost,
    report: Cost,
    whole: Cost,
}

struct Cost {
    us: f64,
    /// How long the message is.
    bytes: usize,
}

impl Costs {
    fn measure(names: u64) -> Outcome<Self> {
        let heartbeat = Heartbeat { state: "running".to_owned(), ..Heartbeat::default() };
        let mark = |number| Mark { master: 1, run: 1, number, first: 1 };
        let report = |mark| {
            let users = UserCounts::from([("Visitor".to_owned(), 10)]);
            ToMaster::Stats(Arc::new(Report {
                stats: stats(names),
                users,
                others: Vec::new(),
                mark,
                skipped: 0,
                raw: None,
            }))
        };
        let stock = report(None);
        Ok(Self {
            heartbeat: time(|_| ToMaster::Heartbeat(heartbeat.clone()))?,
            report: time(|_| stock.clone())?,
            whole: time(|number| report(Some(mark(number))))?,
        })
    }
}

/// What the quickest third of such messages cost each: a busy machine makes the others slow.
fn time(message: impl Fn(u64) -> ToMaster) -> Outcome<Cost> {
    let mut master = Master::new(Settings::new(1, "2.46.3"));
    master.begin();
    let now = Now { elapsed: Duration::ZERO, unix_s: 1_700_000_000.0 };
    master.receive(now, "host_1", ToMaster::Ready { version: Version::Named("2.46.3".to_owned()) });
    let mut total = RunStats::new(0.0);
    let (mut spans, mut length) = (Vec::new(), 0);
    for number in 0..TIMED {
        let bytes = encode_to_master(&message(u64::from(number) + 1), "host_1");
        length = bytes.len();
        let begun = Instant::now();
        master.receive(now, "host_1", decode_to_master(&bytes)?.message);
        for action in master.take_actions() {
            match action {
                Action::Merge(report) => total.merge(&report.stats),
                Action::Send(to, answer) => drop(black_box(encode_to_worker(&answer, &to))),
                Action::Tell(event) => drop(black_box(event)),
            }
        }
        spans.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    spans.sort_by(f64::total_cmp);
    let quick = &spans[..spans.len() / 3];
    Ok(Cost { us: quick.iter().sum::<f64>() / quick.len() as f64, bytes: length })
}

/// Workers with a beat each in front of one thread: how busy is it, how long do heartbeats wait?
fn queue(chance: &mut Chance, workers: u64, heartbeat_us: f64, report_us: f64) -> String {
    let mut arrivals: BTreeMap<(u64, u64), bool> = BTreeMap::new();
    let mut count = 0;
    for _ in 0..workers {
        for (pause, is_heartbeat) in [(HEARTBEAT_US, true), (REPORT_US, false)] {
            let mut at = chance.below(pause);
            while at < SPAN_US {
                arrivals.insert((at, count), is_heartbeat);
                count += 1;
                at += pause + chance.below(JITTER_US);
            }
        }
    }
    let (mut free_at, mut busy, mut waits) = (0.0_f64, 0.0, Vec::new());
    for ((at, _), is_heartbeat) in arrivals {
        let begun = free_at.max(at as f64);
        let cost = if is_heartbeat { heartbeat_us } else { report_us };
        free_at = begun + cost;
        busy += cost;
        if is_heartbeat {
            waits.push((free_at - at as f64) / 1000.0);
        }
    }
    waits.sort_by(f64::total_cmp);
    let (p99, last) = (waits[waits.len() * 99 / 100], waits[waits.len() - 1]);
    let share = 100.0 * busy / SPAN_US as f64;
    format!("{share:.1} % of one core; a heartbeat is answered after {p99:.1} ms (p99), {last:.1} ms at most")
}

/// A seeded sequence (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}
