//! How many in which second? One counter for each second, the newest ones kept.

use std::collections::VecDeque;

/// Events counted by the second in which they happened.
///
/// # Accuracy
/// The second is that of the event's own time. Only the newest `capacity` seconds are kept: an event older than those
/// is not counted here (totals are kept elsewhere), and a step of the clock by more than the capacity starts anew. A
/// second counts up to 4,294,967,295.
#[derive(Clone, Debug, PartialEq)]
pub struct PerSecond {
    first: i64,
    counts: VecDeque<u32>,
    capacity: usize,
}

impl PerSecond {
    /// An empty series of at most `capacity` seconds (at least one). It takes memory as seconds pass.
    pub fn new(capacity: usize) -> Self {
        Self { first: 0, counts: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// How many seconds are kept.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Counts `count` events in `second` (Unix time).
    pub fn add(&mut self, second: i64, count: u32) {
        if let Some(counter) = self.counter(second) {
            *counter = counter.saturating_add(count);
        }
    }

    /// Puts a count in the place of a second's present one.
    pub fn put(&mut self, second: i64, count: u32) {
        if let Some(counter) = self.counter(second) {
            *counter = count;
        }
    }

    /// The count of one second.
    pub fn at(&self, second: i64) -> u32 {
        let offset = second.checked_sub(self.first).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.counts.get(offset)).copied().unwrap_or(0)
    }

    /// The mean of the counts from second `from` up to, not including, `until`; zero for an empty range.
    pub fn mean(&self, from: i64, until: i64) -> f64 {
        if until <= from {
            return 0.0;
        }
        let sum: f64 = (from..until).map(|second| f64::from(self.at(second))).sum();
        sum / (until - from) as f64
    }

    /// The seconds in which something happened and their counts, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (i64, u32)> + '_ {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.map(|(offset, count)| (self.first + offset as i64, *count))
    }

    /// Adds the counts of another series.
    pub fn merge(&mut self, other: &Self) {
        // Newest first: if only one of the two ranges can be kept, it must be the newer one.
        for (offset, count) in other.counts.iter().enumerate().rev().filter(|(_, count)| **count > 0) {
            self.add(other.first + offset as i64, *count);
        }
    }

    /// What was counted since this series was as `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut later = Self::new(self.capacity);
        for (second, count) in self.iter() {
            match count.saturating_sub(earlier.at(second)) {
                0 => {}
                more => later.add(second, more),
            }
        }
        later
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.clear();
    }

    fn counter(&mut self, second: i64) -> Option<&mut u32> {
        if self.counts.is_empty() {
            self.first = second;
            self.counts.push_back(0);
        }
        let end = self.first.saturating_add(self.counts.len() as i64);
        if second >= end {
            self.extend_to(second, end);
        } else if second < self.first {
            self.reach_back_to(second, end)?;
        }
        self.counts.get_mut(usize::try_from(second - self.first).ok()?)
    }

    fn extend_to(&mut self, second: i64, end: i64) {
        let steps = second.saturating_sub(end).saturating_add(1);
        if steps >= self.capacity as i64 {
            self.counts.clear();
            self.first = second;
            self.counts.push_back(0);
            return;
        }
        for _ in 0..steps {
            if self.counts.len() == self.capacity {
                self.counts.pop_front();
                self.first += 1;
            }
            self.counts.push_back(0);
        }
    }

    fn reach_back_to(&mut self, second: i64, end: i64) -> Option<()> {
        if end.saturating_sub(second) > self.capacity as i64 {
            return None;
        }
        for _ in second..self.first {
            self.counts.push_front(0);
        }
        self.first = second;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(capacity: usize, seconds: &[i64]) -> PerSecond {
        let mut series = PerSecond::new(capacity);
        seconds.iter().for_each(|second| series.add(*second, 1));
        series
    }

    #[test]
    fn counts_by_second_in_any_order() {
        let series = of(10, &[5, 7, 5, 3]);
        assert_eq!(series.iter().collect::<Vec<_>>(), [(3, 1), (5, 2), (7, 1)]);
        assert_eq!(series.mean(3, 7), 0.75);
        assert_eq!(series.mean(7, 7), 0.0);
    }

    #[test]
    fn a_count_can_be_put() {
        let mut series = of(3, &[1, 2, 2]);
        series.put(2, 7);
        series.put(1, 0);
        assert_eq!(series.iter().collect::<Vec<_>>(), [(2, 7)]);
    }

    #[test]
    fn keeps_the_newest_seconds() {
        let series = of(3, &[1, 2, 3, 4, 1, 3]);
        assert_eq!(series.iter().collect::<Vec<_>>(), [(2, 1), (3, 2), (4, 1)]);
    }

    #[test]
    fn starts_anew_when_the_clock_leaps() {
        let series = of(3, &[1, 2, i64::MAX, i64::MIN]);
        assert_eq!(series.iter().map(|(second, _)| second).collect::<Vec<_>>(), [i64::MAX]);
    }

    proptest! {
        #[test]
        fn merging_is_associative_and_equals_one_series(
            parts in prop::collection::vec(prop::collection::vec(0_i64..30, 0..20), 3),
            capacity in 1_usize..40,
        ) {
            let [a, b, c] = [0, 1, 2].map(|index: usize| of(capacity, &parts[index]));
            let mut left = a.clone();
            left.merge(&b);
            left.merge(&c);
            let mut tail = b.clone();
            tail.merge(&c);
            let mut right = a;
            right.merge(&tail);
            let one = of(capacity, &parts.concat());
            let newest = parts.concat().iter().max().copied().unwrap_or(0);
            // A series may hold less than its capacity when it saw its newest second late; never anything wrong.
            for series in [&left, &right, &one] {
                prop_assert!(series.iter().all(|(second, _)| second > newest - capacity as i64));
            }
            prop_assert_eq!(left.iter().collect::<Vec<_>>(), right.iter().collect::<Vec<_>>());
            prop_assert_eq!(left.iter().collect::<Vec<_>>(), one.iter().collect::<Vec<_>>());
        }
    }
}
