//! How are durations distributed? Counts in cells so narrow that three digits of every duration survive.
//!
//! What a maintainer must not break: cells do not depend on what was recorded before, so that histograms of different
//! processes merge without loss and a difference of two moments is exact.

use hdrhistogram::Histogram as Cells;

/// Durations above this (52 days) fall into the topmost cell. It bounds the size of a histogram to about 130 KiB.
pub const LONGEST_US: u64 = 1 << 42;

/// A distribution of durations, recorded in microseconds.
///
/// # Accuracy
/// A duration up to 2 ms is kept to the microsecond, a longer one within 0.1 %. A cell counts up to 4,294,967,295 and
/// stays there. Where one number must stand for a cell it is the one with the fewest digits inside the cell, so that
/// whole milliseconds up to a second, and rounder numbers beyond, come out as they went in.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    cells: Cells<u32>,
}

/// The durations between two bounds and how many there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The shortest duration that falls into this cell, in microseconds.
    pub low_us: u64,
    /// The longest one.
    pub high_us: u64,
    /// How often it was hit.
    pub count: u64,
}

impl Cell {
    /// The duration that stands for the cell, in microseconds.
    pub fn value_us(&self) -> u64 {
        roundest(self.low_us, self.high_us)
    }

    /// The duration that stands for the cell, in milliseconds.
    pub fn value_ms(&self) -> f64 {
        self.value_us() as f64 / 1000.0
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// An empty distribution of 8 KiB, which grows when it sees longer durations.
    pub fn new() -> Self {
        Self { cells: Cells::new(3).expect("three significant digits are within the library's range") }
    }

    /// Adds one duration in microseconds.
    pub fn record_us(&mut self, duration_us: u64) {
        self.record_many_us(duration_us, 1);
    }

    /// Adds `count` equal durations.
    pub fn record_many_us(&mut self, duration_us: u64, count: u64) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let duration_us = duration_us.min(LONGEST_US);
        if self.cells.record_n(duration_us, count).is_err() {
            // Only where the histogram cannot grow, which LONGEST_US rules out; the count must survive even so.
            self.cells.saturating_record_n(duration_us, count);
        }
    }

    /// Adds one duration in milliseconds, rounded to the microsecond; below zero counts as zero.
    pub fn record_ms(&mut self, duration_ms: f64) {
        self.record_us(us_of_ms(duration_ms));
    }

    /// Adds one duration in nanoseconds, rounded down to the microsecond.
    pub fn record_ns(&mut self, duration_ns: u64) {
        self.record_us(duration_ns / 1000);
    }

    /// Durations recorded.
    pub fn count(&self) -> u64 {
        self.cells.len()
    }

    /// Was nothing recorded?
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The cells that were hit, shortest durations first.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        self.cells.iter_recorded().map(|step| {
            let high_us = step.value_iterated_to();
            let low_us = self.cells.lowest_equivalent(high_us);
            Cell { low_us, high_us, count: u64::from(step.count_at_value()) }
        })
    }

    /// Adds everything that `other` recorded.
    pub fn merge(&mut self, other: &Self) {
        if self.cells.add(&other.cells).is_err() {
            for cell in other.cells() {
                self.record_many_us(cell.high_us, cell.count);
            }
        }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.cells.reset();
    }

    /// The duration below which the share `quantile` of all durations lies, in milliseconds; `None` when empty.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let rank = rank_of(quantile, self.count())?;
        pick_ranks(self.cells(), &[rank]).first().map(|us| *us as f64 / 1000.0)
    }

    /// The longest duration, in milliseconds, rounded up within its cell; zero when empty.
    pub fn max_ms(&self) -> f64 {
        self.cells.max() as f64 / 1000.0
    }
}

/// The place, counted from zero, of the value at `quantile` among `count` sorted ones: Locust's rule, which truncates.
pub fn rank_of(quantile: f64, count: u64) -> Option<u64> {
    let last = count.checked_sub(1)?;
    Some(((count as f64 * quantile) as u64).min(last))
}

/// The values that stand at the given ranks, in microseconds, in one pass; ranks in any order, each below the count.
pub(crate) fn pick_ranks(cells: impl Iterator<Item = Cell>, ranks: &[u64]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..ranks.len()).collect();
    order.sort_by_key(|index| ranks[*index]);
    let mut wanted = order.into_iter().peekable();
    let mut values = vec![0; ranks.len()];
    let mut passed = 0;
    for cell in cells {
        passed += cell.count;
        while let Some(index) = wanted.next_if(|index| ranks[*index] < passed) {
            values[index] = cell.value_us();
        }
        if wanted.peek().is_none() {
            break;
        }
    }
    values
}

/// Milliseconds to the nearest microsecond; below zero and not-a-number become zero.
pub fn us_of_ms(duration_ms: f64) -> u64 {
    (duration_ms * 1000.0 + 0.5) as u64
}

/// The number with the fewest significant digits in a range.
fn roundest(low: u64, high: u64) -> u64 {
    let mut step = 1;
    let mut value = high;
    while step <= high / 10 {
        step *= 10;
        let candidate = high / step * step;
        if candidate < low {
            break;
        }
        value = candidate;
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(durations_us: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        durations_us.iter().for_each(|us| histogram.record_us(*us));
        histogram
    }

    #[test]
    fn stands_for_a_cell_with_its_roundest_number() {
        for (low, high, value) in
            [(144_896, 145_023, 145_000), (7, 7, 7), (0, 0, 0), (999, 1001, 1000), (1, 9, 9)]
        {
            assert_eq!(roundest(low, high), value, "{low}..={high}");
        }
    }

    #[test]
    fn whole_milliseconds_survive() {
        for ms in (1..1040).chain([2_010, 5_000, 12_300, 65_000, 3_600_000]) {
            let histogram = of(&[ms * 1000]);
            assert_eq!(histogram.quantile_ms(0.5), Some(ms as f64));
        }
    }

    #[test]
    fn takes_any_duration() {
        let mut histogram = of(&[0, u64::MAX]);
        histogram.record_ms(-1.0);
        histogram.record_ms(f64::NAN);
        histogram.record_ms(f64::INFINITY);
        assert_eq!(histogram.count(), 5);
        assert_eq!(histogram.cells().map(|cell| cell.count).sum::<u64>(), 5);
    }

    #[test]
    fn ranks_truncate_and_stop_at_the_last() {
        for (quantile, count, rank) in [(0.5, 1, 0), (0.5, 2, 1), (0.95, 100, 95), (1.0, 7, 6), (0.0, 7, 0)] {
            assert_eq!(rank_of(quantile, count), Some(rank), "{quantile} of {count}");
        }
        assert_eq!(rank_of(0.5, 0), None);
    }

    proptest! {
        #[test]
        fn a_quantile_is_within_a_thousandth_of_the_sorted_value(
            mut durations in prop::collection::vec(0_u64..100_000_000, 1..200),
            quantile in 0.0_f64..=1.0,
        ) {
            let histogram = of(&durations);
            durations.sort_unstable();
            let rank = rank_of(quantile, durations.len() as u64).expect("there are durations");
            let exact = durations[rank as usize] as f64 / 1000.0;
            let told = histogram.quantile_ms(quantile).expect("there are durations");
            prop_assert!((told - exact).abs() <= exact * 0.001, "{told} for {exact}");
        }

        #[test]
        fn merging_is_recording_everything_in_one(
            left in prop::collection::vec(0_u64..10_000_000, 0..50),
            right in prop::collection::vec(0_u64..10_000_000, 0..50),
        ) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let all: Vec<u64> = left.into_iter().chain(right).collect();
            prop_assert_eq!(merged.cells().collect::<Vec<_>>(), of(&all).cells().collect::<Vec<_>>());
        }
    }
}
