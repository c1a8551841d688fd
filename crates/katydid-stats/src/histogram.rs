//! How are durations distributed? Counts in cells so narrow that three digits of every duration survive.
//!
//! A name with few distinct durations costs a short list, any other a table: `hdrhistogram`'s. What a maintainer must
//! not break: cells do not depend on what was recorded before, nor on list or table, so that histograms of different
//! processes merge without loss and a difference of two moments is exact.

use hdrhistogram::Histogram as Table;

/// Durations above this (52 days) fall into the topmost cell. It bounds the size of a histogram to about 140 KiB.
pub const LONGEST_US: u64 = 1 << 42;

/// Cells that there are: their places in the row of all cells are below this.
pub const CELLS: u32 = Cell::around(LONGEST_US, 0).index() + 1;

/// Cells in a list; with one more it becomes a table. A list is 2 KiB at most, a table 8 KiB at least.
const LONGEST_LIST: usize = 256;

/// Bits of a duration that a cell keeps, counted from the highest one that is set.
const KEPT_BITS: u32 = 11;

/// A distribution of durations, recorded in microseconds.
///
/// # Accuracy
/// A duration up to 2 ms is kept to the microsecond, a longer one within 0.1 %. A cell counts up to 4,294,967,295 and
/// stays there. Where one number must stand for a cell it is the one with the fewest digits inside the cell, so that
/// whole milliseconds up to a second, and rounder numbers beyond, come out as they went in.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    cells: Cells,
    count: u64,
    max_us: u64,
}

#[derive(Clone, Debug)]
enum Cells {
    /// Shortest duration and count of each cell that was hit, in ascending order.
    List(Vec<(u64, u32)>),
    Table(Box<Table<u32>>),
}

impl Default for Cells {
    fn default() -> Self {
        Self::List(Vec::new())
    }
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
    /// The cell that a duration falls into, with a count.
    pub(crate) const fn around(duration_us: u64, count: u32) -> Self {
        let dropped_bits = (u64::BITS - duration_us.leading_zeros()).saturating_sub(KEPT_BITS);
        let low_us = duration_us >> dropped_bits << dropped_bits;
        let high_us = low_us + ((1 << dropped_bits) - 1);
        Self { low_us, high_us, count: count as u64 }
    }

    /// The cell at a place in the row of all cells; the inverse of [`Self::index`].
    pub fn at_index(index: u32, count: u32) -> Self {
        let dropped_bits =
            (u64::from(index) >> (KEPT_BITS - 1)).saturating_sub(1).min(u64::from(u64::BITS - KEPT_BITS));
        let low_us = (u64::from(index) - (dropped_bits << (KEPT_BITS - 1))) << dropped_bits;
        Self::around(low_us, count)
    }

    /// The cell's place in the row of all cells: neighbours differ by one.
    pub const fn index(&self) -> u32 {
        let dropped_bits = (u64::BITS - self.low_us.leading_zeros()).saturating_sub(KEPT_BITS);
        (dropped_bits << (KEPT_BITS - 1)) + (self.low_us >> dropped_bits) as u32
    }

    /// The duration that stands for the cell, in microseconds.
    pub fn value_us(&self) -> u64 {
        roundest(self.low_us, self.high_us)
    }

    /// The duration that stands for the cell, in milliseconds.
    pub fn value_ms(&self) -> f64 {
        self.value_us() as f64 / 1000.0
    }
}

impl Histogram {
    /// An empty distribution; it takes memory when durations are recorded.
    pub fn new() -> Self {
        Self::default()
    }

    /// The distribution with these cells, each given by its place in the row of all cells and its count, of which the
    /// longest duration is known.
    pub fn of_cells(cells: impl IntoIterator<Item = (u32, u32)>, max_us: u64) -> Self {
        let mut histogram = Self::new();
        histogram.add_cells(cells, max_us);
        histogram
    }

    /// Adds a distribution with these cells, each given by its place and its count, of which the longest duration is
    /// known.
    pub fn add_cells(&mut self, cells: impl IntoIterator<Item = (u32, u32)>, max_us: u64) {
        let longest_us = self.max_us.max(max_us.min(LONGEST_US));
        for (index, count) in cells {
            self.record_many_us(Cell::at_index(index, 0).value_us(), u64::from(count));
        }
        self.max_us = longest_us;
    }

    /// The distribution of durations in microseconds, so many of each, in any order. However many they are it takes
    /// memory for them alone, as one does that was read and is to be merged into another.
    pub fn of_counts(counts: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut histogram = Self::new();
        let mut list = Vec::new();
        for (duration_us, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let duration_us = duration_us.min(LONGEST_US);
            let times = u32::try_from(count).unwrap_or(u32::MAX);
            list.push((Cell::around(duration_us, times).low_us, times));
            histogram.count += u64::from(times);
            histogram.max_us = histogram.max_us.max(duration_us);
        }
        list.sort_unstable_by_key(|(low_us, _)| *low_us);
        list.dedup_by(|(low_us, times), (kept_low_us, kept)| {
            let is_same = low_us == kept_low_us;
            *kept = if is_same { kept.saturating_add(*times) } else { *kept };
            is_same
        });
        histogram.cells = Cells::List(list);
        histogram
    }

    /// Adds one duration in microseconds.
    pub fn record_us(&mut self, duration_us: u64) {
        self.record_many_us(duration_us, 1);
    }

    /// Adds `count` equal durations.
    pub fn record_many_us(&mut self, duration_us: u64, count: u64) {
        let duration_us = duration_us.min(LONGEST_US);
        let times = u32::try_from(count).unwrap_or(u32::MAX);
        match &mut self.cells {
            Cells::Table(table) => record_in_table(table, duration_us, times),
            Cells::List(list) => {
                record_in_list(list, duration_us, times);
                if list.len() > LONGEST_LIST {
                    self.cells = Cells::Table(table_of(list));
                }
            }
        }
        self.count += u64::from(times);
        self.max_us = self.max_us.max(duration_us);
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
        self.count
    }

    /// Was nothing recorded?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The cells that were hit, shortest durations first.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        let (list, table) = match &self.cells {
            Cells::List(list) => (list.as_slice(), None),
            Cells::Table(table) => (&[][..], Some(table.iter_recorded())),
        };
        let listed = list.iter().map(|(low_us, count)| Cell::around(*low_us, *count));
        let tabled = table.into_iter().flatten();
        listed.chain(tabled.map(|step| Cell::around(step.value_iterated_to(), step.count_at_value())))
    }

    /// Adds everything that `other` recorded.
    pub fn merge(&mut self, other: &Self) {
        for cell in other.cells() {
            self.record_many_us(cell.low_us, cell.count);
        }
        self.max_us = self.max_us.max(other.max_us);
    }

    /// What was recorded since this histogram was as `earlier`. Its longest duration is exact if it is the longest of
    /// all, otherwise that of its topmost cell.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut before = earlier.cells().peekable();
        let mut later = Self::new();
        for cell in self.cells() {
            while before.next_if(|known| known.low_us < cell.low_us).is_some() {}
            let known = before.next_if(|known| known.low_us == cell.low_us).map_or(0, |known| known.count);
            if cell.count > known {
                later.record_many_us(cell.value_us(), cell.count - known);
            }
        }
        later.max_us = match later.is_empty() {
            false if self.max_us > earlier.max_us => self.max_us,
            _ => later.max_us.min(self.max_us),
        };
        later
    }

    /// Forgets everything; a table keeps its memory.
    pub fn clear(&mut self) {
        match &mut self.cells {
            Cells::List(list) => list.clear(),
            Cells::Table(table) => table.reset(),
        }
        (self.count, self.max_us) = (0, 0);
    }

    /// The duration below which the share `quantile` of all durations lies, in milliseconds; `None` when empty.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let rank = rank_of(quantile, self.count())?;
        let value_us = pick_ranks(self.cells(), &[rank]).first().copied()?;
        Some(value_us.min(self.max_us) as f64 / 1000.0)
    }

    /// The longest duration, in microseconds; zero when empty.
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// The longest duration, in milliseconds; zero when empty.
    pub fn max_ms(&self) -> f64 {
        self.max_us as f64 / 1000.0
    }
}

/// Two distributions are equal when the same cells were hit equally often, be it in a list or a table.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        (self.count, self.max_us) == (other.count, other.max_us) && self.cells().eq(other.cells())
    }
}

fn record_in_table(table: &mut Table<u32>, duration_us: u64, count: u32) {
    if table.record_n(duration_us, count).is_err() {
        // Only where the table cannot grow, which LONGEST_US rules out; the count must survive even so.
        table.saturating_record_n(duration_us, count);
    }
}

fn record_in_list(list: &mut Vec<(u64, u32)>, duration_us: u64, count: u32) {
    let low_us = Cell::around(duration_us, count).low_us;
    match list.binary_search_by_key(&low_us, |(low_us, _)| *low_us) {
        Ok(index) => list[index].1 = list[index].1.saturating_add(count),
        Err(index) => list.insert(index, (low_us, count)),
    }
}

#[cold]
fn table_of(list: &[(u64, u32)]) -> Box<Table<u32>> {
    let mut table = Table::new(3).expect("three significant digits are within the library's range");
    for (low_us, count) in list {
        record_in_table(&mut table, *low_us, *count);
    }
    Box::new(table)
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
    fn cells_are_those_of_the_table() {
        let table: Table<u32> = Table::new_with_max(LONGEST_US, 3).expect("within the library's range");
        for us in (0..5000)
            .chain((12..42).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + (1 << bits) / 3]))
        {
            let cell = Cell::around(us, 1);
            let expected = (table.lowest_equivalent(us), table.highest_equivalent(us));
            assert_eq!((cell.low_us, cell.high_us), expected, "{us} us");
        }
    }

    #[test]
    fn a_list_becomes_a_table_without_loss() {
        let mut histogram = Histogram::new();
        let mut expected = Vec::new();
        for us in 0..2 * LONGEST_LIST as u64 {
            histogram.record_us(us);
            expected.push(Cell { low_us: us, high_us: us, count: 1 });
            assert_eq!(histogram.cells().collect::<Vec<_>>(), expected);
        }
        assert!(matches!(histogram.cells, Cells::Table(_)));
    }

    /// A table takes 130 kB; what was read of a stranger's six hundred bytes had taken one.
    #[test]
    fn what_is_made_of_counts_is_a_list_and_equal_to_what_was_recorded() {
        let counts: Vec<_> =
            (0..3 * LONGEST_LIST as u64).rev().map(|step| (step * step * 7, step % 5)).collect();
        let mut recorded = Histogram::new();
        for (us, count) in counts.iter().chain(&counts).filter(|(_, count)| *count > 0) {
            recorded.record_many_us(*us, *count);
        }
        let mut made = Histogram::of_counts(counts.iter().chain(&counts).copied());
        assert!(matches!(&made.cells, Cells::List(list) if list.len() > LONGEST_LIST));
        assert_eq!(made, recorded);
        made.record_us(1);
        recorded.record_us(1);
        assert_eq!(made, recorded);
        assert!(matches!(made.cells, Cells::Table(_)), "as any other from now on");
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
            mut durations in prop::collection::vec(0_u64..100_000_000, 1..600),
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
        fn what_came_since_is_what_was_recorded_in_between(
            before in prop::collection::vec(0_u64..10_000_000, 0..400),
            after in prop::collection::vec(0_u64..10_000_000, 0..400),
        ) {
            let earlier = of(&before);
            let later = of(&before.iter().chain(&after).copied().collect::<Vec<_>>());
            let (since, expected) = (later.since(&earlier), of(&after));
            prop_assert!(since.cells().eq(expected.cells()));
            prop_assert!((since.max_ms() - expected.max_ms()).abs() <= expected.max_ms() * 0.001);
        }

        #[test]
        fn merging_is_recording_everything_in_one(
            left in prop::collection::vec(0_u64..10_000_000, 0..400),
            right in prop::collection::vec(0_u64..10_000_000, 0..50),
        ) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let all: Vec<u64> = left.into_iter().chain(right).collect();
            prop_assert_eq!(merged, of(&all));
        }
    }
}
