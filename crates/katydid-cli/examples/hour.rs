//! Keeps two made-up runs of an hour in a new store, as runs that end by themselves are kept: 200 names, so many requests
//! at each of them in every ten seconds (1000), a level in each third. For measuring what takes time with such runs:
//! `benches/history.py`.
//!
//! `cargo run --release -p katydid-cli --example hour PATH [REQUESTS]`

use std::time::Instant;

use katydid_cli::history::compare::keep_digest;
use katydid_stats::part::Changes;
use katydid_stats::{RunStats, Sample};
use katydid_store::{About, Address, End, Level, RunId, Store, Writer};

const NAMES: usize = 200;
const STRETCHES: u32 = 360;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file shall be the store?")?;
    let address = Address::File(path.into());
    let requests = std::env::args().nth(2).map_or(Ok(1000), |requests| requests.parse())?;
    for seed in 1..=2 {
        let run = keep_hour(Store::open(&address)?, seed, requests)?;
        let begun = Instant::now();
        keep_digest(&mut Store::open(&address)?, run)?;
        println!("run {run} digested in {:.2} s", begun.elapsed().as_secs_f64());
    }
    let size = Store::open(&address)?.size_bytes()?.unwrap_or_default();
    println!("two runs of an hour with {NAMES} names: {:.1} MB", size as f64 / 1e6);
    Ok(())
}

fn keep_hour(store: Store, seed: u64, requests: u32) -> Result<RunId, Box<dyn std::error::Error>> {
    let writer = Writer::begin(store, &About { locustfile: "hour.py".into(), ..About::default() })?;
    let (mut stats, mut changes, mut chance) = (RunStats::new(0.0), Changes::default(), seed);
    let mut next = move || {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 40) as f64 / f64::from(1 << 24)
    };
    let names: Vec<String> = (0..NAMES).map(|name| format!("/service/{name}/resource/[id]")).collect();
    for stretch in 0..STRETCHES {
        let begun = f64::from(stretch) * 10.0;
        if stretch % 120 == 0 {
            let number = u64::from(stretch / 120 + 1);
            let (label, until) = (format!("level {number}"), Some(begun + 1200.0));
            writer.level(Level {
                number,
                label,
                users: 100 * number,
                from: begun,
                until,
                ..Level::default()
            });
        }
        for (place, name) in names.iter().enumerate() {
            let id = stats.entry_at("GET", name, begun);
            for step in 0..requests {
                // About normal in the logarithm: most between a tenth and ten times the median.
                let spread = (1.5 * (next() + next() + next() - 1.5)).exp();
                let ms = (20.0 + place as f64 / 4.0) * spread;
                stats.record(
                    id,
                    &Sample::new(begun + 10.0 * f64::from(step) / f64::from(requests), Some(ms), 512),
                );
            }
        }
        while writer.is_busy() {
            std::thread::yield_now();
        }
        writer.observe(changes.take(&stats), begun + 10.0, u64::from(100 * (stretch / 120 + 1)));
    }
    let run = writer.run();
    writer.finish(End { at: f64::from(STRETCHES) * 10.0, ..End::default() })?;
    Ok(run)
}
