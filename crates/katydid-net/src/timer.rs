//! What is due? Moments in a heap; entries that were overtaken are dropped when they surface.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::clock::Moment;

/// Things of type `K` that are due at some moment, earliest first; equal moments in order of insertion.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    heap: BinaryHeap<Reverse<(Moment, u64, K)>>,
    inserted: u64,
    /// Above this many entries it is worth looking for overtaken ones.
    crowd: usize,
}

/// Fewer entries than this are never worth a look.
const SMALLEST_CROWD: usize = 4096;

impl<K: Ord + Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new(), inserted: 0, crowd: SMALLEST_CROWD }
    }

    pub(crate) fn insert(&mut self, at: Moment, key: K) {
        self.inserted += 1;
        self.heap.push(Reverse((at, self.inserted, key)));
    }

    /// The earliest entry, perhaps one that was overtaken.
    pub(crate) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    /// Whether there are so many entries that the overtaken ones should go.
    pub(crate) fn is_crowded(&self) -> bool {
        self.heap.len() > self.crowd
    }

    /// Keeps the entries that `is_live`; the next look is due when twice as many have gathered.
    pub(crate) fn retain(&mut self, mut is_live: impl FnMut(Moment, &K) -> bool) {
        self.heap.retain(|Reverse((at, _, key))| is_live(*at, key));
        self.crowd = SMALLEST_CROWD.max(self.heap.len() * 2);
    }

    /// Takes the earliest entry that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Moment) -> Option<(Moment, K)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((at, _, key))| (at, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_first_and_equals_in_order_of_insertion() {
        let mut timers = Timers::new();
        for (at, key) in [(30, 9), (10, 5), (20, 7), (10, 3)] {
            timers.insert(Moment(at), key);
        }
        assert_eq!(timers.next(), Some(Moment(10)));
        let due: Vec<_> = std::iter::from_fn(|| timers.pop_due(Moment(20))).map(|(_, key)| key).collect();
        assert_eq!(due, [5, 3, 7]);
        assert_eq!(timers.pop_due(Moment(29)), None);
        assert_eq!(timers.pop_due(Moment(30)), Some((Moment(30), 9)));
    }

    #[test]
    fn a_crowd_of_overtaken_entries_is_thinned_out() {
        let mut timers = Timers::new();
        (0..=SMALLEST_CROWD).for_each(|key| timers.insert(Moment(key as u64), key));
        assert!(timers.is_crowded());
        timers.retain(|_, key| key % 2 == 0);
        assert!(!timers.is_crowded());
        assert_eq!(timers.pop_due(Moment(1)), Some((Moment(0), 0)));
        assert_eq!(timers.pop_due(Moment(1)), None);
    }
}
