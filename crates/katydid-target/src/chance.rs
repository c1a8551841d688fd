//! Where does randomness come from? From a function of seed and position, not from a generator with a state: request
//! `n` draws the same number whichever thread serves it, and no lock is needed.

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A well-mixed number for position `n` of the stream `seed` (the output function of SplitMix64).
pub(crate) fn bits(seed: u64, n: u64) -> u64 {
    let mut z = mix(seed).wrapping_add(n.wrapping_add(1).wrapping_mul(GOLDEN));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number in `[0, 1)` with 53 random bits.
pub(crate) fn unit(seed: u64, n: u64) -> f64 {
    (bits(seed, n) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A seed for the part number `part` of whatever `seed` belongs to, unrelated to its siblings.
pub(crate) fn fork(seed: u64, part: u64) -> u64 {
    bits(seed ^ GOLDEN, part)
}

/// A seed made from text: FNV-1a, then mixed.
pub(crate) fn of_text(text: &str) -> u64 {
    mix(text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)))
}

fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    let x = (x ^ (x >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    x ^ (x >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_numbers_are_spread_evenly() {
        const DRAWS: u64 = 40_000;
        let mut tenths = [0_u64; 10];
        for n in 0..DRAWS {
            tenths[(unit(7, n) * 10.0) as usize] += 1;
        }
        // Expected 4,000 each with a standard deviation of 60: five of them on either side.
        assert!(tenths.iter().all(|count| count.abs_diff(DRAWS / 10) < 300), "{tenths:?}");
    }

    #[test]
    fn neighbouring_seeds_and_parts_are_unrelated() {
        let same = |a: u64, b: u64| (0..1000).filter(|&n| (unit(a, n) < 0.5) == (unit(b, n) < 0.5)).count();
        for (a, b) in
            [(1, 2), (fork(1, 0), fork(1, 1)), (fork(1, 0), fork(2, 0)), (of_text("a"), of_text("b"))]
        {
            assert!((400..600).contains(&same(a, b)), "{a} and {b} agree {} times", same(a, b));
        }
    }
}
