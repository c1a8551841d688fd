//! What does one step of the hot path cost? Nanoseconds of the codec, the statistics and the dispatcher, each alone.
//!
//! Not a judgement of the whole: `benches/run.sh` measures that against other programs. This tells which part moved.
//!
//! # Accuracy
//! The best of many short rounds: a noisy neighbour only adds. Figures of one machine compare with each other, not
//! with those of another.

mod harness;

use std::hint::black_box;

use harness::Bench;
use katydid_net::h1::{BodyDecoder, Limits, parse_head};
use katydid_plan::{Dispatcher, Step, UserClass};
use katydid_stats::snapshot::SnapshotRequest;
use katydid_stats::{Phase, Phases, RunStats, Sample};

/// What nginx says to the requests of the benchmark.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
    Content-Type: application/json\r\nContent-Length: 31\r\nConnection: keep-alive\r\n\r\n\
    {\"status\":\"ok\",\"items\":[1,2,3]}";

/// The same body in chunks.
const CHUNKED: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
    10\r\n{\"status\":\"ok\",\"\r\nf\r\nitems\":[1,2,3]}\r\n0\r\n\r\n";

const QUANTILES: [f64; 11] = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0];

fn main() {
    let mut bench = Bench::from_args(std::env::args().skip(1));
    codec(&mut bench);
    stats(&mut bench);
    plan(&mut bench);
}

fn codec(bench: &mut Bench) {
    let limits = Limits::default();
    let mut body = Vec::with_capacity(64);
    for (name, answer) in [("codec: read an answer", ANSWER), ("codec: read a chunked answer", CHUNKED)] {
        bench.measure(name, || {
            body.clear();
            let head =
                parse_head(black_box(answer), false, &limits).expect("a good head").expect("a whole head");
            let mut decoder = BodyDecoder::new(head.framing);
            let (read, is_done) = decoder.decode(&answer[head.len..], &mut body).expect("a good body");
            assert!(is_done && head.len + read == answer.len());
            body.len()
        });
    }
}

fn sample(number: u64) -> Sample {
    let mut phases = Phases::default();
    phases.add(Phase::Sent, 4_000 + number % 97);
    phases.add(Phase::Waiting, 200_000 + number % 50_000);
    phases.add(Phase::Receiving, 0);
    Sample {
        phases,
        lag_ns: Some(20_000 + number % 1_000),
        ..Sample::new(1_000.0 + number as f64 / 1e5, Some(0.25 + (number % 800) as f64 / 1e3), 31)
    }
}

fn stats(bench: &mut Bench) {
    let mut stats = RunStats::new(1_000.0);
    stats.keep_windows(10, false);
    for name in 0..50 {
        stats.entry("GET", &format!("/items/{name}"));
    }
    bench.measure("stats: find an entry among 50", || stats.find(black_box("GET"), black_box("/items/7")));
    let entry = stats.entry("GET", "/items/7");
    let mut number = 0;
    bench.measure("stats: record a sample", || {
        number += 1;
        stats.record(entry, &sample(number));
    });
    bench.measure("stats: count a known failure", || {
        stats.record_failure(entry, black_box("HTTP 500"), 1_000.0)
    });
    let request = SnapshotRequest { now: 1_010.0, quantiles: &QUANTILES, with_window: true };
    bench.measure("stats: snapshot of 50 entries", || stats.snapshot(&request).entries.len());
}

fn plan(bench: &mut Bench) {
    let classes: Vec<UserClass> =
        (1..=6).map(|weight| UserClass::weighted(&format!("User{weight}"), f64::from(weight))).collect();
    bench.measure("plan: dispatch 1000 users of 6 classes", || {
        let mut dispatcher = Dispatcher::new(["local"], &classes);
        dispatcher.aim_at(1000, 100.0).expect("a rate above zero");
        dispatcher.filter(|step| matches!(step, Step::Dispatch(_))).count()
    });
}
