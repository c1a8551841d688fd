//! Where does a user's randomness come from? A small generator of its own, so that a seed replays a user.

use std::cell::Cell;

/// SplitMix64 (Steele, Lea and Flood 2014): one word of state, good enough to draw waits and choices from.
#[derive(Debug)]
pub(crate) struct Chance(Cell<u64>);

impl Chance {
    /// The generator of user number `user` in a run with this seed.
    pub(crate) fn new(seed: u64, user: u64) -> Self {
        let chance = Self(Cell::new(seed ^ user.wrapping_mul(0xd134_2543_de82_ef95)));
        chance.next();
        chance
    }

    fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in `[0, 1)`, with 53 bits.
    pub(crate) fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// An index into `weights`, each as likely as its weight says; 0 where all are zero.
    pub(crate) fn pick(&self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        // The high half of the product is uniform in 0..total; the bias is below total / 2^64.
        let mut drawn = ((u128::from(self.next()) * u128::from(total)) >> 64) as u64;
        for (index, weight) in weights.iter().enumerate() {
            match drawn.checked_sub(u64::from(*weight)) {
                Some(rest) => drawn = rest,
                None => return index,
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_fill_the_unit_interval() {
        let chance = Chance::new(1, 2);
        let drawn: Vec<f64> = (0..10_000).map(|_| chance.fraction()).collect();
        assert!(drawn.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
    }

    #[test]
    fn picks_in_proportion_to_the_weights() {
        let chance = Chance::new(7, 0);
        let mut counts = [0_u32; 3];
        for _ in 0..40_000 {
            counts[chance.pick(&[3, 0, 1])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!(counts[0].abs_diff(30_000) < 600, "{counts:?}");
    }

    #[test]
    fn picks_the_first_where_no_weight_is_above_zero() {
        assert_eq!(Chance::new(0, 0).pick(&[0, 0]), 0);
        assert_eq!(Chance::new(0, 0).pick(&[]), 0);
    }

    #[test]
    fn a_seed_replays_a_user_and_users_differ() {
        let draw = |seed, user| Chance::new(seed, user).fraction();
        assert_eq!(draw(5, 1).to_bits(), draw(5, 1).to_bits());
        assert_ne!(draw(5, 1).to_bits(), draw(5, 2).to_bits());
        assert_ne!(draw(5, 1).to_bits(), draw(6, 1).to_bits());
    }
}
