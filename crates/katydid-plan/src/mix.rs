//! Which user class comes next? A sequence in which every prefix is as close to the weights as a prefix can be.
//!
//! At each place the class is taken that brings the distribution so far nearest to the weights, measured by the
//! Kullback-Leibler divergence. This is the order that Locust spawns in, so two runs of a suite, one on each, meet
//! their target in the same order. What a maintainer must not break: ties are resolved by occurrences, then weight,
//! then name, and the arithmetic is done in the same order of operations, because a tie in real numbers is decided by
//! the last bit of the floating-point ones.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

/// A kind of user and how much of the load is its share.
#[derive(Clone, Debug, PartialEq)]
pub struct UserClass {
    /// Unique among the classes of a run.
    pub name: Arc<str>,
    /// Share relative to the other classes; zero means never.
    pub weight: f64,
    /// When above zero: exactly so many users, spawned before all weighted ones, whatever the weight says.
    pub fixed_count: u64,
}

impl UserClass {
    /// A class with a share.
    pub fn weighted(name: &str, weight: f64) -> Self {
        Self { name: name.into(), weight, fixed_count: 0 }
    }

    /// A class with a fixed number of users.
    pub fn fixed(name: &str, count: u64) -> Self {
        Self { name: name.into(), weight: 1.0, fixed_count: count }
    }

    /// Has this class a fixed number of users?
    pub fn is_fixed(&self) -> bool {
        self.fixed_count > 0
    }
}

/// The endless sequence of items, each as often as its weight asks; empty if no weight is above zero.
///
/// # Examples
/// ```
/// use katydid_plan::Mix;
///
/// let sequence: String = Mix::new([("A", 5.0), ("B", 1.0)]).take(8).collect();
/// assert_eq!(sequence, "AABAAAAA");
/// ```
#[derive(Clone, Debug)]
pub struct Mix<T> {
    candidates: BinaryHeap<Reverse<Candidate<T>>>,
}

impl<T: Ord + Clone> Mix<T> {
    /// A sequence over items with weights; the items' order decides between equals.
    pub fn new(weights: impl IntoIterator<Item = (T, f64)>) -> Self {
        let candidates = weights
            .into_iter()
            .filter(|(_, weight)| *weight > 0.0)
            .map(|(item, weight)| Reverse(Candidate::new(item, weight)))
            .collect();
        Self { candidates }
    }
}

impl<T: Ord + Clone> Iterator for Mix<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let mut top = self.candidates.peek_mut()?;
        let item = top.0.item.clone();
        top.0.take();
        Some(item)
    }
}

/// How much taking `item` once more changes the divergence: the lowest is taken next.
#[derive(Clone, Debug)]
struct Candidate<T> {
    divergence: f64,
    /// Times taken so far plus the weight, plus one.
    presence: f64,
    weight: f64,
    item: T,
}

impl<T> Candidate<T> {
    fn new(item: T, weight: f64) -> Self {
        Self { divergence: change(weight, weight), presence: weight + 1.0, weight, item }
    }

    fn take(&mut self) {
        self.divergence = change(self.weight, self.presence);
        self.presence += 1.0;
    }
}

fn change(weight: f64, presence: f64) -> f64 {
    weight * (presence / (presence + 1.0)).log2()
}

impl<T: Ord> Ord for Candidate<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.divergence
            .total_cmp(&other.divergence)
            .then(self.presence.total_cmp(&other.presence))
            .then(self.weight.total_cmp(&other.weight))
            .then(self.item.cmp(&other.item))
    }
}

impl<T: Ord> PartialOrd for Candidate<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Candidate<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T: Ord> Eq for Candidate<T> {}

/// How many users of each class a full run of `users` would have: fixed classes get their count, the others a rounded
/// share of the rest. This is what the task ratio shows before a run; [`crate::Dispatcher`] decides what really runs.
pub fn expected_counts(classes: &[UserClass], users: u64) -> Vec<(Arc<str>, u64)> {
    let fixed: u64 = classes.iter().map(|class| class.fixed_count).sum();
    let total_weight: f64 = classes.iter().filter(|class| !class.is_fixed()).map(|class| class.weight).sum();
    let rest = users.saturating_sub(fixed) as f64;
    classes
        .iter()
        .map(|class| {
            let share = if total_weight > 0.0 { class.weight / total_weight * rest } else { 0.0 };
            let count = if class.is_fixed() { class.fixed_count } else { share.round_ties_even() as u64 };
            (class.name.clone(), count)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sequence(weights: &[(&str, f64)], length: usize) -> String {
        Mix::new(weights.iter().copied()).take(length).collect()
    }

    #[test]
    fn spawns_in_the_order_that_locust_was_seen_to_use() {
        assert_eq!(sequence(&[("A", 5.0), ("B", 1.0)], 20), "AABAAAAABAAAAABAAAAA");
        assert_eq!(sequence(&[("A", 1.0), ("B", 1.0)], 4), "ABAB");
        assert_eq!(sequence(&[("A", 1.0), ("B", 2.0)], 7), "BABBABB");
        assert_eq!(sequence(&[("A", 1.0), ("B", 2.0), ("C", 3.0)], 12), "CBACBCCBACBC");
        assert_eq!(sequence(&[("A", 0.5), ("B", 1.5)], 4), "BABB");
    }

    #[test]
    fn never_takes_a_weight_of_zero() {
        assert_eq!(sequence(&[("A", 0.0), ("B", 1.0)], 3), "BBB");
        assert_eq!(sequence(&[("A", 0.0)], 3), "");
    }

    #[test]
    fn expects_fixed_counts_first_and_shares_of_the_rest() {
        let classes =
            [UserClass::fixed("F", 2), UserClass::weighted("A", 1.0), UserClass::weighted("B", 2.0)];
        let counts: Vec<u64> = expected_counts(&classes, 11).into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 3, 6]);
        assert_eq!(expected_counts(&classes, 1)[0].1, 2, "fixed users are asked for even beyond the total");
    }

    proptest! {
        #[test]
        fn every_prefix_is_within_a_user_per_class_of_the_weights(
            weights in prop::collection::vec(1_u32..100, 1..8),
            length in 1_usize..300,
        ) {
            let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
            let classes = weights.len() as f64;
            let mut counts = vec![0_usize; weights.len()];
            let mix = Mix::new(weights.iter().enumerate().map(|(index, weight)| (index, f64::from(*weight))));
            for index in mix.take(length) {
                counts[index] += 1;
            }
            prop_assert_eq!(counts.iter().sum::<usize>(), length);
            for (count, weight) in counts.iter().zip(&weights) {
                let due = f64::from(*weight) / total * length as f64;
                prop_assert!((*count as f64 - due).abs() <= classes, "{count} taken, {due} due");
            }
        }
    }
}
