//! How is something timed that takes nanoseconds? In rounds long enough for the clock, of which the best counts.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// A round lasts at least this long, so that reading the clock does not matter.
const ROUND: Duration = Duration::from_millis(2);
/// Rounds of one measurement.
const ROUNDS: usize = 100;

/// Runs and prints measurements.
pub(crate) struct Bench {
    /// Only measurements whose name contains this.
    filter: String,
}

impl Bench {
    /// The first argument, if there is one, selects measurements.
    pub(crate) fn from_args(mut args: impl Iterator<Item = String>) -> Self {
        Self { filter: args.next().unwrap_or_default() }
    }

    /// Prints what one call of `step` costs.
    pub(crate) fn measure<T>(&mut self, name: &str, mut step: impl FnMut() -> T) {
        if !name.contains(&self.filter) {
            return;
        }
        let calls = calibrate(&mut step);
        let best = (0..ROUNDS).map(|_| time(calls, &mut step)).min().unwrap_or_default();
        println!("{name:<44}{:>12.1} ns", best.as_nanos() as f64 / calls as f64);
    }
}

/// How many calls fill a round.
fn calibrate<T>(step: &mut impl FnMut() -> T) -> u32 {
    let mut calls = 1;
    while time(calls, step) < ROUND {
        calls *= 2;
    }
    calls
}

fn time<T>(calls: u32, step: &mut impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(step());
    }
    start.elapsed()
}
