//! What is due? Moments in a heap; entries that were overtaken are dropped when they surface.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::clock::Moment;

/// Things of type `K` that are due at some moment, earliest first; equal moments in order of insertion.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    heap: BinaryHeap<Reverse<(Moment, u64, K)>>,
    inserted: u64,
}

impl<K: Ord + Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new(), inserted: 0 }
    }

    pub(crate) fn insert(&mut self, at: Moment, key: K) {
        self.inserted += 1;
        self.heap.push(Reverse((at, self.inserted, key)));
    }

    /// The earliest entry, perhaps one that was overtaken.
    pub(crate) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
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
}
