//! Master and workers over a network that loses, delays, repeats and parts: from a seed, everything that happens.
//!
//! A world has its faults for a while: messages are lost, late, repeated and out of order, workers cannot be reached, stand
//! still, die and are born, the master is started anew. Then they end, and this must hold ten seconds later: the users that
//! run are those of the target, or none where no run is on, and the master's numbers say so; and when the run is over,
//! every sample that a living worker measured in it is merged, once. At no moment is more merged than was measured, or an
//! order carried out after a newer one.
//!
//! `KATYDID_SIMULATION_SEEDS` is how many seeds are tried (default: 500), or which (`20000..30000`).

mod network;
mod world;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use world::World;

const SEEDS: Range<u64> = 0..500;

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("KATYDID_SIMULATION_SEEDS") else { return SEEDS };
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("seeds are numbers, not {text:?}"));
    number(from)..number(to)
}

#[test]
fn no_seed_breaks_a_law() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let broken = std::thread::scope(|scope| {
        let try_seeds = || {
            let mut broken = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return broken;
                }
                if std::panic::catch_unwind(|| World::new(seed).live()).is_err() {
                    broken.push(seed);
                }
            }
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(try_seeds)).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("panics are caught")).collect::<Vec<u64>>()
    });
    assert!(broken.is_empty(), "{} of the seeds {seeds:?} broke a law: {broken:?}", broken.len());
}

#[test]
fn a_seed_replays() {
    let [first, second] = [0, 1].map(|_| {
        let mut world = World::new(7);
        world.live();
        world.history()
    });
    assert!(first > 100, "something happens: {first}");
    assert_eq!(first, second);
}
