//! Master and workers over a network that loses, delays, repeats and parts: from a seed, everything that happens.
//!
//! A world has its faults for a while, then they end. From then on this must hold within seconds: the users that run are
//! those of the target, and the master's numbers say so; and when the run is over, every sample that a living worker
//! measured in it is merged, once. At no moment is more merged than was measured.
//!
//! `KATYDID_SIMULATION_SEEDS` is how many seeds are tried (default: 300); `KATYDID_SIMULATION_SEED` tries one.

mod network;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use world::World;

const SEEDS: u64 = 300;

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {value:?}")))
}

#[test]
fn no_seed_breaks_a_law() {
    if let Some(seed) = number("KATYDID_SIMULATION_SEED") {
        return World::new(seed).live();
    }
    let seeds = number("KATYDID_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let broken = std::thread::scope(|scope| {
        let try_seeds = || {
            let mut broken = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds {
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
    assert!(broken.is_empty(), "{} of {seeds} seeds broke a law: {broken:?}", broken.len());
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
