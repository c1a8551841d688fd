//! Which resources are warm, and in which revision? A bounded set: the one that came first leaves first.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Resources that the cache holds at most.
const CAPACITY: usize = 10_000;

#[derive(Default)]
pub(super) struct Cache(RwLock<Shelf>);

#[derive(Default)]
struct Shelf {
    warm: HashSet<u32>,
    arrivals: VecDeque<u32>,
    /// How often a resource was changed; bounded by the number of resources that exist.
    changes: HashMap<u32, u64>,
}

impl Cache {
    pub(super) fn contains(&self, number: u32) -> bool {
        self.read().warm.contains(&number)
    }

    pub(super) fn revision(&self, number: u32) -> u64 {
        self.read().changes.get(&number).map_or(1, |changes| changes + 1)
    }

    pub(super) fn insert(&self, number: u32) {
        let mut shelf = self.write();
        if shelf.warm.insert(number) {
            shelf.arrivals.push_back(number);
        }
        if shelf.arrivals.len() > CAPACITY
            && let Some(oldest) = shelf.arrivals.pop_front()
        {
            shelf.warm.remove(&oldest);
        }
    }

    /// Notes a change of a resource that exists: it is cold again, and another revision.
    pub(super) fn invalidate(&self, number: u32) {
        if !(1..=super::RESOURCES).contains(&number) {
            return;
        }
        let mut shelf = self.write();
        *shelf.changes.entry(number).or_default() += 1;
        if shelf.warm.remove(&number) {
            shelf.arrivals.retain(|arrived| *arrived != number);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Shelf> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_cools_a_resource_and_numbers_its_revision() {
        let cache = Cache::default();
        cache.insert(7);
        assert!(cache.contains(7));
        assert_eq!(cache.revision(7), 1);
        cache.invalidate(7);
        assert!(!cache.contains(7));
        assert_eq!(cache.revision(7), 2);
    }

    #[test]
    fn the_oldest_leaves_a_full_cache() {
        let cache = Cache::default();
        (1..=CAPACITY as u32 + 1).for_each(|number| cache.insert(number));
        assert!(!cache.contains(1));
        assert!(cache.contains(2) && cache.contains(CAPACITY as u32 + 1));
    }

    #[test]
    fn numbers_without_a_resource_take_no_memory() {
        let cache = Cache::default();
        cache.invalidate(0);
        cache.invalidate(u32::MAX);
        assert!(cache.read().changes.is_empty());
    }
}
